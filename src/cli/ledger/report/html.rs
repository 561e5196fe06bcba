//! Texts and numbers as HTML shows them.

use std::fmt::Write as _;

use super::count::Tally;

pub(super) fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    page.write_fmt(text).unwrap_or_default();
}

/// A text as HTML shows it, in an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What came of queries: how a bar shows it, what it is called, how often it was so.
pub(super) fn parts(tally: Tally) -> [(&'static str, &'static str, u64); 3] {
    [
        ("found", "查有登记", tally.found),
        ("nothing", "未查到登记", tally.nothing_found),
        ("refused", "拒绝", tally.refused),
    ]
}

pub(super) fn told(tally: Tally) -> String {
    parts(tally).map(|(_, name, count)| format!("{name} {}", grouped(count))).join("，")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_told_safely() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
