//! When a registered party is the subject, decided a second time.
//!
//! Written from `deploy/DECISIONS.md`, "Identifiers" and D6-D18, alone; it shares nothing with `domain::matching` and
//! `domain::identifiers`, so that a mistake there is a difference here.

use unicode_normalization::UnicodeNormalization as _;

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const DOTS: &str = "·•・･∙‧⋅.．";
const DASHES: &str = "-‐‑‒–—―−﹘﹣－⁻₋⁃⸺⸻\u{ad}֊";
const NONE: [&str; 7] = ["无", "不详", "空", "未知", "暂无", "没有", "NULL"];

fn is_blank(char: char) -> bool {
    char.is_whitespace() || "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}".contains(char)
}

/// A number without width, blanks, dashes and dots, in upper case.
pub(crate) fn normal_number(number: &str) -> String {
    let seen = number.nfkc().filter(|char| !is_blank(*char) && !DASHES.contains(*char) && !DOTS.contains(*char));
    seen.collect::<String>().to_uppercase()
}

/// A name without width and blanks, with one kind of dot, in upper case; commas stay what they are (D17).
pub(crate) fn normal_name(name: &str) -> String {
    let folded = name.nfc().filter(|char| !is_blank(*char)).map(|char| match char {
        '，' => '，',
        _ if DOTS.contains(char) => '·',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap(),
        _ => char,
    });
    folded.collect::<String>().to_uppercase()
}

/// The parts of a cell that may hold several.
pub(crate) fn split(cell: &str) -> Vec<&str> {
    cell.split(['、', '，', ',', ';', '；']).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Whether a normalised number is none at all (D14).
pub(crate) fn is_none(number: &str) -> bool {
    number.chars().all(|char| char == '0') || NONE.contains(&number)
}

/// A code without leading zeros.
pub(crate) fn code(cell: &str) -> &str {
    let cell = cell.trim();
    let stripped = cell.trim_start_matches('0');
    if stripped.is_empty() && !cell.is_empty() { "0" } else { stripped }
}

fn digits(text: &str) -> bool {
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

fn is_citizen_valid(text: &str) -> bool {
    is_citizen_shaped(text)
        && text.ends_with(citizen_check(text))
        && format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]).parse::<jiff::civil::Date>().is_ok()
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

fn is_credit_valid(text: &str) -> bool {
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
    pub(crate) stem: Option<String>,
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
        let organisation = if credit {
            Some(text[8..17].to_owned())
        } else if is_nine && (is_body_kind(kind) || is_other_kind(kind)) && nature != Nature::Person {
            Some(text.clone())
        } else {
            None
        };
        let stem = Self::stem(&text, kind);
        Self { text, kind: kind.to_owned(), is_fifteen, fifteen, organisation, stem, is_doubtful }
    }

    fn stem(text: &str, kind: &str) -> Option<String> {
        if !text.is_ascii() || !(kind == "2" || kind == "3" || is_other_kind(kind)) {
            return None;
        }
        let letters = usize::from(text.starts_with(|first: char| first.is_ascii_uppercase()));
        let is_stem =
            digits(&text[letters..]) && [8, 10].contains(&(text.len() - letters)) && (letters == 1 || kind == "2");
        is_stem.then(|| text[..letters + 8].to_owned())
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
    PermitIssue,
}

impl Found {
    pub(crate) fn is_match(self) -> bool {
        self <= Self::Name
    }
}

/// A registered party, read once.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) names: Vec<String>,
    pub(crate) numbers: Vec<Number>,
    nature: Nature,
}

impl Registered {
    pub(crate) fn new(name: &str, kind: &str, number: &str, holder_kind: &str) -> Self {
        let nature = match code(holder_kind) {
            "1" => Nature::Person,
            "2" | "3" | "4" | "98" => Nature::Body,
            _ => Nature::Unknown,
        };
        let mut names: Vec<_> = split(name).into_iter().chain([name]).map(normal_name).collect();
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        let numbers = split(number).into_iter().filter(|part| !is_none(&normal_number(part)));
        Self { names, numbers: numbers.map(|part| Number::new(part, code(kind), nature)).collect(), nature }
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
        let text = normal_number(number);
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
        Self { name: normal_name(name), number: Number::new(number, kind, told), nature }
    }

    /// What the party is to the subject, with the flags of a match in the order of the contract.
    pub(crate) fn compare(&self, party: &Registered) -> Option<(Found, Vec<&'static str>)> {
        let named = party.names.contains(&self.name);
        let mut found: Vec<_> = party.numbers.iter().filter_map(|number| self.by_number(number, named)).collect();
        found.extend(self.by_name(party, named));
        let best = found.iter().map(|(found, _)| *found).min()?;
        found.into_iter().find(|(found, _)| *found == best)
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
        } else if is_same(&own.stem, &other.stem) {
            return Some((Found::PermitIssue, Vec::new()));
        } else {
            return None;
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
        match (self.nature, party.nature) {
            (Nature::Body, Nature::Body | Nature::Unknown) => {
                let is_one_convertible = is_convertible(&self.number) != party.numbers.iter().any(is_convertible);
                (party.numbers.is_empty() || is_one_convertible).then(|| (Found::Name, vec!["verify_on_site"]))
            }
            (Nature::Unknown, Nature::Body | Nature::Unknown) => {
                let is_one_convertible = is_convertible(&self.number) != party.numbers.iter().any(is_convertible);
                (party.numbers.is_empty() || is_one_convertible).then(|| (Found::PersonNameOnly, Vec::new()))
            }
            (Nature::Person, Nature::Body) => None,
            _ => party.numbers.is_empty().then(|| (Found::PersonNameOnly, Vec::new())),
        }
    }
}
