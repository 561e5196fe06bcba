//! How fast one inquiry becomes answer bytes, and a package a generation, each beside a floor measured in the same run.
//!
//! `cargo bench --bench lookup [-- UNITS]` makes a synthetic county of UNITS units (default 1,000,000), and measures
//!
//! - **load**: `bdcd snapshot load` of the package, wall time and peak memory, beside `sqlite3 .import` and indexing of the
//!   same files (needs the `sqlite3` command);
//! - **lookup**: inquiry to answer bytes in process, beside a prepared `SQLite` read of the same sealed records by key, opened.
//!
//! Rounds of both sides alternate; the median round of each counts. Figures are ratios: machines differ.

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    reason = "a benchmark prints its figures"
)]

use std::{
    error::Error,
    fs, io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bdcd::{
    domain::{
        inquiry::{Door, Draft, Inquiry},
        tables::Table,
    },
    keys::MasterKey,
    mirror::{Generation, Mirror, Reader},
    package::synthetic,
    service::draft,
};

/// The allocator of the daemon, which is what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 31;
const SUBJECTS: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let units = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::Builder::new().prefix("bdcd-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let package = folder.path().join("package");
    println!("county of {units} units");
    let summary = synthetic::generate(&package, units)?;
    let mirror = load(folder.path(), &package)?;
    let generation = mirror.open(&mirror.current()?.ok_or("no generation serves after the load")?)?;
    let single = people_with_one_unit(&package, &generation)?;
    lookup("one unit", &generation, &single)?;
    let holder = &summary.large_company;
    let inquiry = inquiry(&holder.name, &holder.document_kind, &holder.document_number);
    lookup("5,000 units", &generation, &[inquiry])
}

/// Measures the load beside `sqlite3 .import` of the same files, and returns the mirror loaded.
fn load(folder: &Path, package: &Path) -> Result<Mirror, Box<dyn Error>> {
    let key = folder.join("master.key");
    MasterKey::create(&key)?;
    let config = folder.join("bdcd.toml");
    fs::write(&config, "directory = \"mirror\"\nmaster-key = \"master.key\"\n")?;
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bdcd"))
        .args(["snapshot", "load", "--unsigned=bench", "--config"])
        .args([&config, &package.to_path_buf()])
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak_kib = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_kib = peak_kib.max(peak_memory_kib(child.id()));
        thread::sleep(Duration::from_millis(20));
    };
    let own = start.elapsed();
    if !status.success() {
        return Err("the load failed".into());
    }
    match import(folder, package) {
        Ok(floor) => println!(
            "load         {:8.2} s   floor {:8.2} s   ratio {:.2}   peak {} MiB",
            own.as_secs_f64(),
            floor.as_secs_f64(),
            own.as_secs_f64() / floor.as_secs_f64(),
            peak_kib / 1024
        ),
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            println!(
                "load         {:8.2} s   no floor: install sqlite3   peak {} MiB",
                own.as_secs_f64(),
                peak_kib / 1024
            );
        }
        Err(err) => return Err(err.into()),
    }
    Ok(Mirror::new(folder.join("mirror"), MasterKey::read(&key)?))
}

/// The peak of a process's resident memory; 0 where it has ended.
fn peak_memory_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Imports every CSV of the package with the `sqlite3` command and indexes what joins go by.
fn import(folder: &Path, package: &Path) -> io::Result<Duration> {
    let mut script = String::from("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;\n");
    for table in Table::ALL.map(Table::name) {
        let file = package.join(format!("{table}.csv"));
        if !file.exists() {
            continue;
        }
        script.push_str(&format!(".import --csv {} {table}\n", file.display()));
        let header = fs::read_to_string(&file)?.lines().next().unwrap_or_default().to_owned();
        for column in ["BDCDYH", "YWH", "ZJH", "ZDZHDM", "ZRZH"] {
            if header.split(',').any(|known| known == column) {
                script.push_str(&format!("CREATE INDEX {table}_{column} ON {table}({column});\n"));
            }
        }
    }
    let script_file = folder.join("import.sql");
    fs::write(&script_file, script)?;
    let start = Instant::now();
    let status = Command::new("sqlite3")
        .arg(folder.join("floor.db"))
        .stdin(fs::File::open(script_file)?)
        .stdout(Stdio::null())
        .status()?;
    if status.success() { Ok(start.elapsed()) } else { Err(io::Error::other("sqlite3 failed")) }
}

