//! The witness of the head: how many entries were told of, and the root of their tree, kept outside the database.
//!
//! `SQLite` takes a log whose header is damaged for an empty one, and a database from which rows were cut for a whole one: what
//! is left holds, and is shorter. So after every commit, and before anybody is told of it, its size and root are written here.
//! An authentic run of the search index that covers more entries than there are says the same. A ledger that lacks what either
//! knows of is not opened for writing, and nothing of it is touched: entries would be given numbers that are taken.
//!
//! # Bytes
//!
//! Two slots of 80 bytes, at 0 and at 4096, written in turn, each by one write in place:
//!
//! ```text
//! "bdcdwit1" | size, big-endian, 8 bytes | root, 32 bytes | HMAC-SHA-256 of these under a key of the ledger's, 32 bytes
//! ```
//!
//! It is not synced: the commit was, so after a power loss the witness may be older than the ledger, and never newer. Where the
//! process alone is killed, the system keeps both. A slot that was cut short while it was written leaves the other.
//!
//! It does not show a ledger that was put back to an older copy together with its witness and its index: only a checkpoint kept
//! outside does.

use std::{
    cell::Cell,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use ring::hmac;

use super::{
    error::{OpenError, unreadable},
    note::Checkpoint,
    read::Reader,
    tree::Head,
};
use crate::disk::sync_folder;

/// Its file, in the ledger's folder.
pub(super) const WITNESS: &str = "ledger.witness";

const MAGIC: &[u8; 8] = b"bdcdwit1";
const BODY_BYTES: usize = 48;
const SLOT_BYTES: usize = 80;
const SLOTS: [u64; 2] = [0, 4096];

/// What stands in a ledger's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// No witness: an earlier version wrote the ledger, or a copy was put in place.
    Nothing,
    /// A witness of which neither slot can be read.
    Unreadable,
    /// A witness that the ledger agrees with, of so many entries.
    Agrees(u64),
}

/// What a witness's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Unreadable,
    /// The newest head, and the slot that it stands in.
    Head(Head, usize),
}

/// The witness, open for writing.
pub(super) struct Witness {
    file: File,
    key: hmac::Key,
    /// The slot to write next.
    next: Cell<usize>,
}

impl Witness {
    /// Opens the witness of a ledger whose head is this, and that agrees with what was found; begins one where none can be read.
    pub(super) fn open(folder: &Path, key: &hmac::Key, found: Found, head: Head) -> Result<Self, OpenError> {
        Self::opened(folder, key, found, head)
            .map_err(|source| OpenError::Disk { doing: "write the witness of the head", source })
    }

    fn opened(folder: &Path, key: &hmac::Key, found: Found, head: Head) -> io::Result<Self> {
        let path = folder.join(WITNESS);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let next = if let Found::Head(_, slot) = found { 1 - slot } else { 0 };
        let witness = Self { file, key: key.clone(), next: Cell::new(next) };
        witness.write(head)?;
        if !matches!(found, Found::Head(..)) {
            // Once, so that a power loss leaves a file with a head in each slot.
            witness.write(head)?;
            witness.file.sync_all()?;
            sync_folder(folder)?;
        }
        Ok(witness)
    }

    /// Writes what the tree is now, over the older slot.
    pub(super) fn write(&self, head: Head) -> io::Result<()> {
        let slot = self.next.get();
        self.file.write_all_at(&encode(head, &self.key), SLOTS[slot])?;
        self.next.set(1 - slot);
        Ok(())
    }
}

fn encode(head: Head, key: &hmac::Key) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(MAGIC);
    slot[8..16].copy_from_slice(&head.size.to_be_bytes());
    slot[16..BODY_BYTES].copy_from_slice(&head.root);
    let seal = hmac::sign(key, &slot[..BODY_BYTES]);
    slot[BODY_BYTES..].copy_from_slice(seal.as_ref());
    slot
}

fn decode(slot: &[u8; SLOT_BYTES], key: &hmac::Key) -> Option<Head> {
    let (body, seal) = slot.split_at(BODY_BYTES);
    hmac::verify(key, body, seal).ok()?;
    let size = body.strip_prefix(MAGIC)?.first_chunk()?;
    Some(Head { size: u64::from_be_bytes(*size), root: body[16..].try_into().ok()? })
}

