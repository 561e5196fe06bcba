//! The choices on which implementations of the message disagree and its extensions (D31).
//!
//! Numbers are those of the table of `deploy/DECISIONS.md`, "Message".

use serde::Deserialize;

use super::xml::Leaves;
use crate::domain::kinds::Kind;

/// How feedback messages are written. Agree with the court side before changing a default.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the configuration")]
pub struct FeedbackOptions {
    /// Lists: a wrapper with item elements, or the list element itself repeated for each item (no. 5).
    pub nesting: Nesting,
    /// Whether a list without items is written, empty (no. 6); never where list elements are repeated, because an empty
    /// element is an item there.
    pub empty_lists: bool,
    /// Leaf values: plain, base64, or as the request's (no. 7).
    pub leaves: LeafMode,
    /// Whether items carry DQDM and BEIZ (no. 8).
    pub district_and_remark: bool,
    /// Whether TDSYQ, JSYDSYQ, FDCQ and GJZWSYQ carry FEBL, the holders' shares (no. 8).
    pub share: bool,
    /// RESULT where something is found, where nothing is, and where a request cannot be answered (no. 9, D32).
    pub results: ResultCodes,
    /// Whether YYXXLIST is written (no. 10).
    pub objections: bool,
    /// Whether HYSYQLIST and LQLIST are written (no. 11).
    pub sea_and_forest: bool,
    /// Whether JSYDSYQ carries SYQMJ, FDCQ ZCS, and DYAQ DYQR (no. 12).
    pub later_elements: bool,
    /// How dates are written (no. 13).
    pub dates: DateForm,
    /// How decimals are written.
    pub numbers: NumberForm,
    /// Whether DYIQLIST is written, an extension (D31).
    pub easements: bool,
    /// Whether NYDSYQLIST is written, an extension (D31).
    pub agricultural_use: bool,
    /// Whether items carry WZXX, an extension (D31).
    pub positions: bool,
    /// Whether DIGITALSIGN carries a signature; no evidence tells its algorithm, so this one is ours: Ed25519 by the
    /// ledger's key, base64, over the bytes of the same message with DIGITALSIGN empty.
    pub digital_sign: bool,
}

impl FeedbackOptions {
    /// Whether the message carries the list of a kind.
    pub(super) fn writes(&self, kind: Kind) -> bool {
        match kind {
            Kind::Objection => self.objections,
            Kind::SeaUse | Kind::Forest => self.sea_and_forest,
            Kind::Easement => self.easements,
            Kind::AgriculturalUse => self.agricultural_use,
            _ => true,
        }
    }
}

impl Default for FeedbackOptions {
    fn default() -> Self {
        Self {
            nesting: Nesting::Items,
            empty_lists: true,
            leaves: LeafMode::AsRequest,
            district_and_remark: true,
            share: false,
            results: ResultCodes::default(),
            objections: true,
            sea_and_forest: true,
            later_elements: true,
            dates: DateForm::Slashes,
            numbers: NumberForm::TwoDecimals,
            easements: true,
            agricultural_use: true,
            positions: false,
            digital_sign: false,
        }
    }
}

/// How a list holds its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nesting {
    /// `<FDCQLIST><FDCQ>…</FDCQ><FDCQ>…</FDCQ></FDCQLIST>`
    Items,
    /// `<FDCQLIST>…</FDCQLIST><FDCQLIST>…</FDCQLIST>`
    RepeatedLists,
}

/// How leaf values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeafMode {
    /// As they are.
    Plain,
    /// As base64.
    Base64,
    /// As in the request answered.
    AsRequest,
}

impl LeafMode {
    /// The form to write in, for a request of form `request`.
    #[must_use]
    pub fn of_request(self, request: Leaves) -> Leaves {
        match self {
            Self::Plain => Leaves::Plain,
            Self::Base64 => Leaves::Base64,
            Self::AsRequest => request,
        }
    }
}

/// How dates are written; what is no date goes as registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateForm {
    /// `2020/02/11`
    Slashes,
    /// `2020-02-11`
    Hyphens,
}

/// How decimals are written; what is no number goes as registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberForm {
    /// Two decimals, rounded half away from zero.
    TwoDecimals,
    /// As the register has them.
    AsRegistered,
}

/// Result codes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ResultCodes {
    /// Registrations are reported.
    pub found: String,
    /// None is.
    pub nothing_found: String,
    /// The request cannot be answered; MESSAGE says why.
    pub not_answered: String,
}

impl Default for ResultCodes {
    fn default() -> Self {
        Self { found: "0000".into(), nothing_found: "0100".into(), not_answered: "2040".into() }
    }
}
