//! When a registered party is the subject of an inquiry.
//!
//! Two steps: [`index_keys`] and [`Subject::search_keys`] share a key wherever two *may* be the same, so that the mirror
//! finds candidates without knowing the rules; [`Subject::compare`] then decides by the rules. It never guesses: what a
//! rule does not confirm is withheld under a named rule, and counted.
//!
//! Source: `deploy/DECISIONS.md`, "Identifiers"; decisions D6-D18.

use std::{borrow::Cow, cell::LazyCell, ops::Deref};

use super::{
    identifiers::{
        fifteen_digits, is_citizen_shaped, is_citizen_valid, is_credit_shaped, is_credit_valid, is_no_number,
        is_organisation_shaped, normal_name, normal_number, parts, permit_stem,
    },
    kinds::{code, tag},
    record::Party,
};

/// Rule by which a party is the subject; the number is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The normalised numbers are equal.
    Exact = 1,
    /// 18 and 15 digits of one identity number, and an equal name (D6).
    Variant = 2,
    /// The same organisation code, or the same inside a credit code.
    Orgcode = 3,
    /// A body without a usable number, and an equal name.
    Name = 4,
}

impl Rule {
    /// The rule of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Exact, Self::Variant, Self::Orgcode, Self::Name].into_iter().find(|rule| *rule as u64 == number)
    }
}

/// What the reader of a match should know; the number is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// A person's number is equal and the name is not (D7).
    NameDiffers = 1,
    /// A body's number is equal and the name is not.
    Renamed = 2,
    /// To be verified on site (现场核实).
    VerifyOnSite = 3,
    /// Whether the registration is in force is doubtful (D36, D40).
    StatusDoubtful = 4,
}

impl Flag {
    /// The flag of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::NameDiffers, Self::Renamed, Self::VerifyOnSite, Self::StatusDoubtful]
            .into_iter()
            .find(|flag| *flag as u64 == number)
    }
}

/// Why a registration that was found is not shown; the number is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withholding {
    /// An ambiguous form of number is equal and the name is not (D6, D11).
    NameDiffers = 1,
    /// A person of that name without a usable number; also a body where the inquiry does not say that it asks about one.
    PersonNameOnly = 2,
    /// A travel permit that differs in its issue count (D18).
    PermitIssue = 3,
    /// QSZT 0 (D1).
    Provisional = 4,
    /// A charge on the parcel under a building unit of the subject (D4).
    ParcelOnly = 5,
    /// Ended, and ended rights were not asked for.
    Ended = 6,
    /// Of an item that was not asked for.
    NotAsked = 7,
    /// A party of that name whose number is damaged (D38).
    NumberDamaged = 8,
    /// A charge on the building that a unit of the subject is in (D43).
    BuildingOnly = 9,
}

impl Withholding {
    /// Every rule, in order of precedence.
    pub const ALL: [Self; 9] = [
        Self::NameDiffers,
        Self::PersonNameOnly,
        Self::NumberDamaged,
        Self::PermitIssue,
        Self::Provisional,
        Self::BuildingOnly,
        Self::ParcelOnly,
        Self::Ended,
        Self::NotAsked,
    ];

    /// Its place in the order of precedence, from 0.
    #[must_use]
    pub fn precedence(self) -> usize {
        Self::ALL.iter().position(|rule| *rule == self).unwrap_or(Self::ALL.len())
    }

    /// The rule of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| *rule as u64 == number)
    }
}

/// What comparing a subject with a party told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The party is the subject.
    Match {
        /// The rule that matched.
        rule: Rule,
        /// What the reader should know, ascending.
        flags: Vec<Flag>,
    },
    /// The party might be the subject: counted, not shown.
    Withheld(Withholding),
}

impl Outcome {
    /// The better of two outcomes has the lower rank.
    pub(super) fn rank(&self) -> (u8, u8) {
        match self {
            Self::Match { rule, .. } => (0, *rule as u8),
            Self::Withheld(rule) => (1, u8::try_from(rule.precedence()).unwrap_or(u8::MAX)),
        }
    }

    /// The better of two, the first where they are equal.
    fn better(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(first), Some(second)) if second.rank() < first.rank() => Some(second),
            (first, second) => first.or(second),
        }
    }
}

