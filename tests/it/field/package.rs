//! Writes the package of a story that holds its tables in itself: columns that the story does not name get plain values.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use super::story::Story;

/// Columns that a table has unless its story says otherwise, each with its value; `#` is the number of the row.
const DEFAULTS: [(&str, &[(&str, &str)]); 11] = [
    (
        "FDCQ2",
        &[
            ("BDCDYH", "{#}"),
            ("YWH", "2021#"),
            ("QLLX", "4"),
            ("DJLX", "100"),
            ("FDZL", "幻县虚路#号"),
            ("GHYT", "11"),
            ("JZMJ", "90.5"),
            ("BDCQZH", "证#"),
            ("QXDM", "990202"),
            ("DJJG", "幻县不动产登记中心"),
            ("DJSJ", "2021-03-04"),
            ("FJ", ""),
            ("QSZT", "1"),
        ],
    ),
    (
        "QLR",
        &[
            ("BDCDYH", "{#}"),
            ("SXH", "1"),
            ("QLRMC", "虚测甲"),
            ("BDCQZH", "证#"),
            ("ZJZL", "1"),
            ("ZJH", "990202197903051015"),
            ("QLRLX", "1"),
            ("GYFS", "0"),
            ("YWH", "2021#"),
            ("QSZT", ""),
        ],
    ),
    (
        "CFDJ",
        &[
            ("BDCDYH", "{#}"),
            ("YWH", "封#"),
            ("CFJG", "幻县人民法院"),
            ("CFLX", "1"),
            ("CFWH", "（2023）幻01执#号"),
            ("CFQSSJ", "2023-01-02"),
            ("CFJSSJ", "2029-01-01"),
            ("QXDM", "990202"),
            ("DJJG", "幻县不动产登记中心"),
            ("DJSJ", "2023-01-02"),
            ("JFYWH", ""),
            ("JFDJSJ", ""),
            ("FJ", ""),
            ("QSZT", "1"),
        ],
    ),
    (
        "DYAQ",
        &[
            ("BDCDYH", "{#}"),
            ("YWH", "2022#"),
            ("DYBDCLX", "2"),
            ("DYR", ""),
            ("DYFS", "1"),
            ("BDBZZQSE", "85.5"),
            ("ZWLXQSSJ", "2022-01-01"),
            ("ZWLXJSSJ", "2032-01-01"),
            ("ZXDYYWH", ""),
            ("ZXSJ", ""),
            ("BDCDJZMH", "押#"),
            ("QXDM", "990202"),
            ("DJJG", "幻县不动产登记中心"),
            ("DJSJ", "2022-01-02"),
            ("QSZT", "1"),
        ],
    ),
    (
        "DYWQD",
        &[
            ("YWH", "2022#"),
            ("XH", "#"),
            ("ZL", "幻县虚路#号"),
            ("BDCDYH", "{#}"),
            ("QSZT", "1"),
            ("ZXDYYWH", ""),
            ("ZXSJ", ""),
        ],
    ),
    (
        "YGDJ",
        &[
            ("BDCDYH", "{#}"),
            ("YWH", "2024#"),
            ("BDCZL", "幻县虚路#号"),
            ("YWR", "虚幻置业有限公司"),
            ("YWRZJZL", "8"),
            ("YWRZJH", "91990202MA9XX7K26M"),
            ("YGDJZL", "1"),
            ("DJLX", "700"),
            ("BDCDJZMH", "预#"),
            ("QXDM", "990202"),
            ("DJJG", "幻县不动产登记中心"),
            ("DJSJ", "2024-01-02"),
            ("QSZT", "1"),
            ("ZXYGYWH", ""),
            ("ZXSJ", ""),
        ],
    ),
    (
        "YYDJ",
        &[
            ("BDCDYH", "{#}"),
            ("YWH", "2025#"),
            ("YYSX", "登记有误"),
            ("BDCDJZMH", "异#"),
            ("QXDM", "990202"),
            ("DJJG", "幻县不动产登记中心"),
            ("DJSJ", "2025-01-02"),
            ("ZXYYYWH", ""),
            ("ZXYYDJSJ", ""),
            ("QSZT", "1"),
        ],
    ),
    ("ZXDJ", &[("BDCDYH", "{#}"), ("BDCQZH", ""), ("YWH", ""), ("ZXYWH", "2026#"), ("ZXSJ", "2026-01-02")]),
    (
        "JSYDSYQ",
        &[
            ("ZDDM", "990202001001GB00001"),
            ("BDCDYH", "990202001001GB00001W00000000"),
            ("YWH", "2020#"),
            ("QLLX", "3"),
            ("DJLX", "100"),
            ("SYQMJ", "1200"),
            ("SYQQSSJ", "2000-01-01"),
            ("SYQJSSJ", "2070-01-01"),
            ("BDCQZH", "地#"),
            ("QXDM", "990202"),
            ("DJJG", "幻县不动产登记中心"),
            ("DJSJ", "2020-03-04"),
            ("QSZT", "1"),
        ],
    ),
    ("H", &[("BDCDYH", "{#}"), ("FWBM", "#"), ("ZL", "幻县虚路#号"), ("SCJZMJ", "90.5")]),
    ("ZDJBXX", &[("ZDDM", "990202001001GB00001"), ("BDCDYH", "990202001001GB00001W00000000"), ("ZL", "幻县虚路")]),
];

