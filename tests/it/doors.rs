//! Who is let in, what is refused and how it is told, over real mutual TLS against the built binary.

use std::{io::ErrorKind, os::unix::net::UnixDatagram, time::Duration};

use bdcd::{
    domain::answer::Answer,
    ledger::leaf::Fact,
    rpc::contract::{ExchangeRequest, QueryRequest},
    spec::{Leaves, feedback},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{Env, PERSON, block_on, disk::until, inquiry};

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[test]
fn a_caller_without_a_listed_certificate_is_told_so() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        for (certificate, code, expected) in [
            ("", Code::Unauthenticated, "NO_CERTIFICATE"),
            ("foreign", Code::Unauthenticated, "FOREIGN_CERTIFICATE"),
            ("unlisted", Code::PermissionDenied, "UNKNOWN_GATEWAY"),
        ] {
            let mut client = env.connect(&daemon, certificate).await;
            let status = client.query(inquiry(PERSON)).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (code, expected));
            let status = client.exchange(ExchangeRequest { message: Vec::new() }).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (code, expected));
        }
    });
}

#[test]
fn strangers_who_keep_calling_are_turned_away_and_do_not_fill_the_ledger() {
    const CALLS: u64 = 400;
    let env = Env::with_county();
    let daemon = env.serve();
    let size = || env.reader().size().unwrap();
    let before = size();
    block_on(async {
        let mut stranger = env.connect(&daemon, "foreign").await;
        // Those that were turned away since the last that has an entry.
        let (mut refused, mut turned_away) = (0, 0);
        for call in 0..CALLS {
            let status = stranger.query(inquiry(PERSON)).await.unwrap_err();
            match (status.code(), reason(&status).as_str()) {
                (Code::Unauthenticated, "FOREIGN_CERTIFICATE") => (refused, turned_away) = (refused + 1, 0),
                (Code::ResourceExhausted, "TOO_MANY_STRANGERS") => {
                    assert!(call >= 60 && status.get_details_retry_info().is_some(), "{call}");
                    turned_away += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!((60..CALLS / 2).contains(&refused), "{refused}");
        assert_eq!(size() - before, refused, "each that was refused has an entry, and no other");
        let listed = env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await;
        assert!(listed.is_ok(), "who is listed is answered");
        let unlisted = env.connect(&daemon, "unlisted").await.query(inquiry(PERSON)).await.unwrap_err();
        assert_eq!(reason(&unlisted), "UNKNOWN_GATEWAY", "one reason does not hide another");

        // The next that has an entry tells of those that have none.
        let entry = loop {
            let status = stranger.query(inquiry(PERSON)).await.unwrap_err();
            match status.code() {
                Code::Unauthenticated if turned_away > 0 => {
                    // It is told no number: that would show how much the registry is asked.
                    assert!(!status.get_details_error_info().unwrap().metadata.contains_key("entry"));
                    break size() - 1;
                }
                Code::Unauthenticated => {}
                _ => turned_away += 1,
            }
        };
        let leaf = env.reader().entry(entry).unwrap().leaf().unwrap();
        let told = leaf.facts.get(Fact::Detail);
        assert_eq!(told, format!("{turned_away} such calls before it have no entry"));
    });
    let lines = |what: &str| daemon.log().matches(what).count();
    until("it is told once", || lines("keep calling, and are turned away") == 1);
    assert!(lines("call ended") < usize::try_from(CALLS).unwrap() / 2, "those who are turned away fill no log");
}

#[test]
fn a_gateway_that_changes_its_certificate_is_one_gateway_under_both() {
    let env = Env::with_county();
    let court =
        format!("courts = [{{ name = \"{}\", code = \"{}\" }}]", crate::support::COURT.0, crate::support::COURT.1);
    env.configure("", &format!("[[gateway]]\nname = \"the gateway\"\ncertificate = \"tls/unlisted.pem\"\n{court}\n"));
    let daemon = env.serve();
    let request = inquiry(PERSON);
    block_on(async {
        let before = env.connect(&daemon, "gateway").await.query(request.clone()).await.unwrap().into_inner();
        let after = env.connect(&daemon, "unlisted").await.query(request).await.unwrap().into_inner();
        assert!(before == after, "answer, receipt and opening");
    });
}

#[test]
fn a_gateway_asks_for_its_courts_alone() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let mut request = inquiry(PERSON);
        request.inquiry.as_mut().unwrap().court.as_mut().unwrap().code = "测99".to_owned();
        let status = client.query(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "COURT_NOT_ALLOWED"));
    });
}

