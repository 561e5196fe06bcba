//! The second path: what an answer must be, worked out from a package's CSVs by plain joins.
//!
//! [`Oracle::load`] reads every table into memory; [`Oracle::ask`] says what one inquiry must find; [`Oracle::subjects`]
//! lists everybody worth asking about, in every form of their numbers; [`Oracle::check`] holds all of that against whatever
//! answers. It shares no code with the mirror, nor with `domain::{identifiers, matching}` or what composes answers: it has
//! its own reader of CSV, normal forms, rules of matching, field map and joins, written from the same pages. Speed is no
//! aim beyond asking a hundred thousand times in a test.

mod clean;
mod fields;
mod joins;
mod numbers;
mod parties;
mod render;
mod subjects;
mod tables;
mod units;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use bdcd::domain::{answer::Answer, inquiry::Draft};

use parties::{Asked, Found, Number};
use tables::{Tables, parcel_of};
use units::{Registration, Unit};

pub(crate) use subjects::Subject;

/// The items of an inquiry by their numbers in the contract.
pub(crate) const EVERY_ITEM: [i32; 6] = [1, 2, 3, 4, 5, 6];

/// A package, joined.
pub(crate) struct Oracle {
    units: Vec<Unit>,
    /// Unit, registration and party by whatever a match can go by.
    index: HashMap<String, Vec<(usize, usize, usize)>>,
    /// The charges of each parcel's own unit.
    parcel_charges: HashMap<String, Vec<(String, &'static str)>>,
}

/// What one inquiry must find.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// In the order of an answer.
    pub(crate) units: Vec<ExpectedUnit>,
    /// Registrations that concern, or might concern, the subject.
    pub(crate) found: u64,
    /// Those reported.
    pub(crate) reported: u64,
    /// Those withheld, by rule.
    pub(crate) withheld: BTreeMap<&'static str, u64>,
}

/// A unit with what is reported on it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ExpectedUnit {
    /// Unit number as compared; empty where there is none.
    pub(crate) number: String,
    /// What holds a unit without a number together.
    pub(crate) group: String,
    /// Location, area and position, line by line.
    pub(crate) told: Vec<String>,
    /// In the order of an answer.
    pub(crate) registrations: Vec<ExpectedRegistration>,
}

/// A registration that is reported.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ExpectedRegistration {
    /// Element of its kind (`FDCQ`).
    pub(crate) kind: &'static str,
    /// What it is counted by.
    pub(crate) source_row: String,
    /// `current` or `ended`
    pub(crate) status: &'static str,
    /// `party 0 exact`, with the flags; or `on subject's unit`.
    pub(crate) relation: String,
    /// Place among the waiting seizures; 0 where it does not wait.
    pub(crate) waiting_order: u32,
    /// Whether it is doubtful that it is in force.
    pub(crate) is_doubtful: bool,
    /// Everything told, by name; nothing empty.
    pub(crate) values: BTreeMap<&'static str, String>,
    /// Role; name, document kind, number and kind of holder, share, order, business number, status; in order.
    pub(crate) parties: Vec<(&'static str, [String; 8])>,
}

/// Rules of withholding, in the order of precedence.
const RULES: [&str; 8] = [
    "name_differs",
    "person_name_only",
    "number_damaged",
    "permit_issue",
    "provisional",
    "parcel_only",
    "ended",
    "not_asked",
];

fn rule(found: Found) -> &'static str {
    match found {
        Found::Exact => "exact",
        Found::Variant => "variant",
        Found::Orgcode => "orgcode",
        Found::Name => "name",
        Found::NameDiffers => "name_differs",
        Found::PersonNameOnly => "person_name_only",
        Found::PermitIssue => "permit_issue",
        Found::NumberDamaged => "number_damaged",
    }
}

/// How near to the subject a copy of a registration is, nearest first; then the place in [`RULES`].
type Withheld = (Nearness, usize);

/// What becomes of a registration: reported with its relation, or withheld.
type Decision = Result<String, Withheld>;

/// What a copy of a registration is to the subject, nearest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The subject's or on the subject's unit, and not ended.
    Own,
    /// The same, ended.
    OwnEnded,
    /// A party might be the subject.
    Possible,
    /// It stands on the parcel under the subject's unit.
    Parcel,
}

/// Decisions by source row, which is the unit of counting.
#[derive(Default)]
struct Counts(BTreeMap<String, Option<Withheld>>);

/// Whom a registration concerns: the best match of its parties, and whether a holder matched.
struct Concerned<'a> {
    found: Found,
    party: usize,
    flags: Vec<&'a str>,
    is_holder: bool,
    /// Whether the party was a holder once (D46).
    is_former: bool,
}

impl Counts {
    /// Reported once is reported; else the nearest copy counts. `None` is reported, and is less than any rule.
    fn note(&mut self, source_row: &str, withheld: Option<Withheld>) {
        let known = self.0.entry(source_row.to_owned()).or_insert(withheld);
        *known = (*known).min(withheld);
    }
}

