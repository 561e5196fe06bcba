//! What every command does to its own process first, whoever starts it and however.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::{
    fs::Mode,
    process::{DumpableBehavior, Resource, Rlimit, Signal, geteuid, set_dumpable_behavior, setrlimit, umask},
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
