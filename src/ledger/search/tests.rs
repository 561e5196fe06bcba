//! A search against a plain look at every entry, over random ledgers of which the index covers a random part.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
    mpsc,
};

use proptest::{prelude::*, sample::select};
use tempfile::TempDir;

use super::*;
use crate::{
    keys::MasterKey,
    ledger::{Evidence, Ledger, Options, keeper::cover, leaf::Facts, note::Ed25519Signer, runs::Mode},
};

/// A time before all entries; each commit is a second after the one before it.
const START: i64 = 1_760_000_000_000;

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed("test.example/search", &[7; 32]).unwrap()
}

fn master() -> MasterKey {
    MasterKey::from_bytes([9; 32])
}

/// What is recorded of one event; the model that a search is compared with.
#[derive(Clone, Debug)]
struct Event {
    kind: Kind,
    gateway: &'static str,
    outcome: &'static str,
    terms: Vec<(Term, String)>,
}

/// Few values, so that any two criteria meet.
fn event() -> impl Strategy<Value = Event> {
    let term = |term: Term, values: &'static [&'static str]| {
        proptest::option::weighted(0.8, select(values)).prop_map(move |text| text.map(|text| (term, text.to_owned())))
    };
    let terms = (
        term(Term::Request, &["1", "2", "3", "4", "5", "6"]),
        term(Term::Court, &["a", "b"]),
        term(Term::Case, &["case 1", "case 2", "case 3"]),
        term(Term::HandlerName, &["甲", "乙"]),
        term(Term::HandlerCertificate, &["1", "2"]),
        term(Term::SubjectName, &["甲", "乙", "丙"]),
        term(Term::SubjectNumber, &["n:990102780214001", "n:MA0000000", "n:P1"]),
        term(Term::SubjectNumber, &["n:990102780214001", "n:P1"]),
    );
    let terms = terms.prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].into_iter().flatten().collect());
    (select(&Kind::ALL[..]), select(&["x", "y"][..]), select(&["found", "nothing-found"][..]), terms).prop_map(
        |(kind, gateway, outcome, mut terms): (_, _, _, Vec<_>)| {
            if matches!(kind, Kind::Generation | Kind::Administration) {
                terms.push((Term::Kind, kind.word().to_owned()));
            }
            Event { kind, gateway, outcome, terms }
        },
    )
}

fn criteria() -> impl Strategy<Value = Criteria> {
    let text = |values: &'static [&'static str]| {
        proptest::option::weighted(0.25, select(values)).prop_map(|text| text.map(str::to_owned))
    };
    let texts = (
        text(&["1", " 2 ", "3", "9"]),
        text(&["a", "b"]),
        text(&["case 1", "case 2"]),
        text(&["甲", "丙"]),
        text(&["1", "2"]),
        text(&["甲", " 丙"]),
        text(&["990102197802140013", "990102780214001", "P1", "p-1", "P2"]),
    );
    let plain = (text(&["x", "z"]), text(&["found"]), proptest::option::weighted(0.2, select(&Kind::ALL[..])));
    let span = proptest::option::weighted(0.3, -5_i64..200);
    (texts, plain, span.clone(), span).prop_map(|(texts, plain, since, until)| {
        let at = |seconds: Option<i64>| seconds.map(|seconds| START + seconds * 1000);
        Criteria {
            request_number: texts.0,
            court: texts.1,
            case: texts.2,
            handler_name: texts.3,
            handler_certificate: texts.4,
            subject_name: texts.5,
            subject_number: texts.6.map(|number| SubjectNumber { kind: None, number }),
            gateway: plain.0,
            outcome: plain.1,
            kind: plain.2,
            since: at(since),
            until: at(until),
        }
    })
}

/// A ledger of these events, of which the index covers those before `covered`.
fn ledger(events: &[Event], covered: u64) -> (TempDir, Reader) {
    let folder = tempfile::tempdir().unwrap();
    let master = master();
    let time = Arc::new(AtomicI64::new(START));
    let clock: crate::ledger::Clock = Arc::new(move || time.fetch_add(1000, Ordering::Relaxed));
    let path = folder.path().join("ledger");
    Ledger::create(&path, &master, signer(), "a test", &clock).unwrap();
    let options = Options {
        folder: path.clone(),
        queue_entries_max: 4096,
        // Some share a time, most do not.
        batch_entries_max: 4,
        batch_bytes_max: 1 << 20,
        body_retention: None,
        removal_interval: std::time::Duration::ZERO,
        clock_bound: None,
    };
    let ledger = Ledger::open(&options, &master, signer(), clock).unwrap();
    let (sender, written) = mpsc::channel();
    for event in events {
        let facts = Facts::default().with(Fact::Gateway, event.gateway).with(Fact::Outcome, event.outcome);
        let evidence = Evidence {
            facts,
            terms: event.terms.iter().map(|(term, text)| (*term, text.into())).collect(),
            ..Evidence::default()
        };
        let prepared = ledger.prepare(event.kind, evidence).unwrap();
        let sender = sender.clone();
        ledger.append(prepared, None, move |result| sender.send(result.map(|_| ())).unwrap());
    }
    drop(sender);
    assert_eq!(written.iter().flatten().count(), events.len());
    drop(ledger);
    let reader = Reader::open(&path, &master).unwrap();
    let runs = Runs::open(&path.join(crate::ledger::store::INDEX), reader.secrets.runs(), Mode::ReadWrite).unwrap();
    runs.forget_from(0).unwrap();
    // Two runs, so that a search crosses from one to the next.
    for end in [covered / 2, covered] {
        if end > runs.through() {
            cover(&reader, &runs, end).unwrap();
        }
    }
    (folder, reader)
}

