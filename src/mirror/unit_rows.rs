//! The rows of one unit, those of its parcel, and where a field's value comes from among them.

use std::collections::HashSet;

use crate::domain::{
    cell::{decimal, place},
    kinds::{Field, Source, Value},
    record::{NotedCharge, Position},
    tables::Table,
};

use super::staged::{PlaceKind, StagedRow, Way};

/// Rows by their table.
#[derive(Default)]
pub(super) struct Rows([Vec<StagedRow>; 26]);

impl Rows {
    /// The rows of one place, each under its table in the order in which they were read.
    pub(super) fn new(rows: Vec<StagedRow>) -> Self {
        let mut tables = Self::default();
        for row in rows {
            tables.0[row.line.table as usize].push(row);
        }
        tables
    }

    /// How many rows of a table repeat another of this place, value for value.
    pub(super) fn duplicates(&self, table: Table) -> usize {
        let rows = self.of(table);
        let own = rows.iter().filter(|row| matches!(row.way, Way::Own | Way::Unsure));
        if rows.len() < 2 { 0 } else { own.clone().count() - own.map(StagedRow::values).collect::<HashSet<_>>().len() }
    }

    /// The rows of a table.
    pub(super) fn of(&self, table: Table) -> &[StagedRow] {
        &self.0[table as usize]
    }
}

/// What is known of a parcel or sea area, kept while its units go by.
pub(super) struct Parcel {
    /// Its code, as the units' numbers begin.
    pub(super) code: String,
    rows: Rows,
    points: Vec<[String; 4]>,
    geographic_points: Vec<[String; 3]>,
    /// Charges on the parcel's own unit (D4).
    pub(super) charges: Vec<NotedCharge>,
    /// Charges on the own numbers of its buildings (D43).
    pub(super) building_charges: Vec<(String, Vec<NotedCharge>)>,
    /// Charges on the own numbers of it and of its buildings while no flat of them was seen, by their table.
    pub(super) alone: Vec<(String, Table)>,
}

impl Parcel {
    /// The parcel of this code and these rows.
    pub(super) fn new(code: &str, rows: Vec<StagedRow>) -> Self {
        let rows = Rows::new(rows);
        let surveyed = [(Table::ZdK, "XZB", "YZB"), (Table::ZhK, "XZB", "YZB"), (Table::Jzd, "XZBZ", "YZBZ")]
            .into_iter()
            .find(|(table, ..)| !rows.of(*table).is_empty());
        let points = surveyed.map_or_else(Vec::new, |(table, x, y)| {
            let order = if table == Table::Jzd { "SXH" } else { "XH" };
            let mut points: Vec<&StagedRow> = rows.of(table).iter().collect();
            points.sort_by_key(|row| (ordinal(row.get("ZDX")), ordinal(row.get(order)), row.line.line));
            points.iter().map(|row| ["ZDX", order, x, y].map(|column| row.get(column).to_owned())).collect()
        });
        let mut degrees: Vec<&StagedRow> = rows.of(Table::Yhydzb).iter().collect();
        degrees.sort_by_key(|row| (ordinal(row.get("XH")), row.line.line));
        let geographic_points =
            degrees.iter().map(|row| ["XH", "BW", "DJ"].map(|column| row.get(column).to_owned())).collect();
        Self {
            code: code.to_owned(),
            points,
            geographic_points,
            rows,
            charges: Vec::new(),
            building_charges: Vec::new(),
            alone: Vec::new(),
        }
    }

    /// Whether the package has rows of its own for it.
    pub(super) fn is_described(&self) -> bool {
        [Table::Zdjbxx, Table::Zhjbxx].iter().any(|table| !self.rows.of(*table).is_empty())
    }
}

/// The number by which rows are ordered; what is no number comes last.
pub(super) fn ordinal(text: &str) -> u64 {
    if text.is_empty() { u64::MAX } else { text.parse().unwrap_or(u64::MAX) }
}

/// A unit's rows in their surroundings.
pub(super) struct UnitRows<'a> {
    /// Unit number as compared; empty for a group.
    pub(super) number: &'a str,
    /// What holds rows without unit number together; empty where there is a number.
    pub(super) group: &'a str,
    /// The unit's own rows.
    pub(super) rows: &'a Rows,
    /// The parcel that the number begins with, where the package has it.
    pub(super) parcel: Option<&'a Parcel>,
}

