//! The search index against a model, against damage, and against a writer at work.

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use proptest::prelude::*;
use ring::{digest, hmac};

use super::*;

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
}

fn open(folder: &Path) -> Runs {
    Runs::open(folder, &key(), Mode::ReadWrite).unwrap()
}

/// A tag as keyed digests give it: uniform.
fn tag(number: u64) -> Tag {
    digest::digest(&digest::SHA256, &number.to_be_bytes()).as_ref()[..16].try_into().unwrap()
}

/// Adds entries up to `end`, each with a tag of its own, one that all have, and one that every third has.
fn add_plain(runs: &Runs, end: u64) -> Result<(), RunsError> {
    let first = runs.through();
    let mut records = Vec::new();
    for entry in first..end {
        let tags = [tag(1_000_000 + entry), tag(1), tag(2 + entry % 3)];
        records.extend(tags.map(|tag| Record { tag, entry }));
    }
    runs.add(first, end, &mut records)
}

fn found(runs: &Runs, tag: &Tag) -> Vec<u64> {
    let mut found = Vec::new();
    runs.find(tag, &mut found).unwrap();
    found
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_cannot_be_written_is_told_in_the_same_words_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let runs = open(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    let told = || crate::ledger::news::chain(&add_plain(&runs, 4).unwrap_err());
    let first = told();
    assert!(first.starts_with("cannot write a run of the search index: "), "{first}");
    assert_eq!(told(), first);
}

/// A folder with the runs `0-16` and `16-20`.
fn two_runs() -> (tempfile::TempDir, [PathBuf; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let runs = open(folder.path());
    add_plain(&runs, 16).unwrap();
    add_plain(&runs, 20).unwrap();
    assert_eq!(files(folder.path()), ["0-16.run", "16-20.run"]);
    let paths = ["0-16.run", "16-20.run"].map(|name| folder.path().join(name));
    (folder, paths)
}

/// Changes a file's bytes in place, whatever its rights.
fn alter(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn damage(error: RunsError) -> (String, Fault) {
    match error {
        RunsError::Damaged { entries, fault } => (entries.to_string(), fault),
        other => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is added in whatever portions is found, before and after the folder is opened again.
    #[test]
    fn what_was_added_is_found(
        portions in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(0..12_u64, 0..5), 1..90),
            1..12,
        ),
        reopen_after in 0..12_usize,
        from in 0..400_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut runs = open(folder.path());
        let mut model: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (number, portion) in portions.iter().enumerate() {
            let first = runs.through();
            let mut records = Vec::new();
            for (entry, tags) in (first..).zip(portion) {
                for &number in tags {
                    records.push(Record { tag: tag(number), entry });
                    let entries = model.entry(number).or_default();
                    if entries.last() != Some(&entry) {
                        entries.push(entry);
                    }
                }
            }
            records.reverse();
            let end = first + portion.len() as u64;
            runs.add(first, end, &mut records).unwrap();
            prop_assert!(records.is_empty());
            prop_assert_eq!(runs.through(), end);
            if number == reopen_after {
                runs = open(folder.path());
            }
        }
        let reader = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
        prop_assert_eq!(reader.summary(), runs.summary());
        for number in 0..13 {
            let expected = model.get(&number).cloned().unwrap_or_default();
            prop_assert_eq!(&found(&runs, &tag(number)), &expected);
            prop_assert_eq!(&found(&reader, &tag(number)), &expected);
            let mut some = Vec::new();
            let mut each = |entry| {
                some.push(entry);
                if some.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            runs.find_each(&tag(number), from, &mut each).unwrap();
            let expected: Vec<u64> = expected.into_iter().filter(|entry| *entry >= from).take(3).collect();
            prop_assert_eq!(some, expected);
        }
        let summary = runs.verify(&mut |_| {}).unwrap();
        prop_assert_eq!(summary.record_count, model.values().map(|entries| entries.len() as u64).sum::<u64>());
        prop_assert_eq!(summary.entry_count, runs.through());
    }

    /// However runs lie, merging ends with tiers that fall from left to right.
    #[test]
    fn merging_leaves_falling_tiers(counts in proptest::collection::vec(1..5000_u64, 0..20)) {
        let mut runs: Vec<Entries> = Vec::new();
        for count in counts {
            let first = runs.last().map_or(0, |run| run.end());
            runs.push(Entries::new(first, first + count).unwrap());
        }
        let end = runs.last().copied().map(Entries::end);
        while let Some((parts, merged)) = next_merge(&runs) {
            prop_assert!(parts.len() > 1 && merged.first() == runs[parts.start].first());
            runs.splice(parts, [merged]);
        }
        prop_assert!(runs.windows(2).all(|pair| pair[0].tier() > pair[1].tier() && pair[0].end() == pair[1].first()));
        prop_assert_eq!(runs.last().copied().map(Entries::end), end);
    }
}

#[test]
fn single_entries_do_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    let runs = open(folder.path());
    for end in 1..=70 {
        add_plain(&runs, end).unwrap();
        assert!(runs.summary().file_count <= 4);
    }
    assert_eq!(files(folder.path()).len() as u64, runs.summary().file_count);
    assert_eq!(found(&runs, &tag(1)), (0..70).collect::<Vec<_>>());
}

#[test]
fn two_million_records_answer() {
    // One tag that half of all records have, one of every thousandth, and a million of their own.
    const ENTRIES: u64 = 1_000_000;
    let own = |entry: u64| {
        // A cheap mixer in place of a digest.
        let mut number = (entry + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut tag = [0; 16];
        tag[..8].copy_from_slice(&(number ^ number >> 27).to_be_bytes());
        tag
    };
    let folder = tempfile::tempdir().unwrap();
    let runs = open(folder.path());
    let mut records = Vec::with_capacity(2 * 1_000_000);
    for entry in 0..ENTRIES {
        records.push(Record { tag: own(entry), entry });
        records.push(Record { tag: if entry % 1000 == 0 { tag(2) } else { tag(1) }, entry });
    }
    runs.add(0, ENTRIES, &mut records).unwrap();
    assert_eq!(runs.summary().record_count, 2 * ENTRIES);
    for entry in (0..ENTRIES).step_by(499).chain([ENTRIES - 1]) {
        assert_eq!(found(&runs, &own(entry)), [entry]);
        assert!(found(&runs, &own(ENTRIES + entry)).is_empty());
    }
    for edge in [[0; 16], [255; 16]] {
        assert!(found(&runs, &edge).is_empty());
    }
    assert!(found(&runs, &tag(2)).into_iter().eq((0..ENTRIES).step_by(1000)));
    assert!(found(&runs, &tag(1)).into_iter().eq((0..ENTRIES).filter(|entry| entry % 1000 != 0)));
    for from in [0, 1, 77_777, ENTRIES / 2 + 1, ENTRIES - 1] {
        let mut next = None;
        let mut each = |entry| {
            next = Some(entry);
            ControlFlow::Break(())
        };
        runs.find_each(&tag(1), from, &mut each).unwrap();
        assert_eq!(next, Some(if from % 1000 == 0 { from + 1 } else { from }));
    }
    let mut bytes = 0;
    let summary = runs.verify(&mut |read| bytes += read).unwrap();
    assert_eq!(bytes, summary.record_bytes);
}

#[test]
fn a_damaged_file_is_left_out_and_a_writer_removes_it_and_all_after() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(Change, Fault); 7] = [
        (|bytes| bytes[40] ^= 1, Fault::Header),
        (|bytes| bytes.truncate(100), Fault::Header),
        (Vec::clear, Fault::Header),
        (|bytes| bytes.truncate(bytes.len() - 1), Fault::Length),
        (|bytes| bytes.push(0), Fault::Length),
        (|bytes| *bytes.last_mut().unwrap() ^= 1, Fault::Fence),
        (|bytes| bytes[..4096].fill(0), Fault::Header),
    ];
    for (change, fault) in changes {
        let (folder, [left, right]) = two_runs();
        alter(&left, change);
        let told =
            |runs: &Runs| -> Vec<_> { runs.left_out().iter().map(|it| (it.entries.to_string(), it.fault)).collect() };
        let expected = [("0-16".to_owned(), fault), ("16-20".to_owned(), Fault::Gap)];
        let reader = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
        assert_eq!((reader.through(), told(&reader)), (0, expected.to_vec()));
        assert!(left.exists() && right.exists(), "a reader removes nothing");
        let writer = open(folder.path());
        assert_eq!((writer.through(), told(&writer)), (0, expected.to_vec()));
        assert!(files(folder.path()).is_empty());
        add_plain(&writer, 20).unwrap();
        assert_eq!(found(&writer, &tag(1)).len(), 20);
    }
}

#[test]
fn a_file_under_another_name_or_key_is_left_out() {
    let (folder, [left, right]) = two_runs();
    fs::rename(&right, folder.path().join("16-24.run")).unwrap();
    let runs = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
    assert_eq!((runs.through(), runs.left_out()[0].fault), (16, Fault::Name));
    let other = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
    let runs = Runs::open(folder.path(), &other, Mode::ReadOnly).unwrap();
    assert_eq!((runs.through(), runs.left_out()[0].fault), (0, Fault::Header));
    assert!(left.exists());
}

#[test]
fn a_gap_ends_what_is_covered() {
    let (folder, [left, _]) = two_runs();
    fs::remove_file(left).unwrap();
    let runs = open(folder.path());
    assert_eq!(runs.through(), 0);
    assert_eq!(runs.left_out()[0].fault, Fault::Gap);
    assert!(files(folder.path()).is_empty());
    assert!(matches!(runs.add(1, 2, &mut Vec::new()), Err(RunsError::NotNext { first: 1, through: 0 })));
}

#[test]
fn a_flipped_bit_in_the_records_is_found_by_verify_and_never_merged() {
    let (folder, [_, right]) = two_runs();
    for at in [4096, 4096 + 9, 4096 + 15, 4096 + 16 * 11 + 3] {
        let whole = fs::read(&right).unwrap();
        alter(&right, |bytes| bytes[at] ^= 1);
        let runs = open(folder.path());
        assert_eq!((runs.through(), runs.left_out().len()), (20, 0), "opening does not read records");
        assert_eq!(damage(runs.verify(&mut |_| {}).unwrap_err()).0, "16-20");
        alter(&right, |bytes| *bytes = whole);
    }
    // The last byte of the last tag: order and range stay right, and only the digest is wrong.
    alter(&right, |bytes| bytes[4096 + 16 * 11 + 9] ^= 1);
    let runs = open(folder.path());
    assert_eq!(damage(runs.verify(&mut |_| {}).unwrap_err()).1, Fault::Body);
    assert_eq!(damage(add_plain(&runs, 24).unwrap_err()).0, "16-20");
    assert_eq!(runs.through(), 24, "the entries are covered, though not merged");
    assert_eq!(damage(add_plain(&runs, 25).unwrap_err()).0, "16-20");
    assert_eq!(files(folder.path()), ["0-16.run", "16-20.run", "20-24.run", "24-25.run"]);
    runs.forget_from(16).unwrap();
    assert_eq!(files(folder.path()), ["0-16.run"]);
    add_plain(&runs, 25).unwrap();
    runs.verify(&mut |_| {}).unwrap();
    assert_eq!(found(&runs, &tag(1)), (0..25).collect::<Vec<_>>());
}

#[test]
fn searches_in_damaged_records_end() {
    let folder = tempfile::tempdir().unwrap();
    add_plain(&open(folder.path()), 5000).unwrap();
    let path = folder.path().join("0-5000.run");
    for seed in 0..20 {
        alter(&path, |bytes| {
            for (at, chunk) in (0_u64..).zip(bytes[4096..4096 + 15_000 * 16].chunks_exact_mut(16)) {
                chunk.copy_from_slice(&tag(seed * 1_000_000 + at));
            }
        });
        let runs = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
        for number in 0..200 {
            // An answer or an error; both are fine, and neither is a panic or an endless loop.
            drop(runs.find(&tag(number), &mut Vec::new()));
        }
        assert_eq!(damage(runs.verify(&mut |_| {}).unwrap_err()).0, "0-5000");
    }
}

#[test]
fn a_file_that_shrinks_while_open_is_damage() {
    let (folder, [left, _]) = two_runs();
    let runs = open(folder.path());
    let mut rights = fs::metadata(&left).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o600);
    fs::set_permissions(&left, rights).unwrap();
    fs::File::options().write(true).open(&left).unwrap().set_len(4096).unwrap();
    assert_eq!(damage(runs.find(&tag(1), &mut Vec::new()).unwrap_err()), ("0-16".to_owned(), Fault::Length));
    assert_eq!(damage(runs.verify(&mut |_| {}).unwrap_err()), ("0-16".to_owned(), Fault::Length));
}

