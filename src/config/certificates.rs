//! The certificates that a configuration names, and until when they are valid.

use std::path::Path;

use super::Config;
use crate::server::{
    operations::Certificate,
    tls::{self, TlsError},
};

impl Config {
    /// The certificates that the daemon serves with and lets in by; one that is none is left out, as it lets nobody in.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or holds none.
    pub fn certificates(&self) -> Result<Vec<Certificate>, TlsError> {
        let of_tls = [("server", &self.tls.certificate), ("client-ca", &self.tls.client_ca)];
        let of_tls = of_tls.into_iter().map(|(role, file)| (role, "", file));
        let of_gateways = self.gateways.iter().map(|gateway| ("gateway", gateway.name.as_str(), &gateway.certificate));
        let mut certificates = Vec::new();
        for (role, name, file) in of_tls.chain(of_gateways) {
            let valid_until = expires(file)?;
            let certificate =
                |valid_until| Certificate { role, name: name.to_owned(), file: file.clone(), valid_until };
            certificates.extend(valid_until.map(certificate));
        }
        Ok(certificates)
    }
}

/// When the first of the certificates in a file expires, in seconds since 1970.
fn expires(file: &Path) -> Result<Option<i64>, TlsError> {
    let certificates = tls::certificates(file)?;
    Ok(certificates.iter().filter_map(tls::validity).map(|validity| *validity.end()).min())
}
