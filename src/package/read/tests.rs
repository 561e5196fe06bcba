//! Every way in which a file is refused, and every form in which it is read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use data_encoding::HEXLOWER;

use super::super::{Encoding, MANIFEST_FILE, Package, PackageError};
use super::*;
use crate::domain::rows::RowSource as _;

/// A package with one table, as these bytes.
struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    fn new(encoding: Encoding, bytes: &[u8], rows: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("QLR.csv"), bytes).unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        write_manifest(dir.path(), encoding, rows, &HEXLOWER.encode(digest.as_ref()));
        Self { dir }
    }

    fn utf8(text: &str, rows: u64) -> Self {
        Self::new(Encoding::Utf8, text.as_bytes(), rows)
    }

    fn rows(&self) -> Result<Vec<(u64, [String; 3])>, ReadError> {
        let mut rows = Vec::new();
        self.visit(&mut |visited| match visited {
            Visited::Row(row) => {
                rows.push((row.line, ["QLRMC", "ZJH", "BZ"].map(|column| row.get(column).to_owned())));
            }
            Visited::Unreadable { line, reason, .. } => panic!("line {line}: {reason}"),
        })?;
        Ok(rows)
    }

    /// What cannot be read: line, reason and bytes.
    fn unreadable(&self) -> Result<Vec<(u64, String, String)>, ReadError> {
        let mut found = Vec::new();
        self.visit(&mut |visited| {
            if let Visited::Unreadable { line, reason, bytes } = visited {
                found.push((line, reason, String::from_utf8(bytes.to_vec()).unwrap()));
            }
        })?;
        Ok(found)
    }

    fn visit(&self, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), ReadError> {
        Package::open(self.dir.path()).unwrap().visit(Table::Qlr, visit)
    }

    fn columns(&self) -> Columns {
        Package::open(self.dir.path()).unwrap().columns(Table::Qlr).unwrap().unwrap()
    }

    /// Why the file is refused, whether rows of it can be read or not.
    fn refused(&self) -> String {
        self.unreadable().unwrap_err().to_string()
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

    let columns = fixture.columns();
    assert_eq!(columns.unread, ["BSM", "备注"]);
    assert_eq!(columns.absent[..3], ["BDCDYH", "SXH", "BDCQZH"]);
    assert_eq!(Package::open(fixture.dir.path()).unwrap().columns(Table::H).unwrap(), None);
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
        "`QLR.csv` line 1 names no column of table `QLR`; export with a header, correct the table's name, or \
         map the bureau's own names by `columns` in the manifest"
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
fn rows_that_cannot_be_read_are_handed_over_and_the_next_is_read() {
    let cases = [
        ("乙,2,3", "3 fields where the header has 2; quote fields that hold commas or line ends"),
        ("乙", "1 fields where the header has 2; quote fields that hold commas or line ends"),
        ("\"乙\"x,2", "column `QLRMC` has text after its closing quote; double the quotes inside quoted fields"),
        ("\"乙\", \"2\"", "column `ZJH` has a blank before its opening quote; export without blanks after the commas"),
        ("乙,5\"", "column `ZJH` has a quote inside and none around; quote the field and double the quotes inside"),
        (
            "乙,a\"b\",c",
            "column `ZJH` has a quote inside and none around; quote the field and double the quotes inside",
        ),
        ("\u{1a}", "a mark ^Z (0x1A), which ends files in old systems, stands before the end of the file; take it out"),
    ];
    for (row, reason) in cases {
        for ending in ["\n", "\r\n", "\r"] {
            let text = format!("QLRMC,ZJH{ending}甲,1{ending}{row}{ending}丙,3{ending}");
            let fixture = Fixture::utf8(&text, 3);
            assert_eq!(fixture.unreadable().unwrap(), [(3, reason.to_owned(), row.to_owned())]);
            let mut lines = Vec::new();
            fixture
                .visit(&mut |visited| {
                    if let Visited::Row(row) = visited {
                        lines.push((row.line, row.get("ZJH").to_owned()));
                    }
                })
                .unwrap();
            assert_eq!(lines, [(2, "1".to_owned()), (4, "3".to_owned())]);
        }
    }
}

#[test]
fn a_row_that_may_end_elsewhere_stops_the_file() {
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH\n甲,1\n乙,\"2\n丙,3\n", 3).refused(),
        "cannot read `QLR.csv` line 3: column `ZJH` opens a quote that is never closed; double the quotes inside quoted \
         fields and export again"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,X,ZJH\n甲,\"1\"2\",\n", 1).refused(),
        "cannot read `QLR.csv` line 2: column 2 has text after its closing quote; double the quotes inside quoted fields"
    );
    // The quoted value goes on in the next line.
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH,BZ\n甲, \"1\n2\",\n", 1).refused(),
        "cannot read `QLR.csv` line 2: column `ZJH` has a blank before its opening quote; export without blanks after the \
         commas"
    );
}