/// A table as a story writes it: columns and rows.
struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    fn read(table: &str, text: &str) -> Self {
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let strings = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let columns = strings(reader.headers().unwrap());
        let rows = reader.records().map(|row| strings(&row.unwrap_or_else(|error| panic!("{table}: {error}"))));
        Self { rows: rows.collect(), columns }
    }

    fn of(count: usize) -> Self {
        Self { columns: Vec::new(), rows: vec![Vec::new(); count] }
    }

    /// The table's CSV, with the default columns that the story neither writes nor leaves out.
    fn csv(&self, table: &str, without: &[String]) -> String {
        let defaults = DEFAULTS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
        let is_left_out = |column: &str| without.iter().any(|one| *one == format!("{table}.{column}"));
        let added: Vec<_> = defaults
            .iter()
            .filter(|(column, _)| !self.columns.iter().any(|known| known == column) && !is_left_out(column))
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = self.columns.iter().map(String::as_str).chain(added.iter().map(|(column, _)| *column));
        writer.write_record(names).unwrap();
        for (row, number) in self.rows.iter().zip(1..) {
            let filled = added.iter().map(|(_, value)| value.replace('#', &format!("{number}")));
            let cells = row.iter().cloned().chain(filled).map(|cell| with_units(&cell));
            writer.write_record(cells).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }
}

/// Puts the unit number of the Nth house for `{N}`, and five mebibytes of text for `{long}`.
fn with_units(cell: &str) -> String {
    let mut text = cell.replace("{long}", &"A".repeat(5 << 20));
    for number in (1..=99).filter(|_| cell.contains('{')) {
        text = text.replace(&format!("{{{number}}}"), &format!("990202001001GB00001F0001{number:04}"));
    }
    text
}

/// Writes the package of a story into a folder.
pub(super) fn write(story: &Story, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut tables: BTreeMap<&str, Rows> =
        story.tables.iter().map(|(table, text)| (table.as_str(), Rows::read(table, text))).collect();
    let count_of = |table: &str| tables.get(table).map(|rows| rows.rows.len());
    let most = tables.values().map(|rows| rows.rows.len()).max().unwrap_or(1);
    let houses = story.houses.or(count_of("FDCQ2")).or(count_of("QLR")).unwrap_or(most);
    for table in ["FDCQ2", "QLR"] {
        let is_written = tables.contains_key(table) || story.files.contains_key(table);
        if houses > 0 && !is_written && !story.absent.iter().any(|absent| absent == table) {
            tables.insert(table, Rows::of(houses));
        }
    }
    for one in &story.without {
        let (table, column) = one.split_once('.').expect("a column is named with its table");
        let is_known =
            DEFAULTS.iter().any(|(name, columns)| *name == table && columns.iter().any(|(known, _)| *known == column));
        assert!(is_known && tables.contains_key(table), "there is no column `{one}` to leave out");
    }
    let texts = tables.iter().map(|(table, rows)| (*table, rows.csv(table, &story.without), rows.rows.len()));
    let whole = story.files.iter().map(|(table, text)| {
        let rows = story.rows.get(table).copied().unwrap_or_else(|| text.trim_end().lines().count().saturating_sub(1));
        (table.as_str(), with_units(text), rows)
    });
    let entries: Vec<Value> = texts
        .chain(whole)
        .map(|(table, text, rows)| {
            let bytes = encoded(story, &text);
            let file = format!("{table}.csv");
            fs::write(folder.join(&file), &bytes).unwrap();
            let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
            let sha256: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let name = story.named.get(table).map_or(table, String::as_str);
            json!({ "name": name, "file": file, "rows": rows, "sha256": sha256 })
        })
        .collect();
    let mut manifest = json!({
        "format": 1, "kind": "full", "sequence": 1,
        "authority": { "code": "990202", "name": "幻县不动产登记中心" },
        "as_of": "2026-11-23T06:00:00+08:00", "expires": "2099-11-30T06:00:00+08:00",
        "encoding": "utf-8", "tables": entries,
    });
    for (key, value) in &story.manifest {
        manifest[key] = serde_json::to_value(value).unwrap();
    }
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

/// The bytes of a file as the story has them written; as the manifest says where it does not.
fn encoded(story: &Story, text: &str) -> Vec<u8> {
    let declared = story.manifest.get("encoding").and_then(toml::Value::as_str).unwrap_or("utf-8");
    let encoding = if story.written.is_empty() { declared } else { &story.written };
    match encoding.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => text.as_bytes().to_vec(),
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => encoding_rs::GB18030.encode(text).0.into_owned(),
    }
}
