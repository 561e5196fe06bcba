//! What clients hold, and whether the ledger holds the same: every response by its digest, with what was asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Condvar, Mutex},
    time::{Duration, Instant},
};

use bdcd::{
    domain::inquiry::{Door, Draft},
    ledger::{
        Reader,
        audit::{Audit, audit},
        leaf::{Fact, Kind},
        note::VerifierKey,
        proof,
    },
    rpc::{
        contract::{ExchangeRequest, QueryRequest},
        wire::Response,
    },
};
use prost::Message as _;
use ring::digest::{SHA256, digest};

use super::{Env, PERSON, inquiry};

/// How long anything may take that is waited for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A person with registrations, one with none, a company with many.
const SUBJECTS: [(&str, &str, &str); 3] =
    [PERSON, ("无产某", "1", "990102199912310959"), ("测试长河实业有限公司", "8", "91990102XY00001191")];

/// What was asked: a subject under a request number, or the specification's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// By `Query`.
    Subject {
        /// What the request number is made from; above 0.
        number: u64,
        /// Which subject.
        subject: usize,
    },
    /// By `Exchange`.
    Message,
}

impl Question {
    /// What is held under: a number of its own.
    fn key(self) -> u64 {
        match self {
            Self::Subject { number, .. } => number,
            Self::Message => 0,
        }
    }

    /// The inquiry.
    pub(crate) fn query(number: u64, subject: usize) -> QueryRequest {
        let mut request = inquiry(SUBJECTS[subject]);
        request.inquiry.as_mut().unwrap().request_number = request_number(number);
        request
    }

    /// The message.
    pub(crate) fn message() -> ExchangeRequest {
        ExchangeRequest { message: std::fs::read("fixtures/messages/query-request-whole.xml").unwrap() }
    }

    /// The bytes that the entry commits to.
    fn evidence(self) -> Vec<u8> {
        match self {
            Self::Message => Self::message().message,
            Self::Subject { number, subject } => {
                let asked = Self::query(number, subject).inquiry.unwrap().encode_to_vec();
                Draft::decode(&asked).unwrap().check(Door::Query).unwrap().encode()
            }
        }
    }
}

/// The request number made from this one.
pub(crate) fn request_number(number: u64) -> String {
    format!("2026112399010{number:014}")
}

#[derive(Clone, Copy)]
struct Held {
    question: Question,
    entry: u64,
    response: [u8; 32],
}

/// How many of what came back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Responses.
    pub(crate) answered: u64,
    /// Calls refused and told by which entry.
    pub(crate) refused: u64,
    /// Calls told that the ledger cannot be written.
    pub(crate) unavailable: u64,
}

#[derive(Default)]
struct State {
    held: BTreeMap<u64, Held>,
    refused: BTreeMap<u64, String>,
    counts: Counts,
}

/// Keeps what clients received.
pub(crate) struct Witness {
    key: VerifierKey,
    state: Mutex<State>,
    changed: Condvar,
}

impl Witness {
    /// A witness of the registry of this environment.
    pub(crate) fn of(env: &Env) -> Self {
        let key = std::fs::read_to_string(env.path("ledger.pub")).unwrap();
        let key = VerifierKey::parse(key.trim_end()).unwrap();
        Self { key, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Takes a response: it proves itself, and is the same to the byte as any before to the question. Returns its entry.
    pub(crate) fn receive(&self, question: Question, response: &Response) -> u64 {
        let bytes = response.encode_to_vec();
        let proved = proof::verify(&bytes, Some(&question.evidence()), &self.key).unwrap();
        let held = Held { question, entry: proved.entry, response: sha256(&bytes) };
        let mut state = self.state.lock().unwrap();
        let before = state.held.insert(question.key(), held);
        if let Some(before) = before {
            assert_eq!((before.question, before.entry), (question, proved.entry), "one question, one entry");
            assert!(before.response == held.response, "entry {} is told in two ways", proved.entry);
        }
        state.counts.answered += 1;
        drop(state);
        self.changed.notify_all();
        proved.entry
    }

    /// Takes a refusal that an entry records.
    pub(crate) fn refused(&self, entry: u64, reason: &str) {
        let mut state = self.state.lock().unwrap();
        let before = state.refused.insert(entry, reason.to_owned());
        assert!(before.is_none(), "entry {entry} stands for two refusals");
        state.counts.refused += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// Takes word that the ledger cannot be written.
    pub(crate) fn unavailable(&self) {
        self.state.lock().unwrap().counts.unavailable += 1;
        self.changed.notify_all();
    }

    /// Whether the question was answered.
    pub(crate) fn holds(&self, number: u64) -> bool {
        self.state.lock().unwrap().held.contains_key(&number)
    }

    /// What came back so far.
    pub(crate) fn counts(&self) -> Counts {
        self.state.lock().unwrap().counts
    }

    /// Waits until what came back is enough; whether it was within `limit`.
    pub(crate) fn wait_within(&self, limit: Duration, is_enough: impl Fn(Counts) -> bool) -> bool {
        let start = Instant::now();
        let mut state = self.state.lock().unwrap();
        while !is_enough(state.counts) {
            let Some(left) = limit.checked_sub(start.elapsed()) else { return false };
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
        true
    }

    /// Waits until what came back is enough.
    pub(crate) fn wait(&self, what: &str, is_enough: impl Fn(Counts) -> bool) {
        assert!(self.wait_within(DEADLINE, is_enough), "{what}: {:?}", self.counts());
    }

    /// Everything answered.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.state.lock().unwrap().held.values().map(|held| held.question).collect()
    }

    /// The ledger holds as a whole, and what clients hold is in it, to the byte.
    pub(crate) fn check(&self, env: &Env) -> Audit {
        let reader = env.reader();
        let audited = audit(&reader, None, &mut |_| {}).unwrap();
        let state = self.state.lock().unwrap();
        let mut entries = BTreeSet::new();
        for held in state.held.values() {
            assert!(entries.insert(held.entry), "entry {} stands for two questions", held.entry);
            let stored = reader.entry(held.entry).unwrap();
            let leaf = stored.leaf().unwrap();
            let body = reader.body(held.entry, &leaf).unwrap().unwrap();
            let response = Response {
                answer: body.answer.unwrap().into(),
                receipt: reader.receipt(&stored).unwrap(),
                opening: reader.opening(&leaf).to_vec().into(),
            };
            assert!(sha256(&response.encode_to_vec()) == held.response, "entry {} holds other bytes", held.entry);
        }
        for (entry, reason) in &state.refused {
            let leaf = reader.entry(*entry).unwrap().leaf().unwrap();
            assert_eq!((leaf.kind, leaf.facts.get(Fact::Outcome)), (Kind::Refusal, reason.as_str()), "entry {entry}");
        }
        check_order(&reader, audited.entry_count);
        audited
    }
}

/// Times never run backwards, and no request number is answered twice.
fn check_order(reader: &Reader, size: u64) {
    let (mut time, mut numbers) = (i64::MIN, BTreeSet::new());
    for number in 0..size {
        let leaf = reader.entry(number).unwrap().leaf().unwrap();
        assert!(leaf.time >= time, "entry {number} is dated before the one before it");
        time = leaf.time;
        if leaf.kind == Kind::Answer {
            let request = leaf.facts.get(Fact::Request).to_owned();
            assert!(numbers.insert(request), "entry {number} answers what was answered before");
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}
