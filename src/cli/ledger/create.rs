//! `bdcd ledger create`: the key that signs, and the first entry.

use std::{fs, io::Write as _, path::Path};

use crate::cli::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print, say},
};
use crate::{
    config::Config,
    keys::{self, MasterKey},
    ledger::{
        Ledger,
        note::{Ed25519Signer, VerifierKey},
        system_clock,
    },
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The ledger's name for ever, in the form of an address without scheme: bdc.example.cn/990102
    ///
    /// It need not be reachable; no two ledgers may share it. Every receipt carries it.
    #[arg(long, value_name = "NAME")]
    origin: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = create(&arguments.config.read()?, &arguments.origin)?;
    print(&format!("{key}\n"))
}

/// Makes key and ledger, and returns the public key.
pub(in crate::cli) fn create(config: &Config, origin: &str) -> Result<VerifierKey, Failure> {
    let master = MasterKey::read(&config.master_key).map_err(|err| Failure::failed(&err))?;
    let file = &config.ledger.key;
    let signer = if file.exists() { kept(config, origin)? } else { fresh(file, origin)? };
    let key = signer.verifier();
    Ledger::create(&config.ledger.folder, &master, signer, &act::user(), &system_clock())
        .map_err(|err| open::ledger_failed(&err))?;
    let public = file.with_extension("pub");
    fs::File::create(&public)
        .and_then(|mut file| file.write_all(format!("{key}\n").as_bytes()))
        .map_err(|err| Failure::environment(format!("cannot write `{}`", public.display()), err))?;
    say(&format!(
        "made the ledger in `{}`, signed by `{}` (mode 0600; keep a copy in a safe place)",
        config.ledger.folder.display(),
        file.display()
    ));
    say(&format!("its public key stands in `{}`: give it to every court that will verify answers", public.display()));
    Ok(key)
}

/// The key that is there: left by a `create` that stopped before it made the ledger.
fn kept(config: &Config, origin: &str) -> Result<Ed25519Signer, Failure> {
    let signer = open::signer(config)?;
    if signer.verifier().name() != origin {
        let told = format!("`{}` holds a key of another origin", config.ledger.key.display());
        return Err(Failure::misused(told).hint("name that origin, or another file in `ledger.key`"));
    }
    Ok(signer)
}

fn fresh(file: &Path, origin: &str) -> Result<Ed25519Signer, Failure> {
    let seed: [u8; 32] = keys::random().map_err(|err| Failure::failed(&err))?;
    let text = Ed25519Signer::encode(origin, &seed).map_err(|err| Failure::usage(&err))?;
    keys::write_secret(file, &format!("{text}\n")).map_err(|err| Failure::failed(&err))?;
    Ed25519Signer::parse(&text).map_err(|err| Failure::failed(&err))
}