#[test]
fn what_a_crash_leaves_is_removed_by_the_next_writer_alone() {
    let (folder, [left, right]) = two_runs();
    let parts = [fs::read(&left).unwrap(), fs::read(&right).unwrap()];
    // Entries 20 to 32 make the last run of the first one's tier, so all become one.
    add_plain(&open(folder.path()), 32).unwrap();
    assert_eq!(files(folder.path()), ["0-32.run"]);
    fs::write(&left, &parts[0]).unwrap();
    fs::write(&right, &parts[1]).unwrap();
    fs::write(folder.path().join(".building-x"), "half").unwrap();
    fs::write(folder.path().join("README"), "not ours").unwrap();
    let reader = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
    assert_eq!((reader.through(), reader.summary().file_count, reader.left_out()), (32, 1, &[][..]));
    assert_eq!(files(folder.path()).len(), 5);
    let writer = open(folder.path());
    assert_eq!((writer.through(), writer.left_out()), (32, &[][..]));
    assert_eq!(files(folder.path()), ["0-32.run", "README"]);
    assert_eq!(found(&writer, &tag(1)), (0..32).collect::<Vec<_>>());
}

#[test]
fn parts_serve_where_what_they_were_merged_to_is_damaged() {
    let (folder, _) = two_runs();
    fs::write(folder.path().join("0-20.run"), "nonsense").unwrap();
    let runs = open(folder.path());
    assert_eq!((runs.through(), runs.left_out()), (20, &[][..]));
    assert_eq!(files(folder.path()), ["0-16.run", "16-20.run"]);
}

