//! A sealed record's unit as it lies in its bytes, read only as far as deciding needs.
//!
//! Records and answers share one wire form, so what is reported is copied, not taken apart and put together again. This is
//! what makes a holder of thousands of units quick to answer.

use super::{
    codec::{FORMER_PARTY, NOTED_CHARGE, Noted, kind_of_tag, read_noted_charge, read_status},
    inquiry::Inquiry,
    kinds::{Kind, tag},
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
    /// Charges on the parcel and the building that it is part of.
    pub(super) noted_charges: Vec<Noted<'a>>,
}

/// A registration of a record, compared with the subject.
pub(super) struct RegistrationView<'a> {
    /// The bytes of its status, which come first; what a match is written behind.
    pub(super) status_bytes: &'a [u8],
    /// All other bytes, but for former holders.
    pub(super) rest: &'a [u8],
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) identity: &'a str,
    pub(super) is_doubtful: bool,
    notice_kind: &'a str,
    /// Whether a holder of it is the subject: not an obligor, nor a party to an easement.
    is_subject_holder: bool,
    /// The party that is, or might be, the subject: of several the one with the best outcome, of equals the first.
    pub(super) outcome: Option<(u32, Outcome)>,
    /// The same among former holders (D46).
    pub(super) former: Option<Former<'a>>,
    /// Why it is reported; `None` where it is not, or not decided yet.
    pub(super) matched: Option<Matched>,
    /// Whether it is reported for the sake of its former holder, who is then shown behind its parties.
    pub(super) shows_former: bool,
}

/// Tags of `Unit`, `Registration` and `Party` in the contract, as far as they are read here.
const UNIT_NUMBER: u32 = 1;
const UNIT_GROUP: u32 = 2;
const UNIT_REGISTRATION: u32 = 7;
const REGISTRATION_STATUS: u32 = 1;
const REGISTRATION_IDENTITY: u32 = 14;
const REGISTRATION_PARTY: u32 = 16;
const REGISTRATION_DOUBTFUL: u32 = 17;
const PARTY_ROLE: u32 = 30;
/// `ROLE_HOLDER` of the contract.
const HOLDER: u64 = 1;

/// A former holder that is, or might be, the subject.
pub(super) struct Former<'a> {
    /// The bytes of the party.
    pub(super) party: &'a [u8],
    /// The place that it takes among the parties where it is shown: behind them all.
    pub(super) place: u32,
    pub(super) outcome: Outcome,
}

impl<'a> UnitView<'a> {
    /// Reads a record, and compares every party in it with the subject of `inquiry`.
    pub(super) fn read(record: &'a [u8], inquiry: &Inquiry) -> Result<Self, Malformed> {
        let mut view = Self {
            number: "",
            group: "",
            head: record,
            registrations: Vec::with_capacity(4),
            noted_charges: Vec::new(),
        };
        let mut reader = Reader::new(record);
        let mut before = record.len();
        while let Some(field) = reader.next() {
            let (tag, field) = field?;
            match tag {
                UNIT_NUMBER => view.number = field.text()?,
                UNIT_GROUP => view.group = field.text()?,
                UNIT_REGISTRATION => view.registrations.push(RegistrationView::read(field.bytes()?, inquiry)?),
                NOTED_CHARGE => view.noted_charges.push(read_noted_charge(field.bytes()?)?),
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
        let mut view = Self {
            status_bytes,
            rest,
            kind: Kind::LandOwnership,
            status: read_status(status.number()?)?,
            identity: "",
            is_doubtful: false,
            notice_kind: "",
            is_subject_holder: false,
            outcome: None,
            former: None,
            matched: None,
            shows_former: false,
        };
        let (mut kind, mut parties, mut before) = (None, 0..=u32::MAX, rest.len());
        while let Some(field) = reader.next() {
            let (tag, field) = field?;
            match tag {
                REGISTRATION_IDENTITY => view.identity = field.text()?,
                REGISTRATION_PARTY => view.take_party(field.bytes()?, inquiry, parties.next().ok_or(Malformed)?)?,
                REGISTRATION_DOUBTFUL => view.is_doubtful = field.number()? == 1,
                FORMER_PARTY => {
                    // Former holders come last, so all before the first of them is what an answer copies.
                    if view.rest.len() == rest.len() {
                        view.rest = &rest[..rest.len() - before];
                    }
                    view.take_former(field.bytes()?, inquiry, *parties.start())?;
                }
                _ => {
                    if let Some(found) = kind_of_tag(tag) {
                        kind = Some(found);
                        let details = field.bytes()?;
                        view.notice_kind = if found == Kind::PreNotice { first_text(details)? } else { "" };
                    }
                }
            }
            before = reader.remaining();
        }
        view.kind = kind.ok_or(Malformed)?;
        Ok(view)
    }

    fn take_party(&mut self, bytes: &'a [u8], inquiry: &Inquiry, place: u32) -> Result<(), Malformed> {
        let (party, role) = party(bytes)?;
        let Some(outcome) = inquiry.subject.compare(party) else { return Ok(()) };
        self.is_subject_holder |= role == HOLDER && matches!(outcome, Outcome::Match { .. });
        if self.outcome.as_ref().is_none_or(|(_, best)| outcome.rank() < best.rank()) {
            self.outcome = Some((place, outcome));
        }
        Ok(())
    }

    fn take_former(&mut self, bytes: &'a [u8], inquiry: &Inquiry, place: u32) -> Result<(), Malformed> {
        let (party, _) = party(bytes)?;
        let Some(outcome) = inquiry.subject.compare(party) else { return Ok(()) };
        if self.former.as_ref().is_none_or(|best| outcome.rank() < best.outcome.rank()) {
            self.former = Some(Former { party: bytes, place, outcome });
        }
        Ok(())
    }

    /// Whether the subject holds it and it brings its unit's charges into the answer (D3): an ownership or use right, or a
    /// pre-notice of purchase (YGDJZL 1, 2) whose buyer the subject is.
    pub(super) fn brings_charges(&self) -> bool {
        let does_bring =
            self.kind.is_ownership_or_use() || (self.kind == Kind::PreNotice && matches!(self.notice_kind, "1" | "2"));
        self.is_subject_holder && self.status == Status::Current && does_bring
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

/// A party as matching sees it, and its role.
fn party(bytes: &[u8]) -> Result<(Registered<'_>, u64), Malformed> {
    let mut role = 0;
    let mut party = Registered { name: "", document_kind: "", document_number: "", holder_kind: "" };
    for field in Reader::new(bytes) {
        match field? {
            (tag::PARTY_NAME, field) => party.name = field.text()?,
            (tag::PARTY_DOCUMENT_KIND, field) => party.document_kind = field.text()?,
            (tag::PARTY_DOCUMENT_NUMBER, field) => party.document_number = field.text()?,
            (tag::PARTY_KIND, field) => party.holder_kind = field.text()?,
            (PARTY_ROLE, field) => role = field.number()?,
            _ => {}
        }
    }
    Ok((party, role))
}
