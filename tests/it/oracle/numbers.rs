//! What a cell of document numbers holds: the oracle's own reading.
//!
//! Written from `deploy/DECISIONS.md`, D14, D16, D35, D37, D38, D41, D42 and "Details", not from `domain::cell`.

use unicode_normalization::UnicodeNormalization as _;

use super::{
    clean,
    parties::{citizen_check, digits, is_citizen_shaped, is_citizen_valid, is_credit_valid, is_old_citizen},
};

pub(super) const DOTS: &str = "·•・･∙‧⋅.．․﹒˙●";
pub(super) const DASHES: &str = "-‐‑‒–—―−﹘﹣－⁻₋⁃⸺⸻\u{ad}֊";
pub(super) const QUOTES: &str = "'\"`‘’“”＂＇";
pub(super) const OPENING: &str = "([{（［｛〔【「『〖《〈﹙﹝";
pub(super) const CLOSING: &str = ")]}）］｝〕】」』〗》〉﹚﹞";
const NONE: [&str; 12] =
    ["无", "不详", "空", "未知", "暂无", "没有", "NULL", "NONE", "NAN", "N/A", "未提供", "无证件号"];

/// The numbers of a cell, each as compared, and whether one of them is damaged.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) usable: Vec<String>,
    pub(crate) is_damaged: bool,
}

impl Numbers {
    /// Reads a cell under a kind of document.
    pub(crate) fn of(cell: &str, kind: &str) -> Self {
        let mut numbers = Self::default();
        for part in clean::split(cell) {
            let part = bare(&part);
            let text = normal_number(&part);
            if is_none(&text) && !is_masked(&part) {
                continue;
            }
            let is_damaged = is_damaged(&part, &text);
            // What no identity card has, under one, is a number all the same, and told as damaged beside.
            numbers.is_damaged |= is_damaged || (kind == "1" && !is_card(&text));
            if !is_damaged {
                numbers.usable.push(text);
            }
        }
        numbers
    }
}

/// A number without width, blanks, dashes, dots, brackets and quotation marks, in upper case.
pub(crate) fn normal_number(number: &str) -> String {
    let form = [DASHES, DOTS, QUOTES, OPENING, CLOSING, "="].concat();
    let text = clean::visible(number);
    let kept = text.nfkc().filter(|char| !char.is_whitespace() && !form.contains(*char));
    kept.collect::<String>().to_uppercase()
}

/// The one number that a court asks about, without the words around it.
pub(crate) fn asked(number: &str) -> String {
    normal_number(&bare(number))
}

/// A number without the labels, brackets and words around it (D41); the words of its own form stay (D51).
pub(crate) fn bare(part: &str) -> String {
    let mut text: String = clean::visible(part).nfkc().collect();
    if let Some((_, behind)) = text.split_once(':') {
        text = behind.to_string();
    }
    while let Some(start) = text.find(|char| OPENING.contains(char)) {
        let Some(end) = text[start..].find(|char| CLOSING.contains(char)).map(|at| start + at) else { break };
        let close = text[end..].chars().next().map_or(1, char::len_utf8);
        let open = text[start..].chars().next().map_or(1, char::len_utf8);
        let inner = text[start + open..end].to_owned();
        let is_content = inner.chars().any(|char| char.is_ascii_alphanumeric());
        text.replace_range(start..end + close, if is_content { &inner } else { "" });
    }
    // What has letters never was an amount: a number with right check digits is found behind such a mark as well.
    if let Some(whole) = text.trim().strip_suffix(".0").map(normal_number)
        && !digits(&whole)
        && (is_citizen_valid(&whole) || is_credit_valid(&whole))
    {
        return whole;
    }
    // Words are Chinese: a letter of another alphabet may be one of the number's own.
    let is_word =
        |char: char| !char.is_ascii() && (!char.is_alphanumeric() || ('\u{3400}'..='\u{9fff}').contains(&char));
    let middle = text.trim_matches(is_word);
    let number = normal_number(middle);
    // The words of a document's own form and a nationality are put aside by D51 alone, which needs the name.
    let is_of_form = text.contains(['字', '第', '国', '籍'])
        && !is_citizen_valid(&number)
        && !is_credit_valid(&number)
        && !is_old_citizen(&number);
    if !is_of_form && middle.is_ascii() && !middle.is_empty() { middle.to_owned() } else { text }
}

/// Whether a normalised number is none at all (D14, D35, D37): a word, a filler, or too short to be one.
pub(crate) fn is_none(number: &str) -> bool {
    let letters = number.bytes().filter(u8::is_ascii_alphanumeric).count();
    let first = number.chars().next().unwrap_or('0');
    number.chars().all(|char| char == first)
        || NONE.contains(&number)
        || letters < 4
        || !number.contains(|char: char| char.is_ascii_digit())
        || "1234567890123456789012345678".contains(number)
}

/// Whether digits are left in a mask.
fn is_masked(part: &str) -> bool {
    part.contains('*') && part.contains(|char: char| char.is_ascii_digit())
}

/// Whether a number is damaged (D38): in scientific notation, with a trailing `.0`, rounded to 15 digits, cut to 17, masked.
fn is_damaged(part: &str, text: &str) -> bool {
    let part = clean::folded(part).to_uppercase();
    let is_decimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_scientific = part.split_once("E+").is_some_and(|(left, right)| is_decimal(left) && digits(right));
    let has_fraction = part
        .split_once('.')
        .is_some_and(|(whole, zeros)| digits(whole) && !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0'));
    let is_rounded = digits(text)
        && text.len() == 18
        && text.ends_with("000")
        && !text.ends_with(citizen_check(text))
        && !is_credit_valid(text);
    is_scientific || has_fraction || is_masked(&part) || is_rounded || (digits(text) && text.len() == 17)
}

/// Whether an identity card may have such a number.
fn is_card(text: &str) -> bool {
    (text.len() == 15 && digits(text)) || is_citizen_shaped(text) || is_credit_valid(text)
}

/// Whether a court can ask about this number as one of that kind (D42).
pub(crate) fn can_be_asked(kind: &str, number: &str) -> bool {
    let numbers = Numbers::of(number, "");
    let [text] = &numbers.usable[..] else { return false };
    let length = text.chars().count();
    // An identity number fast to other letters or digits: which of the two is meant, nobody can say.
    let hides_one = length > 18 && (0..length - 17).any(|at| text.get(at..at + 18).is_some_and(is_citizen_valid));
    !numbers.is_damaged
        && !hides_one
        && match kind {
            "1" => [15, 18].contains(&length),
            "6" => length == 9,
            "8" => length == 18,
            _ => true,
        }
}
