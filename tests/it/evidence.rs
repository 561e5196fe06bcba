//! What a gateway keeps proves what it was told, offline; and what operators do leaves a trace.

use std::{fs, path::Path, process::Output};

use bdcd::{
    domain::inquiry::{Door, Draft},
    ledger::{
        Reader,
        leaf::{Fact, Kind},
        note::VerifierKey,
        proof::{self, ProofError},
        search::{Criteria, Search},
    },
    rpc::contract::{ExchangeRequest, QueryRequest},
};
use prost::Message as _;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{
    receipts::{run_script, script_runs},
    support::{Daemon, Env, PERSON, block_on, inquiry},
};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn key(env: &Env) -> VerifierKey {
    VerifierKey::parse(fs::read_to_string(env.path("ledger.pub")).unwrap().trim_end()).unwrap()
}

/// The bytes that evidence commits to, of a request of the contract.
fn committed(request: &QueryRequest) -> Vec<u8> {
    let bytes = request.inquiry.clone().unwrap().encode_to_vec();
    Draft::decode(&bytes).unwrap().check(Door::Query).map_err(|violations| violations.len()).unwrap().encode()
}

/// Asks about the county's person, and keeps the response as received.
fn keep(env: &Env, daemon: &Daemon, request: &QueryRequest) -> Vec<u8> {
    block_on(async {
        let mut client = env.connect(daemon, "gateway").await;
        client.query(request.clone()).await.unwrap().into_inner().encode_to_vec()
    })
}

