//! From rows to a generation's file, in bounded memory, on two threads.
//!
//! First the calling thread reads and stages rows while another sorts and spills what is full; then the calling thread
//! merges the runs and puts units together while the other seals and writes them. Everything between them is bounded.

use std::{
    io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, ScopedJoinHandle},
};

use crate::{
    domain::{
        generation::GenerationFacts,
        record::Unit,
        rows::{Row, RowSource, SourceError},
    },
    keys::SALT_BYTES,
};

use super::{
    assemble::Assembler,
    error::{LoadError, cannot},
    gate::{self, Refused},
    marks::Marks,
    meta::Counts,
    quarantine::{self, Limits},
    report::{Progress, Tally},
    seal::Keys,
    sort::{Buffer, Merge, Runs},
    stage::{self, Outlet},
    staged::{Place, StagedRow, Way, write_row},
    survey::Survey,
    write::{RecordWriter, WriteError},
};

/// How much memory the sorters take, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// A buffer of staged rows; two of them exist.
    pub(super) rows_bytes: usize,
    /// A buffer of index entries; two of them exist.
    pub(super) entries_bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { rows_bytes: 96 << 20, entries_bytes: 48 << 20 }
    }
}

/// Units that go to the writing thread at once.
const BATCH_UNITS: usize = 256;
/// Batches that may wait for it.
const BATCHES_WAITING: usize = 4;

/// Where and how to compile.
pub(super) struct Target<'a> {
    /// The file to create.
    pub(super) file: &'a Path,
    /// The folder of the sorters' unnamed files.
    pub(super) folder: &'a Path,
    /// The generation's keys.
    pub(super) keys: Keys,
    /// What they derive from.
    pub(super) salt: [u8; SALT_BYTES],
    /// What the package says of itself.
    pub(super) facts: &'a GenerationFacts,
    /// How much memory to take.
    pub(super) budget: Budget,
    /// How much may be set aside where it cannot be placed or read.
    pub(super) quarantine: Limits,
}

/// Compiles the rows of `source` into the target's file, which is complete and closed then, but not synced.
pub(super) fn compile<S: RowSource>(
    source: &mut S,
    target: Target<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Tally, Counts), LoadError<S::Error>> {
    let source = &mut Survey::new(source);
    let (absent_columns, mut problems) = gate::headers(source, &target.facts.accepted).map_err(LoadError::Source)?;
    let (mut tally, mut refused, runs) = read(source, &target, progress)?;
    tally.absent_columns = absent_columns;
    problems.extend(gate::files(source));
    problems.extend(gate::rows(&tally, &target.facts.accepted));
    let merge = runs.merge().map_err(sorting)?;
    let Target { file, folder, keys, salt, facts, budget, quarantine: limits } = target;
    let writer = RecordWriter::create(file, folder, keys, budget.entries_bytes).map_err(writing)?;
    let (assembled, writer) = thread::scope(|scope| {
        let (batches, waiting) = sync_channel::<Vec<Unit>>(BATCHES_WAITING);
        let thread = thread::Builder::new()
            .name("mirror-write".to_owned())
            .spawn_scoped(scope, move || write_batches(writer, &waiting))
            .map_err(sorting)?;
        let assembled = assemble(merge, &batches, (Refused::new(limits.rows_max), Marks::new(&facts.as_of)), progress);
        // The writing thread ends when the channel closes.
        drop(batches);
        Ok::<_, LoadError<S::Error>>((assembled, join(thread)))
    })?;
    // Where writing failed, the assembling side only saw its channel close.
    let mut writer = writer.map_err(writing)?;
    let (assembled, unfitting) = assembled.map_err(sorting)?;
    tally.add(assembled);
    refused.join(unfitting);
    let mut facts = facts.clone();
    let beyond = limits.refuse(refused.by_table().into_iter().map(|(table, count)| {
        let rows = tally.rows.get(&table).copied().unwrap_or_default();
        (table, count, rows)
    }));
    let set_aside = refused.set_aside(limits.rows_max);
    let set_aside = set_aside.filter(|rows| problems.is_empty() && beyond.is_none() && !rows.is_empty());
    if let Some(rows) = set_aside {
        let rows = quarantine::gather(source, &rows).map_err(LoadError::Source)?;
        writer.set_aside(&rows).map_err(writing)?;
        facts.quarantined = quarantine::by_table(&rows);
        tally.quarantined = quarantine::by_reason(&rows);
    } else {
        let mut findings = refused.into_findings(problems, source);
        findings.beyond = beyond.filter(|_| source.is_complete());
        if !findings.is_empty() {
            return Err(LoadError::Findings(findings));
        }
    }
    progress(Progress::Indexing);
    let counts = writer.finish(&salt, &facts).map_err(writing)?;
    Ok((tally, counts))
}

