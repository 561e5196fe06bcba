//! What a package is held against before it may serve: whose it is, when it was made, and how far it is from what serves.
//!
//! What no operator can pass stands elsewhere: digests and rows in `package`, what is not understood in `mirror`, the sequence in
//! `mirror` too. A gate here may be right about a package that is right all the same (a bureau was split, a table was emptied by
//! law), so each can be passed by name, with a reason that goes on record.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use crate::{
    domain::{
        generation::{GenerationFacts, Share},
        tables::Table,
    },
    mirror::LoadReport,
};

/// How far the time of an export may be ahead of this machine's clock: two clocks that nobody set differ by minutes.
const AHEAD_MAX: Duration = Duration::from_mins(10);

/// The longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 200;

/// Something that a package must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// It is of the authority that this is the mirror of.
    Authority,
    /// It was exported no earlier than what serves.
    AsOf,
    /// It was exported before now.
    Future,
    /// It is not to be superseded yet.
    Expired,
    /// It has every table that serves.
    Table,
    /// It has every column that decides answers and serves.
    Column,
    /// Of nothing there is much less than what serves.
    Fall,
    /// Of nothing there is much more than what serves.
    Rise,
}

impl Gate {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Authority, Self::AsOf, Self::Future, Self::Expired, Self::Table, Self::Column, Self::Fall, Self::Rise];

    /// The name on the command line and in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::AsOf => "as-of",
            Self::Future => "future",
            Self::Expired => "expired",
            Self::Table => "table",
            Self::Column => "column",
            Self::Fall => "fall",
            Self::Rise => "rise",
        }
    }

    /// Whether it says that the package is another than the one that was meant, so that comparing its rows has no sense.
    pub(super) fn is_of_identity(self) -> bool {
        matches!(self, Self::Authority | Self::AsOf | Self::Future | Self::Expired)
    }
}

/// That an operator lets a package pass a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The gate.
    pub gate: Gate,
    /// Why, in the operator's words.
    pub reason: String,
}

impl std::str::FromStr for Acceptance {
    type Err = String;

    /// Reads `GATE:REASON`.
    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Gate::ALL.map(Gate::word).join(", ");
        let (word, reason) = text.split_once(':').ok_or("give GATE:REASON, such as `fall:two districts left`")?;
        let gate = Gate::ALL.into_iter().find(|gate| gate.word() == word.trim());
        let gate = gate.ok_or_else(|| format!("`{word}` is no gate; there are {}", known()))?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX || reason.chars().any(char::is_control) {
            return Err(format!("give a reason of 1 to {REASON_CHARACTERS_MAX} characters in one line"));
        }
        Ok(Self { gate, reason: reason.to_owned() })
    }
}

/// What the gates hold a package to.
#[derive(Clone, Debug)]
pub struct GateLimits {
    /// The code of the authority; where none is given, that of what serves.
    pub authority: Option<String>,
    /// How much of a table, or of the registrations of a kind, may be gone.
    pub fall_max: Share,
    /// How much may have come.
    pub rise_max: Share,
    /// So many more or less are never too many: in a small table every row is a large share.
    pub free_rows: u64,
}

/// A gate that a package does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// The gate.
    pub gate: Gate,
    /// What is wrong.
    pub what: String,
}

impl Trip {
    fn new(gate: Gate, what: impl Into<String>) -> Self {
        Self { gate, what: what.into() }
    }
}

impl fmt::Display for Trip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "gate `{}`: {}", self.gate.word(), self.what)
    }
}

/// What serves, and a package is compared with.
#[derive(Clone, Debug)]
pub struct Base {
    /// Its facts.
    pub facts: GenerationFacts,
    /// The report of its load; absent where it cannot be read.
    pub report: Option<LoadReport>,
}

/// How much there was of something, and is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `table QLR`, or `FDCQ current`.
    pub of: String,
    /// In what serves.
    pub old: u64,
    /// In the package.
    pub new: u64,
}

impl Change {
    /// The change in tenths of a percent; `None` where there was nothing.
    fn tenths_of_percent(&self) -> Option<i128> {
        let (old, new) = (i128::from(self.old), i128::from(self.new));
        (old > 0).then(|| (new - old) * 1000 / old)
    }

    fn percent(&self) -> String {
        let Some(tenths) = self.tenths_of_percent() else { return "new".to_owned() };
        // A change that rounds to none is still one.
        let sign = if self.new < self.old { '-' } else { '+' };
        format!("{sign}{}.{}%", tenths.abs() / 10, tenths.abs() % 10)
    }

    fn trip(&self, limits: &GateLimits) -> Option<Trip> {
        let Self { of, old, new } = self;
        let is_gone = *old > 0 && *new == 0;
        let is_small = old.abs_diff(*new) <= limits.free_rows && !is_gone;
        let is_beyond = |share: Share| {
            u128::from(old.abs_diff(*new)) * 10_000 > u128::from(*old) * u128::from(share.hundredths_of_percent())
        };
        let (gate, share, key) = match new.cmp(old) {
            std::cmp::Ordering::Less => (Gate::Fall, limits.fall_max, "load.fall-max"),
            std::cmp::Ordering::Greater => (Gate::Rise, limits.rise_max, "load.rise-max"),
            std::cmp::Ordering::Equal => return None,
        };
        let is_new = *old == 0;
        (!is_small && !is_new && is_beyond(share))
            .then(|| Trip::new(gate, format!("{of}: {old} → {new} ({}), beyond {share} (`{key}`)", self.percent())))
    }
}

