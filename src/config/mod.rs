//! The one TOML file: as written, then as used.
//!
//! Unknown keys are refused, paths count from the file, values carry their unit, and every default stands here and, by test,
//! in `deploy/bdcd.toml`. All mistakes of the keys and values are reported in one run (`form`, `bounds`).

pub mod bureau;
mod unit;
mod written;
mod form;
mod bounds;
mod certificates;

use std::{collections::HashMap, fs, io, path::Path};

pub use unit::{Bytes, Retention, Span};
pub use written::{Client, Config, CourtAsWritten, GatewayAsWritten, Ledger, Limits, Load, Operations, Tls};

use crate::{
    keys::note::VerifierKey,
    ledger,
    server::{self, tls},
    service::{
        engine,
        gates::GateLimits,
        policy::{Court, Gateway, Policy},
    },
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
    /// It is no TOML.
    #[error("configuration `{path}` is not of the form expected")]
    Form {
        /// The file.
        path: String,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// The bureau's tables file cannot be read.
    #[error("cannot read the tables file `{path}`")]
    Tables {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not TOML of the form expected.
    #[error(
        "the tables file `{path}` is not of the form expected: `none`, `[files]`, `[columns.TABLE]`, `[codes.COLUMN]`, `[accept]`"
    )]
    TablesForm {
        /// The file.
        path: String,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// Keys or values that cannot be used; every one is named.
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

impl Config {
    /// Reads and checks a file; every path in it then counts from where the program runs.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, is of another form, or holds values that cannot be used.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = || path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| ConfigError::File { path: shown(), source })?;
        let (mut config, mut mistakes) =
            form::read(&text).map_err(|source| ConfigError::Form { path: shown(), source: Box::new(source) })?;
        mistakes.extend(config.mistakes());
        if !mistakes.is_empty() {
            return Err(ConfigError::Values { path: shown(), mistakes });
        }
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = bounds::mistakes(self);
        let is_code = |code: &String| code.len() == 6 && code.bytes().all(|one| one.is_ascii_digit());
        if !self.load.authority.as_ref().is_none_or(is_code) {
            mistakes.push("load.authority: is not six digits".to_owned());
        }
        if !["error", "warn", "info", "debug", "trace"].contains(&self.log.as_str()) {
            mistakes.push("log: is none of error, warn, info, debug, trace".to_owned());
        }
        if let Some(operations) = &self.operations
            && !(operations.listen.ip().is_loopback() || operations.beyond_loopback)
        {
            mistakes.push(format!(
                "operations.listen: {} is not on the loopback interface, and has neither TLS nor a login: set \
                 operations.beyond-loopback = true where the network keeps everybody out who should not see it",
                operations.listen
            ));
        }
        for (at, key) in self.package_keys.iter().enumerate() {
            if let Err(error) = VerifierKey::parse(key.trim()) {
                mistakes.push(format!("package-keys: the one at place {}: {error}", at + 1));
            }
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

    /// The keys of those whose packages are loaded.
    #[must_use]
    pub fn package_keys(&self) -> Vec<VerifierKey> {
        // Those that are none are mistakes, told when the file was read.
        self.package_keys.iter().filter_map(|key| VerifierKey::parse(key.trim()).ok()).collect()
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

    /// What a package is held to.
    #[must_use]
    pub fn gates(&self) -> GateLimits {
        let Load { authority, fall_max, rise_max, free_rows, .. } = &self.load;
        GateLimits { authority: authority.clone(), fall_max: *fall_max, rise_max: *rise_max, free_rows: *free_rows }
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
    use super::{Config, ConfigError};

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
            6 + 3 + 8 + 6 + 14 + 15,
            "a key that is missing here would go unseen"
        );
        for key in ["[[gateway]]", "courts", "[client]", "server-name", "[operations]", "beyond-loopback"] {
            assert!(example.contains(key), "{key}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once_by_its_key() {
        let text = "log = \"loud\"\npackage-keys = [\"x\"]\noperations.listen = \"0.0.0.0:1\"\n[limits]\nstreams-max = 0\nreader-threads = 99\n[[gateway]]\nname = \"g\"\ncertificate = \"c\"\ncourts = []
            [[gateway]]\nname = \"h\"\ncertificate = \"c\"
            courts = [{ name = \"甲法院\", code = \"测01 \" }]";
        let mistakes = parsed(text).mistakes();
        assert_eq!(mistakes.len(), 7, "{mistakes:?}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bdcd.toml");
        std::fs::write(&path, format!("unknown = 1\n{text}\n[ledger]\nclock-bound = \"1y\"\n")).unwrap();
        let Err(ConfigError::Values { mistakes, .. }) = Config::read(&path) else { panic!("mistakes of both kinds") };
        assert_eq!(mistakes.len(), 9, "{mistakes:?}");
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
