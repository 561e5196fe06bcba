//! Reading the package: each row goes to the places where it will be joined.
//!
//! The tables are read in such an order that every row finds remembered what it refers to. Rows of rights and units go to
//! their unit, rows of parcels before the parcel's units; the joins themselves are `assemble`'s.

use std::{borrow::Cow, collections::BTreeSet};

use crate::domain::{
    cell::{
        Vocabulary,
        column::{self, Content},
        none, place,
    },
    kinds::KINDS,
    tables::{Row, RowSource, Table, Visited},
};

use super::{
    error::{LoadError, Reason},
    gate::Refused,
    references::{Listed, References, distinct},
    report::{Oddity, Progress, Tally},
    resolve::{Ties, certificate_column},
    staged::{Line, Place, Way},
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

/// Tables whose rows find their unit by other rows where they lack a unit number.
const LOOKED_UP: [Table; 3] = [Table::Qlr, Table::Zxdj, Table::Fdcqxm];

/// How many rows go by between two words on progress.
const PROGRESS_ROWS: u64 = 50_000;

/// Reads every table of `source` and sends its rows to `outlet`; returns what was counted.
pub(super) fn stage<S: RowSource, O: Outlet>(
    source: &mut S,
    outlet: &mut O,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Tally, Refused), LoadError<S::Error>> {
    let vocabulary = source.declared().vocabulary.clone();
    let mut stager = Stager {
        outlet,
        references: References::default(),
        tally: Tally::default(),
        refused: Refused::default(),
        vocabulary,
        pending: Vec::new(),
    };
    for table in LOOKED_UP {
        if source.row_count(table).is_some() {
            source
                .visit(table, &mut |visited| {
                    if let Visited::Row(row) = visited {
                        stager.want(row);
                    }
                })
                .map_err(LoadError::Source)?;
        }
    }
    if source.row_count(Table::Dywqd).is_some() && source.row_count(Table::Dyaq).is_some() {
        source
            .visit(Table::Dyaq, &mut |visited| {
                if let Visited::Row(row) = visited {
                    stager.note_mortgage(row);
                }
            })
            .map_err(LoadError::Source)?;
    }
    for table in ORDER {
        if table == Table::Fdcqxm {
            stager.place_pending();
        }
        if source.row_count(table).is_none() {
            continue;
        }
        let mut rows = 0;
        let visited = source.visit(table, &mut |visited| {
            rows += 1;
            if rows % PROGRESS_ROWS == 0 {
                progress(Progress::Reading { table, rows });
            }
            match visited {
                Visited::Row(row) => stager.row(row),
                Visited::Unreadable { line, reason, .. } => stager.refused.add(Line { table, line }, reason),
            }
        });
        visited.map_err(LoadError::Source)?;
        stager.tally.rows.insert(table, rows);
        if table == Table::Dyaq {
            stager.check_lists();
        }
    }
    // A package without DYAQ was not checked above.
    stager.check_lists();
    Ok((stager.tally, stager.refused))
}

struct Stager<'a, O> {
    outlet: &'a mut O,
    references: References,
    tally: Tally,
    refused: Refused,
    vocabulary: Vocabulary,
    /// Charges without unit number, which go where a right of their business stands.
    pending: Vec<(Line, Vec<String>)>,
}

/// The cells of a row as values; what is odd of them goes to `note` by position.
fn cleaned<'r>(
    row: Row<'r>,
    vocabulary: &Vocabulary,
    mut note: impl FnMut(usize, column::Oddity),
) -> Vec<Cow<'r, str>> {
    let mut values = Vec::with_capacity(row.values.len());
    for (at, text) in row.values.iter().enumerate() {
        let cleaned = column::clean(row.table, at, text, vocabulary);
        if let Some(oddity) = cleaned.oddity {
            note(at, oddity);
        }
        values.push(cleaned.value);
    }
    values
}

/// Whether a table's rows are rights or charges.
fn is_right(table: Table) -> bool {
    KINDS.iter().any(|kind| kind.tables.contains(&table))
}

/// Whether a table's rows are charges on somebody else's right: they never make a unit of their own.
fn is_charge(table: Table) -> bool {
    matches!(table, Table::Dyaq | Table::Cfdj | Table::Yydj)
}

