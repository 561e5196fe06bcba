//! What is asked of a commit before anybody is told of it: that it is in the ledger's own files, that another connection sees
//! it, and that the witness of the head has it.
//!
//! What a commit wrote is found again by the log's index, a file that every process maps into memory. Where that is damaged, a
//! commit succeeds and nobody sees it, or the next one writes over what is not in the database yet. So a connection that keeps no
//! pages looks for the last entry before each commit and after it.

use std::{cell::RefCell, fs::File, io, path::Path, sync::Arc};

use rusqlite::{Connection, ErrorCode};

use super::{
    error::OpenError,
    own::{Lost, Own},
    read::connect,
    rows::signed,
    store::DATABASE,
    tree::Head,
    witness::Witness,
};

/// Why nothing was written that may be told of.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
    #[error("cannot write the witness of the ledger's head")]
    Witness(#[source] io::Error),
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl From<WriteError> for OpenError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Store(error) => error.into(),
            WriteError::Witness(source) => Self::Disk { doing: "write the witness of the head", source },
            WriteError::Lost(lost) => Self::Store { source: lost.into() },
        }
    }
}

/// Vouches for what the writer commits.
pub(super) struct Vouch {
    own: Arc<Own>,
    /// Absent once dropped.
    proof: Option<Connection>,
    witness: Witness,
    /// How many entries there are, and the last one's leaf.
    last: RefCell<(u64, Vec<u8>)>,
}

/// The last entry by both tables: its number and leaf, and the size of the newest batch.
const LAST: &str = "SELECT number, leaf, (SELECT max(size) FROM batch) FROM entry ORDER BY number DESC LIMIT 1";

impl Vouch {
    /// Vouches for the ledger in `folder` from here on, whose head was checked.
    pub(super) fn new(folder: &Path, database: &File, witness: Witness) -> Result<Self, OpenError> {
        let proof = connect(folder)?;
        // Else what it read before would hide what became of it.
        proof.pragma_update(None, "cache_size", 0)?;
        let last = last(&proof)?;
        let own = Own::of(&folder.join(DATABASE), database)
            .map_err(|source| OpenError::Disk { doing: "look at the database and its log", source })?;
        Ok(Self { own: Arc::new(own), proof: Some(proof), witness, last: RefCell::new((last.0, last.1)) })
    }

    pub(super) fn own(&self) -> &Arc<Own> {
        &self.own
    }

    /// Checks that the files are the ledger's, before anything is done with them.
    pub(super) fn look(&self) -> Result<(), Lost> {
        self.own.check_log()
    }

    /// The files after something was done with them that may have made the log shorter.
    pub(super) fn note(&self) {
        self.own.note();
    }

    /// Before a commit: the files are the ledger's, and the last entry is seen in them.
    pub(super) fn before(&self) -> Result<(), WriteError> {
        self.look()?;
        self.prove()
    }

    /// After a commit, whose last entry has this leaf: the same of it, and the witness knows it.
    pub(super) fn after(&self, head: Head, leaf: &[u8]) -> Result<(), WriteError> {
        self.own.check()?;
        let mut last = self.last.borrow_mut();
        last.0 = head.size;
        last.1.clear();
        last.1.extend_from_slice(leaf);
        drop(last);
        self.prove()?;
        self.witness.write(head).map_err(WriteError::Witness)?;
        self.note();
        Ok(())
    }

    /// The database was opened again, and its head checked: what was committed though it was reported as failed counts.
    pub(super) fn renew(&self, head: Head) -> Result<(), WriteError> {
        self.note();
        let proof = self.proof.as_ref().expect("it is dropped last");
        *self.last.borrow_mut() = last(proof)?;
        self.witness.write(head).map_err(WriteError::Witness)
    }

    /// The last entry is seen by a connection of its own.
    fn prove(&self) -> Result<(), WriteError> {
        let lose = |what| Err(self.own.lose("the database", what).into());
        let (size, leaf) = &*self.last.borrow();
        let proof = self.proof.as_ref().expect("it is dropped last");
        let is_seen = proof.prepare_cached(LAST).and_then(|mut statement| {
            statement.query_row([], |row| {
                let number: i64 = row.get(0)?;
                Ok(number == signed(size.saturating_sub(1))
                    && row.get_ref(1)?.as_blob()? == leaf.as_slice()
                    && row.get::<_, i64>(2)? == signed(*size))
            })
        });
        match is_seen {
            Ok(true) => Ok(()),
            Ok(false) | Err(rusqlite::Error::QueryReturnedNoRows) => {
                lose("an entry that was written is not found again")
            }
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => lose("it cannot be read: it was damaged"),
                _ => Err(error.into()),
            },
        }
    }
}

impl Drop for Vouch {
    fn drop(&mut self) {
        if self.own.is_lost() {
            std::mem::forget(self.proof.take());
        }
    }
}

fn last(proof: &Connection) -> rusqlite::Result<(u64, Vec<u8>)> {
    proof.query_row(LAST, [], |row| Ok((super::rows::unsigned(row.get(0)?) + 1, row.get(1)?)))
}
