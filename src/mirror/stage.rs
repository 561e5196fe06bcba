//! Reading the package: each row goes to the places where it will be joined.
//!
//! The tables are read in such an order that every row finds remembered what it refers to. Rows of rights and units go to
//! their unit, rows of parcels before the parcel's units; the joins themselves are `assemble`'s.

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use crate::domain::{
    cell::place,
    rows::{Row, RowSource},
    tables::Table,
};

use super::{
    clean::{Batch, Cleaner},
    error::{LoadError, cannot},
    gate::Refused,
    look::look,
    reason::Reason,
    references::{Listed, References, are_one, distinct},
    report::{Oddity, Progress, Tally},
    resolve::{Rest, Ties, house_code, is_filler, may_be_of, rest_of, units_of},
    staged::{Line, Place, PlaceKind, Way},
};

/// Takes rows on their way to places; returns whether there is sense in sending more.
pub(super) trait Outlet {
    /// Takes a row.
    fn send(&mut self, place: &Place, row: Row<'_>, way: &Way);
}

/// The order of reading, after the first look at rows without unit number: charges before the rights that they may be
/// looking for.
const ORDER: [Table; 26] = [
    Table::Dywqd,
    Table::Dyiq,
    Table::Dyaq,
    Table::Cfdj,
    Table::Yydj,
    Table::Tdsyq,
    Table::Jsydsyq,
    Table::Fdcq1,
    Table::Fdcq2,
    Table::Hysyq,
    Table::Gjzwsyq,
    Table::Nydsyq,
    Table::Lq,
    Table::Ygdj,
    Table::Fdcqxm,
    Table::H,
    Table::Gzw,
    Table::Zdjbxx,
    Table::Zhjbxx,
    Table::Zrz,
    Table::Zxdj,
    Table::Qlr,
    Table::ZdK,
    Table::ZhK,
    Table::Jzd,
    Table::Yhydzb,
];

/// Batches that may wait to be placed.
const BATCHES_WAITING: usize = 4;

/// Reads every table of `source` and sends its rows to `outlet`; returns what was counted. Of the rows that cannot be read or
/// placed so many more than usual are remembered as may be set aside.
pub(super) fn stage<S: RowSource, O: Outlet + Send>(
    source: &mut S,
    outlet: &mut O,
    quarantine_max: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Tally, Refused), LoadError<S::Error>> {
    let vocabulary = source.declared().vocabulary.clone();
    let mut references = References::default();
    look(source, &mut references, &vocabulary).map_err(LoadError::Source)?;
    let refused = Refused::new(quarantine_max);
    let mut stager = Stager { outlet, references, tally: Tally::default(), refused, pending: Vec::new() };
    let mut cleaner = Cleaner::new(vocabulary, quarantine_max);
    thread::scope(|scope| {
        let (batches, to_place) = sync_channel::<Batch>(BATCHES_WAITING);
        let placing = thread::Builder::new()
            .name("mirror-place".to_owned())
            .spawn_scoped(scope, move || {
                stager.place_all(&to_place);
                (stager.tally, stager.refused)
            })
            .map_err(cannot("start a thread"))?;
        let present = ORDER.into_iter().filter(|table| source.row_count(*table).is_some()).collect::<Vec<_>>();
        let mut read = Ok(());
        for table in present {
            read = read.and_then(|()| cleaner.table(source, table, &batches, progress));
        }
        drop(batches);
        let (tally, refused) = placing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read.map_err(LoadError::Source)?;
        cleaner.tally.add(tally);
        cleaner.refused.join(refused);
        Ok((cleaner.tally, cleaner.refused))
    })
}

struct Stager<'a, O> {
    outlet: &'a mut O,
    references: References,
    tally: Tally,
    refused: Refused,
    /// Charges without unit number, which go where a right of their business stands.
    pending: Vec<(Line, Vec<String>)>,
}

/// Whether a table's rows are charges on somebody else's right: they never make a unit of their own.
pub(super) fn is_charge(table: Table) -> bool {
    matches!(table, Table::Dyaq | Table::Cfdj | Table::Yydj)
}

/// The columns of an easement's two units.
const SIDES: [&str; 2] = ["GYDBDCDYH", "XYDBDCDYH"];

