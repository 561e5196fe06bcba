//! What a report holds.

use jiff::{Zoned, tz::TimeZone};

use super::{count::Counts, months::Months};
use crate::ledger::leaf::UtcMillis;

/// A report, ready to be told.
pub(super) struct Report {
    pub(super) months: Months,
    pub(super) counts: Counts,
    /// The ledger's name.
    pub(super) ledger: String,
    pub(super) zone: TimeZone,
    /// From the first moment of the months to before the first after them.
    pub(super) span: (UtcMillis, UtcMillis),
    pub(super) made: Zoned,
    pub(super) is_revealed: bool,
}

impl Report {
    /// Whether the last month was not over when the report was made.
    pub(super) fn is_unfinished(&self) -> bool {
        self.made.timestamp().as_millisecond() < self.span.1
    }

    /// The time zone that days and months are counted in.
    pub(super) fn zone_name(&self) -> String {
        let offset = self.made.strftime("%:z");
        self.zone.iana_name().map_or_else(|| format!("UTC{offset}"), |name| format!("{name} (UTC{offset})"))
    }
}
