//! The county while it grows: what is left to do, and the next number, date and holder.

use std::path::Path;

use crate::package::write::{About, WriteError};

use super::about::{COUNTY, SEED, Subject, Summary};
use super::parties::{self, COMPANIES_RESERVED, Holder, PERSONS_RESERVED};
use super::random::Random;
use super::tables::{Registration, Tables};

/// The persons that the summary names, by their numbers in [`parties`].
pub(super) const SINGLE_UNIT_PERSON: u64 = 1;
pub(super) const CHARGED_PERSON: u64 = 2;
pub(super) const SHORT_NUMBER_PERSON: u64 = 3;
const ABSENT_PERSON: u64 = 4;

/// The companies that the summary names.
const LARGE_COMPANY: u64 = 1;
pub(super) const OLD_CODE_COMPANY: u64 = 5;

/// Who gets the next flats, so that the subjects of the summary are in every county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    SingleUnit,
    Charged,
    OldCodeWithHyphen,
    OldCodeWithoutHyphen,
    CreditCode,
    LongNumber,
    ShortNumber,
}

/// In the order in which they are given flats.
const RESERVED: [Reserved; 7] = [
    Reserved::SingleUnit,
    Reserved::Charged,
    Reserved::OldCodeWithHyphen,
    Reserved::OldCodeWithoutHyphen,
    Reserved::CreditCode,
    Reserved::LongNumber,
    Reserved::ShortNumber,
];

/// How many units each subject of the summary has got.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) single: u64,
    pub(super) charged: u64,
    pub(super) short_number: u64,
    pub(super) old_code: u64,
    large: u64,
}

/// A company that buys flats by the thousand.
#[derive(Debug)]
struct LargeHolder {
    company: u64,
    left: u64,
}

pub(super) struct County {
    pub(super) tables: Tables,
    pub(super) random: Random,
    pub(super) given: Given,
    /// Whether estates are small, for there are few units.
    pub(super) is_small: bool,
    /// Number of the parcel, from 0.
    pub(super) parcels: u64,
    /// Number of the estate, from 0.
    pub(super) estates: u64,
    /// The last land with a holder, which the next easement burdens.
    pub(super) last_land: Option<(String, Holder)>,
    units_wanted: u64,
    units: u64,
    businesses: u64,
    certificates: u64,
    persons: u64,
    companies: u64,
    reserved_given: usize,
    large: Vec<LargeHolder>,
}

impl County {
    pub(super) fn create(dir: &Path, about: About, units: u64) -> Result<Self, WriteError> {
        // The largest comes first and holds 5,000 of a large county; the others hold 3,000, 2,000 and 1,200.
        let scale = units.min(100_000);
        let shares = [(LARGE_COMPANY, 50), (2, 30), (3, 20), (4, 12)];
        let large = shares.map(|(company, per_mille)| LargeHolder { company, left: scale * per_mille / 1000 });
        Ok(Self {
            tables: Tables::create(dir, about)?,
            random: Random::new(SEED),
            given: Given::default(),
            is_small: units < 2000,
            parcels: 0,
            estates: 0,
            last_land: None,
            units_wanted: units,
            units: 0,
            businesses: 0,
            certificates: 0,
            persons: PERSONS_RESERVED,
            companies: 20 + units / 400,
            reserved_given: 0,
            large: large.into(),
        })
    }

    /// Whether all units were written.
    pub(super) fn is_full(&self) -> bool {
        self.units >= self.units_wanted
    }

    /// Takes one of the units left; `false` where none is.
    pub(super) fn take_unit(&mut self) -> bool {
        let is_left = !self.is_full();
        self.units += u64::from(is_left);
        is_left
    }

    /// The next flat's reserved owner, until all have theirs.
    pub(super) fn next_reserved(&mut self) -> Option<Reserved> {
        let reserved = RESERVED.get(self.reserved_given).copied();
        self.reserved_given += usize::from(reserved.is_some());
        reserved
    }

    /// The large holder that buys the next flat of an estate, where one still buys.
    pub(super) fn next_large_holder(&mut self) -> Option<Holder> {
        let buyer = self.large.iter_mut().find(|holder| holder.left > 0)?;
        buyer.left -= 1;
        self.given.large += u64::from(buyer.company == LARGE_COMPANY);
        Some(parties::company(buyer.company))
    }

