//! Invariant 6: personal data stays inside. The daemon and every command run at `trace`, and nothing that they say but the
//! answers themselves holds a name, a number or an address of the fixture county, in whatever form.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bdcd::{
    domain::{
        cell::name::normal as normal_name,
        identifiers::{fifteen_digits, normal_number},
    },
    rpc::contract::{ExchangeRequest, QueryRequest},
};
use serde_json::json;

use crate::support::{COURT, Daemon, Env, PERSON, block_on, copy_package, inquiry};

/// The columns that hold names, numbers, addresses and places.
const PERSONAL: &[&str] = &[
    "QLRMC",
    "ZJH",
    "DH",
    "DZ",
    "GZDW",
    "DZYJ",
    "YWR",
    "YWRZJH",
    "GYDQLR",
    "GYDQLRZJH",
    "XYDQLR",
    "XYDQLRZJH",
    "XYDQLRZJZH",
    "XYDZL",
    "DYR",
    "TDSYQR",
    "TDHYSYQR",
    "SLLMSYQR1",
    "SLLMSYQR2",
    "ZL",
    "FDZL",
    "BDCZL",
    "ZJJZWZL",
    "YHWZSM",
    "HDWZ",
];

const HOLDERS: &str = "ZTT_GY_QLR.csv";

/// Characters of the shortest value that is looked for: a single one stands in any sentence, and so do short numbers.
const CHINESE_MIN: usize = 2;
const ASCII_MIN: usize = 6;

/// The personal values of a folder of CSV files, in all forms that they may be told in.
pub(crate) struct PersonalValues {
    /// The forms that are looked for and their values, by the first bytes of the form.
    forms: HashMap<[u8; ASCII_MIN], Vec<(Vec<u8>, String)>>,
    values: BTreeSet<String>,
}

impl PersonalValues {
    fn of_folder(folder: &Path) -> Self {
        let cells = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let tables = cells.filter(|path| path.extension().is_some_and(|extension| extension == "csv"));
        Self::of(tables.flat_map(|path| personal_cells(&path)))
    }

    pub(crate) fn of(cells: impl IntoIterator<Item = String>) -> Self {
        let mut values = BTreeSet::new();
        for cell in cells {
            let parts = cell.split(['、', '，', ',', ';', '；']).map(str::trim);
            for part in parts.chain([cell.trim()]) {
                let (number, name) = (normal_number(part), normal_name(part));
                values.extend(fifteen_digits(&number));
                values.extend([part.to_owned(), number.into_owned(), name]);
            }
        }
        values.retain(|value| tells_of_somebody(value));
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for value in &values {
            for form in forms(value) {
                all.entry(*form.first_chunk().unwrap()).or_default().push((form, value.clone()));
            }
        }
        Self { forms: all, values }
    }

    /// A personal value that `output` holds, with the line that holds it.
    pub(crate) fn found_in(&self, output: &[u8]) -> Option<(String, String)> {
        output.windows(ASCII_MIN).enumerate().find_map(|(at, first)| {
            let rest = &output[at..];
            let forms = self.forms.get(first)?;
            let (_, value) = forms.iter().find(|(form, _)| rest.starts_with(form))?;
            let start = output[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(output.len(), |end| at + end);
            Some((value.clone(), String::from_utf8_lossy(&output[start..end]).into_owned()))
        })
    }
}

/// The cells of a table's personal columns.
fn personal_cells(path: &Path) -> Vec<String> {
    let mut rows = csv::Reader::from_path(path).unwrap();
    let headers = rows.headers().unwrap().clone();
    let is_personal = |header: &str| PERSONAL.contains(&header.trim_start_matches('\u{FEFF}'));
    let cells = rows.records().flat_map(|row| {
        let row = row.unwrap();
        let personal = headers.iter().zip(&row).filter(|(header, _)| is_personal(header));
        personal.map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
    });
    cells.collect()
}

/// Words and zeros for "none" tell of nobody, and neither do values too short to be told from other text.
fn tells_of_somebody(value: &str) -> bool {
    let is_word_for_none = ["不详", "暂无", "未知"].contains(&value) || value.chars().all(|char| char == '0');
    let characters_min = if value.is_ascii() { ASCII_MIN } else { CHINESE_MIN };
    !is_word_for_none && value.chars().count() >= characters_min
}

/// A value as a log, a debugger or a careless encoder might tell it.
fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let bytes = value.as_bytes();
    let each = |form: fn(u8) -> String| bytes.iter().map(|byte| form(*byte)).collect::<String>();
    let each_char = |form: fn(u32) -> String| value.chars().map(|char| form(char.into())).collect::<String>();
    let utf16: Vec<String> = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut texts = vec![
        value.to_owned(),
        value.to_lowercase(),
        value.escape_debug().to_string(),
        value.escape_default().to_string(),
        bytes.escape_ascii().to_string(),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("{byte:02X}")),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("\\x{byte:02X}")),
        each(|byte| format!("\\{byte:03o}")),
        list.join(", "),
        utf16.concat(),
        each_char(|char| format!("&#{char};")),
        each_char(|char| format!("&#x{char:X};")),
    ];
    texts.extend(base64_cores(bytes));
    let gb18030 = encoding_rs::GB18030.encode(value).0.into_owned();
    texts.into_iter().map(String::into_bytes).chain([gb18030]).filter(|form| form.len() >= ASCII_MIN).collect()
}

