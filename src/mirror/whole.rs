//! Whether a generation is whole: the digests of its files, which are kept outside its folder, and the mark of one that is not.
//!
//! ```text
//! checks/<name>    the digests, made at load: a line a file, then salt and seal
//! damaged/<name>   empty: the generation was found damaged, and does not serve where another one can
//! ```
//!
//! The seal is an HMAC-SHA-256 of the lines before it under a key of the master key and the salt, so that who alters a file
//! cannot alter its digest too. Marks are no evidence and are not sealed: who can write them can also write into the files.

use std::{
    fs,
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
};

use data_encoding::HEXLOWER;
use ring::{
    digest::{Context, SHA256},
    hmac,
};

use super::{
    error::OpenError,
    read::FileNumber,
    store::{DATABASE, GENERATIONS, MANIFEST, Mirror, REPORT},
};
use crate::{
    disk::{self, remove_if_there, replace, sync_folder},
    domain::generation,
    keys::{MasterKey, SALT_BYTES, random},
};

/// The folder of digests.
pub(super) const CHECKS: &str = "checks";
/// The folder of marks: the only one that a daemon writes.
pub(super) const DAMAGED: &str = "damaged";

/// No digests are longer.
const DIGESTS_BYTES_MAX: u64 = 4096;
/// The first line, with the version of the form.
const HEAD: &str = "bdcd mirror digests 1";
const FILES: [&str; 3] = [DATABASE, MANIFEST, REPORT];
/// Bytes that are read at once; so often `pace` is asked.
const READ_BYTES: usize = 256 * 1024;

/// What a check of a generation's files found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wholeness {
    /// Every file is as it was when it was loaded.
    Whole,
    /// This file is not.
    Differs(&'static str),
    /// Its digests are not there, or not as they were written: nothing can be said.
    Unknown,
    /// The check was told to stop.
    Stopped,
}

impl Mirror {
    /// Reads every file of a generation and compares it with its digest; `pace` is told of the bytes as they are read, and may
    /// wait, or end the check.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] where there is no generation of that name, [`OpenError::Read`] where a file is not let be read.
    pub fn check(&self, name: &str, pace: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Result<Wholeness, OpenError> {
        let folder = self.directory().join(GENERATIONS).join(name);
        let is_generation = generation::sequence(name).is_some();
        if !is_generation || !folder.is_dir() {
            return Err(OpenError::Missing { name: name.to_owned() });
        }
        let path = self.directory().join(CHECKS).join(name);
        let digests = match disk::read(&path, DIGESTS_BYTES_MAX) {
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied || is_shortage(&source) => {
                return Err(OpenError::Read { path, source });
            }
            // Absent, or what a damaged disk gave for it, reads as no digests.
            read => String::from_utf8(read.unwrap_or_default()).unwrap_or_default(),
        };
        let Some(lines) = read_digests(&digests, name, self.key()) else { return Ok(Wholeness::Unknown) };
        let began = FileNumber::at(&folder);
        for (file, line) in FILES.into_iter().zip(lines) {
            let path = folder.join(file);
            match digest_line(&path, file, pace) {
                Ok(Some(now)) if now == line => {}
                Ok(None) => return Ok(Wholeness::Stopped),
                Err(source) if source.kind() == io::ErrorKind::PermissionDenied || is_shortage(&source) => {
                    return Err(OpenError::Read { path, source });
                }
                // Removed, or made again, as a whole meanwhile, which is no damage.
                _ if FileNumber::at(&folder) != began => return Err(OpenError::Missing { name: name.to_owned() }),
                Ok(Some(_)) | Err(_) => return Ok(Wholeness::Differs(file)),
            }
        }
        Ok(Wholeness::Whole)
    }

    /// Whether every file of a generation is as it was when it was loaded.
    pub(super) fn is_whole(&self, name: &str) -> Result<bool, OpenError> {
        Ok(self.check(name, &mut |_| ControlFlow::Continue(()))? == Wholeness::Whole)
    }

    /// Notes that a generation is damaged; it no longer serves where another one can.
    ///
    /// # Errors
    ///
    /// What the system said where the mark cannot be written; then only this process knows.
    pub fn mark_damaged(&self, name: &str) -> io::Result<()> {
        let folder = self.directory().join(DAMAGED);
        let write = || {
            fs::create_dir_all(&folder)?;
            disk::write(&folder.join(name), &[])?;
            sync_folder(&folder)
        };
        write().inspect_err(|_| {
            let number = FileNumber::at(&self.database(name));
            self.unmarkable().extend(number.map(|number| (name.to_owned(), number)));
        })
    }

    /// Takes the mark away: the generation was found whole, or was made again.
    ///
    /// # Errors
    ///
    /// What the system said where it cannot be removed.
    pub fn unmark(&self, name: &str) -> io::Result<()> {
        remove_if_there(&self.directory().join(DAMAGED).join(name))
    }

    /// Whether a generation is marked as damaged.
    #[must_use]
    pub fn is_marked(&self, name: &str) -> bool {
        let number = self.unmarkable().get(name).copied();
        let is_known = number.is_some() && number == FileNumber::at(&self.database(name));
        is_known || self.directory().join(DAMAGED).join(name).exists()
    }

    /// Writes the digests of the complete files in `folder`, which will be generation `name`.
    pub(super) fn write_digests(&self, name: &str, folder: &Path) -> io::Result<()> {
        let mut lines = vec![HEAD.to_owned(), format!("generation {name}")];
        for file in FILES {
            let line = digest_line(&folder.join(file), file, &mut |_| ControlFlow::Continue(()))?;
            lines.extend(line);
        }
        let salt: [u8; SALT_BYTES] = random().map_err(io::Error::other)?;
        lines.push(format!("salt {}\n", HEXLOWER.encode(&salt)));
        let said = lines.join("\n");
        let seal = hmac::sign(&key(self.key(), &salt), said.as_bytes());
        let checks = self.directory().join(CHECKS);
        fs::create_dir_all(&checks)?;
        let text = format!("{said}seal {}\n", HEXLOWER.encode(seal.as_ref()));
        replace(&checks, name, &format!(".{name}.new"), text.as_bytes())
    }

    /// Removes digests and marks that belong to no generation.
    pub(super) fn remove_strays(&self) -> io::Result<()> {
        for folder in [CHECKS, DAMAGED].map(|folder| self.directory().join(folder)) {
            fs::create_dir_all(&folder)?;
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if !self.directory().join(GENERATIONS).join(entry.file_name()).is_dir() {
                    remove_if_there(&entry.path())?;
                }
            }
        }
        Ok(())
    }
}

