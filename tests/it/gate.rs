//! A package with every fault at once: one run tells all of them on a page, and doing what it says is enough.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value};

use crate::support::{Env, copy_package};

/// The rows of a file, to be changed by column.
pub(crate) struct File {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl File {
    pub(crate) fn read(package: &Path, file: &str) -> Self {
        let mut reader = csv::Reader::from_path(package.join(file)).unwrap();
        let strings = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = strings(reader.headers().unwrap());
        Self { header, rows: reader.records().map(|record| strings(&record.unwrap())).collect() }
    }

    pub(crate) fn cell(&mut self, row: usize, column: &str) -> &mut String {
        let at = self.header.iter().position(|name| name.trim_start_matches('\u{FEFF}') == column).unwrap();
        &mut self.rows[row][at]
    }

    fn rename(&mut self, column: &str, name: &str) {
        let at = self.header.iter().position(|known| known == column).unwrap();
        name.clone_into(&mut self.header[at]);
    }

    /// Writes the file, and makes the manifest agree with it.
    pub(crate) fn write(&self, package: &Path, file: &str) {
        let mut writer = csv::Writer::from_path(package.join(file)).unwrap();
        writer.write_record(&self.header).unwrap();
        self.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
        seal(package, file, 0);
    }
}

/// Makes the manifest agree with a file, which has so many rows more.
pub(crate) fn seal(package: &Path, file: &str, more_rows: u64) {
    let digest = ring::digest::digest(&ring::digest::SHA256, &fs::read(package.join(file)).unwrap());
    let hex: String = data_encoding::HEXLOWER.encode(digest.as_ref());
    change_manifest(package, |manifest| {
        let tables = manifest["tables"].as_array_mut().unwrap();
        let table = tables.iter_mut().find(|table| table["file"] == file).unwrap();
        table["sha256"] = hex.into();
        table["rows"] = (table["rows"].as_u64().unwrap() + more_rows).into();
    });
}

pub(crate) fn change_manifest(package: &Path, change: impl FnOnce(&mut Value)) {
    let path = package.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, manifest.to_string()).unwrap();
}

/// The lines that a report gives to write into the manifest: what stands in backquotes and begins with a quoted key.
fn lines_to_write(report: &str) -> Vec<Map<String, Value>> {
    let quoted = report.split('`').skip(1).step_by(2).filter(|text| text.starts_with('"'));
    quoted.map(|text| serde_json::from_str(&format!("{{{text}}}")).unwrap_or_else(|_| panic!("{text}"))).collect()
}

/// The file of the holders in the fixture county.
const HOLDERS: &str = "ZTT_GY_QLR.csv";

/// Every fault that can stop a load, at once.
fn spoil(package: &Path) {
    let mut qlr = File::read(package, HOLDERS);
    qlr.rename("ZJH", "证件号");
    for column in ["BDCDYH", "YWH", "BDCQZH"] {
        "990102009009GB00009F00090009".clone_into(qlr.cell(2, column));
    }
    qlr.write(package, HOLDERS);
    let mut seizures = File::read(package, "CFDJ.csv");
    seizures.rename("JFDJSJ", "JF_DJSJ");
    "特别查封".clone_into(seizures.cell(0, "CFLX"));
    "9".clone_into(seizures.cell(1, "CFLX"));
    String::new().clone_into(seizures.cell(2, "BDCDYH"));
    "封999".clone_into(seizures.cell(2, "YWH"));
    seizures.write(package, "CFDJ.csv");
    let mut mortgages = File::read(package, "DYAQ.csv");
    "2.02E+11".clone_into(mortgages.cell(0, "YWH"));
    mortgages.write(package, "DYAQ.csv");
    let mut flats = File::read(package, "FDCQ2.csv");
    "某状态".clone_into(flats.cell(0, "QSZT"));
    flats.write(package, "FDCQ2.csv");
    change_manifest(package, |manifest| *entry(manifest, "CFDJ.csv") = "BDCK.CFDJ".into());
}

