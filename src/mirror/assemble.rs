//! Putting one unit together: its registrations with status, values and parties, in the order of D28.
//!
//! The rules stand on the module's page, under "Joins". A row that cannot be placed stops everything; nothing is guessed.

use std::collections::BTreeMap;

use crate::domain::{
    cell::{date, none, place},
    kinds::{COMMON, KINDS, Kind, PARTY, Source, tag},
    record::{NotedCharge, Party, Registration, Role, Scope, Status, Unit},
    tables::Table,
};

use super::{
    gate::Refused,
    identity::identities,
    marks::Marks,
    reason::Reason,
    report::{Oddity, Tally},
    resolve::{Resolution, Ties, resolve},
    shared,
    staged::{Line, Place, PlaceKind, StagedRow, Way},
    unit_rows::{Parcel, Rows, UnitRows, ordinal},
};

/// Puts units together, given their rows place after place in ascending order.
pub(super) struct Assembler {
    /// What was counted.
    pub(super) tally: Tally,
    /// Rows that fit nowhere.
    refused: Refused,
    marks: Marks,
    parcel: Option<Parcel>,
    /// Rows that stand on several units, and whether one took them.
    shared: BTreeMap<Line, bool>,
}

/// A right's row on its way to becoming registrations.
struct Right<'a> {
    kind: Kind,
    row: &'a StagedRow,
    marks: Marks,
    /// What it is counted by.
    identity: String,
    ties: Ties,
    /// QLR rows in the order of SXH.
    holders: Vec<&'a StagedRow>,
    /// ZXSJ of the ZXDJ row that names it.
    deregistered: Option<&'a str>,
    /// Whether a ZXDJ row names it or another, and nobody can say which.
    is_in_doubt: bool,
}

impl Right<'_> {
    fn is_marked_ended(&self) -> bool {
        self.marks.is_ended(self.row)
    }
}

impl Assembler {
    /// Nothing put together yet; rows that fit nowhere go to `refused`.
    pub(super) fn new(refused: Refused, marks: Marks) -> Self {
        Self { tally: Tally::default(), refused, marks, parcel: None, shared: BTreeMap::new() }
    }

    /// Takes all rows of the next place; its unit where it has something to keep, or several where strangers share it.
    pub(super) fn take(&mut self, place: &Place, rows: Vec<StagedRow>) -> Vec<Unit> {
        match place.kind() {
            PlaceKind::Parcel(code) => {
                self.turn_to(Parcel::new(code, rows));
                Vec::new()
            }
            PlaceKind::Unit(number) if place::is_well_formed(number) => {
                self.take_rows(place.kind(), rows).into_iter().collect()
            }
            _ if shared::is_shared(&rows) => {
                let is_unit = matches!(place.kind(), PlaceKind::Unit(_));
                let oddity = if is_unit { Oddity::SharedUnitNumber } else { Oddity::SharedCertificate };
                self.tally.odd(Table::Fdcq2, if is_unit { "BDCDYH" } else { "BDCQZH" }, oddity);
                let apart = shared::apart(rows, &mut self.refused);
                let groups = apart.into_iter();
                groups.filter_map(|(group, rows)| self.take_rows(PlaceKind::Group(&group), rows)).collect()
            }
            kind => self.take_rows(kind, rows).into_iter().collect(),
        }
    }

    fn take_rows(&mut self, kind: PlaceKind<'_>, rows: Vec<StagedRow>) -> Option<Unit> {
        let rows = Rows::new(rows);
        for table in Table::ALL {
            for _ in 0..rows.duplicates(table) {
                self.tally.odd(table, "*", Oddity::Duplicate);
            }
        }
        let parcel = self.parcel.take();
        let unit = self.unit(&UnitRows::new(kind, &rows, parcel.as_ref()));
        self.parcel = parcel;
        if is_whole(&unit.number) {
            self.remember_charges(&unit);
        }
        let is_kept =
            !unit.registrations.is_empty() || [Table::H, Table::Gzw].iter().any(|table| !rows.of(*table).is_empty());
        if !is_kept {
            return None;
        }
        if let Some(parcel) = self.parcel.as_mut().filter(|_| !is_whole(&unit.number)) {
            let building = place::building_of(&unit.number);
            parcel.alone.retain(|(number, _)| !place::is_parcel_unit(number) && Some(number) != building.as_ref());
        }
        self.tally.units += 1;
        self.tally.units_without_number += u64::from(unit.number.is_empty());
        Some(unit)
    }

