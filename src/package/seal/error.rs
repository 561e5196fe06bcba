//! Why a folder is not sealed.

use std::io;
use std::path::PathBuf;

use super::super::manifest::{MANIFEST_FILE, ManifestError};
use super::super::signature::SignatureError;
use super::super::{PackageError, ReadError};

/// Why a folder is not sealed. Nothing of it was changed, unless it is [`SealError::Write`].
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The folder cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is a link.
    #[error("`{file}` is a link; copy the file itself into the folder")]
    Link {
        /// The file.
        file: String,
    },
    /// A file's name is no text.
    #[error("a file of the folder has a name that is no UTF-8; rename it")]
    Name,
    /// Files are of no table that the standard has.
    #[error(
        "cannot tell which table {files} has; write it into the tables file, as `[files]` and a line `\"{first}\" = \"QLR\"`, or \
         `\"{first}\" = \"\"` where it is no table"
    )]
    UnknownTable {
        /// The files, each with the tables that it may be.
        files: String,
        /// The first of them.
        first: String,
    },
    /// The bureau's file names a table that the standard does not have.
    #[error("the tables file gives `{pattern}` the table `{table}`, which the standard does not have")]
    NoSuchTable {
        /// The file's name or pattern.
        pattern: String,
        /// The table.
        table: String,
    },
    /// A file has the name of a table, and is not CSV by its ending.
    #[error(
        "`{file}` has the name of table `{table}`, and is no `.csv`; export it as CSV, or take it out of the folder"
    )]
    NoCsv {
        /// The file.
        file: String,
        /// The table.
        table: String,
    },
    /// Two files have one table.
    #[error(
        "`{first}` and `{second}` are both table `{table}`; put all its rows into one file, or take the older one out of the folder"
    )]
    TwoFiles {
        /// Standard name of the table.
        table: &'static str,
        /// A file.
        first: String,
        /// The other.
        second: String,
    },
    /// There is no file of a table.
    #[error("folder `{path}` has no CSV file of a table; name the folder of the export")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A file's encoding cannot be recognised.
    #[error("cannot recognise the encoding of `{file}`: {why}")]
    Encoding {
        /// The file.
        file: String,
        /// Why, and what to do.
        why: String,
    },
    /// A file is not read as a load would read it.
    #[error(transparent)]
    Table(#[from] ReadError),
    /// The manifest that is there is of another authority.
    #[error(
        "the folder has a manifest of authority `{found}`, and this is to be sealed for `{wanted}`; take `{MANIFEST_FILE}` away if \
         the files are those of `{wanted}`"
    )]
    OtherAuthority {
        /// Its code in the manifest.
        found: String,
        /// The code that was given.
        wanted: String,
    },
    /// The manifest that is there cannot be read.
    #[error("cannot keep what the manifest in the folder says; correct it, or take `{MANIFEST_FILE}` away")]
    OldManifest(#[source] PackageError),
    /// The manifest would be refused.
    #[error("what is said of the package makes no manifest")]
    Manifest(#[from] ManifestError),
    /// The manifest cannot be signed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A file cannot be written.
    #[error("cannot write `{path}`; seal again")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}
