//! Names and numbers: their normal forms, their check digits, and the forms that one can be converted into.
//!
//! Nothing here rejects anything: registers hold wrong check digits and impossible dates, which are compared and converted
//! as text all the same (D8). A number is read by its shape, not by the document kind it stands under.
//!
//! Source: GB 11643-1999, GB 32100-2015, GB 11714-1997; `deploy/DECISIONS.md`, "Identifiers"; D9, D14, D16-D18.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// Characters that join or separate parts of a name in foreign and minority names (D17).
const NAME_DOTS: &[char] =
    &['\u{00B7}', '\u{2022}', '\u{30FB}', '\u{FF65}', '\u{2219}', '\u{2027}', '\u{22C5}', '\u{002E}', '\u{FF0E}'];

/// Words that stand for «none» where a number belongs (D14).
const NONE_WORDS: &[&str] = &["无", "不详", "空", "未知", "暂无", "没有", "NULL"];

/// Whether a character stands between several names or numbers in one value (`deploy/DECISIONS.md`, "Tables", D16).
fn is_separator(character: char) -> bool {
    matches!(character, '、' | '，' | ',' | ';' | '；')
}

/// Whether a character is blank or cannot be seen: white space, zero-width marks, the byte-order mark.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

fn is_dash(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{00AD}' | '\u{058A}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207B}'
                | '\u{208B}'
                | '\u{2212}'
                | '\u{2E3A}'
                | '\u{2E3B}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
    )
}

/// The form in which numbers are compared: NFKC, without blanks, dashes and dots, in upper case.
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
            .filter(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'-' | b'.' | 0x0B))
            .map(|byte| char::from(byte.to_ascii_uppercase()))
            .collect();
    }
    number
        .nfkc()
        .filter(|character| !is_blank(*character) && !is_dash(*character) && !NAME_DOTS.contains(character))
        .flat_map(char::to_uppercase)
        .collect()
}

/// The form in which names are compared: without blanks, full-width parentheses and letters folded to half-width, name dots
/// folded to one, Latin letters in upper case. Characters that Unicode holds to be the same (NFC) are the same.
#[must_use]
pub fn normal_name(name: &str) -> String {
    name.nfc()
        .filter(|character| !is_blank(*character))
        .map(|character| match character {
            dot if NAME_DOTS.contains(&dot) => '\u{00B7}',
            // The full-width comma stays what it is: commas are not folded (D17).
            '\u{FF0C}' => character,
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
            _ => character,
        })
        .flat_map(char::to_uppercase)
        .collect()
}

/// The parts of a value that may hold several names or numbers, each trimmed, none empty.
pub fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(is_separator).map(str::trim).filter(|part| !part.is_empty())
}

/// Whether a normalised number says that there is none: empty, zeros alone, or a word for it (D14).
#[must_use]
pub fn is_no_number(normalised: &str) -> bool {
    normalised.bytes().all(|byte| byte == b'0') || NONE_WORDS.contains(&normalised)
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

/// The stem of a travel permit without its issue count (D18): a letter and 8 digits, or under document kind 2 just the 8
/// digits, with or without two more.
#[must_use]
pub fn permit_stem(number: &str, is_permit_kind: bool) -> Option<&str> {
    let digits = number.strip_prefix(|letter: char| letter.is_ascii_uppercase());
    let rest = digits.or_else(|| is_permit_kind.then_some(number))?;
    let is_permit = matches!(rest.len(), 8 | 10) && rest.bytes().all(|byte| byte.is_ascii_digit());
    is_permit.then(|| &number[..number.len() - (rest.len() - 8)])
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
    fn names_are_compared_without_width_blanks_and_kinds_of_dot() {
        assert_eq!(normal_name("阿卜杜拉•买买提"), normal_name("阿卜杜拉 · 买买提"));
        assert_eq!(normal_name("某某（集团）有限公司"), normal_name("某某(集团)有限 公司"));
        assert_eq!(normal_name("ａbc"), "ABC");
        assert_ne!(normal_name("张，三"), normal_name("张,三"));
    }

    #[test]
    fn words_and_zeros_are_no_number() {
        for none in ["", "无", "不详", "0000", "-"] {
            assert!(is_no_number(&normal_number(none)), "{none}");
        }
        assert!(!is_no_number("10"));
    }

    #[test]
    fn permits_have_a_stem_with_and_without_issue_count() {
        assert_eq!(permit_stem("H1234567802", false), Some("H12345678"));
        assert_eq!(permit_stem("H12345678", false), Some("H12345678"));
        assert_eq!(permit_stem("1234567801", true), Some("12345678"));
        assert_eq!(permit_stem("1234567801", false), None);
    }
}
