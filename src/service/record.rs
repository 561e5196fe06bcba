//! What the service does, as the ledger is told of it: which facts stand in plain, what an entry is found by.
//!
//! A leaf tells in plain what the authority itself chose (gateway, court, generation), and of an inquiry that was answered the
//! numbers of request and case, which are official ones. What else a caller wrote stands nowhere in plain, and nothing of a
//! call that was refused: it may be anything.

use std::borrow::Cow;

use super::{policy::Court, refusal::Refusal};
use crate::{
    domain::{
        answer::RULES_VERSION,
        generation::GenerationFacts,
        inquiry::{Door, Draft, Inquiry},
        matching::Subject,
    },
    ledger::{
        AppendError, Evidence, Ledger, Term,
        leaf::{Fact, Facts, Kind},
    },
};

/// By which call something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `Query`
    Query,
    /// `Exchange`
    Exchange,
}

impl Call {
    /// Every call.
    pub(super) const ALL: [Self; 2] = [Self::Query, Self::Exchange];

    /// Its word in entries and in the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Exchange => "exchange",
        }
    }

    /// What must be stated there.
    pub(super) fn door(self) -> Door {
        match self {
            Self::Query => Door::Query,
            Self::Exchange => Door::Exchange,
        }
    }
}

/// Who asks, as policy knows them.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    /// By which call.
    pub(super) call: Call,
    /// The operator's name for the gateway.
    pub(super) gateway: &'a str,
    /// The court that it speaks for, as the operator listed it.
    pub(super) court: &'a Court,
}

/// Bytes of a refused request that are kept; a longer one is told by its length alone.
const REFUSED_BYTES_MAX: usize = 64 * 1024;

/// What every entry of a call tells.
fn call_facts(call: Call, gateway: &str) -> Facts {
    Facts::default().with(Fact::Call, call.word()).with(Fact::Gateway, gateway)
}

/// The facts of an answer, but for its outcome.
pub(super) fn answer_facts(asking: Asking<'_>, inquiry: &Inquiry, generation: &GenerationFacts) -> Facts {
    // In the order of a leaf, which costs least.
    let facts = call_facts(asking.call, asking.gateway)
        .with(Fact::Court, &asking.court.code)
        .with(Fact::CourtName, &asking.court.name)
        .with(Fact::Case, &inquiry.case_number)
        .with(Fact::Request, &inquiry.request_number);
    generation_facts(facts, generation).with(Fact::Rules, &RULES_VERSION.to_string())
}

fn generation_facts(facts: Facts, generation: &GenerationFacts) -> Facts {
    facts
        .with(Fact::Generation, &generation.name())
        .with(Fact::Package, &generation.package_id)
        .with(Fact::AsOf, &generation.as_of)
}

/// The word for the outcome of an answer that reports something.
pub const FOUND: &str = "found";

/// The word for the outcome of an answer that reports nothing.
pub const NOTHING_FOUND: &str = "nothing-found";

/// The word for what an answer reports.
pub(super) fn outcome(reported: u64) -> &'static str {
    if reported > 0 { FOUND } else { NOTHING_FOUND }
}

/// What an entry is found by.
type Terms<'a> = Vec<(Term, Cow<'a, str>)>;

/// What an answer is found by, beside its claim.
pub(super) fn answer_terms(inquiry: &Inquiry) -> Terms<'_> {
    let mut terms = Vec::with_capacity(9);
    let certificates = [&inquiry.work_certificate_number, &inquiry.official_certificate_number];
    let texts = [
        (Term::Request, &inquiry.request_number),
        (Term::Court, &inquiry.court_code),
        (Term::Case, &inquiry.case_number),
        (Term::HandlerName, &inquiry.handler_name),
    ];
    push(&mut terms, &texts);
    push(&mut terms, &certificates.map(|number| (Term::HandlerCertificate, number)));
    push_subject(&mut terms, &inquiry.subject);
    terms
}

/// What a refused inquiry is found by, as far as it states it.
fn draft_terms(draft: &Draft) -> Terms<'_> {
    let mut terms = Vec::new();
    let texts = [
        (Term::Request, &draft.request_number),
        (Term::Court, &draft.court_code),
        (Term::Case, &draft.case_number),
        (Term::HandlerName, &draft.handler_name),
        (Term::HandlerCertificate, &draft.work_certificate_number),
        (Term::HandlerCertificate, &draft.official_certificate_number),
    ];
    push(&mut terms, &texts);
    let subject = Subject::new(&draft.subject_name, &draft.document_kind, &draft.document_number);
    let mut of_subject = Vec::new();
    push_subject(&mut of_subject, &subject);
    terms.extend(of_subject.into_iter().map(|(term, text)| (term, text.into_owned().into())));
    terms
}

fn push<'a>(terms: &mut Terms<'a>, texts: &[(Term, &'a String)]) {
    let present = texts.iter().map(|(term, text)| (*term, text.trim())).filter(|(_, text)| !text.is_empty());
    terms.extend(present.map(|(term, text)| (term, text.into())));
}

fn push_subject<'a>(terms: &mut Terms<'a>, subject: &'a Subject) {
    if !subject.normal_name().is_empty() {
        terms.push((Term::SubjectName, subject.normal_name().into()));
    }
    terms.extend(subject.number_keys().into_iter().map(|key| (Term::SubjectNumber, key.into())));
}

