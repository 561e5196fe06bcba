//! A sealed record's unit as it lies in its bytes, read only as far as deciding needs.
//!
//! Records and answers share one wire form, so what is reported is copied, not taken apart and put together again. This is
//! what makes a holder of thousands of units quick to answer.

use super::{
    codec::{kind_of_tag, read_parcel_charge, read_status},
    inquiry::Inquiry,
    kinds::{self, Kind, tag},
    matching::{Outcome, Registered},
    record::{Matched, Status},
    wire::{Malformed, Reader},
};

/// A unit of a record.
pub(super) struct UnitView<'a> {
    /// 不动产单元号
    pub(super) number: &'a str,
    /// What holds a unit without number together.
    pub(super) group: &'a str,
    /// The bytes before the registrations: what an answer tells of the unit itself.
    pub(super) head: &'a [u8],
    /// In the order of D28.
    pub(super) registrations: Vec<RegistrationView<'a>>,
    /// Charges on the parcel under it: source row and status.
    pub(super) parcel_charges: Vec<(&'a str, Status)>,
}

/// A registration of a record, compared with the subject.
pub(super) struct RegistrationView<'a> {
    /// The bytes of its status, which come first; what a match is written behind.
    pub(super) status_bytes: &'a [u8],
    /// All other bytes.
    pub(super) rest: &'a [u8],
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) source_row: &'a str,
    notice_kind: &'a str,
    /// The party that is, or might be, the subject: of several the one with the best outcome, of equals the first.
    pub(super) outcome: Option<(u32, Outcome)>,
    /// Why it is reported; `None` where it is not, or not decided yet.
    pub(super) matched: Option<Matched>,
}

/// Tags of `Unit`, `Registration` and `Party` in the contract, as far as they are read here.
const UNIT_NUMBER: u32 = 1;
const UNIT_GROUP: u32 = 2;
const UNIT_REGISTRATION: u32 = 7;
const UNIT_PARCEL_CHARGE: u32 = 100;
const REGISTRATION_STATUS: u32 = 1;
const REGISTRATION_SOURCE_ROW: u32 = 14;
const REGISTRATION_PARTY: u32 = 16;

impl<'a> UnitView<'a> {
    /// Reads a record, and compares every party in it with the subject of `inquiry`.
    pub(super) fn read(record: &'a [u8], inquiry: &Inquiry) -> Result<Self, Malformed> {
        let mut view = Self {
            number: "",
            group: "",
            head: record,
            registrations: Vec::with_capacity(4),
            parcel_charges: Vec::new(),
        };
        let mut reader = Reader::new(record);
        let mut before = record.len();
        while let Some(field) = reader.next() {
            let (tag, field) = field?;
            match tag {
                UNIT_NUMBER => view.number = field.text()?,
                UNIT_GROUP => view.group = field.text()?,
                UNIT_REGISTRATION => view.registrations.push(RegistrationView::read(field.bytes()?, inquiry)?),
                UNIT_PARCEL_CHARGE => {
                    let (source_row, _, status) = read_parcel_charge(field.bytes()?)?;
                    view.parcel_charges.push((source_row, status));
                }
                _ => {}
            }
            if tag >= UNIT_REGISTRATION && view.head.len() == record.len() {
                view.head = &record[..record.len() - before];
            }
            before = reader.remaining();
        }
        Ok(view)
    }
}

impl<'a> RegistrationView<'a> {
    fn read(bytes: &'a [u8], inquiry: &Inquiry) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let Some(Ok((REGISTRATION_STATUS, status))) = reader.next() else { return Err(Malformed) };
        let (status_bytes, rest) = bytes.split_at(bytes.len() - reader.remaining());
        let (mut kind, mut source_row, mut notice_kind, mut outcome) = (None, "", "", None::<(u32, Outcome)>);
        let mut parties = 0..;
        for field in reader {
            let (tag, field) = field?;
            match tag {
                REGISTRATION_SOURCE_ROW => source_row = field.text()?,
                REGISTRATION_PARTY => {
                    let compared = inquiry.subject.compare(party(field.bytes()?)?);
                    let found = parties.next().zip(compared);
                    outcome = match (outcome, found) {
                        (Some(best), Some(found)) if found.1.rank() < best.1.rank() => Some(found),
                        (best, found) => best.or(found),
                    };
                }
                _ => {
                    if let Some(found) = kind_of_tag(tag) {
                        kind = Some(found);
                        let details = field.bytes()?;
                        notice_kind = if found == Kind::PreNotice { first_text(details)? } else { "" };
                    }
                }
            }
        }
        let (kind, status) = (kind.ok_or(Malformed)?, read_status(status.number()?)?);
        Ok(Self { status_bytes, rest, kind, status, source_row, notice_kind, outcome, matched: None })
    }

    /// Whether it brings its unit's charges into the answer of a subject who holds it (D3): an ownership or use right, or
    /// a pre-notice of purchase (YGDJZL 1, 2).
    pub(super) fn brings_charges(&self) -> bool {
        self.kind.is_ownership_or_use()
            || (self.kind == Kind::PreNotice && matches!(kinds::code(self.notice_kind), "1" | "2"))
    }
}

/// The text of the first field, where it has tag 1: YGDJZL, of a pre-notice's details.
fn first_text(details: &[u8]) -> Result<&str, Malformed> {
    match Reader::new(details).next() {
        Some(Ok((1, field))) => field.text(),
        Some(Err(err)) => Err(err),
        _ => Ok(""),
    }
}

fn party(bytes: &[u8]) -> Result<Registered<'_>, Malformed> {
    let mut party = Registered { name: "", document_kind: "", document_number: "", holder_kind: "" };
    for field in Reader::new(bytes) {
        match field? {
            (tag::PARTY_NAME, field) => party.name = field.text()?,
            (tag::PARTY_DOCUMENT_KIND, field) => party.document_kind = field.text()?,
            (tag::PARTY_DOCUMENT_NUMBER, field) => party.document_number = field.text()?,
            (tag::PARTY_KIND, field) => party.holder_kind = field.text()?,
            _ => {}
        }
    }
    Ok(party)
}
