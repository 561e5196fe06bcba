//! Putting one unit together: its registrations with status, values and parties, in the order of D28.
//!
//! The rules stand on the module's page, under "Joins". A row that cannot be placed stops everything; nothing is guessed.

use std::collections::BTreeMap;

use crate::domain::{
    kinds::{self, COMMON, KINDS, Kind, PARTY, Source, tag},
    record::{NotedCharge, Party, Registration, Role, Scope, Status, Unit},
    tables::Table,
};

use super::{
    error::Reason,
    report::{Oddity, Tally},
    resolve::{Resolution, Ties, business, resolve},
    staged::{Line, Place, PlaceKind, StagedRow, Way},
    text,
    unit_rows::{Parcel, Rows, UnitRows, ordinal, shaped},
};

/// A row that cannot be placed.
pub(super) type Unplaced = (Line, Reason);

/// Puts units together, given their rows place after place in ascending order.
#[derive(Default)]
pub(super) struct Assembler {
    /// What was counted.
    pub(super) tally: Tally,
    parcel: Option<Parcel>,
    /// Rows that stand on several units, and whether one took them.
    shared: BTreeMap<Line, bool>,
}

/// A right's row on its way to becoming registrations.
struct Right<'a> {
    kind: Kind,
    row: &'a StagedRow,
    ties: Ties,
    /// QLR rows in the order of SXH.
    holders: Vec<&'a StagedRow>,
    /// ZXSJ of the ZXDJ row that names it.
    deregistered: Option<&'a str>,
}

impl Assembler {
    /// Takes all rows of the next place; a unit where the place is one that has something to keep.
    pub(super) fn take(&mut self, place: &Place, rows: Vec<StagedRow>) -> Result<Option<Unit>, Unplaced> {
        let kind = place.kind();
        if let PlaceKind::Parcel(code) = kind {
            self.parcel = Some(Parcel::new(code, rows));
            return Ok(None);
        }
        let rows = Rows::new(rows);
        let parcel = self.parcel.take();
        let unit = self.unit(&UnitRows::new(kind, &rows, parcel.as_ref()));
        self.parcel = parcel;
        let unit = unit?;
        if text::is_parcel_unit(&unit.number) {
            self.remember_charges(&unit);
        }
        let is_kept =
            !unit.registrations.is_empty() || [Table::H, Table::Gzw].iter().any(|table| !rows.of(*table).is_empty());
        if !is_kept {
            return Ok(None);
        }
        self.tally.units += 1;
        self.tally.units_without_number += u64::from(unit.number.is_empty());
        Ok(Some(unit))
    }

    /// The first row that stood on several units and was taken by none.
    pub(super) fn untaken(&self) -> Option<Unplaced> {
        let (line, _) = self.shared.iter().find(|(_, is_taken)| !**is_taken)?;
        Some((*line, if line.table == Table::Qlr { Reason::Orphan } else { Reason::NoProject }))
    }

    fn remember_charges(&mut self, unit: &Unit) {
        let Some(code) = text::parcel_code(&unit.number) else { return };
        if self.parcel.as_ref().is_none_or(|parcel| parcel.code != code) {
            self.parcel = Some(Parcel::new(code, Vec::new()));
        }
        if let Some(parcel) = &mut self.parcel {
            parcel.charges = unit
                .registrations
                .iter()
                .filter(|registration| registration.kind.is_charge())
                .map(|registration| NotedCharge {
                    identity: registration.identity.clone(),
                    kind: registration.kind,
                    status: registration.status,
                    scope: Scope::Parcel,
                })
                .collect();
        }
    }

