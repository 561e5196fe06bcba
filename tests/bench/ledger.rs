//! How fast evidence becomes durable, beside bare `SQLite`; and what a ledger of millions of entries still does at once.
//!
//! `cargo bench --bench ledger` measures **append**: entries a second with so many waiting at any time, prepared where the
//! caller is, hashed, signed and committed by the ledger's writer. The floor, in the same run: the bytes of the same entries
//! (leaf, terms, sealed body; hashes and checkpoint of a batch) in one table of a bare `SQLite` database, write-ahead log and
//! `synchronous=FULL` and all else as `SQLite` comes, committed together as the ledger did. Rounds of both sides alternate; the
//! median of their ratios counts.
//!
//! `cargo bench --bench ledger -- ENTRIES` makes a ledger of ENTRIES entries with bodies of 400 bytes (10,000,000 take some
//! 16 GB and ten to fifteen minutes) and measures **start-up**; a **page** of the database read at some place, which is the
//! floor of what comes from the disk; a **receipt** of an old entry, which is two pages, and the **search** for a request
//! number as they come from the disk; the **audit**; both once more from memory, where the audit's reading has put what fits;
//! and the **start-up** that makes a lost search index again.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints its figures")]

use std::{
    error::Error,
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};

use bdcd::{
    keys::MasterKey,
    ledger::{
        Claim, Claimed, Evidence, Ledger, Options, Reader, Term, audit,
        leaf::{Fact, Facts, Kind},
        note::Ed25519Signer,
        system_clock,
    },
};
use rusqlite::{Connection, OpenFlags, params};

/// The allocator of the daemon, which is what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failed = Box<dyn Error>;

const GATEWAY: &str = "provincial court gateway";

/// Rounds of each side.
const ROUNDS: usize = 9;

/// How many wait, and how many are written in a round of about a second.
const LEVELS: [(usize, u64); 4] = [(1, 3_000), (8, 15_000), (64, 30_000), (512, 30_000)];

/// Bytes of an inquiry and of an answer, as a subject with one unit has them.
const USUAL: Lengths = Lengths { inquiry: 300, answer: 1500 };

/// Bytes of the large ledger's, to fit a disk.
const SHORT: Lengths = Lengths { inquiry: 150, answer: 250 };

/// Bytes of a page of the ledger's database.
const PAGE_BYTES: usize = 8192;

/// Old entries asked for.
const SAMPLES: u64 = 5_000;

#[derive(Clone, Copy)]
struct Lengths {
    inquiry: usize,
    answer: usize,
}

fn main() -> Result<(), Failed> {
    let folder = tempfile::Builder::new().prefix("bdcd-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    match std::env::args().skip(1).find_map(|argument| argument.parse().ok()) {
        Some(entries) => large(folder.path(), entries),
        None => rates(folder.path()),
    }
}

fn rates(folder: &Path) -> Result<(), Failed> {
    let kept = folder.join("ledger");
    create(&kept)?;
    for (waiting, count) in LEVELS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let ledger = open(&kept, 1024, 512)?;
            let first = ledger.reader()?.size()?;
            let own = append(&ledger, USUAL, waiting, first, count)?;
            // Closed, so that its threads do not work beside the floor.
            drop(ledger);
            let commits = written(&kept, first, waiting)?;
            let floor = floor(&folder.join("floor.db"), &commits)?;
            rounds.push((count as f64 / own.as_secs_f64(), count as f64 / floor.as_secs_f64(), commits.len()));
        }
        let median = |figure: fn(&(f64, f64, usize)) -> f64| median(rounds.iter().map(figure).collect());
        println!(
            "append, {waiting:3} waiting {:8.0}/s   floor {:8.0}/s   ratio {:.2}   commits of {:.0}",
            median(|round| round.0),
            median(|round| round.1),
            median(|round| round.0 / round.1),
            count as f64 / median(|round| round.2 as f64)
        );
    }
    Ok(())
}

/// Appends `count` entries with `waiting` of them under way at any time.
fn append(ledger: &Ledger, lengths: Lengths, waiting: usize, first: u64, count: u64) -> Result<Duration, Failed> {
    let (done, ended) = mpsc::channel();
    let texts = Texts::new(lengths);
    let mut next = first..first + count;
    let send = |next: &mut std::ops::Range<u64>| -> Result<(), Failed> {
        let Some(number) = next.next() else { return Ok(()) };
        let number = format!("{number:021}");
        let Claimed::Free(claim) = ledger.claim(GATEWAY, &number) else { return Err("a number is asked twice".into()) };
        let prepared = ledger.prepare(Kind::Answer, texts.evidence(&number, &claim))?;
        let done = done.clone();
        ledger.append(prepared, Some(claim), move |written| {
            // Where the measuring ended early nobody is told.
            done.send(written.map(|written| written.entry)).unwrap_or_default();
        });
        Ok(())
    };
    let start = Instant::now();
    for _ in 0..waiting {
        send(&mut next)?;
    }
    for _ in 0..count {
        ended.recv()??;
        send(&mut next)?;
    }
    Ok(start.elapsed())
}