/// Inquiries about people whose keys lead to one unit, spread over the county.
fn people_with_one_unit(package: &Path, generation: &Generation) -> Result<Vec<Inquiry>, Box<dyn Error>> {
    let mut reader = generation.reader()?;
    let mut rows = csv::Reader::from_path(package.join("QLR.csv"))?;
    let headers = rows.headers()?.clone();
    let column = |name: &str| headers.iter().position(|known| known == name).ok_or("QLR.csv lacks a column");
    let (name, kind, number, holder) = (column("QLRMC")?, column("ZJZL")?, column("ZJH")?, column("QLRLX")?);
    let total = fs::metadata(package.join("QLR.csv"))?.len();
    let mut found = Vec::new();
    let mut next = 0;
    for row in rows.records() {
        let row = row?;
        let at = row.position().map_or(0, csv::Position::byte);
        if at < next || &row[holder] != "1" || &row[kind] != "1" || row[number].len() != 18 {
            continue;
        }
        let inquiry = inquiry(&row[name], "1", &row[number]);
        if reader.unit_ids(&inquiry.subject.search_keys())?.len() == 1 {
            found.push(inquiry);
            next = at + total / (SUBJECTS as u64 + 1);
        }
        if found.len() == SUBJECTS {
            break;
        }
    }
    Ok(found)
}

/// Measures inquiries beside opening the same sealed records by key.
fn lookup(what: &str, generation: &Generation, inquiries: &[Inquiry]) -> Result<(), Box<dyn Error>> {
    let mut reader = generation.reader()?;
    let mut ids = Vec::new();
    for inquiry in inquiries {
        ids.extend(reader.unit_ids(&inquiry.subject.search_keys())?);
    }
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut opened = 0;
        for id in &ids {
            opened += reader.open_record(*id)?.len();
        }
        floor.push(start.elapsed());
        assert!(opened > 0, "the floor opens records");
        let start = Instant::now();
        bytes = answer_all(&mut reader, generation, inquiries)?;
        own.push(start.elapsed());
    }
    let (own, floor) = (median(own), median(floor));
    let each = |whole: Duration| whole.as_secs_f64() * 1e6 / inquiries.len() as f64;
    println!(
        "{what:12} {:8.1} us  floor {:8.1} us  ratio {:.2}   {} inquiries, {} records, {} KiB of answers",
        each(own),
        each(floor),
        own.as_secs_f64() / floor.as_secs_f64(),
        inquiries.len(),
        ids.len(),
        bytes / 1024
    );
    Ok(())
}

fn answer_all(reader: &mut Reader, generation: &Generation, inquiries: &[Inquiry]) -> Result<usize, Box<dyn Error>> {
    let mut bytes = 0;
    for inquiry in inquiries {
        bytes += draft::answer_bytes(reader, generation.frame(), inquiry)?.len();
    }
    Ok(bytes)
}

fn median(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

fn inquiry(name: &str, kind: &str, number: &str) -> Inquiry {
    let text = str::to_owned;
    let draft = Draft {
        request_number: text("20260101990102000001"),
        court_name: text("测试法院"),
        court_code: text("测0000"),
        case_number: text("（2026）测0000执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("0"),
        handler_contact: text("0"),
        notice_number: text("（2026）房查字第1号"),
        subject_name: text(name),
        document_kind: text(kind),
        document_number: text(number),
        items: (1..=6).collect(),
        ..Draft::default()
    };
    draft.check(Door::Query).unwrap_or_else(|violations| unreachable!("the inquiry is whole: {violations:?}"))
}
