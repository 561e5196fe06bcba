//! Every way in which a file is refused, and every form in which it is read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::super::{Encoding, MANIFEST_FILE, Package, PackageError, hex};
use super::*;
use crate::domain::tables::RowSource as _;

/// A package with one table, as these bytes.
struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    fn new(encoding: Encoding, bytes: &[u8], rows: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("QLR.csv"), bytes).unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        write_manifest(dir.path(), encoding, rows, &hex(digest.as_ref()));
        Self { dir }
    }

    fn utf8(text: &str, rows: u64) -> Self {
        Self::new(Encoding::Utf8, text.as_bytes(), rows)
    }

    fn rows(&self) -> Result<Vec<(u64, [String; 3])>, ReadError> {
        let mut package = Package::open(self.dir.path()).unwrap();
        let mut rows = Vec::new();
        package.visit(Table::Qlr, &mut |visited| {
            let Visited::Row(row) = visited else { return };
            rows.push((row.line, ["QLRMC", "ZJH", "BZ"].map(|column| row.get(column).to_owned())));
        })?;
        Ok(rows)
    }

    fn refused(&self) -> String {
        self.rows().unwrap_err().to_string()
    }
}

fn write_manifest(dir: &Path, encoding: Encoding, rows: u64, digest: &str) {
    let manifest = serde_json::json!({
        "format": 1, "kind": "full", "sequence": 412,
        "authority": { "code": "990102", "name": "测试县不动产登记中心" },
        "as_of": "2026-11-23T06:00:00+08:00", "encoding": encoding.name(),
        "tables": [{ "name": "QLR", "file": "QLR.csv", "rows": rows, "sha256": digest }],
    });
    fs::write(dir.join(MANIFEST_FILE), manifest.to_string()).unwrap();
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn every_table_fits_a_row() {
    assert!(Table::ALL.iter().all(|table| table.columns().len() <= COLUMNS_MAX));
}

#[test]
fn columns_come_in_any_order_and_case_with_others_beside_them() {
    let fixture = Fixture::utf8("zjh, BSM ,qlrmc,备注\n1,x,甲,y\n\n2,,乙,\n", 2);
    let values = |line, name: &str, number: &str| (line, [name.to_owned(), number.to_owned(), String::new()]);
    assert_eq!(fixture.rows().unwrap(), [values(2, "甲", "1"), values(4, "乙", "2")]);

    let mut package = Package::open(fixture.dir.path()).unwrap();
    package.visit(Table::Qlr, &mut |_| {}).unwrap();
    assert_eq!(package.columns_ignored(Table::Qlr), ["BSM", "column 4"]);
    assert_eq!(package.columns_absent(Table::Qlr)[..3], ["BDCDYH", "SXH", "BDCQZH"]);
    assert_eq!(package.columns_absent(Table::H), [""; 0]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_header() {
    let text = "\u{feff}QLRMC,ZJH,BZ\r\n甲,1,\u{feff}\r\n";
    let expected = [(2, ["甲", "1", "\u{feff}"].map(str::to_owned))];
    assert_eq!(Fixture::utf8(text, 1).rows().unwrap(), expected);
    assert_eq!(Fixture::new(Encoding::Gb18030, &gb18030(text), 1).rows().unwrap(), expected);
}

#[test]
fn quoting_line_endings_and_control_characters_are_kept() {
    let fixture = Fixture::utf8(
        "\"QLRMC\",ZJH,BZ\r\n\"甲,\"\"乙\"\"\",1,\"一\r\n二\n\"\r\n 丙\t,\0\u{1},\u{3000}\r\n\"\",\"\"\"\",x",
        3,
    );
    let rows = fixture.rows().unwrap();
    assert_eq!(rows[0], (2, ["甲,\"乙\"", "1", "一\r\n二\n"].map(str::to_owned)));
    assert_eq!(rows[1], (5, [" 丙\t", "\0\u{1}", "\u{3000}"].map(str::to_owned)));
    assert_eq!(rows[2], (6, ["", "\"", "x"].map(str::to_owned)));
}

#[test]
fn gb18030_reads_two_and_four_byte_characters() {
    // 丂 ends in the byte of `@`, 乗 in that of `\`; 㐀 and 𠮷 take four bytes, the second beyond the BMP.
    let text = "QLRMC,ZJH,BZ\n丂乗,㐀,\"𠮷,€\"\n";
    let fixture = Fixture::new(Encoding::Gb18030, &gb18030(text), 1);
    assert_eq!(fixture.rows().unwrap(), [(2, ["丂乗", "㐀", "𠮷,€"].map(str::to_owned))]);
}

#[test]
fn a_long_file_reads_across_pieces_in_either_encoding() {
    let mut text = String::from("QLRMC,ZJH,BZ\r\n");
    for at in 0..40_000 {
        write!(text, "欧阳𠮷{at},{at},\"注\"\"{at}\r\n\"\r\n").unwrap();
    }
    for fixture in [Fixture::utf8(&text, 40_000), Fixture::new(Encoding::Gb18030, &gb18030(&text), 40_000)] {
        let rows = fixture.rows().unwrap();
        assert_eq!(rows.len(), 40_000);
        for (at, (line, values)) in rows.iter().enumerate() {
            assert_eq!(*line, 2 + 2 * at as u64);
            assert_eq!(*values, [format!("欧阳𠮷{at}"), at.to_string(), format!("注\"{at}\r\n")]);
        }
    }
}

#[test]
fn a_table_may_be_visited_again_and_one_that_is_absent_has_no_rows() {
    let fixture = Fixture::utf8("QLRMC\n甲\n", 1);
    let mut package = Package::open(fixture.dir.path()).unwrap();
    for _ in 0..2 {
        let mut count = 0;
        package.visit(Table::Qlr, &mut |_| count += 1).unwrap();
        assert_eq!(count, 1);
    }
    assert_eq!(package.row_count(Table::H), None);
    package.visit(Table::H, &mut |_| unreachable!("the package has no such table")).unwrap();
}

#[test]
fn headers_are_refused_without_repeating_what_may_be_a_row() {
    assert_eq!(
        Fixture::utf8("", 0).refused(),
        "`QLR.csv` is empty; its first line must name the columns of table `QLR`"
    );
    assert_eq!(
        Fixture::utf8("甲,990101194913310027\n", 0).refused(),
        "`QLR.csv` line 1 names no column of table `QLR`; export with a header, or correct the table's name"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH,zjh\n", 0).refused(),
        "`QLR.csv` line 1 names column `ZJH` a second time; export each column once"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,甲,ZJH,甲\n", 0).refused(),
        "`QLR.csv` line 1 names column 4 a second time; export each column once"
    );
}

#[test]
fn rows_are_refused_by_line() {
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH\n\"甲\n\",1\n乙,2,3\n", 2).refused(),
        "`QLR.csv` line 4 has 3 fields, its header has 2; quote fields that hold commas"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH\n甲\n", 1).refused(),
        "`QLR.csv` line 2 has 1 fields, its header has 2; quote fields that hold commas"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH\n甲,1\n乙,\"2\n丙,3\n", 3).refused(),
        "`QLR.csv` line 3, column `ZJH`, opens a quote that is never closed: the file is cut short, or a quote is \
         not doubled; export it again"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,X,ZJH\n甲,\"1\"2,\n", 1).refused(),
        "`QLR.csv` line 2, column 2, has text after its closing quote; double the quotes inside quoted fields"
    );
}

