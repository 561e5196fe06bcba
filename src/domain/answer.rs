//! What the register holds for a subject: chosen from the units found, counted, and told in one order.
//!
//! A registration is a *candidate* where a party is or might be the subject, and, on a unit that the subject owns, uses or
//! is buying, where it is a charge (D3). Every candidate is either reported or withheld by one rule; nothing is passed over
//! (invariant 2).

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::{
    codec,
    generation::{Accepted, GenerationFacts},
    inquiry::{Inquiry, Item},
    matching::{Flag, Outcome, Withholding},
    record::{Matched, Scope, Status, Unit},
    tables::Table,
    view::{Former, RegistrationView, UnitView},
    wire::{Field, Malformed, Reader, Writer},
};

/// Version of the rules of matching and reporting; it grows whenever an answer to the same question may change.
pub const RULES_VERSION: u32 = 2;

/// The statement that every answer carries.
pub const STATEMENT: &str = "本结果依不动产登记数据库导出数据作出，与不动产登记簿不一致的，以不动产登记簿为准；人民法院可以到不动产登记机构现场核实。";

/// What was found and what was shown. Counted by registration; `found` = `reported` + the sum of `withheld`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Registrations that concern, or might concern, the subject.
    pub found: u64,
    /// Those reported.
    pub reported: u64,
    /// Those not shown, by rule, in the order of precedence; only rules that withheld something.
    pub withheld: Vec<(Withholding, u64)>,
}

/// The answer to one inquiry, wholly from one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Echo of the inquiry's.
    pub request_number: String,
    /// From which data.
    pub generation: GenerationFacts,
    /// [`RULES_VERSION`] of the composer.
    pub rules_version: u32,
    /// In the order of unit number, then group; each with the registrations reported on it.
    pub units: Vec<Unit>,
    /// What was searched.
    pub coverage: Coverage,
    /// [`STATEMENT`].
    pub statement: String,
}

impl Answer {
    /// Reads the bytes of `bdcd.query.v1.Answer`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where they are no answer, or one of a later contract with kinds or rules unknown here.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut answer = Self {
            request_number: String::new(),
            generation: GenerationFacts::default(),
            rules_version: 0,
            units: Vec::new(),
            coverage: Coverage::default(),
            statement: String::new(),
        };
        for field in Reader::new(bytes) {
            let (tag, field) = field?;
            match tag {
                1 => field.text()?.clone_into(&mut answer.request_number),
                2 => read_authority(field.bytes()?, &mut answer.generation)?,
                3 => read_generation(field.bytes()?, &mut answer.generation)?,
                4 => answer.rules_version = u32::try_from(field.number()?).map_err(|_| Malformed)?,
                5 => answer.units.push(codec::read_unit(field.bytes()?)?),
                6 => read_coverage(field.bytes()?, &mut answer)?,
                7 => field.text()?.clone_into(&mut answer.statement),
                _ => {}
            }
        }
        Ok(answer)
    }

    /// Whether the counts reconcile (invariant 2): what was found is what was reported and what was withheld.
    #[must_use]
    pub fn reconciles(&self) -> bool {
        let withheld: u64 = self.coverage.withheld.iter().map(|(_, count)| count).sum();
        let registrations: HashSet<_> =
            self.units.iter().flat_map(|unit| &unit.registrations).map(|one| &one.identity).collect();
        self.coverage.found == self.coverage.reported + withheld && self.coverage.reported == registrations.len() as u64
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A record is not of the form that is read here.
    #[error("a record of the generation cannot be read: load its package again")]
    Record(#[from] Malformed),
    /// What was found, reported and withheld does not add up (invariant 2).
    #[error("the counts of the answer do not reconcile: this is a fault of the program, report it")]
    Unreconciled,
}

/// What every answer of a generation says alike, encoded once.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Authority, generation and rule version.
    generation: Vec<u8>,
    /// The tables of the coverage.
    tables: Vec<u8>,
    /// What the coverage says of gaps: quarantine, tables not searched, what was accepted and mapped.
    gaps: Vec<u8>,
}

