//! The county holds what it promises: whole joins, every table, the subjects told, the same bytes each time.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::rows::{RowSource as _, Visited};
use crate::domain::tables::Table;
use crate::package::Package;

fn county(units: u64) -> (tempfile::TempDir, Summary, Package) {
    let dir = tempfile::tempdir().unwrap();
    let summary = generate(dir.path(), units).unwrap();
    let package = Package::open(dir.path()).unwrap();
    (dir, summary, package)
}

fn rows(package: &mut Package, table: Table, columns: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut keep = |visited: Visited<'_>| match visited {
        Visited::Row(row) => rows.push(columns.iter().map(|column| row.get(column).to_owned()).collect()),
        Visited::Unreadable { line, reason, .. } => panic!("line {line}: {reason}"),
    };
    package.visit(table, &mut keep).unwrap();
    rows
}

const RIGHTS: [Table; 8] =
    [Table::Tdsyq, Table::Jsydsyq, Table::Fdcq1, Table::Fdcq2, Table::Hysyq, Table::Gjzwsyq, Table::Nydsyq, Table::Lq];

const CHARGES: [Table; 4] = [Table::Dyaq, Table::Ygdj, Table::Yydj, Table::Cfdj];

#[test]
fn every_table_has_rows_and_every_holder_row_fits_one_registration() {
    let (_dir, summary, mut package) = county(5_000);
    assert!(summary.rows.iter().all(|(_, rows)| *rows > 0), "{:?}", summary.rows);
    assert_eq!(summary.units, 5_000);

    let mut joins: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    let mut units = BTreeSet::new();
    let tables = RIGHTS.map(|table| (table, "BDCQZH")).into_iter().chain(CHARGES.map(|table| (table, "BDCDJZMH")));
    for (table, certificate) in tables {
        let certificate = if table == Table::Cfdj { "YWH" } else { certificate };
        for row in rows(&mut package, table, &["BDCDYH", "YWH", certificate]) {
            let [unit, business, certificate] = row.try_into().unwrap();
            assert!(unit.is_empty() || unit.len() == 28);
            let is_right = RIGHTS.contains(&table) || table == Table::Ygdj;
            if is_right {
                units.insert(if unit.is_empty() { certificate.clone() } else { unit.clone() });
            }
            *joins.entry(vec![unit.clone(), String::new(), certificate]).or_default() += 1;
            if !business.is_empty() {
                *joins.entry(vec![unit, business]).or_default() += 1;
            }
        }
    }
    assert!(joins.values().all(|count| *count == 1), "a join finds two registrations");
    assert_eq!(units.len(), 5_000);

    let holders = rows(&mut package, Table::Qlr, &["BDCDYH", "YWH", "BDCQZH"]);
    let lacks_business = |row: &&Vec<String>| row[1].is_empty();
    let in_trial_form = holders.iter().filter(lacks_business).count();
    assert!(in_trial_form * 10 > holders.len() && in_trial_form * 2 < holders.len());
    for row in holders {
        let key = if row[1].is_empty() { row } else { row[..2].to_vec() };
        assert!(joins.contains_key(&key), "a holder row fits no registration");
    }
    let mortgages: BTreeSet<_> = rows(&mut package, Table::Dyaq, &["YWH"]).into_iter().collect();
    assert!(rows(&mut package, Table::Dywqd, &["YWH"]).iter().all(|row| mortgages.contains(row)));
}

#[test]
fn the_subjects_told_hold_what_is_told() {
    let (_dir, summary, mut package) = county(5_000);
    assert_eq!(summary.large_company.units, 250);
    let holders = rows(&mut package, Table::Qlr, &["ZJH", "BDCDYH", "QLRMC"]);
    let units = |subject: &Subject| -> Vec<String> {
        let holds = holders.iter().filter(|row| row[0] == subject.document_number);
        holds.map(|row| row[1].clone()).collect()
    };
    let large = units(&summary.large_company);
    assert_eq!(large.len() as u64, summary.large_company.units);
    assert_eq!(large.iter().collect::<BTreeSet<_>>().len(), 250);
    let flats = rows(&mut package, Table::Fdcq2, &["BDCDYH", "QSZT"]);
    for unit in &large {
        assert!(flats.contains(&vec![unit.clone(), "1".to_owned()]));
    }

    let [single] = units(&summary.single_unit_person).try_into().unwrap();
    let [charged] = units(&summary.charged_person).try_into().unwrap();
    assert!(units(&summary.absent_person).is_empty());
    assert_eq!((summary.short_number_person.units, summary.old_code_company.units), (2, 3));
    let by_name = |name: &str| holders.iter().filter(|row| row[2] == name).count();
    assert_eq!((by_name(&summary.short_number_person.name), by_name(&summary.old_code_company.name)), (2, 3));
    assert_eq!(by_name(&summary.single_unit_person.name), 1);

    for table in RIGHTS.into_iter().chain(CHARGES).chain([Table::Dywqd]) {
        let on = |unit: &String, rows: &[Vec<String>]| rows.iter().filter(|row| row[0] == *unit).count();
        let rows = rows(&mut package, table, &["BDCDYH"]);
        assert_eq!(on(&single, &rows), usize::from(table == Table::Fdcq2));
        let expected = match table {
            Table::Fdcq2 | Table::Dyaq => 1,
            Table::Cfdj => 2,
            _ => 0,
        };
        assert_eq!(on(&charged, &rows), expected);
    }
}

#[test]
fn the_same_size_is_the_same_package() {
    let (_first, summary, package) = county(700);
    let (_second, again, same) = county(700);
    assert_eq!(summary, again);
    assert_eq!(package.manifest_bytes(), same.manifest_bytes());
}

#[test]
fn the_smallest_counties_have_their_size() {
    for units in [0, 1, 2, 9, 60] {
        assert_eq!(county(units).1.units, units);
    }
}