fn sorting<E: SourceError>(source: io::Error) -> LoadError<E> {
    cannot("sort rows")(source).into()
}

fn writing<E: SourceError>(error: WriteError) -> LoadError<E> {
    match error {
        WriteError::Disk(source) => sorting(source),
        WriteError::Store(source) => LoadError::Store { source: source.into() },
    }
}

/// The thread's result; its panic goes on in the thread that waits.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn read<S: RowSource>(
    source: &mut S,
    target: &Target<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Tally, Refused, Runs), LoadError<S::Error>> {
    let runs = Runs::new(target.folder).map_err(sorting)?;
    let capacity = target.budget.rows_bytes;
    thread::scope(|scope| {
        let (full, to_sort) = sync_channel::<Buffer>(0);
        let (empty, sorted) = sync_channel::<Buffer>(2);
        let thread = thread::Builder::new()
            .name("mirror-sort".to_owned())
            .spawn_scoped(scope, move || spill_buffers(runs, &to_sort, &empty))
            .map_err(sorting)?;
        let mut staging = Staging { buffer: Buffer::new(capacity), spare: Some(Buffer::new(capacity)), full, sorted };
        let staged = stage::stage(source, &mut staging, target.quarantine.rows_max, progress);
        staging.end();
        let runs = join(thread).map_err(sorting)?;
        let (tally, refused) = staged?;
        Ok((tally, refused, runs))
    })
}

/// Fills one buffer while the other is sorted.
struct Staging {
    buffer: Buffer,
    spare: Option<Buffer>,
    full: SyncSender<Buffer>,
    sorted: Receiver<Buffer>,
}

impl Staging {
    fn turn_over(&mut self) {
        // Both channels close only where sorting has failed, which the join tells; rows are then of no use.
        if let Some(spare) = self.spare.take().or_else(|| self.sorted.recv().ok()) {
            let filled = std::mem::replace(&mut self.buffer, spare);
            if let Err(returned) = self.full.send(filled) {
                let mut returned = returned.0;
                returned.clear();
                self.spare = Some(returned);
            }
        } else {
            self.buffer.clear();
        }
    }

    fn end(mut self) {
        self.turn_over();
    }
}

impl Outlet for Staging {
    fn send(&mut self, place: &Place, row: Row<'_>, way: &Way) {
        self.buffer.push(place.bytes(), |bytes| write_row(bytes, row, way));
        if self.buffer.is_full() {
            self.turn_over();
        }
    }
}

fn spill_buffers(mut runs: Runs, to_sort: &Receiver<Buffer>, empty: &SyncSender<Buffer>) -> io::Result<Runs> {
    for mut buffer in to_sort {
        runs.spill(&mut buffer)?;
        // Nobody waits for the last ones.
        drop(empty.send(buffer));
    }
    Ok(runs)
}

/// Puts units together from rows in order, and sends them off in batches.
fn assemble(
    mut merge: Merge,
    batches: &SyncSender<Vec<Unit>>,
    (refused, marks): (Refused, Marks),
    progress: &mut dyn FnMut(Progress),
) -> io::Result<(Tally, Refused)> {
    let mut assembler = Assembler::new(refused, marks);
    let (mut key, mut row_bytes) = (Vec::new(), Vec::new());
    let (mut place, mut rows): (Option<Place>, Vec<StagedRow>) = (None, Vec::new());
    let mut batch = Vec::with_capacity(BATCH_UNITS);
    loop {
        let is_row = merge.next(&mut key, &mut row_bytes)?;
        let is_same = is_row && place.as_ref().is_some_and(|place| place.bytes() == key);
        if !is_same {
            if let Some(place) = place.take() {
                batch.extend(assembler.take(&place, std::mem::take(&mut rows)));
            }
            if batch.len() >= BATCH_UNITS || (!is_row && !batch.is_empty()) {
                progress(Progress::Assembling { units: assembler.tally.units });
                if batches.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH_UNITS))).is_err() {
                    // The writing side has failed and tells why when it is joined.
                    return Ok(assembler.finish());
                }
            }
            if !is_row {
                break;
            }
            place = Some(Place::from_bytes(&key));
        }
        let row = StagedRow::read(&row_bytes);
        rows.push(row.ok_or_else(|| io::Error::other("a staged row does not read back as written"))?);
    }
    Ok(assembler.finish())
}

fn write_batches(mut writer: RecordWriter, batches: &Receiver<Vec<Unit>>) -> Result<RecordWriter, WriteError> {
    for batch in batches {
        for unit in &batch {
            writer.add(unit)?;
        }
    }
    Ok(writer)
}
