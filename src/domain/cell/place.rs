//! Numbers that join rows: unit numbers, parcel codes, certificate and business numbers (D38, D43-D45).
//!
//! What is stored and told is always the text as registered; these forms only join. What cannot identify anything must
//! join nothing: two strangers whose houses both carry `未落宗` have no unit in common.

use std::borrow::Cow;

use super::none::{self, compact};

/// Whether a mark stands between several numbers of one cell.
fn is_separator(one: char) -> bool {
    matches!(one, '、' | '，' | ',' | ';' | '；' | '|' | '｜' | '/' | '／' | '\n' | '\r' | '\t')
}

/// Marks and words that separate only where each side is a number by itself.
const WEAK_SEPARATORS: &[char] = &[' ', '\u{3000}', '\u{A0}', '和', '及', '与'];

/// The unit numbers of a cell as they are compared, each once: half-width, upper case, without blanks and dashes, a parcel
/// code completed to the parcel's own unit (D43). Empty where the cell says that there is none.
#[must_use]
pub fn unit_numbers(registered: &str) -> Vec<Box<str>> {
    if is_well_formed(registered) && !registered.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return vec![registered.into()];
    }
    let mut numbers: Vec<Box<str>> = Vec::new();
    let mut add = |part: &str| {
        let number = unit_form(part);
        if !none::is_none_or_zero(&number) && !numbers.iter().any(|known| **known == *number) {
            numbers.push(number.into());
        }
    };
    // The semicolon of `&#8203;` parts nothing (D39).
    let unescaped = none::unescaped(registered);
    // One number in several pieces, as `990101/001001/GB00001/F00010001`, is one (D43).
    if let Some(whole) = in_pieces(&unescaped) {
        return vec![whole.into()];
    }
    if !none::is_none_or_zero(&unescaped) {
        for part in unescaped.split(is_separator) {
            let pieces: Vec<_> = part.split(WEAK_SEPARATORS).filter(|piece| !piece.is_empty()).collect();
            let are_numbers = pieces.len() > 1 && pieces.iter().all(|piece| is_well_formed(&unit_form(piece)));
            if are_numbers { pieces.into_iter().for_each(&mut add) } else { add(part) }
        }
    }
    numbers
}

/// The well-formed number that the pieces of a cell make together.
fn in_pieces(registered: &str) -> Option<String> {
    let mut pieces = registered.split(is_separator);
    if pieces.nth(1).is_none() || registered.split(is_separator).any(|piece| piece.trim().len() > 14) {
        return None;
    }
    let whole = unit_form(&registered.split(is_separator).collect::<String>());
    (is_well_formed(&whole) && begins_as_parcel(&whole)).then_some(whole)
}

/// The one unit number of a cell as it is compared: the first where there are several, empty where there is none.
#[must_use]
pub fn unit_number(registered: &str) -> String {
    unit_numbers(registered).into_iter().next().map(String::from).unwrap_or_default()
}

fn unit_form(part: &str) -> String {
    let mut number: String = compact(part)
        .chars()
        .filter(|one| !none::is_dash(*one) && !none::is_quote(*one) && none::bracket(*one).is_none() && *one != '=')
        .collect();
    number.make_ascii_uppercase();
    if let Some(at) = number.find('等') {
        let rest = number[at + '等'.len_utf8()..].trim_end_matches(['个', '套', '户', '宗', '单', '元', '处', '间']);
        if rest.chars().all(|one| one.is_ascii_digit() || "一二三四五六七八九十两".contains(one)) {
            number.truncate(at);
        }
    }
    if is_parcel_code(&number) {
        number.push_str("W00000000");
    }
    number
}

/// Whether this is a parcel code of 19 characters: 12 digits, two letters, 5 digits.
fn is_parcel_code(number: &str) -> bool {
    number.len() == 19 && begins_as_parcel(number) && number.as_bytes()[14..].iter().all(u8::is_ascii_digit)
}