/// A party as matching sees it.
#[derive(Clone, Copy)]
pub struct Registered<'a> {
    /// Name; may hold several.
    pub name: &'a str,
    /// Document kind, a code of list ZJZL; empty where unknown.
    pub document_kind: &'a str,
    /// Document number; may hold several, or none.
    pub document_number: &'a str,
    /// Kind of holder, a code of list QLRLX; empty where unknown.
    pub holder_kind: &'a str,
}

impl<'a> Registered<'a> {
    /// The party as matching sees it.
    #[must_use]
    pub fn of(party: &'a Party) -> Self {
        Self {
            name: party.values.get(tag::PARTY_NAME),
            document_kind: party.values.get(tag::PARTY_DOCUMENT_KIND),
            document_number: party.values.get(tag::PARTY_DOCUMENT_NUMBER),
            holder_kind: party.values.get(tag::PARTY_KIND),
        }
    }

    fn nature(self) -> Nature {
        match code(self.holder_kind) {
            "1" => Nature::Person,
            "2" | "3" | "4" | "98" => Nature::Body,
            _ => Nature::Unknown,
        }
    }

    /// Its usable numbers: none where the register says so in any way (D14).
    fn numbers(self) -> impl Iterator<Item = Number<'a>> {
        let (document, nature) = (DocumentKind::of(self.document_kind), self.nature());
        parts(self.document_number)
            .map(normal_number)
            .filter(|number| !is_no_number(number))
            .map(move |number| Number::read(number, document, nature))
    }

    /// Whether `normal`, a name in normal form, is one of its names; `registered` is how the subject wrote it.
    fn is_named(self, normal: &str, written: &str) -> bool {
        self.name == written || self.names().iter().any(|name| name == normal)
    }

    /// Its names in normal form: the whole, and each part where there are several.
    fn names(self) -> Vec<String> {
        let mut names = vec![normal_name(self.name)];
        let split: Vec<_> = parts(self.name).map(normal_name).collect();
        if split.len() > 1 {
            names.extend(split);
        }
        names.retain(|name| !name.is_empty());
        names
    }
}

/// Whether somebody is a natural person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Person,
    Body,
    Unknown,
}

/// Groups of document kinds (list ZJZL) as far as matching tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DocumentKind {
    /// 1 身份证
    Citizen,
    /// 2 港澳台身份证
    Permit,
    /// 3 护照
    Passport,
    /// 4 户口簿
    Household,
    /// 5 军官证（士兵证）
    Military,
    /// 6 组织机构代码, 7 营业执照, 8 统一社会信用代码
    Body,
    /// 99 其它, empty, or none of the list
    Other,
}

impl DocumentKind {
    fn of(registered: &str) -> Self {
        match code(registered) {
            "1" => Self::Citizen,
            "2" => Self::Permit,
            "3" => Self::Passport,
            "4" => Self::Household,
            "5" => Self::Military,
            "6" | "7" | "8" => Self::Body,
            _ => Self::Other,
        }
    }

    /// Whether one document may stand under both kinds (`deploy/DECISIONS.md`, "Identifiers", D11).
    fn may_be(self, other: Self, number: &str) -> bool {
        let is_residence_permit =
            is_citizen_shaped(number) && ["81", "82", "83"].iter().any(|prefix| number.starts_with(prefix));
        let is_person_register = |kind| match kind {
            Self::Citizen | Self::Household => true,
            Self::Permit => is_residence_permit,
            Self::Passport | Self::Military | Self::Body | Self::Other => false,
        };
        self == other
            || self == Self::Other
            || other == Self::Other
            || (is_person_register(self) && is_person_register(other))
    }
}

/// A normalised number with the forms it can be read as.
#[derive(Clone)]
struct Number<'a> {
    text: Cow<'a, str>,
    document: DocumentKind,
    /// Whether the number itself has 15 digits and is read as an identity number.
    is_fifteen: bool,
    /// Whether an organisation code may stand here: not under a person's document, nor for a person.
    may_be_organisation: bool,
}

/// How a number of 18 characters can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    as_citizen: bool,
    as_credit: bool,
    /// Both ways alike: then only an equal name confirms a conversion.
    is_ambiguous: bool,
}

