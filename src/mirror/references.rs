//! What one row says of other units, remembered while rows are read: lists of mortgaged units, easements' two sides, rows
//! without a unit number, parcels and buildings named by another code than the unit's own.
//!
//! Only such rows are remembered, so the memory follows their number, not the register's size. The order of reading
//! (`stage`) puts every row after those that it is looked up from.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use crate::domain::tables::Table;

use super::{
    lookup::{Held, Houses, Wanted},
    resolve::{Resolution, Ties, resolve},
    staged::{Line, Place},
};

/// What one row of DYWQD lists for its business number.
pub(super) struct Listed {
    /// The places.
    pub(super) places: Vec<Place>,
    /// The row.
    pub(super) line: u64,
    /// Whether a mortgage took it.
    pub(super) is_used: bool,
}

/// Texts that stand beside different others, by hash: a false hit joins less than might be joined, never more.
#[derive(Default)]
pub(super) struct Shared {
    hasher: RandomState,
    first: HashMap<u64, u64>,
    conflicting: HashSet<u64>,
}

impl Shared {
    /// Notes that `text` stands beside `other`; an empty text is nothing.
    pub(super) fn note(&mut self, text: &str, other: &impl Hash) {
        if !text.is_empty() {
            let (text, other) = (self.hasher.hash_one(text), self.hasher.hash_one(other));
            if *self.first.entry(text).or_insert(other) != other {
                self.conflicting.insert(text);
            }
        }
    }

    /// Whether `text` was noted beside different others.
    pub(super) fn contains(&self, text: &str) -> bool {
        !self.conflicting.is_empty() && self.conflicting.contains(&self.hasher.hash_one(text))
    }
}

/// A registration that rows elsewhere may belong to.
pub(super) struct Noted {
    /// Its row.
    pub(super) line: Line,
    /// Where it stands.
    pub(super) places: Vec<Place>,
    /// What ties holders to it.
    pub(super) ties: Ties,
}

impl Noted {
    /// Whether it stands on several units.
    pub(super) fn is_spanning(&self) -> bool {
        self.places.len() > 1
    }
}

/// Everything remembered.
#[derive(Default)]
pub(super) struct References {
    /// Business numbers of rows without a unit number.
    pub(super) wanted_businesses: Wanted,
    /// Certificate numbers of rows without a unit number.
    pub(super) wanted_certificates: Wanted,
    /// DYWQD by business number.
    pub(super) listed: HashMap<Box<str>, Vec<Listed>>,
    /// Business numbers of mortgages of different certificates or mortgagors (D45).
    pub(super) shared_businesses: Shared,
    /// Units by the house codes that lists of mortgaged things name instead.
    pub(super) houses: Houses,
    /// Who holds what stands under the wanted certificate numbers.
    pub(super) held: Held,
    noted: Vec<Noted>,
    by_business: HashMap<Box<str>, Vec<usize>>,
    by_certificate: HashMap<Box<str>, Vec<usize>>,
    /// Units whose right names a parcel or sea area by another code than the unit number's.
    pub(super) parcels: HashMap<Box<str>, Vec<Place>>,
    /// Units whose house names a building that does not begin with the unit number's parcel.
    pub(super) buildings: HashMap<Box<str>, Vec<Place>>,
}

impl References {
    /// Notes a registration where a row without unit number, or of another unit, may be looking for it.
    pub(super) fn note(&mut self, line: Line, places: Vec<Place>, ties: Ties, is_always: bool) {
        let is_wanted = is_always
            || places.len() > 1
            || self.by_business.contains_key(&ties.business)
            || self.wanted_businesses.contains(&ties.business)
            || ties.certificates.iter().any(|certificate| self.wanted_certificates.contains(certificate));
        if !is_wanted {
            return;
        }
        let at = self.noted.len();
        if !ties.business.is_empty() {
            self.by_business.entry(ties.business.clone()).or_default().push(at);
        }
        for certificate in &ties.certificates {
            self.by_certificate.entry(certificate.clone()).or_default().push(at);
        }
        self.noted.push(Noted { line, places, ties });
    }

    /// The noted registrations of this business number; none where it is a filler.
    pub(super) fn of_business(&self, ties: &Ties) -> impl Iterator<Item = &Noted> {
        let positions = self.by_business.get(&ties.business).filter(|_| ties.leads_by_business());
        positions.into_iter().flatten().map(|at| &self.noted[*at])
    }

