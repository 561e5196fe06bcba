//! What is known of the data that answers.

use std::fmt;

use super::{kinds::KINDS, tables::Table};

/// Rows that a load may set aside at most: more are no exceptions, and each takes memory while they are gathered.
pub const QUARANTINE_MAX: usize = 100_000;

/// A share in hundredths of a percent; at most all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u16);

impl Share {
    /// Everything.
    pub const ALL: Self = Self(10_000);

    /// So many hundredths of a percent; `None` where they are more than all.
    #[must_use]
    pub fn from_hundredths_of_percent(hundredths: u16) -> Option<Self> {
        (hundredths <= Self::ALL.0).then_some(Self(hundredths))
    }

    /// How many hundredths of a percent.
    #[must_use]
    pub fn hundredths_of_percent(self) -> u64 {
        self.0.into()
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(formatter, "{whole}%"),
            (whole, part) if part % 10 == 0 => write!(formatter, "{whole}.{}%", part / 10),
            (whole, part) => write!(formatter, "{whole}.{part:02}%"),
        }
    }
}

/// The facts of one generation that its answers tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenerationFacts {
    /// Sequence number of the package.
    pub sequence: u64,
    /// SHA-256 of the package's manifest, lower-case hexadecimal.
    pub package_id: String,
    /// 6-digit division code of the authority.
    pub authority_code: String,
    /// Name of the authority.
    pub authority_name: String,
    /// Time of the export, RFC 3339.
    pub as_of: String,
    /// When it is meant to be superseded, RFC 3339; empty where the package does not say.
    pub expires: String,
    /// The tables present with their rows, in the order of the standard.
    pub tables: Vec<(Table, u64)>,
    /// Rows that stand in quarantine, by table, in the order of the standard; only tables that have such rows.
    pub quarantined: Vec<(Table, u64)>,
    /// What the operator accepted at the load although it bears on answers.
    pub accepted: Vec<Accepted>,
    /// Words of the bureau's own that the package explains, as `QLR.证件号 = ZJH`.
    pub mapped: Vec<String>,
    /// Who vouches for the package. Report and ledger tell it; answers do not.
    pub signature: Signature,
}

/// Who vouches for a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// Not known: the generation was made before signatures were looked at.
    #[default]
    Unknown,
    /// A key that the configuration lists has signed the manifest.
    By {
        /// The key's name, and its id in hexadecimal.
        key: String,
    },
    /// No listed key has, and an operator loaded the package all the same.
    Missing {
        /// Why, in the operator's words.
        reason: String,
    },
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::By { key } => write!(formatter, "signed by {key}"),
            Self::Missing { reason } => write!(formatter, "not signed by a listed key: {reason}"),
        }
    }
}

/// Digits of a package's identity in a generation's name.
const NAME_DIGITS: usize = 8;

/// The sequence that a generation's name begins with; `None` where it is no generation's name.
#[must_use]
pub fn sequence(name: &str) -> Option<u64> {
    let (sequence, id) = name.split_once('-')?;
    let is_id = (1..=NAME_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { sequence.parse().ok() } else { None }
}

/// A gap of a package that the operator accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// `TABLE`, `TABLE.COLUMN` or `TABLE.COLUMN=VALUE`, by standard names.
    pub what: String,
    /// Why, in the operator's words.
    pub reason: String,
}

/// The table of holders, and those of rights and charges: where one is absent, something was not searched.
fn is_searched(table: Table) -> bool {
    table == Table::Qlr || KINDS.iter().any(|kind| kind.tables.contains(&table))
}

impl GenerationFacts {
    /// The name of the generation's folder: sequence and the first eight digits of the package's identity.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.sequence, &self.package_id[..NAME_DIGITS.min(self.package_id.len())])
    }

    /// Rows that stand in quarantine.
    #[must_use]
    pub fn quarantined_rows(&self) -> u64 {
        self.quarantined.iter().map(|(_, rows)| rows).sum()
    }

    /// The tables of holders, rights and charges that the package lacks, in the order of the standard (D48).
    pub fn tables_not_searched(&self) -> impl Iterator<Item = Table> {
        Table::ALL
            .into_iter()
            .filter(|table| is_searched(*table) && !self.tables.iter().any(|(present, _)| present == table))
    }
}

#[cfg(test)]
mod tests {
    use super::{GenerationFacts, sequence};

    #[test]
    fn a_generations_name_tells_its_sequence_and_other_names_none() {
        let package_id = "3f9c".repeat(16);
        let name = GenerationFacts { sequence: 412, package_id, ..GenerationFacts::default() }.name();
        assert_eq!((name.as_str(), sequence(&name)), ("412-3f9c3f9c", Some(412)));
        for other in ["", "412", "412-", "-3f9c", "412-3f9c3f9c3", "412-3f9c/..", ".building-x", "x-3f9c"] {
            assert_eq!(sequence(other), None, "{other}");
        }
    }
}
