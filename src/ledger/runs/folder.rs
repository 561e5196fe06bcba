//! The folder of runs: which files there are, which of them cover the entries, what a writer clears away.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ring::hmac;

use super::{
    entries::Entries,
    error::{Fault, RunsError, disk},
    run::{Opened, Run},
    write::BUILDING,
};
use crate::disk::{remove_if_there, sync_folder};

/// Listings before a reader takes what it has. A writer merges far less often than a reader lists.
const LISTINGS_MAX: u32 = 16;

/// A file that covers its entries no longer, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// The entries that its name tells.
    pub entries: Entries,
    /// What is wrong with it.
    pub fault: Fault,
}

/// The runs that together cover entries from 0 on, without gap or overlap.
pub(super) struct Cover {
    pub(super) runs: Vec<Run>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Cover {
    /// Lists and opens the runs of a folder, again if a writer came between.
    pub(super) fn open(folder: &Path, key: &hmac::Key) -> Result<Self, RunsError> {
        let mut listing = list(folder)?;
        let mut listing_count = 1;
        loop {
            let (cover, is_settled) = Self::of(folder, &listing, key)?;
            if is_settled || listing_count == LISTINGS_MAX {
                return Ok(cover);
            }
            let previous = std::mem::replace(&mut listing, list(folder)?);
            listing_count += 1;
            // What does not join and does not change either is no race.
            if listing == previous {
                return Ok(cover);
            }
        }
    }

    /// The cover of the files listed, and whether nothing about them hints at a writer at work.
    fn of(folder: &Path, listing: &[Entries], key: &hmac::Key) -> Result<(Self, bool), RunsError> {
        let mut cover = Self { runs: Vec::new(), left_out: Vec::new() };
        let mut has_vanished = false;
        let mut through = 0;
        for &entries in listing {
            // The longest of those that begin at one entry comes first, so parts of a merged run are passed over here.
            if entries.end() <= through {
                continue;
            }
            let fault = match Run::open(folder, entries, key)? {
                Opened::Run(run) if entries.first() == through => {
                    through = entries.end();
                    cover.runs.push(*run);
                    continue;
                }
                Opened::Run(_) => Fault::Gap,
                Opened::Faulty(fault) => fault,
                Opened::Vanished => {
                    has_vanished = true;
                    continue;
                }
            };
            cover.left_out.push(LeftOut { entries, fault });
        }
        cover.left_out.retain(|left_out| left_out.entries.end() > through);
        let is_settled = !has_vanished && cover.left_out.is_empty();
        Ok((cover, is_settled))
    }

    /// Removes what is not of the cover: files under way, merged ones, those left out. For the one writer.
    pub(super) fn clear_away(&self, folder: &Path) -> Result<(), RunsError> {
        let failed = disk("clear away old files");
        let mut useless: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(folder).map_err(&failed)? {
            let name = entry.map_err(&failed)?.file_name();
            if name.as_encoded_bytes().starts_with(BUILDING.as_bytes()) {
                useless.push(folder.join(name));
            }
        }
        let is_useless = |entries: &Entries| !self.runs.iter().any(|run| run.entries() == *entries);
        useless.extend(list(folder)?.iter().filter(|it| is_useless(it)).map(|it| folder.join(it.file_name())));
        if useless.is_empty() {
            return Ok(());
        }
        for path in useless {
            remove(&path)?;
        }
        sync_folder(folder).map_err(&failed)
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), RunsError> {
    remove_if_there(path).map_err(disk("remove an old file"))
}

/// The ranges of the runs in a folder, by first entry, of those the longest first. None where there is no folder yet.
fn list(folder: &Path) -> Result<Vec<Entries>, RunsError> {
    let failed = disk("list the folder");
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut listing: Vec<Entries> = Vec::new();
    for file in files {
        let name = file.map_err(&failed)?.file_name();
        listing.extend(name.to_str().and_then(Entries::of_file_name));
    }
    listing.sort_by_key(|entries| (entries.first(), std::cmp::Reverse(entries.end())));
    Ok(listing)
}
