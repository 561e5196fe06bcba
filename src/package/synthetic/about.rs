//! Which county is made, and what is told of it.

use crate::domain::tables::Table;

/// Division code of the county.
pub(super) const COUNTY: &str = "990102";

/// Name of the authority.
pub(super) const AUTHORITY: &str = "测试县不动产登记中心";

/// The seed of every county.
pub(super) const SEED: u64 = 0x6264_6364_2026_1123;

/// Someone in the county to ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Name.
    pub name: String,
    /// Document kind, a code of list ZJZL.
    pub document_kind: String,
    /// Document number.
    pub document_number: String,
    /// On how many units the subject has a current ownership right. 0 where the county is too small to hold them.
    pub units: u64,
}

/// What was generated, and whom to ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Units that carry a registration; legacy certificates count as one each.
    pub units: u64,
    /// Rows of each table, in the order of the standard.
    pub rows: Vec<(Table, u64)>,
    /// A person with one flat and nothing else on it.
    pub single_unit_person: Subject,
    /// A person with one flat, mortgaged and seized, with another seizure waiting.
    pub charged_person: Subject,
    /// A person with two flats, one of them under the 15-digit number; the 18-digit number is told.
    pub short_number_person: Subject,
    /// A person of the county's kind who holds nothing in it.
    pub absent_person: Subject,
    /// The company with the most units, as sole owner: 5,000 from 100,000 units on, one in twenty below.
    pub large_company: Subject,
    /// A company with three flats, under its old organisation code with and without hyphen and under its credit code,
    /// which is told.
    pub old_code_company: Subject,
}
