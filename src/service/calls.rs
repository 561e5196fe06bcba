//! The one way in: whatever comes of a call is on record before its transport hears of it (invariant 1).
//!
//! A transport tells who calls and what is asked, and converts the [`Outcome`]; it knows nothing of the ledger, the policy or
//! the limits of strangers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;

use super::{
    answer::{Outcome, Responder, Unavailable},
    exchange::Exchange,
    policy::{Gateway, Policy},
    record::{self, Call},
    refusal::{Reason, Refusal},
    strangers::{Admission, Strangers},
};
use crate::{
    domain::inquiry::Draft,
    ledger::AppendError,
    telemetry::metrics::{Ending, Metrics},
};

/// Who is at the other end of a connection, as far as its handshake tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// It showed a certificate of the client authority; its SHA-256.
    Verified([u8; 32]),
    /// It showed a certificate that does not verify: of another authority.
    Foreign,
    /// It showed a certificate that has expired, before the handshake or since.
    Expired,
    /// It showed none.
    Anonymous,
}

/// What a handshake found, and until when that holds.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Who called when the connection began.
    pub caller: Caller,
    /// The last second, counted from 1970, in which every certificate shown is valid; `None` where that decides nothing.
    pub valid_until: Option<i64>,
}

impl Peer {
    /// Who calls now: a connection may outlive the certificate that opened it.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match self.valid_until {
            Some(until) if jiff::Timestamp::now().as_second() > until => Caller::Expired,
            _ => self.caller.clone(),
        }
    }
}

/// What is asked, as it came.
pub enum Request {
    /// One inquiry.
    Query(Arc<Draft>),
    /// A message of the specification.
    Exchange(Vec<u8>),
}

impl Request {
    fn call(&self) -> Call {
        match self {
            Self::Query(_) => Call::Query,
            Self::Exchange(_) => Call::Exchange,
        }
    }
}

/// Why a call ended at the transport before anything was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It took longer than a call may.
    TimedOut,
    /// Its message is longer than one may be.
    TooLarge,
}

impl Cut {
    const ALL: [Self; 2] = [Self::TimedOut, Self::TooLarge];

    /// The stable word for it.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::TimedOut => "CALL_TIMED_OUT",
            Self::TooLarge => "MESSAGE_TOO_LARGE",
        }
    }
}

/// Takes the calls of every transport.
#[derive(Clone)]
pub struct Calls {
    responder: Responder,
    policy: Arc<Policy>,
    exchange: Arc<Exchange>,
    strangers: Arc<Strangers>,
    count: Arc<AtomicU64>,
}

impl Calls {
    /// Calls for the gateways of `policy`, answered by `responder`.
    #[must_use]
    pub fn new(responder: Responder, policy: Policy, exchange: Exchange) -> Self {
        let unavailable: Vec<_> = Unavailable::REASONS.into_iter().chain(Cut::ALL.map(Cut::reason)).collect();
        responder.metrics().expect(&Call::ALL.map(Call::word), &Reason::ALL.map(Reason::word), &unavailable);
        Self {
            responder,
            policy: Arc::new(policy),
            exchange: Arc::new(exchange),
            strangers: Arc::default(),
            count: Arc::default(),
        }
    }

    /// Who answers.
    #[must_use]
    pub fn responder(&self) -> &Responder {
        &self.responder
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.responder.metrics()
    }

    /// Counts a call of a listed gateway that its transport cut.
    pub fn cut(&self, call: Call, cut: Cut, took: Duration) {
        self.metrics().call_ended(call.word(), Ending::Unavailable(cut.reason()), took);
    }

    /// Answers or refuses what `caller` asks, on record either way, and tells the log what became of it.
    pub async fn take(&self, caller: &Caller, request: Request) -> Outcome {
        let (start, call) = (now(), request.call());
        let gateway = match self.gateway(caller) {
            Ok(gateway) => gateway,
            Err(refusal) => return self.refuse_stranger(start, call, &refusal).await,
        };
        let outcome = match request {
            Request::Query(draft) => self.responder.answer(Call::Query, gateway, &draft).await,
            Request::Exchange(message) => self.exchange.feedback(&self.responder, gateway, message).await,
        };
        self.metrics().call_ended(call.word(), outcome.ending(), start.elapsed());
        self.log(call, &gateway.name, start, &outcome);
        outcome
    }

