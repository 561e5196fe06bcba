//! Where stories are played: one ledger for all, a mirror for each, and the doors of an operator and of a court.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bdcd::{
    domain::{answer::Answer, inquiry::Draft},
    keys::MasterKey,
    ledger::{self, Ledger, OpenError, note::Ed25519Signer, system_clock},
    mirror::Mirror,
    service::{
        answer::{Outcome, Responder},
        engine::{self, Engine},
        exchange::Exchange as Speaker,
        policy::{Court, Gateway},
        record::Call,
        refusal::Refusal,
    },
    spec::{
        FeedbackOptions, LeafMode, Leaves,
        feedback::{self, Node, ResultItem},
    },
    telemetry::metrics::Metrics,
};

use super::{
    court,
    story::{Ask, Exchange, Message},
    words::{registration, withholding},
};
use crate::support::{COURT, Env, block_on};

/// What request numbers count on.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// An environment whose ledger is open, and the gateway that asks.
pub(super) struct Stage {
    env: Env,
    ledger: Arc<Ledger>,
    gateway: Arc<Gateway>,
}

/// A package that is loaded and answers.
pub(super) struct Serving<'a> {
    stage: &'a Stage,
    responder: Responder,
}

impl Stage {
    pub(super) fn new() -> Self {
        let env = Env::empty();
        let options = ledger::Options {
            folder: env.path("ledger"),
            queue_entries_max: 64,
            batch_entries_max: 64,
            batch_bytes_max: 1 << 20,
            body_retention: None,
            removal_interval: Duration::ZERO,
            clock_bound: None,
        };
        let master = MasterKey::read(env.path("master.key")).unwrap();
        let key = fs::read_to_string(env.path("ledger.key")).unwrap();
        let ledger = loop {
            let signer = Ed25519Signer::parse(key.trim_end()).unwrap();
            match Ledger::open(&options, &master, signer, system_clock()) {
                // Another test forks a process: until it runs its program, it holds the lock that was given back just now.
                Err(OpenError::Busy { .. }) => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        let court = Court { name: COURT.0.to_owned(), code: COURT.1.to_owned() };
        let gateway = Gateway { name: "the gateway".to_owned(), courts: vec![court] };
        Self { env, ledger: Arc::new(ledger), gateway: Arc::new(gateway) }
    }

    /// Loads a package as an operator does, into a mirror of this name; what the command says, or why it refuses.
    ///
    /// Sets up to `quarantine` rows aside.
    pub(super) fn load(&self, package: &Path, mirror: &str, quarantine: u64) -> Result<String, String> {
        self.env.configure(&format!("directory = \"{mirror}\"\n"), "");
        let set_aside = format!("--quarantine={quarantine}");
        let mut arguments = vec!["snapshot", "load", package.to_str().unwrap()];
        arguments.extend((quarantine > 0).then_some(set_aside.as_str()));
        let output = self.env.run(&arguments);
        let said = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        match output.status.code() {
            Some(0) => Ok(said),
            Some(1) => Err(said),
            code => panic!("{}: the load ends with {code:?}: {said}", package.display()),
        }
    }

    /// The responder over the mirror of this name.
    pub(super) fn serve(&self, mirror: &str) -> Serving<'_> {
        let master = MasterKey::read(self.env.path("master.key")).unwrap();
        let mirror = Mirror::new(self.env.path(mirror), master);
        let options = engine::Options {
            reader_threads: 1,
            queued_per_reader_max: 4,
            pointer_interval: Duration::from_millis(100),
            check_interval: Duration::from_hours(1),
            check_bytes_per_second: 1 << 30,
        };
        let engine = Engine::start(mirror, &self.ledger, options).unwrap();
        let responder =
            Responder::new(Arc::new(engine), Arc::clone(&self.ledger), Metrics::default(), ANSWER_BYTES_MAX);
        Serving { stage: self, responder }
    }
}

impl Serving<'_> {
    /// What is wrong with the answer to a question; nothing where it is as the story tells.
    pub(super) fn ask(&self, ask: &Ask) -> Option<String> {
        let draft = Arc::new(draft_of(ask));
        let bytes = match block_on(self.responder.answer(Call::Query, &self.stage.gateway, &draft)) {
            Outcome::Answered(answered) => answered.answer,
            Outcome::Refused { refusal: Refusal::BadInquiry(violations), .. } => {
                let told: Vec<_> = violations.iter().map(|one| format!("{} {}", one.field, one.description)).collect();
                let told = told.join("; ");
                let is_expected = !ask.violation.is_empty() && told.contains(&ask.violation);
                return (!is_expected).then(|| format!("violation = {told:?}"));
            }
            other => panic!("{}", other.word()),
        };
        let answer = Answer::decode(&bytes).unwrap();
        assert!(answer.reconciles());
        let mut shown: Vec<String> =
            answer.units.iter().flat_map(|unit| &unit.registrations).map(registration).collect();
        let (mut expected, has_ranges) = ask.shown();
        if has_ranges {
            shown.sort();
            expected.sort();
        }
        let withheld: BTreeMap<String, u64> =
            answer.coverage.withheld.iter().map(|(rule, count)| (withholding(*rule).to_owned(), *count)).collect();
        let is_right = ask.violation.is_empty() && shown == expected && withheld == ask.withheld;
        (!is_right).then(|| format!("shown = {shown:?} withheld = {withheld:?}"))
    }