/// Whether an empty cell is odd: rights and what belongs to them name a unit, and rights say whether they are in force.
fn oddity_of_empty(table: Table, at: usize) -> Option<Oddity> {
    let belongs = matches!(table, Table::Qlr | Table::Zxdj | Table::Dywqd | Table::Fdcqxm | Table::H);
    match column::content(table, at) {
        Content::Unit if belongs || is_right(table) => Some(Oddity::NoUnitNumber),
        Content::Code { list: "QSZT", .. } if is_right(table) => Some(Oddity::EmptyStatus),
        _ => None,
    }
}

/// The units that a row names: only by numbers that can identify one (D43, D44).
fn units_of(row: Row<'_>, column: &str) -> Vec<Place> {
    let numbers = place::unit_numbers(row.get(column));
    numbers.iter().filter(|number| place::may_identify(number)).map(|number| Place::unit(number)).collect()
}

/// The first of them.
fn unit_of(row: Row<'_>, column: &str) -> Option<Place> {
    units_of(row, column).into_iter().next()
}

/// The code of a parcel, sea area or building, where it can identify one; else empty.
fn code_of(row: Row<'_>, column: &str) -> String {
    let code = place::parcel(row.get(column));
    if place::may_identify(&code) { code } else { String::new() }
}

/// A group of rows without unit number, by the house code that holds them together; absent where it can identify none.
fn house_of(row: Row<'_>, column: &str) -> Option<Place> {
    let code = place::business(row.get(column));
    let is_filler = code.is_empty() || none::is_filler(&code);
    (!is_filler).then(|| Place::group(&format!("house:{code}")))
}

