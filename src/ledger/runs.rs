//! What auditors search by, as sorted files outside the database: immutable, authenticated, and derived from the entries.
//!
//! An entry has about seven *tags*: keyed digests of request number, court, case, handler, gateway and subjects. An index of
//! them in the database would cost more than the entry: tags are random, so each is a page read and a page written. Here they
//! are gathered, sorted and written at once: a *run* covers a range of entries and holds a record for each of their tags.
//! [`Runs::add`] writes a run and merges it with the ones before it, so that few files remain. [`Runs::find`] looks a tag up
//! in each. One thread adds while any number of threads search.
//!
//! This module knows neither the entries nor what a tag stands for. It holds ten of a tag's sixteen bytes, so what it finds
//! are *candidates*: the caller confirms each against the entry itself. Every block that a search reads has a seal, so what a
//! search does not find is not there, or it ends with an error: damage cannot make it forget. It can be built again from the
//! entries at any time.
//!
//! # Files
//!
//! ```text
//! <first>-<end>.run   covers entries first to before end; its bytes are told in `format`
//! .building-*         under way
//! ```
//!
//! Invariants:
//!
//! 1. A file with a run's name is complete and synced, and never changes.
//! 2. The runs in use cover the entries from 0 to before [`Runs::through`], without gap or overlap.
//! 3. From left to right, tiers (a run's entries, in powers of four) fall, once no merge is outstanding. So there are at most
//!    25 runs of up to 2^48 entries, 14 of a hundred million.
//! 4. A merge takes only records that it found authentic, and removes its sources after its result is durable.
//!
//! | crash | what is left | the next writer |
//! |---|---|---|
//! | while a run is written or synced | `.building-*` | removes it |
//! | after a merged run's rename | the run and its parts | keeps the run, removes the parts |
//! | while parts are removed | the run and some parts | removes those |
//!
//! A reader that opens the folder meanwhile sees the same states; it prefers the longest run, and lists again where a file
//! vanished or ranges do not join. Files that are open remain readable after they are removed.
//!
//! Assumed: one writer at a time, which the ledger's own lock sees to; a rename is all or nothing, and lasts once the folder is
//! synced; entries once covered never change. A database with fewer entries than [`Runs::known_end`] has lost
//! some, and is not written.
//!
//! # Why not an embedded store
//!
//! `SQLite` (`rusqlite` 0.41) and `fjall` 3.1.13 were measured with the same records: seven an entry, a key of tag and entry in
//! sixteen bytes as here, no value, in sorted batches of 65,536 entries, each durable before the next. `SQLite` had one table
//! `WITHOUT ROWID`, pages of 8 KiB, WAL and `synchronous=FULL`, and rebuilt by its own sort without a journal. `fjall` had its
//! defaults, with write batches and `PersistMode::SyncData`, or with bulk ingestion of sorted rows. Both had 64 MiB of cache. A
//! program of this module and both stores, a release build without LTO, ran them in turn on 2 cores that other work kept busy.
//! The figures are medians of three runs, of six for this module. CPU times varied by a tenth, elapsed times threefold.
//!
//! | a million entries | here | `SQLite` | `fjall` batches | `fjall` ingestion |
//! |---|---|---|---|---|
//! | rebuild: CPU time | 4.2 s | 19.9 s | 20.1 s | 25.2 s |
//! | rebuild: elapsed | 18 s | 50 s | 65 s | 87 s |
//! | 262,144 more: CPU time, bytes written | 1.5 s, 0.19 GB | 4.4 s, 1.16 GB | 16.1 s, 0.24 GB | 7.6 s, 0.19 GB |
//! | size after the rebuild | 112 MB | 168 MB | 270 MB | 327 MB |
//! | peak memory | 54 MiB | 144 MiB | 372 MiB | 103 MiB |
//! | open | 0.8 ms | 0.5 ms | 7 s | 44 ms |
//! | lookup of a new number by the process that wrote | 6 us | 27 us | 40 us | 14 us |
//! | lookup of a known number after opening, page cache warm | 17 us | 18 us | 33 us | 9 us |
//! | lookup of a new number after opening, page cache cold | 77 us | 112 us | 146 us | 84 us |
//! | first 1,024 entries of a court, page cache warm | 43 us | 185 us | 441 us | 348 us |
//! | bare commits of 64 entries, index in background, entries/s | 6,200 | 4,400 | | 4,900 |
//! | index alone in durable commits of 64 entries, entries/s | not so used | 810 | 7,100 | |
//!
//! The bare commits reached 5,300 a second without an index, which shows that machine's spread. With ten million entries, one
//! run of this module: rebuild 62 s of CPU time and 289 s elapsed, 1.12 GB, 24 us for a known number, page cache warm. `fjall`
//! by ingestion had used 400 s of CPU time and 3.5 GB in 27 minutes when it was stopped, unfinished.
//!
//! So neither store stays within a quarter in CPU time or size. Only `fjall` after ingestion finds a known number sooner, and it
//! verifies no keyed seal. Damage decides: an entry that the index loses in silence is answered a second time. In 400 trials an
//! index of 12,000 entries was damaged in one place (a flipped bit, a zeroed, exchanged or foreign page, a cut file, whole
//! blocks exchanged, an older page, a byte altered with its checksum recomputed), then opened and asked for every number. This
//! module reported an error for all 348 damages that apply to it. `SQLite` silently lost entries in 180 of 400. `fjall` after
//! ingestion silently lost entries in 18 of 308 (exchanged blocks, altered bytes) and panicked in 5. With write batches (200
//! trials) it did so in 6 of 145, and aborted the process once while opening. `fjall` also locks its folder for one process, but
//! auditors search beside the daemon. To keep our seals, a store would have to hold our blocks, and would replace only file
//! names and renames.

