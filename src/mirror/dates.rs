//! Dates and decimals as registers print them.
//!
//! A date is brought to one form so that it can be ordered and compared; whatever is no date stays as registered.

/// Brings a date to `2020-02-11`, with a time other than midnight to `2020-02-11T09:30:00`.
///
/// Reads `2020-02-11`, `2020/2/11`, `20200211`, each with an optional time after a blank or `T`: `09:30`, `09:30:00`, with or
/// without a fraction of a second. `None` where the text is something else, or a day that no calendar has.
pub(super) fn normalise(registered: &str) -> Option<String> {
    let (year, month, day, hour, minute, second) = parse(registered)?;
    Some(if (hour, minute, second) == (0, 0, 0) {
        // Most dates are in this form already.
        match registered.as_bytes() {
            [_, _, _, _, b'-', _, _, b'-', _, b'0'..=b'9'] => registered.to_owned(),
            _ => format!("{year:04}-{month:02}-{day:02}"),
        }
    } else {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    })
}

/// Whether the text is a date that [`normalise`] reads.
pub(super) fn is_date(registered: &str) -> bool {
    parse(registered).is_some()
}

fn parse(registered: &str) -> Option<(u32, u32, u32, u32, u32, u32)> {
    let text = registered.trim();
    let (day, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let (year, month, day) = calendar_day(day)?;
    let (hour, minute, second) = if time.is_empty() { (0, 0, 0) } else { clock_time(time)? };
    Some((year, month, day, hour, minute, second))
}

fn calendar_day(text: &str) -> Option<(u32, u32, u32)> {
    let (year, month, day) = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        (&text[..4], &text[4..6], &text[6..])
    } else {
        let separator = if text.contains('/') { '/' } else { '-' };
        let mut parts = text.split(separator);
        let day = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || day.0.len() != 4 {
            return None;
        }
        day
    };
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    (year > 0 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day)).then_some((year, month, day))
}

fn days_in(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn clock_time(text: &str) -> Option<(u32, u32, u32)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    (parts.next().is_none() && hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

/// The number of one to `most` digits.
fn digits(text: &str, most: usize) -> Option<u32> {
    let is_number = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Whether the text is a decimal as databases print them: digits, at most one point, an optional sign.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_to_one_form() {
        for (text, date) in [
            ("2020-02-11", "2020-02-11"),
            ("2020/2/11", "2020-02-11"),
            ("20200211", "2020-02-11"),
            ("2020-02-11 00:00:00", "2020-02-11"),
            ("2020/2/11 9:30", "2020-02-11T09:30:00"),
            ("2020-02-11T09:30:05", "2020-02-11T09:30:05"),
            ("2020-02-11 09:30:05.0", "2020-02-11T09:30:05"),
            ("20200229", "2020-02-29"),
            ("2020-02-1 ", "2020-02-01"),
        ] {
            assert_eq!(normalise(text).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "不详", "2020-02-30", "20190229", "2020-13-01", "2020-2", "20-02-11", "2020-02-11 25:00", "长期"]
        {
            assert_eq!(normalise(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_digits_with_one_point() {
        assert!(["1", "1.50", ".5", "-3.2", "0"].iter().all(|text| is_decimal(text)));
        assert!(["", ".", "1,000", "1e5", "十"].iter().all(|text| !is_decimal(text)));
    }
}
