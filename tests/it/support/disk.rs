//! A disk under the daemon that fails on command: a small library in C (`tests/it/shim/disk.c`), compiled here and put before
//! the C library by `LD_PRELOAD`. It counts the calls that change the ledger's files, and acts at the one chosen. It also sets the
//! daemon's clock.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    process::Command,
    time::Instant,
};

use super::{Env, witness::DEADLINE};

/// What the disk does; the numbers are the library's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The process is killed before the call.
    Kill = 1,
    /// It is killed after half of a write.
    Torn = 2,
    /// The power is cut: what was not synced is lost.
    Power = 3,
    /// The same, but a random half of it is not.
    PowerHalf = 4,
    /// Calls fail.
    Fail = 5,
    /// Whatever writes fails, as on a disk mounted read-only.
    ReadOnly = 6,
    /// Calls wait until the disk is mended.
    Stall = 7,
}

/// Errors of the system, by their numbers on Linux.
pub(crate) const EIO: u64 = 5;
pub(crate) const ENOSPC: u64 = 28;
pub(crate) const EROFS: u64 = 30;

const WORDS: u64 = 8;

/// The disk of an environment's ledger.
pub(crate) struct Disk {
    library: PathBuf,
    folder: PathBuf,
    file: PathBuf,
    control: File,
}

impl Disk {
    /// Puts a disk under the ledger of `env`.
    pub(crate) fn under(env: &Env) -> Self {
        let library = env.path("disk.so");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
            .args([library.to_str().unwrap(), "tests/it/shim/disk.c"])
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let file = env.path("disk.control");
        fs::write(&file, vec![0; 8 * usize::try_from(WORDS).unwrap()]).unwrap();
        let control = OpenOptions::new().read(true).write(true).open(&file).unwrap();
        Self { library, folder: env.path("ledger").canonicalize().unwrap(), file, control }
    }

    /// The daemon's command with the disk under it.
    pub(crate) fn command(&self, env: &Env) -> Command {
        let mut command = env.command();
        self.put_under(&mut command);
        command
    }

    /// Puts the disk under whatever the command starts.
    pub(crate) fn put_under(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("BDCD_DISK_CONTROL", &self.file);
        command.env("BDCD_DISK_FOLDER", &self.folder);
    }

    /// Has the disk act at the `call`th call from now, and, where it makes calls fail, at so many.
    pub(crate) fn order(&self, act: Act, call: u64, count: u64, error: u64) {
        self.set(1, 0);
        self.set(5, 0);
        let at = self.calls() + call;
        self.set(2, at.saturating_add(count - 1));
        self.set(3, act as u64);
        self.set(4, error);
        self.set(6, call);
        self.set(1, at);
    }

    /// Sets the daemon's wall clock wrong by so many seconds.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.control.write_all_at(&seconds.to_ne_bytes(), 7 * 8).unwrap();
    }

    /// Has it work again.
    pub(crate) fn mend(&self) {
        self.set(1, 0);
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> u64 {
        self.get(0)
    }

    /// How often it has acted on the last order.
    pub(crate) fn acted(&self) -> u64 {
        self.get(5)
    }

    /// Waits until it has acted.
    pub(crate) fn wait_until_acted(&self) {
        until("the disk acts", || self.acted() > 0);
    }

    /// What a power cut leaves of memory: nothing.
    pub(crate) fn forget_memory(&self) {
        let index = self.folder.join("ledger.db-shm");
        if index.exists() {
            fs::remove_file(index).unwrap();
        }
    }

    fn get(&self, word: u64) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word * 8).unwrap();
        u64::from_ne_bytes(bytes)
    }

    fn set(&self, word: u64, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), word * 8).unwrap();
    }
}

/// Waits until something is so that nobody tells of.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
