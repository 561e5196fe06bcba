//! Dates as databases and tools write them (D35, D50).
//!
//! A date is brought to one form so that it can be ordered and compared; whatever is no date stays as registered, whole.

use jiff::{Timestamp, ToSpan as _, civil, tz::Offset};

use super::none;

/// What a text says in a column of dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Date {
    /// That there is none: a word for it, or a day that stands for none.
    None,
    /// A day `2020-02-11`, with a time other than midnight `2020-02-11T09:30:00`.
    Read(String),
    /// A text that is no date.
    Unreadable,
}

/// Days that stand for none, with or without a time.
const NO_DAYS: [(i16, i8, i8); 8] = [
    (1900, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1899, 11, 30),
    (1, 1, 1),
    (1753, 1, 1),
    (9999, 12, 31),
    // Where tools count from: a zero printed as a date.
    (1970, 1, 1),
];

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Reads a date; a time with a zone of its own is turned to the zone of `utc_offset_seconds`.
#[must_use]
pub fn read(text: &str, utc_offset_seconds: i32) -> Date {
    // Most dates are in one of these forms.
    match plain(text) {
        Some((day, "" | " 00:00:00" | "T00:00:00")) => return Date::Read(day.to_owned()),
        Some((day, clock)) => return Date::Read(format!("{day}T{}", &clock[1..])),
        None => {}
    }
    if none::is_none_or_zero(text) {
        return Date::None;
    }
    match parse(text, utc_offset_seconds) {
        None => Date::Unreadable,
        Some(at) if NO_DAYS.contains(&(at.year(), at.month(), at.day())) => Date::None,
        Some(at) if at.time() == civil::Time::midnight() => Date::Read(at.date().to_string()),
        Some(at) => Date::Read(at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
    }
}

/// Whether a text is a date in the form that [`read`] gives it.
#[must_use]
pub fn is_read(text: &str) -> bool {
    plain(text).is_some_and(|(_, clock)| clock.is_empty() || (clock.starts_with('T') && clock != "T00:00:00"))
}

/// A day `2020-02-11` of these two centuries, but one that stands for none, and the time behind it: none, ` 09:30:00` or
/// `T09:30:00`. Absent where the text has another form.
fn plain(text: &str) -> Option<(&str, &str)> {
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let (day, clock) = text.split_at_checked(10)?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day.as_bytes() else { return None };
    let is_day = digits(&[y3, y4, m1, m2, d1, d2])
        && matches!((y1, y2), (b'2', b'0') | (b'1', b'9'))
        && !matches!(day, "1900-01-01" | "1970-01-01")
        && day_of([&day[..4], &day[5..7], &day[8..]]).is_some();
    let is_clock = match *clock.as_bytes() {
        [] => true,
        [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] => {
            digits(&[h1, h2, m1, m2, s1, s2]) && (h1, h2) < (b'2', b'4') && m1 < b'6' && s1 < b'6'
        }
        _ => false,
    };
    (is_day && is_clock).then_some((day, clock))
}

/// Whether a text is a date, and not one that stands for none.
#[must_use]
pub fn is_date(text: &str) -> bool {
    matches!(read(text, 0), Date::Read(_))
}

fn parse(text: &str, utc_offset_seconds: i32) -> Option<civil::DateTime> {
    let narrow: String =
        none::visible(text).chars().filter(|one| !none::is_invisible(*one) || one.is_whitespace()).collect();
    let narrow: String =
        unicode_normalization::UnicodeNormalization::nfkc(narrow.trim()).collect::<String>().to_uppercase();
    let narrow = narrow.trim_matches(|one: char| none::is_quote(one) || one == '=');
    if let Some(day) = spreadsheet_day(narrow) {
        return Some(day);
    }
    let (day, rest) = split_day(narrow)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(day.to_datetime(civil::Time::midnight()));
    }
    let (clock, zone) = split_zone(rest)?;
    let at = day.to_datetime(clock_time(clock)?);
    match zone {
        None => Some(at),
        Some(seconds) => {
            let instant: Timestamp = Offset::from_seconds(seconds).ok()?.to_timestamp(at).ok()?;
            Some(Offset::from_seconds(utc_offset_seconds).ok()?.to_datetime(instant))
        }
    }
}

