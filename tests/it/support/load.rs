//! Clients that keep asking, whatever becomes of the daemon: new questions, old ones again, other ones under old numbers, some
//! that are refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use bdcd::rpc::{contract::query_service_client::QueryServiceClient, wire::Response};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Duration, timeout},
};
use tonic::{
    Code, Status,
    transport::{Channel, ClientTlsConfig, Endpoint},
};
use tonic_types::StatusExt as _;

use super::{
    Daemon, Env, client,
    witness::{DEADLINE, Question, Witness},
};

/// How long a client waits before it asks again where it was told to ask again.
const PAUSE: Duration = Duration::from_millis(20);

/// Numbers that look random, from a seed.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// From the seed in `BDCD_SEED`, or a new one; the seed is to be told, so that a failure can be looked into.
    pub(crate) fn from_environment() -> (Self, u64) {
        let given = std::env::var("BDCD_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            u64::try_from(now.as_nanos() % u128::from(u64::MAX)).unwrap()
        });
        (Self(seed), seed)
    }

    /// From this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Clients under way.
pub(crate) struct Load {
    address: Option<watch::Sender<Option<String>>>,
    clients: Option<thread::JoinHandle<()>>,
}

impl Load {
    /// Starts `count` clients, each with connections of its own; they ask once they are told where.
    pub(crate) fn start(env: &Env, witness: &Arc<Witness>, count: u64, random: &mut Random) -> Self {
        let (address, told) = watch::channel(None);
        let tls = env.tls("gateway");
        let asking: Vec<_> = (0..count)
            .map(|_| Asking {
                tls: tls.clone(),
                witness: Arc::clone(witness),
                random: Random::new(random.below(u64::MAX)),
                asked: Vec::new(),
                last_entry: 0,
            })
            .collect();
        let clients = thread::spawn(move || {
            super::block_on(async {
                let mut tasks = JoinSet::new();
                for one in asking {
                    tasks.spawn(one.run(told.clone()));
                }
                while let Some(ended) = tasks.join_next().await {
                    ended.unwrap();
                }
            });
        });
        Self { address: Some(address), clients: Some(clients) }
    }

    /// Tells the clients where the daemon is.
    pub(crate) fn ask(&self, daemon: &Daemon) {
        self.address.as_ref().unwrap().send_replace(Some(daemon.address().to_owned()));
    }

    /// Whether a client failed, which its end tells.
    pub(crate) fn is_over(&self) -> bool {
        self.clients.as_ref().unwrap().is_finished()
    }

    /// Has the clients end what they are asking, and fails where one of them did.
    pub(crate) fn end(mut self) {
        drop(self.address.take());
        self.clients.take().unwrap().join().unwrap();
    }
}