    /// What was counted, and the rows that fit nowhere: also those that stood on several units and were taken by none.
    pub(super) fn finish(mut self) -> (Tally, Refused) {
        self.turn_to(Parcel::new("", Vec::new()));
        for (line, _) in self.shared.iter().filter(|(_, is_taken)| !**is_taken) {
            self.refused.place(*line, if line.table == Table::Qlr { Reason::Orphan } else { Reason::NoProject });
        }
        (self.tally, self.refused)
    }

    /// Turns to another parcel; charges on the last one's own numbers that stood there alone are counted.
    fn turn_to(&mut self, parcel: Parcel) {
        for (_, table) in self.parcel.replace(parcel).into_iter().flat_map(|parcel| parcel.alone) {
            self.tally.odd(table, "BDCDYH", Oddity::NoUnitToStandOn);
        }
    }

    fn remember_charges(&mut self, unit: &Unit) {
        let Some(code) = place::parcel_code(&unit.number) else { return };
        if self.parcel.as_ref().is_none_or(|parcel| parcel.code != code) {
            self.turn_to(Parcel::new(code, Vec::new()));
        }
        let is_parcel = place::is_parcel_unit(&unit.number);
        let scope = if is_parcel { Scope::Parcel } else { Scope::Building };
        let charges = unit.registrations.iter().filter(|registration| registration.kind.is_charge());
        let charges = charges.map(|registration| NotedCharge {
            identity: registration.identity.clone(),
            kind: registration.kind,
            status: registration.status,
            scope,
        });
        let is_alone = unit.registrations.iter().all(|registration| registration.kind.is_charge());
        if let Some(parcel) = &mut self.parcel {
            if is_alone && !parcel.is_described() {
                let tables = unit.registrations.iter().map(|registration| registration.kind.table().tables[0]);
                parcel.alone.extend(tables.map(|table| (unit.number.clone(), table)));
            }
            if is_parcel {
                parcel.charges = charges.collect();
            } else {
                parcel.building_charges.push((unit.number.clone(), charges.collect()));
            }
        }
    }

    fn unit(&mut self, unit_rows: &UnitRows<'_>) -> Unit {
        let mut rights = rights(unit_rows.rows, self.marks);
        self.deregister(unit_rows.rows, &mut rights);
        self.place_holders(unit_rows.rows, &mut rights);
        let mut registrations: Vec<(Registration, &Right<'_>)> = Vec::new();
        let mut projects_taken = vec![false; unit_rows.rows.of(Table::Fdcqxm).len()];
        for right in &rights {
            for project in projects(unit_rows.rows, right, &mut projects_taken) {
                registrations.push((registration(unit_rows, right, project), right));
            }
        }
        self.check_projects(unit_rows.rows, &projects_taken);
        registrations.sort_by(|left, right| left.0.order_key().cmp(&right.0.order_key()));
        let building = building_location(&registrations);
        for (registration, right) in &mut registrations {
            set_places(registration, unit_rows, right.row, &building);
            self.count(registration, right.row.line.table);
        }
        number_waiting(&mut registrations);
        self.refuse_strays(&registrations);
        let (area, area_unit) = unit_rows.area();
        let is_under_parcel = !place::is_parcel_unit(unit_rows.number);
        let mut noted_charges = Vec::new();
        if let Some(parcel) = unit_rows.parcel.filter(|_| is_under_parcel) {
            let building = place::building_of(unit_rows.number);
            let of_building = parcel.building_charges.iter().filter(|(number, _)| Some(number) == building.as_ref());
            noted_charges.extend(of_building.flat_map(|(_, charges)| charges.iter().cloned()));
            noted_charges.extend(parcel.charges.iter().cloned());
        }
        self.count_charges_alone(unit_rows, &rights);
        Unit {
            number: unit_rows.number.to_owned(),
            group: unit_rows.group.to_owned(),
            location: unit_rows.location(&building),
            area,
            area_unit,
            position: unit_rows.position(),
            registrations: registrations.into_iter().map(|(registration, _)| registration).collect(),
            noted_charges,
        }
    }

    /// Refuses charges in force on a text that is no unit number, where nobody has a right in force: it may be anybody's house,
    /// and no answer would tell them.
    fn refuse_strays(&mut self, registrations: &[(Registration, &Right<'_>)]) {
        let is_current = |registration: &Registration| registration.status == Status::Current;
        let is_held = registrations.iter().any(|(registration, _)| {
            let does_bring = registration.kind.is_ownership_or_use() || registration.kind == Kind::PreNotice;
            does_bring && is_current(registration)
        });
        let strays = registrations.iter().filter(|(one, right)| is_current(one) && right.row.way == Way::Unsure);
        for (_, right) in strays.filter(|_| !is_held) {
            self.refused.place(right.row.line, Reason::NobodysUnit);
        }
    }

    /// Counts charges on a unit that the package knows nothing else of: of a parcel or a building they are counted for the
    /// flats.
    fn count_charges_alone(&mut self, unit_rows: &UnitRows<'_>, rights: &[Right<'_>]) {
        let has_house = [Table::H, Table::Gzw].iter().any(|table| !unit_rows.rows.of(*table).is_empty());
        if !is_whole(unit_rows.number) && !has_house && rights.iter().all(|right| right.kind.is_charge()) {
            for right in rights {
                self.tally.odd(right.row.line.table, "BDCDYH", Oddity::NoUnitToStandOn);
            }
        }
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
                let is_meant =
                    |right: &Right<'_>| named(right) && (!decides || right.ties.right_type == ties.right_type);
                let meant: Vec<Ties> =
                    rights.iter().filter(|right| is_meant(right)).map(|right| right.ties.clone()).collect();
                let is_doubtful = meant.iter().any(|right| names_right(&ties, right, &meant).is_none());
                for right in rights.iter_mut().filter(|right| is_meant(right)) {
                    match names_right(&ties, &right.ties, &meant) {
                        // What will end has not, as with the right's own marks.
                        Some(true) if date::is_date(row.get("ZXSJ")) && !right.marks.is_past(row.get("ZXSJ")) => {
                            right.is_in_doubt = true;
                        }
                        Some(true) if !is_doubtful => {
                            right.deregistered.get_or_insert(row.get("ZXSJ"));
                            is_found = true;
                        }
                        Some(false) => {}
                        _ => right.is_in_doubt = true,
                    }
                }
            }
            if !is_found {
                self.tally.odd(Table::Zxdj, "BDCQZH", Oddity::EndsNothing);
            }
        }
    }