/// A day of a spreadsheet, counted from 1899-12-30: 20000 to 60000, its fraction the time.
fn spreadsheet_day(text: &str) -> Option<civil::DateTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 5 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let days: i64 = whole.parse().ok().filter(|days| (20_000..=60_000).contains(days))?;
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a day has at most 86,400 seconds")]
    let seconds = (format!("0.{fraction}").parse::<f64>().ok()? * 86_400.0).round() as i64;
    civil::date(1899, 12, 30).at(0, 0, 0, 0).checked_add(days.days().seconds(seconds)).ok()
}

/// The day at the beginning of a text, and what follows it.
fn split_day(text: &str) -> Option<(civil::Date, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        8 | 14 => {
            let (day, rest) = text.split_at(8);
            Some((day_of([&day[..4], &day[4..6], &day[6..]])?, rest))
        }
        4 => {
            let (year, rest) = text.split_at(4);
            let (month, rest) = part(rest, &['-', '/', '.', '年'], true)?;
            let (day, rest) = part(rest, &['-', '/', '.', '月'], false)?;
            Some((day_of([year, month, day])?, rest.strip_prefix('日').unwrap_or(rest)))
        }
        1 | 2 => {
            // `07-11月-16`, `07-11月 -16`, `07-NOV-2016`: the month is marked as one, so the day stands first.
            let (day, rest) = text.split_at(digits);
            let (month, rest) = part(rest, &['-', '/', '.', ' '], true)?;
            let is_marked = rest.starts_with('月') || !month.bytes().all(|byte| byte.is_ascii_digit());
            let (year, rest) = part(rest.strip_prefix('月').unwrap_or(rest), &['-', '/', '.', ' '], false)?;
            let year = match (is_marked, year.len()) {
                (true, 4) => year.to_owned(),
                // The rule of databases that print two digits: 00-49 are of this century.
                (true, 2) if year < "50" => format!("20{year}"),
                (true, 2) => format!("19{year}"),
                _ => return None,
            };
            Some((day_of([&year, month, day])?, rest))
        }
        _ => None,
    }
}

/// The next part of a date behind one of `separators`: digits, or the name of a month where `is_month`.
fn part<'a>(text: &'a str, separators: &[char], is_month: bool) -> Option<(&'a str, &'a str)> {
    let rest = text.trim_start().strip_prefix(separators)?.trim_start_matches([' ', '-']);
    let letters = |test: fn(&u8) -> bool| rest.bytes().take_while(test).count();
    let end = match letters(u8::is_ascii_digit) {
        0 if is_month => letters(u8::is_ascii_alphabetic),
        digits => digits,
    };
    let (part, rest) = rest.split_at(end);
    // `2003-1月-28` says 月 behind its month.
    let rest = if is_month && separators.contains(&'年') {
        rest.strip_prefix("月-").map_or(rest, |_| &rest["月".len()..])
    } else {
        rest
    };
    (!part.is_empty()).then_some((part, rest))
}

fn day_of([year, month, day]: [&str; 3]) -> Option<civil::Date> {
    let month = match MONTHS.iter().position(|name| month.len() >= 3 && month.starts_with(name)) {
        Some(at) => i8::try_from(at + 1).ok()?,
        None => number(month)?,
    };
    civil::Date::new(i16::from(number(&year[..2])?) * 100 + i16::from(number(&year[2..])?), month, number(day)?).ok()
}