#[test]
fn a_quote_that_is_never_closed_does_not_take_in_the_whole_file() {
    let mut text = String::from("QLRMC,ZJH\n甲,\"1\n");
    text.push_str(&"乙,2\n".repeat(ROW_BYTES_MAX / 4));
    assert_eq!(
        Fixture::utf8(&text, 1).refused(),
        "`QLR.csv` line 2 is longer than 4194304 bytes; is a quote not closed?"
    );
}

#[test]
fn undecodable_bytes_are_refused_in_any_column() {
    let utf8 = |bytes: &[u8]| Fixture::new(Encoding::Utf8, bytes, 1).refused();
    assert_eq!(
        utf8(b"QLRMC,X\na,b\n\xd5\xc5,1\n"),
        "`QLR.csv` line 3, column `QLRMC`, is not valid `utf-8`, which the manifest says; correct the value or the \
         manifest"
    );
    assert!(utf8(b"QLRMC,X\na,\xe5\xbc").contains("line 2, column 2, is not valid `utf-8`"));
    assert!(utf8(b"QLRMC,\xff\n").contains("line 1, column 2, is not valid `utf-8`"));
    let gb18030 = |bytes: &[u8]| Fixture::new(Encoding::Gb18030, bytes, 1).refused();
    assert!(gb18030(b"QLRMC,ZJH\n\xb0\xa1,\"1\x81\"\n").contains("line 2, column `ZJH`, is not valid `gb18030`"));
    assert!(gb18030(b"QLRMC,ZJH\n\xb0\xa1\xff,1\n").contains("line 2, column `QLRMC`, is not valid `gb18030`"));
}

