//! Units with everything told of them and of the registrations on them, as texts by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    clean,
    clean::date,
    fields::{COMMON, KINDS, parse},
    joins::{Joined, Place, Right, is_unknown, parcel},
    parties::Registered,
    tables::{Row, Tables, certificates, parcel_code, parcel_of, plain, unit_number},
};

/// A party as an answer tells it, and as matching reads it.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) role: &'static str,
    /// Name, document kind, document number, kind of holder, share, order, business number, stored status.
    pub(crate) told: [String; 8],
    pub(crate) read: Registered,
    /// Whether the register says that this holder has left (D46).
    pub(crate) is_former: bool,
}

/// A registration on one unit.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) kind: usize,
    pub(crate) source_row: String,
    pub(crate) status: &'static str,
    pub(crate) waiting_order: u32,
    pub(crate) is_doubtful: bool,
    pub(crate) values: BTreeMap<&'static str, String>,
    pub(crate) parties: Vec<Party>,
    line: usize,
}

impl Registration {
    pub(crate) fn item(&self) -> &'static str {
        KINDS[self.kind].0
    }

    pub(crate) fn is_charge(&self) -> bool {
        ["DYAQ", "YGDJ", "CFDJ", "YYXX", "DYIQ"].contains(&self.item())
    }

    /// Whether it brings the charges of its unit to who holds it (D3).
    pub(crate) fn brings_charges(&self) -> bool {
        !self.is_charge()
            || (self.item() == "YGDJ"
                && ["1", "2"].contains(&clean::code("YGDJZL", self.value("notice_kind")).as_str()))
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    fn order(&self) -> (usize, &str, &str, &str, &str) {
        let value = |name| self.value(name);
        (self.kind, value("registered_at"), value("business_number"), value("certificate_number"), &self.source_row)
    }
}

/// A unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    pub(crate) number: String,
    pub(crate) group: String,
    /// Location, area, its unit, then the position line by line.
    pub(crate) told: Vec<String>,
    pub(crate) registrations: Vec<Registration>,
}

type Rows<'a> = HashMap<String, Vec<&'a Row>>;

/// The tables of parcels, houses and the like, by what they are joined by.
struct Places<'a> {
    parcels: Rows<'a>,
    seas: Rows<'a>,
    houses: HashMap<Place, Vec<&'a Row>>,
    buildings: Rows<'a>,
    structures: Rows<'a>,
    projects: HashMap<Place, Vec<&'a Row>>,
    points: Vec<(Rows<'a>, [&'static str; 4])>,
    degrees: Rows<'a>,
}

fn first<'a>(rows: &[&'a Row], column: &str) -> &'a str {
    rows.iter().map(|row| row.get(column)).find(|text| !text.is_empty()).unwrap_or("")
}

fn by<'a>(tables: &'a Tables, table: &str, key: impl Fn(&Row) -> Vec<String>) -> Rows<'a> {
    let mut rows: Rows<'a> = HashMap::new();
    for row in tables.rows(table) {
        for key in key(row).into_iter().filter(|key| !key.is_empty()) {
            rows.entry(key).or_default().push(row);
        }
    }
    rows
}

fn prefix(row: &Row, column: &str) -> String {
    parcel_of(&unit_number(row.get(column))).unwrap_or_default()
}

impl<'a> Places<'a> {
    fn new(tables: &'a Tables, joined: &Joined<'a>) -> Self {
        let mut houses: HashMap<Place, Vec<&Row>> = HashMap::new();
        for row in tables.rows("H") {
            let number = unit_number(row.get("BDCDYH"));
            let group = if number.is_empty() { format!("house:{}", plain(row.get("FWBM"))) } else { String::new() };
            houses.entry((number, group)).or_default().push(row);
        }
        Self {
            parcels: by(tables, "ZDJBXX", |row| {
                let code = parcel_code(row.get("ZDDM"));
                vec![if code.is_empty() { prefix(row, "BDCDYH") } else { code }]
            }),
            seas: by(tables, "ZHJBXX", |row| {
                let codes = [parcel_code(row.get("ZHDM")), parcel_code(row.get("HDDM"))];
                codes.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
            }),
            houses,
            buildings: by(tables, "ZRZ", |row| vec![plain(row.get("ZRZH"))]),
            structures: by(tables, "GZW", |row| vec![unit_number(row.get("BDCDYH"))]),
            projects: projects(tables, joined),
            points: vec![
                (by(tables, "ZD_K", |row| vec![prefix(row, "BDCDYH")]), ["ZDX", "XH", "XZB", "YZB"]),
                (by(tables, "ZH_K", |row| vec![prefix(row, "BDCDYH")]), ["ZDX", "XH", "XZB", "YZB"]),
                (by(tables, "JZD", |row| vec![parcel_code(row.get("ZDZHDM"))]), ["", "SXH", "XZBZ", "YZBZ"]),
            ],
            degrees: by(tables, "YHYDZB", |row| vec![parcel_code(row.get("ZHHDDM"))]),
        }
    }
}