    fn unit(&mut self, unit_rows: &UnitRows<'_>) -> Result<Unit, Unplaced> {
        let mut rights = rights(unit_rows.rows);
        self.deregister(unit_rows.rows, &mut rights);
        self.place_holders(unit_rows.rows, &mut rights)?;
        let mut registrations: Vec<(Registration, &Right<'_>)> = Vec::new();
        let mut projects_taken = vec![false; unit_rows.rows.of(Table::Fdcqxm).len()];
        for right in &rights {
            for project in projects(unit_rows.rows, right, &mut projects_taken) {
                registrations.push((registration(unit_rows, right, project), right));
            }
        }
        self.check_projects(unit_rows.rows, &projects_taken)?;
        registrations.sort_by(|left, right| left.0.order_key().cmp(&right.0.order_key()));
        let building = building_location(&registrations);
        for (registration, right) in &mut registrations {
            set_places(registration, unit_rows, right.row, &building);
            self.count(registration);
        }
        number_waiting(&mut registrations);
        let (area, area_unit) = unit_rows.area();
        let is_under_parcel = !text::is_parcel_unit(unit_rows.number);
        let charges = unit_rows.parcel.filter(|_| is_under_parcel).map(|parcel| parcel.charges.clone());
        Ok(Unit {
            number: unit_rows.number.to_owned(),
            group: unit_rows.group.to_owned(),
            location: unit_rows.location(&building),
            area,
            area_unit,
            position: unit_rows.position(),
            registrations: registrations.into_iter().map(|(registration, _)| registration).collect(),
            noted_charges: charges.unwrap_or_default(),
        })
    }

    /// Ends the rights that ZXDJ names by certificate; QLLX decides where two share it and the row states one.
    fn deregister<'a>(&mut self, rows: &'a Rows, rights: &mut [Right<'a>]) {
        for row in rows.of(Table::Zxdj) {
            let ties = Ties::of(row);
            let mut is_found = false;
            for certificate in &ties.certificates {
                let named = |right: &Right<'_>| right.ties.certificates.contains(certificate);
                let count = rights.iter().filter(|right| named(right)).count();
                let decides = count > 1 && !ties.right_type.is_empty();
                for right in rights.iter_mut().filter(|right| named(right)) {
                    if !decides || right.ties.right_type == ties.right_type {
                        right.deregistered.get_or_insert(row.get("ZXSJ"));
                        is_found = true;
                    }
                }
            }
            if !is_found {
                self.tally.odd(Table::Zxdj, "BDCQZH", Oddity::EndsNothing);
            }
        }
    }

    /// Gives every holder's row to the rights that it belongs to.
    fn place_holders<'a>(&mut self, rows: &'a Rows, rights: &mut [Right<'a>]) -> Result<(), Unplaced> {
        let holders = rows.of(Table::Qlr);
        for row in holders.iter().filter(|row| !matches!(row.way, Way::Targeted { .. })) {
            let found = {
                let candidates: Vec<&Ties> = rights.iter().map(|right| &right.ties).collect();
                resolve(&Ties::of(row), &candidates)
            };
            match found {
                Resolution::Found(positions) => {
                    for at in positions {
                        rights[at].holders.push(row);
                    }
                    self.take_shared(row, true);
                }
                Resolution::Ambiguous => return Err((row.line, Reason::Ambiguous)),
                Resolution::Nothing if row.way == Way::Own => return Err((row.line, Reason::Orphan)),
                Resolution::Nothing => self.take_shared(row, false),
            }
        }
        for right in rights {
            if right.holders.is_empty() {
                right.holders = holders_from_elsewhere(holders, right.row.line);
            }
            right.holders.sort_by_key(|row| (ordinal(row.get("SXH")), row.line.line));
        }
        Ok(())
    }

    fn take_shared(&mut self, row: &StagedRow, is_taken: bool) {
        if row.way == Way::Shared {
            *self.shared.entry(row.line).or_default() |= is_taken;
        }
    }

    fn check_projects(&mut self, rows: &Rows, taken: &[bool]) -> Result<(), Unplaced> {
        for (row, is_taken) in rows.of(Table::Fdcqxm).iter().zip(taken) {
            self.take_shared(row, *is_taken);
            if !is_taken && row.way != Way::Shared {
                return Err((row.line, Reason::NoProject));
            }
        }
        Ok(())
    }

    fn count(&mut self, registration: &Registration) {
        self.tally.registration(registration.kind, registration.status);
        let has_holder = registration.parties.iter().any(|party| party.role == Role::Holder);
        if !has_holder && registration.kind != Kind::Seizure {
            self.tally.odd(registration.kind.table().tables[0], "QLR", Oddity::NoHolder);
        }
    }
}

fn rights(rows: &Rows) -> Vec<Right<'_>> {
    let tables = KINDS.iter().flat_map(|kind| kind.tables.iter().map(move |table| (kind.kind, *table)));
    let rows = tables.flat_map(|(kind, table)| rows.of(table).iter().map(move |row| (kind, row)));
    rows.map(|(kind, row)| Right { kind, row, ties: Ties::of(row), holders: Vec::new(), deregistered: None }).collect()
}