/// What base64 of any text around the value has in common: its characters at each of the three alignments, without those
/// that share bits with the neighbours.
fn base64_cores(bytes: &[u8]) -> Vec<String> {
    let mut cores = Vec::new();
    for before in 0..3 {
        let padded = [&[0_u8; 2][..before], bytes].concat();
        let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            cores.push(encoded[first..last].to_owned());
        }
    }
    // Short cores are found in any random text.
    cores.retain(|core| core.len() > ASCII_MIN);
    cores
}

#[test]
fn a_leak_is_found_in_every_form() {
    let values =
        PersonalValues::of(["沈测安、贺测三".to_owned(), "990102１９７８０２１４００１３".to_owned(), "无".to_owned()]);
    for told in ["沈测安", "贺测三", "990102197802140013", "990102780214001"] {
        for form in forms(told) {
            let output = [b"a line\nINFO said ", &form[..], b" of it\nmore"].concat();
            let (_, line) = values.found_in(&output).unwrap_or_else(|| panic!("{}", form.escape_ascii()));
            assert!(line.starts_with("INFO said"), "{line}");
        }
        for before in ["", "x", "xy"] {
            let around = STANDARD_NO_PAD.encode(format!("{before}{told} and more"));
            assert!(values.found_in(around.as_bytes()).is_some(), "{around}");
        }
        let debugged = format!("{:?} {:?}", bytes::Bytes::from(told), told.as_bytes());
        assert!(values.found_in(debugged.as_bytes()).is_some());
        assert!(values.found_in(serde_json::to_string(told).unwrap().as_bytes()).is_some());
    }
    for harmless in ["nothing, 无, 0000", "generation 1-b82a9864 serves", "沈测", "99010219780214"] {
        assert_eq!(values.found_in(harmless.as_bytes()), None);
    }
}

#[test]
fn the_values_looked_for_are_the_countys() {
    let values = county().values;
    for told in [PERSON.0, PERSON.2, "某某县测试路1号测试花园1幢101室", "测试长河实业有限公司", "91990102XY00001191"]
    {
        assert!(values.contains(told), "{told}");
    }
    assert!(values.len() > 150, "{}", values.len());
}

pub(crate) fn county() -> PersonalValues {
    PersonalValues::of_folder("fixtures/county".as_ref())
}

/// Everything said beside the answers: the refusals of the daemon, and what the commands print.
#[derive(Default)]
struct Said(Vec<u8>);

impl Said {
    fn refusal(&mut self, status: &tonic::Status) {
        self.0.extend(format!("{status:?} {status}\n").into_bytes());
        self.0.extend(status.details());
        self.0.push(b'\n');
    }

    /// All that a command said; an answer on standard output is no talk, and is left out by its caller.
    fn talk(&mut self, output: &Output) {
        self.0.extend(&output.stdout);
        self.0.extend(&output.stderr);
    }
}