/// The bytes of the entries from `first` on, a row each and one for each signed batch, in the commits that wrote them.
///
/// A commit writes batches of 64 and one of what is left, and takes no more entries than wait. Where that leaves open whether
/// two batches came together, they did: fewer commits are kind to the floor.
fn written(folder: &Path, first: u64, waiting: usize) -> Result<Vec<Commit>, Failed> {
    let database = Connection::open_with_flags(folder.join("ledger.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut batches =
        database.prepare("SELECT size, first, note || edge || hashes FROM batch WHERE first >= ?1 ORDER BY size")?;
    let mut entries = database.prepare(
        "SELECT leaf || terms || sealed FROM entry JOIN body USING (number) WHERE number >= ?1 AND number < ?2",
    )?;
    let mut rows = batches.query([i64::try_from(first)?])?;
    let mut commits: Vec<Commit> = Vec::new();
    while let Some(row) = rows.next()? {
        let (size, first): (i64, i64) = (row.get(0)?, row.get(1)?);
        let count = usize::try_from(size - first)?;
        let mut bytes: Vec<Vec<u8>> = Vec::with_capacity(count + 1);
        for entry in entries.query_map([first, size], |row| Ok(row.get_ref(0)?.as_bytes()?.to_vec()))? {
            bytes.push(entry?);
        }
        bytes.push(row.get_ref(2)?.as_bytes()?.to_vec());
        match commits.last_mut().filter(|last| last.goes_on && last.entry_count + count <= waiting) {
            Some(last) => {
                last.rows.append(&mut bytes);
                last.entry_count += count;
                last.goes_on = count == BATCH_ENTRIES;
            }
            None => commits.push(Commit { rows: bytes, entry_count: count, goes_on: count == BATCH_ENTRIES }),
        }
    }
    Ok(commits)
}

/// Entries of a batch, but for the last of a commit.
const BATCH_ENTRIES: usize = 64;

/// What was committed at once.
struct Commit {
    rows: Vec<Vec<u8>>,
    entry_count: usize,
    /// Whether the next batch may be of this commit.
    goes_on: bool,
}

/// Writes the same bytes in the same commits.
fn floor(file: &Path, commits: &[Commit]) -> Result<Duration, Failed> {
    let mut database = Connection::open(file)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);",
    )?;
    let start = Instant::now();
    for commit in commits {
        let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO entry (bytes) VALUES (?1)")?;
            for bytes in &commit.rows {
                insert.execute(params![bytes])?;
            }
        }
        transaction.commit()?;
    }
    Ok(start.elapsed())
}

