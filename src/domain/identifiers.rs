//! Numbers of documents: their normal form, their check digits, and the forms that one can be converted into.
//!
//! Nothing here rejects anything: registers hold wrong check digits and impossible dates, which are compared and converted
//! as text all the same (D8). A number is read by its shape, not by the document kind it stands under.
//!
//! Source: GB 11643-1999, GB 32100-2015, GB 11714-1997; `deploy/DECISIONS.md`, "Identifiers"; D9, D14, D16-D18.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use super::cell::none;

/// The form in which numbers are compared: NFKC, without blanks, dashes, dots, brackets and quotation marks, in upper case.
///
/// Most numbers stand in that form already and are handed back as they are.
#[must_use]
pub fn normal_number(number: &str) -> Cow<'_, str> {
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(number);
    }
    if number.is_ascii() {
        return number
            .bytes()
            .filter(|byte| byte.is_ascii_graphic() && !b"-.()[]{}<>\"'`".contains(byte))
            .map(|byte| char::from(byte.to_ascii_uppercase()))
            .collect();
    }
    number
        .nfkc()
        .filter(|one| !one.is_whitespace() && !none::is_invisible(*one) && !none::is_dash(*one) && !none::is_dot(*one))
        .filter(|one| none::bracket(*one).is_none() && !none::is_quote(*one))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Whether a normalised number says that there is none: empty, zeros alone, or a word for it (D14, D35).
#[must_use]
pub fn is_no_number(normalised: &str) -> bool {
    none::is_none_or_zero(normalised)
}

/// The check character of a citizen identity number, from its first 17 digits; `None` where they are not 17 digits.
#[must_use]
pub fn citizen_check(digits: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum = weighted(digits, WEIGHTS, |digit| char::from(digit).to_digit(10))?;
    "10X98765432".chars().nth(sum as usize % 11)
}

/// The check character of a unified social credit code, from its first 17 characters; `None` where they are of another
/// alphabet or number.
#[must_use]
pub fn credit_check(characters: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let sum = weighted(characters, WEIGHTS, credit_value)?;
    CREDIT_ALPHABET.get((31 - sum as usize % 31) % 31).map(|check| char::from(*check))
}

const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The value of a character of the credit code's alphabet: digits, then letters without I, O, S, V, Z.
fn credit_value(character: u8) -> Option<u32> {
    let skipped = match character {
        b'0'..=b'9' => return Some(u32::from(character - b'0')),
        b'A'..=b'H' => 0,
        b'J'..=b'N' => 1,
        b'P'..=b'R' => 2,
        b'T' | b'U' => 3,
        b'W'..=b'Y' => 4,
        _ => return None,
    };
    Some(u32::from(character - b'A') + 10 - skipped)
}

/// The check character of an organisation code, from its first 8 characters; `None` where they are no digits or letters.
#[must_use]
pub fn organisation_check(characters: &str) -> Option<char> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    match 11 - weighted(characters, WEIGHTS, |one| char::from(one).to_digit(36))? % 11 {
        10 => Some('X'),
        11 => Some('0'),
        digit => char::from_digit(digit, 10),
    }
}

/// The sum of the characters' values, each with its weight; `None` where there are more, fewer, or others.
fn weighted<const N: usize>(text: &str, weights: [u32; N], value: impl Fn(u8) -> Option<u32>) -> Option<u32> {
    if text.len() != N {
        return None;
    }
    text.bytes().zip(weights).map(|(character, weight)| Some(value(character)? * weight)).sum()
}

/// Whether the last character of `number` is the check character that `check` computes of the others.
fn has_valid_check(number: &str, check: impl Fn(&str) -> Option<char>) -> bool {
    let mut characters = number.chars();
    let last = characters.next_back();
    last.is_some() && check(characters.as_str()) == last
}

