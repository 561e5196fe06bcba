//! What is decided at the headers of a call, before a byte of its body is read.
//!
//! A caller that is no listed gateway is refused there: its message would fill the memory before anyone asked who it is. A
//! call that takes too long ends here, with a reason that the transport's own bound does not give.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tonic::{
    Code, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
};

use super::status::{of_refusal, of_unavailable, timed_out, too_large};
use crate::service::{
    answer::Outcome,
    calls::{Caller, Calls, Cut, Peer},
    record::Call,
};

/// Stands before a service.
#[derive(Clone)]
pub struct Gate<S> {
    service: S,
    calls: Calls,
    call_timeout: Duration,
}

impl<S> Gate<S> {
    /// A gate before `service` for the gateways of `calls`.
    #[must_use]
    pub fn new(service: S, calls: Calls, call_timeout: Duration) -> Self {
        Self { service, calls, call_timeout }
    }
}

impl<S> Service<http::Request<Body>> for Gate<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let Self { mut service, calls, call_timeout } = self.clone();
        Box::pin(async move {
            // A connection whose handshake found nothing is nobody's.
            let caller = request.extensions().get::<Peer>().map_or(Caller::Anonymous, Peer::caller);
            let call = call_of(request.uri().path());
            if let Some(call) = call
                && let Some(outcome) = calls.refused(&caller, call).await
            {
                return Ok(refused(&outcome).into_http());
            }
            request.extensions_mut().insert(caller);
            let start = Instant::now();
            let cut = |why| call.into_iter().for_each(|call| calls.cut(call, why, start.elapsed()));
            let Ok(response) = tokio::time::timeout(call_timeout, service.call(request)).await else {
                cut(Cut::TimedOut);
                return Ok(timed_out().into_http());
            };
            let response = response?;
            // The transport's word for a message that is too long; nothing of ours says so.
            let is_too_large =
                Status::from_header_map(response.headers()).is_some_and(|s| s.code() == Code::OutOfRange);
            if is_too_large {
                cut(Cut::TooLarge);
                return Ok(too_large().into_http());
            }
            Ok(response)
        })
    }
}

/// The call that a path stands for.
fn call_of(path: &str) -> Option<Call> {
    match path {
        "/bdcd.query.v1.QueryService/Query" => Some(Call::Query),
        "/bdcd.query.v1.QueryService/Exchange" => Some(Call::Exchange),
        _ => None,
    }
}

fn refused(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::Refused { refusal, entry } => of_refusal(refusal, *entry),
        Outcome::Unavailable(why) => of_unavailable(why),
        Outcome::Answered(_) => Status::internal("a stranger cannot be answered"),
    }
}