#[test]
fn every_bad_field_is_named_at_once_and_no_value_is_told() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let status = client.query(QueryRequest { inquiry: None }).await.unwrap_err();
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!((status.code(), violations.len()), (Code::InvalidArgument, 12));
        assert!(violations.iter().any(|violation| violation.field == "subject.document_number"));

        let mut request = inquiry(PERSON);
        let asked = request.inquiry.as_mut().unwrap();
        asked.subject.as_mut().unwrap().document_kind = "20500".to_owned();
        asked.items = vec![9];
        let status = client.query(request).await.unwrap_err();
        let fields: Vec<_> =
            status.get_details_bad_request().unwrap().field_violations.into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["subject.document_kind", "items"]);
        assert!(!status.message().contains(PERSON.0) && !status.message().contains(PERSON.2));
    });
}

#[test]
fn what_is_no_call_of_the_contract_is_told_so() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = tonic::client::Grpc::new(env.channel(&daemon, "gateway").await);
        for path in ["/bdcd.query.v1.QueryService/Seize", "/bdcd.query.v2.QueryService/Query", "/"] {
            client.ready().await.unwrap();
            let codec = tonic_prost::ProstCodec::<QueryRequest, QueryRequest>::default();
            let status =
                client.unary(tonic::Request::new(inquiry(PERSON)), path.parse().unwrap(), codec).await.unwrap_err();
            assert_eq!(status.code(), Code::Unimplemented, "{path}");
        }
        assert!(env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.is_ok());
    });
}

#[test]
fn a_message_over_the_limit_is_refused_by_name() {
    let env = Env::with_county();
    env.configure("", "[limits]\nmessage-bytes-max = \"15KiB\"\n");
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let status = client.exchange(ExchangeRequest { message: vec![b' '; 20_000] }).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
        let company = inquiry(("测试长河实业有限公司", "8", "91990102XY00001191"));
        let status = client.query(company).await.map(|answer| answer.into_inner().answer.len()).unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "ANSWER_TOO_LARGE"));
        assert!(client.query(inquiry(("无产某", "1", "990102199912310959"))).await.is_ok(), "and the daemon lives on");
    });
}

#[test]
fn the_specifications_sample_goes_through_once_its_number_is_whole() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let message = std::fs::read("fixtures/messages/query-request-whole.xml").unwrap();
        let response = client.exchange(ExchangeRequest { message }).await.unwrap().into_inner();
        let read = feedback::read(&response.answer, Leaves::Plain).unwrap();
        let [result] = &read.results[..] else { panic!("one request, one result") };
        assert_eq!((result.request_number.as_str(), result.result.as_str()), ("20111128320000100002", "0100"));
        assert!(result.message.contains("2026-11-23T06:00:00+08:00"));

        // As printed, it asks about an identity card of four digits: told so, not answered with "nothing found" (D42).
        let message = std::fs::read("fixtures/messages/query-request.xml").unwrap();
        let response = client.exchange(ExchangeRequest { message }).await.unwrap().into_inner();
        let read = feedback::read(&response.answer, Leaves::Plain).unwrap();
        let [result] = &read.results[..] else { panic!("one request, one result") };
        assert_eq!(result.result, "2040");
        assert!(result.message.contains("ZJH"), "{}", result.message);
    });
}

