//! What a row says of its being in force (D36, D40).

use crate::domain::cell::{date, none, place};

use super::{resolve::is_filler, staged::StagedRow};

/// Columns of business numbers that say that a registration has ended, where they are filled.
const ENDING: [&str; 4] = ["ZXDYYWH", "ZXYYYWH", "ZXYGYWH", "JFYWH"];

/// Columns of dates that say so, where they hold a date.
const ENDING_DATES: [&str; 3] = ["ZXSJ", "ZXYYDJSJ", "JFDJSJ"];

/// The day before which no register of today was kept: an earlier one stands for none, in whatever form a tool wrote it.
const FIRST_DAY: &[u8] = b"1949-10-01";

/// The day from which systems count, as clocks west of Greenwich write it.
const BEFORE_COUNTING: &[u8] = b"1969-12-31";

/// Whether a mark of ending is the business number of another business: no word, no filler, no day and no amount (D36).
fn is_business(row: &StagedRow, text: &str) -> bool {
    let number = place::business(text);
    !none::is_none_or_zero(text)
        && !is_filler(&number)
        && !place::is_scientific(text)
        && !is_day(text)
        && *number != *place::business(row.get("YWH"))
}

/// Whether a text is a day in digits with marks between, with or without a time. Digits alone are not asked: as `20210304` they
/// are a day for who reads a column of days, and a business number here.
fn is_day(text: &str) -> bool {
    let mut parts = text.trim().splitn(3, ['-', '/', '.']);
    let is_number = |part: Option<&str>, digits: std::ops::RangeInclusive<usize>| {
        part.is_some_and(|part| digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let day_of = |rest: &str| rest.split([' ', 'T']).next().map(str::to_owned);
    is_number(parts.next(), 4..=4)
        && is_number(parts.next(), 1..=2)
        && is_number(parts.next().and_then(day_of).as_deref(), 1..=2)
}

/// Reads the marks of ending as of the day of the export.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// `2026-11-23`; nines where it is not known.
    day: [u8; 10],
}

impl Marks {
    /// Marks of an export of this time, RFC 3339.
    pub(super) fn new(as_of: &str) -> Self {
        let day = as_of.get(..10).filter(|day| date::is_read(day)).and_then(|day| day.as_bytes().try_into().ok());
        Self { day: day.unwrap_or(*b"9999-99-99") }
    }

    /// Whether a row says that it has ended.
    pub(super) fn is_ended(self, row: &StagedRow) -> bool {
        matches!(row.get("QSZT"), "2" | "3")
            || ENDING.iter().any(|column| is_business(row, row.get(column)))
            || ENDING_DATES.iter().any(|column| self.is_past(row.get(column)))
    }

    /// Whether it says something on its being in force that nobody understands.
    pub(super) fn is_doubtful(self, row: &StagedRow) -> bool {
        let is_unknown =
            |column: &str, known: &[&str]| !row.get(column).is_empty() && !known.contains(&row.get(column));
        ENDING_DATES.iter().any(|column| !row.get(column).is_empty() && !self.is_past(row.get(column)))
            || ENDING.iter().any(|column| {
                let text = row.get(column);
                !none::is_none_or_zero(text) && !is_business(row, text)
            })
            || is_unknown("QSZT", &["0", "1", "2", "3"])
            || is_unknown("CFLX", &["1", "2", "3", "4", "5"])
            || is_unknown("YGDJZL", &["1", "2", "3", "4"])
            || is_unknown("DYFS", &["1", "2"])
    }

    /// Whether a text is a date that the export had reached: what ends later, as 2999-12-31, has not ended, and what ended before
    /// there was a register stands for none.
    pub(super) fn is_past(self, text: &str) -> bool {
        let is_day = |day: &[u8]| (FIRST_DAY..=self.day.as_slice()).contains(&day) && day != BEFORE_COUNTING;
        date::is_date(text) && text.as_bytes().get(..10).is_none_or(is_day)
    }
}
