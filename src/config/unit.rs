//! Values with their unit, as they stand in the configuration.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::domain::generation::Share;

/// A number of bytes: `"64KiB"`, `"16MiB"`, `"512B"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub usize);

/// A length of time: `"250ms"`, `"30s"`, `"5min"`, `"24h"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// How long something is kept: `"3650d"`, or `"forever"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(pub Option<Duration>);

/// Splits a value into its number and its unit.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|one: char| !one.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = split(&text).and_then(|(number, unit)| {
            let factor = match unit {
                "B" => 1,
                "KiB" => 1024,
                "MiB" => 1024 * 1024,
                "GiB" => 1024 * 1024 * 1024,
                _ => return None,
            };
            usize::try_from(number.checked_mul(factor)?).ok()
        });
        bytes
            .map(Self)
            .ok_or_else(|| D::Error::custom("give a size with its unit, such as \"16MiB\" (B, KiB, MiB, GiB)"))
    }
}

/// Reads a share: `"1%"`, `"0.25%"`, `"100%"`.
pub(super) fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
    let text = String::deserialize(deserializer)?;
    let share = text.strip_suffix('%').and_then(|number| {
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let is_number = [whole, part].iter().all(|digits| digits.bytes().all(|one| one.is_ascii_digit()));
        if !is_number || part.is_empty() || part.len() > 2 {
            return None;
        }
        let part: u16 = format!("{part:0<2}").parse().ok()?;
        Share::from_hundredths_of_percent(whole.parse::<u16>().ok()?.checked_mul(100)?.checked_add(part)?)
    });
    share.ok_or_else(|| D::Error::custom("give a share from \"0%\" to \"100%\", such as \"1%\" or \"0.25%\""))
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "forever" {
            return Ok(Self(None));
        }
        let days = split(&text).filter(|(days, unit)| *days > 0 && *unit == "d");
        let kept = days.and_then(|(days, _)| days.checked_mul(24 * 60 * 60)).map(Duration::from_secs);
        kept.map(|kept| Self(Some(kept)))
            .ok_or_else(|| D::Error::custom("give a number of days, such as \"3650d\", or \"forever\""))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = split(&text).and_then(|(number, unit)| match unit {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "min" => number.checked_mul(60).map(Duration::from_secs),
            "h" => number.checked_mul(60 * 60).map(Duration::from_secs),
            "d" => number.checked_mul(24 * 60 * 60).map(Duration::from_secs),
            _ => None,
        });
        span.map(Self)
            .ok_or_else(|| D::Error::custom("give a time with its unit, such as \"250ms\" (ms, s, min, h, d)"))
    }
}