/// The name that a manifest gives to the table of a file.
fn entry<'a>(manifest: &'a mut Value, file: &str) -> &'a mut Value {
    let mut tables = manifest["tables"].as_array_mut().unwrap().iter_mut();
    &mut tables.find(|table| table["file"] == file).unwrap()["name"]
}

/// Gives tables the names that the report says.
fn name_tables(package: &Path, report: &str) {
    for line in lines_to_write(report).iter().filter(|line| line.contains_key("file")) {
        change_manifest(package, |manifest| *entry(manifest, line["file"].as_str().unwrap()) = line["name"].clone());
    }
}

/// Writes into the manifest what the report says: names of columns, codes that somebody knows, and the rest accepted.
fn settle(package: &Path, report: &str) {
    let lines = lines_to_write(report);
    change_manifest(package, |manifest| {
        for line in lines.iter().filter(|line| !line.contains_key("file")) {
            for (key, value) in line.iter().filter(|(key, _)| *key != "accept") {
                for (place, words) in value.as_object().unwrap() {
                    for (word, meaning) in words.as_object().unwrap() {
                        let meaning = if meaning == "<code>" { "1".into() } else { meaning.clone() };
                        if place != "CFDJ.CFLX" {
                            manifest[key][place][word] = meaning;
                        }
                    }
                }
            }
            for what in line.get("accept").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
                if what.starts_with("CFDJ.CFLX=") {
                    manifest["accept"][what] = "旧系统的查封类型，已核对".into();
                }
            }
        }
    });
}

/// The lines that the report ends with.
fn block(report: &str) -> String {
    let block = report.lines().skip_while(|line| !line.starts_with("write of these lines")).skip(1);
    let block: Vec<&str> = block.take_while(|line| line.starts_with("  \"")).collect();
    assert_eq!(block.len(), 2, "columns and codes, each once:\n{report}");
    block.join("\n")
}

/// Writes lines into the manifest as they stand, in place of what it has under the same keys.
fn paste(package: &Path, lines: &str) {
    change_manifest(package, |manifest| {
        let manifest = manifest.as_object_mut().unwrap();
        manifest
            .retain(|key, _| !lines.contains(&format!("\n  \"{key}\"")) && !lines.starts_with(&format!("  \"{key}\"")));
    });
    let manifest = package.join("manifest.json");
    let written = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, written.replacen("\"tables\"", &format!("{lines}\n\"tables\""), 1)).unwrap();
}

