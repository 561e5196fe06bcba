//! Rights, holders, status and units of a package, joined plainly: every table in memory, every join a loop or a hash map.
//!
//! Written from `deploy/DECISIONS.md`, "Joins" and "Fields", and the rules of the mirror's page, not from its code.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    clean,
    fields::KINDS,
    tables::{Row, Tables, certificates, parcel_of, plain, unit_number},
};

/// Where a right stands: unit number, or the group of rights without one.
pub(crate) type Place = (String, String);

/// One row of a right's table.
pub(crate) struct Right<'a> {
    pub(crate) kind: usize,
    pub(crate) table: &'static str,
    pub(crate) row: &'a Row,
    pub(crate) places: Vec<Place>,
    business: String,
    certificate: String,
    certificates: Vec<String>,
    /// The holders' rows on each of its places.
    pub(crate) holders: HashMap<Place, Vec<&'a Row>>,
}

/// A right's marks of ending (`deploy/DECISIONS.md`, "Joins").
const ENDINGS: [&str; 7] = ["JFYWH", "JFDJSJ", "ZXDYYWH", "ZXSJ", "ZXYYYWH", "ZXYYDJSJ", "ZXYGYWH"];

/// The rights of a package and what stands on each place.
pub(crate) struct Joined<'a> {
    pub(crate) rights: Vec<Right<'a>>,
    pub(crate) on: BTreeMap<Place, Vec<usize>>,
    /// The rights that stand on several places.
    spanning: Vec<usize>,
    deregistered: HashMap<Place, Vec<&'a Row>>,
    pub(crate) listed: HashMap<Place, Vec<&'a Row>>,
}

/// Finds rows that are not on a place of their own by what they name.
struct Names {
    by_business: HashMap<String, BTreeSet<Place>>,
    by_certificate: HashMap<String, BTreeSet<Place>>,
}

impl<'a> Joined<'a> {
    pub(crate) fn new(tables: &'a Tables) -> Self {
        let mut listed: HashMap<Place, Vec<&Row>> = HashMap::new();
        let mut places_of_business: HashMap<String, Vec<Place>> = HashMap::new();
        for row in tables.rows("DYWQD") {
            let place = listed_place(row);
            places_of_business.entry(plain(row.get("YWH"))).or_default().push(place.clone());
            listed.entry(place).or_default().push(row);
        }
        let mut rights = Vec::new();
        for (kind, (_, names, certificate, _)) in KINDS.iter().enumerate() {
            for table in *names {
                rights.extend(tables.rows(table).iter().map(|row| {
                    let certificate = if certificate.is_empty() { "" } else { row.get(certificate) };
                    let business = plain(row.get("YWH"));
                    Right {
                        kind,
                        table,
                        row,
                        places: places(table, row, certificate, &places_of_business),
                        certificate: plain(certificate),
                        certificates: certificates(certificate),
                        business,
                        holders: HashMap::new(),
                    }
                }));
            }
        }
        let mut on: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        let mut names = Names { by_business: HashMap::new(), by_certificate: HashMap::new() };
        for (at, right) in rights.iter().enumerate() {
            for place in &right.places {
                on.entry(place.clone()).or_default().push(at);
                if !right.business.is_empty() {
                    names.by_business.entry(right.business.clone()).or_default().insert(place.clone());
                }
                for one in &right.certificates {
                    names.by_certificate.entry(one.clone()).or_default().insert(place.clone());
                }
            }
        }
        let deregistered = deregistered(tables, &names);
        let spanning = (0..rights.len()).filter(|at| rights[*at].places.len() > 1).collect();
        let mut joined = Self { rights, on, spanning, deregistered, listed };
        joined.join_holders(tables, &names);
        joined
    }