impl Oracle {
    /// Reads and joins the package in `dir`; stops the test where a row fits nowhere.
    pub(crate) fn load(dir: &Path) -> Self {
        let units = units::units(&Tables::read(dir));
        let mut index: HashMap<String, Vec<(usize, usize, usize)>> = HashMap::new();
        for (at, unit) in units.iter().enumerate() {
            for (on, registration) in unit.registrations.iter().enumerate() {
                for (of, party) in registration.parties.iter().enumerate() {
                    let numbers = party.read.numbers.iter().flat_map(keys);
                    let names = party.read.names.iter().chain(&party.read.formers).map(|name| format!("name {name}"));
                    for key in numbers.chain(names).collect::<BTreeSet<_>>() {
                        index.entry(key).or_default().push((at, on, of));
                    }
                }
            }
        }
        let mut parcel_charges: HashMap<_, Vec<_>> = HashMap::new();
        for unit in units.iter().filter(|unit| unit.number.ends_with("W00000000")) {
            let Some(parcel) = parcel_of(&unit.number).filter(|parcel| unit.number.len() == parcel.len() + 9) else {
                continue;
            };
            let charges = unit.registrations.iter().filter(|one| one.is_charge());
            parcel_charges.insert(parcel, charges.map(|one| (one.source_row.clone(), one.status)).collect());
        }
        Self { units, index, parcel_charges }
    }

    /// How many units carry a registration.
    pub(crate) fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// What an inquiry about `subject` must find.
    pub(crate) fn ask(&self, subject: &Subject, items: &[i32], include_ended: bool) -> Expected {
        let asked = Asked::new(&subject.name, &subject.document_kind, &subject.document_number);
        let mut hits: BTreeMap<usize, BTreeSet<(usize, usize)>> = BTreeMap::new();
        for key in keys(&asked.number).chain(asked.names().map(|name| format!("name {name}"))) {
            for (unit, registration, party) in self.index.get(&key).into_iter().flatten() {
                hits.entry(*unit).or_default().insert((*registration, *party));
            }
        }
        let mut counts = Counts::default();
        let mut units = Vec::new();
        for (at, parties) in hits {
            let unit = &self.units[at];
            let mut outcomes: BTreeMap<usize, Concerned<'_>> = BTreeMap::new();
            for (on, party) in parties {
                let compared = &unit.registrations[on].parties[party];
                let Some((found, flags)) = asked.compare(&compared.read) else { continue };
                let is_former = compared.is_former && unit.registrations[on].status == "current";
                let is_holder = compared.role == "holder" && found.is_match() && !is_former;
                let next = Concerned { found, party, flags, is_holder, is_former };
                match outcomes.get_mut(&on) {
                    Some(best)
                        if (!next.found.is_match(), next.is_former, next.found)
                            < (!best.found.is_match(), best.is_former, best.found) =>
                    {
                        *best = Concerned { is_holder: best.is_holder || is_holder, ..next };
                    }
                    Some(best) => best.is_holder |= is_holder,
                    None => drop(outcomes.insert(on, next)),
                }
            }
            let registrations = self.on_unit(unit, &outcomes, &mut counts, (items, include_ended));
            if !registrations.is_empty() {
                let (number, group) = (unit.number.clone(), unit.group.clone());
                units.push(ExpectedUnit { number, group, told: unit.told.clone(), registrations });
            }
        }
        let mut withheld = BTreeMap::new();
        for (_, rule) in counts.0.values().flatten() {
            *withheld.entry(RULES[*rule]).or_insert(0) += 1;
        }
        let reported = counts.0.values().filter(|rule| rule.is_none()).count() as u64;
        Expected { units, found: counts.0.len() as u64, reported, withheld }
    }

