//! The configuration as it is written, section by section, with every default.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::unit::{self, Bytes, Retention, Span};
use crate::{domain::generation::Share, spec::FeedbackOptions};

/// The file as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Where the generations are.
    #[serde(default = "default_directory")]
    pub directory: PathBuf,
    /// The file with the master key.
    #[serde(default = "default_master_key")]
    pub master_key: PathBuf,
    /// The address to listen on.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Public keys of those whose packages are loaded.
    #[serde(default)]
    pub package_keys: Vec<String>,
    /// What is logged: `error`, `warn`, `info`, `debug` or `trace`.
    #[serde(default = "default_log")]
    pub log: String,
    /// The server's identity, and whom it believes.
    #[serde(default)]
    pub tls: Tls,
    /// Who may ask.
    #[serde(default, rename = "gateway")]
    pub gateways: Vec<GatewayAsWritten>,
    /// The socket on which the daemon listens to the commands of this machine.
    #[serde(default = "default_socket")]
    pub socket: PathBuf,
    /// The evidence.
    #[serde(default)]
    pub ledger: Ledger,
    /// What a load may set aside.
    #[serde(default)]
    pub load: Load,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
    /// The form of feedback messages.
    #[serde(default)]
    pub exchange: FeedbackOptions,
    /// Where health and metrics are; nowhere where absent.
    #[serde(default)]
    pub operations: Option<Operations>,
    /// How `bdcd query` and `bdcd exchange` reach a daemon.
    #[serde(default)]
    pub client: Option<Client>,
}

/// Section `tls`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Tls {
    /// The server's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The authority of the gateways' certificates, PEM.
    pub client_ca: PathBuf,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: "tls/server.pem".into(),
            key: "tls/server.key".into(),
            client_ca: "tls/client-ca.pem".into(),
        }
    }
}

/// A table of array `gateway`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GatewayAsWritten {
    /// The operator's name for it; told in logs.
    pub name: String,
    /// Its certificate, PEM: the first of the file.
    pub certificate: PathBuf,
    /// The courts it may speak for.
    pub courts: Vec<CourtAsWritten>,
}

/// A court that a gateway may speak for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CourtAsWritten {
    /// Its name, as in FYMC.
    pub name: String,
    /// Its code, as in case numbers.
    pub code: String,
}

/// Section `ledger`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Ledger {
    /// Where it is.
    pub folder: PathBuf,
    /// The file with the key that signs it.
    pub key: PathBuf,
    /// How long sealed inquiries and answers are kept.
    pub body_retention: Retention,
    /// How long the daemon must run before the bodies of one day go.
    pub removal_interval: Span,
    /// How far the clock may be from its witnesses.
    pub clock_bound: Span,
    /// Entries that may wait to be written.
    pub queue_entries_max: usize,
    /// Entries of one commit.
    pub batch_entries_max: usize,
    /// Bytes of one commit, about.
    pub batch_bytes_max: Bytes,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            folder: "ledger".into(),
            key: "ledger.key".into(),
            body_retention: Retention(None),
            removal_interval: Span(Duration::from_hours(1)),
            // A holiday for which a machine is switched off, and a little more.
            clock_bound: Span(Duration::from_hours(10 * 24)),
            // About what the readers may have under way; a commit takes some hundred microseconds.
            queue_entries_max: 1024,
            batch_entries_max: 512,
            batch_bytes_max: Bytes(8 * 1024 * 1024),
        }
    }
}

