//! What stands in each column that is read, and its cells cleaned: the door by which every cell of a package enters.

use std::{borrow::Cow, sync::LazyLock};

use super::{Vocabulary, code, date, decimal, none, number, place};
use crate::domain::{
    kinds::{COMMON, Field, KINDS, PARTY, Source, Value},
    tables::Table,
};

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text: a name, a place, a note.
    Text,
    /// A date.
    Date,
    /// A decimal: an area, an amount, a coordinate.
    Decimal,
    /// A code of the list; `is_deciding` where it decides what is answered (D40).
    Code {
        /// The list.
        list: &'static str,
        /// Whether what is unknown in it may change an answer.
        is_deciding: bool,
    },
    /// A number of a unit or parcel.
    Unit,
    /// A number of a certificate.
    Certificate,
    /// A business number or a house code.
    Business,
    /// A number of a person's or body's document.
    Document,
}

/// Why a cell is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A text that is no date.
    NoDate,
    /// A text that is no decimal.
    NoDecimal,
    /// A text that is neither code nor label of the list.
    UnknownCode,
    /// A unit number that is not 28 letters and digits.
    MalformedUnitNumber,
    /// A number that joins rows, in scientific notation (D38).
    Scientific,
    /// A document number that is damaged (D38).
    Damaged(number::Damage),
    /// An identity number whose check digit is wrong (D8).
    WrongCheckDigit,
}

impl Oddity {
    /// What is odd, in words that follow the column.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::NoDate => "is no date",
            Self::NoDecimal => "is no decimal",
            Self::UnknownCode => "is a code that the list does not have",
            Self::MalformedUnitNumber => "is not 28 letters and digits",
            Self::Scientific => "is in scientific notation: it would join strangers",
            Self::Damaged(damage) => damage.describe(),
            Self::WrongCheckDigit => "has a wrong check digit: compared as it stands",
        }
    }
}

/// A cell as it enters the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned<'a> {
    /// The value: dates and decimals in one form, codes as their list writes them, words for none as empty; all else as
    /// registered.
    pub value: Cow<'a, str>,
    /// What is odd of it.
    pub oddity: Option<Oddity>,
}

/// Columns of codes that have behaviour, and their lists.
const CODES: [(&str, &str, bool); 8] = [
    ("QSZT", "QSZT", true),
    ("CFLX", "CFLX", true),
    ("DYFS", "DYFS", true),
    ("YGDJZL", "YGDJZL", true),
    ("QLRLX", "QLRLX", true),
    ("ZJZL", "ZJZL", true),
    ("DYBDCLX", "DYBDCLX", false),
    ("MJDW", "MJDW", false),
];

/// What stands in every column, by table and position.
static CONTENTS: LazyLock<Vec<Vec<Content>>> =
    LazyLock::new(|| Table::ALL.iter().map(|table| contents_of(*table)).collect());

/// What stands in the column of this position among [`Table::columns`].
#[must_use]
pub fn content(table: Table, position: usize) -> Content {
    CONTENTS[table as usize].get(position).copied().unwrap_or(Content::Text)
}