/// Whether eight digits are a date `yyyymmdd` of the calendar.
pub(super) fn is_date(digits: &str) -> bool {
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<i8>().ok());
    let year = digits.get(..4).and_then(|year| year.parse::<i16>().ok());
    match (year, number(4..6), number(6..8)) {
        (Some(year), Some(month), Some(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

/// Projects an 18-digit identity number to its 15-digit form: characters 7-8 and the check digit fall away.
///
/// Lossy: 1880 and 1980 project alike, so a hit by this form is confirmed by name before it is reported. Returns `None`
/// where the number has no such form: a century other than 18 or 19 (D9), residence permits beginning 81, 82, 83.
///
/// Source: GB 11643-1999; `deploy/DECISIONS.md`, "Identifiers".
#[must_use]
pub fn fifteen_digits(citizen: &str) -> Option<String> {
    let has_form = is_citizen_shaped(citizen)
        && matches!(&citizen[6..8], "18" | "19")
        && !["81", "82", "83"].iter().any(|prefix| citizen.starts_with(prefix));
    has_form.then(|| format!("{}{}", &citizen[..6], &citizen[8..17]))
}

/// Whether a normalised number has the shape of an 18-digit identity number: 17 digits and a digit or `X`.
#[must_use]
pub fn is_citizen_shaped(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == 18 && bytes[..17].iter().all(u8::is_ascii_digit) && (bytes[17].is_ascii_digit() || bytes[17] == b'X')
}

/// Whether it is so shaped, of the calendar, and its check digit is right.
#[must_use]
pub fn is_citizen_valid(number: &str) -> bool {
    is_citizen_shaped(number) && is_date(&number[6..14]) && has_valid_check(number, citizen_check)
}

/// Whether a normalised number has the shape of a unified social credit code.
#[must_use]
pub fn is_credit_shaped(number: &str) -> bool {
    number.len() == 18 && number.bytes().all(|one| credit_value(one).is_some())
}

/// Whether it is so shaped, and both its own check character and that of the organisation code inside are right.
#[must_use]
pub fn is_credit_valid(number: &str) -> bool {
    is_credit_shaped(number)
        && has_valid_check(number, credit_check)
        && has_valid_check(&number[8..17], organisation_check)
}

/// Whether a normalised number has the shape of an organisation code: nine digits or letters, the last a digit or `X`.
#[must_use]
pub fn is_organisation_shaped(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == 9
        && bytes[..8].iter().all(u8::is_ascii_alphanumeric)
        && (bytes[8].is_ascii_digit() || bytes[8] == b'X')
}

/// A travel permit without its issue count and issue letter (D18, D51).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit<'a> {
    /// The letter in front; permits of Taiwan have none.
    pub letter: Option<char>,
    /// The 8 digits.
    pub digits: &'a str,
}

impl<'a> Permit<'a> {
    /// Reads a letter and 8 digits, or under document kind 2 just the 8 digits, each with or without two more and a letter.
    #[must_use]
    pub fn read(number: &'a str, is_permit_kind: bool) -> Option<Self> {
        let letter = number.chars().next().filter(char::is_ascii_uppercase);
        let rest = if letter.is_some() { &number[1..] } else { number };
        let rest = match letter {
            None if is_permit_kind => rest.strip_suffix(|one: char| one.is_ascii_uppercase()).unwrap_or(rest),
            _ => rest,
        };
        let is_permit = matches!(rest.len(), 8 | 10) && rest.bytes().all(|byte| byte.is_ascii_digit());
        (is_permit && (letter.is_some() || is_permit_kind)).then(|| Self { letter, digits: &rest[..8] })
    }

    /// Whether both may be issues of one permit: letters that differ are of different places.
    #[must_use]
    pub fn may_be(self, other: Self) -> bool {
        self.digits == other.digits && (self.letter == other.letter || self.letter.is_none() || other.letter.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_are_those_of_the_standards_examples() {
        assert_eq!(citizen_check("11010519491231002"), Some('X'));
        assert_eq!(citizen_check("44052418800101001"), Some('4'));
        assert_eq!(credit_check("91350100M000100Y4"), Some('3'));
        assert_eq!(organisation_check("D2143569"), Some('X'));
        assert_eq!(organisation_check("M000100Y"), Some('4'));
        assert!(is_citizen_valid("11010519491231002X"));
        assert!(!is_citizen_valid("110105194913310024"));
        assert!(is_credit_valid("91350100M000100Y43"));
        let values: Vec<_> = CREDIT_ALPHABET.iter().filter_map(|one| credit_value(*one)).collect();
        assert!(values.into_iter().eq(0..31));
    }

    #[test]
    fn the_fifteen_digit_form_is_lossy_and_not_everyones() {
        assert_eq!(fifteen_digits("11010519491231002X").as_deref(), Some("110105491231002"));
        assert_eq!(fifteen_digits("440524188001010014"), fifteen_digits("440524198001010013"));
        assert_eq!(fifteen_digits("110105200012310025"), None);
        assert_eq!(fifteen_digits("810000199408230021"), None);
    }

    #[test]
    fn numbers_are_compared_without_width_blanks_dashes_and_dots() {
        assert_eq!(normal_number(" １１0105 1949-1231－002ｘ\u{3000}"), "11010519491231002X");
        assert_eq!(normal_number("D2143569—X"), normal_number("d2143569x"));
        assert_eq!(normal_number("政字第００12号"), "政字第0012号");
    }

    #[test]
    fn words_and_zeros_are_no_number() {
        for none in ["", "无", "不详", "0000", "-"] {
            assert!(is_no_number(&normal_number(none)), "{none}");
        }
        assert!(!is_no_number("10"));
    }

    #[test]
    fn permits_are_read_with_and_without_issue_count() {
        let read = |number, is_kind| Permit::read(number, is_kind).map(|permit| (permit.letter, permit.digits));
        assert_eq!(read("H1234567802", false), Some((Some('H'), "12345678")));
        assert_eq!(read("H12345678", false), Some((Some('H'), "12345678")));
        assert_eq!(read("1234567801", true), Some((None, "12345678")));
        assert_eq!(read("12345678B", true), Some((None, "12345678")));
        assert_eq!(read("1234567801", false), None);
        let of = |number| Permit::read(number, true).unwrap();
        assert!(of("T12345678").may_be(of("12345678")) && !of("H12345678").may_be(of("M12345678")));
    }
}