/// What a package has beside what serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The generation that it is compared with; absent before the first load.
    pub with: Option<String>,
    /// By table, then by kind and status.
    pub changes: Vec<Change>,
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(with) = &self.with else { return writeln!(formatter, "nothing serves yet to compare it with") };
        let (same, changed): (Vec<_>, Vec<_>) = self.changes.iter().partition(|change| change.old == change.new);
        writeln!(
            formatter,
            "compared with {with}: {} of {} counts changed",
            changed.len(),
            changed.len() + same.len()
        )?;
        for change in changed {
            let Change { of, old, new } = change;
            writeln!(formatter, "  {of:<18} {old:>10} → {new:<10} {:>8}", change.percent())?;
        }
        Ok(())
    }
}

/// What can be said before a row is read: whose the package is, when it was made, and which tables it has.
pub(super) fn of_package(
    facts: &GenerationFacts,
    base: Option<&Base>,
    limits: &GateLimits,
    now: jiff::Timestamp,
) -> Vec<Trip> {
    let mut trips = Vec::new();
    let base = base.map(|base| &base.facts);
    if let Some(ours) = limits.authority.as_deref().or(base.map(|base| &*base.authority_code))
        && ours != facts.authority_code
    {
        let what =
            format!("the package is of authority `{}`, and this is the mirror of `{ours}`", facts.authority_code);
        trips.push(Trip::new(Gate::Authority, what));
    }
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let as_of = time(&facts.as_of);
    if let Some((as_of, base)) = as_of.zip(base)
        && time(&base.as_of).is_some_and(|served| as_of < served)
    {
        let what = format!("the package is as of {}, before what serves, {}", facts.as_of, base.as_of);
        trips.push(Trip::new(Gate::AsOf, what));
    }
    let latest = now.checked_add(AHEAD_MAX).unwrap_or(now);
    if as_of.is_some_and(|as_of| as_of > latest) {
        let what = format!("the package is as of {}, and by this machine's clock it is {now:.0}", facts.as_of);
        trips.push(Trip::new(Gate::Future, what));
    }
    if time(&facts.expires).is_some_and(|expires| expires <= now) {
        trips.push(Trip::new(Gate::Expired, format!("the package expired at {}", facts.expires)));
    }
    let has = |facts: &GenerationFacts, table| facts.tables.iter().any(|(known, _)| *known == table);
    for (table, rows) in base.into_iter().flat_map(|base| &base.tables) {
        if !has(facts, *table) {
            let what = format!("the package lacks table `{}`, of which {rows} rows serve", table.name());
            trips.push(Trip::new(Gate::Table, what));
        }
    }
    trips
}

/// The rows of tables that both have.
pub(super) fn compare_tables(facts: &GenerationFacts, base: &GenerationFacts) -> Vec<Change> {
    let old: BTreeMap<Table, u64> = base.tables.iter().copied().collect();
    let changes = facts.tables.iter().filter_map(|(table, new)| {
        let old = *old.get(table)?;
        Some(Change { of: format!("table {}", table.name()), old, new: *new })
    });
    changes.collect()
}

/// The registrations by kind and status.
pub(super) fn compare_kinds(report: &LoadReport, base: &LoadReport) -> Vec<Change> {
    let mut counts: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for one in &base.registrations {
        counts.entry((&one.kind, &one.status)).or_default().0 = one.count;
    }
    for one in &report.registrations {
        counts.entry((&one.kind, &one.status)).or_default().1 = one.count;
    }
    let change = |((kind, status), (old, new))| Change { of: format!("{kind} {status}"), old, new };
    counts.into_iter().map(change).collect()
}

/// Columns that decide answers, which serve and the package lacks.
pub(super) fn lost_columns(report: &LoadReport, base: &LoadReport) -> Vec<Trip> {
    let has_table = |report: &LoadReport, column: &str| {
        report.tables.iter().any(|table| column.split('.').next() == Some(&*table.table))
    };
    let lost = report
        .absent_columns
        .iter()
        .filter(|column| !base.absent_columns.contains(column) && has_table(base, column))
        .map(|column| Trip::new(Gate::Column, format!("the package lacks column `{column}`, which serves")));
    lost.collect()
}