fn audited(env: &Env) -> String {
    let output = env.run(&["ledger", "verify"]);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[test]
fn an_inquiry_is_committed_to_in_the_contracts_own_bytes() {
    let request = inquiry(PERSON);
    assert_eq!(committed(&request), request.inquiry.unwrap().encode_to_vec());
}

#[test]
fn a_flipped_bit_anywhere_in_a_response_proves_nothing() {
    let env = Env::with_county();
    let daemon = env.serve();
    let request = inquiry(("无产某", "1", "990102199912310959"));
    let response = keep(&env, &daemon, &request);
    let (key, asked) = (key(&env), committed(&request));
    let proved = proof::verify(&response, Some(&asked), &key).unwrap();
    assert_eq!(proved.leaf.facts.get(Fact::Outcome), "nothing-found");
    // Signatures are costly to check: a bit of each byte, another one each time.
    for at in 0..response.len() {
        let mut altered = response.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(proof::verify(&altered, Some(&asked), &key).is_err(), "byte {at} of {}", response.len());
    }
    for cut in [0, 1, response.len() / 2, response.len() - 1] {
        assert!(proof::verify(&response[..cut], None, &key).is_err());
    }
    let longer = [response.clone(), vec![0x20, 1]].concat();
    assert!(matches!(proof::verify(&longer, None, &key), Err(ProofError::Response)));
    let other = committed(&inquiry(PERSON));
    assert!(matches!(proof::verify(&response, Some(&other), &key), Err(ProofError::Request)));
}

#[test]
fn what_commands_keep_is_verified_by_commands_and_by_a_script() {
    let env = Env::with_county();
    let daemon = env.serve();
    env.configure_client(&daemon);
    let path = |name: &str| env.path(name).to_str().unwrap().to_owned();
    let request = inquiry(PERSON);
    let asked = request.inquiry.clone().unwrap();
    let (court, handler, subject) = (asked.court.unwrap(), asked.handler.unwrap(), asked.subject.unwrap());
    let document = serde_json::json!({
        "request_number": asked.request_number,
        "court": { "name": court.name, "code": court.code },
        "case_number": asked.case_number,
        "handler": { "name": handler.name, "work_certificate_number": handler.work_certificate_number, "contact": handler.contact },
        "notice_number": asked.notice_number,
        "subject": { "name": subject.name, "document_kind": subject.document_kind, "document_number": subject.document_number },
        "items": ["objection", "ownership_and_use", "mortgage", "seizure", "easement", "pre_notice"],
    });
    fs::write(env.path("inquiry.json"), document.to_string()).unwrap();
    let kept = env.run(&["query", &path("inquiry.json"), "--save", &path("answer.bin")]);
    assert!(kept.status.success(), "{}", said(&kept));
    let again = env.run(&["query", &path("inquiry.json"), "--save", &path("answer.bin")]);
    assert_eq!(again.status.code(), Some(3), "evidence is not written over");
    assert!(said(&again).contains("give another name"), "{}", said(&again));
    let message = fs::read("fixtures/messages/query-request-whole.xml").unwrap();
    let exchanged = env.run_with_input(&["exchange", "--save", &path("feedback.bin")], &message);
    assert!(exchanged.status.success(), "{}", said(&exchanged));

    let verify = |arguments: &[&str]| Env::run_bare(&[&["verify"], arguments].concat());
    let proved = verify(&[&path("answer.bin"), "--request", &path("inquiry.json"), "--key", &path("ledger.pub")]);
    assert!(proved.status.success(), "{}", said(&proved));
    for expected in
        ["PROVED", "as entry 2", "the gateway", &asked.request_number, "answers the request given", "6 registrations"]
    {
        assert!(said(&proved).contains(expected), "{expected}: {}", said(&proved));
    }
    let unasked = verify(&[&path("answer.bin"), "--key", &path("ledger.pub")]);
    assert!(said(&unasked).contains("What it answers is not proved"), "{}", said(&unasked));
    let feedback = verify(&[
        &path("feedback.bin"),
        "--request",
        "fixtures/messages/query-request-whole.xml",
        "--key",
        &path("ledger.pub"),
    ]);
    assert!(said(&feedback).contains("1 answered, 0 refused"), "{}", said(&feedback));
    let crossed = verify(&[&path("feedback.bin"), "--request", &path("inquiry.json"), "--key", &path("ledger.pub")]);
    assert_eq!(crossed.status.code(), Some(1), "{}", said(&crossed));
    assert_eq!(said(&env.run(&["ledger", "key"])), fs::read_to_string(env.path("ledger.pub")).unwrap());
    let keyless = verify(&[&path("answer.bin"), "--key", "nobody"]);
    assert_eq!(keyless.status.code(), Some(2), "{}", said(&keyless));
    let nothing = verify(&[&path("inquiry.json"), "--key", &path("ledger.pub")]);
    assert_eq!(nothing.status.code(), Some(1), "{}", said(&nothing));

    if script_runs() {
        let key = key(&env).to_string();
        fs::write(env.path("asked.bin"), committed(&request)).unwrap();
        let (answer, asked) = (env.path("answer.bin"), env.path("asked.bin"));
        let told = run_script(&key, &[&answer, &asked]).unwrap();
        assert!(told.starts_with("ok index 2 of ") && told.ends_with(", answer and request\n"), "{told}");
        let message = Path::new("fixtures/messages/query-request-whole.xml");
        assert!(run_script(&key, &[&env.path("feedback.bin"), message]).is_some());
        assert_eq!(run_script(&key, &[&answer, message]), None);
    }
}

#[test]
fn a_kept_checkpoint_proves_that_nothing_before_it_was_changed() {
    let env = Env::with_county();
    let daemon = env.serve();
    keep(&env, &daemon, &inquiry(PERSON));
    let kept = env.run(&["ledger", "checkpoint"]);
    fs::write(env.path("kept.txt"), &kept.stdout).unwrap();
    keep(&env, &daemon, &inquiry(PERSON));
    let since = env.path("kept.txt");
    let since = ["ledger", "verify", "--since", since.to_str().unwrap()];
    let proved = env.run(&since);
    assert!(said(&proved).contains("nothing of the first 3 entries was changed"), "{}", said(&proved));
    assert!(daemon.stop());

    // The same keys, another history: what an operator with everything but the kept checkpoint could put in its place.
    fs::rename(env.path("ledger"), env.path("first")).unwrap();
    assert!(env.run(&["ledger", "create", "--origin", crate::support::ORIGIN]).status.success());
    let shortened = env.run(&since);
    assert_eq!(shortened.status.code(), Some(1));
    assert!(said(&shortened).contains("entries were taken away"), "{}", said(&shortened));
    let daemon = env.serve();
    for _ in 0..3 {
        keep(&env, &daemon, &inquiry(PERSON));
    }
    audited(&env);
    let changed = env.run(&since);
    assert_eq!(changed.status.code(), Some(1));
    assert!(said(&changed).contains("something before it was changed"), "{}", said(&changed));
    fs::write(env.path("kept.txt"), "nonsense\n").unwrap();
    assert_eq!(env.run(&since).status.code(), Some(1));
}

#[test]
fn an_old_answer_is_composed_again_until_its_generation_is_pruned() {
    let env = Env::with_county();
    let daemon = env.serve();
    keep(&env, &daemon, &inquiry(PERSON));
    let replayed = env.run(&["ledger", "replay", "2"]);
    assert!(said(&replayed).contains("is the one recorded"), "{}", said(&replayed));
    for (entry, why) in [("1", "no answer"), ("99", "the last is 2")] {
        let refused = env.run(&["ledger", "replay", entry]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(why), "{}", said(&refused));
    }

    let package = env.path("newer");
    crate::support::copy_package("fixtures/county".as_ref(), &package);
    let manifest = fs::read_to_string(package.join("manifest.json")).unwrap();
    fs::write(package.join("manifest.json"), manifest.replace("\"sequence\": 1,", "\"sequence\": 2,")).unwrap();
    assert!(env.run(&["snapshot", "load", package.to_str().unwrap()]).status.success());
    let first = said(&env.run(&["snapshot", "list"])).split(' ').next().unwrap().to_owned();
    let told = env.run(&["snapshot", "remove", &first, "--dry-run"]);
    assert!(
        said(&told).contains("would remove 1-") && said(&told).contains("cannot compose them again"),
        "{}",
        said(&told)
    );
    assert!(env.run(&["ledger", "replay", "2"]).status.success(), "a dry run removes nothing");
    let pruned = env.run(&["snapshot", "remove", &first]);
    assert!(pruned.status.success() && said(&pruned).contains("removed 1-"), "{}", said(&pruned));
    let lost = env.run(&["ledger", "replay", "2"]);
    assert_eq!(lost.status.code(), Some(1));
    assert!(said(&lost).contains("not there any more"), "{}", said(&lost));
    audited(&env);
    assert!(daemon.stop());
    let reader = reader(&env);
    let criteria = Criteria { kind: Some(Kind::Administration), ..Criteria::default() };
    let mut acts = Search::new(&reader, &criteria, 0).unwrap().map(Result::unwrap);
    let pruned = acts.find(|act| act.leaf.facts.get(Fact::Act) == "prune").unwrap();
    assert!(pruned.leaf.facts.get(Fact::By).starts_with("uid "), "the kernel says who it was");
    assert_eq!(said(&env.run(&["snapshot", "prune", "--keep", "0"])), "nothing to remove\n", "the serving one stays");
}

#[test]
fn what_is_revealed_while_the_daemon_serves_is_recorded_by_it_first() {
    let env = Env::with_county();
    let daemon = env.serve();
    keep(&env, &daemon, &inquiry(PERSON));
    let plain = env.run(&["ledger", "show", "2"]);
    assert!(plain.status.success() && !said(&plain).contains(PERSON.0), "{}", said(&plain));
    let revealed = env.run(&["ledger", "show", "2", "--reveal"]);
    assert!(said(&revealed).contains(PERSON.0) && said(&revealed).contains("as ledger entry 3"), "{}", said(&revealed));
    let leaf = reader(&env).entry(3).unwrap().leaf().unwrap();
    assert_eq!((leaf.facts.get(Fact::Act), leaf.facts.get(Fact::Detail)), ("reveal", "entry 2"));

    // A daemon that holds the ledger and cannot be reached: nothing is shown, for nothing can be recorded.
    fs::remove_file(env.path("bdcd.sock")).unwrap();
    let unrecorded = env.run(&["ledger", "show", "2", "--reveal"]);
    assert_eq!(unrecorded.status.code(), Some(3));
    assert!(!said(&unrecorded).contains(PERSON.0), "{}", said(&unrecorded));
    assert!(said(&unrecorded).contains("in use by another process"), "{}", said(&unrecorded));
}

fn reader(env: &Env) -> Reader {
    let master = bdcd::keys::MasterKey::read(env.path("master.key")).unwrap();
    Reader::open(&env.path("ledger"), &master).unwrap()
}

#[test]
fn a_refusal_is_an_entry_before_it_is_told() {
    let env = Env::with_county();
    let daemon = env.serve();
    let entries = block_on(async {
        let mut entries = Vec::new();
        let mut wrong_court = inquiry(PERSON);
        wrong_court.inquiry.as_mut().unwrap().court.as_mut().unwrap().code = "测99".to_owned();
        let mut blank = inquiry(PERSON);
        blank.inquiry.as_mut().unwrap().case_number.clear();
        for (certificate, request, reason) in [
            ("gateway", wrong_court, "COURT_NOT_ALLOWED"),
            ("gateway", blank, "BAD_INQUIRY"),
            ("unlisted", inquiry(PERSON), "UNKNOWN_GATEWAY"),
            ("foreign", inquiry(PERSON), "FOREIGN_CERTIFICATE"),
            ("", inquiry(PERSON), "NO_CERTIFICATE"),
        ] {
            let mut client = env.connect(&daemon, certificate).await;
            let status = client.query(request).await.unwrap_err();
            let info = status.get_details_error_info().unwrap();
            assert_eq!(info.reason, reason);
            let told = info.metadata.get("entry").map(|entry| entry.parse::<u64>().unwrap());
            assert_eq!(told.is_some(), certificate == "gateway", "strangers are told no number");
            let newest = self::reader(&env).size().unwrap() - 1;
            assert!(told.is_none_or(|entry| entry == newest));
            entries.push((newest, certificate, reason));
        }
        entries
    });
    let reader = reader(&env);
    for (entry, certificate, reason) in entries {
        let leaf = reader.entry(entry).unwrap().leaf().unwrap();
        assert_eq!((leaf.kind, leaf.facts.get(Fact::Outcome)), (Kind::Refusal, reason));
        let is_known = certificate == "gateway";
        assert_eq!(reader.body(entry, &leaf).unwrap().is_some(), is_known, "a stranger's request is not kept");
        assert_eq!(leaf.facts.get(Fact::Request), "", "what a caller wrote stands nowhere in plain");
    }
    audited(&env);
}

#[test]
fn another_inquiry_under_a_number_is_refused_and_names_the_entry() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let first = inquiry(PERSON);
        client.query(first.clone()).await.unwrap();
        let mut other = first;
        other.inquiry.as_mut().unwrap().include_ended = true;
        let status = client.query(other).await.unwrap_err();
        let info = status.get_details_error_info().unwrap();
        assert_eq!((status.code(), info.reason.as_str()), (Code::AlreadyExists, "REQUEST_NUMBER_REUSED"));
        assert!(status.message().contains("ledger entry 2"), "{}", status.message());
    });
}

