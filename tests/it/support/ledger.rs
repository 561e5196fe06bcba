//! Ledgers made in the test, with entries at times of its choosing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    time::Duration,
};

use bdcd::{
    domain::inquiry::Draft,
    keys::MasterKey,
    ledger::{
        Clock, Evidence, Ledger, OpenError, Options, Reader, Term,
        leaf::{Fact, Facts, Kind},
        note::Ed25519Signer,
    },
};

use super::Env;

/// An event to be recorded, at a time in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) time: i64,
    pub(crate) kind: Kind,
    pub(crate) outcome: &'static str,
    /// Code and name.
    pub(crate) court: (String, String),
    /// Name and work certificate.
    pub(crate) handler: (String, String),
}

impl Env {
    /// Points the configuration to a ledger in folder `past` that holds these events, whose times ascend.
    pub(crate) fn with_past(&self, created: i64, events: &[Event]) {
        let folder = self.path("past");
        let time = Arc::new(AtomicI64::new(created));
        let read = Arc::clone(&time);
        let clock: Clock = Arc::new(move || read.load(Ordering::Relaxed));
        let signer = || {
            let text = std::fs::read_to_string(self.path("ledger.key")).unwrap();
            Ed25519Signer::parse(text.trim_end()).unwrap()
        };
        let master = MasterKey::read(self.path("master.key")).unwrap();
        Ledger::create(&folder, &master, signer(), "a test", &clock).unwrap();
        let options = Options {
            folder,
            queue_entries_max: 4096,
            batch_entries_max: 512,
            batch_bytes_max: 1 << 20,
            body_retention: None,
            removal_interval: Duration::ZERO,
            clock_bound: None,
        };
        let ledger = loop {
            match Ledger::open(&options, &master, signer(), Arc::clone(&clock)) {
                // Another test forks a process: until it runs its program, it holds the lock that was given back just now.
                Err(OpenError::Busy { .. }) => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        // Those of one time are written together, and the clock waits for them.
        for together in events.chunk_by(|one, next| one.time == next.time) {
            time.store(together[0].time, Ordering::Relaxed);
            let (sender, written) = mpsc::channel();
            for event in together {
                let sender = sender.clone();
                let prepared = event.prepare(&ledger);
                ledger.append(prepared, None, move |result| sender.send(result.map(|_| ())).unwrap());
            }
            for _ in together {
                written.recv_timeout(Duration::from_mins(1)).unwrap().unwrap();
            }
        }
        self.configure("", "[ledger]\nfolder = \"past\"\n");
    }

    /// A reader of the environment's own ledger.
    pub(crate) fn ledger(&self) -> Reader {
        let master = MasterKey::read(self.path("master.key")).unwrap();
        Reader::open(&self.path("ledger"), &master).unwrap()
    }
}

impl Event {
    fn prepare(&self, ledger: &Ledger) -> bdcd::ledger::Prepared {
        let draft = Draft {
            court_code: self.court.0.clone(),
            court_name: self.court.1.clone(),
            handler_name: self.handler.0.clone(),
            work_certificate_number: self.handler.1.clone(),
            ..Draft::default()
        };
        let asked = draft.encode();
        let facts = Facts::default().with(Fact::Outcome, self.outcome);
        // Of a call that was refused, nothing that it stated is told in plain.
        let facts = match self.kind {
            Kind::Answer => facts.with(Fact::Court, &self.court.0).with(Fact::CourtName, &self.court.1),
            _ => facts.with(Fact::Call, "query"),
        };
        let stated = [
            (Term::Court, &self.court.0),
            (Term::HandlerName, &self.handler.0),
            (Term::HandlerCertificate, &self.handler.1),
        ];
        let terms = stated.into_iter().filter(|(_, text)| !text.is_empty()).map(|(term, text)| (term, text.into()));
        let evidence = Evidence { facts, inquiry: Some(&asked), terms: terms.collect(), ..Evidence::default() };
        ledger.prepare(self.kind, evidence).unwrap()
    }
}