impl Frame {
    /// The frame of a generation's answers.
    #[must_use]
    pub fn new(facts: &GenerationFacts) -> Self {
        let (mut generation, mut tables) = (Writer::default(), Writer::default());
        generation.message(2, |writer| {
            writer.text(1, &facts.authority_code);
            writer.text(2, &facts.authority_name);
        });
        generation.message(3, |writer| {
            writer.number(1, facts.sequence);
            writer.text(2, &facts.package_id);
            writer.text(3, &facts.as_of);
            writer.text(4, &facts.expires);
        });
        generation.number(4, u64::from(RULES_VERSION));
        for (table, rows) in &facts.tables {
            tables.message(1, |writer| write_rows(writer, *table, *rows));
        }
        Self { generation: generation.finish(), tables: tables.finish(), gaps: gaps(facts) }
    }
}

fn write_rows(writer: &mut Writer, table: Table, rows: u64) {
    writer.text(1, table.name());
    writer.number(2, rows);
}

fn gaps(facts: &GenerationFacts) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(5, facts.quarantined_rows());
    for (table, rows) in &facts.quarantined {
        writer.message(6, |writer| write_rows(writer, *table, *rows));
    }
    for table in facts.tables_not_searched() {
        writer.text(7, table.name());
    }
    for accepted in &facts.accepted {
        writer.message(8, |writer| {
            writer.text(1, &accepted.what);
            writer.text(2, &accepted.reason);
        });
    }
    for mapped in &facts.mapped {
        writer.text(9, mapped);
    }
    writer.finish()
}

/// Composes the answer to `inquiry` from the records that its search keys lead to, in any order: the bytes of
/// `bdcd.query.v1.Answer`. The same inquiry on the same records always gives the same bytes (invariant 4).
///
/// # Errors
///
/// Where a record cannot be read, or the counts do not reconcile.
pub fn compose(inquiry: &Inquiry, records: &[impl AsRef<[u8]>], frame: &Frame) -> Result<Vec<u8>, ComposeError> {
    let mut tally = Tally::default();
    let mut units = Vec::with_capacity(records.len());
    for record in records {
        let mut unit = UnitView::read(record.as_ref(), inquiry)?;
        if decide(inquiry, &mut unit, &mut tally) {
            units.push(unit);
        }
    }
    units.sort_by(|one, other| (one.number, one.group).cmp(&(other.number, other.group)));
    let coverage = tally.coverage().ok_or(ComposeError::Unreconciled)?;
    let size: usize = units.iter().map(|unit| unit.head.len()).sum();
    let mut writer = Writer::with_capacity(2048 + 4 * size);
    writer.text(1, &inquiry.request_number);
    writer.encoded(&frame.generation);
    for unit in &units {
        writer.message(5, |writer| {
            writer.encoded(unit.head);
            for registration in &unit.registrations {
                let Some(matched) = &registration.matched else { continue };
                writer.message(7, |writer| {
                    writer.encoded(registration.status_bytes);
                    writer.message(2, |writer| codec::write_match(writer, matched));
                    writer.encoded(registration.rest);
                    if let Some(former) = registration.former.as_ref().filter(|_| registration.shows_former) {
                        writer.message(16, |writer| writer.encoded(former.party));
                    }
                });
            }
        });
    }
    writer.message(6, |writer| write_coverage(writer, &coverage, frame));
    writer.text(7, STATEMENT);
    Ok(writer.finish())
}

fn write_coverage(writer: &mut Writer, coverage: &Coverage, frame: &Frame) {
    writer.encoded(&frame.tables);
    writer.number(2, coverage.found);
    writer.number(3, coverage.reported);
    for (rule, registrations) in &coverage.withheld {
        writer.message(4, |writer| {
            writer.number(1, *rule as u64);
            writer.number(2, *registrations);
        });
    }
    writer.encoded(&frame.gaps);
}

/// What becomes of each registration found, by its identity: the unit of counting.
///
/// A registration may stand on several units, and be noted from a parcel or a building: the copy nearest to the subject
/// decides.
#[derive(Default)]
struct Tally<'a> {
    decided: HashMap<&'a str, Decision>,
    /// Registrations noted for the first time, and those of them reported: counted apart, to check the sums against.
    found: u64,
    reported: u64,
}

/// How near to the subject a copy of a registration is, and what becomes of it.
#[derive(Clone, Copy)]
struct Decision {
    nearness: Nearness,
    /// `None` where it is reported.
    withheld: Option<Withholding>,
}