/// Every holder of the county with a document number, and the first of several.
fn holders() -> BTreeSet<(String, String, String)> {
    let mut rows = csv::Reader::from_path(Path::new("fixtures/county").join(HOLDERS)).unwrap();
    let headers = rows.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{FEFF}') == name).unwrap();
    let [name, kind, number] = ["QLRMC", "ZJZL", "ZJH"].map(at);
    let subjects = rows.records().map(|row| {
        let row = row.unwrap();
        let first = |value: &str| value.split(['、', ',']).next().unwrap().to_owned();
        (first(&row[name]), row[kind].to_owned(), first(&row[number]))
    });
    subjects.filter(|(name, _, number)| !name.is_empty() && !number.is_empty()).collect()
}

/// Asks for everybody, rightly and wrongly; returns how many were answered.
async fn ask_for_everybody(env: &Env, daemon: &Daemon, said: &mut Said) -> usize {
    let mut client = env.connect(daemon, "gateway").await;
    let mut answered = 0;
    for (name, kind, number) in &holders() {
        let subject = (name.as_str(), kind.as_str(), number.as_str());
        match client.query(inquiry(subject)).await {
            Ok(_) => answered += 1,
            Err(status) => said.refusal(&status),
        }
        let mut bad: QueryRequest = inquiry(subject);
        let fields = bad.inquiry.as_mut().unwrap();
        (fields.case_number, fields.items) = (format!("\u{1}{name}{number}"), Vec::new());
        fields.subject.as_mut().unwrap().document_kind.clone_from(number);
        said.refusal(&client.query(bad).await.unwrap_err());
        let mut long = inquiry(subject);
        long.inquiry.as_mut().unwrap().notice_number = name.repeat(200);
        said.refusal(&client.query(long).await.unwrap_err());
        let mut wrong_court = inquiry(subject);
        wrong_court.inquiry.as_mut().unwrap().court.as_mut().unwrap().code.clone_from(number);
        said.refusal(&client.query(wrong_court).await.unwrap_err());
    }
    for certificate in ["foreign", "unlisted", ""] {
        let mut stranger = env.connect(daemon, certificate).await;
        said.refusal(&stranger.query(inquiry(PERSON)).await.unwrap_err());
    }
    answered
}

/// The specification's message about the county's person, answered and then spoilt in several ways.
async fn exchange(env: &Env, daemon: &Daemon, said: &mut Said) {
    let mut client = env.connect(daemon, "gateway").await;
    let message = fs::read_to_string("fixtures/messages/query-request.xml").unwrap();
    let message = message.replace(">222<", &format!(">{}<", PERSON.0)).replace(">2323<", &format!(">{}<", PERSON.2));
    assert!(message.contains(PERSON.0) && message.contains(PERSON.2));
    let feedback = client.exchange(ExchangeRequest { message: message.clone().into_bytes() }).await.unwrap();
    assert!(county().found_in(&feedback.into_inner().answer).is_some(), "the answer itself tells of the person");
    let person = PERSON.0;
    for spoilt in [
        message[..message.find("</BDCCXQQ>").unwrap()].to_owned(),
        message.replace(person, &format!("<{person}>")),
        message.replace(person, &format!("&{person};")),
        message.replacen("<Message", &format!("<!DOCTYPE {person}><Message"), 1),
        message.replace("<Message", &format!("<{person}")).replace("</Message", &format!("</{person}")),
        format!("{person}{}", PERSON.2),
    ] {
        said.refusal(&client.exchange(ExchangeRequest { message: spoilt.into_bytes() }).await.unwrap_err());
    }
}

/// A copy of the county under a new sequence number, so that it is not taken for the one that is loaded.
fn package(env: &Env, sequence: u64, spoil: impl FnOnce(String) -> String) -> PathBuf {
    let folder = env.path(&format!("package-{sequence}"));
    copy_package("fixtures/county".as_ref(), &folder);
    let holders = spoil(fs::read_to_string(folder.join(HOLDERS)).unwrap());
    fs::write(folder.join(HOLDERS), &holders).unwrap();
    let manifest = folder.join("manifest.json");
    let mut told: serde_json::Value = serde_json::from_str(&fs::read_to_string(&manifest).unwrap()).unwrap();
    told["sequence"] = json!(sequence);
    let table = told["tables"].as_array_mut().unwrap().iter_mut().find(|table| table["file"] == HOLDERS).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, holders.as_bytes());
    let digits: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    table["sha256"] = json!(digits.concat());
    fs::write(&manifest, told.to_string()).unwrap();
    folder
}