/// Whether a row of this table stands on all the units that it names or on none: a right, a charge or a holder that is missing on
/// one of them would be missed there in silence. What describes a house or a parcel is no loss where it lacks, and what ends a
/// right ends it on no more units than are sure.
fn stands_whole(table: Table) -> bool {
    !matches!(
        table,
        Table::H
            | Table::Gzw
            | Table::Zdjbxx
            | Table::Zhjbxx
            | Table::Zrz
            | Table::Zxdj
            | Table::ZdK
            | Table::ZhK
            | Table::Jzd
            | Table::Yhydzb
            | Table::Dyiq
    )
}

/// The code of a parcel, sea area or building, where it can identify one; else empty.
fn code_of(row: Row<'_>, column: &str) -> String {
    let code = place::parcel(row.get(column));
    if place::may_identify(&code) { code } else { String::new() }
}

impl<O: Outlet> Stager<'_, O> {
    fn fail(&mut self, row: Row<'_>, reason: Reason) {
        self.refused.place(Line { table: row.table, line: row.line }, reason);
    }

    /// Places every row, in the order in which the tables come.
    fn place_all(&mut self, batches: &Receiver<Batch>) {
        let mut last = None;
        for batch in batches {
            if last != Some(batch.table) {
                self.pass(last, Some(batch.table));
                last = Some(batch.table);
            }
            batch.each(|row| self.place(row));
        }
        self.pass(last, None);
    }

    /// Does what waits for a table to be over, between two tables.
    fn pass(&mut self, before: Option<Table>, after: Option<Table>) {
        let place_in_order =
            |table: Option<Table>| table.and_then(|table| ORDER.iter().position(|known| *known == table));
        let (before, after) = (place_in_order(before), place_in_order(after));
        let is_passed = |table: Table| {
            let at = place_in_order(Some(table));
            before <= at && after.is_none_or(|after| Some(after) > at)
        };
        if is_passed(Table::Dyaq) {
            self.check_lists();
        }
        // Buildings of projects look for rights, so charges have theirs by then.
        if is_passed(Table::Ygdj) {
            self.place_pending();
        }
    }

    fn place(&mut self, row: Row<'_>) {
        if stands_whole(row.table) && rest_of(row, "BDCDYH") == Rest::Part {
            return self.fail(row, Reason::DamagedUnit);
        }
        match row.table {
            Table::Dywqd => self.listed_unit(row),
            Table::Dyiq => self.easement(row),
            Table::Dyaq => self.mortgage(row),
            Table::Fdcqxm => self.project(row),
            Table::H => self.house(row),
            Table::Gzw => self.structure(row),
            Table::Zdjbxx | Table::Zhjbxx => self.parcel(row),
            Table::Zrz => self.building(row),
            Table::Zxdj => self.deregistration(row),
            Table::Qlr => self.holder(row),
            Table::ZdK | Table::ZhK => self.parcel_of(row, "BDCDYH"),
            Table::Jzd => self.parcel_of(row, "ZDZHDM"),
            Table::Yhydzb => self.parcel_of(row, "ZHHDDM"),
            Table::Tdsyq
            | Table::Jsydsyq
            | Table::Fdcq1
            | Table::Fdcq2
            | Table::Hysyq
            | Table::Gjzwsyq
            | Table::Nydsyq
            | Table::Lq
            | Table::Ygdj
            | Table::Yydj
            | Table::Cfdj => self.right(row),
        }
    }

    fn send(&mut self, place: &Place, row: Row<'_>, way: &Way) {
        self.outlet.send(place, row, way);
    }

    /// The group that a right makes without a unit number: by certificate, else by business number.
    fn own_group(ties: &Ties) -> Option<Place> {
        if ties.certificates.is_empty() {
            return ties.leads_by_business().then(|| Place::group(&format!("business:{}", ties.business)));
        }
        Some(Place::group(&format!("certificate:{}", ties.certificates.join("、"))))
    }

    fn right(&mut self, row: Row<'_>) {
        let ties = Ties::of_row(row);
        let mut places = units_of(row, "BDCDYH");
        // Without a unit number a right on land stands on its parcel (D43).
        if places.is_empty() && matches!(row.table, Table::Tdsyq | Table::Jsydsyq | Table::Hysyq) {
            let own = if row.table == Table::Hysyq { "ZHHDDM" } else { "ZDDM" };
            let parcel = place::unit_number(row.get(own));
            let is_its = rest_of(row, "BDCDYH") == Rest::Nothing && place::is_parcel_unit(&parcel);
            places.extend(is_its.then(|| Place::unit(&parcel)));
        }
        if places.is_empty() {
            if is_charge(row.table) {
                return self.wait(row, &ties);
            }
            places.extend(Self::own_group(&ties));
        }
        let Some(first) = places.first().cloned() else { return self.fail(row, Reason::NoPlace) };
        let code = match row.table {
            Table::Tdsyq | Table::Jsydsyq => code_of(row, "ZDDM"),
            Table::Hysyq => code_of(row, "ZHHDDM"),
            _ => String::new(),
        };
        self.refer_to_parcel(row, &code, &first);
        self.registration_on(row, places, ties);
    }

    /// Keeps a charge without unit number until the rights are known (D44).
    fn wait(&mut self, row: Row<'_>, ties: &Ties) {
        self.references.wanted_businesses.insert(&ties.business);
        let values = row.values.iter().map(|value| (*value).to_owned()).collect();
        self.pending.push((Line { table: row.table, line: row.line }, values));
    }

    /// Puts charges without unit number where the right of their business stands, if it is one right, or one certificate's.
    fn place_pending(&mut self) {
        for (line, values) in std::mem::take(&mut self.pending) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let row = Row { table: line.table, line: line.line, values: &values };
            let ties = Ties::of_row(row);
            let rights: Vec<_> =
                self.references.of_business(&ties).filter(|noted| !is_charge(noted.line.table)).collect();
            let places = distinct(rights.iter().copied());
            // Where it names a unit that was cut, that one must be where it goes: else it would land on a stranger's house (D44).
            let is_contradicted = matches!(
                rest_of(row, "BDCDYH"),
                Rest::Damaged(damaged) if !places.iter().all(|place| may_be_of(&damaged, place))
            );
            if is_contradicted {
                self.fail(row, Reason::DamagedUnit);
            } else if places.is_empty() || !are_one(&rights) {
                self.fail(row, Reason::NoUnitOfCharge);
            } else {
                self.registration_on(row, places, ties);
            }
        }
    }

    /// Remembers that a unit needs a parcel's row that its number does not lead to.
    fn refer_to_parcel(&mut self, row: Row<'_>, code: &str, place: &Place) {
        let number = place::unit_number(row.get("BDCDYH"));
        if !code.is_empty() && place::parcel_code(&number) != Some(code) {
            let places = self.references.parcels.entry(code.into()).or_default();
            if !places.contains(place) {
                places.push(place.clone());
            }
        }
    }

    fn listed_unit(&mut self, row: Row<'_>) {
        let business = Ties::of_row(row).business;
        if business.is_empty() {
            return self.fail(row, Reason::NoMortgage);
        }
        let mut places = units_of(row, "BDCDYH");
        if places.is_empty() {
            // On no house that anybody knows it would be told to nobody (D45).
            let known = self.references.houses.place(&house_code(row, "FWBH")).cloned();
            match (known, rest_of(row, "BDCDYH")) {
                (Some(known), Rest::Damaged(damaged)) if !may_be_of(&damaged, &known) => {
                    return self.fail(row, Reason::DamagedUnit);
                }
                (Some(known), _) => places.push(known),
                (None, Rest::Nothing) => return self.fail(row, Reason::NoListedUnit),
                (None, _) => return self.fail(row, Reason::DamagedUnit),
            }
        }
        for place in &places {
            self.send(place, row, &Way::Own);
        }
        let listed = self.references.listed.entry(business).or_default();
        listed.push(Listed { places, line: row.line, is_used: false });
    }

    fn check_lists(&mut self) {
        let mut unused: Vec<(u64, Reason)> = Vec::new();
        for (business, rows) in &mut self.references.listed {
            let is_shared = self.references.shared_businesses.contains(business) || is_filler(business);
            let reason = if is_shared { Reason::SharedBusiness } else { Reason::NoMortgage };
            for row in rows.iter_mut().filter(|row| !row.is_used) {
                row.is_used = true;
                unused.push((row.line, reason));
            }
        }
        unused.sort_unstable_by_key(|(line, _)| *line);
        for (line, reason) in unused {
            self.refused.place(Line { table: Table::Dywqd, line }, reason);
        }
    }

    fn mortgage(&mut self, row: Row<'_>) {
        let ties = Ties::of_row(row);
        let mut places = units_of(row, "BDCDYH");
        let is_shared = self.references.shared_businesses.contains(&ties.business);
        if is_shared {
            self.tally.odd(Table::Dyaq, "YWH", Oddity::SharedBusiness);
        }
        let is_shared = is_shared || !ties.leads_by_business();
        let own = places.clone();
        for listed in self.references.listed.get_mut(&ties.business).into_iter().flatten() {
            // A number that several mortgages share lists only what this one names itself (D45).
            if !is_shared || listed.places.iter().any(|place| own.contains(place)) {
                listed.is_used = true;
                let others = listed.places.iter().filter(|place| !places.contains(place)).cloned();
                let others: Vec<_> = others.collect();
                places.extend(others);
            }
        }
        // On groups alone it would stand where nobody has anything.
        let has_unit = places.iter().any(|place| matches!(place.kind(), PlaceKind::Unit(_)));
        if has_unit { self.registration_on(row, places, ties) } else { self.wait(row, &ties) }
    }

    fn easement(&mut self, row: Row<'_>) {
        // A side that cannot be told would be missed: no business number leads to it.
        if SIDES.iter().any(|column| rest_of(row, column) != Rest::Nothing) {
            return self.fail(row, Reason::DamagedUnit);
        }
        let mut places: Vec<Place> = Vec::new();
        for place in SIDES.into_iter().flat_map(|column| units_of(row, column)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        if places.is_empty() {
            return self.fail(row, Reason::NoUnit);
        }
        self.registration_on(row, places, Ties::of_row(row));
    }

    fn registration_on(&mut self, row: Row<'_>, places: Vec<Place>, ties: Ties) {
        if places.is_empty() {
            return self.fail(row, Reason::NoPlace);
        }
        let is_named = |place: &Place| match place.kind() {
            PlaceKind::Unit(number) => place::is_well_formed(number),
            PlaceKind::Group(_) | PlaceKind::Parcel(_) => false,
        };
        let is_sure = !is_charge(row.table) || places.iter().any(is_named);
        let way = if is_sure { Way::Own } else { Way::Unsure };
        for place in &places {
            self.send(place, row, &way);
        }
        // Easements are noted all: one of a single unit may share its business number with one of two.
        self.references.note(Line { table: row.table, line: row.line }, places, ties, row.table == Table::Dyiq);
    }

    fn project(&mut self, row: Row<'_>) {
        let mut places = units_of(row, "BDCDYH");
        if places.is_empty() {
            let ties = Ties::of_row(row);
            let rights = self.references.of_business(&ties).filter(|noted| noted.line.table == Table::Fdcq1);
            let rights: Vec<_> = rights.collect();
            places = if are_one(&rights) { distinct(rights.into_iter()) } else { Vec::new() };
        }
        if places.is_empty() {
            return self.fail(row, Reason::NoProject);
        }
        self.send_shared(places, row);
    }

    fn send_shared(&mut self, places: Vec<Place>, row: Row<'_>) {
        let way = if places.len() > 1 { Way::Shared } else { Way::Own };
        for place in places {
            self.send(&place, row, &way);
        }
    }

    fn house(&mut self, row: Row<'_>) {
        let mut places = units_of(row, "BDCDYH");
        let house = house_code(row, "FWBM");
        if places.is_empty() && !house.is_empty() {
            places.push(Place::group(&format!("house:{house}")));
        }
        let Some(place) = places.first().cloned() else { return self.fail(row, Reason::NoPlace) };
        for place in &places {
            self.send(place, row, &Way::Own);
        }
        let building = code_of(row, "ZRZH");
        let number = place::unit_number(row.get("BDCDYH"));
        let is_under_parcel = place::parcel_code(&number).is_some_and(|parcel| building.starts_with(parcel));
        if !building.is_empty() && !is_under_parcel {
            let known = self.references.buildings.entry(building.into()).or_default();
            if !known.contains(&place) {
                known.push(place);
            }
        }
    }

    fn structure(&mut self, row: Row<'_>) {
        let places = units_of(row, "BDCDYH");
        if places.is_empty() {
            return self.fail(row, Reason::NoUnit);
        }
        for place in places {
            self.send(&place, row, &Way::Own);
        }
    }

    fn parcel(&mut self, row: Row<'_>) {
        let number = place::unit_number(row.get("BDCDYH"));
        let codes: BTreeSet<String> = match row.table {
            Table::Zdjbxx => [code_of(row, "ZDDM"), String::new()],
            _ => [code_of(row, "ZHDM"), code_of(row, "HDDM")],
        }
        .into_iter()
        .filter(|code| !code.is_empty())
        .collect();
        let codes = match place::parcel_code(&number) {
            Some(parcel) if codes.is_empty() => BTreeSet::from([parcel.to_owned()]),
            _ => codes,
        };
        if codes.is_empty() {
            return self.fail(row, Reason::NoParcel);
        }
        let mut places: BTreeSet<Place> = codes.iter().map(|code| Place::parcel(code)).collect();
        places.extend(codes.iter().filter_map(|code| self.references.parcels.get(code.as_str())).flatten().cloned());
        for place in places {
            self.send(&place, row, &Way::Own);
        }
    }

    fn building(&mut self, row: Row<'_>) {
        let building = code_of(row, "ZRZH");
        let parcels = [code_of(row, "ZDDM"), place::parcel_code(&building).unwrap_or("").to_owned()];
        let mut places: BTreeSet<Place> =
            parcels.iter().filter(|code| !code.is_empty()).map(|code| Place::parcel(code)).collect();
        places.extend(self.references.buildings.get(building.as_str()).into_iter().flatten().cloned());
        if places.is_empty() {
            return self.fail(row, Reason::NoParcel);
        }
        for place in places {
            self.send(&place, row, &Way::Own);
        }
    }

    fn parcel_of(&mut self, row: Row<'_>, column: &str) {
        let code = code_of(row, column);
        if code.is_empty() {
            return self.fail(row, Reason::NoParcel);
        }
        let place = Place::parcel(place::parcel_code(&code).unwrap_or(&code));
        self.send(&place, row, &Way::Own);
    }

    fn deregistration(&mut self, row: Row<'_>) {
        let mut places = units_of(row, "BDCDYH");
        if places.is_empty() {
            places = self.references.units_of_certificates(&Ties::of_row(row));
            // A unit number that was cut ends nothing elsewhere.
            if let Rest::Damaged(damaged) = rest_of(row, "BDCDYH") {
                places.retain(|place| may_be_of(&damaged, place));
            }
        }
        if places.is_empty() {
            self.tally.odd(Table::Zxdj, "BDCQZH", Oddity::EndsNothing);
        }
        for place in places {
            self.send(&place, row, &Way::Own);
        }
    }

    fn holder(&mut self, row: Row<'_>) {
        let ties = Ties::of_row(row);
        let own = units_of(row, "BDCDYH");
        let mut homes = if own.is_empty() { self.references.homes(&ties) } else { own.clone() };
        if let Rest::Damaged(damaged) = rest_of(row, "BDCDYH") {
            homes.retain(|home| may_be_of(&damaged, home));
            if homes.is_empty() {
                return self.fail(row, Reason::DamagedUnit);
            }
        }
        if homes.is_empty() {
            return self.fail(row, Reason::Orphan);
        }
        let mut is_settled = false;
        let mut targeted: Vec<(Place, Way)> = Vec::new();
        for home in &homes {
            let mut spanning = self.references.spanning_at(home, &ties);
            if spanning.is_empty() && !own.is_empty() {
                spanning = self.references.spanning_elsewhere(home, &ties);
                is_settled |= !spanning.is_empty();
            }
            for noted in spanning {
                for place in noted.places.iter().filter(|place| !homes.contains(place)) {
                    targeted.push((place.clone(), Way::Targeted { origin: home.clone(), target: noted.line }));
                }
            }
        }
        for (place, way) in targeted {
            self.send(&place, row, &way);
        }
        if is_settled {
            for home in &homes {
                self.send(home, row, &Way::Settled);
            }
        } else {
            self.send_shared(homes, row);
        }
    }
}
