//! When a registered party is the subject, decided a second time.
//!
//! Written from `deploy/DECISIONS.md`, "Identifiers" and D6-D18, D35-D41, D51, D52, alone; it shares nothing with `domain::matching` and
//! `domain::identifiers`, so that a mistake there is a difference here.

use unicode_normalization::UnicodeNormalization as _;

use super::{
    clean,
    numbers::{CLOSING, DASHES, DOTS, Numbers, OPENING, QUOTES, asked, normal_number},
};

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

fn is_blank(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || "\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202c}\u{202d}\u{2060}\u{feff}".contains(char)
}

/// A name without width and blanks, with one kind of dot, bracket, dash and quotation mark, in upper case; commas stay
/// what they are (D17).
pub(crate) fn normal_name(name: &str) -> String {
    let narrow = clean::visible(name).replace('，', "\u{e000}");
    let folded = narrow.nfkc().filter(|char| !is_blank(*char)).map(|char| match char {
        _ if DOTS.contains(char) => '·',
        _ if OPENING.contains(char) => '(',
        _ if CLOSING.contains(char) => ')',
        _ if DASHES.contains(char) => '-',
        _ if QUOTES.contains(char) => '"',
        _ => char,
    });
    folded.collect::<String>().to_uppercase()
}

/// A name, and the former one that stands behind it in brackets (D52).
fn former(name: &str) -> Option<(&str, &str)> {
    let (main, rest) = name.strip_suffix(')')?.rsplit_once('(')?;
    let former = ["曾用名", "原名", "原"].iter().find_map(|word| rest.strip_prefix(word))?;
    Some((main, former.trim_start_matches([':', '：'])))
}

/// A code without leading zeros.
pub(crate) fn code(cell: &str) -> &str {
    let cell = cell.trim();
    let stripped = cell.trim_start_matches('0');
    if stripped.is_empty() && !cell.is_empty() { "0" } else { stripped }
}

pub(crate) fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_citizen_shaped(text: &str) -> bool {
    text.len() == 18
        && text.is_ascii()
        && digits(&text[..17])
        && text.ends_with(|last: char| last == 'X' || last.is_ascii_digit())
}

fn is_credit_shaped(text: &str) -> bool {
    text.chars().count() == 18 && text.chars().all(|char| ALPHABET.contains(char))
}

/// The check character of an identity number, of its first 17 digits.
pub(crate) fn citizen_check(text: &str) -> char {
    let mut sum = 0;
    for (at, digit) in text[..17].bytes().enumerate() {
        // The weight of a place is 2 to the power of its distance from the end, modulo 11.
        sum += u32::from(digit - b'0') * (2_u32.pow(u32::try_from(17 - at).unwrap()) % 11);
    }
    char::from(b"10X98765432"[sum as usize % 11])
}

pub(crate) fn is_citizen_valid(text: &str) -> bool {
    is_citizen_shaped(text)
        && text.ends_with(citizen_check(text))
        && format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]).parse::<jiff::civil::Date>().is_ok()
}

/// Whether 15 digits hold a day of birth.
pub(crate) fn is_old_citizen(text: &str) -> bool {
    text.len() == 15
        && digits(text)
        && format!("19{}-{}-{}", &text[6..8], &text[8..10], &text[10..12]).parse::<jiff::civil::Date>().is_ok()
}

/// The check character of a credit code, of its first 17 characters.
pub(crate) fn credit_check(text: &str) -> char {
    let (mut sum, mut weight) = (0, 1);
    for char in text.chars().take(17) {
        sum += ALPHABET.find(char).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31).unwrap()
}

fn is_organisation_valid(text: &str) -> bool {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = text.chars().zip(weights).map(|(char, weight)| char.to_digit(36).unwrap() * weight).sum();
    text.ends_with(["0", "X", "9", "8", "7", "6", "5", "4", "3", "2", "1"][sum as usize % 11])
}

pub(crate) fn is_credit_valid(text: &str) -> bool {
    is_credit_shaped(text) && text.ends_with(credit_check(text)) && is_organisation_valid(&text[8..17])
}

/// A person, a body, or nobody knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nature {
    Person,
    Body,
    Unknown,
}

/// One normalised number and what it can be read as.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) text: String,
    kind: String,
    is_fifteen: bool,
    pub(crate) fifteen: Option<String>,
    pub(crate) organisation: Option<String>,
    /// The 8 digits of a travel permit, behind its letter if it has one.
    pub(crate) permit: Option<(String, String)>,
    /// Its letters and digits, and the words around them, where it is no identity number and no code.
    pub(crate) core: Option<(String, String)>,
    /// The 17 digits that determine the last of an identity number.
    pub(crate) seventeen: Option<String>,
    is_doubtful: bool,
}

