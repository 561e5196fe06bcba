//! One question about one subject, checked.

use super::{kinds::Kind, matching::Subject};

/// What is asked of a subject's registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Ownership and use rights.
    OwnershipAndUse = 1,
    /// 抵押
    Mortgage = 2,
    /// 查封
    Seizure = 3,
    /// 地役权
    Easement = 4,
    /// 预告登记
    PreNotice = 5,
    /// 异议登记
    Objection = 6,
}

impl Item {
    /// Every item.
    pub const ALL: [Self; 6] =
        [Self::OwnershipAndUse, Self::Mortgage, Self::Seizure, Self::Easement, Self::PreNotice, Self::Objection];

    /// The item of this number in the contract.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|item| *item as i32 == number)
    }

    /// The item that asks for registrations of this kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Mortgage => Self::Mortgage,
            Kind::Seizure => Self::Seizure,
            Kind::Easement => Self::Easement,
            Kind::PreNotice => Self::PreNotice,
            Kind::Objection => Self::Objection,
            Kind::LandOwnership
            | Kind::LandUse
            | Kind::Building
            | Kind::SeaUse
            | Kind::Structure
            | Kind::Forest
            | Kind::AgriculturalUse => Self::OwnershipAndUse,
        }
    }
}

/// An inquiry as it came, nothing checked yet. Empty texts are absent.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "each is the field of the same name in the contract")]
pub struct Draft {
    pub request_number: String,
    pub court_name: String,
    pub court_code: String,
    pub case_number: String,
    pub handler_name: String,
    pub work_certificate_number: String,
    pub official_certificate_number: String,
    pub handler_contact: String,
    pub notice_number: String,
    pub subject_name: String,
    pub document_kind: String,
    pub document_number: String,
    /// Numbers of the contract's enumeration.
    pub items: Vec<i32>,
    pub include_ended: bool,
}

/// By which door an inquiry came, and so what it must state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `Query`: everything the notice must state.
    Query,
    /// `Exchange`: what the specification's message carries; it knows no court code, contact or items.
    Exchange,
}

/// A field that is missing or malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the contract (`subject.document_number`), or the element's name.
    pub field: &'static str,
    /// What is wrong and what to send instead; never the value.
    pub description: String,
}

/// One question about one subject; every value is present and well-formed.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the field of the same name in the contract")]
pub struct Inquiry {
    pub request_number: String,
    pub court_name: String,
    /// Empty at the door of `Exchange` until policy has found the court by its name.
    pub court_code: String,
    pub case_number: String,
    pub handler_name: String,
    pub work_certificate_number: String,
    pub official_certificate_number: String,
    pub handler_contact: String,
    pub notice_number: String,
    pub subject: Subject,
    /// Ascending, without repetition, never empty.
    pub items: Vec<Item>,
    pub include_ended: bool,
}