/// The lines of the files, where the text is what was written for this generation.
fn read_digests<'a>(text: &'a str, name: &str, master: &MasterKey) -> Option<Vec<&'a str>> {
    let (said, seal) = text.strip_suffix('\n')?.rsplit_once("seal ")?;
    let mut lines = said.lines();
    let is_head = lines.next() == Some(HEAD) && lines.next()?.strip_prefix("generation ") == Some(name);
    let files: Vec<&str> = lines.by_ref().take(FILES.len()).collect();
    let salt = HEXLOWER.decode(lines.next()?.strip_prefix("salt ")?.as_bytes()).ok()?;
    let salt: [u8; SALT_BYTES] = salt.try_into().ok()?;
    let seal = HEXLOWER.decode(seal.as_bytes()).ok()?;
    let is_sealed = hmac::verify(&key(master, &salt), said.as_bytes(), &seal).is_ok();
    (is_head && is_sealed && files.len() == FILES.len()).then_some(files)
}

fn key(master: &MasterKey, salt: &[u8; SALT_BYTES]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &*master.derive(salt, "bdcd mirror 1 digests"))
}

/// A file's line: its name, its length, its SHA-256; `None` where `pace` ended it.
fn digest_line(path: &Path, name: &str, pace: &mut dyn FnMut(usize) -> ControlFlow<()>) -> io::Result<Option<String>> {
    let (mut file, mut context, mut bytes) = (disk::open(path)?, Context::new(&SHA256), 0_u64);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = match file.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(Some(format!("{name} {bytes} {}", HEXLOWER.encode(context.finish().as_ref()))));
        }
        context.update(&buffer[..read]);
        bytes += read as u64;
        if pace(read).is_break() {
            return Ok(None);
        }
    }
}

/// Whether the machine lacks something, which says nothing of the file.
fn is_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::NFILE | Errno::MFILE | Errno::NOMEM))
}