/// Section `load`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Load {
    /// The six-digit code of the authority whose packages are loaded; where it is not given, that of what serves.
    #[serde(default)]
    pub authority: Option<String>,
    /// How much less of a table, or of the registrations of a kind, a package may have than what serves.
    #[serde(deserialize_with = "unit::share")]
    pub fall_max: Share,
    /// How much more it may have.
    #[serde(deserialize_with = "unit::share")]
    pub rise_max: Share,
    /// So many rows more or less are never too many.
    pub free_rows: u64,
    /// Rows of a package that `--quarantine` sets aside where it gives no number.
    pub quarantine_rows_max: usize,
    /// Rows of each table that a load sets aside, as a share of it.
    #[serde(deserialize_with = "unit::share")]
    pub quarantine_share_max: Share,
    /// Bytes that a package's archive may expand to.
    pub archive_bytes_max: Bytes,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            authority: None,
            // A register loses next to nothing from one day to the next; it grows by a building at a time.
            fall_max: Share::from_hundredths_of_percent(200).unwrap_or(Share::ALL),
            rise_max: Share::from_hundredths_of_percent(2000).unwrap_or(Share::ALL),
            // Else the first row more of a small table would be too much.
            free_rows: 2,
            // What somebody can still correct in the register one by one.
            quarantine_rows_max: 1000,
            quarantine_share_max: Share::from_hundredths_of_percent(100).unwrap_or(Share::ALL),
            // Sixty million units, about.
            archive_bytes_max: Bytes(64 << 30),
        }
    }
}

/// Section `limits`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// The largest message taken or sent.
    pub message_bytes_max: Bytes,
    /// Calls at a time on one connection.
    pub streams_max: u32,
    /// Connections of listed gateways at a time.
    pub connections_max: usize,
    /// Connections of callers that are not listed at a time.
    pub strangers_max: usize,
    /// How long the connection of a caller that is not listed may last.
    pub stranger_time_max: Span,
    /// TLS handshakes under way at a time; one more ends the oldest.
    pub handshakes_max: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Span,
    /// How long a call may take.
    pub call_timeout: Span,
    /// How long calls under way may take to end after a stop signal.
    pub drain_timeout: Span,
    /// Threads that read the mirror.
    pub reader_threads: usize,
    /// Inquiries that may wait for each reader.
    pub queued_per_reader_max: usize,
    /// How often the pointer to the serving generation is looked at.
    pub pointer_interval: Span,
    /// How often the generations' files are compared with their digests.
    pub check_interval: Span,
    /// How many bytes of them are read in a second at most.
    pub check_bytes_per_second: Bytes,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // About 30,000 registrations: 9,000 rights exceed the usual 4 MiB.
            message_bytes_max: Bytes(16 * 1024 * 1024),
            streams_max: 128,
            connections_max: 256,
            // Enough to be told why, for a gateway's engineers.
            strangers_max: 16,
            stranger_time_max: Span(Duration::from_secs(10)),
            handshakes_max: 128,
            handshake_timeout: Span(Duration::from_secs(2)),
            call_timeout: Span(Duration::from_secs(30)),
            drain_timeout: Span(Duration::from_secs(10)),
            reader_threads: 2,
            queued_per_reader_max: 128,
            pointer_interval: Span(Duration::from_secs(1)),
            check_interval: Span(Duration::from_hours(24)),
            check_bytes_per_second: Bytes(32 * 1024 * 1024),
        }
    }
}

/// Section `operations`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Operations {
    /// The address of health and metrics, without TLS and open to whoever reaches it.
    pub listen: SocketAddr,
    /// Whether the address may be one that other machines reach.
    #[serde(default)]
    pub beyond_loopback: bool,
}

/// Section `client`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Client {
    /// The daemon, as `https://host:port`.
    pub server: String,
    /// The name in the daemon's certificate, where it is not the host's.
    pub server_name: Option<String>,
    /// The authority of the daemon's certificate, PEM.
    pub ca: PathBuf,
    /// The gateway's certificate, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

fn default_directory() -> PathBuf {
    "mirror".into()
}

fn default_master_key() -> PathBuf {
    "master.key".into()
}

fn default_socket() -> PathBuf {
    "bdcd.sock".into()
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 50_051))
}

fn default_log() -> String {
    "info".to_owned()
}
