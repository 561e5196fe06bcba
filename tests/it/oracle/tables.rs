//! The package's tables in memory, and the forms in which rows are compared.

use std::{collections::HashMap, fs, path::Path};

use super::clean;

/// Exchange names of the tables that feed an answer.
const EXCHANGE_NAMES: [(&str, &str); 26] = [
    ("KTT_ZDJBXX", "ZDJBXX"),
    ("KTT_ZHJBXX", "ZHJBXX"),
    ("KTT_FW_ZRZ", "ZRZ"),
    ("KTT_FW_H", "H"),
    ("KTT_GZW", "GZW"),
    ("QLF_QL_TDSYQ", "TDSYQ"),
    ("QLF_QL_JSYDSYQ", "JSYDSYQ"),
    ("QLT_FW_FDCQ_DZ", "FDCQ1"),
    ("QLF_FW_FDCQ_DZ_XM", "FDCQXM"),
    ("QLT_FW_FDCQ_YZ", "FDCQ2"),
    ("QLF_QL_HYSYQ", "HYSYQ"),
    ("QLT_QL_GJZWSYQ", "GJZWSYQ"),
    ("QLF_QL_NYDSYQ", "NYDSYQ"),
    ("QLT_QL_LQ", "LQ"),
    ("QLF_QL_DYIQ", "DYIQ"),
    ("QLF_QL_DYAQ", "DYAQ"),
    ("QLF_QL_DYAQ_DYWQD", "DYWQD"),
    ("QLF_QL_YGDJ", "YGDJ"),
    ("QLF_QL_YYDJ", "YYDJ"),
    ("QLF_QL_CFDJ", "CFDJ"),
    ("QLF_QL_ZXDJ", "ZXDJ"),
    ("ZTT_GY_QLR", "QLR"),
    ("ZD_K", "ZD_K"),
    ("ZH_K", "ZH_K"),
    ("KTT_GY_JZD", "JZD"),
    ("KTF_ZH_YHYDZB", "YHYDZB"),
];

/// One row: its line and its cells, trimmed, by column.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: usize,
    cells: HashMap<String, String>,
}

impl Row {
    /// The cell of a column; empty where the table has none.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// The code of a column's cell.
    pub(crate) fn code(&self, column: &str) -> String {
        clean::code(column, self.get(column))
    }

    /// Whether the cell of any of the columns holds something.
    pub(crate) fn has(&self, columns: &[&str]) -> bool {
        columns.iter().any(|column| !self.get(column).is_empty())
    }

    /// Whether both rows hold the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.cells == other.cells
    }
}

/// Every table of a package by its standard name.
pub(crate) struct Tables(HashMap<String, Vec<Row>>);

impl Tables {
    pub(crate) fn read(dir: &Path) -> Self {
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap();
        let is_gb = manifest["encoding"] == "gb18030";
        let mut tables = HashMap::new();
        for entry in manifest["tables"].as_array().unwrap() {
            let name = entry["name"].as_str().unwrap();
            let name = EXCHANGE_NAMES.iter().find(|(exchange, _)| *exchange == name).map_or(name, |(_, name)| name);
            let bytes = fs::read(dir.join(entry["file"].as_str().unwrap())).unwrap();
            let encoding = if is_gb { encoding_rs::GB18030 } else { encoding_rs::UTF_8 };
            let mut rows = read_csv(name, &encoding.decode_with_bom_removal(&bytes).0);
            // What the package says that its codes mean.
            for row in &mut rows {
                for (column, cell) in &mut row.cells {
                    // Words for none are nothing (D35); document numbers are told as they stand.
                    let is_empty = if is_day(column) { clean::is_no_day(cell) } else { clean::is_none(cell) };
                    if is_empty && !column.ends_with("ZJH") {
                        cell.clear();
                    }
                    if clean::is_deciding(column) {
                        *cell = clean::code(column, cell);
                    }
                    if let Some(code) = manifest["codes"][format!("{name}.{column}")][cell.as_str()].as_str() {
                        code.clone_into(cell);
                    }
                }
            }
            tables.insert(name.to_owned(), rows);
        }
        Self(tables)
    }

    /// The rows of a table; none where the package lacks it.
    pub(crate) fn rows(&self, name: &str) -> &[Row] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

fn read_csv(table: &str, text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(|column| standard(table, column)).collect();
    let (mut line, mut counted) = (1, 0);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let rest = &text[counted..];
        let mut start = usize::try_from(record.position().unwrap().byte()).unwrap();
        // The reader's position may be at the second half of the line end before.
        start += text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len();
        line += rest[..start - counted].matches('\n').count();
        counted = start;
        let cells = columns.iter().cloned().zip(record.iter().map(|cell| cell.trim().to_owned())).collect();
        rows.push(Row { line, cells });
    }
    rows
}

/// The standard's name of a column (`deploy/DECISIONS.md`, "Tables").
fn standard(table: &str, column: &str) -> String {
    match (table, column) {
        ("DYIQ", "XYDQLRZJZH") => "XYDQLRZJH",
        ("YHYDZB", "ZHDM") => "ZHHDDM",
        _ => column,
    }
    .to_owned()
}

/// Whether a column holds dates.
fn is_day(column: &str) -> bool {
    column.ends_with("SJ") || column == "JGRQ"
}

/// A unit number as compared; empty where there is none.
pub(crate) fn unit_number(cell: &str) -> String {
    clean::units(cell).into_iter().next().unwrap_or_default()
}

/// The code of a parcel or sea area as compared; empty where there is none.
pub(crate) fn parcel_code(cell: &str) -> String {
    let number = unit_number(cell);
    if number.len() == 28 && number.ends_with("W00000000") { number[..19].to_owned() } else { number }
}

/// A business number, certificate cell or house code as compared; empty where there is none.
pub(crate) fn plain(cell: &str) -> String {
    let mut text = clean::folded(cell);
    text.retain(|char| !"'`’‘\"=".contains(char));
    if clean::is_none_or_zero(&text) { String::new() } else { text }
}

/// The certificate numbers of a cell as compared.
pub(crate) fn certificates(cell: &str) -> Vec<String> {
    let numbers = clean::split(cell).into_iter().map(|part| plain(&part));
    numbers.filter(|number| !number.is_empty()).collect()
}

/// The parcel of a unit number: its first 19 characters.
pub(crate) fn parcel_of(number: &str) -> Option<String> {
    let parcel: String = number.chars().take(19).collect();
    (parcel.chars().count() == 19).then_some(parcel)
}
