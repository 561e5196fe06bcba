//! A file system of 8 MiB fills up under load and is freed again: no wrong answer, no restart, service resumes.
//!
//! The file system is a tmpfs in a mount namespace of the daemon's own, which goes with it; where the machine lets nobody make
//! one, the disk under the daemon says that it is full in its place. A disk mounted read-only is told in `cuts`: the system
//! refuses to mount one so while files on it are open for writing, and what really happens to it, an error that the file system
//! answers by going read-only, cannot be had without a device.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use bdcd::rpc::contract::ExchangeRequest;
use tonic_types::StatusExt as _;

use crate::support::{
    Daemon, Env, block_on,
    disk::{Act, Disk, ENOSPC},
    load::{Load, Random, fresh_number},
    witness::{Question, Witness},
};

const SIZE_BYTES: usize = 8 * 1024 * 1024;

/// What fills the file system beside the ledger.
const BALLAST: &str = "ballast";

/// The ledger's file system.
enum Small {
    /// A tmpfs: how to come to a namespace that has it.
    Mounted(&'static [&'static str]),
    /// One that says it is full.
    Told(Disk),
}

impl Small {
    fn under(env: &Env) -> Self {
        fs::create_dir(env.path("small")).unwrap();
        let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
        for way in ways {
            let mut probe = Command::new("unshare");
            probe.args(way).args(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(env.path("small"));
            if probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
                return Self::Mounted(way);
            }
        }
        Self::Told(Disk::under(env))
    }

    fn serve(&self, env: &Env) -> Daemon {
        let mut command = match self {
            Self::Told(disk) => disk.command(env),
            Self::Mounted(way) => {
                env.configure("log = \"info\"\n", "[ledger]\nfolder = \"small\"\n");
                let mut command = Command::new("unshare");
                command.args(*way).args(["sh", "-c"]);
                command.arg("mount -t tmpfs -o size=8m tmpfs \"$0\" && cp -a \"$1\"/. \"$0\" && exec \"$2\" serve --config \"$3\"");
                command.args([
                    env.path("small"),
                    env.path("ledger"),
                    env!("CARGO_BIN_EXE_bdcd").into(),
                    env.path("bdcd.toml"),
                ]);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
                command
            }
        };
        Env::start(&mut command).unwrap()
    }

    /// The folder as the daemon sees it.
    fn folder(env: &Env, daemon: &Daemon) -> PathBuf {
        let path = env.path("small").canonicalize().unwrap();
        Path::new("/proc").join(daemon.id().to_string()).join("root").join(path.strip_prefix("/").unwrap())
    }

    /// Takes up to so many bytes more of it.
    fn fill(&self, env: &Env, daemon: &Daemon, bytes: usize) {
        match self {
            Self::Told(disk) => disk.order(Act::Fail, 1 + (SIZE_BYTES - bytes) as u64 / 4096, u64::MAX, ENOSPC),
            Self::Mounted(_) => {
                let path = Self::folder(env, daemon).join(BALLAST);
                let mut ballast = OpenOptions::new().create(true).append(true).open(path).unwrap();
                for _ in 0..bytes / 4096 {
                    if ballast.write_all(&[7; 4096]).is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn free(&self, env: &Env, daemon: &Daemon) {
        match self {
            Self::Told(disk) => disk.mend(),
            Self::Mounted(_) => fs::remove_file(Self::folder(env, daemon).join(BALLAST)).unwrap(),
        }
    }

    /// Brings the ledger to where it can be read when the daemon is gone. Nothing is written meanwhile; the log is taken before
    /// the database that it may be moved into.
    fn keep(&self, env: &Env, daemon: &Daemon) {
        if let Self::Told(_) = self {
            return;
        }
        fs::remove_dir_all(env.path("ledger")).unwrap();
        fs::create_dir_all(env.path("ledger/index")).unwrap();
        let folder = Self::folder(env, daemon);
        for file in ["ledger.db-wal", "ledger.db"] {
            fs::copy(folder.join(file), env.path("ledger").join(file)).unwrap();
        }
    }
}

/// Sends messages of 60 kB that are refused, and kept, until the ledger has no room; how many entries they made.
fn send_until_full(env: &Env, daemon: &Daemon, witness: &Witness) -> usize {
    block_on(async {
        let mut client = env.connect(daemon, "gateway").await;
        for count in 0..SIZE_BYTES / 60_000 {
            let status = client.exchange(ExchangeRequest { message: vec![b' '; 60_000] }).await.unwrap_err();
            let info = status.get_details_error_info().unwrap();
            match info.reason.as_str() {
                "UNREADABLE_MESSAGE" => witness.refused(info.metadata["entry"].parse().unwrap(), "UNREADABLE_MESSAGE"),
                "LEDGER_UNAVAILABLE" => return count,
                _ => panic!("{status:?}"),
            }
        }
        panic!("more went into the file system than it holds");
    })
}

#[test]
fn a_file_system_fills_up_under_load_and_is_freed_again() {
    let env = Env::with_county();
    let small = Small::under(&env);
    let witness = Arc::new(Witness::of(&env));
    let mut daemon = small.serve(&env);
    small.fill(&env, &daemon, SIZE_BYTES / 2);
    let load = Load::start(&env, &witness, 4, &mut Random::new(11));
    load.ask(&daemon);
    witness.wait("answers", |counts| counts.answered > 20);

    // What the ledger itself writes fills the other half; the ballast takes what it gives back by moving its log.
    let sent = send_until_full(&env, &daemon, &witness);
    assert!(sent > 10, "{sent}");
    for _ in 0..3 {
        small.fill(&env, &daemon, SIZE_BYTES);
        let full = witness.counts();
        witness.wait("word of it", |counts| counts.unavailable > full.unavailable + 20);
        small.free(&env, &daemon);
        let freed = witness.counts();
        witness.wait("answers again", |counts| counts.answered > freed.answered + 40);
    }
    load.end();
    assert!(daemon.is_running());
    let log = daemon.log();
    let lines =
        ["cannot write the ledger: nothing is answered until it can be written", "the ledger can be written again"];
    for line in lines {
        assert!(log.matches(line).count() >= 3, "{line}: {log}");
    }
    assert!(matches!(small, Small::Told(_)) || log.contains("full"), "{log}");
    small.keep(&env, &daemon);
    drop(daemon);
    witness.check(&env);

    // And a daemon on a disk with room goes on from it.
    env.configure("", "");
    let daemon = env.serve();
    block_on(async {
        let number = fresh_number();
        let mut client = env.connect(&daemon, "gateway").await;
        let response = client.query(Question::query(number, 0)).await.unwrap().into_inner();
        witness.receive(Question::Subject { number, subject: 0 }, &response);
    });
    witness.check(&env);
}
