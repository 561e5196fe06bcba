//! Entries that are lost are never lost in silence, and their numbers are never given again: the log or the database damaged after
//! the daemon was killed, put back to what they were, cut, or changed under the daemon while it serves.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::support::{
    Daemon, Env, block_on,
    load::{Random, fresh_number},
    witness::Question,
};

/// What is done to a ledger, in words and in deed.
type Damage<'a> = (&'a str, &'a dyn Fn(&Story));

/// An environment, and what its clients were answered.
struct Story {
    env: Env,
    answered: BTreeMap<u64, Vec<u8>>,
}

impl Story {
    fn new() -> Self {
        Self { env: Env::with_county(), answered: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.env.path("ledger").join(name)
    }

    /// Asks under a number; the answer's bytes, with its receipt.
    fn ask(&self, daemon: &Daemon, number: u64) -> Result<Vec<u8>, tonic::Status> {
        block_on(async {
            let mut client = self.env.connect(daemon, "gateway").await;
            let response = client.query(Question::query(number, 0)).await?.into_inner();
            Ok([&response.answer[..], response.receipt.as_bytes()].concat())
        })
    }

    /// Asks under this many new numbers; how many were answered.
    fn ask_new(&mut self, daemon: &Daemon, count: usize) -> usize {
        let mut answered = 0;
        for _ in 0..count {
            let number = fresh_number();
            if let Ok(answer) = self.ask(daemon, number) {
                self.answered.insert(number, answer);
                answered += 1;
            }
        }
        answered
    }

    /// Everything that was answered is answered again, to the byte.
    fn ask_again(&self, daemon: &Daemon) {
        for (number, answer) in &self.answered {
            assert!(self.ask(daemon, *number).unwrap() == *answer, "another answer under a number");
        }
    }

    /// Copies the ledger's folder.
    fn keep(&self, name: &str) {
        copy(&self.env.path("ledger"), &self.env.path(name));
    }

    /// Puts a copy of the folder in place.
    fn put_back(&self, name: &str) {
        fs::remove_dir_all(self.env.path("ledger")).unwrap_or_default();
        copy(&self.env.path(name), &self.env.path("ledger"));
    }

    /// What is there is refused by everybody who opens it, and nothing of it is touched.
    fn assert_refused(&self, told: &str) {
        let before = files(&self.env.path("ledger"));
        let refused = Env::start(&mut self.env.command()).err().unwrap_or_else(|| panic!("serves: {told}"));
        let mut said = vec![refused];
        for command in [&["serve", "--check"][..], &["ledger", "verify"]] {
            let output = self.env.run(command);
            assert!(!output.status.success(), "{command:?}: {told}");
            said.push(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        for said in said {
            assert!(said.contains("altered or damaged") && said.contains("are missing"), "{told}: {said}");
        }
        assert!(files(&self.env.path("ledger")) == before, "nothing is touched: {told}");
    }

    /// Starts what is there: all that was answered stands, or it is refused aloud.
    fn assert_never_silent(&self, told: &str) -> bool {
        match Env::start(&mut self.env.command()) {
            Ok(daemon) => {
                self.ask_again(&daemon);
                assert!(daemon.stop());
                true
            }
            Err(said) => {
                assert!(said.contains("damaged") || said.contains("malformed"), "{told}: {said}");
                let verified = self.env.run(&["ledger", "verify"]);
                assert!(!verified.status.success(), "{told}: {}", String::from_utf8_lossy(&verified.stdout));
                false
            }
        }
    }

    fn wait_for_index(&self) {
        let began = Instant::now();
        while !fs::read_dir(self.path("index")).is_ok_and(|mut runs| runs.next().is_some()) {
            assert!(began.elapsed() < Duration::from_mins(1), "an index");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The files that say something; the log's index is made anew from the log.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if !path.to_string_lossy().ends_with("-shm") {
            let bytes = fs::read(&path).unwrap();
            // A log that is empty is made by whoever opens.
            if !bytes.is_empty() {
                all.insert(path, bytes);
            }
        }
    }
    all
}

fn change(path: &Path, at: u64, change: impl Fn(u8) -> u8) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[change(byte[0])], at).unwrap();
}

fn cut(path: &Path) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
}

