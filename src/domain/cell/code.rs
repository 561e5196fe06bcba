//! Codes of the national lists (`codes.csv`), read in any spelling (D40).
//!
//! Only the base lists; lists in which sources diverge (`X.variantY`) are left out, as they must not be merged.
//!
//! Source: dictionaries of 《不动产登记数据库标准（试行）》 and later additions, each with its evidence in
//! `deploy/DECISIONS.md`, "Code lists".

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use super::none;

/// The codes of list ZJZL, the kinds of documents.
pub const DOCUMENT_KINDS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "99"];

/// Two words of `codes.csv`: list and code, or code and label.
type Pair<'a> = (&'a str, &'a str);

/// Code and label, by list and code.
static LABELS: LazyLock<HashMap<Pair<'static>, Pair<'static>>> = LazyLock::new(|| {
    include_str!("codes.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (list, rest) = line.split_once(',')?;
            let (code, label) = rest.split_once(',')?;
            Some(((list, stripped(code)), (stripped(code), label)))
        })
        .collect()
});

/// Codes by the list and the label as it is compared; a label that two codes share is neither's.
static CODES: LazyLock<HashMap<(&'static str, String), Option<&'static str>>> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    for ((list, _), (code, label)) in LABELS.iter() {
        codes.entry((*list, plain(label))).and_modify(|known| *known = None).or_insert(Some(*code));
    }
    codes
});

/// What a text says in a column of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// That there is none.
    None,
    /// A code of the list.
    Known(&'static str),
    /// A text that is no code and no label of the list.
    Unknown,
}

/// Reads a code of `list`: by itself, by its label, or by both where they agree.
#[must_use]
pub fn read(list: &'static str, text: &str) -> Code {
    if let Some((known, _)) = find(list, text) {
        return Code::Known(known);
    }
    if none::is_none(text) {
        return Code::None;
    }
    let words = plain(text);
    if let Some(Some(known)) = CODES.get(&(list, words.clone())) {
        return Code::Known(known);
    }
    // `1-身份证`, `身份证(1)`: the digits and the word must say the same.
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    let label: String = words.chars().filter(|one| !one.is_ascii_digit()).collect();
    match CODES.get(&(list, label)) {
        Some(Some(known)) if stripped(&digits) == *known => Code::Known(known),
        _ => Code::Unknown,
    }
}

/// The label of a code as registered; `None` where its list does not have it.
#[must_use]
pub fn label(list: &str, registered: &str) -> Option<&'static str> {
    find(list, registered).map(|(_, label)| label)
}

fn find(list: &str, registered: &str) -> Option<Pair<'static>> {
    // The keys live as long as the program, so the look-up borrows for no longer than the call.
    let code = folded(registered);
    let key: Pair<'_> = (list, &code);
    LABELS.get(&key).copied()
}

/// The code as it is compared: narrow, without blanks, leading zeros and a trailing `.0` (`０1.0` is `1`, `0` stays).
#[must_use]
pub fn folded(registered: &str) -> Cow<'_, str> {
    let is_plain = registered.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain {
        return Cow::Borrowed(stripped(registered));
    }
    let compact = none::compact(registered);
    let whole = match compact.split_once('.') {
        Some((whole, fraction)) if !whole.is_empty() && fraction.bytes().all(|byte| byte == b'0') => whole,
        _ => &compact,
    };
    let bare = whole.trim_matches(|one| none::is_quote(one) || one == '=');
    Cow::Owned(stripped(bare).to_owned())
}

fn stripped(code: &str) -> &str {
    let stripped = code.trim_start_matches('0');
    if stripped.is_empty() && !code.is_empty() { "0" } else { stripped }
}

/// A label as it is compared: letters and digits alone.
fn plain(label: &str) -> String {
    none::compact(label).chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_kinds_are_the_codes_of_their_list() {
        let mut listed: Vec<_> = LABELS.keys().filter(|(list, _)| *list == "ZJZL").map(|(_, code)| *code).collect();
        listed.sort_by_key(|code| code.parse::<u32>().unwrap());
        assert_eq!(listed, DOCUMENT_KINDS);
    }

    #[test]
    fn codes_have_their_labels_with_and_without_leading_zeros() {
        assert_eq!(label("CFLX", "2"), Some("轮候查封"));
        assert_eq!(label("ZJZL", "08"), Some("统一社会信用代码"));
        assert_eq!(label("FWXZ", "0"), Some("市场化商品房"));
        assert_eq!(label("CFLX", "77"), None);
    }

    #[test]
    fn a_code_is_read_in_any_spelling() {
        for text in
            ["2", "02", "2.0", "２", " 2 ", "2.00", "\u{200B}2", "轮候查封", "2-轮候查封", "轮候查封（2）", "'2"]
        {
            assert_eq!(read("CFLX", text), Code::Known("2"), "{text}");
        }
        for text in ["77", "2.5", "轮候", "1-轮候查封", "二"] {
            assert_eq!(read("CFLX", text), Code::Unknown, "{text}");
        }
        for text in ["", "NULL", "-", "无"] {
            assert_eq!(read("CFLX", text), Code::None, "{text}");
        }
        assert_eq!(read("QSZT", "0"), Code::Known("0"));
        assert_eq!(read("QSZT", "0.0"), Code::Known("0"));
    }
}
