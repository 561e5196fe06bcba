//! Copies of the ledger: made beside a daemon that writes, checked, and put in place where they may go on.

use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    process::Output,
};

use bdcd::ledger::leaf::Fact;

use crate::support::{
    Daemon, Env, block_on,
    load::{Load, Random, fresh_number},
    witness::{Question, Witness},
};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs a command of the ledger, and returns what it exits with and says.
fn ledger(env: &Env, arguments: &[&str]) -> (Option<i32>, String) {
    let output = env.run(&[&["ledger"], arguments].concat());
    (output.status.code(), said(&output))
}

fn path(env: &Env, name: &str) -> String {
    env.path(name).to_str().unwrap().to_owned()
}

fn answer(env: &Env, daemon: &Daemon, number: u64) -> Vec<u8> {
    block_on(async {
        let mut client = env.connect(daemon, "gateway").await;
        client.query(Question::query(number, 0)).await.unwrap().into_inner().answer.to_vec()
    })
}

#[test]
fn a_copy_made_beside_a_daemon_that_writes_is_whole() {
    let env = Env::with_county();
    let witness = std::sync::Arc::new(Witness::of(&env));
    let load = Load::start(&env, &witness, 4, &mut Random::new(5));
    let daemon = env.serve();
    load.ask(&daemon);
    let mut copied = 0;
    for number in 0..5 {
        let before = witness.counts().answered;
        witness.wait("answers", |counts| counts.answered > before + 30);
        let file = path(&env, &format!("copy-{number}.db"));
        let known = env.reader().size().unwrap();
        let (code, told) = ledger(&env, &["backup", &file]);
        assert_eq!(code, Some(0), "{told}");
        let entries: u64 = told.split_once("holds ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
        assert!(entries >= known && entries > copied, "{told}");
        copied = entries;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // One file each, and nothing of the making is left.
    let left = fs::read_dir(env.path("")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains("copy-") || name.contains("backup")).count(), 5);
    let (code, told) = ledger(&env, &["backup", &path(&env, "copy-0.db")]);
    assert!(code == Some(2) && told.contains("not written over"), "{told}");

    // The daemon has told of more since: an older copy must not take its place.
    load.end();
    let (code, told) = ledger(&env, &["restore", "--check", &path(&env, "copy-0.db")]);
    assert!(code == Some(1) && told.contains("must not go on"), "{told}");
    assert!(daemon.stop());
    let size = env.reader().size().unwrap();
    let (code, told) = ledger(&env, &["restore", &path(&env, "copy-0.db")]);
    assert!(code == Some(1) && told.contains("must not go on"), "{told}");
    assert_eq!(env.reader().size().unwrap(), size);
}

#[test]
fn a_lost_ledger_goes_on_from_its_newest_copy_alone() {
    let env = Env::with_county();
    let daemon = env.serve();
    let number = fresh_number();
    let answered = answer(&env, &daemon, number);
    let (copy, checkpoint) = (path(&env, "copy.db"), path(&env, "checkpoint"));
    assert_eq!(ledger(&env, &["backup", &copy]).0, Some(0));
    assert!(daemon.stop());
    let kept = env.run(&["ledger", "checkpoint"]);
    fs::write(&checkpoint, kept.stdout).unwrap();

    let (code, told) = ledger(&env, &["restore", "--check", &copy]);
    assert!(code == Some(0) && told.contains("may go on"), "{told}");
    fs::remove_dir_all(env.path("ledger")).unwrap();
    let (code, told) = ledger(&env, &["restore", &copy]);
    assert!(code == Some(1) && told.contains("--since"), "{told}");
    let (code, told) = ledger(&env, &["restore", &copy, "--since", &checkpoint]);
    assert!(code == Some(0), "{told}");

    // What was answered is known still, and an entry says what was done.
    let reader = env.reader();
    let last = reader.entry(reader.size().unwrap() - 1).unwrap().leaf().unwrap();
    assert_eq!(last.facts.get(Fact::Act), "restore");
    let daemon = env.serve();
    assert_eq!(answer(&env, &daemon, number), answered);
    answer(&env, &daemon, fresh_number());
    assert!(daemon.stop());
    assert_eq!(ledger(&env, &["verify", "--since", &checkpoint]).0, Some(0));

    // What is in place is kept when a copy replaces it.
    let newer = path(&env, "newer.db");
    assert_eq!(ledger(&env, &["backup", &newer]).0, Some(0));
    let (code, told) = ledger(&env, &["restore", &newer]);
    assert!(code == Some(0) && told.contains("replaced-"), "{told}");
    assert_eq!(ledger(&env, &["verify", "--since", &checkpoint]).0, Some(0));
}

#[test]
fn a_copy_is_made_outside_the_ledger_and_what_killed_backups_left_goes() {
    let env = Env::with_county();
    std::os::unix::fs::symlink(env.path("ledger"), env.path("link")).unwrap();
    for inside in ["ledger/ledger.db-journal", "ledger/copy.db", "ledger/index/0-9.run", "link/copy.db"] {
        fs::create_dir_all(env.path("ledger/index")).unwrap();
        let (code, told) = ledger(&env, &["backup", &path(&env, inside)]);
        assert!(code == Some(2) && told.contains("own folder"), "{inside}: {told}");
        assert!(!env.path(inside).exists());
    }
    assert_eq!(ledger(&env, &["verify"]).0, Some(0));

    for name in [".bdcd-backup-left", ".bdcd-backup-held"] {
        fs::create_dir(env.path(name)).unwrap();
        fs::write(env.path(name).join("ledger.db"), "half").unwrap();
    }
    let held = fs::File::open(env.path(".bdcd-backup-held")).unwrap();
    held.try_lock().unwrap();
    let (code, told) = ledger(&env, &["backup", &path(&env, "copy.db")]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!env.path(".bdcd-backup-left").exists() && env.path(".bdcd-backup-held").exists());
    drop(held);
    assert_eq!(ledger(&env, &["backup", &path(&env, "copy-2.db")]).0, Some(0));
    let left = fs::read_dir(env.path("")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains("backup")).count(), 0);
}

