//! A synthetic county: an invented package of any size, the same to the byte for the same size.
//!
//! It has the spread of a real register: estates of flats, homesteads, fields, forest, sea; joint owners, presales,
//! mortgages over several units, waiting seizures, ended rights, legacy certificates without unit numbers; people and
//! companies in every form of number that registers hold. It is written row by row, so memory does not grow with it.
//!
//! Nobody in it can exist: identity numbers and credit codes carry valid check digits and division codes beginning 99.
//! What an answer must say of it is for others to work out; only the subjects in [`Summary`] are told.

mod about;
mod buildings;
mod charges;
mod county;
mod land;
mod numbers;
mod parties;
mod places;
mod random;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use super::{About, Encoding, WriteError};
use about::{AUTHORITY, COUNTY};
pub use about::{Subject, Summary};
use county::County;
use parties::Holder;

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
        expires: Some("2099-11-30T06:00:00+08:00".to_owned()),
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
