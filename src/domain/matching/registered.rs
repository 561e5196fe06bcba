//! A registered party as matching sees it: its names, its numbers, and what it is.

use std::borrow::Cow;

use crate::domain::{
    cell::{
        code,
        name::{self, Names},
        number::{self, Damage, Stem},
    },
    identifiers::{
        Permit, fifteen_digits, is_citizen_shaped, is_citizen_valid, is_credit_shaped, is_credit_valid, is_date,
        is_organisation_shaped,
    },
    kinds::tag,
    record::Party,
};

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

/// The numbers of a party, read.
pub(super) struct Numbers<'a> {
    pub(super) usable: Vec<Number<'a>>,
    pub(super) damaged: Option<Damage>,
    /// Of the party, as its kind and its numbers tell.
    pub(super) nature: Nature,
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

    /// Its numbers: none usable where the register says so in any way (D14, D37, D38).
    pub(super) fn numbers(self) -> Numbers<'a> {
        let document = DocumentKind::of(self.document_kind);
        let read = number::of_register(self.document_number);
        let nature = match &*code::folded(self.holder_kind) {
            "1" => Nature::Person,
            "2" | "3" | "4" | "98" => Nature::Body,
            // Where the kind is not told, a person's document or number tells it (D15).
            _ if document.is_persons() => Nature::Person,
            _ if document == DocumentKind::Other && read.usable.iter().any(|number| is_persons(number)) => {
                Nature::Person
            }
            _ => Nature::Unknown,
        };
        // What no identity card has stands under one by a slip, as the letter O for a zero (D38).
        let is_card = |number: &Cow<'_, str>| is_citizen_shaped_or_old(number) || is_credit_valid(number);
        let is_slip = document == DocumentKind::Citizen && read.usable.iter().any(|number| !is_card(number));
        let damaged = read.damaged.or_else(|| is_slip.then_some(Damage::Entangled));
        let usable = read.usable.into_iter().map(|number| Number::read(number, document, nature)).collect();
        Numbers { usable, damaged, nature }
    }

    pub(super) fn names(self) -> Names {
        Names::of(self.name)
    }
}

impl Numbers<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.usable.is_empty()
    }

    /// Whether another number of the same body can be computed from one of them.
    pub(super) fn are_convertible(&self) -> bool {
        self.usable.iter().any(|number| number.organisation().is_some())
    }

    /// Whether a cell names more persons than it has numbers: one of them has none, and nobody can say who (D16).
    pub(super) fn leave_a_name(&self, party: Registered<'_>) -> bool {
        // Most cells hold one name, and need no reading.
        if !name::may_be_several(party.name) {
            return false;
        }
        let count = name::count(party.name);
        count > 1 && count > self.usable.len()
    }

    /// Whether one of them is a natural person's by its shape, whatever document it stands under.
    pub(super) fn have_a_persons(&self) -> bool {
        let is_permit = |number: &Number<'_>| {
            number.text.starts_with(|first: char| first.is_ascii_uppercase()) && number.permit().is_some()
        };
        self.usable.iter().any(|number| is_persons(&number.text) || is_permit(number) || is_officers(&number.text))
    }

    /// Whether a holder taken for a person may be a body: nobody filed it as a person, or its number is no identity card's, or
    /// its name no person's. Such a one is counted, never shown, where a body of that name is asked about.
    pub(super) fn may_be_misfiled(&self, party: Registered<'_>) -> bool {
        let is_card =
            |number: &Number<'_>| matches!(number.text.len(), 15 | 18) && is_citizen_shaped_or_old(&number.text);
        let is_long = |name: &String| name.chars().count() >= 5 && !name.contains('\u{B7}');
        // A short cell holds no long name, and needs no reading.
        let may_be_long = || party.name.chars().count() >= 5 && party.names().current.iter().any(is_long);
        code::folded(party.holder_kind) != "1" || !self.usable.iter().all(is_card) || may_be_long()
    }
}

