//! A generation's file damaged in every way that a disk or a hand may: a right answer or an error, never a short one.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::*;
use crate::domain::matching::{Registered, index_keys};

const PAGE: usize = 8192;

/// How many units each holder has; the larger ones lie over many blocks of the index.
const HOLDERS: [usize; 5] = [1, 2, 9, 300, 5_000];

/// Damages in the suite, in turn of every table and kind; the variable `BDCD_DAMAGES` gives another number.
const DAMAGES: usize = 200;

const KINDS: [&str; 6] = ["bit", "byte", "zeroed page", "exchanged pages", "page of another generation", "file cut"];

/// A generation with holders of one to thousands of units, and what a whole file answers about each.
struct Whole {
    folder: tempfile::TempDir,
    mirror: Mirror,
    bytes: Vec<u8>,
    other: Vec<u8>,
    expected: Vec<(Vec<String>, Vec<Vec<u8>>)>,
}

fn holders() -> Package {
    let mut package = Package::default();
    let mut number = 0_u32;
    for (holder, units) in HOLDERS.into_iter().enumerate() {
        for _ in 0..units {
            number += 1;
            let unit = format!("990101001001GB{:05}F{:04}0001", number / 9_000 + 1, number % 9_000);
            package = package
                .row(Table::Fdcq2, &format!("BDCDYH={unit}; YWH=Y{number}; BDCQZH=C{number}; QSZT=1; DJSJ=2020/2/11"))
                .row(Table::Qlr, &format!("BDCDYH={unit}; YWH=Y{number}; SXH=1; QLRMC=试验公司{holder}"));
        }
    }
    package
}

impl Whole {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]));
        let mut package = holders();
        for sequence in [1, 2] {
            package.load_into(&mirror, sequence).unwrap();
            let file = Self::place(folder.path(), sequence);
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        }
        let read = |sequence| fs::read(Self::place(folder.path(), sequence)).unwrap();
        let (bytes, other) = (read(1), read(2));
        let mut keys = BTreeMap::<String, Vec<String>>::new();
        for unit in all_units(&mirror, "1-abcdef01") {
            for party in unit.registrations.iter().flat_map(|one| &one.parties) {
                let name = party.values.get(tag::PARTY_NAME).to_owned();
                keys.entry(name).or_insert_with(|| index_keys(Registered::of(party)).into_iter().collect());
            }
        }
        let generation = mirror.open("1-abcdef01").unwrap();
        let mut reader = generation.reader().unwrap();
        let expected: Vec<_> = keys
            .into_values()
            .chain([vec!["nobody".to_owned()]])
            .map(|keys| {
                let records = reader.records(&keys).unwrap();
                (keys, records)
            })
            .collect();
        let counts: Vec<_> = expected.iter().map(|(_, records)| records.len()).collect();
        assert_eq!(counts, [&HOLDERS[..], &[0]].concat());
        Self { folder, mirror, bytes, other, expected }
    }

    fn place(folder: &Path, sequence: u64) -> PathBuf {
        folder.join(format!("generations/{sequence}-abcdef01/mirror.db"))
    }

    fn file(&self) -> File {
        OpenOptions::new().write(true).open(Self::place(self.folder.path(), 1)).unwrap()
    }

    /// Asks about every holder: how many were answered, and how many with an error. A wrong answer is a panic.
    fn ask(&self, told: &str) -> [usize; 2] {
        let Ok(generation) = self.mirror.open("1-abcdef01") else { return [0, self.expected.len()] };
        assert_eq!(generation.facts(), &facts(1), "{told}");
        let Ok(mut reader) = generation.reader() else { return [0, self.expected.len()] };
        let mut counts = [0, 0];
        for (keys, expected) in &self.expected {
            match reader.records(keys) {
                Ok(records) => {
                    assert_eq!(records.len(), expected.len(), "a short answer: {told}");
                    assert!(records == *expected, "a wrong answer: {told}");
                    counts[0] += 1;
                }
                Err(_) => counts[1] += 1,
            }
            // By number: what is there is found, or it is an error.
            let first = expected.first().map(|record| codec::read_unit(record).unwrap().number);
            if let Some(number) = first
                && let Ok(located) = reader.locate(&number)
            {
                assert_eq!(located.len(), 1, "nothing at a unit number: {told}");
            }
        }
        counts
    }
}

