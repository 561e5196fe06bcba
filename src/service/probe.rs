//! Whether an inquiry would be answered now: one that nobody asked goes the way of a real one, and leaves no entry.
//!
//! It is checked, looked for among what was asked before, drafted from the serving generation by a reader thread, and handed to
//! the ledger's writer, who commits and syncs in its place what is there already. So it shows what a real one would meet: a
//! runtime, a reader or a writer that stands still, a mirror that cannot be read, a ledger that cannot be written, a clock
//! that is not believed. It asks about an invented person, whom no register has; so it also reads a record and a block of an
//! index, others each time, from the file as it is now. What it reads goes nowhere.

use data_encoding::HEXLOWER;
use tokio::sync::oneshot;

use super::{
    answer::{Responder, Unavailable},
    draft::{self, DraftError},
    engine::Desk,
};
use crate::{
    domain::inquiry::{Door, Draft, Item},
    keys::{KeyError, random},
    ledger::{AppendError, Claimed},
    mirror::{ReadError, Reader},
};

/// Whose inquiry it is: no gateway's, for the name of none has a line feed.
const ASKS: &str = "\nprobe";

/// Why no inquiry would be answered.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It was not answered.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// What would answer was found damaged, and nothing else can serve.
    #[error("the serving generation `{name}` is damaged: see to the disk, and load its package again")]
    Damaged {
        /// The generation.
        name: String,
    },
    /// The system gives no random numbers.
    #[error(transparent)]
    Random(#[from] KeyError),
    /// It is not what an inquiry must be.
    #[error("the probe is no inquiry: this is a fault of the program, report it")]
    Malformed,
}

impl ProbeError {
    /// Whether it says only that much is being asked.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        matches!(self, Self::Unavailable(Unavailable::Overloaded(_) | Unavailable::Ledger(AppendError::Overloaded)))
    }
}

impl From<DraftError> for ProbeError {
    fn from(error: DraftError) -> Self {
        Unavailable::from(error).into()
    }
}

impl Responder {
    /// Sends an inquiry that nobody asked the way of a real one.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] where none would be answered now.
    pub async fn probe(&self) -> Result<(), ProbeError> {
        let probe = Probe::invent()?;
        let (reply, probed) = oneshot::channel();
        // It waits for its turn where a real one would be refused: that much is asked is no fault.
        let is_taken = self.engine.enqueue_patiently(move |desk| match read(desk, &probe) {
            Ok(()) => write(desk, reply),
            Err(error) => drop(reply.send(Err(error))),
        });
        if !is_taken.await {
            return Err(Unavailable::Stopped.into());
        }
        probed.await.unwrap_or(Err(Unavailable::Stopped.into()))
    }
}

/// An inquiry that nobody asked.
struct Probe {
    draft: Draft,
    /// Which record is read beside, by its remainder.
    chosen: u64,
}

impl Probe {
    /// One about a person whom nobody can be: no number of a document is of this form.
    fn invent() -> Result<Self, KeyError> {
        let number = random::<8>()?;
        let chosen = u64::from_le_bytes(number);
        let text = str::to_owned;
        let draft = Draft {
            request_number: HEXLOWER.encode(&number),
            court_name: text("probe"),
            court_code: text("probe"),
            case_number: text("probe"),
            handler_name: text("probe"),
            work_certificate_number: text("probe"),
            handler_contact: text("probe"),
            notice_number: text("probe"),
            subject_name: text("无此人"),
            // Of another kind than the list has names for.
            document_kind: text("99"),
            // Few digits at a time: more may look like a number of another kind, or like one that a spreadsheet spoilt.
            document_number: format!("P{:04}Q{:04}R", chosen % 10_000, chosen / 10_000 % 10_000),
            items: Item::ALL.map(|item| item as i32).to_vec(),
            ..Draft::default()
        };
        Ok(Self { draft, chosen })
    }
}

/// Checks, looks for what was asked before, and drafts, as for an inquiry that was asked.
fn read(desk: &mut Desk, probe: &Probe) -> Result<(), ProbeError> {
    let inquiry = probe.draft.check(Door::Query).map_err(|_| ProbeError::Malformed)?;
    let (ledger, reader) = desk.ledger().map_err(Unavailable::from)?;
    if let Claimed::Free(claim) = ledger.claim(ASKS, &inquiry.request_number) {
        ledger.answered(&claim, reader).map_err(Unavailable::from)?;
    }
    let (generation, mirror) = desk.mirror().map_err(DraftError::from)?;
    let name = generation.name().to_owned();
    let drafted = draft::answer_bytes(mirror, generation.frame(), &inquiry)
        .and_then(|_| spot_check(mirror, generation.unit_count(), probe).map_err(DraftError::from));
    if let Err(DraftError::Read(error)) = &drafted
        && error.is_damage()
    {
        desk.damaged();
    }
    if drafted.is_err() {
        desk.clear();
    }
    drafted?;
    if desk.is_damaged() { Err(ProbeError::Damaged { name }) } else { Ok(()) }
}

/// Reads a record and a block of an index from the file as it is now, whatever is kept of it in memory.
fn spot_check(mirror: &mut Reader, units: u64, Probe { draft, chosen }: &Probe) -> Result<(), ReadError> {
    mirror.forget()?;
    mirror.locate(&draft.document_number)?;
    if let Some(id) = chosen.checked_rem(units).and_then(|id| i64::try_from(id + 1).ok()) {
        mirror.open_record(id)?;
    }
    Ok(())
}

/// Has the ledger's writer show that it could write an entry.
fn write(desk: &mut Desk, reply: oneshot::Sender<Result<(), ProbeError>>) {
    match desk.ledger() {
        Ok((ledger, _)) => ledger.probe(move |found| {
            // Whoever asked may have stopped waiting.
            drop(reply.send(found.map_err(|error| Unavailable::from(error).into())));
        }),
        Err(error) => drop(reply.send(Err(Unavailable::from(error).into()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_an_inquiry_whatever_its_number() {
        for _ in 0..2000 {
            assert!(Probe::invent().unwrap().draft.check(Door::Query).is_ok());
        }
    }
}
