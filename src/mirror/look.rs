//! The first look at the package: what rows without unit number will be looked up by, and which numbers strangers share.
//!
//! It is taken before any row goes to a place, so that a number which cannot tell two owners apart leads nobody anywhere
//! (D44, D45). What is remembered follows the number of rows without unit number, not the register's size.

use crate::domain::{
    cell::{Vocabulary, column, place},
    rows::{Row, RowSource, Visited},
    tables::Table,
};

use super::{
    lookup::Wanted,
    references::References,
    resolve::{Ties, house_code, units_of},
};

/// Tables whose rows find their unit by other rows where they lack a unit number.
const LOOKED_UP: [Table; 3] = [Table::Qlr, Table::Zxdj, Table::Fdcqxm];

/// The columns that the first look reads, and therefore cleans; the others stay as they stand.
const COLUMNS: [&str; 10] = ["BDCDYH", "YWH", "BDCQZH", "BDCDJZMH", "QSZT", "GYFS", "QLRMC", "DYR", "FWBH", "FWBM"];

/// Looks at what will be looked up, and notes what it needs.
pub(super) fn look<S: RowSource>(
    source: &mut S,
    references: &mut References,
    vocabulary: &Vocabulary,
) -> Result<(), S::Error> {
    for table in LOOKED_UP {
        visit(source, table, vocabulary, |row| want(row, references))?;
    }
    if !references.wanted_certificates.is_empty() {
        let References { wanted_certificates, held, .. } = references;
        visit(source, Table::Qlr, vocabulary, |row| held.note(row, wanted_certificates))?;
    }
    if source.row_count(Table::Dywqd).is_some() {
        visit(source, Table::Dyaq, vocabulary, |row| {
            let ties = Ties::of_row(row);
            references.shared_businesses.note(&ties.business, &(&ties.certificates, row.get("DYR")));
        })?;
        let mut wanted = Wanted::default();
        visit(source, Table::Dywqd, vocabulary, |row| {
            if units_of(row, "BDCDYH").is_empty() {
                wanted.insert(&house_code(row, "FWBH"));
            }
        })?;
        if !wanted.is_empty() {
            visit(source, Table::H, vocabulary, |row| references.houses.note(row, &wanted))?;
            let units = references.houses.units();
            visit(source, Table::H, vocabulary, |row| references.houses.doubt(row, &units))?;
        }
    }
    Ok(())
}

/// Hands over the rows of a table, with [`COLUMNS`] cleaned; what cannot be read is told when the rows are sent to their places.
fn visit<S: RowSource>(
    source: &mut S,
    table: Table,
    vocabulary: &Vocabulary,
    mut see: impl FnMut(Row<'_>),
) -> Result<(), S::Error> {
    if source.row_count(table).is_none() {
        return Ok(());
    }
    let columns = table.columns();
    let read: Vec<usize> = (0..columns.len()).filter(|at| COLUMNS.contains(&columns[*at])).collect();
    source.visit(table, &mut |visited| {
        if let Visited::Row(row) = visited {
            let clean = |at: &usize| column::clean(table, *at, row.values[*at], vocabulary).value;
            let cleaned: Vec<_> = read.iter().map(clean).collect();
            let mut values = row.values.to_vec();
            for (at, value) in read.iter().zip(&cleaned) {
                values[*at] = value;
            }
            see(Row { values: &values, ..row });
        }
    })
}

/// Remembers what a row without unit number will be looked up by.
fn want(row: Row<'_>, references: &mut References) {
    // Most rows name a unit as they should.
    if !place::is_well_formed(row.get("BDCDYH")) && units_of(row, "BDCDYH").is_empty() {
        let ties = Ties::of_row(row);
        references.wanted_businesses.insert(&ties.business);
        ties.certificates.iter().for_each(|one| references.wanted_certificates.insert(one));
    }
}