    /// The units of the registrations of these certificate numbers, but for numbers that strangers share (D44).
    pub(super) fn units_of_certificates(&self, ties: &Ties) -> Vec<Place> {
        let mut places = Vec::new();
        for certificate in &ties.certificates {
            let rights: Vec<&Noted> = self.of_certificates(std::slice::from_ref(certificate)).collect();
            let found = distinct(rights.iter().copied());
            let is_one = rights.iter().all(|noted| noted.line == rights[0].line);
            if found.len() == 1 || is_one || !self.held.is_by_strangers(certificate) {
                places.extend(found.into_iter().filter(|place| !places.contains(place)).collect::<Vec<_>>());
            }
        }
        places
    }

    /// The noted registrations of any of these certificate numbers; one may come twice.
    pub(super) fn of_certificates(&self, certificates: &[Box<str>]) -> impl Iterator<Item = &Noted> {
        let positions = certificates.iter().filter_map(|certificate| self.by_certificate.get(certificate)).flatten();
        positions.map(|at| &self.noted[*at])
    }

    /// Where a holder without unit number belongs: the units of its business number whose right has its certificate number;
    /// where it has no certificate number, those of its business number, if that is one right's or one certificate's; where no
    /// right has its business number, those of its certificate numbers. Nowhere where the two numbers name different
    /// registrations: one of them is wrong, and nobody can say which.
    pub(super) fn homes(&self, holder: &Ties) -> Vec<Place> {
        // A seizure has no holders.
        let business: Vec<&Noted> = self.of_business(holder).filter(|noted| noted.line.table != Table::Cfdj).collect();
        let both: Vec<&Noted> =
            business.iter().copied().filter(|noted| noted.ties.shares_certificate(holder)).collect();
        if !both.is_empty() {
            return distinct(both.into_iter());
        }
        if business.is_empty() {
            return self.units_of_certificates(holder);
        }
        let is_contradicted = !holder.certificates.is_empty()
            && (business.iter().all(|noted| !noted.ties.certificates.is_empty())
                || self.of_certificates(&holder.certificates).next().is_some());
        let is_sure = business.iter().all(|noted| {
            let of_kind = business.iter().copied().filter(|other| other.ties.kind() == noted.ties.kind());
            are_one(&of_kind.collect::<Vec<_>>())
        });
        if is_sure && !is_contradicted { distinct(business.into_iter()) } else { Vec::new() }
    }

    /// The registrations on several units that a holder's row at `home` belongs to, judged among those at `home`.
    pub(super) fn spanning_at(&self, home: &Place, holder: &Ties) -> Vec<&Noted> {
        let mut here: Vec<&Noted> = Vec::new();
        for noted in self.of_business(holder).chain(self.of_certificates(&holder.certificates)) {
            if noted.places.contains(home) && here.iter().all(|known| known.line != noted.line) {
                here.push(noted);
            }
        }
        if !here.iter().any(|noted| noted.is_spanning()) {
            return Vec::new();
        }
        let ties: Vec<&Ties> = here.iter().map(|noted| &noted.ties).collect();
        match resolve(holder, &ties) {
            Resolution::Found(positions) => {
                positions.into_iter().map(|at| here[at]).filter(|noted| noted.is_spanning()).collect()
            }
            // Where it is ambiguous here, it is ambiguous when the unit is put together, and the load stops there.
            Resolution::Ambiguous | Resolution::Nothing => Vec::new(),
        }
    }

    /// The registrations on several units, none of them `home`, that a holder's row names beyond doubt: by business number
    /// and no other certificate number, or by certificate number where it has no business number.
    pub(super) fn spanning_elsewhere(&self, home: &Place, holder: &Ties) -> Vec<&Noted> {
        let fits = |noted: &&Noted| {
            let is_certain =
                noted.ties.shares_certificate(holder) || (holder.leads_by_business() && holder.certificates.is_empty());
            noted.is_spanning() && is_certain && !noted.places.contains(home)
        };
        let mut found: Vec<&Noted> = if holder.leads_by_business() {
            self.of_business(holder).filter(fits).collect()
        } else {
            self.of_certificates(&holder.certificates).filter(fits).collect()
        };
        found.dedup_by_key(|noted| noted.line);
        let are_alike = found.iter().all(|noted| noted.line.table == found[0].line.table) && are_one(&found);
        if are_alike || !holder.certificates.is_empty() { found } else { Vec::new() }
    }
}

/// Whether registrations are one, or of one certificate: else strangers may share what led to them.
pub(super) fn are_one(rights: &[&Noted]) -> bool {
    let Some(first) = rights.first() else { return true };
    rights.iter().all(|noted| noted.line == first.line)
        || (!first.ties.certificates.is_empty()
            && rights.iter().all(|noted| noted.ties.certificates == first.ties.certificates))
}

/// The places of registrations, each once.
pub(super) fn distinct<'a>(noted: impl Iterator<Item = &'a Noted>) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for place in noted.flat_map(|noted| &noted.places) {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    places
}
