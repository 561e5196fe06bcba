//! The first look at the package: what rows without unit number will be looked up by, and which numbers strangers share.
//!
//! It is taken before any row goes to a place, so that a number which cannot tell two owners apart leads nobody anywhere
//! (D44, D45). What is remembered follows the number of rows without unit number, not the register's size.

use std::collections::{BTreeSet, HashMap};

use crate::domain::{
    cell::{Vocabulary, column, name, place},
    tables::{Row, RowSource, Table, Visited},
};

use super::{
    references::{References, Wanted},
    resolve::Ties,
    stage::{house_code, units_of},
    staged::Place,
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

/// The unit of each wanted house code, where each has but the other.
#[derive(Default)]
pub(super) struct Houses(HashMap<Box<str>, Option<Place>>);

impl Houses {
    fn note(&mut self, row: Row<'_>, wanted: &Wanted) {
        let code = house_code(row, "FWBM");
        if !wanted.contains(&code) {
            return;
        }
        for place in units_of(row, "BDCDYH") {
            let known = self.0.entry(code.as_str().into()).or_insert_with(|| Some(place.clone()));
            if known.as_ref() != Some(&place) {
                *known = None;
            }
        }
    }

    /// The units, each with the code that leads to it.
    fn units(&self) -> HashMap<Place, Box<str>> {
        self.0.iter().filter_map(|(code, place)| Some((place.clone()?, code.clone()))).collect()
    }

    /// Forgets the codes of units of which this row says another.
    fn doubt(&mut self, row: Row<'_>, units: &HashMap<Place, Box<str>>) {
        let own = house_code(row, "FWBM");
        for code in units_of(row, "BDCDYH").iter().filter_map(|unit| units.get(unit)).filter(|code| ***code != *own) {
            self.0.insert(code.clone(), None);
        }
    }

    /// The only unit whose house has this code.
    pub(super) fn place(&self, code: &str) -> Option<&Place> {
        self.0.get(code)?.as_ref()
    }
}

/// Who holds what stands under each wanted certificate number: a number under rights of different units with different holders
/// leads to none of them (D44).
#[derive(Default)]
pub(super) struct Held(HashMap<Box<str>, Holders>);

#[derive(Default)]
struct Holders {
    /// The names of each unit's holders.
    by_unit: HashMap<Place, BTreeSet<String>>,
    /// The names of those whose rows lack the unit number.
    without_unit: BTreeSet<String>,
    /// Whether every such row says that several hold together.
    is_common: bool,
}

impl Held {
    fn note(&mut self, row: Row<'_>, wanted: &Wanted) {
        if matches!(row.get("QSZT"), "2" | "3") {
            return;
        }
        let units = units_of(row, "BDCDYH");
        for certificate in Ties::of_row(row).certificates.iter().filter(|one| wanted.contains(one)) {
            let holders = self.0.entry(certificate.clone()).or_default();
            let name = name::normal(row.get("QLRMC"));
            if units.is_empty() {
                let is_common = matches!(row.get("GYFS"), "1" | "2" | "3");
                holders.is_common = is_common && (holders.is_common || holders.without_unit.is_empty());
                holders.without_unit.insert(name);
            } else {
                for unit in &units {
                    holders.by_unit.entry(unit.clone()).or_default().insert(name.clone());
                }
            }
        }
    }

    /// Whether those who hold under this number on several units are not the same everywhere.
    pub(super) fn is_by_strangers(&self, certificate: &str) -> bool {
        let Some(Holders { by_unit, without_unit, is_common }) = self.0.get(certificate) else { return false };
        let mut units = by_unit.values();
        match units.next() {
            Some(first) => units.any(|other| other != first) || !without_unit.is_subset(first),
            None => without_unit.len() > 1 && !is_common,
        }
    }
}