/// The holders of a right over several units that has none on this one: those of the first unit that has any.
fn holders_from_elsewhere(rows: &[StagedRow], right: Line) -> Vec<&StagedRow> {
    let order = |place: &Place| match place.kind() {
        PlaceKind::Unit(number) | PlaceKind::Parcel(number) => (false, number.to_owned()),
        PlaceKind::Group(group) => (true, group.to_owned()),
    };
    let mut found: Vec<((bool, String), &StagedRow)> = Vec::new();
    for row in rows {
        if let Way::Targeted { origin, target } = &row.way
            && *target == right
        {
            found.push((order(origin), row));
        }
    }
    let Some(first) = found.iter().map(|(origin, _)| origin.clone()).min() else { return Vec::new() };
    let mut holders: Vec<&StagedRow> = Vec::new();
    for (_, row) in found.into_iter().filter(|(origin, _)| *origin == first) {
        if !holders.iter().any(|known| known.has_values_of(row)) {
            holders.push(row);
        }
    }
    holders
}

/// The buildings of an FDCQ1 row, one registration each (D19); nothing else has several.
fn projects<'a>(rows: &'a Rows, right: &Right<'_>, taken: &mut [bool]) -> Vec<Option<&'a StagedRow>> {
    if right.row.line.table != Table::Fdcq1 {
        return vec![None];
    }
    let mut found = Vec::new();
    for (row, is_taken) in rows.of(Table::Fdcqxm).iter().zip(taken) {
        let business = business(row.get("YWH"));
        if business.is_empty() || business == *right.ties.business {
            *is_taken = true;
            found.push(Some(row));
        }
    }
    if found.is_empty() { vec![None] } else { found }
}

/// One registration; fields that need the whole unit are set later.
fn registration(unit_rows: &UnitRows<'_>, right: &Right<'_>, project: Option<&StagedRow>) -> Registration {
    let mut registration = Registration::new(right.kind, right.row.line.to_string());
    for field in COMMON {
        registration.common.set(field.tag, unit_rows.value(field, right.row, project));
    }
    for field in right.kind.table().fields {
        let value = if field.sources.contains(&Source::HolderNames) {
            let names: Vec<&str> = right.holders.iter().map(|row| row.get("QLRMC")).collect();
            names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join("、")
        } else {
            unit_rows.value(field, right.row, project)
        };
        registration.details.set(field.tag, value);
    }
    let listed = listed_on(unit_rows.rows, right);
    let is_released = !listed.is_empty() && listed.iter().all(|row| is_marked_ended(row));
    registration.status = status(right, is_released);
    if registration.common.get(tag::ENDED_AT).is_empty() {
        let released = listed.iter().filter(|_| is_released).map(|row| row.get("ZXSJ")).find(|text| !text.is_empty());
        let ended = right.deregistered.filter(|text| !text.is_empty()).or(released).unwrap_or_default();
        registration.common.set(tag::ENDED_AT, shaped(kinds::Value::Date, ended));
    }
    registration.parties = parties(right);
    registration
}

/// The DYWQD rows of a mortgage on this unit.
fn listed_on<'a>(rows: &'a Rows, right: &Right<'_>) -> Vec<&'a StagedRow> {
    if right.kind != Kind::Mortgage || right.ties.business.is_empty() {
        return Vec::new();
    }
    let is_its = |row: &&StagedRow| business(row.get("YWH")) == *right.ties.business;
    rows.of(Table::Dywqd).iter().filter(is_its).collect()
}

/// Columns that say that a registration has ended, where they are filled.
const ENDING: [&str; 7] = ["ZXDYYWH", "ZXSJ", "ZXYYYWH", "ZXYYDJSJ", "ZXYGYWH", "JFYWH", "JFDJSJ"];

