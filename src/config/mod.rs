//! The one TOML file: as written, then as used.
//!
//! Unknown keys are refused, paths count from the file, values carry their unit, and every default stands here and, by test,
//! in `deploy/bdcd.toml`. All mistakes of the values are told in one run.

mod bounds;
mod unit;

use std::{
    collections::HashMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
pub use unit::{Bytes, Retention, Span};

use crate::{
    domain::generation::Share,
    ledger,
    server::{self, tls},
    service::{
        engine,
        policy::{Court, Gateway, Policy},
    },
    spec::FeedbackOptions,
};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration `{path}`")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not TOML of the form expected.
    #[error("configuration `{path}` is not of the form expected")]
    Form {
        /// The file.
        path: String,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// Values that cannot be used; every one is named.
    #[error("configuration `{path}` cannot be used: {}", .mistakes.join("; "))]
    Values {
        /// The file.
        path: String,
        /// `key: what is wrong`.
        mistakes: Vec<String>,
    },
}

/// Why it cannot be said who may ask.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A gateway's certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] tls::TlsError),
    /// One certificate stands for two gateways.
    #[error(
        "gateways `{first}` and `{second}` have the same certificate: list it once, with all the courts that it may speak for"
    )]
    SameCertificate {
        /// The one that is listed first.
        first: String,
        /// The other.
        second: String,
    },
}

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
    /// Rows of a package that `--quarantine` sets aside where it gives no number.
    pub quarantine_rows_max: usize,
    /// Rows of each table that a load sets aside, as a share of it.
    #[serde(deserialize_with = "unit::share")]
    pub quarantine_share_max: Share,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            // What somebody can still correct in the register one by one.
            quarantine_rows_max: 1000,
            quarantine_share_max: Share::from_hundredths_of_percent(100).unwrap_or(Share::ALL),
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

