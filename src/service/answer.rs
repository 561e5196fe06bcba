//! From an inquiry as it came to an answer whose evidence is on disk: checked, asked before, drafted, recorded, in this order.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use tokio::sync::oneshot;

use super::{
    draft::{self, DraftError},
    engine::{Desk, Engine, Overloaded, State},
    policy::{Court, Gateway},
    post::{self, Post},
    record::{self, Asking, Call, Refused},
    refusal::Refusal,
};
use crate::{
    domain::{
        answer,
        inquiry::{Draft, Inquiry},
    },
    ledger::{
        Answered, AppendError, Claim, Claimed, Committed, Evidence, Ledger, Prepared, ReadError, Repeat, chain,
        leaf::Fact, leaf::Kind,
    },
    telemetry::metrics::{Ending, Metrics},
};

/// What becomes of a call; on record, wherever something was decided.
pub enum Outcome {
    /// It is answered.
    Answered(Answered),
    /// It is refused on its merits.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The ledger entry that says so.
        entry: u64,
    },
    /// Nothing was decided about it: the same call may be answered later.
    Unavailable(Unavailable),
}

impl Outcome {
    /// The word for an answer, among those of [`Outcome::word`].
    pub(super) const ANSWERED: &str = "ANSWERED";

    /// A word for the log: the reason that the caller is told, too.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Answered(_) => Self::ANSWERED,
            Self::Refused { refusal, .. } => refusal.reason(),
            Self::Unavailable(why) => why.reason(),
        }
    }

    /// How it is counted.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Answered(_) => Ending::Answered,
            Self::Refused { refusal, .. } => Ending::Refused(refusal.reason()),
            Self::Unavailable(why) => Ending::Unavailable(why.reason()),
        }
    }
}

/// Why nothing was decided about a call.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// Every reader has as much waiting as it may.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The answer could not be drafted.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The reader ended before it answered.
    #[error("the reader ended before it answered: ask again")]
    Stopped,
    /// It could not be recorded.
    #[error(transparent)]
    Ledger(#[from] AppendError),
    /// What was answered before cannot be read.
    #[error("cannot read what was answered before")]
    Evidence(#[from] ReadError),
    /// The caller is no listed gateway, and too many such call.
    #[error("callers who are no listed gateway call too often: connect with a listed gateway's certificate")]
    TooManyStrangers,
}

impl Unavailable {
    /// Every word that [`Unavailable::reason`] may be.
    pub(super) const REASONS: [&str; 6] =
        ["OVERLOADED", "MIRROR_UNREADABLE", "STOPPED", "LEDGER_UNAVAILABLE", "LEDGER_UNREADABLE", "TOO_MANY_STRANGERS"];

    /// The stable word for it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Overloaded(_) | Self::Ledger(AppendError::Overloaded) => "OVERLOADED",
            Self::Draft(_) => "MIRROR_UNREADABLE",
            Self::Stopped => "STOPPED",
            Self::Ledger(AppendError::Unavailable | AppendError::Clock(_)) => "LEDGER_UNAVAILABLE",
            Self::Evidence(_) => "LEDGER_UNREADABLE",
            Self::TooManyStrangers => "TOO_MANY_STRANGERS",
        }
    }
}

/// Why there is no answer, before anything of it is on record.
#[derive(Debug)]
pub(super) enum AnswerError {
    /// It is to be refused.
    Refused(Refusal),
    /// Nothing was decided.
    Unavailable(Unavailable),
}

impl From<Refusal> for AnswerError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Into<Unavailable>> From<E> for AnswerError {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

/// What a reader thread or the writer hands back.
enum Reply {
    /// Answered before.
    Stored(Box<Answered>),
    /// Answered now.
    Fresh(Vec<u8>, Committed),
    /// Another call is being answered under this request number.
    Held {
        /// The number.
        number: String,
    },
}

type Replied = Result<Reply, AnswerError>;

type Sender = post::Sender<Replied>;

/// Answers inquiries; nothing leaves before its evidence is on disk (invariant 1).
#[derive(Clone)]
pub struct Responder {
    pub(super) engine: Arc<Engine>,
    ledger: Arc<Ledger>,
    metrics: Metrics,
    answer_bytes_max: usize,
    post: Arc<Post<Replied>>,
}

impl Responder {
    /// Answers by `engine`, recorded in `ledger`, counted in `metrics`, each of at most so many bytes.
    #[must_use]
    pub fn new(engine: Arc<Engine>, ledger: Arc<Ledger>, metrics: Metrics, answer_bytes_max: usize) -> Self {
        Self { engine, ledger, metrics, answer_bytes_max, post: Arc::new(Post::new()) }
    }