mod entries;
mod error;
mod filter;
mod folder;
mod format;
mod run;
mod sweep;
mod write;

#[cfg(test)]
mod tests;

use std::{
    fmt, fs, io,
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use ring::hmac;

use self::{
    folder::{Cover, remove},
    format::Row,
    run::{Block, Run},
    sweep::Sweep,
    write::{write_merged, write_run},
};
use crate::disk::sync_folder;

pub use self::{
    entries::{ENTRIES_MAX, Entries},
    error::{Fault, RunsError},
    folder::LeftOut,
    format::Tag,
};

/// That an entry has a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The tag, of which ten bytes are kept.
    pub tag: Tag,
    /// The entry's number.
    pub entry: u64,
}

impl Record {
    fn row(&self) -> Row {
        Row::new(&self.tag, self.entry)
    }
}

/// What runs are opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To search and to verify; nothing in the folder is touched.
    ReadOnly,
    /// To add as well. There is one such at a time, which the caller sees to.
    ReadWrite,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunsSummary {
    /// Runs.
    pub file_count: u64,
    /// Entries that they cover.
    pub entry_count: u64,
    /// Records in them.
    pub record_count: u64,
    /// Bytes of records, without headers and fences: what [`Runs::verify`] reads in order.
    pub record_bytes: u64,
}

/// Immutable sorted files in one folder, together covering entries `0..through()` without gap or overlap.
pub struct Runs {
    folder: PathBuf,
    key: hmac::Key,
    mode: Mode,
    left_out: Vec<LeftOut>,
    /// From left to right as the entries go.
    current: ArcSwap<Vec<Arc<Run>>>,
    /// Held by who changes `current`.
    turn: Mutex<()>,
}