impl Config {
    /// Reads and checks a file; every path in it then counts from where the program runs.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, is of another form, or holds values that cannot be used.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = || path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| ConfigError::File { path: shown(), source })?;
        let mut config: Self =
            toml::from_str(&text).map_err(|source| ConfigError::Form { path: shown(), source: Box::new(source) })?;
        let mistakes = config.mistakes();
        if !mistakes.is_empty() {
            return Err(ConfigError::Values { path: shown(), mistakes });
        }
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = bounds::mistakes(self);
        if !["error", "warn", "info", "debug", "trace"].contains(&self.log.as_str()) {
            mistakes.push("log: is none of error, warn, info, debug, trace".to_owned());
        }
        for gateway in &self.gateways {
            if gateway.name.trim().is_empty() || gateway.name.chars().any(char::is_control) {
                mistakes.push("gateway: name: is empty or holds a control character".to_owned());
            }
            if gateway.courts.is_empty() {
                mistakes.push(format!("gateway `{}`: courts: is empty: it could ask nothing", gateway.name));
            }
            if gateway.courts.iter().any(|court| court.name.trim().is_empty() || court.code.trim().is_empty()) {
                mistakes.push(format!("gateway `{}`: courts: a court lacks its name or code", gateway.name));
            }
            // Callers' are compared without such blanks.
            let is_padded = |text: &String| text.trim() != text;
            if gateway.courts.iter().any(|court| is_padded(&court.name) || is_padded(&court.code)) {
                mistakes.push(format!(
                    "gateway `{}`: courts: a name or code begins or ends with a blank: it could never ask",
                    gateway.name
                ));
            }
        }
        mistakes
    }

    fn resolve(&mut self, folder: &Path) {
        let mut paths = vec![
            &mut self.directory,
            &mut self.master_key,
            &mut self.socket,
            &mut self.ledger.folder,
            &mut self.ledger.key,
            &mut self.tls.certificate,
            &mut self.tls.key,
            &mut self.tls.client_ca,
        ];
        paths.extend(self.gateways.iter_mut().map(|gateway| &mut gateway.certificate));
        if let Some(client) = &mut self.client {
            paths.extend([&mut client.ca, &mut client.certificate, &mut client.key]);
        }
        for path in paths {
            *path = folder.join(&*path);
        }
    }

    /// How the server listens.
    #[must_use]
    pub fn server(&self) -> server::Options {
        let limits = &self.limits;
        server::Options {
            message_bytes_max: limits.message_bytes_max.0,
            streams_max: limits.streams_max,
            connections_max: limits.connections_max,
            strangers_max: limits.strangers_max,
            stranger_time_max: limits.stranger_time_max.0,
            handshakes_max: limits.handshakes_max,
            handshake_timeout: limits.handshake_timeout.0,
            call_timeout: limits.call_timeout.0,
            drain_timeout: limits.drain_timeout.0,
        }
    }

    /// How the engine runs.
    #[must_use]
    pub fn engine(&self) -> engine::Options {
        engine::Options {
            reader_threads: self.limits.reader_threads,
            queued_per_reader_max: self.limits.queued_per_reader_max,
            pointer_interval: self.limits.pointer_interval.0,
            check_interval: self.limits.check_interval.0,
            check_bytes_per_second: self.limits.check_bytes_per_second.0 as u64,
        }
    }

    /// How the ledger is written.
    #[must_use]
    pub fn ledger(&self) -> ledger::Options {
        ledger::Options {
            folder: self.ledger.folder.clone(),
            queue_entries_max: self.ledger.queue_entries_max,
            batch_entries_max: self.ledger.batch_entries_max,
            batch_bytes_max: self.ledger.batch_bytes_max.0,
            body_retention: self.ledger.body_retention.0,
            removal_interval: self.ledger.removal_interval.0,
            clock_bound: Some(self.ledger.clock_bound.0),
        }
    }

    /// Who may ask what.
    ///
    /// # Errors
    ///
    /// Where a gateway's certificate cannot be read, or stands for another gateway as well.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        let mut listed: HashMap<_, Gateway> = HashMap::new();
        for GatewayAsWritten { name, certificate, courts } in &self.gateways {
            let certificate = tls::certificates(certificate)?.swap_remove(0);
            let courts = courts.iter().map(|court| Court { name: court.name.clone(), code: court.code.clone() });
            let gateway = Gateway { name: name.clone(), courts: courts.collect() };
            if let Some(first) = listed.insert(tls::certificate_sha256(&certificate), gateway) {
                return Err(PolicyError::SameCertificate { first: first.name, second: name.clone() });
            }
        }
        Ok(Policy::new(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn parsed(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_example_holds_every_default() {
        let example = include_str!("../../deploy/bdcd.toml");
        assert_eq!(format!("{:?}", parsed(example)), format!("{:?}", parsed("")));
        let keys = |value: &toml::Table| -> usize {
            value.values().map(|one| one.as_table().map_or(1, toml::Table::len)).sum()
        };
        assert_eq!(
            keys(&toml::from_str(example).unwrap()),
            5 + 3 + 8 + 2 + 14 + 15,
            "a key that is missing here would go unseen"
        );
        for key in ["[[gateway]]", "courts", "[client]", "server-name"] {
            assert!(example.contains(key), "{key}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once_by_its_key() {
        let text = "log = \"loud\"\n[limits]\nstreams-max = 0\nreader-threads = 99\n[[gateway]]\nname = \"g\"\ncertificate = \"c\"\ncourts = []
            [[gateway]]\nname = \"h\"\ncertificate = \"c\"
            courts = [{ name = \"甲法院\", code = \"测01 \" }]";
        let mistakes = parsed(text).mistakes();
        assert_eq!(mistakes.len(), 5, "{mistakes:?}");
        for text in [
            "limits.message-bytes-max = 5",
            "limits.call-timeout = \"5\"",
            "limits.call-timeout = \"5y\"",
            "load.quarantine-share-max = \"101%\"",
            "load.quarantine-share-max = \"1\"",
            "load.quarantine-share-max = \"0.001%\"",
            "unknown = 1",
        ] {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_count_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bdcd.toml");
        std::fs::write(&path, "directory = \"m\"\n[tls]\nkey = \"/absolute\"\n").unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.directory, folder.path().join("m"));
        assert_eq!(config.tls.key.to_str(), Some("/absolute"));
    }
}