#[test]
fn rows_that_cannot_be_read_count() {
    assert_eq!(
        Fixture::utf8("QLRMC,BZ\n甲,x\ny\n", 1).refused().split_once("has 2 rows").unwrap().1,
        " in `QLR.csv`, its manifest says 1 (1 of them cannot be read, the first at line 3: 1 fields where the header has \
         2; quote fields that hold commas or line ends); export it again"
    );
}

#[test]
fn lines_that_are_no_rows_are_named_for_what_they_are() {
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH\n-----,---\n甲,1\n", 1).refused(),
        "`QLR.csv` line 2 is a line of dashes under the header, no row; export without it"
    );
    assert_eq!(
        Fixture::utf8("QLRMC,ZJH\n甲,1\n\n(1 行受影响)\n", 1).refused(),
        "`QLR.csv` line 4 is a message of the export tool that counts the rows, no row; export without it"
    );
    assert_eq!(
        Fixture::utf8("QLRMC;ZJH\n甲;1\n", 1).refused(),
        "`QLR.csv` parts its columns by semicolons (`;`); export it with commas (and quotes around values that hold commas)"
    );
    assert_eq!(
        Fixture::utf8("sep=,\r\nQLRMC,ZJH\r\n", 0).refused(),
        "`QLR.csv` begins with the line `sep=`, which is for spreadsheets; take it out: line 1 must be the header"
    );
    assert_eq!(
        Fixture::utf8("\"QLRMC\", \"ZJH\"\n\"甲\", \"1\"\n", 1).refused(),
        "cannot read `QLR.csv` line 1: column 2 has a blank before its opening quote; export without blanks after the commas"
    );
}

#[test]
fn the_mark_of_a_files_end_is_passed_over_at_the_end() {
    for end in ["\n\u{1a}", "\u{1a}", "\n\u{1a}\r\n", "\n\u{1a}\u{1a}\n\n"] {
        let fixture = Fixture::utf8(&format!("QLRMC,ZJH,BZ\n甲,1,x{end}"), 1);
        assert_eq!(fixture.rows().unwrap(), [(2, ["甲", "1", "x"].map(str::to_owned))], "{end:?}");
    }
}

#[test]
fn byte_order_marks_of_another_encoding_are_refused() {
    let text = "\u{feff}QLRMC,ZJH\n甲,1\n";
    assert_eq!(
        Fixture::new(Encoding::Gb18030, text.as_bytes(), 1).refused(),
        "`QLR.csv` begins with the byte order mark of UTF-8, but the manifest says `gb18030`; say `utf-8` in the manifest, \
         or export in the one encoding"
    );
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Fixture::new(Encoding::Utf8, &utf16, 1).refused().contains("byte order mark of UTF-16"));
    assert!(Fixture::new(Encoding::Utf8, &utf16[2..], 1).refused().contains("as a file of UTF-16 does"));
}

#[test]
fn a_quote_that_is_never_closed_does_not_take_in_the_whole_file() {
    let mut text = String::from("QLRMC,ZJH\n甲,\"1\n");
    text.push_str(&"乙,2\n".repeat(ROW_BYTES_MAX / 4));
    assert_eq!(
        Fixture::utf8(&text, 1).refused(),
        "`QLR.csv` line 2 has more than 4194304 bytes in columns that are read; is a quote not closed?"
    );
}

#[test]
fn a_column_that_is_not_read_may_be_of_any_length() {
    // Doubled quotes and line ends fall on the borders of pieces somewhere.
    let picture = "ab\"\"\r\n".repeat(2 * ROW_BYTES_MAX / 6);
    let plain = "0".repeat(2 * ROW_BYTES_MAX);
    let row = format!("甲,\"{picture}\",1,{plain},x\r\n");
    let text = format!("QLRMC,T1,ZJH,T2,BZ\r\n{row}{row}");
    let lines = u64::try_from(2 * ROW_BYTES_MAX / 6).unwrap();
    let values = ["甲", "1", "x"].map(str::to_owned);
    assert_eq!(Fixture::utf8(&text, 2).rows().unwrap(), [(2, values.clone()), (3 + lines, values)]);

    let open = format!("QLRMC,T1,ZJH\n甲,\"{}\n", "乙,2\n".repeat(ROW_BYTES_MAX / 2));
    assert!(Fixture::utf8(&open, 1).refused().contains("line 2: column 2 opens a quote that is never closed"));
    let damaged = [b"QLRMC,T1,ZJH\n\xe7\x94\xb2,".as_slice(), &vec![0xff; 2 << 20], b",1\n"].concat();
    assert_eq!(
        Fixture::new(Encoding::Utf8, &damaged, 1).unreadable().unwrap()[0].1,
        "column 2 is not valid `utf-8`, which the manifest says; correct the value or the manifest"
    );
}