/// The changes that are too large.
pub(super) fn too_large<'a>(changes: &'a [Change], limits: &'a GateLimits) -> impl Iterator<Item = Trip> + 'a {
    changes.iter().filter_map(|change| change.trip(limits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::{RegistrationCount, TableRows};

    fn limits() -> GateLimits {
        let share = |percent: u16| Share::from_hundredths_of_percent(percent * 100).unwrap();
        GateLimits { authority: None, fall_max: share(2), rise_max: share(20), free_rows: 2 }
    }

    fn facts() -> GenerationFacts {
        GenerationFacts {
            authority_code: "990102".into(),
            as_of: "2026-11-23T06:00:00+08:00".into(),
            expires: "2026-11-30T06:00:00+08:00".into(),
            tables: vec![(Table::Qlr, 1000), (Table::Cfdj, 100)],
            ..GenerationFacts::default()
        }
    }

    fn trips(change: impl FnOnce(&mut GenerationFacts)) -> Vec<Gate> {
        let base = Base { facts: facts(), report: None };
        let mut offered = facts();
        change(&mut offered);
        let now = "2026-11-24T06:00:00+08:00".parse().unwrap();
        of_package(&offered, Some(&base), &limits(), now).into_iter().map(|trip| trip.gate).collect()
    }

    #[test]
    fn each_gate_has_a_package_that_trips_it_and_one_just_inside() {
        assert!(trips(|_| {}).is_empty());
        assert_eq!(trips(|facts| facts.authority_code = "990103".into()), [Gate::Authority]);
        assert_eq!(trips(|facts| facts.as_of = "2026-11-23T05:59:59+08:00".into()), [Gate::AsOf]);
        assert!(trips(|facts| facts.as_of = "2026-11-22T22:00:00Z".into()).is_empty(), "the same moment elsewhere");
        assert_eq!(trips(|facts| facts.as_of = "2026-11-24T06:10:01+08:00".into()), [Gate::Future]);
        assert!(trips(|facts| facts.as_of = "2026-11-24T06:10:00+08:00".into()).is_empty());
        assert_eq!(trips(|facts| facts.expires = "2026-11-24T06:00:00+08:00".into()), [Gate::Expired]);
        assert!(trips(|facts| facts.expires = "2026-11-24T06:00:01+08:00".into()).is_empty());
        assert!(trips(|facts| facts.expires = String::new()).is_empty());
        assert_eq!(trips(|facts| facts.tables.truncate(1)), [Gate::Table]);
        let named = GateLimits { authority: Some("990103".into()), ..limits() };
        let now = "2026-11-24T06:00:00+08:00".parse().unwrap();
        assert_eq!(of_package(&facts(), None, &named, now)[0].gate, Gate::Authority, "at the first load too");
    }

    #[test]
    fn changes_are_held_to_their_shares_and_small_ones_are_free() {
        let gate = |old, new| {
            let change = Change { of: "table QLR".into(), old, new };
            change.trip(&limits()).map(|trip| trip.gate)
        };
        assert_eq!(gate(1000, 980), None);
        assert_eq!(gate(1000, 979), Some(Gate::Fall));
        assert_eq!(gate(1000, 1200), None);
        assert_eq!(gate(1000, 1201), Some(Gate::Rise));
        assert_eq!(gate(5, 3), None, "two rows are free");
        assert_eq!(gate(5, 2), Some(Gate::Fall));
        assert_eq!(gate(2, 0), Some(Gate::Fall), "but not the last ones");
        assert_eq!(gate(0, 500), None, "what was not there has no share");
        assert_eq!(gate(u64::MAX, 1), Some(Gate::Fall));
        let told = Change { of: "table QLR".into(), old: 1000, new: 979 }.trip(&limits()).unwrap();
        assert_eq!(told.to_string(), "gate `fall`: table QLR: 1000 → 979 (-2.1%), beyond 2% (`load.fall-max`)");
    }

    #[test]
    fn kinds_and_columns_are_compared_by_their_reports() {
        let count = |count| RegistrationCount { kind: "CFDJ".into(), status: "current".into(), count };
        let table = TableRows { table: "CFDJ".into(), rows: 100 };
        let base = LoadReport { registrations: vec![count(100)], tables: vec![table.clone()], ..LoadReport::default() };
        let offered = LoadReport {
            registrations: vec![count(40)],
            tables: vec![table],
            absent_columns: vec!["CFDJ.JFYWH".into(), "QLR.ZJH".into()],
            ..LoadReport::default()
        };
        let changes = compare_kinds(&offered, &base);
        assert_eq!(too_large(&changes, &limits()).map(|trip| trip.gate).collect::<Vec<_>>(), [Gate::Fall]);
        let lost = lost_columns(&offered, &base);
        assert!(matches!(&lost[..], [trip] if trip.what.contains("`CFDJ.JFYWH`")), "{lost:?}");
        assert!(lost_columns(&offered, &offered).is_empty());
    }

    #[test]
    fn an_acceptance_names_a_gate_and_a_reason() {
        let read = |text: &str| text.parse::<Acceptance>();
        assert_eq!(read("fall: 两区划出").unwrap(), Acceptance { gate: Gate::Fall, reason: "两区划出".into() });
        for (text, told) in [("fall", "GATE:REASON"), ("size:x", "no gate; there are authority"), ("fall: ", "reason")]
        {
            assert!(read(text).unwrap_err().contains(told), "{text}");
        }
    }
}