/// A number of one or two digits.
fn number(text: &str) -> Option<i8> {
    let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The zone at the end of a time, in seconds east.
fn split_zone(text: &str) -> Option<(&str, Option<i32>)> {
    let text = text.strip_prefix('T').unwrap_or(text).trim();
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let (clock, zone) = text.split_at(at);
    let digits: String = zone[1..].chars().filter(|one| *one != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2).unwrap_or((&digits, ""));
    let minutes = if minutes.is_empty() { 0 } else { number(minutes)? };
    let seconds = i32::from(number(hours)?) * 3600 + i32::from(minutes) * 60;
    Some((clock.trim(), Some(if zone.starts_with('-') { -seconds } else { seconds })))
}

/// `9:30`, `09:30:00` with or without a fraction, `093000`; with points as a database prints them and 上午, 下午, AM, PM.
fn clock_time(text: &str) -> Option<civil::Time> {
    let mut text = text.trim();
    let mut half = None;
    for (word, is_afternoon) in [("上午", false), ("下午", true), ("AM", false), ("PM", true)] {
        if let Some(rest) = text.strip_prefix(word).or_else(|| text.strip_suffix(word)) {
            (text, half) = (rest.trim(), Some(is_afternoon));
        }
    }
    let normal = if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{}:{}:{}", &text[..2], &text[2..4], &text[4..])
    } else {
        text.replace(['时', '分'], ":").trim_end_matches(['秒', ':']).to_owned()
    };
    let mut parts = normal.split([':', '.', ',']);
    let (hour, minute) = (number(parts.next()?)?, number(parts.next().unwrap_or("0"))?);
    let second = parts.next().map_or(Some(0), number)?;
    let fraction = parts.next().unwrap_or("0");
    if parts.next().is_some() || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hour = match half {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    civil::Time::new(hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEIJING: i32 = 8 * 3600;

    #[test]
    fn dates_come_to_one_form() {
        for (text, date) in [
            ("2020-02-11", "2020-02-11"),
            ("2020/2/11", "2020-02-11"),
            ("20200211", "2020-02-11"),
            ("20200211093005", "2020-02-11T09:30:05"),
            ("2020-02-11 00:00:00", "2020-02-11"),
            ("2020/2/11 9:30", "2020-02-11T09:30:00"),
            ("2020-02-11T09:30:05", "2020-02-11T09:30:05"),
            ("2020-02-11 09:30:05.0", "2020-02-11T09:30:05"),
            ("2016-11-07 00:00:00,000", "2016-11-07"),
            ("20200229", "2020-02-29"),
            ("2020-02-1 ", "2020-02-01"),
            ("2016/11/7 0:00:00", "2016-11-07"),
            ("07-11月-16", "2016-11-07"),
            ("20-2月 -23", "2023-02-20"),
            ("07-NOV-16", "2016-11-07"),
            ("28-JAN-2003", "2003-01-28"),
            ("2003-1月-28", "2003-01-28"),
            ("07-11月-16 09.30.00.000000 上午", "2016-11-07T09:30:00"),
            ("2016.11.7", "2016-11-07"),
            ("2016年11月7日", "2016-11-07"),
            ("2016年11月7日 9时30分", "2016-11-07T09:30:00"),
            ("20161107", "2016-11-07"),
            ("2016-11-06T16:00:00Z", "2016-11-07"),
            ("2016-11-07T00:00:00+08:00", "2016-11-07"),
            ("2016-11-06T16:00:00.000+0000", "2016-11-07"),
            ("42681", "2016-11-07"),
            ("42681.5", "2016-11-07T12:00:00"),
            ("２０１６－１１－０７", "2016-11-07"),
            ("2016/11/7 下午 3:05:00", "2016-11-07T15:05:00"),
        ] {
            assert_eq!(read(text, BEIJING), Date::Read(date.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_stands_for_none_is_none() {
        for text in [
            "",
            "NULL",
            "无",
            "0",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "1900-01-01",
            "1900/1/1 0:00:00",
            "0001-01-01",
            "0001/1/1",
            "9999-12-31",
            "99991231",
            "1899-12-30",
            "1753-01-01 00:00:00.000",
            "9999-12-31 23:59:59",
            "NaT",
            "1970-01-01 08:00:00",
        ] {
            assert_eq!(read(text, BEIJING), Date::None, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_told_apart_from_none() {
        for text in [
            "2020-02-30",
            "20190229",
            "2020-13-01",
            "2020-2",
            "20-02-11",
            "2020-02-11 25:00",
            "长期",
            "11/07/2016",
            "61000",
            "2016-11-07 约",
            "已解封",
            "2016",
            "1",
        ] {
            assert_eq!(read(text, BEIJING), Date::Unreadable, "{text}");
        }
    }
}
