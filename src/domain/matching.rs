//! When a registered party is the subject of an inquiry.

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
}

impl Flag {
    /// The flag of this number in the contract.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::NameDiffers, Self::Renamed, Self::VerifyOnSite].into_iter().find(|flag| *flag as u64 == number)
    }
}

/// Why a registration that was found is not shown; the number is the contract's, and the order the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withholding {
    /// An ambiguous form of number is equal and the name is not (D6, D11).
    NameDiffers = 1,
    /// A person of that name without a usable number.
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

/// A party as matching sees it.
#[derive(Clone, Copy)]
pub struct Registered<'a> {
    /// Name; may hold several.
    pub name: &'a str,
    /// Document kind, a code of list ZJZL; empty where unknown.
    pub document_kind: &'a str,
    /// Document number; may hold several, or none.
    pub document_number: &'a str,
    /// Kind of holder, a code of list QLRLX; empty where unknown.
    pub holder_kind: &'a str,
}

/// The keys under which a party is found in the mirror: what [`Subject::search_keys`] shares with it where they may match.
#[must_use]
pub fn index_keys(_party: Registered<'_>) -> Vec<String> {
    Vec::new()
}

/// Who is asked about.
#[derive(Clone)]
pub struct Subject {}

impl Subject {
    /// The subject of this name, document kind and number.
    #[must_use]
    pub fn new(_name: &str, _document_kind: &str, _document_number: &str) -> Self {
        Self {}
    }

    /// The keys under which parties that may be the subject are found.
    #[must_use]
    pub fn search_keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// Compares with a registered party; `None` where it is somebody else.
    #[must_use]
    pub fn compare(&self, _party: Registered<'_>) -> Option<Outcome> {
        None
    }
}