#[test]
fn rows_with_undecodable_bytes_are_handed_over_in_any_column() {
    let utf8 = |bytes: &[u8]| Fixture::new(Encoding::Utf8, bytes, 2).unreadable().unwrap();
    assert_eq!(
        utf8(b"QLRMC,X\na,b\n\xd5\xc5,1\n"),
        [(
            3,
            "column `QLRMC` is not valid `utf-8`, which the manifest says; correct the value or the manifest"
                .to_owned(),
            "\u{fffd}\u{fffd},1".to_owned()
        )]
    );
    assert!(utf8(b"QLRMC,X\na,b\na,\xe5\xbc")[0].1.starts_with("column 2 is not valid `utf-8`"));
    // A name that was cut inside a character: the quote behind it still closes the value.
    assert!(utf8(b"QLRMC,X\n\"a\xe5\xbc\",1\nb,2\n")[0].1.starts_with("column `QLRMC` is not valid `utf-8`"));
    let header = Fixture::new(Encoding::Utf8, b"QLRMC,\xff\n", 0).refused();
    assert!(header.starts_with("cannot read `QLR.csv` line 1: column 2 is not valid `utf-8`"), "{header}");
    let gb18030 = |bytes: &[u8]| Fixture::new(Encoding::Gb18030, bytes, 1).unreadable().unwrap();
    assert!(gb18030(b"QLRMC,ZJH\n\xb0\xa1,\"1\x81\"\n")[0].1.starts_with("column `ZJH` is not valid `gb18030`"));
    assert!(gb18030(b"QLRMC,ZJH\n\xb0\xa1\xff,1\n")[0].1.starts_with("column `QLRMC` is not valid `gb18030`"));
}

#[test]
fn the_manifest_maps_columns_under_the_bureaus_own_names() {
    let fixture = Fixture::utf8("QLRMC,证件号,BZ\n甲,1,x\n", 1);
    let path = fixture.dir.path().join(MANIFEST_FILE);
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(fixture.columns().unread, ["证件号"]);
    manifest["columns"] = serde_json::json!({ "QLR": { "证件号": "ZJH" } });
    manifest["accept"] = serde_json::json!({ "CFDJ": "on paper" });
    fs::write(&path, manifest.to_string()).unwrap();
    assert_eq!(fixture.rows().unwrap(), [(2, ["甲", "1", "x"].map(str::to_owned))]);
    assert_eq!(fixture.columns().unread, [""; 0]);
    let facts = Package::open(fixture.dir.path()).unwrap().facts();
    assert_eq!((facts.mapped, facts.accepted[0].what.as_str()), (vec!["QLR.证件号 = ZJH".to_owned()], "CFDJ"));
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_refused_and_one_inside_is_followed() {
    let fixture = Fixture::utf8("QLRMC\n甲\n", 1);
    let (file, outside) = (fixture.dir.path().join("QLR.csv"), tempfile::tempdir().unwrap());
    fs::rename(&file, fixture.dir.path().join("real.csv")).unwrap();
    std::os::unix::fs::symlink("real.csv", &file).unwrap();
    assert_eq!(fixture.rows().unwrap().len(), 1);
    fs::rename(fixture.dir.path().join("real.csv"), outside.path().join("QLR.csv")).unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(outside.path().join("QLR.csv"), &file).unwrap();
    let refused = Package::open(fixture.dir.path()).unwrap_err();
    assert!(matches!(refused, PackageError::Outside { .. }));
    // The folder itself may be a link.
    let link = outside.path().join("package");
    let inside = Fixture::utf8("QLRMC\n甲\n", 1);
    std::os::unix::fs::symlink(inside.dir.path(), &link).unwrap();
    assert_eq!(Package::open(&link).unwrap().row_count(Table::Qlr), Some(1));
}

#[test]
fn a_file_cut_short_is_refused_wherever_it_is_cut() {
    let text = "QLRMC,ZJH\n甲,\"1,2\"\n乙,3\n";
    let fixture = Fixture::utf8(text, 2);
    assert_eq!(fixture.rows().unwrap().len(), 2);
    for length in 0..text.len() {
        fs::write(fixture.dir.path().join("QLR.csv"), &text.as_bytes()[..length]).unwrap();
        assert!(matches!(fixture.rows(), Err(ReadError::Digest { .. })), "{length} bytes are not told to be cut short");
    }
}

#[test]
fn the_manifest_is_held_to() {
    let fixture = Fixture::utf8("QLRMC\n甲\n", 3);
    let name = Package::open(fixture.dir.path()).unwrap().name();
    assert!(name.starts_with("412-") && name.len() == 12);
    assert_eq!(
        fixture.refused(),
        format!("package `{name}` has 1 rows in `QLR.csv`, its manifest says 3; export it again")
    );

    let fixture = Fixture::utf8("QLRMC\n甲\n", 1);
    let name = Package::open(fixture.dir.path()).unwrap().name();
    fs::write(fixture.dir.path().join("QLR.csv"), "QLRMC\n乙\n").unwrap();
    assert_eq!(
        fixture.refused(),
        format!(
            "`QLR.csv` is not what the manifest of package `{name}` was made for: cut short, altered or damaged on the \
             way; copy the package again"
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
    assert_eq!(facts.package_id, HEXLOWER.encode(digest.as_ref()));
    assert_eq!(facts.name(), package.name());
    assert_eq!((facts.authority_code.as_str(), facts.as_of.as_str()), ("990102", "2026-11-23T06:00:00+08:00"));
    assert_eq!((facts.expires.as_str(), facts.tables.as_slice()), ("", [(Table::Qlr, 1)].as_slice()));
}
