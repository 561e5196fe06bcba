//! The gateway's side of the line, for the commands that ask.

use std::{fs, path::Path};

use prost::Message as _;
use tonic::{
    Code, Request, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use super::{
    failure::Failure,
    output::{keep, say},
};
use crate::{
    config::{self, Config},
    rpc::{
        contract::{ExchangeRequest, Inquiry, QueryRequest, query_service_client::QueryServiceClient},
        wire,
    },
};

/// A connection to a daemon.
pub(super) struct Client(QueryServiceClient<Channel>);

impl Client {
    /// Connects as section `client` of the configuration says.
    pub(super) async fn connect(config: &Config) -> Result<Self, Failure> {
        let client = config.client.as_ref().ok_or_else(|| {
            Failure::misused("the configuration has no section `client`")
                .hint("say there which daemon to ask, and with which certificate")
        })?;
        let endpoint = endpoint(client)?;
        let channel = endpoint.connect().await.map_err(|err| {
            Failure::environment(format!("cannot connect to {}", client.server), err)
                .hint("is the daemon running, and does its certificate bear this name?")
        })?;
        let bytes = config.limits.message_bytes_max.0;
        Ok(Self(QueryServiceClient::new(channel).max_decoding_message_size(bytes).max_encoding_message_size(bytes)))
    }

    /// The answer with its evidence.
    pub(super) async fn query(&mut self, inquiry: Inquiry) -> Result<wire::Response, Failure> {
        let request = Request::new(QueryRequest { inquiry: Some(inquiry) });
        let response = self.0.query(request).await.map_err(|status| refused(&status))?;
        Ok(response.into_inner())
    }

    /// The feedback message with its evidence.
    pub(super) async fn exchange(&mut self, message: Vec<u8>) -> Result<wire::Response, Failure> {
        let request = Request::new(ExchangeRequest { message });
        let response = self.0.exchange(request).await.map_err(|status| refused(&status))?;
        Ok(response.into_inner())
    }
}

fn endpoint(client: &config::Client) -> Result<Endpoint, Failure> {
    let read = |path: &Path| {
        fs::read(path).map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))
    };
    let identity = Identity::from_pem(read(&client.certificate)?, read(&client.key)?);
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&client.ca)?)).identity(identity);
    if let Some(name) = &client.server_name {
        tls = tls.domain_name(name);
    }
    let wrong = |err: tonic::transport::Error| Failure::usage(&err);
    Endpoint::from_shared(client.server.clone()).map_err(wrong)?.tls_config(tls).map_err(wrong)
}

/// A refusal by the daemon, in its own words.
fn refused(status: &Status) -> Failure {
    let told = format!("{} ({:?})", status.message(), status.code());
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Unknown => {
            Failure::environment(format!("the daemon does not answer: {told}"), status.clone())
        }
        _ => Failure::no(format!("the daemon refuses: {told}")),
    }
}

/// Keeps a response as received.
pub(super) fn save(file: &Path, response: &wire::Response) -> Result<(), Failure> {
    keep(file, &response.encode_to_vec())?;
    say(&format!("kept the response in `{}`; check it with `bdcd verify`", file.display()));
    Ok(())
}
