//! A synthetic county: an invented package of any size, the same to the byte for the same size.
//!
//! It has the spread of a real register: estates of flats, homesteads, fields, forest, sea; joint owners, presales,
//! mortgages over several units, waiting seizures, ended rights, legacy certificates without unit numbers; people and
//! companies in every form of number that registers hold. It is written row by row, so memory does not grow with it.
//!
//! Nobody in it can exist: identity numbers and credit codes carry valid check digits and division codes beginning 99.
//! What an answer must say of it is for others to work out; only the subjects in [`Summary`] are told.

mod buildings;
mod charges;
mod county;
mod land;
mod numbers;
mod parties;
mod random;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::tables::Table;

use super::{About, Encoding, WriteError};
use county::County;
use parties::Holder;

/// Division code of the county.
const COUNTY: &str = "990102";

/// Name of the authority.
const AUTHORITY: &str = "测试县不动产登记中心";

/// The seed of every county.
const SEED: u64 = 0x6264_6364_2026_1123;

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

/// Writes a package of `units` units into the folder `dir`, which must be empty or not there.
///
/// # Errors
///
/// Where the folder has files in it or the disk fails.
pub fn generate(dir: &Path, units: u64) -> Result<Summary, WriteError> {
    let about = About {
        authority_code: COUNTY.to_owned(),
        authority_name: AUTHORITY.to_owned(),
        sequence: 1,
        as_of: "2026-11-23T06:00:00+08:00".to_owned(),
        expires: Some("2026-11-30T06:00:00+08:00".to_owned()),
        encoding: Encoding::Utf8,
        columns: BTreeMap::new(),
        codes: BTreeMap::new(),
        none: Vec::new(),
        accept: BTreeMap::new(),
    };
    let mut county = County::create(dir, about, units)?;
    while !county.is_full() {
        county.next_parcel()?;
    }
    county.finish()
}

impl Subject {
    fn new(holder: Holder, units: u64) -> Self {
        let Holder { name, document_kind, document_number, .. } = holder;
        Self { name, document_kind: document_kind.to_owned(), document_number, units }
    }
}

#[cfg(test)]
mod tests;