impl<'a> UnitRows<'a> {
    /// The rows of `place`.
    pub(super) fn new(place: PlaceKind<'a>, rows: &'a Rows, parcel: Option<&'a Parcel>) -> Self {
        let (number, group) = match place {
            PlaceKind::Unit(number) => (number, ""),
            PlaceKind::Group(group) | PlaceKind::Parcel(group) => ("", group),
        };
        let parcel = parcel.filter(|parcel| place::parcel_code(number) == Some(parcel.code.as_str()));
        Self { number, group, rows, parcel }
    }

    /// The parcel's rows of a table; where it has none, those that a right of the unit named by another code.
    fn parcel_rows(&self, table: Table) -> &'a [StagedRow] {
        let under = self.parcel.map_or(&[][..], |parcel| parcel.rows.of(table));
        if under.is_empty() { self.rows.of(table) } else { under }
    }

    /// The rows of the parcel or sea area that a right names by its code; where there are none, the unit's.
    fn parcel_rows_for(&self, right: &StagedRow, table: Table) -> Vec<&'a StagedRow> {
        let (column, codes): (_, &[&str]) = match (table, right.line.table) {
            (Table::Zdjbxx, Table::Tdsyq | Table::Jsydsyq) => ("ZDDM", &["ZDDM"]),
            (Table::Zhjbxx, Table::Hysyq) => ("ZHHDDM", &["ZHDM", "HDDM"]),
            _ => ("", &[]),
        };
        let named = place::parcel(right.get(column));
        if !named.is_empty() {
            let is_named = |row: &&StagedRow| codes.iter().any(|code| place::parcel(row.get(code)) == named);
            let under = self.parcel.map_or(&[][..], |parcel| parcel.rows.of(table));
            let rows: Vec<_> = under.iter().chain(self.rows.of(table)).filter(is_named).collect();
            if !rows.is_empty() {
                return rows;
            }
        }
        self.parcel_rows(table).iter().collect()
    }

    /// The building that the unit's house stands in: by ZRZH on its parcel, else the only one of that code elsewhere.
    fn building(&self) -> Option<&'a StagedRow> {
        let house = self.rows.of(Table::H).iter().map(|row| place::parcel(row.get("ZRZH")));
        let code = house.into_iter().find(|code| !code.is_empty())?;
        let is_named = |row: &&StagedRow| place::parcel(row.get("ZRZH")) == code;
        let under = self.parcel.map_or(&[][..], |parcel| parcel.rows.of(Table::Zrz));
        under.iter().find(is_named).or_else(|| {
            let mut elsewhere = self.rows.of(Table::Zrz).iter().filter(is_named);
            elsewhere.next().filter(|_| elsewhere.next().is_none())
        })
    }

    /// The value of a field of the right in `right`, on the project's building `project`; empty where no source has one, or
    /// only sources that need the whole unit.
    pub(super) fn value(&self, field: &Field, right: &StagedRow, project: Option<&StagedRow>) -> String {
        let values = || field.sources.iter().map(|source| self.source(*source, right, project));
        let is_measure = matches!(field.value, Value::Area(_) | Value::AreaIn(_) | Value::Amount);
        // Zero gives way where another source has a value (D55).
        let more = if is_measure { values().find(|text| !text.is_empty() && !decimal::is_zero(text)) } else { None };
        more.or_else(|| values().find(|text| !text.is_empty())).unwrap_or_default().to_owned()
    }

    fn source<'r>(&self, source: Source, right: &'r StagedRow, project: Option<&'r StagedRow>) -> &'r str
    where
        'a: 'r,
    {
        match source {
            Source::Own(column) => right.get(column),
            Source::Parcel(column) => first(self.parcel_rows_for(right, Table::Zdjbxx), column),
            Source::Sea(column) => first(self.parcel_rows_for(right, Table::Zhjbxx), column),
            Source::House(column) => first(self.rows.of(Table::H), column),
            Source::Building(column) => self.building().map_or("", |row| row.get(column)),
            Source::Structure(column) => first(self.rows.of(Table::Gzw), column),
            Source::Project(column) => project.map_or("", |row| row.get(column)),
            Source::SecuredClaim => {
                let maximum = if right.get("DYFS") == "2" { right.get("ZGZQSE") } else { "" };
                let secured = right.get("BDBZZQSE");
                // A zero gives way only to what the register holds (D55).
                let gives_way = maximum.is_empty() || (decimal::is_zero(maximum) && !secured.is_empty());
                if gives_way { secured } else { maximum }
            }
            Source::Certificate => right.get(super::resolve::certificate_column(right.line.table)),
            Source::Place | Source::HolderNames => "",
        }
    }

    /// The place of a charge on the unit; `building` is FDZL of the unit's ownership.
    pub(super) fn place(&self, right: &StagedRow, building: &str) -> String {
        let unfinished = if right.get("DYBDCLX") == "4" { right.get("ZJJZWZL") } else { "" };
        let business = place::business(right.get("YWH"));
        let listed = self.rows.of(Table::Dywqd);
        let own_list =
            listed.iter().filter(|row| right.line.table == Table::Dyaq && place::business(row.get("YWH")) == business);
        let sources = [
            unfinished,
            first(own_list, "ZL"),
            first(listed, "ZL"),
            building,
            first(self.rows.of(Table::H), "ZL"),
            first(self.rows.of(Table::Gzw), "ZL"),
            first(self.parcel_rows(Table::Zdjbxx), "ZL"),
            first(self.parcel_rows(Table::Zhjbxx), "YHWZSM"),
        ];
        sources.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    }

    /// 坐落 of the unit; `building` is FDZL of the unit's ownership.
    pub(super) fn location(&self, building: &str) -> String {
        let sources = [
            first(self.rows.of(Table::H), "ZL"),
            first(self.rows.of(Table::Gzw), "ZL"),
            first(self.parcel_rows(Table::Zdjbxx), "ZL"),
            first(self.parcel_rows(Table::Zhjbxx), "YHWZSM"),
            building,
        ];
        sources.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    }

    /// Area of the unit and its unit (a code of list MJDW); both empty where unknown.
    pub(super) fn area(&self) -> (String, String) {
        let house = self.rows.of(Table::H);
        let structure = self.rows.of(Table::Gzw);
        let built = [first(house, "SCJZMJ"), first(house, "YCJZMJ")];
        let more = built.into_iter().find(|area| !area.is_empty() && !decimal::is_zero(area));
        if let Some(area) = more.or_else(|| built.into_iter().find(|area| !area.is_empty())) {
            return (area.to_owned(), "1".to_owned());
        }
        if let Some(row) = structure.iter().find(|row| !row.get("MJ").is_empty()) {
            return (row.get("MJ").to_owned(), row.get("MJDW").to_owned());
        }
        // Of a building, the parcel's area would be told as the building's.
        let is_land =
            place::is_parcel_unit(self.number) || matches!(self.number.chars().nth(19), Some('W' | 'L' | 'Q'));
        if !is_land {
            return (String::new(), String::new());
        }
        let sea = first(self.parcel_rows(Table::Zhjbxx), "ZHMJ");
        if !sea.is_empty() {
            return (sea.to_owned(), "3".to_owned());
        }
        let parcel = self.parcel_rows(Table::Zdjbxx).iter().find(|row| !row.get("ZDMJ").is_empty());
        parcel.map_or_else(Default::default, |row| (row.get("ZDMJ").to_owned(), row.get("MJDW").to_owned()))
    }

    /// Where the unit lies; absent where nothing is known.
    pub(super) fn position(&self) -> Option<Position> {
        let land = self.parcel_rows(Table::Zdjbxx);
        let position = Position {
            boundaries: ["ZDSZD", "ZDSZN", "ZDSZX", "ZDSZB"].map(|column| first(land, column).to_owned()),
            sheet: first(land, "TFH").to_owned(),
            is_of_parcel: false,
            points: self.parcel.map_or_else(Vec::new, |parcel| parcel.points.clone()),
            geographic_points: self.parcel.map_or_else(Vec::new, |parcel| parcel.geographic_points.clone()),
        };
        let is_of_parcel = !place::is_parcel_unit(self.number);
        (position != Position::default()).then_some(Position { is_of_parcel, ..position })
    }
}

/// The first value of a column that is not empty.
fn first<'r>(rows: impl IntoIterator<Item = &'r StagedRow>, column: &str) -> &'r str {
    rows.into_iter().map(|row| row.get(column)).find(|text| !text.is_empty()).unwrap_or_default()
}