fn projects<'a>(tables: &'a Tables, joined: &Joined<'a>) -> HashMap<Place, Vec<&'a Row>> {
    let mut projects: HashMap<Place, Vec<&Row>> = HashMap::new();
    for row in tables.rows("FDCQXM") {
        let (number, business) = (unit_number(row.get("BDCDYH")), plain(row.get("YWH")));
        if !number.is_empty() {
            projects.entry((number, String::new())).or_default().push(row);
            continue;
        }
        for right in joined.rights.iter().filter(|right| right.table == "FDCQ1") {
            if plain(right.row.get("YWH")) == business {
                projects.entry(right.places[0].clone()).or_default().push(row);
            }
        }
    }
    projects
}

/// What a right's values may come from.
struct Around<'a> {
    place: &'a Place,
    parcel: Vec<&'a Row>,
    sea: Vec<&'a Row>,
    house: Vec<&'a Row>,
    building: Vec<&'a Row>,
    structure: Vec<&'a Row>,
    listed: Vec<&'a Row>,
    /// FDZL of the unit's building rights, current ones first.
    addresses: Vec<&'a str>,
}

/// Every unit of the package, in the order of an answer.
pub(crate) fn units(tables: &Tables) -> Vec<Unit> {
    let joined = Joined::new(tables);
    let places = Places::new(tables, &joined);
    joined.on.iter().map(|(place, rights)| unit(&joined, &places, place, rights)).collect()
}

fn unit(joined: &Joined<'_>, places: &Places<'_>, place: &Place, rights: &[usize]) -> Unit {
    let rights: Vec<&Right<'_>> = rights.iter().map(|at| &joined.rights[*at]).collect();
    let around = around(joined, places, place, &rights);
    let mut registrations = Vec::new();
    for right in &rights {
        registrations.extend(registrations_of(joined, places, &around, right));
    }
    registrations.sort_by(|one: &Registration, other| one.order().cmp(&other.order()));
    let mut waiting: Vec<&mut Registration> = registrations
        .iter_mut()
        .filter(|one| {
            one.status == "current" && ["2", "4"].contains(&clean::code("CFLX", one.value("seizure_kind")).as_str())
        })
        .collect();
    waiting
        .sort_by_key(|one| (one.value("registered_at").to_owned(), one.value("business_number").to_owned(), one.line));
    // No order where one of them has no date (D50).
    if waiting.iter().all(|one| clean::is_date(one.value("registered_at"))) {
        for (order, one) in (1..).zip(waiting) {
            one.waiting_order = order;
        }
    }
    Unit { number: place.0.clone(), group: place.1.clone(), told: told(places, &around), registrations }
}