#[test]
fn a_copy_that_does_not_hold_or_is_of_another_ledger_is_refused() {
    let (env, other) = (Env::with_county(), Env::with_county());
    let copy = path(&env, "copy.db");
    assert_eq!(ledger(&env, &["backup", &copy]).0, Some(0));
    let file = fs::OpenOptions::new().read(true).write(true).open(&copy).unwrap();
    let bytes = fs::read(&copy).unwrap();
    let at = bytes.windows(6).position(|window| window == b"create").unwrap() as u64;
    file.write_all_at(b"CREATE", at).unwrap();
    let (code, told) = ledger(&env, &["restore", "--check", &copy]);
    assert!(code != Some(0) && !told.contains("may go on"), "{told}");

    let foreign = path(&other, "copy.db");
    assert_eq!(ledger(&other, &["backup", &foreign]).0, Some(0));
    let (code, told) = ledger(&env, &["restore", "--check", &foreign]);
    assert!(code != Some(0) && told.contains("master key"), "{told}");
    fs::write(env.path("text.db"), "no ledger").unwrap();
    let (code, told) = ledger(&env, &["restore", "--check", &path(&env, "text.db")]);
    assert!(code == Some(1) && told.contains("is no ledger"), "{told}");
    fs::create_dir(env.path("folder.db")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(env.path("pipe.db")).status().unwrap().success());
    for kind in ["folder", "pipe"] {
        let name = format!("{kind}.db");
        let (code, told) = ledger(&env, &["restore", "--check", &path(&env, &name)]);
        assert!(code == Some(1) && told.contains(&format!("{name}` is a {kind}")), "{told}");
        assert!(!told.contains("ledger create"), "{told}");
    }
    let (code, told) = ledger(&env, &["restore", "--check", &path(&env, "none.db")]);
    assert!(code == Some(3) && told.contains("none.db"), "{told}");
}