#[test]
fn more_than_may_wait_are_told_to_ask_again_and_nothing_is_lost() {
    let env = Env::with_county();
    env.configure("", "[ledger]\nqueue-entries-max = 1\n[limits]\nreader-threads = 1\nqueued-per-reader-max = 1\n");
    let daemon = env.serve();
    let overloaded = block_on(async {
        let client = env.connect(&daemon, "gateway").await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (mut client, request) = (client.clone(), inquiry(PERSON));
            calls.spawn(async move {
                let mut overloaded = 0;
                loop {
                    let Err(status) = client.query(request.clone()).await else { return overloaded };
                    let details = status.get_error_details();
                    assert_eq!(status.code(), Code::ResourceExhausted, "{}", status.message());
                    assert_eq!(details.error_info().unwrap().reason, "OVERLOADED");
                    assert!(details.retry_info().unwrap().retry_delay.is_some());
                    overloaded += 1;
                }
            });
        }
        calls.join_all().await.into_iter().sum::<u32>()
    });
    assert!(overloaded > 0, "64 at once are more than one");
    assert!(daemon.stop());
    let answers = 66;
    assert!(audited(&env).contains(&format!("{answers} entries")), "{}", audited(&env));
}

#[test]
fn a_feedback_message_is_signed_where_that_is_switched_on() {
    let env = Env::with_county();
    env.configure("", "[exchange]\ndigital-sign = true\n");
    let daemon = env.serve();
    let message = fs::read("fixtures/messages/query-request-whole.xml").unwrap();
    let (first, again) = block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let mut ask =
            async || client.exchange(ExchangeRequest { message: message.clone() }).await.unwrap().into_inner();
        (ask().await, ask().await)
    });
    assert!(first == again, "the same message gets the same feedback, receipt and all");
    let text = String::from_utf8(first.answer.to_vec()).unwrap();
    let (before, rest) = text.split_once("<DIGITALSIGN>").unwrap();
    let (signature, after) = rest.split_once("</DIGITALSIGN>").unwrap();
    let signature = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, signature).unwrap();
    let unsigned = format!("{before}<DIGITALSIGN></DIGITALSIGN>{after}");
    assert!(key(&env).verify(unsigned.as_bytes(), &signature));
    assert!(!key(&env).verify(text.as_bytes(), &signature));
}