    /// How the generations are doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.engine.state()
    }

    /// What is counted.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The ledger that answers are recorded in.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Answers what `gateway` asks, or refuses it, on record either way.
    pub async fn answer(&self, call: Call, gateway: &Arc<Gateway>, draft: &Arc<Draft>) -> Outcome {
        let outcome = match self.ask(call, gateway, draft).await {
            Ok(answered) => Outcome::Answered(answered),
            Err(AnswerError::Unavailable(why)) => Outcome::Unavailable(why),
            Err(AnswerError::Refused(refusal)) => {
                let (gateway, request) = (gateway.name.as_str(), draft.encode());
                self.refuse(refusal, Refused { call, gateway, request: &request, draft: Some(draft) }).await
            }
        };
        self.metrics.inquiry_ended(outcome.ending());
        outcome
    }

    /// Records a refusal, and only then tells it.
    pub(super) async fn refuse(&self, refusal: Refusal, refused: Refused<'_>) -> Outcome {
        let recorded = record::refusal(&self.ledger, &refusal, refused).await;
        self.told(refusal, recorded)
    }

    /// What a refusal comes to, once the ledger was told of it; it is counted where it is on record.
    pub(super) fn told(&self, refusal: Refusal, recorded: Result<u64, AppendError>) -> Outcome {
        match recorded {
            Ok(entry) => {
                self.metrics.refused(refusal.reason());
                Outcome::Refused { refusal, entry }
            }
            Err(error) => Outcome::Unavailable(error.into()),
        }
    }

    /// Answers what `gateway` asks; what was asked before under its number gets what it got then, byte for byte.
    ///
    /// Whatever can be is a reader's work, checking included: the runtime has one thread, which every call passes. So where too
    /// many wait, a bad inquiry is told that, as a good one is.
    ///
    /// Dropping the future after the entry was queued loses the answer, never the evidence.
    ///
    /// # Errors
    ///
    /// [`AnswerError`]; a refusal has no entry yet.
    async fn ask(&self, call: Call, gateway: &Arc<Gateway>, draft: &Arc<Draft>) -> Result<Answered, AnswerError> {
        let mut claim = None;
        loop {
            let (reply, replied) = oneshot::channel();
            let reply = self.post.sender(reply);
            let asked = Asked {
                call,
                gateway: Arc::clone(gateway),
                draft: Arc::clone(draft),
                answer_bytes_max: self.answer_bytes_max,
            };
            let claim_waited_for = claim.take();
            self.engine.enqueue(move |desk| {
                // Nobody waits any more: the call was cancelled or its deadline has passed.
                if !reply.is_closed() {
                    asked.answer(desk, claim_waited_for, reply);
                }
            })?;
            match replied.await.map_err(|_| Unavailable::Stopped)?? {
                Reply::Stored(answered) => return Ok(*answered),
                Reply::Fresh(answer, written) => {
                    return Ok(Answered { answer, receipt: written.receipt(), opening: written.opening });
                }
                // Waited for here: whoever waits for another shall not stand in a reader's queue.
                Reply::Held { number } => claim = Some(self.claim(&gateway.name, &number).await),
            }
        }
    }