/// What request numbers are made from, over all clients of the process.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A number that nothing was asked under.
pub(crate) fn fresh_number() -> u64 {
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

struct Asking {
    tls: ClientTlsConfig,
    witness: Arc<Witness>,
    random: Random,
    /// What it asked, whether or not it was answered.
    asked: Vec<(u64, usize)>,
    last_entry: u64,
}

/// The connection is gone, as when the daemon was killed.
struct Gone;

impl Asking {
    async fn run(mut self, mut told: watch::Receiver<Option<String>>) {
        loop {
            let address = told.borrow_and_update().clone();
            if let Some(address) = address {
                let endpoint = Endpoint::from_shared(address).unwrap().tls_config(self.tls.clone()).unwrap();
                if let Ok(channel) = endpoint.connect_timeout(DEADLINE).connect().await {
                    let mut client = client(channel);
                    while told.has_changed().is_ok() && self.ask(&mut client).await.is_ok() {}
                }
            }
            if told.changed().await.is_err() {
                return;
            }
        }
    }

    async fn ask(&mut self, client: &mut QueryServiceClient<Channel>) -> Result<(), Gone> {
        match self.random.below(20) {
            0 => return self.ask_for_another_court(client).await,
            1 => {
                let reply = within(client.exchange(Question::message())).await?.map(tonic::Response::into_inner);
                return self.take(Question::Message, reply).await.map(drop);
            }
            2..=4 if !self.asked.is_empty() => {
                let at = usize::try_from(self.random.below(self.asked.len() as u64)).unwrap();
                let (number, subject) = self.asked[at];
                return self.ask_about(client, number, subject).await;
            }
            5 if self.asked.last().is_some_and(|(number, _)| self.witness.holds(*number)) => {
                let (number, subject) = self.asked[self.asked.len() - 1];
                return self.ask_otherwise(client, number, subject).await;
            }
            _ => {}
        }
        // Mostly of the two persons: the company's answers are long.
        let subject = usize::try_from(self.random.below(41) / 20).unwrap();
        let number = fresh_number();
        self.asked.push((number, subject));
        self.ask_about(client, number, subject).await
    }

    async fn ask_about(
        &mut self,
        client: &mut QueryServiceClient<Channel>,
        number: u64,
        subject: usize,
    ) -> Result<(), Gone> {
        let is_fresh = self.asked.last().is_some_and(|last| last.0 == number) && !self.witness.holds(number);
        let reply = within(client.query(Question::query(number, subject))).await?.map(tonic::Response::into_inner);
        let entry = self.take(Question::Subject { number, subject }, reply).await?;
        if let Some(entry) = entry.filter(|_| is_fresh) {
            // What was asked after an answer was received stands behind it.
            assert!(entry > self.last_entry, "entry {entry} stands before {}", self.last_entry);
            self.last_entry = entry;
        }
        Ok(())
    }

    async fn ask_otherwise(
        &mut self,
        client: &mut QueryServiceClient<Channel>,
        number: u64,
        subject: usize,
    ) -> Result<(), Gone> {
        let mut other = Question::query(number, subject);
        other.inquiry.as_mut().unwrap().items = vec![1];
        let status = within(client.query(other)).await?.map(|_| ()).expect_err("the number stands for another inquiry");
        self.take_refusal(&status, Code::AlreadyExists, "REQUEST_NUMBER_REUSED").await
    }

    async fn ask_for_another_court(&mut self, client: &mut QueryServiceClient<Channel>) -> Result<(), Gone> {
        let mut other = Question::query(fresh_number(), 0);
        other.inquiry.as_mut().unwrap().court.as_mut().unwrap().code.push('9');
        let status = within(client.query(other)).await?.map(|_| ()).expect_err("the court is another gateway's");
        self.take_refusal(&status, Code::PermissionDenied, "COURT_NOT_ALLOWED").await
    }

    /// Takes a reply; the entry of an answer.
    async fn take(&mut self, question: Question, reply: Result<Response, Status>) -> Result<Option<u64>, Gone> {
        match reply {
            Ok(response) => Ok(Some(self.witness.receive(question, &response))),
            Err(status) => self.take_status(&status).await.map(|()| None),
        }
    }

    async fn take_refusal(&mut self, status: &Status, code: Code, reason: &str) -> Result<(), Gone> {
        match status.get_details_error_info() {
            Some(info) if status.code() == code && info.reason == reason => {
                self.witness.refused(info.metadata["entry"].parse().unwrap(), reason);
                Ok(())
            }
            _ => self.take_status(status).await,
        }
    }

    /// A call that came to nothing: for the ledger's sake, for too many at once, or with the connection.
    async fn take_status(&mut self, status: &Status) -> Result<(), Gone> {
        let Some(info) = status.get_details_error_info() else {
            let is_gone = matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal);
            assert!(is_gone, "{status:?}");
            return Err(Gone);
        };
        match (status.code(), info.reason.as_str()) {
            (Code::Unavailable, "LEDGER_UNAVAILABLE") => self.witness.unavailable(),
            (Code::ResourceExhausted, "OVERLOADED") => {}
            _ => panic!("{status:?}"),
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

/// What comes of a call, which may not take for ever.
async fn within<T>(call: impl Future<Output = T>) -> Result<T, Gone> {
    Ok(timeout(DEADLINE, call).await.expect("no call hangs"))
}
