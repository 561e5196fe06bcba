//! What comparing a subject with a party can tell.

/// Rule by which a party is the subject; the number is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The normalised numbers are equal.
    Exact = 1,
    /// 18 and 15 digits of one identity number, and an equal name (D6).
    Variant = 2,
    /// The same organisation code, or the same inside a credit code.
    Orgcode = 3,
    /// A body without a usable number, and an equal name.
    Name = 4,
}

impl Rule {
    /// The rule of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Exact, Self::Variant, Self::Orgcode, Self::Name].into_iter().find(|rule| *rule as u64 == number)
    }
}

/// What the reader of a match should know; the number is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// A person's number is equal and the name is not (D7).
    NameDiffers = 1,
    /// A body's number is equal and the name is not.
    Renamed = 2,
    /// To be verified on site (现场核实).
    VerifyOnSite = 3,
    /// Whether the registration is in force is doubtful (D36, D40).
    StatusDoubtful = 4,
}

impl Flag {
    /// The flag of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::NameDiffers, Self::Renamed, Self::VerifyOnSite, Self::StatusDoubtful]
            .into_iter()
            .find(|flag| *flag as u64 == number)
    }
}

/// Why a registration that was found is not shown; the number is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withholding {
    /// An ambiguous form of number is equal and the name is not (D6, D11).
    NameDiffers = 1,
    /// A person of that name without a usable number; also a body where the inquiry does not say that it asks about one.
    PersonNameOnly = 2,
    /// A travel permit that differs in its issue count (D18).
    PermitIssue = 3,
    /// QSZT 0 (D1).
    Provisional = 4,
    /// A charge on the parcel under a building unit of the subject (D4).
    ParcelOnly = 5,
    /// Ended, and ended rights were not asked for.
    Ended = 6,
    /// Of an item that was not asked for.
    NotAsked = 7,
    /// A party of that name whose number is damaged (D38).
    NumberDamaged = 8,
    /// A charge on the building that a unit of the subject is in (D43).
    BuildingOnly = 9,
}

impl Withholding {
    /// Every rule, in order of precedence.
    pub const ALL: [Self; 9] = [
        Self::NameDiffers,
        Self::PersonNameOnly,
        Self::NumberDamaged,
        Self::PermitIssue,
        Self::Provisional,
        Self::BuildingOnly,
        Self::ParcelOnly,
        Self::Ended,
        Self::NotAsked,
    ];

    /// Its place in the order of precedence, from 0.
    #[must_use]
    pub fn precedence(self) -> usize {
        Self::ALL.iter().position(|rule| *rule == self).unwrap_or(Self::ALL.len())
    }

    /// The rule of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| *rule as u64 == number)
    }
}

/// What comparing a subject with a party told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The party is the subject.
    Match {
        /// The rule that matched.
        rule: Rule,
        /// What the reader should know, ascending.
        flags: Vec<Flag>,
    },
    /// The party might be the subject: counted, not shown.
    Withheld(Withholding),
}

impl Outcome {
    /// The better of two outcomes has the lower rank.
    pub(in crate::domain) fn rank(&self) -> (u8, u8) {
        match self {
            Self::Match { rule, .. } => (0, *rule as u8),
            Self::Withheld(rule) => (1, u8::try_from(rule.precedence()).unwrap_or(u8::MAX)),
        }
    }

    /// The better of two, the first where they are equal.
    pub(super) fn better(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(first), Some(second)) if second.rank() < first.rank() => Some(second),
            (first, second) => first.or(second),
        }
    }
}