/// Nearest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Reported,
    /// In force or provisional, and the subject's or on the subject's unit.
    Own,
    /// The same, ended.
    OwnEnded,
    /// A party might be the subject.
    Possible,
    /// Noted from the building.
    Building,
    /// Noted from the parcel.
    Parcel,
}

impl Decision {
    fn rank(self) -> (Nearness, usize) {
        (self.nearness, self.withheld.map_or(0, Withholding::precedence))
    }
}

impl<'a> Tally<'a> {
    /// Notes what becomes of a copy; the nearest copy counts, and of equally near ones the first rule.
    fn note(&mut self, identity: &'a str, decision: Decision) {
        let is_reported = decision.withheld.is_none();
        match self.decided.entry(identity) {
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                self.reported += u64::from(known.withheld.is_some() && is_reported);
                if decision.rank() < known.rank() {
                    *known = decision;
                }
            }
            Entry::Vacant(entry) => {
                self.found += 1;
                self.reported += u64::from(is_reported);
                entry.insert(decision);
            }
        }
    }

    /// The counts; `None` where they do not reconcile.
    fn coverage(&self) -> Option<Coverage> {
        let mut withheld = Withholding::ALL.map(|rule| (rule, 0));
        for rule in self.decided.values().filter_map(|decision| decision.withheld) {
            withheld[rule.precedence()].1 += 1;
        }
        let withheld = withheld.into_iter().filter(|(_, count)| *count > 0).collect();
        let coverage = Coverage { found: self.found, reported: self.reported, withheld };
        let sum: u64 = coverage.withheld.iter().map(|(_, count)| count).sum();
        (coverage.found == coverage.reported + sum).then_some(coverage)
    }
}

/// Decides which registrations of a unit are reported, and why; whether any is. Every candidate is noted in `tally`.
fn decide<'a>(inquiry: &Inquiry, unit: &mut UnitView<'a>, tally: &mut Tally<'a>) -> bool {
    let is_subjects = unit.registrations.iter().any(RegistrationView::brings_charges);
    let mut is_reported = false;
    for registration in &mut unit.registrations {
        let Some(decision) = decide_one(inquiry, registration, is_subjects) else { continue };
        tally.note(registration.identity, decision);
        is_reported |= registration.matched.is_some();
    }
    for charge in unit.noted_charges.iter().filter(|_| is_subjects) {
        let (nearness, rule) = match charge.scope {
            Scope::Building => (Nearness::Building, Withholding::BuildingOnly),
            Scope::Parcel => (Nearness::Parcel, Withholding::ParcelOnly),
        };
        let rule = match charge.status {
            Status::Provisional => Withholding::Provisional,
            Status::Ended if !inquiry.include_ended => Withholding::Ended,
            Status::Current | Status::Ended => rule,
        };
        tally.note(charge.identity, Decision { nearness, withheld: Some(rule) });
    }
    is_reported
}

/// Decides on one registration, and says in it why it is reported where it is; `None` where it does not concern the subject.
fn decide_one(inquiry: &Inquiry, registration: &mut RegistrationView<'_>, is_subjects: bool) -> Option<Decision> {
    let doubt: &[Flag] = if registration.is_doubtful { &[Flag::StatusDoubtful] } else { &[] };
    let party = |party: u32, rule, flags: &[Flag]| Matched::Party { party, rule, flags: [flags, doubt].concat() };
    let mut is_former = false;
    let matched = match (&registration.outcome, &registration.former) {
        (Some((place, Outcome::Match { rule, flags })), _) => Ok(party(*place, *rule, flags)),
        _ if is_subjects && registration.kind.is_charge() => Ok(Matched::OnSubjectUnit { flags: doubt.to_vec() }),
        (_, Some(Former { place, outcome: Outcome::Match { rule, flags }, .. })) => {
            is_former = true;
            Ok(party(*place, *rule, flags))
        }
        (Some((_, Outcome::Withheld(rule))), _) | (None, Some(Former { outcome: Outcome::Withheld(rule), .. })) => {
            Err(*rule)
        }
        (None, None) => return None,
    };
    let matched = match matched {
        Ok(matched) => matched,
        Err(rule) => return Some(Decision { nearness: Nearness::Possible, withheld: Some(rule) }),
    };
    let is_ended = registration.status == Status::Ended || is_former;
    Some(match allowed(inquiry, registration, is_former) {
        Ok(()) => {
            registration.shows_former = is_former;
            registration.matched = Some(matched);
            Decision { nearness: Nearness::Reported, withheld: None }
        }
        Err(rule) => {
            let nearness = if is_ended { Nearness::OwnEnded } else { Nearness::Own };
            Decision { nearness, withheld: Some(rule) }
        }
    })
}

