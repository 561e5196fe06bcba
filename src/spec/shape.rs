//! The order of elements in each kind of item, beyond what the field map says.
//!
//! An item is BDCDYH, the kind's own elements in the order of the field map, then a tail that differs by kind
//! (`deploy/DECISIONS.md`, "Message"). Holders follow at the end.

use crate::domain::kinds::Kind;

/// One step of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The unit number.
    Unit,
    /// The details of the field map, but for those named in a later [`Step::Detail`].
    Details,
    /// One detail by its element, here instead of among the others.
    Detail(&'static str),
    /// The certificate number.
    Certificate,
    /// A field common to all kinds, by its element.
    Common(&'static str),
    /// FEBL, where switched on.
    Share,
    /// WZXX, where switched on.
    Position,
    /// QLRXXLIST.
    Holders,
}

use Step::{Certificate, Common, Detail, Details, Holders, Position, Share, Unit};

/// Every kind but the objection: what a kind does not have is passed over.
const STEPS: &[Step] = &[
    Unit,
    Details,
    Certificate,
    Detail("DYQR"),
    Common("DJJG"),
    Share,
    Common("DQDM"),
    Common("YWH"),
    Common("BEIZ"),
    Detail("ZCS"),
    Position,
    Holders,
];

/// The objection has no DJJG, no DQDM and no holder list.
const OBJECTION_STEPS: &[Step] = &[Unit, Details, Certificate, Common("DJSJ"), Common("BEIZ"), Common("YWH"), Position];

/// The steps of an item of `kind`.
pub(super) fn steps(kind: Kind) -> &'static [Step] {
    if kind == Kind::Objection { OBJECTION_STEPS } else { STEPS }
}

/// Whether items of `kind` may carry FEBL: only those for which an implementation does.
pub(super) fn has_share(kind: Kind) -> bool {
    matches!(kind, Kind::LandOwnership | Kind::LandUse | Kind::Building | Kind::Structure)
}

/// The lists of a result, in their order; the last two are extensions.
pub(super) const LISTS: [Kind; 12] = [
    Kind::LandOwnership,
    Kind::LandUse,
    Kind::Building,
    Kind::SeaUse,
    Kind::Structure,
    Kind::Forest,
    Kind::Mortgage,
    Kind::PreNotice,
    Kind::Seizure,
    Kind::Objection,
    Kind::Easement,
    Kind::AgriculturalUse,
];