fn is_marked_ended(row: &StagedRow) -> bool {
    matches!(kinds::code(row.get("QSZT")), "2" | "3") || ENDING.iter().any(|column| !row.get(column).is_empty())
}

/// Whether a registration is in force (D1, D5).
fn status(right: &Right<'_>, is_released: bool) -> Status {
    if is_marked_ended(right.row) || right.deregistered.is_some() || is_released {
        Status::Ended
    } else if kinds::code(right.row.get("QSZT")) == "0" {
        Status::Provisional
    } else {
        Status::Current
    }
}

fn parties(right: &Right<'_>) -> Vec<Party> {
    let mut parties: Vec<Party> = right.holders.iter().map(|row| holder(right, row)).collect();
    let named: &[(Role, &str, &str, &str)] = match right.kind {
        Kind::PreNotice => &[(Role::Obligor, "YWR", "YWRZJZL", "YWRZJH")],
        Kind::Easement => &[
            (Role::ServientHolder, "GYDQLR", "GYDQLRZJZL", "GYDQLRZJH"),
            (Role::DominantHolder, "XYDQLR", "XYDQLRZJZL", "XYDQLRZJH"),
        ],
        _ => &[],
    };
    for (role, name, kind, number) in named {
        // A party named without a number is not searched (D12), and stays a detail.
        if !text::is_none(&text::number(right.row.get(number))) {
            let mut party = Party { role: *role, ..Party::default() };
            party.values.set(tag::PARTY_NAME, right.row.get(name));
            party.values.set(tag::PARTY_DOCUMENT_KIND, right.row.get(kind));
            party.values.set(tag::PARTY_DOCUMENT_NUMBER, right.row.get(number));
            parties.push(party);
        }
    }
    parties
}

fn holder(right: &Right<'_>, row: &StagedRow) -> Party {
    let mut party = Party::default();
    for field in PARTY {
        for source in field.sources {
            if let Source::Own(column) = source {
                party.values.set(field.tag, shaped(field.value, row.get(column)));
            }
        }
    }
    for (tag, column) in [(tag::PARTY_BUSINESS_NUMBER, "YWH"), (tag::PARTY_STORED_STATUS, "QSZT")] {
        if party.values.get(tag).is_empty() {
            party.values.set(tag, right.row.get(column));
        }
    }
    party
}

/// FDZL of the unit's ownership: of the first current one that has it, else of the first.
fn building_location(registrations: &[(Registration, &Right<'_>)]) -> String {
    let mut locations: Vec<(bool, &str)> = registrations
        .iter()
        .filter(|(registration, right)| registration.kind == Kind::Building && !right.row.get("FDZL").is_empty())
        .map(|(registration, right)| (registration.status != Status::Current, right.row.get("FDZL")))
        .collect();
    locations.sort_by_key(|(is_not_current, _)| *is_not_current);
    locations.first().map_or_else(String::new, |(_, location)| (*location).to_owned())
}

/// Fills the fields that are the place of the unit, where no source before it had a value.
fn set_places(registration: &mut Registration, unit_rows: &UnitRows<'_>, right: &StagedRow, building: &str) {
    for field in registration.kind.table().fields {
        if field.sources.contains(&Source::Place) && registration.details.get(field.tag).is_empty() {
            registration.details.set(field.tag, unit_rows.place(right, building));
        }
    }
}

/// Numbers the waiting seizures in force (D26).
fn number_waiting(registrations: &mut [(Registration, &Right<'_>)]) {
    let mut waiting: Vec<&mut (Registration, &Right<'_>)> = registrations
        .iter_mut()
        .filter(|(registration, right)| {
            registration.kind == Kind::Seizure
                && registration.status == Status::Current
                && matches!(kinds::code(right.row.get("CFLX")), "2" | "4")
        })
        .collect();
    waiting.sort_by_cached_key(|(registration, right)| {
        let text = |tag| registration.common.get(tag).to_owned();
        (text(tag::REGISTERED_AT), text(tag::BUSINESS_NUMBER), right.row.line.line)
    });
    for ((registration, _), order) in waiting.into_iter().zip(1..) {
        registration.waiting_order = order;
    }
}
