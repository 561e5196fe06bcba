//! The power cut, the process killed, the disk failing, at every single step: of opening the ledger, of a batch, of moving the
//! log into the database, of writing the search index.
//!
//! Each step is a call that changes a file of the ledger. Where there are thousands, all the first are taken and a spread of
//! the rest. After each, the daemon starts from what is left, all that was acknowledged is there, and it goes on.

use std::sync::Arc;

use bdcd::rpc::{contract::ExchangeRequest, wire::Response};
use tokio::task::JoinSet;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::support::{
    Daemon, Env, block_on, client,
    disk::{Act, Disk, EIO, ENOSPC, EROFS, until},
    load::{Load, Random, fresh_number},
    witness::{Question, Witness},
};

/// Where calls are cut: an environment, and what its clients hold.
struct Bench {
    env: Env,
    disk: Disk,
    witness: Arc<Witness>,
}

/// What is done until the disk acts.
#[derive(Clone, Copy)]
enum Step {
    /// The daemon starts.
    Start,
    /// Eight questions at once.
    Batch,
    /// So much that the log is moved into the database beside the writer.
    Log,
    /// Nothing, until the index is written.
    Index,
}

impl Bench {
    fn new() -> Self {
        let env = Env::with_county();
        let (disk, witness) = (Disk::under(&env), Arc::new(Witness::of(&env)));
        Self { env, disk, witness }
    }

    fn serve(&self) -> Daemon {
        Env::start(&mut self.disk.command(&self.env)).unwrap()
    }

    /// Does `step` with the disk acting at the `call`th call of it; whether it came to that.
    fn cut(&self, act: Act, step: Step, call: u64) -> bool {
        let order = || self.disk.order(act, call, 1, 0);
        if matches!(step, Step::Start) {
            order();
            if let Ok(daemon) = Env::start(&mut self.disk.command(&self.env)) {
                // What the keeper does now is of another step.
                self.disk.mend();
                drop(daemon);
            }
            return self.disk.acted() > 0;
        }
        // What has to be undone is kept from the start.
        self.disk.order(act, u64::MAX / 2, 1, 0);
        let daemon = self.serve();
        let runs = runs(&self.env);
        match step {
            Step::Start | Step::Batch => {
                order();
                self.ask_together(&daemon, 8);
            }
            Step::Log => {
                order();
                self.send_much(&daemon);
            }
            Step::Index => {
                self.ask_together(&daemon, 1);
                order();
                until("the index is written, or cannot be", || self.disk.acted() > 0 || self::runs(&self.env) != runs);
            }
        }
        // That nothing hangs about which was not acted on.
        self.disk.mend();
        drop(daemon);
        self.disk.acted() > 0
    }

    /// Cuts at `call` of `step`, and goes on from what is left.
    fn cut_and_go_on(&self, act: Act, step: Step, call: u64) -> bool {
        let was_cut = self.cut(act, step, call);
        if matches!(act, Act::Power | Act::PowerHalf) {
            self.disk.forget_memory();
        }
        let daemon = self.env.serve();
        let answered = self.witness.counts().answered;
        self.ask_together(&daemon, 2);
        assert_eq!(self.witness.counts().answered, answered + 2, "{act:?} at call {call}: {}", daemon.log());
        self.witness.check(&self.env);
        was_cut
    }

    /// Asks so many new questions at once, as long as the daemon lives.
    fn ask_together(&self, daemon: &Daemon, count: u64) {
        block_on(async {
            let Some(client) = connect(&self.env, daemon).await else { return };
            let mut calls = JoinSet::new();
            for _ in 0..count {
                let (mut client, number) = (client.clone(), fresh_number());
                calls.spawn(async move { (number, client.query(Question::query(number, 0)).await) });
            }
            while let Some(called) = calls.join_next().await {
                let (number, reply) = called.unwrap();
                if let Ok(response) = reply {
                    let response: Response = response.into_inner();
                    self.witness.receive(Question::Subject { number, subject: 0 }, &response);
                }
            }
        });
    }

