//! What is known of the data that answers.

use super::{kinds::KINDS, tables::Table};

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
        format!("{}-{}", self.sequence, &self.package_id[..8.min(self.package_id.len())])
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