    fn join_holders(&mut self, tables: &'a Tables, names: &Names) {
        let mut fitting: HashMap<(usize, Place), Vec<&'a Row>> = HashMap::new();
        for row in tables.rows("QLR") {
            let own = unit_number(row.get("BDCDYH"));
            let places: Vec<Place> = if own.is_empty() { wanted(row, names) } else { vec![(own, String::new())] };
            let mut is_placed = false;
            for place in &places {
                let found = self.resolve(row, self.on.get(place).map_or(&[], Vec::as_slice));
                for at in &found {
                    fitting.entry((*at, place.clone())).or_default().push(row);
                }
                is_placed |= !found.is_empty();
                if !found.iter().any(|at| self.rights[*at].places.len() > 1) {
                    is_placed |= self.lend(row, place, &mut fitting);
                }
            }
            assert!(is_placed, "QLR:{} fits no registration", row.line);
        }
        for (at, right) in self.rights.iter_mut().enumerate() {
            let borrowed: Vec<&Row> = fitting.get(&(at, lent())).into_iter().flatten().copied().collect();
            let mut places = right.places.clone();
            places.sort();
            for place in &right.places {
                let own = fitting.get(&(at, place.clone()));
                let first = own.or_else(|| {
                    places.iter().filter(|other| *other != place).find_map(|other| fitting.get(&(at, other.clone())))
                });
                let mut rows: Vec<&Row> = first.into_iter().flatten().copied().collect();
                for row in &borrowed {
                    if !rows.iter().any(|known| known.line == row.line) {
                        rows.push(row);
                    }
                }
                rows.sort_by_key(|row| (row.get("SXH").parse::<u64>().unwrap_or(u64::MAX), row.line));
                if right.places.len() > 1 {
                    let mut kept: Vec<&Row> = Vec::new();
                    for row in rows {
                        if !kept.iter().any(|known| known.is_same(row)) {
                            kept.push(row);
                        }
                    }
                    rows = kept;
                }
                right.holders.insert(place.clone(), rows);
            }
        }
    }

    /// Gives a row of `place` to registrations over several units that stand elsewhere. Whether any takes it.
    fn lend(&self, row: &'a Row, place: &Place, fitting: &mut HashMap<(usize, Place), Vec<&'a Row>>) -> bool {
        let (business, certificates) = (plain(row.get("YWH")), certificates(row.get("BDCQZH")));
        let mut is_taken = false;
        for at in &self.spanning {
            let (at, right) = (*at, &self.rights[*at]);
            if right.places.contains(place) {
                continue;
            }
            let shares = right.certificates.iter().any(|one| certificates.contains(one));
            if (business.is_empty() && shares)
                || (!business.is_empty() && right.business == business && (shares || certificates.is_empty()))
            {
                fitting.entry((at, lent())).or_default().push(row);
                is_taken = true;
            }
        }
        is_taken
    }

    /// The rights among `candidates` that a holder's row belongs to.
    fn resolve(&self, row: &Row, candidates: &[usize]) -> Vec<usize> {
        let (business, numbers) = (plain(row.get("YWH")), certificates(row.get("BDCQZH")));
        let of = |among: &[usize], fits: &dyn Fn(&Right<'a>) -> bool| -> Vec<usize> {
            among.iter().copied().filter(|at| fits(&self.rights[*at])).collect()
        };
        let shares = |right: &Right<'a>| right.certificates.iter().any(|one| numbers.contains(one));
        let same = of(candidates, &|right| !business.is_empty() && right.business == business);
        if same.is_empty() {
            return of(candidates, &shares);
        }
        let sharing = of(&same, &shares);
        if same.len() == 1 || !sharing.is_empty() {
            return if same.len() == 1 { same } else { sharing };
        }
        let right_type = row.code("QLLX");
        let typed = of(&same, &|right| !right_type.is_empty() && right.row.code("QLLX") == right_type);
        let left = if typed.is_empty() { same } else { typed };
        let first = &self.rights[left[0]];
        let is_alike = left.iter().all(|at| self.rights[*at].kind == first.kind)
            || (!first.certificate.is_empty()
                && left.iter().all(|at| self.rights[*at].certificate == first.certificate));
        assert!(is_alike, "QLR:{} fits several registrations", row.line);
        left
    }

    /// Whether a right is `current`, `ended` or `provisional` on a place, and since when it is ended.
    pub(crate) fn status(&self, right: &Right<'_>, place: &Place) -> (&'static str, String, bool) {
        let stored = right.row.code("QSZT");
        let (mut is_ended, mut is_doubtful) = ended(right.row);
        let own = ["ZXSJ", "ZXYYDJSJ", "JFDJSJ"].map(|column| right.row.get(column));
        let mut since = own.into_iter().find(|text| !text.is_empty()).unwrap_or("").to_owned();
        for row in self.deregistered.get(place).into_iter().flatten() {
            if self.is_named(right, place, row) {
                is_ended = true;
                if since.is_empty() {
                    row.get("ZXSJ").clone_into(&mut since);
                }
            }
        }
        if right.table == "DYAQ" {
            let of_business = |row: &&&Row| plain(row.get("YWH")) == right.business;
            let listed: Vec<&&Row> = self.listed.get(place).into_iter().flatten().filter(of_business).collect();
            is_doubtful |= listed.iter().any(|row| ended(row).1);
            if !listed.is_empty() && listed.iter().all(|row| ended(row).0) {
                is_ended = true;
                let told = listed.iter().map(|row| row.get("ZXSJ")).find(|text| !text.is_empty());
                if let (true, Some(told)) = (since.is_empty(), told) {
                    told.clone_into(&mut since);
                }
            }
        }
        let status = match (is_ended, stored.as_str()) {
            (true, _) => "ended",
            (false, "0") => "provisional",
            _ => "current",
        };
        (status, since, is_doubtful && status == "current")
    }

