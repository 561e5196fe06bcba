//! The door: mutual TLS 1.3, and who it let in.
//!
//! A caller without a certificate, or with a foreign one, gets an answer that says so instead of a connection that breaks:
//! the handshake asks for a certificate and proves that the caller holds its key, the chain is judged right after it, and
//! the judgement goes with the connection. Only [`Caller::Verified`] is ever listened to.

use std::{fs, io, iter, ops::RangeInclusive, path::Path, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, ring},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject as _};

use crate::{
    keys::{KeyError, read_secret},
    service::calls::{Caller, Peer},
};

/// Why the door cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds no PEM of the kind expected.
    #[error("`{path}` holds no {expected} in PEM form")]
    Pem {
        /// The file.
        path: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The file of the private key cannot be read, or others may read it.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Certificate and key do not serve.
    #[error("the server's certificate and key cannot be used together")]
    Identity(#[source] rustls::Error),
    /// The client authority cannot be used.
    #[error("the client CA cannot be used: {0}")]
    ClientAuthority(String),
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
///
/// Where the file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let shown = || path.display().to_string();
    let bytes = fs::read(path).map_err(|source| TlsError::File { path: shown(), source })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::Pem { path: shown(), expected: "certificate" }),
    }
}

/// When a certificate is valid, in seconds since 1970 (UTC); `None` where the bytes are no certificate.
#[must_use]
pub fn validity(certificate: &CertificateDer<'_>) -> Option<RangeInclusive<i64>> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let validity = parsed.validity();
    Some(validity.not_before.timestamp()..=validity.not_after.timestamp())
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read_secret(path)?;
    let expected = || TlsError::Pem { path: path.display().to_string(), expected: "private key" };
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| expected())
}

/// The SHA-256 of a certificate: what a gateway is listed by.
#[must_use]
pub fn certificate_sha256(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(::ring::digest::digest(&::ring::digest::SHA256, certificate).as_ref());
    sha256
}

/// Judges chains once the handshake is done.
#[derive(Clone)]
pub struct Judge(Arc<dyn ClientCertVerifier>);

impl Judge {
    /// What the certificates of a connection tell of the caller, and until when.
    ///
    /// A certificate that was not needed, and had expired before, does not count against the connection.
    #[must_use]
    pub fn peer(&self, shown: Option<&[CertificateDer<'_>]>) -> Peer {
        let stranger = |caller| Peer { caller, valid_until: None };
        let Some((own, intermediates)) = shown.and_then(<[_]>::split_first) else { return stranger(Caller::Anonymous) };
        match self.judge(own, intermediates) {
            Ok(()) => {
                let now = jiff::Timestamp::now().as_second();
                let ends = iter::once(own).chain(intermediates).filter_map(validity).map(|validity| *validity.end());
                Peer {
                    caller: Caller::Verified(certificate_sha256(own)),
                    valid_until: ends.filter(|end| *end >= now).min(),
                }
            }
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => stranger(Caller::Expired),
            Err(_) => stranger(Caller::Foreign),
        }
    }

    /// Judges a certificate, by the client authority and the clock.
    ///
    /// # Errors
    ///
    /// Why its holder would not be let in.
    pub fn judge(&self, own: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        self.0.verify_client_cert(own, intermediates, UnixTime::now()).map(|_| ())
    }
}

/// The TLS configuration of the server, and the judge of those who come.
pub type Door = (Arc<ServerConfig>, Judge);

/// Builds the door from PEM files: the server's certificate chain and its key, and the authority of those who come.
///
/// # Errors
///
/// Where a file cannot be read or used.
pub fn door(certificate: &Path, key: &Path, client_authority: &Path) -> Result<Door, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    for root in certificates(client_authority)? {
        roots.add(root).map_err(|err| TlsError::ClientAuthority(err.to_string()))?;
    }
    let judge = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|err| TlsError::ClientAuthority(err.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Identity)?
        .with_client_cert_verifier(Arc::new(Deferred { judge: Arc::clone(&judge), provider }))
        .with_single_cert(certificates(certificate)?, private_key(key)?)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((Arc::new(config), Judge(judge)))
}

/// Lets the handshake end whoever comes; it still proves that a certificate shown is the caller's own.
#[derive(Debug)]
struct Deferred {
    judge: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Deferred {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Clients would keep a certificate of another authority to themselves if they were told which one is asked for.
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