fn is_body_kind(kind: &str) -> bool {
    ["6", "7", "8"].contains(&kind)
}

fn is_other_kind(kind: &str) -> bool {
    !["1", "2", "3", "4", "5", "6", "7", "8"].contains(&kind)
}

impl Number {
    fn new(cell: &str, kind: &str, nature: Nature) -> Self {
        let text = normal_number(cell);
        let (mut citizen, mut credit) = (is_citizen_shaped(&text), is_credit_shaped(&text));
        let mut is_doubtful = false;
        if citizen && credit {
            match (is_citizen_valid(&text), is_credit_valid(&text)) {
                (true, false) => credit = false,
                (false, true) => citizen = false,
                _ => is_doubtful = true,
            }
        }
        let is_licence = is_body_kind(kind) || (is_other_kind(kind) && nature == Nature::Body);
        let is_fifteen = text.len() == 15 && digits(&text) && !is_licence;
        let is_resident = ["81", "82", "83"].iter().any(|prefix| text.starts_with(prefix));
        let fifteen = if is_fifteen {
            Some(text.clone())
        } else if citizen && !is_resident && ["18", "19"].contains(&&text[6..8]) {
            Some([&text[..6], &text[8..17]].concat())
        } else {
            None
        };
        let is_nine = text.len() == 9
            && text.is_ascii()
            && text[..8].bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (text.ends_with('X') || digits(&text[8..]));
        // Only where a body may stand: two identity numbers may share these digits (D10).
        let may_be_body = (is_body_kind(kind) || is_other_kind(kind)) && nature != Nature::Person;
        let organisation = match (credit, is_nine) {
            (true, _) => Some(text[8..17].to_owned()),
            (_, true) => Some(text.clone()),
            _ => None,
        };
        let permit = Self::permit(&text, kind);
        let core = Self::core(&text);
        let is_long = [18, 19].contains(&text.chars().count()) && !is_credit_valid(&text);
        let seventeen = text.get(..17).filter(|first| is_long && digits(first)).map(str::to_owned);
        let organisation = organisation.filter(|_| may_be_body);
        Self { text, kind: kind.to_owned(), is_fifteen, fifteen, organisation, permit, core, seventeen, is_doubtful }
    }

    fn permit(text: &str, kind: &str) -> Option<(String, String)> {
        if !text.is_ascii() || !(kind == "2" || kind == "3" || is_other_kind(kind)) {
            return None;
        }
        let letters = usize::from(text.starts_with(|first: char| first.is_ascii_uppercase()));
        let mut rest = &text[letters..];
        if letters == 0 && kind == "2" {
            rest = rest.strip_suffix(|last: char| last.is_ascii_uppercase()).unwrap_or(rest);
        }
        let is_permit = digits(rest) && [8, 10].contains(&rest.len()) && (letters == 1 || kind == "2");
        is_permit.then(|| (text[..letters].to_owned(), rest[..8].to_owned()))
    }

    fn core(text: &str) -> Option<(String, String)> {
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        if text.is_ascii() && [15, 18].contains(&text.len()) {
            return None;
        }
        let words: String =
            text.chars().filter(|char| !char.is_ascii() && !"字第号证护照台胞".contains(*char)).collect();
        let core = if letters.len() == 9 && digits(&letters[..8]) { letters[..8].to_owned() } else { letters };
        (core.bytes().filter(u8::is_ascii_digit).count() >= 4).then_some((core, words))
    }
}

impl Number {
    /// Equal but for words that one of them lacks (D51).
    fn is_other_words_for(&self, other: &Self) -> bool {
        match (&self.core, &other.core) {
            (Some((own, words)), Some((core, others))) => {
                own == core && (words == others || words.is_empty() || others.is_empty())
            }
            _ => false,
        }
    }

    /// One travel permit, of another issue (D18): the letter may be missing, and is never another.
    fn is_other_issue_of(&self, other: &Self) -> bool {
        match (&self.permit, &other.permit) {
            (Some((letter, digits)), Some((other, others))) => {
                digits == others && (letter == other || letter.is_empty() || other.is_empty())
            }
            _ => false,
        }
    }
}

