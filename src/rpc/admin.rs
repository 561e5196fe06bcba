//! `bdcd.admin.v1.AdminService`: what the commands of this machine ask of the running daemon.

use std::sync::Arc;

use tonic::{Request, Response, Status, transport::server::UdsConnectInfo};

use super::{
    admin_contract::{Act, RecordRequest, RecordResponse, admin_service_server},
    status::{of_unavailable, refused_admin},
};
use crate::{
    ledger::Ledger,
    service::record::{self, OperatorAct},
};

/// The longest detail of an act, in characters: room for the numbers of what is revealed.
const DETAIL_CHARACTERS_MAX: usize = 4_000;

/// Takes what operators are about to do into the ledger.
#[derive(Clone)]
pub struct AdminService {
    ledger: Arc<Ledger>,
    own_uid: u32,
}

impl AdminService {
    /// A service of `ledger` for the user `own_uid`, and root.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, own_uid: u32) -> Self {
        Self { ledger, own_uid }
    }

    /// The user at the other end, as the kernel tells it.
    fn user<T>(&self, request: &Request<T>) -> Result<u32, Status> {
        let told = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
        let uid = told.map(|told| told.uid());
        uid.filter(|uid| *uid == self.own_uid || *uid == 0)
            .ok_or_else(|| refused_admin("NOT_THE_DAEMONS_USER", "only root and the daemon's own user may ask this"))
    }
}

#[tonic::async_trait]
impl admin_service_server::AdminService for AdminService {
    async fn record(&self, request: Request<RecordRequest>) -> Result<Response<RecordResponse>, Status> {
        let uid = self.user(&request)?;
        let RecordRequest { act, detail } = request.into_inner();
        let act = match Act::try_from(act) {
            Ok(Act::Reveal) => OperatorAct::Reveal,
            Ok(Act::Prune) => OperatorAct::Prune,
            Ok(Act::AcceptClock) => OperatorAct::AcceptClock,
            Ok(Act::Load) => OperatorAct::Load,
            Ok(Act::Rollback) => OperatorAct::Rollback,
            Ok(Act::Unspecified) | Err(_) => {
                return Err(refused_admin(
                    "UNKNOWN_ACT",
                    "the act is none that this daemon knows: use its own version of `bdcd`",
                ));
            }
        };
        if detail.chars().count() > DETAIL_CHARACTERS_MAX || detail.chars().any(char::is_control) {
            return Err(refused_admin(
                "BAD_DETAIL",
                "the detail is longer than 4,000 characters, or holds a control character",
            ));
        }
        let by = format!("uid {uid}");
        let entry =
            record::act(&self.ledger, act, &detail, &by).await.map_err(|error| of_unavailable(&error.into()))?;
        Ok(Response::new(RecordResponse { entry }))
    }
}