    /// Gives every holder's row to the rights that it belongs to.
    fn place_holders<'a>(&mut self, rows: &'a Rows, rights: &mut [Right<'a>]) {
        let holders = rows.of(Table::Qlr);
        let own = holders.iter().filter(|row| !matches!(row.way, Way::Targeted { .. }));
        let is_bare = |(_, ties): &(&StagedRow, Ties)| ties.business.is_empty() && ties.certificates.is_empty();
        // Those that name nothing come last: whom the others left without a holder is known by then.
        let (bare, tied): (Vec<_>, Vec<_>) = own.map(|row| (row, Ties::of(row))).partition(is_bare);
        for (row, ties) in tied.into_iter().chain(bare) {
            let is_held = rights.iter().any(|right| right.kind.is_ownership_or_use() && !right.holders.is_empty());
            let found = holder_of(&ties, rights, is_held);
            match found {
                Resolution::Found(positions) => {
                    for at in positions {
                        rights[at].holders.push(row);
                    }
                    self.take_shared(row, true);
                }
                Resolution::Ambiguous => {
                    self.refused.place(row.line, Reason::Ambiguous);
                    self.take_shared(row, true);
                }
                Resolution::Nothing if row.way == Way::Own => self.refused.place(row.line, Reason::Orphan),
                Resolution::Nothing => self.take_shared(row, false),
            }
        }
        for right in rights {
            if right.holders.is_empty() {
                right.holders = holders_from_elsewhere(holders, right.row.line);
            }
            right.holders.sort_by_key(|row| (ordinal(row.get("SXH")), row.line.line));
        }
    }

    fn take_shared(&mut self, row: &StagedRow, is_taken: bool) {
        if row.way == Way::Shared {
            *self.shared.entry(row.line).or_default() |= is_taken;
        }
    }

    fn check_projects(&mut self, rows: &Rows, taken: &[bool]) {
        for (row, is_taken) in rows.of(Table::Fdcqxm).iter().zip(taken) {
            self.take_shared(row, *is_taken);
            if !is_taken && row.way != Way::Shared {
                self.refused.place(row.line, Reason::NoProject);
            }
        }
    }

    fn count(&mut self, registration: &Registration, table: Table) {
        self.tally.registration(registration.kind, registration.status);
        for _ in registration.parties.iter().filter(|party| party.is_former) {
            self.tally.odd(table, "QLR", Oddity::FormerHolder);
        }
        let is_holder = |party: &Party| party.role == Role::Holder && !party.is_former;
        let has_holder = registration.parties.iter().any(is_holder);
        if !has_holder && registration.kind != Kind::Seizure {
            self.tally.odd(table, "QLR", Oddity::NoHolder);
        }
    }
}