/// The pages of every table and index, walked from their roots.
fn pages(bytes: &[u8], file: &Path) -> BTreeMap<String, Vec<usize>> {
    let connection = Connection::open(file).unwrap();
    let mut statement = connection.prepare("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0").unwrap();
    let roots = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)? as usize))).unwrap();
    let mut found = BTreeMap::from([("sqlite_master".to_owned(), vec![0])]);
    for (name, root) in roots.map(Result::unwrap) {
        let (mut waiting, mut pages) = (vec![root - 1], Vec::new());
        while let Some(page) = waiting.pop() {
            pages.push(page);
            let bytes = &bytes[page * PAGE..][..PAGE];
            // 2 and 5 are the inner pages of an index and of a table: each cell begins with a child, the header ends with one.
            if matches!(bytes[0], 2 | 5) {
                let child = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize - 1;
                let cells = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
                waiting.push(child(8));
                let cell = |at| usize::from(u16::from_be_bytes([bytes[12 + 2 * at], bytes[13 + 2 * at]]));
                waiting.extend((0..cells).map(|at| child(cell(at))));
            }
        }
        found.insert(name, pages);
    }
    found
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

#[test]
fn a_damaged_file_gives_a_right_answer_or_an_error_and_never_a_short_one() {
    let whole = Whole::new();
    let path = Whole::place(whole.folder.path(), 1);
    let tables: Vec<_> = pages(&whole.bytes, &path).into_iter().collect();
    let rounds = std::env::var("BDCD_DAMAGES").map_or(DAMAGES, |number| number.parse().unwrap());
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut counts = BTreeMap::<(&str, &str), [usize; 3]>::new();
    for number in 0..rounds {
        let (table, pages) = &tables[number / KINDS.len() % tables.len()];
        let kind = KINDS[number % KINDS.len()];
        let page = pages[numbers.below(pages.len())];
        let (at, file) = (page * PAGE, whole.file());
        let mut damaged = whole.bytes[at..at + PAGE].to_vec();
        let place = numbers.below(PAGE);
        let mut exchanged = None;
        match kind {
            "bit" => damaged[place] ^= 1 << numbers.below(8),
            "byte" => damaged[place] ^= u8::try_from(1 + numbers.below(255)).unwrap(),
            "zeroed page" => damaged.fill(0),
            "exchanged pages" => {
                let other = pages[numbers.below(pages.len())] * PAGE;
                file.write_all_at(&damaged, other as u64).unwrap();
                damaged.copy_from_slice(&whole.bytes[other..other + PAGE]);
                exchanged = Some(other);
            }
            "page of another generation" => {
                // The two files may differ in length by a page; a page that the other lacks is damaged by its last one.
                let from = at.min(whole.other.len() - PAGE);
                damaged.copy_from_slice(&whole.other[from..from + PAGE]);
            }
            _ => file.set_len((at + place) as u64).unwrap(),
        }
        if kind != "file cut" {
            file.write_all_at(&damaged, at as u64).unwrap();
        }
        let [answered, errors] = whole.ask(&format!("damage {number}: {kind}, {table}, page {page}, byte {place}"));
        let count = counts.entry((table, kind)).or_default();
        *count = [count[0] + 1, count[1] + answered, count[2] + errors];
        if kind == "file cut" {
            file.write_all_at(&whole.bytes[at..], at as u64).unwrap();
        }
        for at in [Some(at), exchanged].into_iter().flatten() {
            file.write_all_at(&whole.bytes[at..at + PAGE], at as u64).unwrap();
        }
    }
    for ((table, kind), [rounds, answered, errors]) in &counts {
        println!("{table:14} {kind:26} {rounds:5} damages {answered:6} right answers {errors:6} errors");
    }
    assert_eq!(whole.ask("whole again"), [HOLDERS.len() + 1, 0]);
    let errors: usize = counts.values().map(|count| count[2]).sum();
    assert!(errors > 0, "the damages reach what is read");
}

#[test]
fn a_file_cut_short_under_a_reader_is_an_error() {
    let whole = Whole::new();
    let generation = whole.mirror.open("1-abcdef01").unwrap();
    let mut reader = generation.reader().unwrap();
    let (keys, records) = &whole.expected[4];
    whole.file().set_len(PAGE as u64).unwrap();
    assert_eq!(records.len(), 5_000);
    assert!(reader.records(keys).is_err(), "and no SIGBUS");
}

#[test]
fn a_file_of_another_generation_is_refused_by_its_name() {
    let whole = Whole::new();
    fs::copy(Whole::place(whole.folder.path(), 2), Whole::place(whole.folder.path(), 1)).unwrap();
    assert!(matches!(whole.mirror.open("1-abcdef01"), Err(OpenError::OtherName { .. })));
}