    /// Sends what makes 5 MiB of entries: messages that cannot be read.
    fn send_much(&self, daemon: &Daemon) {
        block_on(async {
            let Some(client) = connect(&self.env, daemon).await else { return };
            let mut calls = JoinSet::new();
            for _ in 0..80 {
                let mut client = client.clone();
                let message = vec![b' '; 60_000];
                calls.spawn(async move { client.exchange(ExchangeRequest { message }).await.map(drop) });
            }
            while let Some(called) = calls.join_next().await {
                let status = called.unwrap().unwrap_err();
                if let Some(entry) = entry_of(&status) {
                    self.witness.refused(entry, "UNREADABLE_MESSAGE");
                }
            }
        });
        until("the log is moved, or cannot be", || self.disk.acted() > 0 || self.log_is_moved());
    }

    /// Whether the database has grown by what was sent last: half of it at least.
    fn log_is_moved(&self) -> bool {
        let size = |name: &str| std::fs::metadata(self.env.path("ledger").join(name)).map_or(0, |file| file.len());
        size("ledger.db") > 4 * 1024 * 1024
    }
}

async fn connect(
    env: &Env,
    daemon: &Daemon,
) -> Option<bdcd::rpc::contract::query_service_client::QueryServiceClient<tonic::transport::Channel>> {
    let endpoint = tonic::transport::Endpoint::from_shared(daemon.address().to_owned()).unwrap();
    endpoint.tls_config(env.tls("gateway")).unwrap().connect().await.ok().map(client)
}

fn entry_of(status: &Status) -> Option<u64> {
    status.get_details_error_info()?.metadata.get("entry")?.parse().ok()
}

/// The files of the index.
fn runs(env: &Env) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(env.path("ledger/index")) else { return Vec::new() };
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.split_once('.').is_some_and(|(_, kind)| kind == "run")).collect();
    names.sort();
    names
}

/// Cuts a step at each of its first calls, as long as it has so many; returns at how many.
fn at_each(bench: &Bench, act: Act, step: Step, calls: impl IntoIterator<Item = u64>) -> u64 {
    let mut count = 0;
    for call in calls {
        if !bench.cut_and_go_on(act, step, call) {
            break;
        }
        count += 1;
    }
    count
}

/// Cuts every step.
fn sweep(act: Act, stride: usize) {
    let bench = Bench::new();
    let starts = at_each(&bench, act, Step::Start, (1..=60).step_by(stride));
    let batches = at_each(&bench, act, Step::Batch, (1..=60).step_by(stride));
    let indexes = at_each(&bench, act, Step::Index, (1..=20).step_by(stride));
    let at_least = 10 / stride as u64;
    assert!(starts >= at_least && batches >= at_least && indexes >= 4 / stride as u64, "the steps have calls");
    // A database of its own, which grows when the log is moved. A frame of the log is two calls.
    let of_the_log = [10, 350, 700, 1_100, 1_300, 1_450];
    let cut = of_the_log.into_iter().filter(|call| Bench::new().cut_and_go_on(act, Step::Log, *call)).count();
    assert!(cut >= 4, "{cut} of moving the log");
}

#[test]
fn killed_at_any_step_nothing_acknowledged_is_lost() {
    sweep(Act::Kill, 1);
}

#[test]
fn killed_within_a_write_nothing_acknowledged_is_lost() {
    sweep(Act::Torn, 2);
}

#[test]
fn without_power_at_any_step_nothing_acknowledged_is_lost() {
    sweep(Act::Power, 1);
}

#[test]
fn without_power_and_half_of_it_written_nothing_acknowledged_is_lost() {
    sweep(Act::PowerHalf, 2);
}