impl<'a> Number<'a> {
    fn read(text: Cow<'a, str>, document: DocumentKind, nature: Nature) -> Self {
        let is_body = document == DocumentKind::Body || (document == DocumentKind::Other && nature == Nature::Body);
        let is_fifteen = text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit()) && !is_body;
        let may_be_organisation =
            matches!(document, DocumentKind::Body | DocumentKind::Other) && nature != Nature::Person;
        Self { text, document, is_fifteen, may_be_organisation }
    }

    fn reading(&self) -> Reading {
        let (as_citizen, as_credit) = (is_citizen_shaped(&self.text), is_credit_shaped(&self.text));
        if !(as_citizen && as_credit) {
            return Reading { as_citizen, as_credit, is_ambiguous: false };
        }
        match (is_citizen_valid(&self.text), is_credit_valid(&self.text)) {
            (as_citizen, as_credit) if as_citizen != as_credit => {
                Reading { as_citizen, as_credit, is_ambiguous: false }
            }
            _ => Reading { as_citizen, as_credit, is_ambiguous: true },
        }
    }

    /// The 15-digit form of an identity number; the number itself where it is one.
    fn fifteen(&self) -> Option<Cow<'_, str>> {
        if self.is_fifteen {
            return Some(Cow::Borrowed(&self.text));
        }
        let form = fifteen_digits(&self.text)?;
        self.reading().as_citizen.then_some(Cow::Owned(form))
    }

    /// The organisation code it is, or holds at positions 9-17.
    fn organisation(&self) -> Option<&str> {
        if is_organisation_shaped(&self.text) {
            return self.may_be_organisation.then_some(&*self.text);
        }
        (self.text.len() == 18 && self.reading().as_credit).then(|| &self.text[8..17])
    }

    /// The stem of a travel permit.
    fn permit(&self) -> Option<&str> {
        let is_permit_kind = self.document == DocumentKind::Permit;
        let may_be = is_permit_kind || matches!(self.document, DocumentKind::Passport | DocumentKind::Other);
        if may_be { permit_stem(&self.text, is_permit_kind) } else { None }
    }

    /// Whether another number of the same body can be computed from it.
    fn is_convertible(&self) -> bool {
        self.organisation().is_some()
    }

    /// What it shares with every number that may be the same; given its own two forms.
    fn keys(&self, fifteen: Option<&str>, organisation: Option<&str>, keys: &mut Vec<String>) {
        let own = (fifteen.is_none() && organisation.is_none()).then_some(&*self.text);
        keys.extend([fifteen, organisation, self.permit(), own].into_iter().flatten().map(|key| ["n:", key].concat()));
    }
}