    fn on_unit(
        &self,
        unit: &Unit,
        outcomes: &BTreeMap<usize, Concerned<'_>>,
        counts: &mut Counts,
        scope: (&[i32], bool),
    ) -> Vec<ExpectedRegistration> {
        // Only who holds a right or is buying brings the unit's charges: not the obligor of a pre-notice (D3).
        let is_subjects = outcomes.iter().any(|(on, concerned)| {
            let registration = &unit.registrations[*on];
            concerned.is_holder && registration.status == "current" && registration.brings_charges()
        });
        let mut reported = Vec::new();
        for (on, registration) in unit.registrations.iter().enumerate() {
            let mut decisions: Vec<Decision> = Vec::new();
            let mut shown = None;
            if let Some(Concerned { found, party, flags, is_former, .. }) = outcomes.get(&on) {
                if found.is_match() {
                    let doubt: &[&str] = if registration.is_doubtful { &["status_doubtful"] } else { &[] };
                    let told = [&[rule(*found)], flags.as_slice(), doubt].concat().join(" ");
                    let is_kept = |at: &usize| at == party || !self::is_left_out(registration, *at);
                    let place = (0..*party).filter(is_kept).count();
                    let decision = if *is_former && !scope.1 {
                        Err((Nearness::OwnEnded, self::place("ended")))
                    } else {
                        decide(registration, scope)
                    };
                    shown = Some(*party);
                    decisions.push(decision.map(|()| format!("party {place} {told}")));
                } else {
                    decisions.push(Err((Nearness::Possible, place(rule(*found)))));
                }
            }
            if is_subjects && registration.is_charge() {
                decisions.push(decide(registration, scope).map(|()| "on subject's unit".to_owned()));
            }
            if decisions.is_empty() {
                continue;
            }
            let relation = decisions.iter().find_map(|decision| decision.clone().ok());
            let withheld = decisions.iter().filter_map(|decision| decision.clone().err()).min();
            counts.note(&registration.source_row, if relation.is_some() { None } else { withheld });
            reported.extend(relation.map(|relation| expected(registration, relation, shown)));
        }
        let charges = parcel_of(&unit.number).and_then(|parcel| self.parcel_charges.get(&parcel));
        let is_parcel = unit.number.ends_with("W00000000");
        for (source_row, status) in charges.filter(|_| is_subjects && !is_parcel).into_iter().flatten() {
            let rule = match *status {
                "provisional" => "provisional",
                "ended" if !scope.1 => "ended",
                _ => "parcel_only",
            };
            counts.note(source_row, Some((Nearness::Parcel, place(rule))));
        }
        reported
    }

    /// Holds every subject, in every scope, against `answer`, subject by subject.
    ///
    /// Returns how many inquiries were compared, how many registrations they reported, and every difference.
    pub(crate) fn check(
        &self,
        subjects: &[Subject],
        mut answer: impl FnMut(Draft) -> Answer,
    ) -> (u64, u64, Vec<String>) {
        let scopes: [(&[i32], bool); 3] = [(&EVERY_ITEM, false), (&EVERY_ITEM, true), (&[1, 3], false)];
        let (mut inquiries, mut reported, mut differences) = (0, 0, Vec::new());
        for (at, subject) in subjects.iter().enumerate() {
            // Ended rights and a choice of items are asked of every third: what they change does not hang on the number.
            let scopes = if at % 3 == 0 { &scopes[..] } else { &scopes[..1] };
            for (items, include_ended) in scopes {
                let expected = self.ask(subject, items, *include_ended);
                let answered = answer(subject.draft(items, *include_ended));
                assert!(answered.reconciles(), "the counts of {subject:?} do not reconcile");
                let (wanted, got) = (render::expected(&expected), render::answer(&answered));
                if wanted != got {
                    let told = render::difference(&wanted, &got);
                    differences.push(format!("{subject:?}, items {items:?}, ended {include_ended}:\n{told}"));
                }
                inquiries += 1;
                reported += expected.reported;
            }
        }
        (inquiries, reported, differences)
    }
}

/// What two numbers share where one may be the other.
fn keys(number: &Number) -> impl Iterator<Item = String> {
    let permit = number.permit.as_ref().map(|(_, digits)| digits);
    let core = number.core.as_ref().map(|(core, _)| core);
    let forms = [
        Some(&number.text),
        number.fifteen.as_ref(),
        number.organisation.as_ref(),
        permit,
        core,
        number.seventeen.as_ref(),
    ];
    forms.into_iter().flatten().map(|form| format!("number {form}")).collect::<BTreeSet<_>>().into_iter()
}

fn place(rule: &str) -> usize {
    RULES.iter().position(|known| *known == rule).unwrap()
}

fn item(registration: &Registration) -> i32 {
    match registration.item() {
        "DYAQ" => 2,
        "CFDJ" => 3,
        "DYIQ" => 4,
        "YGDJ" => 5,
        "YYXX" => 6,
        _ => 1,
    }
}

/// Whether a registration that concerns the subject is reported; else the rule that withholds it.
fn decide(registration: &Registration, (items, include_ended): (&[i32], bool)) -> Result<(), Withheld> {
    let nearness = if registration.status == "ended" { Nearness::OwnEnded } else { Nearness::Own };
    let rule = match registration.status {
        "provisional" => "provisional",
        "ended" if !include_ended => "ended",
        _ if !items.contains(&item(registration)) => "not_asked",
        _ => return Ok(()),
    };
    Err((nearness, place(rule)))
}

/// Whether a party has left, and is no holder in the answer of another (D46).
fn is_left_out(registration: &Registration, at: usize) -> bool {
    registration.parties[at].is_former && registration.status == "current"
}

fn expected(registration: &Registration, relation: String, shown: Option<usize>) -> ExpectedRegistration {
    ExpectedRegistration {
        kind: registration.item(),
        source_row: registration.source_row.clone(),
        status: registration.status,
        relation,
        waiting_order: registration.waiting_order,
        is_doubtful: registration.is_doubtful,
        values: registration.values.clone(),
        parties: (0..registration.parties.len())
            .filter(|at| shown == Some(*at) || !is_left_out(registration, *at))
            .map(|at| (registration.parties[at].role, registration.parties[at].told.clone()))
            .collect(),
    }
}
