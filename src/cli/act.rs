//! What an operator is about to do becomes an entry first: through the running daemon, or, where none runs, by this command.

use std::{io, path::PathBuf};

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};

use super::{failure::Failure, open, process};
use crate::{
    config::Config,
    rpc::admin_contract::{self, RecordRequest, admin_service_client::AdminServiceClient},
    service::record::{self, OperatorAct},
};

/// Records the act, and returns the number of its entry. `detail` says nothing of a person.
pub(super) fn record(config: &Config, act: OperatorAct, detail: &str) -> Result<u64, Failure> {
    open::runtime()?.block_on(async {
        if let Some(channel) = daemon(config).await? {
            return through(channel, act, detail).await;
        }
        let ledger = open::ledger(config).map_err(|failure| {
            failure.hint("a daemon that holds the ledger must listen on `socket` of the same configuration")
        })?;
        record::act(&ledger, act, detail, &user()).await.map_err(|err| Failure::failed(&err))
    })
}

/// The running daemon; `None` where none listens.
async fn daemon(config: &Config) -> Result<Option<Channel>, Failure> {
    let path = config.socket.clone();
    // The address is never looked at: the connector knows the way.
    let endpoint = Endpoint::from_static("http://daemon.invalid");
    let connector = tower::service_fn(move |_: Uri| connect(path.clone()));
    match connect(config.socket.clone()).await {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => {
            let what = format!("cannot reach the daemon at `{}`", config.socket.display());
            return Err(Failure::environment(what, error).hint("run the command as the daemon's user, or as root"));
        }
    }
    let channel = endpoint.connect_with_connector(connector).await;
    channel.map(Some).map_err(|err| Failure::environment("cannot reach the daemon", err))
}

async fn connect(path: PathBuf) -> io::Result<TokioIo<UnixStream>> {
    UnixStream::connect(path).await.map(TokioIo::new)
}

async fn through(channel: Channel, act: OperatorAct, detail: &str) -> Result<u64, Failure> {
    let act = match act {
        OperatorAct::Reveal => admin_contract::Act::Reveal,
        OperatorAct::Prune => admin_contract::Act::Prune,
        OperatorAct::AcceptClock => admin_contract::Act::AcceptClock,
        OperatorAct::Load => admin_contract::Act::Load,
        OperatorAct::Rollback => admin_contract::Act::Rollback,
    };
    let request = RecordRequest { act: act as i32, detail: detail.to_owned() };
    let recorded = AdminServiceClient::new(channel).record(request).await.map_err(|status| {
        Failure::environment(format!("the daemon does not record it: {}", status.message()), status)
    })?;
    Ok(recorded.into_inner().entry)
}

/// Who runs the command, as entries name them: the user's number, which no name can forge.
pub(super) fn user() -> String {
    format!("uid {}", process::user())
}