/// Cleans a cell by what stands in its column.
#[must_use]
pub fn clean<'a>(table: Table, position: usize, text: &'a str, vocabulary: &Vocabulary) -> Cleaned<'a> {
    let kept = |oddity| Cleaned { value: Cow::Borrowed(text), oddity };
    if text.is_empty() {
        return kept(None);
    }
    let empty = || Cleaned { value: Cow::Borrowed(""), oddity: None };
    match content(table, position) {
        Content::Code { list, .. } => {
            let own = vocabulary.code(table, table.columns()[position], text);
            match code::read(list, own.unwrap_or(text)) {
                code::Code::Known(known) if known == text => kept(None),
                code::Code::Known(known) => Cleaned { value: Cow::Borrowed(known), oddity: None },
                code::Code::None => empty(),
                code::Code::Unknown if vocabulary.is_none(text) => empty(),
                code::Code::Unknown => kept(Some(Oddity::UnknownCode)),
            }
        }
        // Told as registered: an officer sees that the register says 无. Matching reads it by the same functions.
        Content::Document if none::is_none_or_zero(text) => kept(None),
        Content::Date if date::is_read(text) => kept(None),
        _ if vocabulary.is_none(text) => empty(),
        Content::Text => kept(None),
        Content::Date => match date::read(text, vocabulary.utc_offset_seconds) {
            date::Date::None => empty(),
            date::Date::Read(date) if date == text => kept(None),
            date::Date::Read(date) => Cleaned { value: Cow::Owned(date), oddity: None },
            date::Date::Unreadable => kept(Some(Oddity::NoDate)),
        },
        Content::Decimal => match decimal::read(text) {
            Some(value) => Cleaned { value, oddity: None },
            None => kept(Some(Oddity::NoDecimal)),
        },
        Content::Unit => unit(text),
        Content::Certificate | Content::Business => kept(place::is_scientific(text).then_some(Oddity::Scientific)),
        Content::Document => {
            let numbers = number::of_register(text);
            let damaged = numbers.damaged.map(Oddity::Damaged);
            let is_wrong = || numbers.usable.iter().any(|number| number::has_wrong_check(number));
            kept(damaged.or_else(|| is_wrong().then_some(Oddity::WrongCheckDigit)))
        }
    }
}

fn unit(text: &str) -> Cleaned<'_> {
    if none::is_none_or_zero(text) {
        return Cleaned { value: Cow::Borrowed(""), oddity: None };
    }
    let oddity = if place::is_scientific(text) {
        Some(Oddity::Scientific)
    } else {
        let is_well_formed = place::unit_numbers(text).iter().all(|number| place::is_well_formed(number));
        (!is_well_formed).then_some(Oddity::MalformedUnitNumber)
    };
    Cleaned { value: Cow::Borrowed(text), oddity }
}

fn contents_of(table: Table) -> Vec<Content> {
    table.columns().iter().map(|column| content_of(table, column)).collect()
}

fn content_of(table: Table, column: &str) -> Content {
    if let Some((_, list, is_deciding)) = CODES.into_iter().find(|(known, ..)| *known == column) {
        return Content::Code { list, is_deciding };
    }
    match column {
        "YWRZJZL" | "GYDQLRZJZL" | "XYDQLRZJZL" => return Content::Code { list: "ZJZL", is_deciding: true },
        "ZJH" | "YWRZJH" | "GYDQLRZJH" | "XYDQLRZJH" => return Content::Document,
        "BDCDYH" | "GYDBDCDYH" | "XYDBDCDYH" => return Content::Unit,
        "BDCQZH" | "BDCDJZMH" => return Content::Certificate,
        "YWH" | "FWBM" | "FWBH" | "ZDDM" | "ZHDM" | "HDDM" | "ZHHDDM" | "ZDZHDM" | "ZDZHDDM" | "ZRZH" => {
            return Content::Business;
        }
        "XZB" | "YZB" | "XZBZ" | "YZBZ" | "ZHMJ" | "BDBZZQSE" | "ZGZQSE" => return Content::Decimal,
        "ZXSJ" | "JFDJSJ" | "ZXYYDJSJ" => return Content::Date,
        _ => {}
    }
    if table == Table::Gzw && column == "MJ" {
        return Content::Decimal;
    }
    fields_of(table, column)
        .find_map(|field| match field.value {
            Value::Date => Some(Content::Date),
            Value::Area(_) | Value::AreaIn(_) | Value::Amount => Some(Content::Decimal),
            Value::Text | Value::Code(_) | Value::Integer => None,
        })
        .unwrap_or(Content::Text)
}