fn is_citizen_shaped_or_old(number: &str) -> bool {
    is_citizen_shaped(number) || (number.len() == 15 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a number is an identity card's or a passport's by its shape (D15).
fn is_persons(number: &str) -> bool {
    let bytes = number.as_bytes();
    match bytes.len() {
        18 => is_citizen_shaped(number) && !is_credit_valid(number),
        15 => bytes.iter().all(u8::is_ascii_digit) && is_date(&format!("19{}", &number[6..12])),
        9 => bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether a number is an officer's or soldier's certificate by the word in front of it.
fn is_officers(number: &str) -> bool {
    number.contains('字') && number.chars().next().is_some_and(|first| "军士警武兵文".contains(first))
}

/// Whether somebody is a natural person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Person,
    Body,
    Unknown,
}

/// Groups of document kinds (list ZJZL) as far as matching tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentKind {
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
    pub(super) fn of(registered: &str) -> Self {
        // Cleaned cells hold the code itself, or nothing.
        let is_code = matches!(registered.as_bytes(), [] | [b'1'..=b'8'] | [b'9', b'9']);
        let known = if is_code {
            registered
        } else if let code::Code::Known(known) = code::read("ZJZL", registered) {
            known
        } else {
            ""
        };
        match known {
            "1" => Self::Citizen,
            "2" => Self::Permit,
            "3" => Self::Passport,
            "4" => Self::Household,
            "5" => Self::Military,
            "6" | "7" | "8" => Self::Body,
            _ => Self::Other,
        }
    }

    fn is_persons(self) -> bool {
        !matches!(self, Self::Body | Self::Other)
    }

    /// Whether one document may stand under both kinds (`deploy/DECISIONS.md`, "Identifiers", D11).
    pub(super) fn may_be(self, other: Self, number: &str) -> bool {
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
pub(super) struct Number<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) document: DocumentKind,
    /// Whether the number itself has 15 digits and is read as an identity number.
    pub(super) is_fifteen: bool,
    /// Whether an organisation code may stand here: not under a person's document, nor for a person.
    may_be_organisation: bool,
}

/// How a number of 18 characters can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    as_citizen: bool,
    as_credit: bool,
    /// Both ways alike: then only an equal name confirms a conversion.
    pub(super) is_ambiguous: bool,
}

impl<'a> Number<'a> {
    pub(super) fn read(text: Cow<'a, str>, document: DocumentKind, nature: Nature) -> Self {
        let is_body = document == DocumentKind::Body || (document == DocumentKind::Other && nature == Nature::Body);
        let is_fifteen = text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit()) && !is_body;
        let may_be_organisation =
            matches!(document, DocumentKind::Body | DocumentKind::Other) && nature != Nature::Person;
        Self { text, document, is_fifteen, may_be_organisation }
    }

    pub(super) fn reading(&self) -> Reading {
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
    pub(super) fn fifteen(&self) -> Option<Cow<'_, str>> {
        if self.is_fifteen {
            return Some(Cow::Borrowed(&self.text));
        }
        let form = fifteen_digits(&self.text)?;
        self.reading().as_citizen.then_some(Cow::Owned(form))
    }

    /// The organisation code it is, or holds at positions 9-17. Never of a number under a person's document or of a
    /// person: two identity numbers may share those digits (D10).
    pub(super) fn organisation(&self) -> Option<&str> {
        if !self.may_be_organisation {
            return None;
        }
        if is_organisation_shaped(&self.text) {
            return Some(&*self.text);
        }
        (self.text.len() == 18 && self.reading().as_credit).then(|| &self.text[8..17])
    }

    /// The travel permit that it may be.
    pub(super) fn permit(&self) -> Option<Permit<'_>> {
        let is_permit_kind = self.document == DocumentKind::Permit;
        let may_be = is_permit_kind || matches!(self.document, DocumentKind::Passport | DocumentKind::Other);
        if may_be { Permit::read(&self.text, is_permit_kind) } else { None }
    }

    /// What is left without the words around it.
    pub(super) fn stem(&self) -> Option<Stem> {
        Stem::of(&self.text)
    }

    /// The first 17 digits of what may be an identity number with another last character, or one too many (D38).
    pub(super) fn seventeen(&self) -> Option<&str> {
        let is_long = matches!(self.text.len(), 18 | 19) || (self.text.len() > 17 && !self.text.is_ascii());
        let digits = self.text.get(..17).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.filter(|_| is_long && !is_credit_valid(&self.text))
    }

    /// What it shares with every number that may be the same; given its own two forms.
    pub(super) fn keys(&self, fifteen: Option<&str>, organisation: Option<&str>, keys: &mut Vec<String>) {
        let own = (fifteen.is_none() && organisation.is_none()).then_some(&*self.text);
        let stem = self.stem().map(|stem| stem.core);
        let stem = stem.as_deref().filter(|core| *core != self.text);
        // Identity numbers of this form are found by it already.
        let seventeen = self
            .seventeen()
            .filter(|_| fifteen.is_none() || self.text.len() != 18)
            .map(|digits| fifteen_digits(&format!("{digits}0")).map_or(Cow::Borrowed(digits), Cow::Owned));
        let seventeen = seventeen.as_deref().filter(|digits| Some(*digits) != fifteen);
        let permit = self.permit().map(|permit| permit.digits);
        let all = [fifteen, organisation, permit, stem, seventeen, own];
        keys.extend(all.into_iter().flatten().map(|key| ["n:", key].concat()));
    }

    /// What every party that may have this number shares with it, under whatever kind of document that party has it.
    pub(super) fn search_keys(&self, fifteen: Option<&str>, keys: &mut Vec<String>) {
        let reading = self.reading();
        if reading.as_citizen && !reading.as_credit {
            // Under every kind it is read as an identity number; each key more would cost as much as finding a unit.
            return self.keys(fifteen, None, keys);
        }
        let organisation = match self.text.len() {
            9 => is_organisation_shaped(&self.text).then_some(&*self.text),
            18 => is_credit_shaped(&self.text).then(|| &self.text[8..17]),
            _ => None,
        };
        self.keys(fifteen, organisation, keys);
        keys.push(["n:", &*self.text].concat());
    }
}
