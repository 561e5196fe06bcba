//! What is known of the data that answers.

use super::tables::Table;

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
    /// Rows that stand in quarantine.
    pub quarantined_rows: u64,
}

impl GenerationFacts {
    /// The name of the generation's folder: sequence and the first eight digits of the package's identity.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.sequence, &self.package_id[..8.min(self.package_id.len())])
    }
}