/// Whether a number is a parcel's or a building's own, whose charges are noted on flats (D4, D43).
fn is_whole(unit_number: &str) -> bool {
    place::is_parcel_unit(unit_number) || place::is_building_unit(unit_number)
}

/// The rights that a holder's row belongs to. One that names neither business nor certificate belongs to the unit's only
/// right of ownership or use (D56).
fn holder_of(ties: &Ties, rights: &[Right<'_>], is_held: bool) -> Resolution {
    if ties.business.is_empty() && ties.certificates.is_empty() {
        let mut owning = (0..rights.len()).filter(|at| rights[*at].kind.is_ownership_or_use());
        // A bank's or a buyer's row may look the same: where the right has holders who name it, and another registration of
        // the unit may have some, nothing says whose the row is.
        let may_have_holders =
            |right: &Right<'_>| matches!(right.kind, Kind::Mortgage | Kind::PreNotice | Kind::Easement);
        let may_be_of_another = is_held && rights.iter().any(may_have_holders);
        let is_of_kind = |at: usize| ties.right_type.is_empty() || rights[at].ties.right_type == ties.right_type;
        return match (owning.next(), owning.next()) {
            (Some(at), None) if !may_be_of_another && is_of_kind(at) => Resolution::Found(vec![at]),
            _ => Resolution::Nothing,
        };
    }
    let candidates: Vec<&Ties> = rights.iter().map(|right| &right.ties).collect();
    let found = resolve(ties, &candidates);
    let Resolution::Found(positions) = &found else { return found };
    // A business number under an ended right and one in force, of different certificates, does not say whose the row is; nor does
    // a certificate number under rights that business numbers part, none of them the row's own.
    let is_ended = |at: usize| rights[at].is_marked_ended() || rights[at].deregistered.is_some();
    let part = |one: usize, other: usize| {
        let (left, right) = (&rights[one].ties, &rights[other].ties);
        if left.kind() != right.kind() {
            false
        } else if left.shares_certificate(ties) && right.shares_certificate(ties) {
            !ties.business.is_empty() && left.business != right.business
        } else {
            is_ended(one) != is_ended(other) && left.certificates != right.certificates
        }
    };
    let is_doubtful = positions.iter().any(|one| positions.iter().any(|other| part(*one, *other)));
    if is_doubtful { Resolution::Ambiguous } else { found }
}

/// Whether a row of deregistration that names the certificate of all of `meant` ends `right`, one of them. Where rights of one
/// kind with different business numbers carry it, its business number decides, or nobody can say.
fn names_right(row: &Ties, right: &Ties, meant: &[Ties]) -> Option<bool> {
    let is_apart = |other: &&Ties| {
        let have_both = !right.business.is_empty() && !other.business.is_empty();
        other.kind() == right.kind() && have_both && other.business != right.business
    };
    let others: Vec<&Ties> = meant.iter().filter(is_apart).collect();
    if others.is_empty() || row.business == right.business {
        Some(true)
    } else if others.iter().any(|other| other.business == row.business) {
        Some(false)
    } else {
        None
    }
}

fn rights(rows: &Rows, marks: Marks) -> Vec<Right<'_>> {
    let tables = KINDS.iter().flat_map(|kind| kind.tables.iter().map(move |table| (kind.kind, *table)));
    let rows = tables.flat_map(|(kind, table)| rows.of(table).iter().map(move |row| (kind, row)));
    let rows: Vec<(Kind, &StagedRow)> = rows.collect();
    let ties: Vec<Ties> = rows.iter().map(|(_, row)| Ties::of(row)).collect();
    let identities = identities(&rows.iter().map(|(_, row)| *row).zip(&ties).collect::<Vec<_>>());
    let right = |(((kind, row), identity), ties)| Right {
        kind,
        marks,
        row,
        identity,
        ties,
        holders: Vec::new(),
        deregistered: None,
        is_in_doubt: false,
    };
    rows.into_iter().zip(identities).zip(ties).map(right).collect()
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
        let business = place::business(row.get("YWH"));
        if business.is_empty() || business == *right.ties.business {
            *is_taken = true;
            found.push(Some(row));
        }
    }
    if found.is_empty() { vec![None] } else { found }
}