impl<O: Outlet> Stager<'_, O> {
    fn fail(&mut self, row: Row<'_>, reason: Reason) {
        self.refused.place(Line { table: row.table, line: row.line }, reason);
    }

    fn ties(row: Row<'_>) -> Ties {
        Ties::new(row.table, row.get("YWH"), row.get(certificate_column(row.table)), row.get("QLLX"))
    }

    /// Remembers what a row without unit number will be looked up by.
    fn want(&mut self, row: Row<'_>) {
        let values = cleaned(row, &self.vocabulary, |_, _| {});
        let values: Vec<&str> = values.iter().map(|value| &**value).collect();
        let row = Row { values: &values, ..row };
        if units_of(row, "BDCDYH").is_empty() {
            let ties = Self::ties(row);
            self.references.wanted_businesses.insert(&ties.business);
            ties.certificates.iter().for_each(|one| self.references.wanted_certificates.insert(one));
        }
    }

    fn row(&mut self, row: Row<'_>) {
        let table = row.table;
        let values = cleaned(row, &self.vocabulary, |at, oddity| {
            self.tally.odd(table, table.columns()[at], Oddity::Cell(oddity));
            if oddity == column::Oddity::UnknownCode {
                self.tally.unknown_code(table, table.columns()[at], row.values[at]);
            }
        });
        for at in (0..values.len()).filter(|at| values[*at].trim().is_empty()) {
            if let Some(oddity) = oddity_of_empty(table, at) {
                self.tally.odd(table, table.columns()[at], oddity);
            }
        }
        let values: Vec<&str> = values.iter().map(|value| &**value).collect();
        self.place(Row { values: &values, ..row });
    }

    fn place(&mut self, row: Row<'_>) {
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
            let is_business = !ties.business.is_empty() && !none::is_filler(&ties.business);
            return is_business.then(|| Place::group(&format!("business:{}", ties.business)));
        }
        Some(Place::group(&format!("certificate:{}", ties.certificates.join("、"))))
    }

    fn right(&mut self, row: Row<'_>) {
        let ties = Self::ties(row);
        let mut places = units_of(row, "BDCDYH");
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
            let ties = Self::ties(row);
            let rights: Vec<_> =
                self.references.of_business(&ties.business).filter(|noted| !is_charge(noted.line.table)).collect();
            let is_one = rights.iter().all(|noted| noted.ties.certificates == rights[0].ties.certificates);
            let are_sure = rights.len() == 1 || rights.first().is_some_and(|first| !first.ties.certificates.is_empty());
            let places = distinct(rights.iter().copied());
            if places.is_empty() || !is_one || !are_sure {
                self.fail(row, Reason::NoUnitOfCharge);
            } else {
                self.registration_on(row, places, ties);
            }
        }
    }

    /// Notes what a mortgage has beside its business number, to know the numbers that several share (D45).
    fn note_mortgage(&mut self, row: Row<'_>) {
        let values = cleaned(row, &self.vocabulary, |_, _| {});
        let values: Vec<&str> = values.iter().map(|value| &**value).collect();
        let row = Row { values: &values, ..row };
        let ties = Self::ties(row);
        self.references.shared_businesses.note(&ties.business, &(&ties.certificates, row.get("DYR")));
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
        let business = Self::ties(row).business;
        let mut places = units_of(row, "BDCDYH");
        if places.is_empty() {
            let own = || Some(Place::group(&format!("business:{business}")));
            places.extend(house_of(row, "FWBH").or_else(own));
        }
        if business.is_empty() {
            return self.fail(row, Reason::NoMortgage);
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
            let is_shared = self.references.shared_businesses.contains(business);
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
        let ties = Self::ties(row);
        let mut places = units_of(row, "BDCDYH");
        let is_shared = self.references.shared_businesses.contains(&ties.business);
        if is_shared {
            self.tally.odd(Table::Dyaq, "YWH", Oddity::SharedBusiness);
        }
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
        if places.is_empty() { self.wait(row, &ties) } else { self.registration_on(row, places, ties) }
    }

    fn easement(&mut self, row: Row<'_>) {
        let mut places: Vec<Place> = Vec::new();
        for place in ["GYDBDCDYH", "XYDBDCDYH"].into_iter().flat_map(|column| units_of(row, column)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let ties = Self::ties(row);
        if places.is_empty() {
            places.extend(Self::own_group(&ties));
        }
        self.registration_on(row, places, ties);
    }

    fn registration_on(&mut self, row: Row<'_>, places: Vec<Place>, ties: Ties) {
        if places.is_empty() {
            return self.fail(row, Reason::NoPlace);
        }
        for place in &places {
            self.send(place, row, &Way::Own);
        }
        // Easements are noted all: one of a single unit may share its business number with one of two.
        self.references.note(Line { table: row.table, line: row.line }, places, ties, row.table == Table::Dyiq);
    }

    fn project(&mut self, row: Row<'_>) {
        if let Some(place) = unit_of(row, "BDCDYH") {
            return self.send(&place, row, &Way::Own);
        }
        let business = Self::ties(row).business;
        let projects = self.references.of_business(&business).filter(|noted| noted.line.table == Table::Fdcq1);
        let places = distinct(projects);
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
        let Some(place) = unit_of(row, "BDCDYH").or_else(|| house_of(row, "FWBM")) else {
            return self.fail(row, Reason::NoPlace);
        };
        self.send(&place, row, &Way::Own);
        let building = code_of(row, "ZRZH");
        let number = place::unit_number(row.get("BDCDYH"));
        let is_under_parcel = place::parcel_code(&number).is_some_and(|parcel| building.starts_with(parcel));
        if !building.is_empty() && !is_under_parcel {
            let places = self.references.buildings.entry(building.into()).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    fn structure(&mut self, row: Row<'_>) {
        match unit_of(row, "BDCDYH") {
            Some(place) => self.send(&place, row, &Way::Own),
            None => self.fail(row, Reason::NoUnit),
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
        if let Some(place) = unit_of(row, "BDCDYH") {
            return self.send(&place, row, &Way::Own);
        }
        let ties = Self::ties(row);
        let places = distinct(self.references.of_certificates(&ties.certificates));
        if places.is_empty() {
            self.tally.odd(Table::Zxdj, "BDCQZH", Oddity::EndsNothing);
        }
        for place in places {
            // It was looked up by certificate, so it names a registration on each of these.
            self.send(&place, row, &Way::Own);
        }
    }

    fn holder(&mut self, row: Row<'_>) {
        let ties = Self::ties(row);
        let own = unit_of(row, "BDCDYH");
        let homes = own.clone().map_or_else(|| self.references.homes(&ties), |place| vec![place]);
        if homes.is_empty() {
            return self.fail(row, Reason::Orphan);
        }
        let mut is_settled = false;
        let mut targeted: Vec<(Place, Way)> = Vec::new();
        for home in &homes {
            let mut spanning = self.references.spanning_at(home, &ties);
            if spanning.is_empty() && own.is_some() {
                spanning = self.references.spanning_elsewhere(home, &ties);
                is_settled = !spanning.is_empty();
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
            self.send(&homes[0], row, &Way::Settled);
        } else {
            self.send_shared(homes, row);
        }
    }
}