    /// Whether a row of ZXDJ names the right.
    fn is_named(&self, right: &Right<'_>, place: &Place, row: &Row) -> bool {
        let right_type = row.code("QLLX");
        certificates(row.get("BDCQZH")).iter().any(|number| {
            let carriers = self.on[place].iter().filter(|at| self.rights[**at].certificates.contains(number)).count();
            right.certificates.contains(number)
                && (carriers < 2 || right_type.is_empty() || right.row.code("QLLX") == right_type)
        })
    }
}

/// Whether a row's own status or marks end it, and whether nobody can say (D36, D40).
fn ended(row: &Row) -> (bool, bool) {
    let status = row.code("QSZT");
    let marks = ENDINGS.iter().map(|column| (*column, row.get(column)));
    let (mut is_ended, mut is_doubtful) = (["2", "3"].contains(&status.as_str()), false);
    is_doubtful |= is_unknown(row);
    for (column, cell) in marks.filter(|(_, cell)| !clean::is_none_or_zero(cell)) {
        let is_mark = !column.ends_with("SJ") || clean::is_date(cell);
        is_ended |= is_mark;
        is_doubtful |= !is_mark;
    }
    (is_ended, is_doubtful)
}

/// Whether a code of a row that nobody knows leaves open whether a right is in force (D40): what kind a holder or a
/// document is does not ("Details").
pub(crate) fn is_unknown(row: &Row) -> bool {
    let deciding = ["QSZT", "CFLX", "YGDJZL", "DYFS"];
    deciding.iter().any(|column| clean::is_unknown(column, &row.code(column)))
}

/// A place that is no unit: rows lent to a registration from units it does not stand on.
fn lent() -> Place {
    ("\u{0}lent".to_owned(), String::new())
}

fn listed_place(row: &Row) -> Place {
    let number = unit_number(row.get("BDCDYH"));
    if !number.is_empty() {
        return (number, String::new());
    }
    let house = plain(row.get("FWBH"));
    let group = if house.is_empty() { format!("business:{}", plain(row.get("YWH"))) } else { format!("house:{house}") };
    (String::new(), group)
}

fn places(table: &str, row: &Row, certificate: &str, listed: &HashMap<String, Vec<Place>>) -> Vec<Place> {
    let columns: &[&str] = if table == "DYIQ" { &["GYDBDCDYH", "XYDBDCDYH"] } else { &["BDCDYH"] };
    let numbers = columns.iter().map(|column| unit_number(row.get(column))).filter(|number| !number.is_empty());
    let mut places: Vec<Place> = numbers.map(|number| (number, String::new())).collect();
    let business = plain(row.get("YWH"));
    if table == "DYAQ" && !business.is_empty() {
        places.extend(listed.get(&business).into_iter().flatten().cloned());
    }
    if places.is_empty() {
        let certificate = plain(certificate);
        let group =
            if certificate.is_empty() { format!("business:{business}") } else { format!("certificate:{certificate}") };
        places.push((String::new(), group));
    }
    let mut seen = BTreeSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}

/// The places that a row without unit number may belong to.
fn wanted(row: &Row, names: &Names) -> Vec<Place> {
    if let Some(places) = names.by_business.get(&plain(row.get("YWH"))) {
        return places.iter().cloned().collect();
    }
    by_certificate(row, names)
}

fn by_certificate(row: &Row, names: &Names) -> Vec<Place> {
    let numbers = certificates(row.get("BDCQZH"));
    let places: BTreeSet<_> = numbers.iter().filter_map(|one| names.by_certificate.get(one)).flatten().collect();
    places.into_iter().cloned().collect()
}

fn deregistered<'a>(tables: &'a Tables, names: &Names) -> HashMap<Place, Vec<&'a Row>> {
    let mut deregistered: HashMap<Place, Vec<&Row>> = HashMap::new();
    for row in tables.rows("ZXDJ") {
        let number = unit_number(row.get("BDCDYH"));
        let places = if number.is_empty() { by_certificate(row, names) } else { vec![(number, String::new())] };
        for place in places {
            deregistered.entry(place).or_default().push(row);
        }
    }
    deregistered
}

/// The parcel of a place.
pub(crate) fn parcel(place: &Place) -> Option<String> {
    parcel_of(&place.0)
}
