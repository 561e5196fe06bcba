//! What a gateway may ask: it is known by its certificate, and speaks for the courts it is listed with.

use std::{collections::HashMap, sync::Arc};

/// A court that a gateway may speak for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Court {
    /// Its name, as in FYMC.
    pub name: String,
    /// Its code, as in case numbers: 苏0102.
    pub code: String,
}

/// A calling system and what it may do.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The operator's name for it, told in logs.
    pub name: String,
    /// The courts it may speak for.
    pub courts: Vec<Court>,
}

impl Gateway {
    /// The court of this code, where the gateway may speak for it.
    #[must_use]
    pub fn court_by_code(&self, code: &str) -> Option<&Court> {
        self.courts.iter().find(|court| court.code == code.trim())
    }

    /// The court of this name, where the gateway may speak for it.
    #[must_use]
    pub fn court_by_name(&self, name: &str) -> Option<&Court> {
        self.courts.iter().find(|court| court.name == name.trim())
    }
}

/// The gateways by the SHA-256 of their certificate.
#[derive(Debug, Default)]
pub struct Policy {
    gateways: HashMap<[u8; 32], Arc<Gateway>>,
}

impl Policy {
    /// A policy of these gateways, each with its certificate's SHA-256.
    #[must_use]
    pub fn new(gateways: impl IntoIterator<Item = ([u8; 32], Gateway)>) -> Self {
        Self { gateways: gateways.into_iter().map(|(sha256, gateway)| (sha256, Arc::new(gateway))).collect() }
    }

    /// The gateway with this certificate; `None` where none is listed.
    #[must_use]
    pub fn gateway(&self, certificate_sha256: &[u8; 32]) -> Option<&Arc<Gateway>> {
        self.gateways.get(certificate_sha256)
    }
}
