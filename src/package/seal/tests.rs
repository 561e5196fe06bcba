//! Whole folders, sealed and opened again.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Package, Terms, synthetic};
use super::*;
use crate::domain::generation::Signature;
use crate::domain::rows::{RowSource as _, Visited};
use crate::domain::tables::Table;
use crate::keys::note::Ed25519Signer;

const AS_OF: &str = "2026-11-23T06:00:00+08:00";

fn key() -> Ed25519Signer {
    Ed25519Signer::from_seed("test.example/990102/package", &[7; 32]).unwrap()
}

fn order<'a>(folder: &'a Path, bureau: &'a Bureau, signer: &'a Ed25519Signer) -> Order<'a> {
    Order {
        folder,
        authority_code: "990102",
        authority_name: "测试县不动产登记中心",
        as_of: AS_OF,
        expires: None,
        sequence: None,
        encoding: None,
        bureau,
        archive: None,
        signer,
    }
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn sealed(folder: &Path, bureau: &Bureau) -> Result<Sealed, SealError> {
    seal(&order(folder, bureau, &key()))
}

fn open(folder: &Path) -> Package {
    Package::open_verified(folder, Terms { keys: &[key().verifier()], unsigned: None, archive_bytes_max: 1 << 30 })
        .unwrap()
}

fn rows(package: &mut Package, table: Table) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut keep = |visited: Visited<'_>| match visited {
        Visited::Row(row) => rows.push(row.values.iter().map(|value| (*value).to_owned()).collect()),
        Visited::Unreadable { .. } => rows.push(Vec::new()),
    };
    package.visit(table, &mut keep).unwrap();
    rows
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_of_every_encoding_and_name_are_one_package() {
    let bureau = Bureau { files: vec![("客户_*.csv".to_owned(), "QLR".to_owned())], ..Bureau::default() };
    let folder = folder(&[
        ("客户_20260901.csv", &utf16("\u{feff}QLRMC,ZJH\r\n\"沈,测\r\n安\",1\r\n甲,2\r\n")),
        ("BDCDJ.FDCQ2_20260901.csv", &gb18030("BDCDYH,YWH,FDZL\n1,2,测试路1号\n")),
        ("ZRZ.csv", b"BDCDYH,ZRZH\n1,2\n"),
        ("h.CSV", "\u{feff}BDCDYH,ZL\n1,测试路\n".as_bytes()),
        ("JTCY.csv", b"YWH\n1\n"),
        ("readme.txt", b"x"),
        ("tables.toml", b""),
    ]);
    let report = sealed(folder.path(), &bureau).unwrap();
    assert!(report.name.starts_with("20261122220000-"), "{}", report.name);
    let told: Vec<_> = report.tables.iter().map(|one| (one.table, one.rows, one.encoding.name())).collect();
    let expected = [("ZRZ", 1, "utf-8"), ("H", 1, "utf-8"), ("FDCQ2", 1, "gb18030"), ("QLR", 2, "utf-16le")];
    assert_eq!(told, expected);
    assert_eq!((report.unneeded, report.others), (vec!["JTCY.csv".to_owned()], vec!["readme.txt".to_owned()]));

    let mut package = open(folder.path());
    assert!(matches!(package.facts().signature, Signature::By { .. }));
    let holders = rows(&mut package, Table::Qlr);
    let position = |column| Table::Qlr.position(column).unwrap();
    assert_eq!(holders[0][position("QLRMC")], "沈,测\r\n安");
    assert_eq!(rows(&mut package, Table::Fdcq2)[0][Table::Fdcq2.position("FDZL").unwrap()], "测试路1号");
    assert_eq!(rows(&mut package, Table::H)[0][Table::H.position("ZL").unwrap()], "测试路");
}

#[test]
fn what_the_manifest_says_of_words_is_kept_and_the_bureaus_file_goes_before() {
    let folder = folder(&[("QLR.csv", "姓名,证件号,QSZT\n甲,1,历史\n".as_bytes())]);
    let text = |text: &str| text.to_owned();
    let columns = |names: &[(&str, &str)]| {
        let names = names.iter().map(|(own, standard)| (text(own), text(standard))).collect();
        BTreeMap::from([(text("qlr"), names)])
    };
    let first = Bureau {
        columns: columns(&[("姓名", "QLRMC"), ("证件号", "ZJZL")]),
        none: vec![text("未办理")],
        accept: BTreeMap::from([(text("CFDJ"), text("on paper"))]),
        ..Bureau::default()
    };
    sealed(folder.path(), &first).unwrap();
    let codes = BTreeMap::from([(text("QSZT"), BTreeMap::from([(text("历史"), text("2"))]))]);
    let second = Bureau { columns: columns(&[("证件号", "ZJH")]), codes, ..Bureau::default() };
    let again = sealed(folder.path(), &second).unwrap();
    assert!(again.name.starts_with("20261122220001-"), "one more than before: {}", again.name);
    let facts = open(folder.path()).facts();
    assert_eq!(facts.mapped, ["QLR.姓名 = QLRMC", "QLR.证件号 = ZJH", "QSZT.历史 = 2", "未办理 = none"]);
    assert_eq!(facts.accepted[0].what, "CFDJ");

    let signer = key();
    let other = Order { authority_code: "990103", ..order(folder.path(), &second, &signer) };
    assert!(matches!(seal(&other), Err(SealError::OtherAuthority { found, .. }) if found == "990102"));
    let numbered = Order { sequence: Some(5), ..order(folder.path(), &second, &signer) };
    assert!(seal(&numbered).unwrap().name.starts_with("5-"));
    fs::write(folder.path().join(MANIFEST_FILE), "{").unwrap();
    assert!(matches!(sealed(folder.path(), &second), Err(SealError::OldManifest(_))));
}