#[test]
fn a_ledger_whose_making_was_cut_short_is_made_again() {
    let bench = Bench::new();
    for (act, stride) in [(Act::Kill, 2), (Act::Torn, 4), (Act::Power, 2), (Act::PowerHalf, 3)] {
        let mut cut = 0;
        for call in (1..).step_by(stride) {
            std::fs::remove_dir_all(bench.env.path("ledger")).unwrap();
            std::fs::create_dir(bench.env.path("ledger")).unwrap();
            bench.disk.order(act, call, 1, 0);
            let create = ["ledger", "create", "--origin", crate::support::ORIGIN];
            let mut command = bench.env.command_of(&create);
            bench.disk.put_under(&mut command);
            let is_made = command.output().unwrap().status.success();
            if bench.disk.acted() == 0 {
                assert!(is_made);
                break;
            }
            cut += 1;
            let again = bench.env.run(&create);
            let said = String::from_utf8_lossy(&again.stderr).into_owned();
            // It was whole already, or it is now.
            assert!(again.status.success() || said.contains("there is a ledger in"), "{act:?} at {call}: {said}");
            let daemon = bench.env.serve();
            drop(daemon);
            bdcd::ledger::audit::audit(&bench.env.reader(), None, &mut |_| {}).unwrap();
        }
        assert!(cut > 5, "{cut}");
    }
}

#[test]
fn a_disk_that_fails_at_start_up_is_told_and_does_no_harm() {
    let bench = Bench::new();
    let mut failed = 0;
    for call in 1..=60 {
        bench.disk.order(Act::Fail, call, 1, if call % 2 == 0 { EIO } else { ENOSPC });
        match Env::start(&mut bench.disk.command(&bench.env)) {
            Ok(_) if bench.disk.acted() == 0 => break,
            Ok(_) => {}
            Err(said) => {
                assert!(said.contains("ledger"), "{said}");
                failed += 1;
            }
        }
        bench.disk.mend();
        let daemon = bench.env.serve();
        bench.ask_together(&daemon, 2);
        bench.witness.check(&bench.env);
    }
    assert!(failed > 5, "{failed}");
}

/// A daemon under load on a disk that fails and is mended, again and again: nobody gets an answer that is not recorded, callers
/// are told that the ledger cannot be written, and without a restart it goes on once it can be.
fn fail_and_mend(act: Act, count: u64, errors: [u64; 2], calls: impl IntoIterator<Item = u64>) {
    let bench = Bench::new();
    let daemon = &mut bench.serve();
    let load = Load::start(&bench.env, &bench.witness, 4, &mut Random::new(7));
    load.ask(daemon);
    bench.witness.wait("answers", |counts| counts.answered > 20);
    for call in calls {
        let before = bench.witness.counts();
        bench.disk.order(act, call, count, errors[usize::try_from(call % 2).unwrap()]);
        bench.disk.wait_until_acted();
        if count > 1 {
            bench.witness.wait("word of it", |counts| counts.unavailable > before.unavailable + 8);
            bench.disk.mend();
        }
        let since = bench.witness.counts();
        bench.witness.wait("answers again", |counts| counts.answered > since.answered + 20);
        assert!(!load.is_over(), "a client failed");
    }
    load.end();
    assert!(daemon.is_running());
    let log = daemon.log();
    assert!(log.contains("cannot write the ledger: nothing is answered until it can be written"), "{log}");
    assert!(log.contains("the ledger can be written again"), "{log}");
    bench.witness.check(&bench.env);
}

#[test]
fn a_call_that_fails_once_stops_answers_for_a_moment() {
    fail_and_mend(Act::Fail, 1, [EIO, ENOSPC], (1..=24).chain([31, 47, 64, 99, 200]));
}

#[test]
fn a_disk_that_fails_for_a_while_stops_answers_for_that_while() {
    fail_and_mend(Act::Fail, u64::MAX, [EIO, ENOSPC], (1..=16).chain([31, 64]));
}

#[test]
fn a_disk_mounted_read_only_stops_answers_until_it_is_mounted_back() {
    fail_and_mend(Act::ReadOnly, u64::MAX, [EROFS, EROFS], [1, 2, 3, 8, 20]);
}