/// Whether one document can stand under both kinds.
fn are_compatible(one: &Number, other: &Number) -> bool {
    let (a, b) = (one.kind.as_str(), other.kind.as_str());
    let both = |kinds: &[&str]| kinds.contains(&a) && kinds.contains(&b);
    let is_resident = one.text.len() == 18
        && is_citizen_shaped(&one.text)
        && ["81", "82", "83"].iter().any(|prefix| one.text.starts_with(prefix));
    a == b
        || is_other_kind(a)
        || is_other_kind(b)
        || both(&["1", "4"])
        || both(&["6", "7", "8"])
        || (is_resident && both(&["1", "2", "4"]))
}

/// What comparing told. The order of the variants is the order of precedence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Found {
    Exact,
    Variant,
    Orgcode,
    Name,
    NameDiffers,
    PersonNameOnly,
    NumberDamaged,
    PermitIssue,
}

impl Found {
    pub(crate) fn is_match(self) -> bool {
        self <= Self::Name
    }
}

/// A registered party, read once.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a rule asks")]
pub(crate) struct Registered {
    pub(crate) names: Vec<String>,
    /// Names that the register calls former.
    pub(crate) formers: Vec<String>,
    pub(crate) numbers: Vec<Number>,
    is_damaged: bool,
    is_filed_as_person: bool,
    /// Whether the cell names more persons than it has numbers.
    leaves_a_name: bool,
    /// Whether a number is a natural person's by its shape.
    has_persons_number: bool,
    nature: Nature,
}

impl Registered {
    pub(crate) fn new(name: &str, kind: &str, number: &str, holder_kind: &str) -> Self {
        let Numbers { usable: read, is_damaged } = Numbers::of(number, code(kind));
        let is_persons = |text: &String| match text.len() {
            18 => is_citizen_shaped(text) && !is_credit_valid(text),
            15 => is_old_citizen(text),
            9 => text.starts_with(|first: char| first.is_ascii_uppercase()) && digits(&text[1..]),
            _ => false,
        };
        let nature = match code(holder_kind) {
            "1" => Nature::Person,
            "2" | "3" | "4" | "98" => Nature::Body,
            _ if ["1", "2", "3", "4", "5"].contains(&code(kind)) => Nature::Person,
            _ if is_other_kind(code(kind)) && read.iter().any(is_persons) => Nature::Person,
            _ => Nature::Unknown,
        };
        let mut names: Vec<_> =
            clean::split(name).into_iter().chain([name.to_owned()]).map(|name| normal_name(&name)).collect();
        names.retain(|name| !name.is_empty() && !clean::is_none(name));
        let several: std::collections::BTreeSet<_> = names[..names.len().saturating_sub(1)].iter().collect();
        let leaves_a_name = several.len() > 1 && several.len() > read.len();
        let has_persons_number = read.iter().any(is_persons);
        let split_names: Vec<_> =
            names.iter().filter_map(|name| former(name)).map(|(a, b)| [a, b].map(str::to_owned)).collect();
        let mut formers = Vec::new();
        for [main, former] in split_names {
            names.push(main);
            formers.push(former);
        }
        names.sort();
        names.dedup();
        let numbers = read.iter().map(|part| Number::new(part, code(kind), nature)).collect();
        let is_filed_as_person = code(holder_kind) == "1";
        Self { names, formers, numbers, is_damaged, is_filed_as_person, leaves_a_name, has_persons_number, nature }
    }

    /// Whether one taken for a person may be a body all the same: nobody filed it as a person, or its number or name is none's.
    fn may_be_misfiled(&self) -> bool {
        let is_card =
            |number: &Number| is_citizen_shaped(&number.text) || (number.text.len() == 15 && digits(&number.text));
        !self.is_filed_as_person
            || !self.numbers.iter().all(is_card)
            || self.names.iter().any(|name| name.chars().count() >= 5 && !name.contains('·'))
    }
}

/// The one asked about.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) number: Number,
    nature: Nature,
}

impl Asked {
    pub(crate) fn new(name: &str, kind: &str, number: &str) -> Self {
        let kind = code(kind);
        let text = asked(number);
        let nature = if is_body_kind(kind) {
            Nature::Body
        } else if !is_other_kind(kind) || is_citizen_valid(&text) {
            Nature::Person
        } else if is_credit_valid(&text) {
            Nature::Body
        } else {
            Nature::Unknown
        };
        // Under kind 99 nothing but the number's own shape is told of it.
        let told = if is_other_kind(kind) { Nature::Unknown } else { nature };
        Self { name: normal_name(name), number: Number::new(&text, kind, told), nature }
    }