fn around<'a>(
    joined: &'a Joined<'a>,
    places: &'a Places<'a>,
    place: &'a Place,
    rights: &[&'a Right<'a>],
) -> Around<'a> {
    let own = parcel(place).unwrap_or_default();
    let named = |columns: [(&str, &str); 2]| -> Vec<String> {
        let named = rights.iter().flat_map(|right| {
            columns.iter().filter(|(table, _)| *table == right.table).map(|(_, column)| right.row.get(column))
        });
        std::iter::once(own.clone()).chain(named.map(parcel_code)).collect()
    };
    let look = |rows: &'a Rows<'a>, keys: Vec<String>| -> Vec<&'a Row> {
        keys.iter().find_map(|key| rows.get(key)).cloned().unwrap_or_default()
    };
    let house = places.houses.get(place).cloned().unwrap_or_default();
    let of_zrz = places.buildings.get(&plain(first(&house, "ZRZH"))).cloned().unwrap_or_default();
    let on_parcel = |row: &&Row| {
        let (parcel, number) = (parcel_code(row.get("ZDDM")), unit_number(row.get("ZRZH")));
        !own.is_empty() && (parcel == own || (parcel.is_empty() && number.starts_with(&own)))
    };
    let mut building: Vec<&Row> = of_zrz.iter().copied().filter(on_parcel).collect();
    if building.is_empty() && of_zrz.len() == 1 {
        building = of_zrz;
    }
    let mut addresses: Vec<_> = rights
        .iter()
        .filter(|right| ["FDCQ1", "FDCQ2"].contains(&right.table))
        .map(|right| {
            let order = (date(right.row.get("DJSJ")), right.row.get("YWH"), right.row.get("BDCQZH"), right.row.line);
            (joined.status(right, place).0 != "current", order, right.row.get("FDZL"))
        })
        .collect();
    addresses.sort();
    Around {
        place,
        parcel: look(&places.parcels, named([("TDSYQ", "ZDDM"), ("JSYDSYQ", "ZDDM")])),
        sea: look(&places.seas, named([("HYSYQ", "ZHHDDM"), ("", "")])),
        house,
        building,
        structure: places.structures.get(&place.0).cloned().unwrap_or_default(),
        listed: joined.listed.get(place).cloned().unwrap_or_default(),
        addresses: addresses.into_iter().map(|(_, _, address)| address).collect(),
    }
}

fn registrations_of(
    joined: &Joined<'_>,
    places: &Places<'_>,
    around: &Around<'_>,
    right: &Right<'_>,
) -> Vec<Registration> {
    let (status, since, is_doubtful) = joined.status(right, around.place);
    let holders = &right.holders[around.place];
    let is_doubtful = is_doubtful || (status == "current" && holders.iter().any(|row| is_unknown(row)));
    let mut parties: Vec<Party> = holders.iter().map(|row| holder(row, right.row)).collect();
    parties.extend(other_parties(right));
    // Who has left a right in force comes behind who has not.
    parties.sort_by_key(|party| party.is_former && status == "current");
    let mut projects: Vec<Option<&Row>> = Vec::new();
    if right.table == "FDCQ1" {
        let business = plain(right.row.get("YWH"));
        let rows = places.projects.get(around.place).into_iter().flatten().copied();
        let is_own = |row: &&Row| [String::new(), business.clone()].contains(&plain(row.get("YWH")));
        projects.extend(rows.filter(is_own).map(Some));
    }
    if projects.is_empty() {
        projects.push(None);
    }
    let of_project = |project: Option<&Row>| Registration {
        kind: right.kind,
        source_row: identity(right.table, right.row),
        status,
        waiting_order: 0,
        is_doubtful,
        values: values(places, around, right, project, (status, &since)),
        parties: parties.clone(),
        line: right.row.line,
    };
    projects.into_iter().map(of_project).collect()
}

fn values(
    places: &Places<'_>,
    around: &Around<'_>,
    right: &Right<'_>,
    project: Option<&Row>,
    ended: (&str, &str),
) -> BTreeMap<&'static str, String> {
    // A right that names its parcel or sea has that one's, where the package has it.
    let (land, sea) = match right.table {
        "TDSYQ" | "JSYDSYQ" => (right.row.get("ZDDM"), ""),
        "HYSYQ" => ("", right.row.get("ZHHDDM")),
        _ => ("", ""),
    };
    let parcel = places.parcels.get(&parcel_code(land)).unwrap_or(&around.parcel);
    let sea = places.seas.get(&parcel_code(sea)).unwrap_or(&around.sea);
    let source = |source: &str| -> String {
        let of = |rows: &[&Row], column: &str| first(rows, column).to_owned();
        match source.split_once('.') {
            Some(("P", column)) => of(parcel, column),
            Some(("S", column)) => of(sea, column),
            Some(("H", column)) => of(&around.house, column),
            Some(("Z", column)) => of(&around.building, column),
            Some(("G", column)) => of(&around.structure, column),
            Some(("X", column)) => project.map_or("", |row| row.get(column)).to_owned(),
            _ => special(around, right, source, ended),
        }
    };
    let mut values = BTreeMap::new();
    for (name, is_date, sources) in parse(COMMON).chain(parse(KINDS[right.kind].3)) {
        let is_quantity =
            ["area", "price", "claim"].iter().any(|word| name.ends_with(word)) || name == "price_or_claim";
        let texts: Vec<String> = sources.into_iter().map(source).filter(|text| !text.is_empty()).collect();
        let text = texts.iter().find(|text| !is_quantity || !clean::is_zero(text)).or(texts.first());
        let text = text.map_or_else(String::new, |text| if is_quantity { clean::quantity(text) } else { text.clone() });
        if !text.is_empty() {
            values.insert(name, if is_date { date(&text) } else { text });
        }
    }
    values
}