/// Reads the witness in a folder, whether or not a daemon writes it.
pub(super) fn read(folder: &Path, key: &hmac::Key) -> io::Result<Found> {
    let path = folder.join(WITNESS);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{WITNESS}` is no file: move it away")));
        }
        told => told?,
    };
    let file = File::open(path)?;
    let mut newest = None;
    for (slot, at) in SLOTS.into_iter().enumerate() {
        let mut bytes = [0; SLOT_BYTES];
        match file.read_exact_at(&mut bytes, at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            read => read?,
        }
        if let Some(head) =
            decode(&bytes, key).filter(|head| newest.is_none_or(|(newest, _): (Head, _)| head.size >= newest.size))
        {
            newest = Some((head, slot));
        }
    }
    Ok(newest.map_or(Found::Unreadable, |(head, slot)| Found::Head(head, slot)))
}

impl Reader {
    /// Checks that the ledger has all that its witness and its search index know of; nothing is touched. Returns what witness
    /// there is.
    ///
    /// # Errors
    ///
    /// [`OpenError::Shortened`] or [`OpenError::Forked`] where it has not; others where that cannot be read.
    pub fn check_witness(&self) -> Result<Witnessed, OpenError> {
        Ok(match self.agreed()? {
            Found::Nothing => Witnessed::Nothing,
            Found::Unreadable => Witnessed::Unreadable,
            Found::Head(head, _) => Witnessed::Agrees(head.size),
        })
    }

    /// The same; returns what was found.
    pub(super) fn agreed(&self) -> Result<Found, OpenError> {
        // Before the entries are looked at: what is written meanwhile makes the ledger longer.
        let found = self.witness()?;
        let indexed = self.runs().map_err(unreadable)?.known_end();
        let size = self.size().map_err(unreadable)?;
        if let Found::Head(head, _) = found {
            self.check_known(head)?;
        }
        if indexed > size {
            return Err(OpenError::Shortened { known: indexed, found: size, by: "search index" });
        }
        Ok(found)
    }

    /// The witness in the ledger's folder.
    fn witness(&self) -> Result<Found, OpenError> {
        self.witness_in(self.folder())
    }

    /// The newest head that the witness in a folder tells, of the ledger that this one is a copy of; `None` where none can be read.
    ///
    /// # Errors
    ///
    /// [`OpenError::Disk`] where its file cannot be read.
    pub fn witnessed_in(&self, folder: &Path) -> Result<Option<Checkpoint>, OpenError> {
        Ok(match self.witness_in(folder)? {
            Found::Head(Head { size, root }, _) => {
                Some(Checkpoint { origin: self.key().name().to_owned(), size, root })
            }
            Found::Nothing | Found::Unreadable => None,
        })
    }

    fn witness_in(&self, folder: &Path) -> Result<Found, OpenError> {
        let read = || read(folder, self.secrets.witness());
        // A slot may be read while it is written; both are not.
        let found = read().and_then(|found| if found == Found::Unreadable { read() } else { Ok(found) });
        found.map_err(|source| OpenError::Disk { doing: "read the witness of the head", source })
    }

    /// Checks that the ledger goes on from a tree that is known.
    fn check_known(&self, known: Head) -> Result<(), OpenError> {
        let size = self.size().map_err(unreadable)?;
        if size < known.size {
            return Err(OpenError::Shortened { known: known.size, found: size, by: "witness of its head" });
        }
        // A witness is of the end of a commit, which is that of a batch.
        let batch = self.batches(known.size, 1).map_err(unreadable)?.pop().flatten();
        let checkpoint = batch
            .filter(|batch| batch.size() == known.size)
            .and_then(|batch| Checkpoint::verify(batch.note(), self.key()).ok());
        match checkpoint {
            Some(checkpoint) if (checkpoint.size, checkpoint.root) == (known.size, known.root) => Ok(()),
            _ => Err(OpenError::Forked { size: known.size }),
        }
    }
}

/// Says in the log what a witness is begun for.
pub(super) fn tell(found: Found, entries: u64) {
    match found {
        Found::Head(..) => {}
        Found::Nothing => tracing::warn!(
            entries,
            "the ledger has no witness of its head, as where an earlier version wrote it or a copy was put in place: one is begun; had entries been lost before, only a checkpoint kept outside would show it (`bdcd ledger verify --since`)"
        ),
        Found::Unreadable => tracing::error!(
            entries,
            "the witness of the ledger's head was damaged or altered, all of it: it is written anew; compare the ledger with a checkpoint kept outside (`bdcd ledger verify --since`), and see to the disk"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> Head {
        Head { size, root: [u8::try_from(size).unwrap(); 32] }
    }

    #[test]
    fn the_newest_of_two_slots_counts_and_either_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        assert_eq!(read(folder, &key).unwrap(), Found::Nothing);
        let witness = Witness::open(folder, &key, Found::Nothing, head(1)).unwrap();
        for size in 2..9 {
            witness.write(head(size)).unwrap();
            assert!(matches!(read(folder, &key).unwrap(), Found::Head(found, _) if found == head(size)));
        }
        drop(witness);
        // It is gone on with where it was left.
        let found = read(folder, &key).unwrap();
        drop(Witness::open(folder, &key, found, head(9)).unwrap());
        let whole = fs::read(folder.join(WITNESS)).unwrap();
        assert_eq!(whole.len(), 4096 + SLOT_BYTES);
        let Found::Head(_, slot) = read(folder, &key).unwrap() else { panic!("it can be read") };
        for (damaged, left) in [(slot, 8), (1 - slot, 9)] {
            for bit in 0..SLOT_BYTES * 8 {
                let mut bytes = whole.clone();
                bytes[usize::try_from(SLOTS[damaged]).unwrap() + bit / 8] ^= 1 << (bit % 8);
                fs::write(folder.join(WITNESS), bytes).unwrap();
                assert!(matches!(read(folder, &key).unwrap(), Found::Head(found, _) if found == head(left)), "{bit}");
            }
        }
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
        fs::write(folder.join(WITNESS), &whole).unwrap();
        assert_eq!(read(folder, &other).unwrap(), Found::Unreadable);
        for bytes in [&whole[..0], &whole[..79], &vec![0; whole.len()]] {
            fs::write(folder.join(WITNESS), bytes).unwrap();
            assert_eq!(read(folder, &key).unwrap(), Found::Unreadable);
        }
    }
}
