//! What an auditor does with the ledger: finds entries, looks at one, takes them away in a file, adds them up. Nobody is named
//! unless that is asked for and recorded.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bdcd::{
    ledger::leaf::{Fact, Facts, Kind, Leaf},
    rpc::contract::{ExchangeRequest, QueryRequest},
};
use jiff::ToSpan as _;
use serde_json::{Value, json};

use crate::{
    privacy::{PersonalValues, county},
    support::{Daemon, Env, PERSON, block_on, fill, inquiry, ledger::Event},
};

/// The person's number as registers wrote it before 1999.
const FIFTEEN: &str = "990102780214001";
const BODY: (&str, &str, &str) = ("测试长河实业有限公司", "8", "91990102XY00001191");
const STRANGER: (&str, &str, &str) = ("查无此人", "1", "990102199001010016");
const HANDLERS: [(&str, &str); 2] = [("欧阳审计", "CERT-0001"), ("诸葛复核", "CERT-0002")];

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// An inquiry as one of the handlers asks it, under this number.
fn asked(number: &str, subject: (&str, &str, &str), handler: usize) -> QueryRequest {
    let mut request = inquiry(subject);
    let fields = request.inquiry.as_mut().unwrap();
    number.clone_into(&mut fields.request_number);
    fields.case_number = format!("（2026）测01执{}号", 70 + handler);
    let stated = fields.handler.as_mut().unwrap();
    (stated.name, stated.work_certificate_number) = (HANDLERS[handler].0.to_owned(), HANDLERS[handler].1.to_owned());
    request
}

/// A served county that was asked: entries 0 (made), 1 (serves), 2-5 (answers), 6 (refused), 7 (answer), 8 (feedback).
fn asked_county() -> (Env, Daemon) {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        client.query(asked("N1", PERSON, 0)).await.unwrap();
        client.query(asked("N2", (PERSON.0, "1", FIFTEEN), 1)).await.unwrap();
        client.query(asked("N3", BODY, 0)).await.unwrap();
        client.query(asked("N4", STRANGER, 1)).await.unwrap();
        let mut foreign = asked("N5", PERSON, 1);
        "测99".clone_into(&mut foreign.inquiry.as_mut().unwrap().court.as_mut().unwrap().code);
        client.query(foreign).await.unwrap_err();
        let message = fs::read("fixtures/messages/query-request-whole.xml").unwrap();
        client.exchange(ExchangeRequest { message }).await.unwrap();
        // The same again is no entry.
        client.query(asked("N1", PERSON, 0)).await.unwrap();
    });
    (env, daemon)
}

/// The entries that a search finds; none where it says that there are none.
fn find(env: &Env, criteria: &[&str], who: Option<&Value>) -> Vec<u64> {
    let mut arguments = vec!["ledger", "search", "--format", "json"];
    arguments.extend(criteria);
    let output = match who {
        None => env.run(&arguments),
        Some(who) => {
            arguments.extend(["--who", "-"]);
            env.run_with_input(&arguments, who.to_string().as_bytes())
        }
    };
    if output.status.code() == Some(1) {
        assert!(output.stdout.is_empty() && said(&output).contains("nothing is found"), "{}", said(&output));
        return Vec::new();
    }
    let found: Value = serde_json::from_str(&text(&output)).unwrap();
    found["entries"].as_array().unwrap().iter().map(|entry| entry["entry"].as_u64().unwrap()).collect()
}

fn subject(name: &str, kind: &str, number: &str) -> Value {
    json!({ "subject": { "name": name, "document_kind": kind, "document_number": number } })
}

fn handler(name: &str, certificate: &str) -> Value {
    json!({ "handler": { "name": name, "certificate_number": certificate } })
}