impl fmt::Debug for Runs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Runs").field("folder", &self.folder).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Runs {
    /// Opens the runs in `folder`, authenticated by `key`, without reading their records.
    ///
    /// A file that is malformed, of other length or not authentic covers its entries no longer, and so do all after it:
    /// [`left_out`](Self::left_out) tells them, [`through`](Self::through) ends before them, and a writer removes them. A
    /// writer creates the folder and removes what an interrupted one left. A reader takes a folder that is absent as empty.
    ///
    /// # Errors
    ///
    /// [`RunsError::Disk`] where the folder cannot be created, listed or cleared; [`RunsError::Read`] where a file cannot be
    /// read, which does not say that it is damaged.
    pub fn open(folder: &Path, key: &hmac::Key, mode: Mode) -> Result<Self, RunsError> {
        if mode == Mode::ReadWrite {
            create_folder(folder).map_err(error::disk("create the folder"))?;
        }
        let cover = Cover::open(folder, key)?;
        if mode == Mode::ReadWrite {
            cover.clear_away(folder)?;
        }
        let runs = cover.runs.into_iter().map(Arc::new).collect();
        Ok(Self {
            folder: folder.to_owned(),
            key: key.clone(),
            mode,
            left_out: cover.left_out,
            current: ArcSwap::from_pointee(runs),
            turn: Mutex::new(()),
        })
    }

    /// The first entry that is not covered.
    #[must_use]
    pub fn through(&self) -> u64 {
        end_of(&self.current.load())
    }

    /// The first entry of which no file that is authentic knows, as it was on opening: more than [`through`](Self::through)
    /// where a file before is gone.
    #[must_use]
    pub fn known_end(&self) -> u64 {
        let apart = self.left_out.iter().filter(|it| it.fault == Fault::Gap).map(|it| it.entries.end());
        apart.fold(self.through(), u64::max)
    }

    /// The files that were left out on opening, by entry range.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// How much there is, as the headers tell it.
    #[must_use]
    pub fn summary(&self) -> RunsSummary {
        summary_of(&self.current.load())
    }

    /// Appends the entries that have this tag to `found`, ascending. They are candidates, which the caller confirms.
    ///
    /// # Errors
    ///
    /// As [`find_each`](Self::find_each).
    pub fn find(&self, tag: &Tag, found: &mut Vec<u64>) -> Result<(), RunsError> {
        self.find_each(tag, 0, &mut |entry| {
            found.push(entry);
            ControlFlow::Continue(())
        })
    }

    /// Hands over the entries from `from` on that have this tag, ascending, until told to stop. They are candidates.
    ///
    /// # Errors
    ///
    /// [`RunsError::Read`] where a file cannot be read; [`RunsError::Damaged`] where a block that the search needs is not what
    /// was written.
    pub fn find_each(
        &self,
        tag: &Tag,
        from: u64,
        each: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), RunsError> {
        let mut block = Block::new();
        for run in self.current.load().iter().filter(|run| from < run.entries().end()) {
            let target = Row::new(tag, from.max(run.entries().first()));
            if run.find_each(target, &mut block, each)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Covers the entries from `first`, which is [`through`](Self::through), to before `end` with these records.
    ///
    /// Records may come in any order and more than once; they are sorted in place, and taken out once they are durable. Then
    /// runs are merged, which takes as long as copying them. Searches go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`RunsError::NotNext`], [`RunsError::Range`], [`RunsError::Stray`] and [`RunsError::ReadOnly`] where the call makes no
    /// sense. [`RunsError::Disk`], [`RunsError::Read`] or [`RunsError::Damaged`] where writing or merging failed; whether the
    /// entries are covered is told by [`through`](Self::through). What was not merged is merged by the next call. A damaged
    /// run stays in the way of merging until it is [forgotten](Self::forget_from).
    pub fn add(&self, first: u64, end: u64, records: &mut Vec<Record>) -> Result<(), RunsError> {
        let _turn = self.turn()?;
        let mut runs = self.current.load_full();
        let through = end_of(&runs);
        if first != through {
            return Err(RunsError::NotNext { first, through });
        }
        let entries = Entries::new(first, end).ok_or(RunsError::Range { first, end })?;
        if let Some(stray) = records.iter().find(|record| !entries.contains(record.entry)) {
            return Err(RunsError::Stray { entry: stray.entry, entries });
        }
        records.sort_unstable_by_key(Record::row);
        records.dedup_by_key(|record| record.row());
        let run = write_run(&self.folder, &self.key, entries, records.iter().map(Record::row))?;
        records.clear();
        Arc::make_mut(&mut runs).push(Arc::new(run));
        self.current.store(runs);
        self.merge()
    }

    /// Forgets the run that covers `entry` and all after it, so that adding can begin anew from [`through`](Self::through).
    ///
    /// # Errors
    ///
    /// [`RunsError::ReadOnly`], or [`RunsError::Disk`] where a file cannot be removed. Nothing is forgotten then, so that no run
    /// is added beside an old one of the same entries; call again.
    pub fn forget_from(&self, entry: u64) -> Result<(), RunsError> {
        let _turn = self.turn()?;
        let runs = self.current.load_full();
        let kept = runs.partition_point(|run| run.entries().end() <= entry);
        // From the right, so that those which a crash leaves still join.
        for run in runs[kept..].iter().rev() {
            remove(run.path())?;
        }
        sync_folder(&self.folder).map_err(error::disk("forget runs"))?;
        self.current.store(Arc::new(runs[..kept].to_vec()));
        Ok(())
    }

    /// Reads every file whole, and checks that it is authentic, in order, and as long as it says.
    ///
    /// `progress` is told how many bytes of records were read since it was last told; they sum to
    /// [`RunsSummary::record_bytes`].
    ///
    /// # Errors
    ///
    /// [`RunsError::Damaged`] with the first file that is wrong; [`RunsError::Read`] where one cannot be read.
    pub fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<RunsSummary, RunsError> {
        let runs = self.current.load_full();
        for run in runs.iter() {
            run.check_edges()?;
            let mut sweep = Sweep::new(Arc::clone(run), &self.key);
            while sweep.next()?.is_some() {
                let bytes = sweep.take_bytes_read();
                if bytes > 0 {
                    progress(bytes);
                }
            }
        }
        Ok(summary_of(&runs))
    }

    fn turn(&self) -> Result<MutexGuard<'_, ()>, RunsError> {
        match self.mode {
            Mode::ReadOnly => Err(RunsError::ReadOnly),
            // It guards no value that a panic could have left half changed: `current` is replaced as one.
            Mode::ReadWrite => Ok(self.turn.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Merges until tiers fall from left to right.
    fn merge(&self) -> Result<(), RunsError> {
        loop {
            let runs = self.current.load_full();
            let ranges: Vec<Entries> = runs.iter().map(|run| run.entries()).collect();
            let Some((parts, entries)) = next_merge(&ranges) else { return Ok(()) };
            let merged = write_merged(&self.folder, &self.key, entries, &runs[parts.clone()])?;
            let mut after = runs.to_vec();
            let parts: Vec<Arc<Run>> = after.splice(parts, [Arc::new(merged)]).collect();
            self.current.store(Arc::new(after));
            parts.iter().try_for_each(|part| remove(part.path()))?;
        }
    }
}

/// Which neighbours to merge next, and what they cover together; `None` where tiers fall from left to right.
///
/// It begins with a run that has a neighbour of no greater tier to the left, and takes in all that the merged run would again
/// be merged with, so that one pass does it.
fn next_merge(runs: &[Entries]) -> Option<(Range<usize>, Entries)> {
    let last = (1..runs.len()).rev().find(|&at| runs[at - 1].tier() <= runs[at].tier())?;
    let (mut first, mut entries) = (last, runs[last]);
    while let Some(left) = first.checked_sub(1).map(|at| runs[at]).filter(|left| left.tier() <= entries.tier()) {
        entries = left.joined(entries)?;
        first -= 1;
    }
    Some((first..last + 1, entries))
}

fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    // Else a crash could take the folder, and runs that were synced in it.
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

fn end_of(runs: &[Arc<Run>]) -> u64 {
    runs.last().map_or(0, |run| run.entries().end())
}

fn summary_of(runs: &[Arc<Run>]) -> RunsSummary {
    runs.iter().fold(RunsSummary::default(), |sum, run| RunsSummary {
        file_count: sum.file_count + 1,
        entry_count: sum.entry_count + run.entries().count(),
        record_count: sum.record_count + run.header.record_count,
        record_bytes: sum.record_bytes + run.header.record_count * format::RECORD_BYTES as u64,
    })
}