    /// What is wrong with the feedback to a message of one request; nothing where it is as the story tells.
    pub(super) fn exchange(&self, exchange: &Exchange) -> Option<String> {
        let speaker = Speaker::new(FeedbackOptions::default());
        let message = court::of_exchange(exchange);
        let outcome = block_on(speaker.feedback(&self.responder, &self.stage.gateway, message.into()));
        let Outcome::Answered(answered) = outcome else { panic!("{}", outcome.word()) };
        let feedback = feedback::read(&answered.answer, Leaves::Plain).unwrap();
        let [result] = &feedback.results[..] else { panic!("one request has one result") };
        let counts: BTreeMap<String, usize> = result
            .lists
            .iter()
            .filter(|list| !list.items.is_empty())
            .map(|list| (list.element.trim_end_matches("LIST").to_owned(), list.items.len()))
            .collect();
        // The order of the items is no matter of these stories.
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        let of = |path: &String| sorted(texts(result, path));
        let values: BTreeMap<_, _> = exchange.values.keys().map(|path| (path.clone(), of(path))).collect();
        let expected: BTreeMap<_, _> =
            exchange.values.iter().map(|(path, texts)| (path.clone(), sorted(texts.clone()))).collect();
        let is_right = result.result == exchange.result
            && counts == exchange.counts
            && values == expected
            && exchange.says.iter().all(|text| result.message.contains(text))
            && !exchange.lacks.iter().any(|text| result.message.contains(text));
        (!is_right).then(|| {
            format!("result = {:?} counts = {counts:?} values = {values:?} MESSAGE {}", result.result, result.message)
        })
    }

    /// What is wrong with what comes of a message; nothing where it is as the story tells.
    pub(super) fn message(&self, message: &Message) -> Option<String> {
        let speaker = Speaker::new(FeedbackOptions { leaves: LeafMode::Plain, ..FeedbackOptions::default() });
        let bytes = court::bytes(message);
        let feedback = match block_on(speaker.feedback(&self.responder, &self.stage.gateway, bytes)) {
            Outcome::Answered(answered) => feedback::read(&answered.answer, Leaves::Plain).unwrap(),
            Outcome::Unavailable(why) => panic!("{why}"),
            Outcome::Refused { refusal, .. } => {
                let told = refusal.to_string();
                let is_expected = !message.refused.is_empty() && told.contains(&message.refused);
                return (!is_expected).then(|| format!("refused = {told:?}"));
            }
        };
        let results: Vec<&str> = feedback.results.iter().map(|result| result.result.as_str()).collect();
        let said = feedback.results.last().map_or("", |result| result.message.as_str());
        let is_right = message.refused.is_empty()
            && results == message.results
            && message.asks_nothing == results.is_empty()
            && message.says.iter().all(|text| said.contains(text));
        (!is_right).then(|| format!("results = {results:?} MESSAGE {said}"))
    }
}

/// The texts of an element in the items of a list (`CFDJ/CFQSSJ`), those of holders included (`FDCQ/XM`).
fn texts(result: &ResultItem, path: &str) -> Vec<String> {
    fn gather(nodes: &[Node], element: &str, texts: &mut Vec<String>) {
        for node in nodes {
            match node {
                Node::Leaf(name, text) if name == element => texts.push(text.clone()),
                Node::Leaf(..) => {}
                Node::List(_, _, items) => items.iter().for_each(|item| gather(item, element, texts)),
                Node::Group(_, nodes) => gather(nodes, element, texts),
            }
        }
    }
    let (list, element) = path.split_once('/').expect("an element is named with its list");
    let mut texts = Vec::new();
    let items = result.lists.iter().filter(|one| one.element.trim_end_matches("LIST") == list);
    items.flat_map(|one| &one.items).for_each(|item| gather(item, element, &mut texts));
    texts
}

/// A request number that nothing was asked under.
pub(super) fn fresh_number() -> String {
    format!("{}", 20_261_123_990_202_000_000_u128 + u128::from(NUMBERS.fetch_add(1, Ordering::Relaxed)))
}

fn draft_of(ask: &Ask) -> Draft {
    let text = |text: &str| text.to_owned();
    Draft {
        request_number: fresh_number(),
        court_name: text(COURT.0),
        court_code: text(COURT.1),
        case_number: text("（2026）测01执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("0"),
        handler_contact: text("0"),
        notice_number: text("0"),
        subject_name: ask.name.clone(),
        document_kind: ask.kind.clone(),
        document_number: ask.number.clone(),
        items: if ask.items.is_empty() { (1..=6).collect() } else { ask.items.clone() },
        include_ended: ask.include_ended,
        ..Draft::default()
    }
}