#[test]
fn entries_are_found_by_whatever_is_known_of_them() {
    // The daemon goes on serving meanwhile.
    let (env, _daemon) = asked_county();
    let none: [u64; 0] = [];
    assert_eq!(find(&env, &[], None), (0..9).collect::<Vec<_>>());
    for (criteria, expected) in [
        (&["--request", "N3"][..], &[4][..]),
        (&["--request", " N3 "], &[4]),
        (&["--request", "N9"], &none),
        (&["--court", "测01"], &[2, 3, 4, 5, 7]),
        (&["--court", "测99"], &[6]),
        (&["--court", "测0"], &none),
        (&["--case", "（2026）测01执71号"], &[3, 5, 6]),
        (&["--case", "（2026）测01执72号"], &none),
        (&["--gateway", "the gateway"], &[2, 3, 4, 5, 6, 7, 8]),
        (&["--gateway", "another"], &none),
        (&["--outcome", "nothing-found"], &[5, 7]),
        (&["--outcome", "COURT_NOT_ALLOWED"], &[6]),
        (&["--outcome", "BAD_INQUIRY"], &none),
        (&["--kind", "administration"], &[0]),
        (&["--kind", "generation"], &[1]),
        (&["--kind", "feedback"], &[8]),
        (&["--kind", "refusal", "--court", "测99", "--request", "N5"], &[6]),
        (&["--kind", "refusal", "--request", "N4"], &none),
        (&["--since", "2001-01-01", "--kind", "answer", "--from", "4"], &[4, 5, 7]),
        (&["--until", "2001-01-01"], &none),
    ] {
        assert_eq!(find(&env, criteria, None), expected, "{criteria:?}");
    }
    for (who, expected) in [
        (subject(PERSON.0, "", ""), &[2, 3, 6][..]),
        // 18 and 15 digits of one person, whatever was asked with; blanks and widths do not count.
        (subject("", "1", PERSON.2), &[2, 3, 6]),
        (subject("", "", FIFTEEN), &[2, 3, 6]),
        (subject(" 沈 测安", "", "９９０１０２ 19780214-0013"), &[2, 3, 6]),
        (subject("沈测", "", PERSON.2), &none),
        (subject("", "", BODY.2), &[4]),
        (subject("", "6", "XY000011-9"), &[4]),
        (subject(STRANGER.0, "", STRANGER.2), &[5]),
        (handler(HANDLERS[1].0, ""), &[3, 5, 6]),
        (handler(HANDLERS[0].0, HANDLERS[0].1), &[2, 4]),
        (handler(HANDLERS[0].0, HANDLERS[1].1), &none),
        (handler("无此法官", ""), &none),
    ] {
        assert_eq!(find(&env, &[], Some(&who)), expected, "{who}");
    }
    assert_eq!(find(&env, &["--request", "N2"], Some(&subject(PERSON.0, "", ""))), [3]);
    assert_eq!(find(&env, &["--request", "N3"], Some(&subject(PERSON.0, "", ""))), none);
}

#[test]
fn a_search_goes_on_where_it_stopped_and_keeps_to_its_times() {
    let (env, _daemon) = asked_county();
    let mut from = "0".to_owned();
    let mut all = Vec::new();
    for _ in 0..3 {
        let page = env.run(&["ledger", "search", "--format", "json", "--limit", "4", "--from", &from]);
        let page: Value = serde_json::from_str(&text(&page)).unwrap();
        all.extend(page["entries"].as_array().unwrap().clone());
        from = page["next"].to_string();
    }
    assert_eq!((all.len(), from.as_str()), (9, "null"));
    let time = |entry: &Value| entry["time"].as_str().unwrap().to_owned();
    let cut = time(&all[4]);
    let number = |entry: &Value| entry["entry"].as_u64().unwrap();
    let expected = |is_in: &dyn Fn(&str) -> bool| -> Vec<u64> {
        all.iter().filter(|entry| is_in(&time(entry))).map(number).collect()
    };
    assert_eq!(find(&env, &["--since", &cut], None), expected(&|time| time >= cut.as_str()));
    assert_eq!(find(&env, &["--until", &cut], None), expected(&|time| time < cut.as_str()));
    let output = env.run(&["ledger", "search", "--limit", "4"]);
    assert!(said(&output).contains("`--from 4`"), "{}", said(&output));
}