/// The lines that the report offers go into the manifest as they are, are refused while the operator's words are missing, and
/// then leave nothing but what the register must correct.
fn assert_block_settles_all_but_rows(env: &Env, package: &Path, report: &str) {
    let block = block(report);
    // The county's own manifest explains a code of its own, which stays.
    assert!(block.contains("\"9\": \"1\""), "{block}");
    let pasted = env.path("pasted");
    let load = |lines: &str| {
        copy_package(package, &pasted);
        paste(&pasted, lines);
        let output = env.run(&["snapshot", "load", pasted.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let unfilled = load(&block);
    assert!(unfilled.contains("its `codes` still says `<code>`"), "{unfilled}");
    let left = load(&block.replace("<code>", "1"));
    assert!(
        !left.contains("column `CFDJ") && !left.contains("column `FDCQ2") && !left.contains("lacks column"),
        "{left}"
    );
    assert!(left.contains("rows cannot be placed") && left.contains("DYAQ.YWH"), "{left}");
}

/// How many lines of 100 columns a text takes; Chinese characters take two.
fn lines_on_paper(text: &str) -> usize {
    let columns = |line: &str| line.chars().map(|one| if one.is_ascii() { 1 } else { 2 }).sum::<usize>();
    text.lines().map(|line| columns(line).div_ceil(100).max(1)).sum()
}

#[test]
fn a_package_with_every_fault_at_once_loads_after_doing_what_the_report_says() {
    let env = Env::with_county();
    let package = env.path("faults");
    copy_package("fixtures/county".as_ref(), &package);
    change_manifest(&package, |manifest| manifest["sequence"] = 2.into());

    let mut originals: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for file in [HOLDERS, "CFDJ.csv", "DYAQ.csv", "FDCQ2.csv"] {
        originals.insert(file, fs::read(package.join(file)).unwrap());
    }
    spoil(&package);
    let output = env.run(&["snapshot", "load", package.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = &said[said.find("error:").unwrap()..];
    assert!(report.lines().count() <= 40, "more than a page:\n{report}");
    assert!(lines_on_paper(report) <= 60, "more than a page:\n{report}");
    for part in [
        "`ZJH`",
        "`JF_DJSJ`",
        "`CFDJ.CFLX`",
        "`FDCQ2.QSZT`",
        "`DYAQ.YWH`",
        "the standard has no table `BDCK.CFDJ`",
        "rows cannot be placed",
        HOLDERS,
        "CFDJ.csv",
    ] {
        assert!(report.contains(part), "{part} is not told:\n{report}");
    }

    name_tables(&package, report);
    assert_block_settles_all_but_rows(&env, &package, report);
    // What only the register can say is corrected there: rows without a place, and digits that are lost.
    let original = |file: &str| {
        let folder = env.path("original");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), &originals[file]).unwrap();
        File::read(&folder, file)
    };
    for (file, row, columns) in
        [(HOLDERS, 2, &["BDCDYH", "YWH", "BDCQZH"][..]), ("CFDJ.csv", 2, &["BDCDYH", "YWH"]), ("DYAQ.csv", 0, &["YWH"])]
    {
        let (mut spoilt, mut whole) = (File::read(&package, file), original(file));
        for column in columns {
            spoilt.cell(row, column).clone_from(whole.cell(row, column));
        }
        spoilt.write(&package, file);
    }
    // Exactly what the report ends with, and nothing else, is written into the manifest.
    let pasted = env.path("settled");
    copy_package(&package, &pasted);
    paste(&pasted, &block(report).replace("<code>", "1"));
    let load = |package: &Path| {
        let output = env.run(&["snapshot", "load", package.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    assert!(load(&pasted).contains("the package says: CFDJ.CFLX.特别查封 = 1"));

    // Or, where nobody knows what a code means, what the report offers instead.
    settle(&package, report);
    change_manifest(&package, |manifest| manifest["sequence"] = 3.into());
    assert!(load(&package).contains("accepted, and told in every answer: CFDJ.CFLX=特别查封"));
}

#[test]
fn files_that_cannot_be_read_are_told_together_with_what_the_others_lack() {
    let env = Env::with_county();
    let package = env.path("files");
    copy_package("fixtures/county".as_ref(), &package);
    change_manifest(&package, |manifest| manifest["sequence"] = 2.into());
    spoil(&package);
    let rewrite = |file: &str, change: &dyn Fn(String) -> Vec<u8>| {
        let text = fs::read_to_string(package.join(file)).unwrap();
        fs::write(package.join(file), change(text)).unwrap();
        seal(&package, file, 0);
    };
    rewrite("H.csv", &|text| text.replace(',', ";").into_bytes());
    rewrite("YGDJ.csv", &|text| {
        let (header, rows) = text.split_once('\n').unwrap();
        format!("{header}\n{}\n{rows}", header.replace(|one: char| one.is_ascii_alphanumeric(), "-")).into_bytes()
    });
    rewrite("ZXDJ.csv", &|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    change_manifest(&package, |manifest| {
        let tables = manifest["tables"].as_array_mut().unwrap();
        let mut other = tables.iter().find(|table| table["file"] == "H.csv").unwrap().clone();
        other["name"] = "KEHU".into();
        other["file"] = "KEHU.csv".into();
        tables.push(other);
    });
    let output = env.run(&["snapshot", "load", package.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in [
        "`H.csv` parts its columns by semicolons",
        "`YGDJ.csv` line 2 is a line of dashes",
        "`ZXDJ.csv` line 1 holds NUL bytes",
        "the standard has no table `KEHU`",
        "the standard has no table `BDCK.CFDJ`",
        "`CFDJ.CFLX`",
        "`JF_DJSJ`",
        "whether rows can be placed is only known when every file is read",
    ] {
        assert!(report.contains(part), "{part} is not told:\n{report}");
    }
    assert!(!report.contains("rows cannot be placed") && !report.contains("lacks table"), "{report}");
}