/// Whether the inquiry lets a registration that concerns the subject be shown; to a former holder it is an ended one (D46).
fn allowed(inquiry: &Inquiry, registration: &RegistrationView<'_>, is_former: bool) -> Result<(), Withholding> {
    let status = if is_former { Status::Ended } else { registration.status };
    match status {
        Status::Provisional => Err(Withholding::Provisional),
        Status::Ended if !inquiry.include_ended => Err(Withholding::Ended),
        _ if !inquiry.items.contains(&Item::of(registration.kind)) => Err(Withholding::NotAsked),
        Status::Current | Status::Ended => Ok(()),
    }
}

/// How many registrations an answer reports, read from its bytes.
///
/// # Errors
///
/// [`Malformed`] where they are no answer.
pub fn reported(bytes: &[u8]) -> Result<u64, Malformed> {
    for field in Reader::new(bytes) {
        if let (6, field) = field? {
            for field in Reader::new(field.bytes()?) {
                if let (3, field) = field? {
                    return field.number();
                }
            }
        }
    }
    Ok(0)
}

fn read_authority(bytes: &[u8], facts: &mut GenerationFacts) -> Result<(), Malformed> {
    for field in Reader::new(bytes) {
        match field? {
            (1, field) => field.text()?.clone_into(&mut facts.authority_code),
            (2, field) => field.text()?.clone_into(&mut facts.authority_name),
            _ => {}
        }
    }
    Ok(())
}

fn read_generation(bytes: &[u8], facts: &mut GenerationFacts) -> Result<(), Malformed> {
    for field in Reader::new(bytes) {
        match field? {
            (1, field) => facts.sequence = field.number()?,
            (2, field) => field.text()?.clone_into(&mut facts.package_id),
            (3, field) => field.text()?.clone_into(&mut facts.as_of),
            (4, field) => field.text()?.clone_into(&mut facts.expires),
            _ => {}
        }
    }
    Ok(())
}

/// The rows of a table.
fn read_rows(field: Field<'_>) -> Result<(Table, u64), Malformed> {
    let (mut table, mut rows) = (None, 0);
    for field in Reader::new(field.bytes()?) {
        match field? {
            (1, field) => table = Table::from_name(field.text()?),
            (2, field) => rows = field.number()?,
            _ => {}
        }
    }
    Ok((table.ok_or(Malformed)?, rows))
}

fn read_accepted(field: Field<'_>) -> Result<Accepted, Malformed> {
    let mut accepted = Accepted { what: String::new(), reason: String::new() };
    for field in Reader::new(field.bytes()?) {
        match field? {
            (1, field) => field.text()?.clone_into(&mut accepted.what),
            (2, field) => field.text()?.clone_into(&mut accepted.reason),
            _ => {}
        }
    }
    Ok(accepted)
}

fn read_coverage(bytes: &[u8], answer: &mut Answer) -> Result<(), Malformed> {
    for field in Reader::new(bytes) {
        match field? {
            (1, field) => answer.generation.tables.push(read_rows(field)?),
            (2, field) => answer.coverage.found = field.number()?,
            (3, field) => answer.coverage.reported = field.number()?,
            (4, field) => {
                let (mut rule, mut count) = (None, 0);
                for field in Reader::new(field.bytes()?) {
                    match field? {
                        (1, field) => rule = Withholding::from_number(field.number()?),
                        (2, field) => count = field.number()?,
                        _ => {}
                    }
                }
                answer.coverage.withheld.push((rule.ok_or(Malformed)?, count));
            }
            (6, field) => answer.generation.quarantined.push(read_rows(field)?),
            (8, field) => answer.generation.accepted.push(read_accepted(field)?),
            (9, field) => answer.generation.mapped.push(field.text()?.to_owned()),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