#[test]
fn one_bad_request_among_many_is_answered_by_its_own_2040() {
    let env = Env::with_county();
    let daemon = env.serve();
    let item = |number: &str, name: &str, court: &str| {
        format!(
            "<BDCCXQQ><BDHM>{number}</BDHM><XM>{name}</XM><ZJLX>1</ZJLX><DSRZJHM>{}</DSRZJHM><FYMC>{court}</FYMC>\
             <CBR>测</CBR><AH>案</AH><GZZBH>1</GZZBH></BDCCXQQ>",
            PERSON.2
        )
    };
    let court = crate::support::COURT.0;
    let message = format!(
        "<Message><Head><CREATETIME>2026/11/23 09:00:00</CREATETIME></Head><Data><BDCCXQQLIST>{}{}{}</BDCCXQQLIST></Data></Message>",
        item("1", PERSON.0, court),
        item("2", "", court),
        item("3", PERSON.0, "另一法院")
    );
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let response = client.exchange(ExchangeRequest { message: message.into_bytes() }).await.unwrap().into_inner();
        let read = feedback::read(&response.answer, Leaves::Plain).unwrap();
        let results: Vec<_> =
            read.results.iter().map(|one| (one.request_number.as_str(), one.result.as_str())).collect();
        assert_eq!(results, [("1", "0000"), ("2", "2040"), ("3", "2040")]);
        assert!(read.results[1].message.contains("XM"));
        assert!(read.results[2].message.contains("FYMC"));
    });
}

#[test]
fn a_doctype_an_entity_bomb_and_nonsense_are_refused() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        for (message, expected) in [
            ("<!DOCTYPE Message [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Message>&b;</Message>", "DOCTYPE"),
            ("<Message><Data>&bomb;</Data></Message>", "entity"),
            ("<Message><Data></Message>", "well-formed"),
            ("<Other/>", "root element"),
            ("<Message/>", "BDCCXQQ"),
            ("", "well-formed"),
        ] {
            let status = client.exchange(ExchangeRequest { message: message.into() }).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "UNREADABLE_MESSAGE"));
            assert!(status.message().contains(expected), "{}", status.message());
        }
    });
}

#[test]
fn an_answer_is_the_same_to_the_byte_before_and_after_a_restart() {
    let env = Env::with_county();
    let request = inquiry(PERSON);
    let ask = |daemon: &crate::support::Daemon| {
        block_on(async {
            let mut client = env.connect(daemon, "gateway").await;
            client.query(request.clone()).await.unwrap().into_inner()
        })
    };
    let daemon = env.serve();
    let first = ask(&daemon);
    assert!(ask(&daemon) == first, "answer, receipt and opening");
    assert!(daemon.stop(), "a stop signal ends the daemon cleanly");
    let daemon = env.serve();
    assert!(ask(&daemon) == first, "answer, receipt and opening");
    let answer = Answer::decode(&first.answer).unwrap();
    assert_eq!(answer.generation.sequence, 1);
    assert!(answer.reconciles() && answer.coverage.reported == 6);
}

#[test]
fn the_service_manager_is_told_when_the_daemon_serves_and_when_it_stops() {
    let env = Env::with_county();
    let socket = env.path("notify.sock");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let told = || {
        let mut bytes = [0; 256];
        manager.recv(&mut bytes).map(|length| String::from_utf8(bytes[..length].to_vec()).unwrap())
    };
    let daemon = Env::start(env.command().env("NOTIFY_SOCKET", &socket)).unwrap();
    assert_eq!(told().unwrap(), "READY=1\n");
    block_on(async {
        env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap();
    });
    assert!(daemon.stop());
    assert_eq!(told().unwrap(), "STOPPING=1\n");

    // What does not come to serve never says that it does.
    env.configure("nonsense = 1\n", "");
    assert!(Env::start(env.command().env("NOTIFY_SOCKET", &socket)).is_err());
    manager.set_nonblocking(true).unwrap();
    assert_eq!(told().unwrap_err().kind(), ErrorKind::WouldBlock);
}