    /// Has a reader thread do what would hold up every other call on the runtime's.
    ///
    /// # Errors
    ///
    /// Where too many wait, or the reader ended.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let done = self.engine.run(move |_, reply: oneshot::Sender<T>| drop(reply.send(work()))).await?;
        done.ok_or(Unavailable::Stopped)
    }

    /// Claims a message of `gateway` as a whole, or tells what it got before.
    ///
    /// # Errors
    ///
    /// [`AnswerError`], where the ledger cannot be read.
    pub(super) async fn claim_message(&self, gateway: &str, message: &[u8]) -> Result<Claimant, AnswerError> {
        let digest = ring::digest::digest(&ring::digest::SHA256, message);
        // A request number has no line feed, so no number of an inquiry stands for a message.
        let number = format!("\nmessage {}", HEXLOWER.encode(digest.as_ref()));
        let claim = self.claim(gateway, &number).await;
        let asked = message.to_vec();
        let found = self.engine.run(move |desk, reply: oneshot::Sender<_>| {
            drop(reply.send(repeated(desk, &claim, &asked).map(|repeat| (repeat, claim))));
        });
        let (repeat, claim) = found.await?.ok_or(Unavailable::Stopped)??;
        Ok(match repeat {
            Some(Repeat::Same(answered)) => Claimant::Stored(answered),
            Some(Repeat::Other { .. } | Repeat::Removed { .. }) | None => Claimant::First(claim),
        })
    }

    /// Records a feedback message, which answers `message` of `gateway` as a whole.
    ///
    /// # Errors
    ///
    /// [`AnswerError`], where it is too large or cannot be recorded.
    pub(super) async fn record_feedback(
        &self,
        gateway: &str,
        message: &[u8],
        claim: Claim,
        feedback: Feedback,
    ) -> Result<Answered, AnswerError> {
        let Feedback { bytes, is_final, detail, numbers } = feedback;
        if bytes.len() > self.answer_bytes_max {
            return Err(Refusal::AnswerTooLarge.into());
        }
        let claim = is_final.then_some(claim);
        let evidence = Evidence {
            facts: record::feedback_facts(gateway, &detail),
            inquiry: Some(message),
            answer: Some(&bytes),
            claim: claim.as_ref(),
            terms: numbers.into_iter().map(|number| (crate::ledger::Term::Request, number.into())).collect(),
        };
        let prepared = self.ledger.prepare(Kind::Feedback, evidence).map_err(|_| AppendError::Unavailable)?;
        let (reply, written) = oneshot::channel();
        self.ledger.append(prepared, claim, move |result| drop(reply.send(result)));
        let written = written.await.unwrap_or(Err(AppendError::Unavailable))?;
        Ok(Answered { answer: bytes, receipt: written.receipt(), opening: written.opening })
    }

    /// Claims what `gateway` asks under `number`, after whoever has it.
    async fn claim(&self, gateway: &str, number: &str) -> Claim {
        loop {
            match self.ledger.claim(gateway, number) {
                Claimed::Free(claim) => return claim,
                // An error says that it was given up without a word, which is as good.
                Claimed::Taken(ready) => drop(ready.await),
            }
        }
    }
}

/// Who claims a message.
pub(super) enum Claimant {
    /// Somebody who got this before.
    Stored(Box<Answered>),
    /// The first.
    First(Claim),
}

/// A feedback message as composed.
pub(super) struct Feedback {
    /// The message.
    pub(super) bytes: Vec<u8>,
    /// Whether every request of it was answered, so that it can stand for them.
    pub(super) is_final: bool,
    /// What it consists of.
    pub(super) detail: String,
    /// The request numbers in it.
    pub(super) numbers: Vec<String>,
}

/// What became of what is claimed; `None` where nothing was asked under it.
fn repeated(desk: &mut Desk, claim: &Claim, inquiry: &[u8]) -> Result<Option<Repeat>, AnswerError> {
    let (ledger, reader) = desk.ledger()?;
    Ok(ledger.answered(claim, reader)?.map(|entry| reader.repeat(entry, inquiry)).transpose()?)
}

/// An inquiry on a reader thread.
struct Asked {
    call: Call,
    gateway: Arc<Gateway>,
    draft: Arc<Draft>,
    answer_bytes_max: usize,
}

/// What became of it there.
enum Drafted {
    /// Nothing is to be written.
    Told(Reply),
    /// An answer, to be written before it is told.
    Fresh(Vec<u8>, Prepared, Claim),
}