#[test]
fn what_cannot_be_sealed_is_named_and_changes_nothing() {
    let refused = |files: &[(&str, &[u8])], bureau: &Bureau| {
        let folder = folder(files);
        let error = sealed(folder.path(), bureau).unwrap_err();
        assert!(!folder.path().join(MANIFEST_FILE).exists() && !folder.path().join(SIGNATURE_FILE).exists());
        error.to_string()
    };
    let none = Bureau::default();
    let qlr = ("QLR.csv", &b"QLRMC\n1\n"[..]);
    let cases = [
        (
            refused(&[qlr, ("QLR_xz.csv", b"QLRMC\n"), ("kehu.csv", b"")], &none),
            "which table `QLR_xz.csv` (`QLR`?), `kehu.csv` has",
        ),
        (
            refused(&[qlr, ("BDC.QLR_20260901.csv", b"QLRMC\n")], &none),
            "`BDC.QLR_20260901.csv` and `QLR.csv` are both table `QLR`",
        ),
        (refused(&[qlr, ("CFDJ.xlsx", b"")], &none), "`CFDJ.xlsx` has the name of table `CFDJ`, and is no `.csv`"),
        (refused(&[("notes.html", b"")], &none), "has no CSV file of a table"),
        (refused(&[("QLR.csv", b"QLRMC\n\xff\n")], &none), "line 2 is no UTF-8, and line 2 no GB 18030"),
        (refused(&[("QLR.csv", "QLRMC\nÄÖ\n".as_bytes())], &none), "it may be UTF-8 or GB 18030"),
        (refused(&[("QLR.csv", b"1,2\n")], &none), "names no column of table `QLR`"),
        (refused(&[("QLR.csv", b"QLRMC;ZJH\n")], &none), "parts its columns by semicolons"),
        (
            refused(&[qlr], &Bureau { files: vec![("a".to_owned(), "KEHU".to_owned())], ..Bureau::default() }),
            "gives `a` the table `KEHU`, which the standard does not have",
        ),
    ];
    for (told, expected) in cases {
        assert!(told.contains(expected), "{told}");
    }
    let broken = folder(&[qlr]);
    let signer = key();
    let order = Order { as_of: "today", ..order(broken.path(), &none, &signer) };
    assert!(matches!(seal(&order), Err(SealError::Manifest(ManifestError::Time { .. }))));
    std::os::unix::fs::symlink("QLR.csv", broken.path().join("CFDJ.csv")).unwrap();
    assert!(matches!(sealed(broken.path(), &none), Err(SealError::Link { file }) if file == "CFDJ.csv"));
}

#[test]
fn rows_that_cannot_be_read_are_counted_as_a_load_counts_them() {
    let folder = folder(&[("QLR.csv", "QLRMC,ZJH\n甲,1\n乙\n\n\"丙\n丁\",2\n".as_bytes())]);
    let report = sealed(folder.path(), &Bureau::default()).unwrap();
    let table = &report.tables[0];
    assert_eq!((table.rows, table.unreadable), (3, 1));
    assert!(matches!(&table.first_unreadable, Some((3, fault)) if fault.contains("1 fields where the header has 2")));
    assert_eq!(rows(&mut open(folder.path()), Table::Qlr).len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the size, the encodings and the names of the files: what is sealed opens, and every row is what it was.
    #[test]
    fn a_sealed_county_loads(units in 1_u64..60, seed in any::<u64>()) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("package");
        synthetic::generate(&dir, units).unwrap();
        let mut package = Package::open(&dir).unwrap();
        let before: Vec<_> = Table::ALL.into_iter().map(|table| rows(&mut package, table)).collect();
        for (at, table) in Table::ALL.into_iter().enumerate().filter(|(_, table)| package.row_count(*table).is_some()) {
            let file = dir.join(package.file_name(table));
            let text = fs::read_to_string(&file).unwrap();
            let (bytes, name) = match (seed >> (2 * at)) & 3 {
                0 => (gb18030(&text), format!("BDC.{}_20260901.csv", table.name())),
                1 => (utf16(&text), format!("990102-{}.CSV", table.name().to_lowercase())),
                2 => (format!("\u{feff}{}", text.trim_start_matches('\u{feff}')).into_bytes(), format!("{}.txt", table.name())),
                _ => (text.into_bytes(), format!("{}.csv", table.name())),
            };
            fs::remove_file(&file).unwrap();
            fs::write(dir.join(name), bytes).unwrap();
        }
        fs::remove_file(dir.join(MANIFEST_FILE)).unwrap();
        sealed(&dir, &Bureau::default()).unwrap();
        let mut package = open(&dir);
        for (table, before) in Table::ALL.into_iter().zip(&before) {
            prop_assert_eq!(&rows(&mut package, table), before, "{}", table.name());
        }
    }
}
