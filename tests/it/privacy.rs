//! Invariant 6: personal data stays inside. The daemon and every command run at `trace`, and nothing that they say but the
//! answers themselves holds a name, a number or an address of the fixture county.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bdcd::rpc::contract::{ExchangeRequest, QueryRequest};

use crate::support::{Env, PERSON, block_on, copy_package, inquiry};

/// The columns that hold names, numbers and addresses.
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
    "DYR",
    "TDSYQR",
    "SLLMSYQR1",
    "SLLMSYQR2",
    "ZL",
    "FDZL",
    "BDCZL",
];

/// Every personal value of the county, and its parts.
fn personal_values() -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for entry in fs::read_dir("fixtures/county").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let mut rows = csv::Reader::from_path(&path).unwrap();
        let headers = rows.headers().unwrap().clone();
        for row in rows.records() {
            for (header, value) in headers.iter().zip(&row.unwrap()) {
                if PERSONAL.contains(&header.trim_start_matches('\u{FEFF}')) {
                    values.insert(value.trim().to_owned());
                    values.extend(value.split(['、', '，', ',', ';', '；']).map(|part| part.trim().to_owned()));
                }
            }
        }
    }
    // Words and zeros for "none" say nothing of anybody; a single character stands in any sentence.
    values.retain(|value| value.chars().count() > 1 && !["不详", "0000", "NULL"].contains(&value.as_str()));
    values
}

/// The first personal value in `text`, in any form that a log might give it.
fn leaked(text: &str, values: &BTreeSet<String>) -> Option<String> {
    values.iter().find(|value| forms(value).iter().any(|form| text.contains(form.as_str()))).cloned()
}

fn forms(value: &str) -> Vec<String> {
    let hex = |separator: &str| value.bytes().map(|byte| format!("{separator}{byte:02x}")).collect::<String>();
    let list = value.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let mut forms =
        vec![value.to_owned(), value.escape_debug().to_string(), STANDARD.encode(value), hex(""), hex("\\x"), list];
    forms.push(hex("%").to_uppercase());
    if !value.is_ascii() {
        forms.push(value.escape_default().to_string());
    }
    forms
}

#[test]
fn a_leak_is_found_in_every_form() {
    let values = BTreeSet::from(["沈测安".to_owned()]);
    for form in forms("沈测安") {
        assert!(leaked(&format!("said {form}!"), &values).is_some(), "{form}");
    }
    assert!(leaked("said nothing", &values).is_none());
    let values = personal_values();
    assert!(values.contains(PERSON.0) && values.contains(PERSON.2) && values.len() > 100);
}

#[test]
fn nothing_that_is_logged_or_refused_tells_of_anybody() {
    let values = personal_values();
    let env = Env::with_county();
    env.configure("log = \"trace\"\n", "");
    let daemon = env.serve();
    let mut said = String::new();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let message = fs::read_to_string("fixtures/messages/query-request.xml").unwrap();
        let message =
            message.replace(">222<", &format!(">{}<", PERSON.0)).replace(">2323<", &format!(">{}<", PERSON.2));
        for subject in
            [PERSON, ("测试长河实业有限公司", "8", "91990102XY00001191"), ("无产某", "1", "990102199912310959")]
        {
            client.query(inquiry(subject)).await.unwrap();
            let mut bad: QueryRequest = inquiry(subject);
            bad.inquiry.as_mut().unwrap().case_number = "\u{1}".to_owned();
            said.push_str(&format!("{:?}", client.query(bad).await.unwrap_err()));
            let mut wrong_court = inquiry(subject);
            wrong_court.inquiry.as_mut().unwrap().court.as_mut().unwrap().code = "测99".to_owned();
            said.push_str(&format!("{:?}", client.query(wrong_court).await.unwrap_err()));
        }
        client.exchange(ExchangeRequest { message: message.clone().into_bytes() }).await.unwrap();
        let cut = message.as_bytes()[..message.find("</BDCCXQQ>").unwrap()].to_vec();
        said.push_str(&format!("{:?}", client.exchange(ExchangeRequest { message: cut }).await.unwrap_err()));
        let mut foreign = env.connect(&daemon, "foreign").await;
        said.push_str(&format!("{:?}", foreign.query(inquiry(PERSON)).await.unwrap_err()));
    });

    // A load that goes well, and one that a spoilt row stops.
    let spoilt = env.path("spoilt");
    copy_package("fixtures/county".as_ref(), &spoilt);
    let holders = spoilt.join("ZTT_GY_QLR.csv");
    let text = fs::read_to_string(&holders).unwrap();
    fs::write(&holders, text.replacen('\n', "\n\"", 1)).unwrap();
    for package in ["fixtures/county", spoilt.to_str().unwrap()] {
        let output = env.run(&["snapshot", "load", package]);
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }

    // An inquiry that is no JSON: the parser would quote it.
    env.configure_client(&daemon);
    let mut child = Command::new(env!("CARGO_BIN_EXE_bdcd"))
        .args(["query", "-", "--config", env.path("bdcd.toml").to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let wrong = format!("{{ \"subject\": \"{} {}\" }}", PERSON.0, PERSON.2);
    child.stdin.take().unwrap().write_all(wrong.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    said.push_str(&String::from_utf8_lossy(&output.stderr));

    said.push_str(&daemon.log());
    assert!(said.contains("call ended") && said.contains("generation 1-"), "there is something to search:\n{said}");
    if let Some(value) = leaked(&said, &values) {
        let line = said.lines().find(|line| forms(&value).iter().any(|form| line.contains(form.as_str())));
        panic!("a personal value was told: {line:?}");
    }
}
