//! Where the files of a package are.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use super::{archive::Archive, text};

/// The files of a package, by their names.
#[derive(Debug)]
pub(super) enum Files {
    /// Files of a folder.
    Folder(PathBuf),
    /// Files of an archive.
    Archive(Archive),
}

impl Files {
    /// Opens a file to be read from its beginning.
    pub(super) fn open(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Self::Folder(folder) => Ok(Box::new(File::open(folder.join(name))?)),
            Self::Archive(archive) => archive.read(name),
        }
    }

    /// The SHA-256 of a file.
    pub(super) fn digest(&self, name: &str) -> io::Result<[u8; 32]> {
        match self {
            Self::Folder(folder) => {
                let digest = text::digest(File::open(folder.join(name))?)?;
                Ok(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
            }
            Self::Archive(archive) => archive.digest(name),
        }
    }
}