/// Loads a good package and packages whose rows of holders are spoilt, so that errors stand beside people.
fn load(env: &Env, said: &mut Said) {
    let row = |text: &str, change: &dyn Fn(&str) -> String| {
        let (header, rows) = text.split_once('\n').unwrap();
        let (first, rest) = rows.split_once('\n').unwrap();
        format!("{header}\n{}\n{rest}", change(first))
    };
    let spoils: [(&str, &dyn Fn(String) -> String); 5] = [
        ("never closed", &|text| format!("{text}\"{}", PERSON.0)),
        ("fields where the header has", &|text| row(&text, &|first| format!("{first},{}", PERSON.0))),
        ("after its closing quote", &|text| row(&text, &|first| format!("\"{}\"{},{first}", PERSON.0, PERSON.2))),
        // On a unit, a certificate and a business number that are nowhere else: the row cannot be placed.
        ("cannot be placed", &|text| {
            row(&text, &|first| first.replace("990102", "990199").replace("202", "909").replace("199", "919"))
        }),
        ("names no column", &|text| format!("{},{}\n{text}", PERSON.0, PERSON.2)),
    ];
    for (at, (why, spoil)) in (2..).zip(spoils) {
        let output = env.run(&["snapshot", "load", package(env, at, spoil).to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && text.contains(why), "package {at}, `{why}`: {text}");
        said.talk(&output);
    }
    let good = env.run(&["snapshot", "load", package(env, 9, |text| text).to_str().unwrap()]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    said.talk(&good);
    said.talk(&env.run(&["snapshot", "list"]));
}

/// Asks through the commands, rightly and wrongly.
fn command(env: &Env, daemon: &Daemon, said: &mut Said) {
    env.configure_client(daemon);
    let (name, kind, number) = PERSON;
    let subject = json!({ "name": name, "document_kind": kind, "document_number": number });
    let whole = json!({
        "request_number": "1", "court": { "name": COURT.0, "code": COURT.1 }, "case_number": "（2026）测01执1号",
        "handler": { "name": "测试法官", "work_certificate_number": "T0001", "contact": "000-0000000" },
        "notice_number": "（2026）房查字第00001号", "subject": subject, "items": ["ownership_and_use", "seizure"],
    });
    for format in ["table", "json"] {
        let output = env.run_with_input(&["query", "-", "--format", format], whole.to_string().as_bytes());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(county().found_in(&output.stdout).is_some(), "the answer itself tells of the person");
        said.0.extend(&output.stderr);
    }
    for wrong in [
        json!({ "subject": subject }).to_string(),
        json!({ "subject": format!("{name} {number}") }).to_string(),
        json!({ "subject": { (name): number } }).to_string(),
        format!("{name} {number}"),
    ] {
        let output = env.run_with_input(&["query", "-"], wrong.as_bytes());
        assert!(!output.status.success());
        said.talk(&output);
    }
    let output = env.run_with_input(&["exchange"], format!("<Message>{name}").as_bytes());
    assert!(!output.status.success());
    said.talk(&output);
}

#[test]
fn nothing_that_is_logged_or_refused_tells_of_anybody() {
    let env = Env::with_county();
    env.configure("log = \"trace\"\n", "");
    let daemon = env.serve();
    let mut said = Said::default();
    let answered = block_on(async {
        exchange(&env, &daemon, &mut said).await;
        ask_for_everybody(&env, &daemon, &mut said).await
    });
    assert!(answered > 50, "{answered} of the county's holders were answered");
    load(&env, &mut said);
    command(&env, &daemon, &mut said);

    let log = daemon.log();
    assert!(log.matches("call ended").count() > 3 * answered, "there is something to search:\n{log}");
    assert!(said.0.len() > 10_000, "{} bytes were said", said.0.len());
    said.0.extend(log.into_bytes());
    assert_eq!(county().found_in(&said.0), None, "a personal value was told");

    // Nor does what lies on the disk: the mirror is sealed, and so is what the ledger keeps of who was asked about.
    for folder in ["ledger", "ledger/index"] {
        for file in fs::read_dir(env.path(folder)).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            let bytes = fs::read(file.path()).unwrap();
            assert_eq!(county().found_in(&bytes), None, "{}", file.path().display());
        }
    }
}