/// Whether an event meets the criteria; entry 0 is the ledger's own.
fn is_met(event: &Event, criteria: &Criteria, time: i64) -> bool {
    let has = |term: Term, text: &Option<String>| {
        text.as_ref().is_none_or(|text| event.terms.contains(&(term, text.trim().to_owned())))
    };
    let number = criteria.subject_number.as_ref().is_none_or(|number| {
        let key = match number.number.as_str() {
            "990102197802140013" | "990102780214001" => "n:990102780214001",
            "P1" | "p-1" => "n:P1",
            _ => "",
        };
        event.terms.contains(&(Term::SubjectNumber, key.to_owned()))
    });
    has(Term::Request, &criteria.request_number)
        && has(Term::Court, &criteria.court)
        && has(Term::Case, &criteria.case)
        && has(Term::HandlerName, &criteria.handler_name)
        && has(Term::HandlerCertificate, &criteria.handler_certificate)
        && has(Term::SubjectName, &criteria.subject_name)
        && number
        && criteria.gateway.as_ref().is_none_or(|gateway| event.gateway == gateway)
        && criteria.outcome.as_ref().is_none_or(|outcome| event.outcome == outcome)
        && criteria.kind.is_none_or(|kind| event.kind == kind)
        && criteria.since.is_none_or(|since| time >= since)
        && criteria.until.is_none_or(|until| time < until)
}

fn numbers(search: Search<'_>) -> Vec<u64> {
    search.map(|found| found.unwrap().entry.number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_a_look_at_every_entry_finds(
        events in proptest::collection::vec(event(), 0..150),
        covered in 0_u64..180,
        all in proptest::collection::vec((criteria(), 0_u64..40), 40),
    ) {
        let covered = covered.min(events.len() as u64 + 1);
        let (_folder, reader) = ledger(&events, covered);
        let created = Event {
            kind: Kind::Administration,
            gateway: "",
            outcome: "",
            terms: vec![(Term::Kind, Kind::Administration.word().to_owned())],
        };
        let time = |number| reader.entry(number).unwrap().leaf().unwrap().time;
        let recorded: Vec<_> = (0..).zip([created].into_iter().chain(events)).map(|(at, one)| (at, time(at), one)).collect();
        for (criteria, first) in all {
            let met = recorded.iter().filter(|(at, time, event)| *at >= first && is_met(event, &criteria, *time));
            let mut expected: Vec<_> = met.map(|(at, ..)| *at).collect();
            prop_assert_eq!(numbers(Search::new(&reader, &criteria, first).unwrap()), &expected[..]);
            let half = Search::new(&reader, &criteria, first).unwrap().before(covered);
            expected.retain(|number| *number < covered);
            prop_assert_eq!(numbers(half), expected);
        }
    }
}

#[test]
fn more_entries_than_a_window_holds_are_all_found_once() {
    let event = |number: usize| Event {
        kind: Kind::Answer,
        gateway: "x",
        outcome: "found",
        terms: [(Term::SubjectNumber, "n:P1"), (Term::SubjectNumber, ["n:990102780214001", "n:Q"][number % 2])]
            .map(|(term, text)| (term, text.to_owned()))
            .to_vec(),
    };
    let events: Vec<_> = (0..CANDIDATES_MAX * 2 + 100).map(event).collect();
    let count = events.len() as u64;
    let (_folder, reader) = ledger(&events, count - 50);
    let by_number = |number: &str| Criteria {
        subject_number: Some(SubjectNumber { kind: None, number: number.to_owned() }),
        ..Criteria::default()
    };
    assert_eq!(numbers(Search::new(&reader, &by_number("P1"), 0).unwrap()), (1..=count).collect::<Vec<_>>());
    let odd = numbers(Search::new(&reader, &by_number("990102197802140013"), 0).unwrap());
    assert_eq!(odd, (1..=count).step_by(2).collect::<Vec<_>>());
}

#[test]
fn a_blank_criterion_is_no_search_for_everything() {
    let (_folder, reader) = ledger(&[], 0);
    let blank = || Some(" \u{3000}".to_owned());
    let number = |number: &str| Some(SubjectNumber { kind: None, number: number.to_owned() });
    for criteria in [
        Criteria { request_number: blank(), ..Criteria::default() },
        Criteria { subject_name: Some("\u{200b}".to_owned()), ..Criteria::default() },
        Criteria { subject_number: number("无"), ..Criteria::default() },
        Criteria { subject_number: number("-"), ..Criteria::default() },
        Criteria { gateway: blank(), ..Criteria::default() },
    ] {
        assert!(matches!(Search::new(&reader, &criteria, 0), Err(SearchError::Blank { .. })));
    }
}

#[test]
fn terms_that_were_altered_are_damage_and_no_answer() {
    let request = |number: &str| Event {
        kind: Kind::Answer,
        gateway: "x",
        outcome: "found",
        terms: vec![(Term::Request, number.to_owned())],
    };
    let (folder, reader) = ledger(&[request("1"), request("2")], 0);
    let database = rusqlite::Connection::open(folder.path().join("ledger").join("ledger.db")).unwrap();
    database
        .execute("UPDATE entry SET terms = (SELECT terms FROM entry WHERE number = 1) WHERE number = 2", [])
        .unwrap();
    let criteria = Criteria { request_number: Some("1".to_owned()), ..Criteria::default() };
    let found: Vec<_> = Search::new(&reader, &criteria, 0).unwrap().collect();
    assert!(matches!(&found[..], [Ok(first), Err(ReadError::Damaged { entry: 2, .. })] if first.entry.number == 1));
}