    /// A person: mostly a new one, sometimes one who has something already, then perhaps by the 15-digit number.
    pub(super) fn person(&mut self) -> Holder {
        if self.persons > PERSONS_RESERVED + 20 && self.random.chance(80) {
            let known = PERSONS_RESERVED + self.random.below(self.persons - PERSONS_RESERVED);
            return if self.random.chance(250) {
                parties::person_in_short(known)
            } else {
                parties::person_as_registered(known)
            };
        }
        self.persons += 1;
        parties::person_as_registered(self.persons)
    }

    /// One of the county's companies.
    pub(super) fn company(&mut self) -> Holder {
        let id = COMPANIES_RESERVED + self.random.below(self.companies);
        parties::company_as_registered(id, &mut self.random)
    }

    /// Those who own a home together.
    pub(super) fn household(&mut self) -> Vec<Holder> {
        let count = match self.random.below(100) {
            0..50 => 1,
            50..95 => 2,
            95..99 => 3,
            _ => 4,
        };
        let persons: Vec<Holder> = (0..count).map(|_| self.person()).collect();
        let have_numbers = persons.iter().all(|holder| holder.document_number.chars().count() >= 15);
        if count > 1 && have_numbers && self.random.chance(30) { vec![parties::joined(&persons)] } else { persons }
    }

    /// A new registration on `unit`, of right kind `kind`, in force.
    pub(super) fn registration(&mut self, unit: &str, kind: &'static str) -> Registration {
        let (year, registered_at) = self.moment(2016, 2026);
        self.businesses += 1;
        self.certificates += 1;
        let brackets = if self.random.chance(100) { ('（', '）') } else { ('(', ')') };
        Registration {
            unit: unit.to_owned(),
            business: format!("{year}{COUNTY}{:010}", self.businesses),
            certificate: format!("测{}{year}{}测试县不动产权第{:07}号", brackets.0, brackets.1, self.certificates),
            kind,
            procedure: "200",
            reason: "买卖",
            registered_at,
            status: "1",
            is_trial_form: self.random.chance(200),
        }
    }

    /// A new charge or notice on `unit`, proved by a 不动产登记证明.
    pub(super) fn charge(&mut self, unit: &str, procedure: &'static str, reason: &'static str) -> Registration {
        let registration = self.registration(unit, "");
        let certificate = registration.certificate.replace("不动产权第", "不动产证明第");
        Registration { certificate, procedure, reason, ..registration }
    }

    /// A business number that belongs to no other registration.
    pub(super) fn business(&mut self) -> String {
        self.businesses += 1;
        format!("2026{COUNTY}{:010}", self.businesses)
    }

    /// The year and the text of a moment, in one of the forms that exports have.
    fn moment(&mut self, from: u64, to: u64) -> (u64, String) {
        let year = from + self.random.below(to - from + 1);
        // The export is of late November 2026: nothing in it is of December.
        let (month, day) = (1 + self.random.below(10), 1 + self.random.below(28));
        let text = match self.random.below(20) {
            0 => format!("{year}/{month:02}/{day:02}"),
            1 => format!("{year}{month:02}{day:02}"),
            2..8 => format!("{year}-{month:02}-{day:02}"),
            _ => {
                let (hour, minute) = (8 + self.random.below(10), self.random.below(60));
                format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:00")
            }
        };
        (year, text)
    }

    /// A day in these years.
    pub(super) fn date(&mut self, from: u64, to: u64) -> String {
        let year = from + self.random.below(to - from + 1);
        format!("{year}-{:02}-{:02}", 1 + self.random.below(10), 1 + self.random.below(28))
    }

    /// A decimal with two places, in hundredths from `from` to below `to`.
    pub(super) fn decimal(&mut self, from: u64, to: u64) -> String {
        let hundredths = from + self.random.below(to - from);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    /// Ends the package and tells what is in it.
    pub(super) fn finish(self) -> Result<Summary, WriteError> {
        let given = self.given;
        Ok(Summary {
            units: self.units,
            rows: self.tables.finish()?,
            single_unit_person: Subject::new(parties::person(SINGLE_UNIT_PERSON), given.single),
            charged_person: Subject::new(parties::person(CHARGED_PERSON), given.charged),
            short_number_person: Subject::new(parties::person(SHORT_NUMBER_PERSON), given.short_number),
            absent_person: Subject::new(parties::person(ABSENT_PERSON), 0),
            large_company: Subject::new(parties::company(LARGE_COMPANY), given.large),
            old_code_company: Subject::new(parties::company(OLD_CODE_COMPANY), given.old_code),
        })
    }
}