#[test]
fn a_daemon_without_a_ledger_of_its_own_does_not_serve() {
    let env = Env::with_county();
    let second = env.run(&["ledger", "create", "--origin", crate::support::ORIGIN]);
    assert_eq!(second.status.code(), Some(1), "a ledger is never written over: {}", said(&second));
    fs::rename(env.path("ledger"), env.path("elsewhere")).unwrap();
    let missing = env.run(&["serve"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(said(&missing).contains("bdcd ledger create"), "{}", said(&missing));
    fs::rename(env.path("elsewhere"), env.path("ledger")).unwrap();

    fs::rename(env.path("ledger.key"), env.path("old.key")).unwrap();
    let keyless = env.run(&["serve"]);
    assert_eq!(keyless.status.code(), Some(3), "{}", said(&keyless));
    let other = Env::empty();
    fs::copy(other.path("ledger.key"), env.path("ledger.key")).unwrap();
    let wrong = env.run(&["serve"]);
    assert!(said(&wrong).contains("give the key it was made with"), "{}", said(&wrong));
    fs::rename(env.path("old.key"), env.path("ledger.key")).unwrap();

    let daemon = env.serve();
    let held = env.run(&["serve"]);
    assert_eq!(held.status.code(), Some(3));
    assert!(said(&held).contains("in use by another process"), "{}", said(&held));
    drop(daemon);
}
