//! When a registered party is the subject of an inquiry.
//!
//! Two steps: [`index_keys`] and [`Subject::search_keys`] share a key wherever two *may* be the same, so that the mirror
//! finds candidates without knowing the rules; [`Subject::compare`] then decides by the rules. It never guesses: what a
//! rule does not confirm is withheld under a named rule, and counted.
//!
//! Source: `deploy/DECISIONS.md`, "Identifiers"; decisions D6-D18, D37-D39, D41, D51, D52.

pub mod outcome;
mod registered;

pub use outcome::{Flag, Outcome, Rule, Withholding};
pub use registered::Registered;

use std::{borrow::Cow, cell::LazyCell, ops::Deref};

use registered::{DocumentKind, Nature, Number, Numbers};

use super::{
    cell::{
        name::{self, Names},
        number,
    },
    identifiers::{is_citizen_valid, is_credit_valid, normal_number},
};

/// The keys under which a party is found in the mirror: what [`Subject::search_keys`] shares with it where they may match.
///
/// Ascending, without repetition; empty where the party has neither a usable number nor a name.
#[must_use]
pub fn index_keys(party: Registered<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    let numbers = party.numbers();
    for number in &numbers.usable {
        number.keys(number.fifteen().as_deref(), number.organisation(), &mut keys);
    }
    // Found by name: whoever has no number to be found by, or a damaged one, or fewer than names; a body also beside its number,
    // among all where it cannot be converted, else only by those whose own cannot.
    let by_name = if numbers.is_empty() || numbers.damaged.is_some() || numbers.leave_a_name(party) {
        Some('m')
    } else if numbers.nature == Nature::Person {
        numbers.may_be_misfiled(party).then_some('m')
    } else if numbers.are_convertible() {
        Some('b')
    } else {
        Some('m')
    };
    if let Some(class) = by_name {
        keys.extend(party.names().all().map(|name| format!("{class}:{name}")));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Who is asked about.
#[derive(Clone)]
pub struct Subject {
    /// As asked, to spare names that are equal as they stand their normal form.
    written: String,
    name: String,
    names: Names,
    number: Number<'static>,
    /// The forms of the number, worked out once.
    fifteen: Option<String>,
    organisation: Option<String>,
    is_ambiguous: bool,
    nature: Nature,
    /// Whether a person is asked about by an identity number with right check digits, under its own kind.
    has_card: bool,
}

impl Subject {
    /// The subject of this name, document kind (list ZJZL) and number.
    ///
    /// By its document kind it is a person (1-5) or a body (6-8). Under any other its number tells: a valid identity number is
    /// a person's, a valid credit code a body's; else it stays unknown, and a name alone is only counted.
    #[must_use]
    pub fn new(name: &str, document_kind: &str, document_number: &str) -> Self {
        let document = DocumentKind::of(document_kind);
        let text = number::of_court(document_kind, document_number)
            .unwrap_or_else(|_| normal_number(document_number).into_owned());
        let nature = match document {
            DocumentKind::Body => Nature::Body,
            DocumentKind::Other if is_citizen_valid(&text) => Nature::Person,
            DocumentKind::Other if is_credit_valid(&text) => Nature::Body,
            DocumentKind::Other => Nature::Unknown,
            _ => Nature::Person,
        };
        // The nature is told to the number only where the document kind gave it: kind 99 says nothing of its own.
        let told = if document == DocumentKind::Other { Nature::Unknown } else { nature };
        let number = Number::read(Cow::Owned(text), document, told);
        Self {
            written: name.to_owned(),
            name: name::normal(name),
            names: Names::of_court(name),
            fifteen: number.fifteen().map(Cow::into_owned),
            organisation: number.organisation().map(str::to_owned),
            is_ambiguous: number.reading().is_ambiguous,
            has_card: document == DocumentKind::Citizen && is_citizen_valid(&number.text),
            number,
            nature,
        }
    }

    /// The name in normal form.
    #[must_use]
    pub fn normal_name(&self) -> &str {
        &self.name
    }

    /// The number in normal form.
    #[must_use]
    pub fn normal_number(&self) -> &str {
        &self.number.text
    }

    fn is_body(&self) -> bool {
        self.nature == Nature::Body || (self.nature == Nature::Unknown && self.organisation.is_some())
    }

    /// The keys under which parties that may be the subject are found. Ascending, without repetition.
    #[must_use]
    pub fn search_keys(&self) -> Vec<String> {
        let mut keys = Vec::with_capacity(4);
        keys.extend(self.names.all().map(|name| ["m:", name].concat()));
        self.number.search_keys(self.fifteen.as_deref(), &mut keys);
        if self.nature != Nature::Person && self.organisation.is_none() {
            keys.extend(self.names.all().map(|name| ["b:", name].concat()));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The keys among [`Subject::search_keys`] that come from the number alone.
    #[must_use]
    pub fn number_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.number.search_keys(self.fifteen.as_deref(), &mut keys);
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Compares with a registered party; `None` where it is somebody else.
    ///
    /// Of several numbers the best outcome counts: a match before a withholding, each in the order of its rules.
    #[must_use]
    pub fn compare(&self, party: Registered<'_>) -> Option<Outcome> {
        // Most parties are one person or body with a number as it should be, and then numbers alone decide.
        if self.has_card {
            if party.document_number == self.number.text {
                let needs_name = !self.number.document.may_be(DocumentKind::of(party.document_kind), &self.number.text);
                let name = LazyCell::new(|| self.compare_names(party));
                let outcome = self.confirmed(Rule::Exact, needs_name, &name, false);
                if matches!(outcome, Outcome::Match { .. }) {
                    return Some(outcome);
                }
            } else if !name::may_be_several(party.name) && number::is_whole(party.document_number) {
                return None;
            }
        }
        self.compare_fully(party)
    }

    /// Compares by everything that is known of the party.
    fn compare_fully(&self, party: Registered<'_>) -> Option<Outcome> {
        let numbers = party.numbers();
        let name = LazyCell::new(|| self.compare_names(party));
        let best =
            numbers.usable.iter().fold(None, |best, number| Outcome::better(best, self.compare_number(number, &name)));
        if matches!(best, Some(Outcome::Match { .. })) {
            return best;
        }
        Outcome::better(best, self.compare_by_name(party, &numbers, &name))
    }

    fn compare_names(&self, party: Registered<'_>) -> Name {
        if party.name == self.written && !self.names.current.is_empty() {
            return Name::Equal;
        }
        let names = party.names();
        if self.names.current.iter().any(|name| names.current.contains(name)) {
            Name::Equal
        } else if self.names.all().any(|name| names.all().any(|known| known == name)) {
            Name::Former
        } else {
            Name::Other
        }
    }

    fn compare_number(&self, other: &Number<'_>, name: &impl Deref<Target = Name>) -> Option<Outcome> {
        let own = &self.number;
        if own.text == other.text {
            let needs_name = own.is_fifteen || other.is_fifteen || !own.document.may_be(other.document, &own.text);
            return Some(self.confirmed(Rule::Exact, needs_name, name, false));
        }
        if own.is_fifteen != other.is_fifteen
            && self.fifteen.is_some()
            && self.fifteen.as_deref() == other.fifteen().as_deref()
        {
            return Some(self.confirmed(Rule::Variant, true, name, false));
        }
        if self.organisation.is_some() && self.organisation.as_deref() == other.organisation() {
            let are_two_codes = own.text.len() == 18 && other.text.len() == 18;
            let needs_name = self.is_ambiguous || other.reading().is_ambiguous;
            return Some(self.confirmed(Rule::Orgcode, needs_name, name, are_two_codes));
        }
        // One number in other words, as officers' certificates have them: only an equal name confirms it (D51), and that
        // serves for a kind recorded wrongly too (D11).
        if let (Some(own_stem), Some(stem)) = (own.stem(), other.stem())
            && own_stem.may_be(&stem)
        {
            return Some(self.confirmed(Rule::Exact, true, name, false));
        }
        if let (Some(own_permit), Some(permit)) = (own.permit(), other.permit())
            && own_permit.may_be(permit)
        {
            return Some(Outcome::Withheld(Withholding::PermitIssue));
        }
        // 17 digits determine the last character: with an equal name one of the two is damaged (D38).
        let shares_digits = || {
            let digits = own.seventeen();
            digits.is_some() && digits == other.seventeen()
        };
        (shares_digits() && name.is_known()).then_some(Outcome::Withheld(Withholding::NumberDamaged))
    }

    fn confirmed(
        &self,
        rule: Rule,
        needs_name: bool,
        name: &impl Deref<Target = Name>,
        verify_on_site: bool,
    ) -> Outcome {
        let mut flags = Vec::new();
        match **name {
            Name::Equal => {}
            Name::Former => flags.push(Flag::Renamed),
            Name::Other if needs_name => return Outcome::Withheld(Withholding::NameDiffers),
            Name::Other => flags.push(if self.is_body() { Flag::Renamed } else { Flag::NameDiffers }),
        }
        if verify_on_site {
            flags.push(Flag::VerifyOnSite);
        }
        Outcome::Match { rule, flags }
    }

    fn compare_by_name(
        &self,
        party: Registered<'_>,
        numbers: &Numbers<'_>,
        name: &impl Deref<Target = Name>,
    ) -> Option<Outcome> {
        let is_numbered = !numbers.is_empty();
        let counted = |rule| Some(Outcome::Withheld(rule));
        let outcome = match (self.nature, numbers.nature) {
            // A damaged number tells neither for nor against anybody of that name; a body is no person all the same.
            (Nature::Person, Nature::Body) => None,
            _ if numbers.damaged.is_some() => counted(Withholding::NumberDamaged),
            (Nature::Body | Nature::Unknown, Nature::Body | Nature::Unknown) => {
                let may_be = !is_numbered || self.organisation.is_some() != numbers.are_convertible();
                // Where the document kind does not tell that a body is asked about, the name is not enough to show it.
                may_be.then(|| match self.nature {
                    // Whoever has a person's number may be a person, whatever the register files them as (D15).
                    Nature::Body if numbers.have_a_persons() => Outcome::Withheld(Withholding::PersonNameOnly),
                    Nature::Body => Outcome::Match { rule: Rule::Name, flags: flags_by_name(**name) },
                    Nature::Person | Nature::Unknown => Outcome::Withheld(Withholding::PersonNameOnly),
                })
            }
            (Nature::Body, Nature::Person) if is_numbered => {
                numbers.may_be_misfiled(party).then_some(Outcome::Withheld(Withholding::PersonNameOnly))
            }
            // Never a natural person by name alone: counted, not shown.
            _ if is_numbered => None,
            _ => counted(Withholding::PersonNameOnly),
        };
        // Of several names in one cell one has no number, whoever it is (D16).
        let has_no_number = || is_numbered && numbers.leave_a_name(party);
        let outcome = outcome.or_else(|| has_no_number().then_some(Outcome::Withheld(Withholding::PersonNameOnly)))?;
        name.is_known().then_some(outcome)
    }
}

fn flags_by_name(name: Name) -> Vec<Flag> {
    if name == Name::Former { vec![Flag::Renamed, Flag::VerifyOnSite] } else { vec![Flag::VerifyOnSite] }
}

/// What comparing names told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Equal,
    /// Equal to a former name.
    Former,
    Other,
}

impl Name {
    fn is_known(self) -> bool {
        self != Self::Other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Identity numbers with right check digits, of divisions that do not exist, and texts that are none.
    fn number() -> impl Strategy<Value = String> {
        let valid = (0..40_u32).prop_map(|at| {
            let digits = format!("9902021979030{:04}", 5010 + at);
            let check = crate::domain::identifiers::citizen_check(&digits).unwrap();
            format!("{digits}{check}")
        });
        let other = prop::sample::select(vec![
            "",
            "无",
            "E27381946",
            "000000000000000000",
            "91990202MAXXX0001X",
            "990202790305101",
            "91990202MA0000001X",
            "*",
        ]);
        let pair = (valid.clone(), prop::sample::select(vec!["、", " ", ""]), valid.clone());
        let code = (1..9_u32).prop_map(|at| {
            let organisation = format!("MA0000{at:02}");
            let check = crate::domain::identifiers::organisation_check(&organisation).unwrap();
            let code = format!("91990202{organisation}{check}");
            let check = crate::domain::identifiers::credit_check(&code).unwrap();
            format!("{code}{check}")
        });
        prop_oneof![
            6 => valid.clone(),
            2 => code,
            1 => valid.prop_map(|one| one[..17].to_owned() + "0"),
            1 => pair.prop_map(|(first, mark, second)| [first, mark.to_owned(), second].concat()),
            1 => other.prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn what_identity_numbers_decide_alone_is_what_everything_decides(
            own in number(),
            other in number(),
            kinds in (prop::sample::select(vec!["1", "3", "8", "99", ""]), prop::sample::select(vec!["1", "4", "7", "99", ""])),
            names in (prop::sample::select(vec!["虚测甲", "虚测乙"]), prop::sample::select(vec!["虚测甲", "虚测甲、虚测丙", "虚测乙"])),
            holder_kind in prop::sample::select(vec!["1", "2", "3", "99", ""]),
        ) {
            let subject = Subject::new(names.0, kinds.0, &own);
            let party = Registered { name: names.1, document_kind: kinds.1, document_number: &other, holder_kind };
            prop_assert_eq!(subject.compare(party), subject.compare_fully(party));
        }
    }
}
