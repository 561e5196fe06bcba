//! The forms in which unit numbers and certificate numbers are compared.
//!
//! What is stored and told is always the text as registered; these forms only join rows. Names and document numbers are not
//! treated here: they belong to `domain::matching`.

/// A text without blanks and control characters, with full-width forms folded to half-width.
fn folded(text: &str) -> String {
    // Most numbers are as they should be, and are copied whole.
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    folded.extend(characters(text));
    folded
}

fn characters(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|char| {
            !char.is_whitespace() && !char.is_control() && !matches!(char, '\u{feff}' | '\u{200b}'..='\u{200f}')
        })
        .map(|char| match char {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
            _ => char,
        })
}

/// The unit number as it is compared: without blanks, half-width, upper case. Empty where the text is a word or zeros for
/// "none".
pub(super) fn unit_number(registered: &str) -> String {
    let number = locator(registered);
    if is_none(&number) { String::new() } else { number }
}

/// The certificate number, business number or house code as it is compared: without blanks, half-width.
pub(super) fn number(registered: &str) -> String {
    folded(registered)
}

/// The several certificate numbers of one cell, as they are compared; words for "none" are none.
pub(super) fn certificates(registered: &str) -> Vec<Box<str>> {
    let whole = number(registered);
    let mut parts: Vec<Box<str>> = Vec::new();
    for part in whole.split(['、', ',']).filter(|part| !is_none(part)) {
        if !parts.iter().any(|known| **known == *part) {
            parts.push(part.into());
        }
    }
    parts
}

/// The form in which a unit number or a certificate number is located.
pub(super) fn locator(registered: &str) -> String {
    let mut number = folded(registered);
    number.make_ascii_uppercase();
    number
}

/// Whether a folded text says that there is no number: empty, a word, or nothing but zeros, dashes and strokes.
pub(super) fn is_none(folded: &str) -> bool {
    folded.chars().all(|char| matches!(char, '0' | '-' | '—' | '－' | '/'))
        || matches!(folded, "无" | "不详" | "空" | "暂无" | "未知" | "NULL" | "null")
}

/// The first 19 characters, the parcel code of a unit number; absent where it is shorter.
pub(super) fn parcel_code(unit_number: &str) -> Option<&str> {
    let end = unit_number.char_indices().nth(19).map_or(unit_number.len(), |(at, _)| at);
    (unit_number[..end].chars().count() == 19).then(|| &unit_number[..end])
}

/// Whether this is the parcel's own unit, with nothing attached.
pub(super) fn is_parcel_unit(unit_number: &str) -> bool {
    parcel_code(unit_number).is_some_and(|parcel| &unit_number[parcel.len()..] == "W00000000")
}

/// Whether the number has the shape that the standard prescribes: 28 letters and digits.
pub(super) fn is_well_formed(unit_number: &str) -> bool {
    unit_number.len() == 28 && unit_number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_numbers_lose_blanks_width_and_case() {
        assert_eq!(unit_number(" 340123\u{3000}002004 ｇｂ00011\u{a0}f00010001 "), "340123002004GB00011F00010001");
        for none in ["", " ", "无", "不详", "空", "-", "0000", "００００"] {
            assert_eq!(unit_number(none), "", "{none:?}");
        }
        assert_eq!(unit_number("老区3号"), "老区3号");
    }

    #[test]
    fn certificates_split_and_fold() {
        let parts = certificates("苏（２０２０）玄武区 第0001号、苏(2020)玄武区第0002号，苏(2020)玄武区第0002号");
        assert_eq!(parts, ["苏(2020)玄武区第0001号".into(), "苏(2020)玄武区第0002号".into()] as [Box<str>; 2]);
        assert!(certificates("无").is_empty());
    }

    #[test]
    fn parcels_are_nineteen_characters() {
        assert_eq!(parcel_code("340123002004GB00011F00010001"), Some("340123002004GB00011"));
        assert_eq!(parcel_code("3401"), None);
        assert!(is_parcel_unit("340123002004GB00011W00000000"));
        assert!(!is_parcel_unit("340123002004GB00011F00010001"));
    }
}
