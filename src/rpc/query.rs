//! `bdcd.query.v1.QueryService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::{
    contract::{self, ExchangeRequest, QueryRequest, query_service_server},
    status::{of_refusal, of_unavailable},
    wire,
};
use crate::{
    domain::inquiry::Draft,
    ledger::Answered,
    service::{
        answer::Outcome,
        calls::{self, Caller, Calls},
    },
};

/// Brings the calls of gateways to the service.
#[derive(Clone)]
pub struct QueryService(Calls);

impl QueryService {
    /// A way to `calls`.
    #[must_use]
    pub fn new(calls: Calls) -> Self {
        Self(calls)
    }

    /// The way that its calls take.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.0
    }

    async fn take<T>(
        &self,
        request: Request<T>,
        read: impl FnOnce(T) -> calls::Request,
    ) -> Result<Response<wire::Response>, Status> {
        let (_, extensions, request) = request.into_parts();
        // A connection whose handshake told nothing is nobody's.
        let caller = extensions.get::<Caller>().unwrap_or(&Caller::Anonymous);
        match self.0.take(caller, read(request)).await {
            Outcome::Answered(answered) => Ok(respond(answered)),
            Outcome::Refused { refusal, entry } => Err(of_refusal(&refusal, entry)),
            Outcome::Unavailable(why) => Err(of_unavailable(&why)),
        }
    }
}

#[tonic::async_trait]
impl query_service_server::QueryService for QueryService {
    async fn query(&self, request: Request<QueryRequest>) -> Result<Response<wire::Response>, Status> {
        self.take(request, |request| calls::Request::Query(Arc::new(draft(request)))).await
    }

    async fn exchange(&self, request: Request<ExchangeRequest>) -> Result<Response<wire::Response>, Status> {
        self.take(request, |request| calls::Request::Exchange(request.message)).await
    }
}

fn respond(answered: Answered) -> Response<wire::Response> {
    let Answered { answer, receipt, opening } = answered;
    Response::new(wire::Response { answer: answer.into(), receipt, opening: opening.to_vec().into() })
}

/// The inquiry as it came; what the contract leaves out is empty.
fn draft(request: QueryRequest) -> Draft {
    let contract::Inquiry { request_number, court, case_number, handler, notice_number, subject, items, include_ended } =
        request.inquiry.unwrap_or_default();
    let (court, handler, subject) =
        (court.unwrap_or_default(), handler.unwrap_or_default(), subject.unwrap_or_default());
    Draft {
        request_number,
        court_name: court.name,
        court_code: court.code,
        case_number,
        handler_name: handler.name,
        work_certificate_number: handler.work_certificate_number,
        official_certificate_number: handler.official_certificate_number,
        handler_contact: handler.contact,
        notice_number,
        subject_name: subject.name,
        document_kind: subject.document_kind,
        document_number: subject.document_number,
        items,
        include_ended,
    }
}