/// The fields of an answer that read this column of this table.
fn fields_of(table: Table, column: &str) -> impl Iterator<Item = &'static Field> {
    let is_right = KINDS.iter().any(|kind| kind.tables.contains(&table));
    let own = KINDS.iter().flat_map(|kind| kind.fields.iter().map(move |field| (kind.tables, field)));
    let common = COMMON.iter().map(move |field| (if is_right { Table::ALL.as_slice() } else { &[] }, field));
    let party = PARTY.iter().map(|field| (&[Table::Qlr] as &[Table], field));
    let column = column.to_owned();
    own.chain(common)
        .chain(party)
        .filter(move |(tables, field)| {
            field.sources.iter().any(|source| column_in(*source, table, tables) == Some(column.as_str()))
        })
        .map(|(_, field)| field)
}

/// The column of `table` that the source reads, where it reads this table.
fn column_in(source: Source, table: Table, own_tables: &[Table]) -> Option<&'static str> {
    let (is_of_table, column) = match source {
        Source::Own(column) => (own_tables.contains(&table), column),
        Source::Parcel(column) => (table == Table::Zdjbxx, column),
        Source::Sea(column) => (table == Table::Zhjbxx, column),
        Source::House(column) => (table == Table::H, column),
        Source::Building(column) => (table == Table::Zrz, column),
        Source::Structure(column) => (table == Table::Gzw, column),
        Source::Project(column) => (table == Table::Fdcqxm, column),
        Source::Place | Source::SecuredClaim | Source::HolderNames | Source::Certificate => return None,
    };
    is_of_table.then_some(column)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn cleaned<'a>(table: Table, column: &str, text: &'a str) -> Cleaned<'a> {
        clean(table, table.position(column).unwrap(), text, &Vocabulary::default())
    }

    #[test]
    fn every_column_that_decides_is_cleaned_by_what_it_holds() {
        for (table, column, text, value, oddity) in [
            (Table::Cfdj, "JFDJSJ", "NULL", "", None),
            (Table::Cfdj, "JFDJSJ", "1900-01-01 00:00:00", "", None),
            (Table::Cfdj, "JFDJSJ", "2020/2/3", "2020-02-03", None),
            (Table::Cfdj, "JFDJSJ", "已解", "已解", Some(Oddity::NoDate)),
            (Table::Cfdj, "JFYWH", "-", "", None),
            (Table::Cfdj, "CFLX", "2.0", "2", None),
            (Table::Cfdj, "QSZT", "历史", "2", None),
            (Table::Cfdj, "QSZT", "7", "7", Some(Oddity::UnknownCode)),
            (Table::Qlr, "ZJZL", "身份证", "1", None),
            (Table::Qlr, "ZJH", "9.90202E+17", "9.90202E+17", Some(Oddity::Damaged(number::Damage::Scientific))),
            (Table::Qlr, "ZJH", "(null)", "(null)", None),
            (Table::Qlr, "YWH", "2.02E+11", "2.02E+11", Some(Oddity::Scientific)),
            (Table::Fdcq2, "BDCDYH", "未落宗", "未落宗", Some(Oddity::MalformedUnitNumber)),
            (Table::Fdcq2, "BDCDYH", "\\N", "", None),
            (Table::Fdcq2, "JZMJ", "1,234.56", "1234.56", None),
            (Table::Dyaq, "ZXSJ", "0000-00-00", "", None),
        ] {
            assert_eq!(cleaned(table, column, text), Cleaned { value: value.into(), oddity }, "{column} {text}");
        }
    }

    #[test]
    fn a_package_has_words_of_its_own() {
        let codes = BTreeMap::from([("CFDJ.QSZT".to_owned(), BTreeMap::from([("已解".to_owned(), "2".to_owned())]))]);
        let own = Vocabulary::new(&["待核".to_owned()], &codes, 8 * 3600);
        let of = |table: Table, column: &str, text: &'static str| {
            clean(table, table.position(column).unwrap(), text, &own).value
        };
        assert_eq!(of(Table::Cfdj, "QSZT", "已解"), "2");
        assert_eq!(of(Table::Dyaq, "QSZT", "已解"), "已解");
        assert_eq!(of(Table::Cfdj, "JFDJSJ", "待 核"), "");
    }
}