#[test]
fn a_call_that_makes_no_sense_changes_nothing() {
    let (folder, _) = two_runs();
    let runs = open(folder.path());
    let mut stray = vec![Record { tag: tag(1), entry: 22 }];
    assert!(matches!(runs.add(20, 22, &mut stray), Err(RunsError::Stray { entry: 22, .. })));
    assert_eq!(stray.len(), 1);
    assert!(matches!(runs.add(20, 20, &mut Vec::new()), Err(RunsError::Range { .. })));
    assert!(matches!(runs.add(20, ENTRIES_MAX + 1, &mut Vec::new()), Err(RunsError::Range { .. })));
    assert!(matches!(runs.add(16, 22, &mut Vec::new()), Err(RunsError::NotNext { first: 16, through: 20 })));
    let reader = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
    assert!(matches!(reader.add(20, 21, &mut Vec::new()), Err(RunsError::ReadOnly)));
    assert!(matches!(reader.forget_from(0), Err(RunsError::ReadOnly)));
    assert_eq!(files(folder.path()), ["0-16.run", "16-20.run"]);
}

#[test]
fn a_failed_write_covers_nothing_and_keeps_the_records() {
    let (folder, _) = two_runs();
    let runs = open(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    let mut records = vec![Record { tag: tag(1), entry: 20 }];
    assert!(matches!(runs.add(20, 21, &mut records), Err(RunsError::Disk { .. })));
    assert_eq!((runs.through(), records.len()), (20, 1));
    assert!(matches!(runs.forget_from(0), Err(RunsError::Disk { .. })));
    assert_eq!(runs.through(), 20);
    assert_eq!(found(&runs, &tag(1)).len(), 20, "what is open is searched on");
}

#[test]
fn a_reader_of_no_folder_sees_nothing_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("runs");
    let reader = Runs::open(&absent, &key(), Mode::ReadOnly).unwrap();
    assert_eq!((reader.through(), found(&reader, &tag(1))), (0, Vec::new()));
    assert!(!absent.exists());
    let writer = open(&absent);
    writer.add(0, 3, &mut Vec::new()).unwrap();
    assert_eq!((writer.through(), found(&writer, &tag(1))), (3, Vec::new()));
    assert_eq!(writer.verify(&mut |_| {}).unwrap().record_count, 0);
}