fn large(folder: &Path, entries: u64) -> Result<(), Failed> {
    let kept = folder.join("ledger");
    create(&kept)?;
    let ledger = open(&kept, 16_384, 8192)?;
    let start = Instant::now();
    append(&ledger, SHORT, 12_000, 1, entries - 1)?;
    drop(ledger);
    let bytes: u64 = fs::metadata(kept.join("ledger.db"))?.len();
    println!("{entries} entries written in {:.0} s, {:.1} GB", start.elapsed().as_secs_f64(), bytes as f64 / 1e9);

    let start = Instant::now();
    let ledger = open(&kept, 1024, 512)?;
    println!("start-up        {:8.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let reader = ledger.reader()?;
    let database = File::open(kept.join("ledger.db"))?;
    // An odd step visits old and new entries as chance would, the same in every run.
    let samples: Vec<u64> =
        (1..=SAMPLES).map(|at| 1 + at.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (entries - 1)).collect();
    let mut page = vec![0; PAGE_BYTES];
    timed("page, disk", &samples, |number| {
        // Somewhere, and the same in every run.
        let pages = bytes / PAGE_BYTES as u64;
        Ok(database.read_exact_at(&mut page, number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % pages * PAGE_BYTES as u64)?)
    })?;
    old_entries("disk", &ledger, &reader, &samples)?;
    let start = Instant::now();
    let audit = audit::audit(&reader, None, &mut |_| {})?;
    let took = start.elapsed().as_secs_f64();
    println!("audit           {took:8.1} s    {:.0} entries a second", audit.entry_count as f64 / took);
    old_entries("memory", &ledger, &reader, &samples)?;

    drop((ledger, reader));
    fs::remove_dir_all(kept.join("index"))?;
    let start = Instant::now();
    let ledger = open(&kept, 1024, 512)?;
    println!("start-up, index lost {:5.1} s", start.elapsed().as_secs_f64());
    drop(ledger);
    Ok(())
}

fn old_entries(from: &str, ledger: &Ledger, reader: &Reader, samples: &[u64]) -> Result<(), Failed> {
    timed(&format!("receipt, {from}"), samples, |number| {
        reader.receipt(&reader.entry(number)?)?;
        Ok(())
    })?;
    timed(&format!("search, {from}"), samples, |number| search(ledger, reader, number))
}

/// Finds the entry of a request number by the index, confirmed by the entry itself.
fn search(ledger: &Ledger, reader: &Reader, number: u64) -> Result<(), Failed> {
    let Claimed::Free(claim) = ledger.claim(GATEWAY, &format!("{number:021}")) else { return Err("claimed".into()) };
    match ledger.answered(&claim, reader)? {
        Some(found) if found == number => Ok(()),
        found => Err(format!("entry {number} is found as {found:?}").into()),
    }
}

fn timed(what: &str, samples: &[u64], mut work: impl FnMut(u64) -> Result<(), Failed>) -> Result<(), Failed> {
    let mut took = Vec::with_capacity(samples.len());
    for number in samples {
        let start = Instant::now();
        work(*number)?;
        took.push(start.elapsed().as_secs_f64() * 1e6);
    }
    took.sort_unstable_by(f64::total_cmp);
    let (half, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("{what:15} {half:8.1} us   p99 {most:8.1} us   {} entries by chance", samples.len());
    Ok(())
}

fn create(folder: &Path) -> Result<(), Failed> {
    Ok(Ledger::create(folder, &master(), signer()?, "bench", &system_clock())?)
}

fn open(folder: &Path, queue_entries_max: usize, batch_entries_max: usize) -> Result<Ledger, Failed> {
    let options = Options {
        folder: folder.to_owned(),
        queue_entries_max,
        batch_entries_max,
        batch_bytes_max: 8 << 20,
        body_retention: None,
        removal_interval: Duration::ZERO,
        clock_bound: None,
    };
    Ok(Ledger::open(&options, &master(), signer()?, system_clock())?)
}

fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

fn signer() -> Result<Ed25519Signer, Failed> {
    Ok(Ed25519Signer::from_seed("example.com/ledger", &[42; 32])?)
}

/// What is asked and answered: bytes that nobody reads.
struct Texts {
    inquiry: Vec<u8>,
    answer: Vec<u8>,
}

impl Texts {
    fn new(lengths: Lengths) -> Self {
        Self { inquiry: vec![b'i'; lengths.inquiry], answer: vec![b'a'; lengths.answer] }
    }

    /// The facts and terms of an answer, as the service tells them.
    fn evidence<'a>(&'a self, number: &str, claim: &'a Claim) -> Evidence<'a> {
        let facts = Facts::default()
            .with(Fact::Call, "query")
            .with(Fact::Gateway, GATEWAY)
            .with(Fact::Generation, "412-3f9c0a7be51d")
            .with(Fact::Package, "3f9c0a7be51d3f9c0a7be51d3f9c0a7be51d3f9c0a7be51d3f9c0a7be51d3f9c")
            .with(Fact::AsOf, "2026-11-23T06:00:00+08:00")
            .with(Fact::Court, "测0000")
            .with(Fact::CourtName, "某市中级人民法院")
            .with(Fact::Case, "（2026）测0000执1号")
            .with(Fact::Request, number)
            .with(Fact::Rules, "1")
            .with(Fact::Outcome, "found");
        let terms = [
            (Term::Request, number.to_owned()),
            (Term::Court, "测0000".to_owned()),
            (Term::Case, format!("（2026）测0000执{}号", &number[12..])),
            (Term::HandlerName, "测试法官".to_owned()),
            (Term::HandlerCertificate, "测0001".to_owned()),
            (Term::SubjectName, "沈测安".to_owned()),
            (Term::SubjectNumber, format!("n{number}")),
            (Term::SubjectNumber, format!("p{number}")),
        ];
        let terms = terms.into_iter().map(|(term, text)| (term, text.into())).collect();
        Evidence { facts, inquiry: Some(&self.inquiry), answer: Some(&self.answer), claim: Some(claim), terms }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