impl Asked {
    /// Answers from the ledger, or from the mirror by way of the ledger's writer; under the claim on its request number, where
    /// that was waited for.
    fn answer(self, desk: &mut Desk, claim: Option<Claim>, reply: Sender) {
        let result = match self.drafted(desk, claim) {
            Ok(Drafted::Told(reply)) => Ok(reply),
            Ok(Drafted::Fresh(bytes, prepared, claim)) => {
                let (ledger, _) = match desk.ledger() {
                    Ok(ledger) => ledger,
                    Err(error) => return reply.send(Err(error.into())),
                };
                return ledger.append(prepared, Some(claim), move |written| {
                    // The caller may have hung up; the evidence stands all the same.
                    reply.send(written.map(|written| Reply::Fresh(bytes, written)).map_err(Into::into));
                });
            }
            Err(error) => {
                if let AnswerError::Unavailable(why @ (Unavailable::Draft(_) | Unavailable::Evidence(_))) = &error {
                    let generation =
                        desk.mirror().map(|(generation, _)| generation.name().to_owned()).unwrap_or_default();
                    tracing::error!(generation, error = chain(why), "cannot answer");
                    if let Unavailable::Draft(DraftError::Read(error)) = why
                        && error.is_damage()
                    {
                        desk.damaged();
                    }
                    desk.clear();
                }
                Err(error)
            }
        };
        reply.send(result);
    }

    /// The inquiry, checked, and the court that asks.
    fn checked(&self) -> Result<(Inquiry, &Court), Refusal> {
        let mut inquiry = self.draft.check(self.call.door()).map_err(Refusal::BadInquiry)?;
        let court = match self.call {
            Call::Query => self.gateway.court_by_code(&inquiry.court_code),
            // The message knows no code.
            Call::Exchange => self.gateway.court_by_name(&inquiry.court_name),
        };
        let court = court.ok_or(Refusal::CourtNotAllowed)?;
        if self.call == Call::Exchange {
            inquiry.court_code.clone_from(&court.code);
        }
        Ok((inquiry, court))
    }

    fn drafted(&self, desk: &mut Desk, claim: Option<Claim>) -> Result<Drafted, AnswerError> {
        let (inquiry, court) = self.checked()?;
        let asking = Asking { call: self.call, gateway: &self.gateway.name, court };
        let (ledger, _) = desk.ledger()?;
        let claim = match claim.map_or_else(|| ledger.claim(asking.gateway, &inquiry.request_number), Claimed::Free) {
            Claimed::Free(claim) => claim,
            Claimed::Taken(_) => return Ok(Drafted::Told(Reply::Held { number: inquiry.request_number })),
        };
        let asked = inquiry.encode();
        match repeated(desk, &claim, &asked)? {
            None => {}
            Some(Repeat::Same(answered)) => return Ok(Drafted::Told(Reply::Stored(answered))),
            Some(Repeat::Other { entry }) => return Err(Refusal::RequestNumberReused { entry }.into()),
            Some(Repeat::Removed { entry }) => return Err(Refusal::AnswerRemoved { entry }.into()),
        }
        let (generation, reader) = desk.mirror().map_err(DraftError::from)?;
        let bytes = draft::answer_bytes(reader, generation.frame(), &inquiry)?;
        if bytes.len() > self.answer_bytes_max {
            return Err(Refusal::AnswerTooLarge.into());
        }
        let reported = answer::reported(&bytes).map_err(|err| DraftError::Compose(err.into()))?;
        let facts =
            record::answer_facts(asking, &inquiry, generation.facts()).with(Fact::Outcome, record::outcome(reported));
        let terms = record::answer_terms(&inquiry);
        let evidence = Evidence { facts, inquiry: Some(&asked), answer: Some(&bytes), claim: Some(&claim), terms };
        let (ledger, _) = desk.ledger()?;
        let prepared = ledger.prepare(Kind::Answer, evidence).map_err(|_| AppendError::Unavailable)?;
        Ok(Drafted::Fresh(bytes, prepared, claim))
    }
}
