//! Which months a report is about.

use std::str::FromStr;

use jiff::{
    ToSpan as _,
    civil::{Date, date},
};

/// Months of one report: a bar each is legible on one page.
const MONTHS_MAX: i32 = 36;

/// Whole months, one after the other: the first day of the first and of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Months {
    pub(super) first: Date,
    pub(super) last: Date,
}

impl FromStr for Months {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let months = month(first).zip(month(last)).map(|(first, last)| Self { first, last });
        let months = months.ok_or("give a month, 2026-11, or the first and the last of several, 2026-01..2026-11")?;
        match months.count() {
            count if count < 1 => Err("the last month is before the first".to_owned()),
            count if count > MONTHS_MAX => Err(format!("these are {count} months: give at most {MONTHS_MAX}")),
            _ => Ok(months),
        }
    }
}

fn month(text: &str) -> Option<Date> {
    let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

impl Months {
    pub(super) fn count(self) -> i32 {
        let number = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        number(self.last) - number(self.first) + 1
    }

    /// The day after the last.
    pub(super) fn end(self) -> Date {
        self.last.saturating_add(1.month())
    }

    /// The days, or the months where there are several: what a bar is drawn for.
    pub(super) fn periods(self) -> Vec<Date> {
        let step = if self.count() == 1 { 1.day() } else { 1.month() };
        let dates = std::iter::successors(Some(self.first), |date| Some(date.saturating_add(step)));
        dates.take_while(|date| *date < self.end()).collect()
    }

    /// In which of the periods a day is.
    pub(super) fn period(self, day: Date) -> Date {
        if self.count() == 1 { day } else { date(day.year(), day.month(), 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_whole_and_follow_each_other() {
        let one: Months = "2026-02".parse().unwrap();
        assert_eq!((one.count(), one.end(), one.periods().len()), (1, date(2026, 3, 1), 28));
        let year: Months = "2025-12..2026-11".parse().unwrap();
        assert_eq!((year.count(), year.end(), year.periods().len()), (12, date(2026, 12, 1), 12));
        assert_eq!(year.period(date(2026, 1, 31)), date(2026, 1, 1));
        for wrong in ["2026", "2026-13", "2026-1", "2026-11-01", "2026-11..2026-10", "2020-01..2026-01", "..", ""] {
            assert!(wrong.parse::<Months>().is_err(), "{wrong}");
        }
    }
}
