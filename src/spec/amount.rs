//! Amounts of money in the unit of the message, 万元 (`deploy/DECISIONS.md`, "Message", D55).
//!
//! The register keeps 万元 unless JEDW 金额单位 says otherwise, and renminbi unless BZ 币种 does. Both are free text in the later
//! format: no source has a code list for either, so words are read and codes are not. An amount whose unit or currency is not
//! known stays as registered, and MESSAGE counts it.

use rust_decimal::Decimal;

use crate::domain::{
    cell::decimal,
    kinds::{Field, Value},
    record::Registration,
};

/// Units of money by their words, each with its size in yuan.
const UNITS: [(&str, i64); 11] = [
    ("元", 1),
    ("圆", 1),
    ("千元", 1_000),
    ("万", 10_000),
    ("万元", 10_000),
    ("万圆", 10_000),
    ("十万元", 100_000),
    ("百万元", 1_000_000),
    ("千万元", 10_000_000),
    ("亿", 100_000_000),
    ("亿元", 100_000_000),
];

/// Words for renminbi.
const RENMINBI: [&str; 5] = ["人民币", "人民币元", "元", "CNY", "RMB"];

/// The unit of the message, in yuan.
const MESSAGE_UNIT: i64 = 10_000;

/// Signs of money, which some registers write in front of an amount.
const SIGNS: [char; 2] = ['¥', '￥'];

/// An amount as registered, and how many yuan one of it is.
pub(super) struct Amount<'a> {
    registered: &'a str,
    /// The amount; `None` where the text is no number.
    number: Option<Decimal>,
    /// `None` where the unit or the currency is not known.
    unit: Option<i64>,
}

/// The amount in a field of a registration.
pub(super) fn of<'a>(registration: &'a Registration, field: &Field) -> Amount<'a> {
    let beside = |name: &str| {
        let fields = registration.kind.table().fields;
        fields.iter().find(|field| field.name == name).map_or("", |field| registration.details.get(field.tag))
    };
    let registered = registration.details.get(field.tag);
    let unsigned = registered.trim().trim_start_matches(SIGNS);
    let number = decimal::read(unsigned).and_then(|number| number.parse().ok());
    // A sign of money speaks of yuan, and the register of 万元: without a word on the unit nobody knows which is meant.
    let is_told = unsigned == registered.trim() || !folded(beside("amount_unit")).is_empty();
    let unit = unit_of(beside("amount_unit")).filter(|_| is_told && is_renminbi(beside("currency")));
    Amount { registered, number, unit }
}

impl Amount<'_> {
    /// The amount in 万元; as registered where it cannot be converted.
    pub(super) fn in_ten_thousand(&self) -> String {
        let registered = self.registered.to_owned();
        let (Some(unit), Some(number)) = (self.unit, self.number) else { return registered };
        if unit == MESSAGE_UNIT && decimal::is_plain(&registered) {
            return registered;
        }
        let converted = number.checked_mul(unit.into()).and_then(|yuan| yuan.checked_div(MESSAGE_UNIT.into()));
        converted.map_or(registered, |converted| converted.normalize().to_string())
    }

    /// Whether the message carries it in a unit that nobody knows.
    fn is_unknown(&self) -> bool {
        let is_carried = self.unit == Some(MESSAGE_UNIT);
        !self.registered.is_empty() && (self.unit.is_none() || (self.number.is_none() && !is_carried))
    }
}

/// How many amounts of a registration the message carries in an unknown unit.
pub(super) fn unknown_count(registration: &Registration) -> usize {
    let amounts = registration.kind.table().fields.iter().filter(|field| field.value == Value::Amount);
    amounts.filter(|field| field.element.is_some() && of(registration, field).is_unknown()).count()
}

/// Yuan to the unit; 万元 where none is given.
fn unit_of(text: &str) -> Option<i64> {
    let word = folded(text);
    // 人民币 stands before or behind the unit, also in brackets.
    let word = word.replace("人民币", "");
    if word.is_empty() && folded(text).is_empty() {
        return Some(MESSAGE_UNIT);
    }
    UNITS.iter().find(|(unit, _)| *unit == word).map(|(_, yuan)| *yuan)
}

fn is_renminbi(text: &str) -> bool {
    let word = folded(text);
    word.is_empty() || RENMINBI.contains(&word.as_str())
}

/// A word without blanks, brackets and width, in upper case.
fn folded(text: &str) -> String {
    let kept = text.chars().filter(|one| !one.is_whitespace() && !"()（）[]【】:：/".contains(*one));
    let narrow = kept.map(|one| match one {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(one) - 0xFEE0).unwrap_or(one),
        _ => one,
    });
    narrow.collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kinds::Kind;

    fn written(amount: &str, unit: &str, currency: &str) -> (String, usize) {
        let table = Kind::Mortgage.table();
        let mut registration = Registration::new(Kind::Mortgage, "DYAQ:1".to_owned());
        for (name, text) in [("secured_claim", amount), ("amount_unit", unit), ("currency", currency)] {
            registration.details.set(table.field(name).tag, text);
        }
        let text = of(&registration, table.field("secured_claim")).in_ten_thousand();
        (text, unknown_count(&registration))
    }

    #[test]
    fn known_units_are_converted_and_unknown_ones_are_counted() {
        for (amount, unit, currency, expected, unknown) in [
            ("85", "", "", "85", 0),
            ("85.50", "万元", "CNY", "85.50", 0),
            ("850000", "元", "人民币", "85", 0),
            ("850000", "（人民币）元", "ｃｎｙ", "85", 0),
            ("12345", "元", "", "1.2345", 0),
            ("850", "千元", "", "85", 0),
            ("1.5", "亿元", "", "15000", 0),
            ("850000", "1", "CNY", "850000", 1),
            ("850000", "元", "美元", "850000", 1),
            ("850000", "", "USD", "850000", 1),
            ("", "1", "", "", 0),
            ("约八十", "万元", "", "约八十", 0),
            ("约八十", "元", "", "约八十", 1),
            ("￥850000", "元", "", "85", 0),
            ("¥ 850,000.00", "元", "人民币", "85", 0),
            ("￥85", "万元", "", "85", 0),
            ("￥850000", "", "", "￥850000", 1),
        ] {
            assert_eq!(written(amount, unit, currency), (expected.to_owned(), unknown), "{amount} {unit} {currency}");
        }
    }
}