#[test]
fn a_whole_run_is_forgotten_where_an_entry_in_it_is() {
    for (entry, through) in [(0, 0), (15, 0), (16, 16), (19, 16), (20, 20), (u64::MAX, 20)] {
        let (folder, _) = two_runs();
        let runs = open(folder.path());
        runs.forget_from(entry).unwrap();
        assert_eq!(runs.through(), through);
        assert_eq!(open(folder.path()).through(), through);
    }
}

#[test]
fn readers_see_whole_answers_while_runs_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path());
    let is_done = AtomicBool::new(false);
    let check = |runs: &Runs| {
        // What was covered before the search is found by it, without a hole.
        let through = runs.through();
        let entries = found(runs, &tag(1));
        assert!(entries.len() as u64 >= through);
        assert!(entries.iter().copied().eq(0..entries.len() as u64));
    };
    thread::scope(|scope| {
        let shared = scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                check(&writer);
            }
        });
        let opening = scope.spawn(|| {
            let mut seen = 0;
            while !is_done.load(Ordering::Relaxed) {
                let before = writer.through();
                let reader = Runs::open(folder.path(), &key(), Mode::ReadOnly).unwrap();
                assert!(reader.left_out().is_empty() && reader.through() >= before.max(seen));
                seen = reader.through();
                check(&reader);
            }
        });
        for end in 1..=100 {
            add_plain(&writer, end).unwrap();
        }
        is_done.store(true, Ordering::Relaxed);
        shared.join().unwrap();
        opening.join().unwrap();
    });
    assert_eq!(found(&writer, &tag(1)).len(), 100);
}
