//! `bdcd serve --check`: whether a daemon could serve as configured, found out without one.

use std::path::Path;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::{failure::Failure, open, output::print};
use crate::{
    config::{Config, GatewayAsWritten},
    ledger::AppendError,
    mirror::Choice,
    server::tls,
    service::engine::StartError,
};

/// Checks in the order in which a daemon starts; what stops one stops the check with the same words.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    let (_, (_, judge)) = open::entrance(config)?;
    let mirror = open::mirror(config)?;
    let (origin, entries) = open::check_ledger(config)?;
    let (generation, passed_over) = match mirror.choose(None).map_err(|err| Failure::failed(&StartError::from(err)))? {
        (Choice::Other(generation), passed_over) => (generation, passed_over),
        (Choice::Same, _) => return Err(Failure::fault("nothing serves, and the mirror says that it does already")),
    };
    let name = generation.name();

    let reader = open::reader(config)?;
    let judged = reader.judge_clock(config.ledger().clock_bound, Timestamp::now().as_millisecond());
    if let Some(implausible) = judged.map_err(|err| open::unreadable(&err))? {
        return Err(Failure::failed(&StartError::Record(AppendError::Clock(implausible))));
    }

    let mut lines = vec![
        format!("ledger       {origin}, {}", count(entries, "entry", "entries")),
        format!("generation   {name}, as of {}", generation.facts().as_of),
    ];
    let mut obstacles: Vec<_> =
        passed_over.iter().map(|what| format!("{what}; generation `{name}` would serve in its place")).collect();
    let own = Certificate::read(&config.tls.certificate)?;
    lines.push(format!("server       {}", own.told()));
    if let Some(obstacle) = own.obstacle() {
        obstacles.push(format!("the server's own certificate {obstacle}"));
    }
    for GatewayAsWritten { name, certificate, courts } in &config.gateways {
        let own = Certificate::read(certificate)?;
        lines.push(format!("gateway      {name}, {}, {}", count(courts.len() as u64, "court", "courts"), own.told()));
        let judged = judge.judge(&own.chain[0], &own.chain[1..]);
        let judged = judged.err().map(|err| format!("`{}` would not be let in: {err}", certificate.display()));
        if let Some(obstacle) = own.obstacle().or(judged) {
            obstacles.push(format!("gateway `{name}`: {obstacle}"));
        }
    }
    if config.gateways.is_empty() {
        obstacles.push("no gateway is listed: nobody could ask".to_owned());
    }
    print(&(lines.join("\n") + "\n"))?;
    if obstacles.is_empty() {
        return Ok(());
    }
    Err(Failure::no("a daemon would start, and not as configured")
        .because(obstacles)
        .hint("where that is meant, as for a certificate that is about to be replaced, restart all the same"))
}

fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// A certificate with its file, and the rest of that file's chain.
struct Certificate<'a> {
    file: &'a Path,
    chain: Vec<CertificateDer<'static>>,
}

impl<'a> Certificate<'a> {
    fn read(file: &'a Path) -> Result<Self, Failure> {
        let chain = tls::certificates(file).map_err(|err| Failure::usage(&err))?;
        Ok(Self { file, chain })
    }

    /// Which it is, and until when it is valid.
    fn told(&self) -> String {
        let until = tls::validity(&self.chain[0]).map(|validity| format!(" valid until {}", time(*validity.end())));
        format!("certificate `{}`{}", self.file.display(), until.unwrap_or_default())
    }

    /// What stands against it by itself: it is none, or not valid now.
    fn obstacle(&self) -> Option<String> {
        let file = self.file.display();
        let Some(validity) = tls::validity(&self.chain[0]) else {
            return Some(format!("`{file}` cannot be read"));
        };
        let (from, until) = (time(*validity.start()), time(*validity.end()));
        let is_valid = validity.contains(&Timestamp::now().as_second());
        (!is_valid).then(|| format!("`{file}` is valid from {from} to {until} alone"))
    }
}

/// A time in seconds since 1970, as RFC 3339 in UTC.
fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
