//! A throw-away public-key infrastructure: two authorities, a server, a gateway.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use crate::cli::failure::Failure;

/// Makes `server-ca.pem`, `client-ca.pem`, `server.pem`, `server.key`, `gateway.pem` and `gateway.key` in `folder`.
pub(super) fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|err| Failure::environment("cannot make the demo's folder", err))?;
    let server_authority = authority(folder, "server-ca", "demo server CA")?;
    let client_authority = authority(folder, "client-ca", "demo client CA")?;
    issue(folder, "server", "localhost", ExtendedKeyUsagePurpose::ServerAuth, &server_authority)?;
    issue(folder, "gateway", "demo gateway", ExtendedKeyUsagePurpose::ClientAuth, &client_authority)
}

fn authority(folder: &Path, file: &str, name: &str) -> Result<Issuer<'static, KeyPair>, Failure> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate().map_err(cannot_certify)?;
    let certificate = params.self_signed(&key).map_err(cannot_certify)?;
    write(folder, &format!("{file}.pem"), &certificate.pem(), 0o644)?;
    Ok(Issuer::new(params, key))
}

fn issue(
    folder: &Path,
    file: &str,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<(), Failure> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).map_err(cannot_certify)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate().map_err(cannot_certify)?;
    let certificate = params.signed_by(&key, issuer).map_err(cannot_certify)?;
    write(folder, &format!("{file}.pem"), &certificate.pem(), 0o644)?;
    write(folder, &format!("{file}.key"), &key.serialize_pem(), 0o600)
}

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> Result<(), Failure> {
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(folder.join(name));
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|err| Failure::environment(format!("cannot write `{name}` into the demo's folder"), err))
}

fn cannot_certify(err: rcgen::Error) -> Failure {
    Failure::environment("cannot make the demo's certificates", err)
}
