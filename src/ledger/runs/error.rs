//! What can go wrong with the search index, told by entry range.
//!
//! A run's name is its range of entries, so no error text can hold personal data.

use std::io;

use super::entries::Entries;

/// What is wrong with a file of the search index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is shorter than a header, of another format, or its header was made under another key or altered.
    #[error("its header is not authentic")]
    Header,
    /// Its header is authentic, but of another range of entries than its name.
    #[error("it was written under another name")]
    Name,
    /// It is longer or shorter than its header says.
    #[error("its length is not what its header says")]
    Length,
    /// The sample of its records by which they are found is not what was written.
    #[error("its fence is not authentic")]
    Fence,
    /// Its records are not what was written.
    #[error("its records are not authentic")]
    Body,
    /// A record is not greater than the one before it.
    #[error("its records are out of order")]
    Order,
    /// A record is of an entry outside the range of the file.
    #[error("a record is of an entry outside its range")]
    Stray,
    /// Nothing is wrong with it, but entries before it are covered by no file.
    #[error("the entries before it are not covered")]
    Gap,
}

/// Why the search index could not be opened, asked, extended or verified.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The folder or a file in it cannot be listed, written, synced, renamed or removed.
    #[error("cannot {doing} of the search index: check the folder's rights and the space on its disk")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read search run `{entries}`: check its rights and its disk")]
    Read {
        /// The entries that the file covers.
        entries: Entries,
        /// What the system said.
        source: io::Error,
    },
    /// A file was altered or damaged. `Runs::forget_from` its first entry and adding again from there mends it.
    #[error("search run `{entries}` was altered or damaged, {fault}: rebuild the index from entry {}", entries.first())]
    Damaged {
        /// The entries that the file covers.
        entries: Entries,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The entries offered do not follow those covered.
    #[error("entries from {first} on were offered to the search index, which ends before {through}: offer those first")]
    NotNext {
        /// The first entry offered.
        first: u64,
        /// The first entry not covered.
        through: u64,
    },
    /// The range offered is empty, or reaches past what six bytes count.
    #[error("{first} to {end} is no range of entries that a search run can cover")]
    Range {
        /// The first entry offered.
        first: u64,
        /// The entry after the last one offered.
        end: u64,
    },
    /// A record offered is of an entry outside the range offered.
    #[error("a record of entry {entry} was offered for search run `{entries}`")]
    Stray {
        /// The record's entry.
        entry: u64,
        /// The entries offered.
        entries: Entries,
    },
    /// The index was opened to be read.
    #[error("the search index was opened to be read and cannot be changed")]
    ReadOnly,
}

pub(super) fn disk(doing: &'static str) -> impl Fn(io::Error) -> RunsError {
    move |source| RunsError::Disk { doing, source }
}
