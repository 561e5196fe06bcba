//! What the first look notes: which texts are wanted, which unit a house code leads to, and who holds under a certificate number.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use crate::domain::{cell::name, rows::Row};

use super::{
    resolve::{Ties, house_code, units_of},
    staged::Place,
};

/// A set of texts, by their hash: a false hit costs a needless note, never a wrong join.
#[derive(Default)]
pub(super) struct Wanted {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Wanted {
    /// Whether nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Wants a text; an empty one is nothing.
    pub(super) fn insert(&mut self, text: &str) {
        if !text.is_empty() {
            self.hashes.insert(self.hasher.hash_one(text));
        }
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        !self.hashes.is_empty() && !text.is_empty() && self.hashes.contains(&self.hasher.hash_one(text))
    }
}

/// The unit of each wanted house code, where each has but the other.
#[derive(Default)]
pub(super) struct Houses(HashMap<Box<str>, Option<Place>>);

impl Houses {
    pub(super) fn note(&mut self, row: Row<'_>, wanted: &Wanted) {
        let code = house_code(row, "FWBM");
        if !wanted.contains(&code) {
            return;
        }
        let units = units_of(row, "BDCDYH");
        // A house without a unit number is a unit of its own.
        let own = units.is_empty().then(|| Place::group(&format!("house:{code}")));
        for place in units.into_iter().chain(own) {
            let known = self.0.entry(code.as_str().into()).or_insert_with(|| Some(place.clone()));
            if known.as_ref() != Some(&place) {
                *known = None;
            }
        }
    }

    /// The units, each with the code that leads to it.
    pub(super) fn units(&self) -> HashMap<Place, Box<str>> {
        self.0.iter().filter_map(|(code, place)| Some((place.clone()?, code.clone()))).collect()
    }

    /// Forgets the codes of units of which this row says another.
    pub(super) fn doubt(&mut self, row: Row<'_>, units: &HashMap<Place, Box<str>>) {
        let own = house_code(row, "FWBM");
        for code in units_of(row, "BDCDYH").iter().filter_map(|unit| units.get(unit)).filter(|code| ***code != *own) {
            self.0.insert(code.clone(), None);
        }
    }

    /// The only unit whose house has this code.
    pub(super) fn place(&self, code: &str) -> Option<&Place> {
        self.0.get(code)?.as_ref()
    }
}

/// Who holds what stands under each wanted certificate number: a number under rights of different units with different holders
/// leads to none of them (D44).
#[derive(Default)]
pub(super) struct Held(HashMap<Box<str>, Holders>);

#[derive(Default)]
struct Holders {
    /// The names of each unit's holders.
    by_unit: HashMap<Place, BTreeSet<String>>,
    /// The names of those whose rows lack the unit number.
    without_unit: BTreeSet<String>,
    /// Whether every such row says that several hold together.
    is_common: bool,
}

impl Held {
    pub(super) fn note(&mut self, row: Row<'_>, wanted: &Wanted) {
        if matches!(row.get("QSZT"), "2" | "3") {
            return;
        }
        let units = units_of(row, "BDCDYH");
        for certificate in Ties::of_row(row).certificates.iter().filter(|one| wanted.contains(one)) {
            let holders = self.0.entry(certificate.clone()).or_default();
            let name = name::normal(row.get("QLRMC"));
            if units.is_empty() {
                let is_common = matches!(row.get("GYFS"), "1" | "2" | "3");
                holders.is_common = is_common && (holders.is_common || holders.without_unit.is_empty());
                holders.without_unit.insert(name);
            } else {
                for unit in &units {
                    holders.by_unit.entry(unit.clone()).or_default().insert(name.clone());
                }
            }
        }
    }

    /// Whether those who hold under this number on several units are not the same everywhere.
    pub(super) fn is_by_strangers(&self, certificate: &str) -> bool {
        let Some(Holders { by_unit, without_unit, is_common }) = self.0.get(certificate) else { return false };
        let mut units = by_unit.values();
        match units.next() {
            Some(first) => units.any(|other| other != first) || !without_unit.is_subset(first),
            None => without_unit.len() > 1 && !is_common,
        }
    }
}
