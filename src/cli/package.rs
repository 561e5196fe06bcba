//! `bdcd package`: a bureau's export becomes a package.

use std::path::{Path, PathBuf};

use super::{
    failure::Failure,
    key,
    output::{print, say},
};
use crate::{
    config::bureau,
    package::{
        Encoding,
        seal::{self, Bureau, Order, SealError, Sealed},
    },
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Write and sign the manifest of a folder of CSV files
    ///
    /// Recognises the encoding of every file, and its table by its name, counts rows and takes digests as a load does. The
    /// CSV files are not changed. What a manifest that is there says of words (`columns`, `codes`, `none`, `accept`) is kept.
    /// Needs neither daemon nor configuration: run it where the export is made.
    Seal(Arguments),
}

#[derive(Debug, clap::Args)]
#[expect(clippy::option_option, reason = "an option that is absent, given without a value, or with one")]
pub(super) struct Arguments {
    /// The folder with the CSV files, one a table
    folder: PathBuf,
    /// The authority's 6-digit division code
    #[arg(long, value_name = "CODE")]
    authority: String,
    /// The authority's name
    #[arg(long, value_name = "NAME")]
    authority_name: String,
    /// As of when the data stand: 2026-11-23T06:00:00+08:00
    #[arg(long, value_name = "TIME")]
    as_of: String,
    /// When the next package should be there: 2026-11-30T06:00:00+08:00
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// The package's number, which must grow
    ///
    /// Where none is given, it is one more than that of the manifest in the folder, or, where there is none, the time of
    /// `--as-of` in UTC, as 20261122220000.
    #[arg(long, value_name = "N")]
    sequence: Option<u64>,
    /// The encoding of all files, where it cannot be recognised: utf-8, gb18030, utf-16le, utf-16be
    #[arg(long, value_parser = encoding)]
    encoding: Option<Encoding>,
    /// The file that says which table a file has, and what the bureau's own words mean; `tables.toml` in the folder by default
    #[arg(long, value_name = "FILE")]
    tables: Option<PathBuf>,
    /// Write the whole package into one file as well, `FOLDER.tar.zst` beside the folder where no FILE is given
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    archive: Option<Option<PathBuf>>,
    /// The key that signs, as `bdcd key new` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

fn encoding(name: &str) -> Result<Encoding, String> {
    Encoding::from_name(name).ok_or_else(|| "write utf-8, gb18030, utf-16le or utf-16be".to_owned())
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    let Command::Seal(arguments) = command;
    let bureau = of_bureau(arguments.tables.as_deref(), &arguments.folder)?;
    let signer = key::signer(&arguments.key)?;
    let archive = match &arguments.archive {
        None => None,
        Some(Some(file)) => Some(file.clone()),
        Some(None) => Some(beside(&arguments.folder)?),
    };
    let order = Order {
        folder: &arguments.folder,
        authority_code: &arguments.authority,
        authority_name: &arguments.authority_name,
        as_of: &arguments.as_of,
        expires: arguments.expires.as_deref(),
        sequence: arguments.sequence,
        encoding: arguments.encoding,
        bureau: &bureau,
        archive: archive.as_deref(),
        signer: &signer,
    };
    let sealed = seal::seal(&order).map_err(|err| refused(&err))?;
    tell(&sealed);
    let place = archive.as_deref().unwrap_or(&arguments.folder).display();
    print(&format!("sealed package {} in `{place}`, signed by {}\n", sealed.name, signer.verifier().name()))
}

/// The archive's name beside its folder.
fn beside(folder: &Path) -> Result<PathBuf, Failure> {
    let folder = folder
        .canonicalize()
        .map_err(|err| Failure::environment(format!("cannot look at `{}`", folder.display()), err))?;
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".tar.zst");
    Ok(folder.with_file_name(name))
}

/// What the bureau knows of its export: in the file named, or in the folder's own.
fn of_bureau(file: Option<&Path>, folder: &Path) -> Result<Bureau, Failure> {
    let own = folder.join(seal::TABLES_FILE);
    let path = match file {
        Some(path) => path,
        None if own.is_file() => &own,
        None => return Ok(Bureau::default()),
    };
    bureau::read(path).map_err(|err| Failure::usage(&err))
}

fn refused(error: &SealError) -> Failure {
    let failure = match error {
        SealError::Read { .. } | SealError::Write { .. } => Failure::failed(error),
        SealError::NoSuchTable { .. } => Failure::usage(error),
        SealError::Link { .. }
        | SealError::Name
        | SealError::UnknownTable { .. }
        | SealError::NoCsv { .. }
        | SealError::TwoFiles { .. }
        | SealError::Empty { .. }
        | SealError::Encoding { .. }
        | SealError::Table(_)
        | SealError::OtherAuthority { .. }
        | SealError::OldManifest(_)
        | SealError::Manifest(_)
        | SealError::Signature(_) => Failure::refused(error),
    };
    let is_whole = !matches!(error, SealError::Write { .. });
    if is_whole { failure.hint("nothing was changed in the folder") } else { failure }
}

fn tell(sealed: &Sealed) {
    for table in &sealed.tables {
        say(&format!("{:<8} {:>10} rows  {:<8}  {}", table.table, table.rows, table.encoding.name(), table.file));
        if let Some((line, fault)) = &table.first_unreadable {
            say(&format!(
                "  {} of them cannot be read, and a load will refuse them or set them aside; the first is at line {line}: {fault}",
                table.unreadable
            ));
        }
    }
    for file in &sealed.unneeded {
        say(&format!("{file}: its table feeds no answer, so it is not part of the package; it need not be exported"));
    }
    for file in &sealed.others {
        say(&format!("{file}: no table, so it is not part of the package"));
    }
}
