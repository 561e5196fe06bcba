//! Counting odd values: what a register should not hold, and holds.
//!
//! Nothing is changed or refused here. Codes are checked only against the lists whose codes have behaviour.

use std::sync::LazyLock;

use crate::domain::{
    kinds::{self, COMMON, Field, KINDS, Source, Value},
    tables::{Row, Table},
};

use super::{
    dates,
    report::{Oddity, Tally},
    text,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Date,
    Decimal,
    Code(&'static [&'static str]),
    /// QSZT of a right: empty is odd too.
    Status,
    UnitNumber,
}

/// A column by position and name, and what is checked of it.
type Checked = (usize, &'static str, Check);

/// Column names, and the codes of the list that the column has.
const CODES: &[(&str, &[&str])] = &[
    ("QSZT", &["0", "1", "2", "3"]),
    ("CFLX", &["1", "2", "3", "4", "5"]),
    ("DYFS", &["1", "2"]),
    ("DYBDCLX", &["1", "2", "3", "4", "5", "6", "7"]),
    ("YGDJZL", &["1", "2", "3", "4"]),
    ("QLRLX", &["1", "2", "3", "4", "98", "99"]),
    ("ZJZL", &["1", "2", "3", "4", "5", "6", "7", "8", "99"]),
    ("MJDW", &["1", "2", "3"]),
];

/// What is checked of each table: position, name, check.
static CHECKS: LazyLock<Vec<Vec<Checked>>> =
    LazyLock::new(|| Table::ALL.iter().map(|table| checks_of(*table)).collect());

/// Counts what is odd in a row.
pub(super) fn count_odd_values(row: Row<'_>, tally: &mut Tally) {
    for (position, column, check) in &CHECKS[row.table as usize] {
        let value = row.values.get(*position).map_or("", |value| value.trim());
        if let Some(oddity) = oddity(*check, value) {
            tally.odd(row.table, column, oddity);
        }
    }
}

fn oddity(check: Check, value: &str) -> Option<Oddity> {
    match check {
        Check::UnitNumber => {
            let number = text::unit_number(value);
            match (number.is_empty(), text::is_well_formed(&number)) {
                (true, _) => Some(Oddity::NoUnitNumber),
                (false, is_well_formed) => (!is_well_formed).then_some(Oddity::MalformedUnitNumber),
            }
        }
        Check::Status if value.is_empty() => Some(Oddity::EmptyStatus),
        _ if value.is_empty() => None,
        Check::Date => (!dates::is_date(value)).then_some(Oddity::NoDate),
        Check::Decimal => (!dates::is_decimal(value)).then_some(Oddity::NoDecimal),
        Check::Code(codes) => (!codes.contains(&kinds::code(value))).then_some(Oddity::UnknownCode),
        Check::Status => (!matches!(kinds::code(value), "0" | "1" | "2" | "3")).then_some(Oddity::UnknownCode),
    }
}

fn checks_of(table: Table) -> Vec<Checked> {
    let is_right = KINDS.iter().any(|kind| kind.tables.contains(&table));
    let mut checks: Vec<Checked> = Vec::new();
    let mut add = |column: &'static str, check: Check| {
        let position = table.columns().iter().position(|known| *known == column);
        if let Some(position) = position.filter(|at| checks.iter().all(|(known, ..)| known != at)) {
            checks.push((position, column, check));
        }
    };
    if is_right {
        add("QSZT", Check::Status);
    }
    for (column, codes) in CODES {
        add(column, Check::Code(codes));
    }
    if is_right || matches!(table, Table::Qlr | Table::Zxdj | Table::Dywqd | Table::Fdcqxm | Table::H) {
        for column in ["BDCDYH", "GYDBDCDYH", "XYDBDCDYH"] {
            add(column, Check::UnitNumber);
        }
    }
    let kinds = KINDS.iter().flat_map(|kind| kind.fields.iter().map(move |field| (kind.tables, field)));
    let common = COMMON.iter().map(|field| (if is_right { Table::ALL.as_slice() } else { &[] }, field));
    for (own_tables, field) in kinds.chain(common) {
        let Some(check) = check_of(field) else { continue };
        for source in field.sources {
            if let Some(column) = column_in(*source, table, own_tables) {
                add(column, check);
            }
        }
    }
    for (of, column) in [
        (Table::Gzw, "MJ"),
        (Table::Zhjbxx, "ZHMJ"),
        (Table::Dyaq, "BDBZZQSE"),
        (Table::Dyaq, "ZGZQSE"),
        (Table::ZdK, "XZB"),
        (Table::ZdK, "YZB"),
        (Table::ZhK, "XZB"),
        (Table::ZhK, "YZB"),
        (Table::Jzd, "XZBZ"),
        (Table::Jzd, "YZBZ"),
    ] {
        if of == table {
            add(column, Check::Decimal);
        }
    }
    if matches!(table, Table::Dywqd | Table::Zxdj) {
        add("ZXSJ", Check::Date);
    }
    checks
}

fn check_of(field: &Field) -> Option<Check> {
    match field.value {
        Value::Date => Some(Check::Date),
        Value::Area(_) | Value::AreaIn(_) | Value::Amount => Some(Check::Decimal),
        Value::Text | Value::Code(_) | Value::Integer => None,
    }
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