#[test]
fn a_file_cut_short_is_refused_wherever_it_is_cut() {
    let text = "QLRMC,ZJH\n甲,\"1,2\"\n乙,3\n";
    let fixture = Fixture::utf8(text, 2);
    assert_eq!(fixture.rows().unwrap().len(), 2);
    for length in 0..text.len() {
        fs::write(fixture.dir.path().join("QLR.csv"), &text.as_bytes()[..length]).unwrap();
        assert!(fixture.rows().is_err(), "{length} bytes pass for the whole");
    }
}

#[test]
fn the_manifest_is_held_to() {
    let fixture = Fixture::utf8("QLRMC\n甲\n", 3);
    let name = Package::open(fixture.dir.path()).unwrap().name();
    assert!(name.starts_with("412-") && name.len() == 12);
    assert_eq!(
        fixture.refused(),
        format!("package `{name}` has 1 rows in `QLR.csv`, its manifest says 3; copy the package again")
    );

    let fixture = Fixture::utf8("QLRMC\n甲\n", 1);
    let name = Package::open(fixture.dir.path()).unwrap().name();
    fs::write(fixture.dir.path().join("QLR.csv"), "QLRMC\n乙\n").unwrap();
    assert_eq!(
        fixture.refused(),
        format!(
            "package `{name}` has a `QLR.csv` whose SHA-256 is not its manifest's: the file was altered or damaged; \
             copy the package again"
        )
    );

    let mut package = Package::open(fixture.dir.path()).unwrap();
    let file = fixture.dir.path().join("QLR.csv");
    fs::remove_file(&file).unwrap();
    let err = package.visit(Table::Qlr, &mut |_| {}).unwrap_err();
    assert_eq!(err.to_string(), format!("cannot read `QLR.csv` of package `{name}`; copy the package again"));
    let err = Package::open(fixture.dir.path()).unwrap_err();
    assert_eq!(
        err.to_string(),
        format!("cannot find `{}`, which the manifest lists for table `QLR`; copy the package again", file.display())
    );
    fs::remove_file(fixture.dir.path().join(MANIFEST_FILE)).unwrap();
    assert!(matches!(Package::open(fixture.dir.path()), Err(PackageError::ReadManifest { .. })));
}

#[test]
fn facts_tell_the_package() {
    let fixture = Fixture::utf8("QLRMC\n甲\n", 1);
    let package = Package::open(fixture.dir.path()).unwrap();
    let facts = package.facts();
    let digest = ring::digest::digest(&ring::digest::SHA256, package.manifest_bytes());
    assert_eq!(facts.package_id, hex(digest.as_ref()));
    assert_eq!(facts.name(), package.name());
    assert_eq!((facts.authority_code.as_str(), facts.as_of.as_str()), ("990102", "2026-11-23T06:00:00+08:00"));
    assert_eq!((facts.expires.as_str(), facts.tables.as_slice()), ("", [(Table::Qlr, 1)].as_slice()));
}
