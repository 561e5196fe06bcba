//! What the register holds on one unit, in memory: units, registrations, parties.
//!
//! The compiler builds these from rows, the mirror seals them, [`super::answer`] chooses among them. Every text is as
//! registered; only dates are brought to one form, where they are dates.

use super::{
    kinds::{Kind, tag},
    matching::outcome::{Flag, Rule},
};

/// Texts by the tag of their field, ascending; an empty text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(u32, String)>);

impl Values {
    /// The text of a field; empty where absent.
    #[must_use]
    pub fn get(&self, tag: u32) -> &str {
        self.0.binary_search_by_key(&tag, |(tag, _)| *tag).map_or("", |at| self.0[at].1.as_str())
    }

    /// Sets the text of a field; an empty text removes it.
    pub fn set(&mut self, tag: u32, text: impl Into<String>) {
        let text = text.into();
        match (self.0.binary_search_by_key(&tag, |(tag, _)| *tag), text.is_empty()) {
            (Ok(at), true) => drop(self.0.remove(at)),
            (Ok(at), false) => self.0[at].1 = text,
            (Err(_), true) => {}
            (Err(at), false) => self.0.insert(at, (tag, text)),
        }
    }

    /// The fields that hold something, by ascending tag.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.0.iter().map(|(tag, text)| (*tag, text.as_str()))
    }

    /// Whether no field holds anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A real-estate unit (不动产单元) with the registrations on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// 不动产单元号, folded; empty on a legacy registration that has none.
    pub number: String,
    /// What holds the registrations of a unit without a number together; empty where there is a number.
    pub group: String,
    /// 坐落
    pub location: String,
    /// Area, a decimal in the unit of [`Unit::area_unit`].
    pub area: String,
    /// A code of list MJDW.
    pub area_unit: String,
    /// Where it lies.
    pub position: Option<Position>,
    /// In the order of D28: kind, registration time, business number, certificate number, identity.
    pub registrations: Vec<Registration>,
    /// Charges on the parcel under this unit (D4) and on the building around it (D43), which are not the unit's own. An answer
    /// counts them and never shows them.
    pub noted_charges: Vec<NotedCharge>,
}

/// A charge that stands on the parcel or the building of a unit.
///
/// It is derived from the parcel's or building's own unit: where that unit changes, the notes on all units under it change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedCharge {
    /// [`Registration::identity`] of the charge.
    pub identity: String,
    /// Its kind.
    pub kind: Kind,
    /// Whether it is in force.
    pub status: Status,
    /// Where it stands.
    pub scope: Scope,
}

/// Where a charge stands that is noted on a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On the parcel's own unit, `…W00000000` (D4).
    Parcel,
    /// On the building's own unit, `…F####0000` (D43).
    Building,
}

/// 位置: boundaries, sheet, coordinates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// 宗地四至: east, south, west, north.
    pub boundaries: [String; 4],
    /// 图幅号
    pub sheet: String,
    /// Whether it is the parcel's, told of a unit on it (D25).
    pub is_of_parcel: bool,
    /// Points on the register's grid: part, order, x, y.
    pub points: Vec<[String; 4]>,
    /// Points in degrees: order, north, east.
    pub geographic_points: Vec<[String; 3]>,
}

/// Whether a registration is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// In force (D1).
    #[default]
    Current,
    /// Ended, by QSZT or by a mark of ending.
    Ended,
    /// QSZT 0: withheld and counted (D1).
    Provisional,
}

/// One right or registration on one unit. A mortgage over several units has one on each, with the same identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its kind.
    pub kind: Kind,
    /// Whether it is in force.
    pub status: Status,
    /// Fields of [`super::kinds::COMMON`].
    pub common: Values,
    /// Fields of the kind's own table.
    pub details: Values,
    /// What it is counted by: table and a digest of its content, the same on every unit that it stands on.
    pub identity: String,
    /// Whether it is doubtful that it is in force (D36, D40); it is then current.
    pub is_doubtful: bool,
    /// Place among the waiting seizures of the unit, from 1; 0 where it does not wait (D26).
    pub waiting_order: u32,
    /// Holders in the order of SXH, then other parties with a number, then former holders.
    pub parties: Vec<Party>,
    /// Why it is in an answer; absent in the mirror.
    pub matched: Option<Matched>,
}

impl Registration {
    /// A registration of this kind with nothing in it yet.
    #[must_use]
    pub fn new(kind: Kind, identity: String) -> Self {
        Self {
            kind,
            status: Status::Current,
            common: Values::default(),
            details: Values::default(),
            identity,
            is_doubtful: false,
            waiting_order: 0,
            parties: Vec::new(),
            matched: None,
        }
    }

    /// The text of a detail of its kind, by its name in the field map.
    #[must_use]
    pub fn detail(&self, name: &str) -> &str {
        self.details.get(self.kind.table().field(name).tag)
    }

    /// The order of registrations on a unit (D28).
    #[must_use]
    pub fn order_key(&self) -> (Kind, &str, &str, &str, &str) {
        (
            self.kind,
            self.common.get(tag::REGISTERED_AT),
            self.common.get(tag::BUSINESS_NUMBER),
            self.common.get(tag::CERTIFICATE_NUMBER),
            &self.identity,
        )
    }
}

/// The part that a party plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// 权利人, from QLR: holder, mortgagee, buyer, objector.
    #[default]
    Holder,
    /// 义务人 of a pre-notice.
    Obligor,
    /// 供役地权利人
    ServientHolder,
    /// 需役地权利人
    DominantHolder,
}

/// A party to a registration: the fields of [`super::kinds::PARTY`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The part played.
    pub role: Role,
    /// Whether the party held a right in force once and does no longer (D46). The mirror keeps such holders behind all
    /// others; an answer shows one only where the subject is it and ended rights are asked for.
    pub is_former: bool,
    /// Fields of [`super::kinds::PARTY`].
    pub values: Values,
}

/// Why a registration is in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// The subject is a party to it.
    Party {
        /// Which of [`Registration::parties`].
        party: u32,
        /// The rule that matched.
        rule: Rule,
        /// What the reader should know, ascending.
        flags: Vec<Flag>,
    },
    /// It is on a unit that the subject owns, uses or is buying (D3).
    OnSubjectUnit {
        /// What the reader should know, ascending.
        flags: Vec<Flag>,
    },
}