    /// Whether a listed gateway calls.
    #[must_use]
    pub fn is_listed(&self, caller: &Caller) -> bool {
        self.gateway(caller).is_ok()
    }

    /// Refuses a caller that is no listed gateway before anything that it sends is read; `None` where one calls.
    pub async fn refused(&self, caller: &Caller, call: Call) -> Option<Outcome> {
        let start = now();
        match self.gateway(caller) {
            Ok(_) => None,
            Err(refusal) => Some(self.refuse_stranger(start, call, &refusal).await),
        }
    }

    /// The gateway that calls.
    fn gateway(&self, caller: &Caller) -> Result<&Arc<Gateway>, Refusal> {
        match caller {
            Caller::Verified(sha256) => self
                .policy
                .gateway(sha256)
                .ok_or_else(|| Refusal::UnknownGateway { certificate: HEXLOWER.encode(sha256) }),
            Caller::Foreign => Err(Refusal::ForeignCertificate),
            Caller::Expired => Err(Refusal::ExpiredCertificate),
            Caller::Anonymous => Err(Refusal::NoCertificate),
        }
    }

    /// Refuses a caller that is no listed gateway, unless too many come: then it is turned away, and counted.
    async fn refuse_stranger(&self, start: Instant, call: Call, refusal: &Refusal) -> Outcome {
        let outcome = self.record_stranger(start, call, refusal).await;
        self.metrics().stranger_ended(outcome.ending());
        outcome
    }

    async fn record_stranger(&self, start: Instant, call: Call, refusal: &Refusal) -> Outcome {
        let unrecorded = match self.strangers.admit(refusal, start) {
            Admission::Refused { unrecorded } => unrecorded,
            Admission::TurnedAway { is_news } => {
                if is_news {
                    let reason = refusal.reason();
                    tracing::warn!(reason, "callers who are no listed gateway keep calling, and are turned away");
                }
                return Outcome::Unavailable(Unavailable::TooManyStrangers);
            }
        };
        let (calls, refusal) = (self.clone(), refusal.clone());
        // A task of its own: a caller who hangs up shall not take the count along.
        let recorded = tokio::spawn(async move {
            let recorded = record::stranger(calls.responder.ledger(), call, &refusal, unrecorded).await;
            if recorded.is_err() {
                calls.strangers.count_unrecorded(&refusal, unrecorded + 1);
            }
            let outcome = calls.responder.told(refusal, recorded);
            calls.log(call, "", start, &outcome);
            outcome
        });
        recorded.await.unwrap_or_else(|_| Outcome::Unavailable(AppendError::Unavailable.into()))
    }

    /// Tells the log of a call that ended: who, what became of it, how long it took; nothing of what was asked.
    ///
    /// An answer is told at `debug` alone: it stands in the ledger, and where many come a line for each would bury, or by the
    /// rate limit of the system's journal cost, what an operator needs to know.
    fn log(&self, call: Call, gateway: &str, start: Instant, outcome: &Outcome) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (method, outcome) = (call.word(), outcome.word());
        if outcome == Outcome::ANSWERED {
            tracing::debug!(number, method, gateway, outcome, took_us, "call ended");
        } else {
            tracing::info!(number, method, gateway, outcome, took_us, "call ended");
        }
    }
}

fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::{Caller, Peer};

    #[test]
    fn a_caller_is_expired_once_its_certificate_is() {
        let now = jiff::Timestamp::now().as_second();
        let caller = Caller::Verified([7; 32]);
        let peer = |valid_until| Peer { caller: caller.clone(), valid_until };
        assert_eq!(peer(Some(now - 1)).caller(), Caller::Expired);
        assert_eq!(peer(Some(now + 60)).caller(), caller);
        assert_eq!(peer(None).caller(), caller);
    }
}
