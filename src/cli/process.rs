//! What every command does to its own process first, whoever starts it and however.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::{
    fs::Mode,
    process::{
        DumpableBehavior, Resource, Rlimit, Signal, geteuid, getrlimit, set_dumpable_behavior, setrlimit, umask,
    },
};

use super::failure::Failure;

/// Keeps memory and files to the process's own user, and turns the limit on file sizes into an error.
///
/// Memory holds keys, names and numbers: no core is written whatever the limit of the shell or unit that started the command,
/// and no other process of this user may look into it. What it writes is nobody else's to read, whatever the umask was.
pub(super) fn guard() -> Result<(), Failure> {
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|err| Failure::environment("cannot forbid core dumps, which would hold keys and names", err))?;
    // By default the signal of a file that would exceed the limit ends the process; where it is handled, the write fails.
    signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)))
        .map(drop)
        .map_err(|err| Failure::environment("cannot handle the signal of the limit on file sizes", err))
}

/// Descriptors that must be left once everything is open: for a few connections, and for what the daemon opens for a moment, as a
/// generation and its readers, a copy of its configuration, a file that it checks.
const DESCRIPTORS_SPARE: u64 = 16;

/// Refuses to serve where the limit on descriptors leaves no room for connections: the daemon would listen, and nobody be answered.
pub(super) fn check_descriptors() -> Result<(), Failure> {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return Ok(()) };
    // Without `/proc`, nobody can tell.
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return Ok(()) };
    // One of them is that of the folder.
    let open = open.count().saturating_sub(1) as u64;
    let needed = open.saturating_add(DESCRIPTORS_SPARE);
    if limit >= needed {
        return Ok(());
    }
    let heading = format!(
        "the limit on open files is {limit}, and {open} are open before anybody has connected: it must be {needed} at least"
    );
    Err(Failure::new(heading, 3).hint(
        "raise it well above `limits.connections-max` and `limits.handshakes-max`: `LimitNOFILE` in the unit, or `ulimit -n` in the \
         shell that starts the daemon",
    ))
}

/// The user who runs the command.
pub(super) fn user() -> u32 {
    geteuid().as_raw()
}

/// Refuses to write into a folder of another user: what this one wrote there, that one could not read.
pub(super) fn check_owner(folder: &Path) -> Result<(), Failure> {
    let owner = match fs::metadata(folder) {
        Ok(folder) => folder.uid(),
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(Failure::environment(format!("cannot look at `{}`", folder.display()), err)),
    };
    if owner == user() {
        return Ok(());
    }
    let heading =
        format!("`{}` belongs to the user with number {owner}, and this is number {}", folder.display(), user());
    Err(Failure::misused(heading).hint("run the command as that user: `runuser -u bdcd -- bdcd …`"))
}