#[test]
fn a_search_that_cannot_be_meant_is_refused() {
    let env = Env::empty();
    for (arguments, input, told) in [
        (&["--request", " "][..], "", "request number"),
        (&["--since", "yesterday"], "", "2026-11-24"),
        (&["--since", "2026-11-24", "--until", "2026-11-23"], "", "not after"),
        (&["--limit", "0"], "", "--limit"),
        (&["--who", "-"], "{}", "names nobody"),
        (&["--who", "-"], r#"{"subject": {"name": "沈测安", "colour": ""}}"#, "--who-template"),
        (&["--who", "-"], r#"{"subject": {"document_number": "无"}}"#, "document number"),
    ] {
        let mut all = vec!["ledger", "search"];
        all.extend(arguments);
        let output = env.run_with_input(&all, input.as_bytes());
        assert!(output.status.code() == Some(2) && said(&output).contains(told), "{arguments:?}: {}", said(&output));
        assert!(!said(&output).contains(PERSON.0), "{}", said(&output));
    }
    let blank = Env::run_bare(&["ledger", "search", "--who-template"]);
    let output = env.run_with_input(&["ledger", "search", "--who", "-"], &blank.stdout);
    assert!(said(&output).contains("names nobody"), "{}", said(&output));
}

/// Every way to look at a ledger.
const LOOKS: [&[&str]; 9] = [
    &["ledger", "search"],
    &["ledger", "search", "--format", "json"],
    &["ledger", "show", "2"],
    &["ledger", "show", "2", "--format", "json"],
    &["ledger", "export", "--format", "jsonl"],
    &["ledger", "export", "--format", "csv"],
    &["ledger", "report", "--month", "2020-01..2020-12", "--format", "html"],
    &["ledger", "show", "8"],
    &["ledger", "search", "--outcome", "COURT_NOT_ALLOWED"],
];

fn people() -> PersonalValues {
    let named = HANDLERS.iter().flat_map(|(name, certificate)| [*name, *certificate]);
    PersonalValues::of(named.chain([STRANGER.0, STRANGER.2]).map(str::to_owned))
}

/// The month before this to the one after: where the months meet while the test runs, its entries are in it all the same.
fn about_now() -> String {
    let today = jiff::Zoned::now().date();
    let month = |date: jiff::civil::Date| date.strftime("%Y-%m").to_string();
    format!("{}..{}", month(today - 1.month()), month(today + 1.month()))
}

/// A report that holds what was asked just now, in all forms.
fn reports() -> Vec<Vec<String>> {
    let month = about_now();
    ["table", "html", "json"]
        .map(|format| ["ledger", "report", "--month", &month, "--format", format].map(str::to_owned).to_vec())
        .to_vec()
}

#[test]
fn nobody_is_named_unless_that_is_recorded_first() {
    let (env, daemon) = asked_county();
    assert!(daemon.stop());
    let all: Vec<Vec<String>> =
        LOOKS.iter().map(|look| look.iter().map(|one| (*one).to_owned()).collect()).chain(reports()).collect();
    for look in &all {
        let look: Vec<&str> = look.iter().map(String::as_str).collect();
        let output = env.run(&look);
        let told = [text(&output), said(&output)].concat();
        for values in [county(), people()] {
            assert_eq!(values.found_in(told.as_bytes()), None, "{look:?}");
        }
    }
    let who = subject(PERSON.0, "", PERSON.2).to_string();
    let output = env.run_with_input(&["ledger", "search", "--who", "-"], who.as_bytes());
    assert_eq!(county().found_in(text(&output).as_bytes()), None);

    assert_eq!(find(&env, &["--kind", "administration"], None), [0], "nothing was revealed yet");
    for (look, is_named) in [
        (&["ledger", "search", "--request", "N1", "--reveal"][..], true),
        (&["ledger", "show", "2", "--reveal"], true),
        (&["ledger", "show", "6", "--reveal", "--format", "json"], true),
        (&["ledger", "export", "--format", "jsonl", "--kind", "answer", "--reveal"], true),
        (&["ledger", "export", "--format", "csv", "--until", "2001-01-01", "--reveal"], false),
        (&["ledger", "show", "0", "--reveal"], false),
    ] {
        let output = env.run(look);
        assert_eq!(county().found_in(&output.stdout).is_some(), is_named, "{look:?}: {}", said(&output));
    }
    let recorded = env.run(&["ledger", "export", "--format", "jsonl", "--kind", "administration"]);
    let recorded = text(&recorded);
    let told: Vec<Value> = recorded.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let details: Vec<&str> = told.iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert_eq!(
        details,
        ["search by request number: entry 2", "entry 2", "entry 6", "export by kind: entries 2-5, 7"],
        "what shows nothing is not recorded"
    );
    assert!(told.iter().all(|entry| entry["act"] == "reveal" && entry["by"].as_str().unwrap().starts_with("uid ")));
    assert_eq!(county().found_in(recorded.as_bytes()), None);
}

#[test]
fn what_cannot_be_recorded_is_not_revealed() {
    let (env, daemon) = asked_county();
    assert!(daemon.stop());
    fs::rename(env.path("ledger.key"), env.path("elsewhere")).unwrap();
    let month = about_now();
    for look in [
        &["ledger", "search", "--reveal"][..],
        &["ledger", "show", "2", "--reveal"],
        &["ledger", "export", "--format", "csv", "--reveal"],
        &["ledger", "report", "--month", &month, "--reveal"],
    ] {
        let output = env.run(look);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{look:?}: {}", said(&output));
    }
}

#[test]
fn an_entry_is_shown_with_what_was_sent_to_the_byte() {
    let (env, daemon) = asked_county();
    env.configure_client(&daemon);
    let mut document: Value = serde_json::from_str(&text(&Env::run_bare(&["query", "--template"]))).unwrap();
    fill(&mut document, "N10");
    let [kept, shown, receipt] = ["kept", "shown", "receipt"].map(|name| env.path(name));
    let [kept, shown, receipt] = [&kept, &shown, &receipt].map(|path| path.to_str().unwrap());
    let output = env.run_with_input(&["query", "-", "--save", kept], document.to_string().as_bytes());
    let answer = text(&output);
    assert!(daemon.stop());

    let output = env.run(&["ledger", "show", "9", "--receipt", receipt]);
    let told = text(&output);
    for expected in ["Entry 9 of ledger test.example/990102", "request               N10", "kept, sealed"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let output = env.run(&["ledger", "show", "9", "--reveal", "--save", shown]);
    assert!(text(&output).contains(answer.trim()), "the answer as `query` showed it");
    assert_eq!(fs::read(shown).unwrap(), fs::read(kept).unwrap());
    assert_eq!(fs::metadata(shown).unwrap().permissions().mode() & 0o777, 0o600);
    let response = fs::read(shown).unwrap();
    let receipt = fs::read(receipt).unwrap();
    assert!(response.windows(receipt.len()).any(|part| part == receipt));
    let output = env.run(&["ledger", "show", "9", "--reveal", "--format", "json"]);
    let told: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(told["opened"]["inquiry"], document);
    assert_eq!(told["opened"]["answer"]["coverage"]["reported"], 6);

    let again = env.run(&["ledger", "show", "9", "--reveal", "--save", shown]);
    assert_eq!(again.status.code(), Some(3), "an existing file is not written over");
    let refusal = env.run(&["ledger", "show", "6", "--reveal", "--save", env.path("none").to_str().unwrap()]);
    assert!(refusal.status.code() == Some(1) && said(&refusal).contains("no answer"), "{}", said(&refusal));
    let secret = env.run(&["ledger", "show", "9", "--save", env.path("none").to_str().unwrap()]);
    assert!(secret.status.code() == Some(2) && said(&secret).contains("--reveal"), "{}", said(&secret));
    let missing = env.run(&["ledger", "show", "999"]);
    assert!(missing.status.code() == Some(1) && said(&missing).contains("the last is"), "{}", said(&missing));
}

#[test]
fn what_retention_removed_is_told_and_the_rest_still_stands() {
    let (env, daemon) = asked_county();
    assert!(daemon.stop());
    let database = rusqlite::Connection::open(env.path("ledger").join("ledger.db")).unwrap();
    database.execute("DELETE FROM body WHERE number IN (2, 4)", []).unwrap();
    drop(database);
    let output = env.run(&["ledger", "show", "2", "--reveal"]);
    assert!(text(&output).contains("removed after its retention"), "{}", text(&output));
    let output = env.run(&["ledger", "show", "2", "--reveal", "--save", env.path("gone").to_str().unwrap()]);
    assert!(output.status.code() == Some(1) && said(&output).contains("removed"), "{}", said(&output));
    let output = env.run(&["ledger", "search", "--request", "N1", "--reveal"]);
    assert!(text(&output).contains("(removed)"), "{}", text(&output));
    // Both entries of the first handler have lost their bodies, those of the second have not.
    let month = about_now();
    let told = text(&env.run(&["ledger", "report", "--month", &month, "--reveal"]));
    assert!(told.contains("姓名已过保存期限") && !told.contains(HANDLERS[0].0), "{told}");
    assert!(told.contains(HANDLERS[1].0), "{told}");
}

#[test]
fn an_export_holds_every_leaf_to_the_byte() {
    let (env, _daemon) = asked_county();
    let reader = env.ledger();
    let lines = text(&env.run(&["ledger", "export", "--format", "jsonl"]));
    let table = text(&env.run(&["ledger", "export", "--format", "csv"]));
    let mut table = csv::Reader::from_reader(table.as_bytes());
    let header = table.headers().unwrap().clone();
    let mut count = 0;
    for (line, row) in lines.lines().zip(table.records()) {
        let (line, row): (Value, _) = (serde_json::from_str(line).unwrap(), row.unwrap());
        let cells: BTreeMap<&str, &str> = header.iter().zip(&row).collect();
        let entry = reader.entry(count).unwrap();
        let known = entry.leaf().unwrap();
        let of_line = |name: &str| line[name.replace('-', "_")].as_str().unwrap_or_default().to_owned();
        let of_row = |name: &str| cells[name].to_owned();
        for of in [&of_line as &dyn Fn(&str) -> String, &of_row] {
            let commitment = |name: &str| BASE64.decode(of(&format!("{name}-commitment"))).unwrap().try_into().ok();
            let facts = Fact::all().fold(Facts::default(), |facts, fact| facts.with(fact, &of(fact.name())));
            let leaf = Leaf {
                kind: Kind::from_word(&of("kind")).unwrap(),
                nonce: known.nonce,
                facts,
                inquiry: commitment("inquiry"),
                answer: commitment("answer"),
                terms: commitment("terms").unwrap(),
                time: of("time").parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            };
            assert_eq!(leaf.encode(), entry.leaf_bytes);
            assert_eq!(of("nonce"), data_encoding::HEXLOWER.encode(&known.nonce));
        }
        assert_eq!((line["entry"].as_u64(), cells["entry"]), (Some(count), count.to_string().as_str()));
        assert_eq!(line["checkpoint_size"].to_string(), cells["checkpoint-size"]);
        count += 1;
    }
    assert_eq!((count, lines.lines().count()), (9, 9));
    let none = env.run(&["ledger", "export", "--format", "csv", "--request", "N99"]);
    assert_eq!((none.status.code(), none.stdout.len()), (Some(1), 0));
}

/// Runs the binary eight hours east of Greenwich.
fn run_east(env: &Env, arguments: &[&str]) -> Output {
    let config = env.path("bdcd.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bdcd"));
    command.args(arguments).args(["--config", config.to_str().unwrap()]).env("TZ", "CST-8").output().unwrap()
}

/// The first moment of November 2026 in China.
fn november() -> i64 {
    "2026-11-01T00:00:00+08:00".parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// Queries of 40 courts, some before and after November, so many a day as nobody can guess but the same in every run.
fn many() -> Vec<Event> {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut events = Vec::new();
    for day in -3..33 {
        // The first and the last moment of each day.
        for time in [0, DAY - 1] {
            for _ in 0..random(25) {
                let among = random(40) + 1;
                let court = random(among);
                let long = if court == 7 { "某某省某某市某某新技术产业开发区" } else { "<b>&\"'" };
                let outcome = ["found", "found", "nothing-found", "COURT_NOT_ALLOWED", "BAD_INQUIRY"]
                    [usize::try_from(random(5)).unwrap()];
                let is_refused = outcome.ends_with(char::is_uppercase);
                let is_nameless = is_refused && random(3) == 0;
                let given = |text: String| if is_nameless { String::new() } else { text };
                events.push(Event {
                    time: november() + day * DAY + time,
                    kind: if is_refused { Kind::Refusal } else { Kind::Answer },
                    outcome,
                    court: (given(format!("测{court:02}")), format!("{long}第{court}人民法院")),
                    handler: (given(format!("承办{}", court % 3)), given(format!("C{court}"))),
                });
            }
        }
    }
    events
}

#[test]
fn a_report_adds_up_what_the_entries_say() {
    let env = Env::empty();
    let events = many();
    env.with_past(november() - 30 * 24 * 60 * 60 * 1000, &events);
    let output = run_east(&env, &["ledger", "report", "--month", "2026-11", "--format", "json"]);
    let report: Value = serde_json::from_str(&text(&output)).unwrap();
    let end = november() + 30 * 24 * 60 * 60 * 1000;
    let within: Vec<&Event> = events.iter().filter(|event| (november()..end).contains(&event.time)).collect();
    assert!(within.len() > 400 && within.len() < events.len(), "{}", within.len());

    let total = &report["total"];
    let count = |is_it: &dyn Fn(&Event) -> bool| within.iter().filter(|event| is_it(event)).count();
    assert_eq!(total["queries"], within.len());
    assert_eq!(total["found"], count(&|event| event.outcome == "found"));
    assert_eq!(total["nothing_found"], count(&|event| event.outcome == "nothing-found"));
    assert_eq!(total["refused"], count(&|event| event.kind == Kind::Refusal));
    for table in ["by_court", "by_handler", "by_period", "by_outcome"] {
        let rows = report[table].as_array().unwrap();
        for sum in ["queries", "found", "nothing_found", "refused"] {
            if table != "by_outcome" || sum == "queries" {
                let added: u64 = rows.iter().map(|row| row[sum].as_u64().unwrap()).sum();
                assert_eq!(Some(added), total[sum].as_u64(), "{table}, {sum}");
            }
        }
    }
    for row in report["by_outcome"].as_array().unwrap() {
        assert_eq!(row["queries"], count(&|event| event.outcome == row["outcome"].as_str().unwrap()));
    }
    // Of refused calls, a court counts only where it is known from an answer.
    let known: Vec<&str> =
        within.iter().filter(|event| event.kind == Kind::Answer).map(|event| event.court.0.as_str()).collect();
    for row in report["by_court"].as_array().unwrap() {
        let expected = match row["code"].as_str() {
            Some(code) => count(&|event| event.court.0 == code),
            None => count(&|event| !known.contains(&event.court.0.as_str())),
        };
        assert_eq!(row["queries"], expected, "{row}");
    }
    assert_eq!(report["by_period"].as_array().unwrap().len(), 30);
    for row in report["by_period"].as_array().unwrap() {
        let date = row["date"].as_str().unwrap();
        let day = |event: &Event| {
            let time = jiff::Timestamp::from_millisecond(event.time + 8 * 60 * 60 * 1000).unwrap();
            time.strftime("%Y-%m-%d").to_string()
        };
        assert_eq!(row["queries"], count(&|event| day(event) == date), "{date}");
    }
    let entries = report["last_entry"].as_u64().unwrap() - report["first_entry"].as_u64().unwrap() + 1;
    assert_eq!(Some(entries), total["queries"].as_u64(), "there are no other entries in November");

    let months = run_east(&env, &["ledger", "report", "--month", "2026-10..2026-12", "--format", "json"]);
    let months: Value = serde_json::from_str(&text(&months)).unwrap();
    let by_month: Vec<_> = months["by_period"].as_array().unwrap().iter().map(|row| row["date"].clone()).collect();
    assert_eq!(by_month, ["2026-10", "2026-11", "2026-12"]);
    assert_eq!(months["by_period"][1]["queries"], total["queries"]);
    assert_eq!(months["total"]["queries"], events.len());
}

#[test]
fn the_page_needs_nothing_else_and_is_not_fooled_by_a_name() {
    let env = Env::empty();
    let events = many();
    env.with_past(november() - 1, &events);
    let file = env.path("report.html");
    let arguments = ["ledger", "report", "--month", "2026-11", "--format", "html", "--out", file.to_str().unwrap()];
    assert!(text(&run_east(&env, &arguments)).is_empty());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(run_east(&env, &arguments).status.code(), Some(3), "an existing file is not written over");
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("<!doctype html>\n<html lang=\"zh-CN\">"));
    for foreign in ["<script", "http:", "https:", "src=", "href=", "@import", "<link", "<b>", " on", "承办0"] {
        let is_there = page.match_indices(foreign).any(|(at, _)| {
            // The word "on" may stand in the style; an attribute stands in a tag.
            foreign != " on" || page[..at].rfind('<') > page[..at].rfind('>')
        });
        assert!(!is_there, "{foreign}");
    }
    assert!(
        page.contains("&lt;b&gt;&amp;&quot;&#39;第0人民法院<span class=\"code\">（测00）"),
        "names are escaped, not dropped"
    );
    assert!(page.contains("UTC+08:00") && page.contains("default-src 'none'"));
    let opened = |tag: &str| page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
    for tag in ["table", "thead", "tbody", "tfoot", "tr", "td", "th", "svg", "title", "g", "section", "span", "ul"] {
        assert_eq!(opened(tag), page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    let empty = run_east(&env, &["ledger", "report", "--month", "2020-02", "--format", "html"]);
    assert!(text(&empty).contains("本期没有查询"));
    let named = run_east(&env, &["ledger", "report", "--month", "2026-11", "--format", "html", "--reveal"]);
    assert!(text(&named).contains("承办0（"));
}