fn special(around: &Around<'_>, right: &Right<'_>, source: &str, (status, since): (&str, &str)) -> String {
    let row = right.row;
    match source {
        "@certificate" => row.get(KINDS[right.kind].2).to_owned(),
        "@ended" => since.to_owned(),
        "@claim"
            if row.code("DYFS") == "2"
                && row.has(&["ZGZQSE"])
                && !(clean::is_zero(row.get("ZGZQSE")) && row.has(&["BDBZZQSE"])) =>
        {
            row.get("ZGZQSE").to_owned()
        }
        "@claim" if !row.has(&["BDBZZQSE"]) && row.code("DYFS") == "2" => row.get("ZGZQSE").to_owned(),
        "@claim" => row.get("BDBZZQSE").to_owned(),
        "@names" => {
            let names: Vec<&str> = right.holders[around.place]
                .iter()
                .filter(|row| status != "current" || !["2", "3"].contains(&row.code("QSZT").as_str()))
                .map(|row| row.get("QLRMC"))
                .collect();
            names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join("、")
        }
        "@place" => place(around, right),
        _ => row.get(source).to_owned(),
    }
}

/// The place of a charge.
fn place(around: &Around<'_>, right: &Right<'_>) -> String {
    let row = right.row;
    let unfinished = if row.code("DYBDCLX") == "4" { row.get("ZJJZWZL") } else { "" };
    let business = plain(row.get("YWH"));
    let is_own = |listed: &&&Row| right.table == "DYAQ" && plain(listed.get("YWH")) == business;
    let own: Vec<&Row> = around.listed.iter().filter(is_own).copied().collect();
    let sources = [
        unfinished,
        first(&own, "ZL"),
        first(&around.listed, "ZL"),
        around.addresses.iter().find(|text| !text.is_empty()).unwrap_or(&""),
        first(&around.house, "ZL"),
        first(&around.structure, "ZL"),
        first(&around.parcel, "ZL"),
        first(&around.sea, "YHWZSM"),
    ];
    sources.into_iter().find(|text| !text.is_empty()).unwrap_or("").to_owned()
}

fn holder(row: &Row, right: &Row) -> Party {
    let text = |column: &str| row.get(column).to_owned();
    let or_rights = |column: &str| if row.has(&[column]) { text(column) } else { right.get(column).to_owned() };
    Party {
        role: "holder",
        told: [
            text("QLRMC"),
            text("ZJZL"),
            text("ZJH"),
            text("QLRLX"),
            text("QLBL"),
            text("SXH"),
            or_rights("YWH"),
            or_rights("QSZT"),
        ],
        read: Registered::new(row.get("QLRMC"), &row.code("ZJZL"), row.get("ZJH"), &row.code("QLRLX")),
        is_former: ["2", "3"].contains(&row.code("QSZT").as_str()),
    }
}

fn other_parties(right: &Right<'_>) -> Vec<Party> {
    let columns: &[(&str, &str)] = match right.table {
        "YGDJ" => &[("obligor", "YWR")],
        "DYIQ" => &[("servient", "GYDQLR"), ("dominant", "XYDQLR")],
        _ => &[],
    };
    let mut parties = Vec::new();
    for (role, column) in columns {
        let text = |suffix: &str| right.row.get(&format!("{column}{suffix}")).to_owned();
        let (name, kind, number) = (text(""), text("ZJZL"), text("ZJH"));
        // Named without a number it is not searched (D12); a filler is no usable number (D37).
        if clean::is_none_or_zero(&number) {
            continue;
        }
        let read = Registered::new(&name, &clean::code("ZJZL", &kind), &number, "");
        let empty = String::new;
        parties.push(Party {
            role,
            told: [name, kind, number, empty(), empty(), empty(), empty(), empty()],
            read,
            is_former: false,
        });
    }
    parties
}