/// Whether the number has the shape that the standard prescribes: 28 letters and digits.
#[must_use]
pub fn is_well_formed(unit_number: &str) -> bool {
    unit_number.len() == 28 && unit_number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a unit number as compared can identify a unit: well formed, or with four digits at least and no filler (D44).
/// Whether it stands under ownership rights of different certificates is for the loader to find out.
#[must_use]
pub fn may_identify(unit_number: &str) -> bool {
    if is_well_formed(unit_number) && begins_as_parcel(unit_number) {
        return true;
    }
    let letters: String = unit_number.chars().filter(|one| one.is_alphanumeric()).collect();
    let digits = letters.chars().filter(char::is_ascii_digit).count();
    digits >= 4 && !none::is_filler(&letters) && !none::is_none_or_zero(unit_number) && !is_scientific(unit_number)
}

/// Whether this begins as a unit number of the standard does, and is none: cut short, or with something behind it. What is left
/// of it stands for many units, so it identifies none.
#[must_use]
pub fn is_cut(unit_number: &str) -> bool {
    begins_as_parcel(unit_number) && !is_well_formed(unit_number)
}

/// Whether 12 digits and two letters stand in front, as in every unit number and parcel code of the standard.
fn begins_as_parcel(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() >= 14 && bytes[..12].iter().all(u8::is_ascii_digit) && bytes[12..14].iter().all(u8::is_ascii_uppercase)
}

/// The parcel or sea area code as it is compared; empty where the cell says that there is none.
#[must_use]
pub fn parcel(registered: &str) -> String {
    if is_parcel_code(registered) {
        return registered.to_owned();
    }
    let number = unit_number(registered);
    match number.strip_suffix("W00000000") {
        Some(code) if is_parcel_code(code) => code.to_owned(),
        _ => number,
    }
}

/// The first 19 characters, the parcel code of a unit number; absent where it is shorter.
#[must_use]
pub fn parcel_code(unit_number: &str) -> Option<&str> {
    if unit_number.is_ascii() {
        return unit_number.get(..19);
    }
    let end = unit_number.char_indices().nth(19).map_or(unit_number.len(), |(at, _)| at);
    (unit_number[..end].chars().count() == 19).then(|| &unit_number[..end])
}

/// Whether this is the parcel's own unit, with nothing attached.
#[must_use]
pub fn is_parcel_unit(unit_number: &str) -> bool {
    parcel_code(unit_number).is_some_and(|parcel| &unit_number[parcel.len()..] == "W00000000")
}

/// The number of the building that a unit stands in: its last four digits zero (D43); absent where it is no unit of a
/// building, or is the building itself.
#[must_use]
pub fn building_of(unit_number: &str) -> Option<String> {
    (is_building_part(unit_number) && !unit_number.ends_with("0000")).then(|| format!("{}0000", &unit_number[..24]))
}

/// Whether this is a building's own number: `…F####0000`.
#[must_use]
pub fn is_building_unit(unit_number: &str) -> bool {
    is_building_part(unit_number) && unit_number.ends_with("0000")
}

fn is_building_part(unit_number: &str) -> bool {
    let bytes = unit_number.as_bytes();
    is_well_formed(unit_number)
        && bytes[19] == b'F'
        && bytes[20..].iter().all(u8::is_ascii_digit)
        && &bytes[20..24] != b"0000"
}

/// The several certificate numbers of one cell as they are compared, each once: without blanks, brackets of one kind. Words
/// for «none» and fillers are none (D44); a certificate needs no number of digits.
#[must_use]
pub fn certificates(registered: &str) -> Vec<Box<str>> {
    let mut parts: Vec<Box<str>> = Vec::new();
    for part in none::unescaped(registered).split(is_separator) {
        let compacted = compact(part);
        let is_form =
            |one: char| none::is_quote(one) || one == '=' || none::bracket(one).is_some_and(|same| same != one);
        let number = if compacted.contains(is_form) {
            let bare = compacted.chars().filter(|one| !none::is_quote(*one) && *one != '=');
            Cow::Owned(bare.map(|one| none::bracket(one).unwrap_or(one)).collect())
        } else {
            compacted
        };
        if !is_no_certificate(&number) && !parts.iter().any(|known| **known == *number) {
            parts.push(number.into_owned().into());
        }
    }
    parts
}

fn is_no_certificate(number: &str) -> bool {
    const WORDS: [&str; 14] = [
        "无证",
        "未发证",
        "未办证",
        "未领证",
        "未缮证",
        "无产权证",
        "无证书",
        "未出证",
        "不发证",
        "无不动产权证",
        "未登簿",
        "待发证",
        "尚未发证",
        "无权证",
    ];
    // No such word has both a digit and a character of another script, and nearly every certificate number has.
    if number.bytes().any(|byte| byte.is_ascii_digit())
        && number.chars().any(|one| matches!(one, '\u{4E00}'..='\u{9FFF}'))
    {
        return false;
    }
    let letters: String = number.chars().filter(|one| one.is_alphanumeric()).collect();
    none::is_none_or_zero(number) || none::is_filler(&letters) || WORDS.contains(&letters.as_str())
}

/// The business number or house code as it is compared: without blanks, half-width, without a trailing `.0` and a leading
/// apostrophe. Empty where the cell says that there is none, or a filler.
#[must_use]
pub fn business(registered: &str) -> String {
    let compacted = compact(registered);
    let bare = compacted.trim_matches(|one| none::is_quote(one) || one == '=');
    let whole = match bare.split_once('.') {
        Some((whole, fraction))
            if whole.bytes().all(|byte| byte.is_ascii_digit()) && fraction.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => bare,
    };
    if none::is_none_or_zero(whole) { String::new() } else { whole.to_owned() }
}

/// Whether a number left its source in scientific notation, as `2.02E+11` (D38): it joins strangers.
#[must_use]
pub fn is_scientific(registered: &str) -> bool {
    /// The first byte of every character of full width.
    const WIDE: u8 = 0xEF;
    // Most identifiers hold no sign and no point, and are told at a glance.
    let has = |marks: &[u8]| registered.bytes().any(|byte| byte == WIDE || marks.contains(&byte));
    if !has(b"Ee") || !has(b".+") {
        return false;
    }
    let text = compact(registered).to_ascii_uppercase();
    let bare = text.trim_matches(|one| none::is_quote(one) || one == '=');
    let Some((mantissa, exponent)) = bare.split_once('E') else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    super::decimal::is_plain(mantissa) && !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "340123002004GB00011F00010001";

    #[test]
    fn nothing_but_words_for_others_is_no_unit() {
        assert_eq!(unit_numbers("等2个"), []);
    }

    #[test]
    fn unit_numbers_lose_what_is_form() {
        for text in [
            " 340123\u{3000}002004 ｇｂ00011\u{a0}f00010001 ",
            "340123-002004-GB00011-F00010001",
            "&nbsp;340123002004GB00011F00010001",
            "340123002004GB&#8203;00011F00010001",
            "'340123002004GB00011F00010001",
            "=\"340123002004GB00011F00010001\"",
            "340123002004GB00011F00010001等",
            "340123002004GB00011F00010001等2个",
            "340123002004GB00011F00010001等三套",
        ] {
            assert_eq!(unit_number(text), UNIT, "{text}");
        }
        for none in ["", " ", "无", "不详", "空", "-", "0000", "００００", "(null)", "\\N", "N/A"] {
            assert_eq!(unit_number(none), "", "{none:?}");
        }
        assert_eq!(unit_number("340123002004GB00011"), "340123002004GB00011W00000000");
        assert_eq!(parcel("340123002004GB00011"), "340123002004GB00011");
        assert_eq!(unit_number("老区3号"), "老区3号");
        let several =
            unit_numbers("340123002004GB00011F00010001、340123002004GB00011F00010002；340123002004GB00011F00010003");
        assert_eq!(several.len(), 3);
        assert_eq!(unit_numbers("340123002004GB00011F00010001 340123002004GB00011F00010002").len(), 2);
    }

    #[test]
    fn fillers_identify_nothing() {
        for text in ["未落宗", "1", "XXX", "暂无单元号", "12", "1111", "老区3号", "3.40123E+27"] {
            assert!(!may_identify(&unit_number(text)), "{text}");
        }
        assert!(may_identify(UNIT) && may_identify("老区3号2022"));
        for text in ["340123002004GB", "340123002004GB00011F0001", "340123002004GB00011F00010001A"] {
            assert!(is_cut(&unit_number(text)), "{text}");
        }
        for text in [UNIT, "340123002004GB00011", "老区3号2022", "3401230020040001"] {
            assert!(!is_cut(&unit_number(text)), "{text}");
        }
    }

    #[test]
    fn certificates_split_and_fold() {
        let parts = certificates("苏（２０２０）玄武区 第0001号、苏(2020)玄武区第0002号/苏〔2020〕玄武区第0002号");
        assert_eq!(parts, ["苏(2020)玄武区第0001号".into(), "苏(2020)玄武区第0002号".into()] as [Box<str>; 2]);
        for none in ["无", "无证", "未发证", "1", "0000", "(null)", "——"] {
            assert!(certificates(none).is_empty(), "{none}");
        }
        assert_eq!(certificates("房权证").len(), 1);
    }

    #[test]
    fn parcels_and_buildings_are_parts_of_the_number() {
        assert_eq!(parcel_code(UNIT), Some("340123002004GB00011"));
        assert_eq!(parcel_code("3401"), None);
        assert!(is_parcel_unit("340123002004GB00011W00000000") && !is_parcel_unit(UNIT));
        assert_eq!(building_of(UNIT).as_deref(), Some("340123002004GB00011F00010000"));
        assert!(is_building_unit("340123002004GB00011F00010000"));
        assert_eq!(building_of("340123002004GB00011W00000000"), None);
    }

    #[test]
    fn business_numbers_fold() {
        assert_eq!(business(" ２０２１00000001.0"), "202100000001");
        assert_eq!(business("'2021-7"), "2021-7");
        assert_eq!(business("NULL"), "");
        for text in ["2.02E+11", "2.02e11", "2E+5", "'2.02E+11"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["2021E7", "FE12", "2.02", "E+11", UNIT] {
            assert!(!is_scientific(text), "{text}");
        }
    }
}