/// A listed gateway's call that is refused.
pub(super) struct Refused<'a> {
    /// By which call it came.
    pub(super) call: Call,
    /// The operator's name for the gateway.
    pub(super) gateway: &'a str,
    /// What was sent. It is kept, sealed.
    pub(super) request: &'a [u8],
    /// The same, where it is an inquiry.
    pub(super) draft: Option<&'a Draft>,
}

/// Records a refusal; returns the number of its entry.
///
/// # Errors
///
/// [`AppendError`] where it cannot be recorded: then nothing may be said of it.
pub(super) async fn refusal(ledger: &Ledger, refusal: &Refusal, refused: Refused<'_>) -> Result<u64, AppendError> {
    let Refused { call, gateway, request, draft } = refused;
    let is_kept = request.len() <= REFUSED_BYTES_MAX;
    let length = if is_kept { String::new() } else { format!("{} bytes, not kept", request.len()) };
    let evidence = Evidence {
        facts: refusal_facts(call, gateway, refusal, length),
        inquiry: is_kept.then_some(request),
        terms: draft.filter(|_| is_kept).map(draft_terms).unwrap_or_default(),
        ..Evidence::default()
    };
    ledger.record(Kind::Refusal, evidence).await.map(|written| written.entry)
}

/// Records the refusal of a call by nobody who is listed, and how many have no entry since the last that has one. What was sent
/// is not kept: a stranger shall not fill the disk.
///
/// # Errors
///
/// As [`refusal`].
pub(super) async fn stranger(
    ledger: &Ledger,
    call: Call,
    refusal: &Refusal,
    unrecorded: u64,
) -> Result<u64, AppendError> {
    let before =
        if unrecorded == 0 { String::new() } else { format!("{unrecorded} such calls before it have no entry") };
    let evidence = Evidence { facts: refusal_facts(call, "", refusal, before), ..Evidence::default() };
    ledger.record(Kind::Refusal, evidence).await.map(|written| written.entry)
}

fn refusal_facts(call: Call, gateway: &str, refusal: &Refusal, more: String) -> Facts {
    let detail: Vec<_> = [refusal.detail(), more].into_iter().filter(|one| !one.is_empty()).collect();
    call_facts(call, gateway).with(Fact::Outcome, refusal.reason()).with(Fact::Detail, &detail.join("; "))
}

/// Records that a generation serves from now on; returns the number of the entry.
///
/// # Errors
///
/// [`AppendError`] where it cannot be recorded: then it may not serve.
pub(super) fn generation(ledger: &Ledger, generation: &GenerationFacts, at: &str) -> Result<u64, AppendError> {
    let detail = [at.to_owned()].into_iter().chain(gaps(generation)).collect::<Vec<_>>().join("; ");
    let facts =
        generation_facts(Facts::default(), generation).with(Fact::Outcome, "serves").with(Fact::Detail, &detail);
    let terms = vec![(Term::Kind, Kind::Generation.word().into())];
    let evidence = Evidence { facts, terms, ..Evidence::default() };
    ledger.record_blocking(Kind::Generation, evidence).map(|written| written.entry)
}

/// Who vouches for a generation's data, and what of them was set aside, accepted or explained at the load.
fn gaps(generation: &GenerationFacts) -> impl Iterator<Item = String> {
    let signature = Some(generation.signature.to_string()).filter(|text| !text.is_empty());
    let quarantined =
        generation.quarantined.iter().map(|(table, rows)| format!("{rows} rows of {} in quarantine", table.name()));
    let accepted = generation.accepted.iter().map(|gap| format!("accepted {}: {}", gap.what, gap.reason));
    signature
        .into_iter()
        .chain(quarantined)
        .chain(accepted)
        .chain(generation.mapped.iter().map(|mapped| format!("mapped {mapped}")))
}

/// Something that an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorAct {
    /// Shows sealed inquiries or answers.
    Reveal,
    /// Removes generations that no longer serve.
    Prune,
    /// Says that the clock of this machine is right.
    AcceptClock,
    /// Loads a package that does not pass a gate by itself.
    Load,
    /// Makes a generation serve that is there already.
    Rollback,
}

impl OperatorAct {
    /// Its word in entries; none for what the ledger words itself.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Reveal => Some("reveal"),
            Self::Prune => Some("prune"),
            Self::AcceptClock => None,
            Self::Load => Some("load"),
            Self::Rollback => Some("rollback"),
        }
    }
}

/// Records what an operator is about to do; returns the number of the entry.
///
/// # Errors
///
/// [`AppendError`] where it cannot be recorded: then it may not be done.
pub async fn act(ledger: &Ledger, act: OperatorAct, detail: &str, by: &str) -> Result<u64, AppendError> {
    let written = match act.word() {
        Some(word) => ledger.record(Kind::Administration, Evidence::act(word, detail, by)).await,
        None => ledger.accept_clock(by).await,
    };
    written.map(|written| written.entry)
}

/// The facts of a feedback message.
pub(super) fn feedback_facts(gateway: &str, detail: &str) -> Facts {
    call_facts(Call::Exchange, gateway).with(Fact::Outcome, "answered").with(Fact::Detail, detail)
}