/// What is told of the unit itself.
fn told(places: &Places<'_>, around: &Around<'_>) -> Vec<String> {
    let own = |rows: &[&Row], column: &str| first(rows, column).to_owned();
    let address = around.addresses.iter().find(|text| !text.is_empty()).unwrap_or(&"");
    let locations = [
        own(&around.house, "ZL"),
        own(&around.structure, "ZL"),
        own(&around.parcel, "ZL"),
        own(&around.sea, "YHWZSM"),
        (*address).to_owned(),
    ];
    let letter = around.place.0.chars().nth(19);
    let is_land = letter.is_some_and(|letter| "WLQ".contains(letter));
    let areas = [
        (own(&around.house, "SCJZMJ"), "1".to_owned()),
        (own(&around.house, "YCJZMJ"), "1".to_owned()),
        (own(&around.structure, "MJ"), own(&around.structure, "MJDW")),
        (if is_land { own(&around.sea, "ZHMJ") } else { String::new() }, "3".to_owned()),
        (if is_land { own(&around.parcel, "ZDMJ") } else { String::new() }, own(&around.parcel, "MJDW")),
    ];
    let areas: Vec<_> = areas.into_iter().filter(|(area, _)| !area.is_empty()).collect();
    let area = areas.iter().find(|(area, _)| !clean::is_zero(area)).or(areas.first());
    let (area, area_unit) = area.map_or_else(Default::default, |(area, unit)| (clean::quantity(area), unit.clone()));
    let location = locations.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let mut told = vec![format!("location {location:?} area {area:?} unit {area_unit:?}")];
    told.extend(position(places, around));
    told
}

fn position(places: &Places<'_>, around: &Around<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let boundaries = ["ZDSZD", "ZDSZN", "ZDSZX", "ZDSZB", "TFH"].map(|column| first(&around.parcel, column));
    if boundaries.iter().any(|text| !text.is_empty()) {
        lines.push(format!("boundaries and sheet {boundaries:?}"));
    }
    let parcel = parcel(around.place).unwrap_or_default();
    let number = |row: &Row, column: &str| row.get(column).parse::<u64>().unwrap_or(u64::MAX);
    if let Some((rows, columns)) = places.points.iter().find_map(|(rows, columns)| Some((rows.get(&parcel)?, columns)))
    {
        let mut rows = rows.clone();
        rows.sort_by_key(|row| (number(row, columns[0]), number(row, columns[1]), row.line));
        lines.extend(rows.iter().map(|row| format!("point {:?}", columns.map(|column| row.get(column)))));
    }
    if let Some(rows) = places.degrees.get(&parcel) {
        let mut rows = rows.clone();
        rows.sort_by_key(|row| (number(row, "XH"), row.line));
        lines.extend(rows.iter().map(|row| format!("degrees {:?}", ["XH", "BW", "DJ"].map(|column| row.get(column)))));
    }
    if !lines.is_empty() {
        lines.insert(0, format!("position of the parcel: {}", !around.place.0.ends_with("W00000000")));
    }
    lines
}

/// What a registration is counted by (`deploy/DECISIONS.md`, "Details"): its content, not its line.
fn identity(table: &str, row: &Row) -> String {
    let sides: &[&str] = if table == "DYIQ" { &["GYDBDCDYH", "XYDBDCDYH"] } else { &["BDCDYH"] };
    let units: Vec<String> =
        sides.iter().map(|side| unit_number(row.get(side))).filter(|one| !one.is_empty()).collect();
    let column = if ["DYAQ", "YGDJ", "YYDJ", "DYIQ"].contains(&table) { "BDCDJZMH" } else { "BDCQZH" };
    let parts = [table.to_owned(), plain(row.get("YWH")), units.join("、"), certificates(row.get(column)).join("、")];
    let bytes: Vec<u8> = parts
        .iter()
        .flat_map(|part| [&u32::try_from(part.len()).unwrap().to_be_bytes(), part.as_bytes()].concat())
        .collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let digits: String = digest.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{table}:{digits}")
}
