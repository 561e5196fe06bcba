//! Areas and amounts as databases and tools print them (D55).

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::none;

/// Whether the text is a plain decimal: digits, at most one point, an optional sign.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
}

/// The number as a plain decimal, without grouping and exponent; `None` where the text is no number.
#[must_use]
pub fn read(text: &str) -> Option<Cow<'_, str>> {
    if is_plain(text) {
        return Some(Cow::Borrowed(text));
    }
    let compact = none::compact(text).replace('，', ",");
    let bare = compact.trim_matches(|one| none::is_quote(one) || one == '=');
    let plain = if bare.contains(',') { ungrouped(bare)? } else { bare.to_owned() };
    if is_plain(&plain) {
        return Some(Cow::Owned(plain));
    }
    let number = Decimal::from_scientific(&plain.to_ascii_lowercase().replace("e+", "e")).ok()?;
    Some(Cow::Owned(number.normalize().to_string()))
}

/// `1,234,567.5` without its commas, which must stand before groups of three.
fn ungrouped(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let first = groups.next()?;
    let is_grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3) && !fraction.contains(',');
    is_grouped.then(|| text.replace(',', ""))
}

/// Whether the text is the number zero.
#[must_use]
pub fn is_zero(text: &str) -> bool {
    read(text).is_some_and(|number| number.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-' | b'+')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_to_plain_decimals() {
        for (text, number) in [
            ("1", "1"),
            ("1.50", "1.50"),
            (".5", ".5"),
            ("-3.2", "-3.2"),
            ("1,234.56", "1234.56"),
            ("12,345,678", "12345678"),
            ("1.23456E3", "1234.56"),
            ("1.5e+2", "150"),
            ("８５．５", "85.5"),
            (" 85.5 ", "85.5"),
        ] {
            assert_eq!(read(text).as_deref(), Some(number), "{text}");
        }
        for text in ["", ".", "1,00", "85.5万元", "十", "1,2345", "1e", "90㎡"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(is_zero("0.00") && is_zero("0") && !is_zero("0.10") && !is_zero(""));
    }
}