/// One registration; fields that need the whole unit are set later.
fn registration(unit_rows: &UnitRows<'_>, right: &Right<'_>, project: Option<&StagedRow>) -> Registration {
    let mut registration = Registration::new(right.kind, right.identity.clone());
    for field in COMMON {
        registration.common.set(field.tag, unit_rows.value(field, right.row, project));
    }
    for field in right.kind.table().fields {
        let value = if field.sources.contains(&Source::HolderNames) {
            let is_current = !right.is_marked_ended() && right.deregistered.is_none();
            let holders = right.holders.iter().filter(|row| !(is_current && is_former(row)));
            let names: Vec<&str> = holders.map(|row| row.get("QLRMC")).collect();
            names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join("、")
        } else {
            unit_rows.value(field, right.row, project)
        };
        registration.details.set(field.tag, value);
    }
    let listed = listed_on(unit_rows.rows, right);
    let is_released = !listed.is_empty() && listed.iter().all(|row| right.marks.is_ended(row));
    registration.status = status(right, is_released);
    if registration.common.get(tag::ENDED_AT).is_empty() {
        let released = listed.iter().filter(|_| is_released).map(|row| row.get("ZXSJ")).find(|text| !text.is_empty());
        let ended = right.deregistered.filter(|text| !text.is_empty()).or(released).unwrap_or_default();
        registration.common.set(tag::ENDED_AT, ended);
    }
    registration.is_doubtful = registration.status == Status::Current && is_doubtful(right, &listed);
    registration.parties = parties(right, registration.status);
    registration
}

/// The DYWQD rows of a mortgage on this unit.
fn listed_on<'a>(rows: &'a Rows, right: &Right<'_>) -> Vec<&'a StagedRow> {
    if right.kind != Kind::Mortgage || right.ties.business.is_empty() {
        return Vec::new();
    }
    let is_its = |row: &&StagedRow| place::business(row.get("YWH")) == *right.ties.business;
    rows.of(Table::Dywqd).iter().filter(is_its).collect()
}

fn is_doubtful(right: &Right<'_>, listed: &[&StagedRow]) -> bool {
    // What its holders say counts only in QSZT: whether they still hold.
    let status = |row: &&StagedRow| !matches!(row.get("QSZT"), "" | "0" | "1" | "2" | "3");
    right.is_in_doubt
        || right.marks.is_doubtful(right.row)
        || listed.iter().any(|row| right.marks.is_doubtful(row))
        || right.holders.iter().any(status)
}

/// Whether a registration is in force (D1, D5).
fn status(right: &Right<'_>, is_released: bool) -> Status {
    if right.is_marked_ended() || right.deregistered.is_some() || is_released {
        Status::Ended
    } else if right.row.get("QSZT") == "0" {
        Status::Provisional
    } else {
        Status::Current
    }
}

fn parties(right: &Right<'_>, status: Status) -> Vec<Party> {
    // A holder who has left a right in force is a former holder, told to nobody but itself (D46).
    let has_left = |row: &StagedRow| status == Status::Current && is_former(row);
    let (former, holders): (Vec<&StagedRow>, Vec<&StagedRow>) = right.holders.iter().partition(|row| has_left(row));
    let mut parties: Vec<Party> = holders.into_iter().map(|row| holder(right, row)).collect();
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
        if !none::is_none_or_zero(right.row.get(number)) {
            let mut party = Party { role: *role, ..Party::default() };
            party.values.set(tag::PARTY_NAME, right.row.get(name));
            party.values.set(tag::PARTY_DOCUMENT_KIND, right.row.get(kind));
            party.values.set(tag::PARTY_DOCUMENT_NUMBER, right.row.get(number));
            parties.push(party);
        }
    }
    parties.extend(former.into_iter().map(|row| Party { is_former: true, ..holder(right, row) }));
    parties
}

fn is_former(row: &StagedRow) -> bool {
    matches!(row.get("QSZT"), "2" | "3")
}

fn holder(right: &Right<'_>, row: &StagedRow) -> Party {
    let mut party = Party::default();
    for field in PARTY {
        for source in field.sources {
            if let Source::Own(column) = source {
                party.values.set(field.tag, row.get(column));
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
                && matches!(right.row.get("CFLX"), "2" | "4")
        })
        .collect();
    // Without all their dates nobody can say which comes first (D50).
    if waiting.iter().any(|(registration, _)| !date::is_date(registration.common.get(tag::REGISTERED_AT))) {
        return;
    }
    waiting.sort_by_cached_key(|(registration, right)| {
        let text = |tag| registration.common.get(tag).to_owned();
        (text(tag::REGISTERED_AT), text(tag::BUSINESS_NUMBER), right.row.line.line)
    });
    for ((registration, _), order) in waiting.into_iter().zip(1..) {
        registration.waiting_order = order;
    }
}