    /// The name asked about: whole, without a former one behind it, and that former one (D52).
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let parts = former(&self.name).map(|(main, former)| [main, former]);
        std::iter::once(self.name.as_str()).chain(parts.into_iter().flatten())
    }

    /// What the party is to the subject, with the flags of a match in the order of the contract.
    pub(crate) fn compare(&self, party: &Registered) -> Option<(Found, Vec<&'static str>)> {
        let main = former(&self.name).map_or(self.name.as_str(), |(main, _)| main);
        let is_now = party.names.iter().any(|name| *name == self.name || name == main);
        let named = self.names().any(|name| party.names.iter().chain(&party.formers).any(|known| known == name));
        let mut found: Vec<_> = party.numbers.iter().filter_map(|number| self.by_number(number, named)).collect();
        found.extend(self.by_name(party, named));
        let best = found.iter().map(|(found, _)| *found).min()?;
        let (found, mut flags) = found.into_iter().find(|(found, _)| *found == best)?;
        if named && !is_now && found.is_match() {
            flags.insert(0, "renamed");
        }
        Some((found, flags))
    }

    fn by_number(&self, other: &Number, named: bool) -> Option<(Found, Vec<&'static str>)> {
        let own = &self.number;
        let is_same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        let is_doubtful = own.is_doubtful || other.is_doubtful;
        let (found, needs_name, is_flagged) = if own.text == other.text {
            (Found::Exact, own.is_fifteen || other.is_fifteen || !are_compatible(own, other), false)
        } else if own.is_fifteen != other.is_fifteen && is_same(&own.fifteen, &other.fifteen) {
            (Found::Variant, true, false)
        } else if is_same(&own.organisation, &other.organisation) {
            (Found::Orgcode, is_doubtful, own.text.len() == 18 && other.text.len() == 18)
        } else if own.is_other_words_for(other) && are_compatible(own, other) {
            (Found::Exact, true, false)
        } else if own.is_other_issue_of(other) {
            return Some((Found::PermitIssue, Vec::new()));
        } else {
            let shares = named && is_same(&own.seventeen, &other.seventeen);
            return shares.then(|| (Found::NumberDamaged, Vec::new()));
        };
        if needs_name && !named {
            return Some((Found::NameDiffers, Vec::new()));
        }
        let is_body = self.nature == Nature::Body || (self.nature == Nature::Unknown && own.organisation.is_some());
        let mut flags = Vec::new();
        if !named {
            flags.push(if is_body { "renamed" } else { "name_differs" });
        }
        if is_flagged {
            flags.push("verify_on_site");
        }
        Some((found, flags))
    }

    fn by_name(&self, party: &Registered, named: bool) -> Option<(Found, Vec<&'static str>)> {
        if !named {
            return None;
        }
        let is_convertible = |number: &Number| number.organisation.is_some();
        if party.is_damaged && (self.nature, party.nature) != (Nature::Person, Nature::Body) {
            return Some((Found::NumberDamaged, Vec::new()));
        }
        let by_nature = match (self.nature, party.nature) {
            // Whoever has a person's number may be a person, whatever the register files them as (D15).
            (Nature::Body, Nature::Body | Nature::Unknown) if party.has_persons_number => {
                let is_one_convertible = is_convertible(&self.number) != party.numbers.iter().any(is_convertible);
                is_one_convertible.then(|| (Found::PersonNameOnly, Vec::new()))
            }
            (Nature::Body, Nature::Body | Nature::Unknown) => {
                let is_one_convertible = is_convertible(&self.number) != party.numbers.iter().any(is_convertible);
                (party.numbers.is_empty() || is_one_convertible).then(|| (Found::Name, vec!["verify_on_site"]))
            }
            (Nature::Unknown, Nature::Body | Nature::Unknown) => {
                let is_one_convertible = is_convertible(&self.number) != party.numbers.iter().any(is_convertible);
                (party.numbers.is_empty() || is_one_convertible).then(|| (Found::PersonNameOnly, Vec::new()))
            }
            (Nature::Person, Nature::Body) => None,
            (Nature::Body, Nature::Person) if !party.numbers.is_empty() => {
                party.may_be_misfiled().then(|| (Found::PersonNameOnly, Vec::new()))
            }
            _ => party.numbers.is_empty().then(|| (Found::PersonNameOnly, Vec::new())),
        };
        // Of several names with fewer numbers one has none, and nobody can say who: whoever is asked about, and however the
        // register files the holders (D16).
        let is_left = party.leaves_a_name && !party.numbers.is_empty();
        by_nature.or_else(|| is_left.then(|| (Found::PersonNameOnly, Vec::new())))
    }
}