/// The keys under which a party is found in the mirror: what [`Subject::search_keys`] shares with it where they may match.
///
/// Ascending, without repetition; empty where the party has neither a usable number nor a name.
#[must_use]
pub fn index_keys(party: Registered<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    let (mut is_numbered, mut is_convertible) = (false, false);
    for number in party.numbers() {
        let organisation = number.organisation();
        number.keys(number.fifteen().as_deref(), organisation, &mut keys);
        is_numbered = true;
        is_convertible |= organisation.is_some();
    }
    // A body is also found by name: among all where its number cannot be converted, else only by those whose own cannot.
    let by_name = match is_numbered {
        true if party.nature() == Nature::Person => None,
        true if is_convertible => Some('b'),
        _ => Some('m'),
    };
    if let Some(class) = by_name {
        keys.extend(party.names().into_iter().map(|name| format!("{class}:{name}")));
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
    number: Number<'static>,
    /// The forms of the number, worked out once.
    fifteen: Option<String>,
    organisation: Option<String>,
    is_ambiguous: bool,
    nature: Nature,
}

impl Subject {
    /// The subject of this name, document kind (list ZJZL) and number.
    ///
    /// By its document kind it is a person (1-5) or a body (6-8). Under any other its number tells: a valid identity number is
    /// a person's, a valid credit code a body's; else it stays unknown, and a name alone is only counted.
    #[must_use]
    pub fn new(name: &str, document_kind: &str, document_number: &str) -> Self {
        let document = DocumentKind::of(document_kind);
        let text = normal_number(document_number).into_owned();
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
            name: normal_name(name),
            fifteen: number.fifteen().map(Cow::into_owned),
            organisation: number.organisation().map(str::to_owned),
            is_ambiguous: number.reading().is_ambiguous,
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
        keys.push(["m:", &self.name].concat());
        self.number.keys(self.fifteen.as_deref(), self.organisation.as_deref(), &mut keys);
        if self.nature != Nature::Person && self.organisation.is_none() {
            keys.push(["b:", &self.name].concat());
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The keys among [`Subject::search_keys`] that come from the number alone.
    #[must_use]
    pub fn number_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.number.keys(self.fifteen.as_deref(), self.organisation.as_deref(), &mut keys);
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Compares with a registered party; `None` where it is somebody else.
    ///
    /// Of several numbers the best outcome counts: a match before a withholding, each in the order of its rules.
    #[must_use]
    pub fn compare(&self, party: Registered<'_>) -> Option<Outcome> {
        let is_same_name = LazyCell::new(|| party.is_named(&self.name, &self.written));
        let (mut best, mut is_numbered) = (None::<Outcome>, false);
        for number in party.numbers() {
            is_numbered = true;
            let outcome = self.compare_number(&number, &is_same_name);
            best = Outcome::better(best, outcome);
        }
        if matches!(best, Some(Outcome::Match { .. })) {
            return best;
        }
        let by_name = self.compare_name(party, is_numbered, &is_same_name);
        Outcome::better(best, by_name)
    }

    fn compare_number(&self, other: &Number<'_>, is_same_name: &impl Deref<Target = bool>) -> Option<Outcome> {
        let own = &self.number;
        if own.text == other.text {
            let needs_name = own.is_fifteen || other.is_fifteen || !own.document.may_be(other.document, &own.text);
            return Some(self.confirmed(Rule::Exact, needs_name, is_same_name, false));
        }
        if own.is_fifteen != other.is_fifteen
            && self.fifteen.is_some()
            && self.fifteen.as_deref() == other.fifteen().as_deref()
        {
            return Some(self.confirmed(Rule::Variant, true, is_same_name, false));
        }
        if self.organisation.is_some() && self.organisation.as_deref() == other.organisation() {
            let are_two_codes = own.text.len() == 18 && other.text.len() == 18;
            let needs_name = self.is_ambiguous || other.reading().is_ambiguous;
            return Some(self.confirmed(Rule::Orgcode, needs_name, is_same_name, are_two_codes));
        }
        let permit = own.permit();
        (permit.is_some() && permit == other.permit()).then_some(Outcome::Withheld(Withholding::PermitIssue))
    }

    fn confirmed(
        &self,
        rule: Rule,
        needs_name: bool,
        is_same_name: &impl Deref<Target = bool>,
        verify_on_site: bool,
    ) -> Outcome {
        let mut flags = Vec::new();
        if !**is_same_name {
            if needs_name {
                return Outcome::Withheld(Withholding::NameDiffers);
            }
            flags.push(if self.is_body() { Flag::Renamed } else { Flag::NameDiffers });
        }
        if verify_on_site {
            flags.push(Flag::VerifyOnSite);
        }
        Outcome::Match { rule, flags }
    }

    fn compare_name(
        &self,
        party: Registered<'_>,
        is_numbered: bool,
        is_same_name: &impl Deref<Target = bool>,
    ) -> Option<Outcome> {
        let outcome = match (self.nature, party.nature()) {
            (Nature::Body | Nature::Unknown, Nature::Body | Nature::Unknown) => {
                let is_convertible = || party.numbers().any(|number| number.is_convertible());
                let may_be = !is_numbered || self.organisation.is_some() != is_convertible();
                // Where the document kind does not tell that a body is asked about, the name is not enough to show it.
                may_be.then(|| match self.nature {
                    Nature::Body => Outcome::Match { rule: Rule::Name, flags: vec![Flag::VerifyOnSite] },
                    Nature::Person | Nature::Unknown => Outcome::Withheld(Withholding::PersonNameOnly),
                })
            }
            (Nature::Person, Nature::Body) => None,
            // Never a natural person by name alone: counted, not shown.
            _ => (!is_numbered).then_some(Outcome::Withheld(Withholding::PersonNameOnly)),
        }?;
        is_same_name.then_some(outcome)
    }
}
