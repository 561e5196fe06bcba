//! The order of elements in each kind of item, beyond what the field map says.
//!
//! An item is BDCDYH, the kind's own elements in the order of the field map, then a tail that differs by kind
//! (`exchange-format.md` §6.3, §10). Holders follow at the end.

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

const RIGHT: &[Step] = &[
    Unit,
    Details,
    Certificate,
    Common("DJJG"),
    Share,
    Common("DQDM"),
    Common("YWH"),
    Common("BEIZ"),
    Position,
    Holders,
];

/// The steps of an item of `kind`.
pub(super) fn steps(kind: Kind) -> &'static [Step] {
    match kind {
        Kind::LandOwnership
        | Kind::LandUse
        | Kind::SeaUse
        | Kind::Structure
        | Kind::Forest
        | Kind::PreNotice
        | Kind::Easement
        | Kind::AgriculturalUse => RIGHT,
        Kind::Building => &[
            Unit,
            Details,
            Certificate,
            Common("DJJG"),
            Share,
            Common("DQDM"),
            Common("YWH"),
            Common("BEIZ"),
            Detail("ZCS"),
            Position,
            Holders,
        ],
        Kind::Mortgage => &[
            Unit,
            Details,
            Certificate,
            Detail("DYQR"),
            Common("DJJG"),
            Common("DQDM"),
            Common("YWH"),
            Common("BEIZ"),
            Position,
            Holders,
        ],
        Kind::Seizure => {
            &[Unit, Details, Common("DJJG"), Common("DQDM"), Common("YWH"), Common("BEIZ"), Position, Holders]
        }
        Kind::Objection => &[Unit, Details, Certificate, Common("DJSJ"), Common("BEIZ"), Common("YWH"), Position],
    }
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