#[test]
fn a_log_damaged_after_a_kill_is_a_ledger_that_is_not_opened() {
    let mut story = Story::new();
    let daemon = story.env.serve();
    assert_eq!(story.ask_new(&daemon, 4), 4);
    // Killed before the last of it is moved into the database.
    drop(daemon);
    story.keep("killed");
    let log = story.path("ledger.db-wal");
    let damages: [(&str, &dyn Fn()); 5] = [
        ("a bit of the log's header", &|| change(&log, 20, |byte| byte ^ 1)),
        ("a bit of its first page", &|| change(&log, 100, |byte| byte ^ 1)),
        ("the log removed", &|| fs::remove_file(&log).unwrap()),
        ("the log cut", &|| cut(&log)),
        ("the log zeroed", &|| fs::write(&log, vec![0; fs::read(&log).unwrap().len()]).unwrap()),
    ];
    for (told, damage) in damages {
        story.put_back("killed");
        damage();
        story.assert_refused(told);
    }
    // Whole, it has everything.
    story.put_back("killed");
    assert!(story.assert_never_silent("whole"));
}

#[test]
fn an_older_database_is_not_opened_while_anything_knows_of_more() {
    let mut story = Story::new();
    let daemon = story.env.serve();
    assert_eq!(story.ask_new(&daemon, 2), 2);
    let older = story.env.path("older.db");
    assert!(story.env.run(&["ledger", "backup", older.to_str().unwrap()]).status.success());
    assert!(daemon.stop());
    let daemon = story.env.serve();
    let first = story.env.reader().size().unwrap();
    assert_eq!(story.ask_new(&daemon, 6), 6);
    story.wait_for_index();
    std::thread::sleep(Duration::from_secs(2));
    assert!(daemon.stop());
    story.keep("whole");
    let older = |story: &Story| {
        for name in ["ledger.db-wal", "ledger.db-shm"] {
            fs::remove_file(story.path(name)).unwrap_or_default();
        }
        fs::copy(story.env.path("older.db"), story.path("ledger.db")).unwrap();
    };
    let shorter = |story: &Story| {
        let connection = Connection::open(story.path("ledger.db")).unwrap();
        for statement in ["entry WHERE number >= ?1", "body WHERE number >= ?1", "batch WHERE size > ?1"] {
            connection.execute(&format!("DELETE FROM {statement}"), [i64::try_from(first + 3).unwrap()]).unwrap();
        }
    };
    let damages: [Damage<'_>; 2] = [("an older copy", &older), ("the end cut off by SQL", &shorter)];
    for (told, damage) in damages {
        story.put_back("whole");
        damage(&story);
        story.assert_refused(told);
        fs::remove_file(story.path("ledger.witness")).unwrap();
        story.assert_refused(&format!("{told}, and no witness"));
        // The index gone instead.
        story.put_back("whole");
        damage(&story);
        fs::remove_dir_all(story.path("index")).unwrap();
        story.assert_refused(&format!("{told}, and no index"));
        // Nor may a copy without those entries go on, whatever is left in place.
        let older = story.env.path("older.db");
        let restored = story.env.run(&["ledger", "restore", older.to_str().unwrap()]);
        assert_eq!(restored.status.code(), Some(1), "{}", String::from_utf8_lossy(&restored.stderr));
    }
    story.put_back("whole");
    assert!(story.assert_never_silent("whole"));
}

#[test]
fn a_witness_that_is_gone_or_damaged_is_begun_anew_aloud() {
    let mut story = Story::new();
    let daemon = story.env.serve();
    assert_eq!(story.ask_new(&daemon, 3), 3);
    assert!(!daemon.log().contains("witness"), "a new ledger has one: {}", daemon.log());
    assert!(daemon.stop());
    let witness = story.path("ledger.witness");
    for (told, expected, damage) in [
        ("gone", "no witness of its head", (&|| fs::remove_file(&witness).unwrap()) as &dyn Fn()),
        ("zeroed", "was damaged or altered", &|| fs::write(&witness, vec![0; 4176]).unwrap()),
        ("empty", "was damaged or altered", &|| cut(&witness)),
    ] {
        damage();
        let daemon = story.env.serve();
        assert!(daemon.log().contains(expected), "{told}: {}", daemon.log());
        story.ask_again(&daemon);
        assert_eq!(story.ask_new(&daemon, 1), 1);
        assert!(daemon.stop());
        assert!(story.env.run(&["ledger", "verify"]).status.success(), "{told}");
    }
    // Either slot alone is enough, and is heard.
    for at in [10, 4106] {
        change(&witness, at, |byte| !byte);
        let daemon = story.env.serve();
        assert!(!daemon.log().contains("witness"), "{}", daemon.log());
        assert!(daemon.stop());
    }
}

#[test]
fn a_log_index_cut_short_under_the_daemon_does_not_end_it() {
    let mut story = Story::new();
    let mut daemon = story.env.serve();
    assert_eq!(story.ask_new(&daemon, 3), 3);
    cut(&story.path("ledger.db-shm"));
    assert_eq!(story.ask_new(&daemon, 3), 0);
    let known = *story.answered.keys().next().unwrap();
    story.ask(&daemon, known).unwrap_err();
    // The keeper, the mover and the readers have looked as well.
    std::thread::sleep(Duration::from_secs(2));
    assert!(daemon.is_running());
    let log = daemon.log();
    assert_eq!(log.matches("changed under the daemon: nothing is recorded or answered").count(), 1, "{log}");
    assert!(daemon.stop());
    assert!(story.assert_never_silent("the log's index is made again"), "nothing was lost");
}

#[test]
fn a_ledger_moved_or_replaced_under_the_daemon_takes_nothing_more() {
    let mut story = Story::new();
    let daemon = story.env.serve();
    assert_eq!(story.ask_new(&daemon, 2), 2);
    assert!(daemon.stop());
    fs::copy(story.path("ledger.db"), story.env.path("older.db")).unwrap();
    let moves: [(&str, &[(&str, &str)]); 4] = [
        ("the folder moved", &[("ledger", "elsewhere")]),
        ("the database moved", &[("ledger/ledger.db", "ledger/elsewhere.db")]),
        ("an older copy in its place", &[("ledger/ledger.db", "kept.db"), ("older.db", "ledger/ledger.db")]),
        ("the log moved", &[("ledger/ledger.db-wal", "kept-wal")]),
    ];
    for (told, moves) in moves {
        let daemon = story.env.serve();
        assert_eq!(story.ask_new(&daemon, 2), 2, "{told}");
        for (from, to) in moves {
            fs::rename(story.env.path(from), story.env.path(to)).unwrap();
        }
        assert_eq!(story.ask_new(&daemon, 3), 0, "{told}");
        assert!(daemon.log().contains("changed under the daemon"), "{told}: {}", daemon.log());
        assert!(daemon.stop(), "{told}");
        for (from, to) in moves.iter().rev() {
            fs::rename(story.env.path(to), story.env.path(from)).unwrap();
        }
        assert!(story.assert_never_silent(told), "put back, it is whole: {told}");
    }
    // Removed, it is gone, and nobody was told of anything meanwhile.
    let daemon = story.env.serve();
    fs::remove_file(story.path("ledger.db")).unwrap();
    assert_eq!(story.ask_new(&daemon, 3), 0);
    assert!(daemon.stop());
}

#[test]
fn a_log_or_its_index_overwritten_under_the_daemon_loses_nothing_in_silence() {
    let (mut random, seed) = Random::from_environment();
    let mut whole = 0;
    let mut story = Story::new();
    let daemon = story.env.serve();
    assert_eq!(story.ask_new(&daemon, 2), 2);
    assert!(daemon.stop());
    story.keep("whole");
    let before = story.answered.clone();
    for case in 0..12 {
        story.put_back("whole");
        story.answered = before.clone();
        let daemon = story.env.serve();
        assert_eq!(story.ask_new(&daemon, 4), 4);
        let (log, index) = (story.path("ledger.db-wal"), story.path("ledger.db-shm"));
        let zero = |path: &Path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
            file.write_all_at(&vec![0; length], 0).unwrap();
        };
        let told = match case {
            0 => {
                cut(&log);
                assert_eq!(story.ask_new(&daemon, 4), 0, "a log cut short is seen");
                "the log cut"
            }
            1 => {
                zero(&log);
                "the log zeroed"
            }
            2 => {
                zero(&index);
                "the log's index zeroed"
            }
            _ => {
                // What it says of how much is moved, and of who reads.
                for _ in 0..=random.below(12) {
                    let byte = u8::try_from(random.below(256)).unwrap();
                    change(&index, 96 + random.below(40), |_| byte);
                }
                "what the log's index says of readers"
            }
        };
        story.ask_new(&daemon, 6);
        drop_or_stop(daemon, random.below(2) == 0);
        let told = format!("seed {seed}, case {case}: {told}");
        whole += u32::from(story.assert_never_silent(&told));
    }
    println!("seed {seed}: {whole} of 12 whole after all, the others refused");
}

/// Kills the daemon or has it stop.
fn drop_or_stop(daemon: Daemon, is_killed: bool) {
    if is_killed {
        drop(daemon);
    } else {
        daemon.stop();
    }
}
