//! A package in one file, `.tar.zst`, read as a stream.
//!
//! Nothing is extracted, so no row stands on disk in plain, whatever ends the process. [`Archive::open`] passes over the whole file
//! once: it hands out the manifest and its signature before it looks at anything else, and takes the digest of every file
//! behind them. Where each file begins is remembered as the compressed frame it stands in and the bytes before it in that frame; to read a
//! file, its frame is decompressed from its beginning. `bdcd package seal --archive` gives each file a frame of its own, so
//! that nothing is decompressed in vain. An archive that another tool made has one frame: reading its last file
//! decompresses all before it again.
//!
//! What an archive may do is bounded before it does it: its files have plain names, once each, and are files and not links, devices
//! or folders; what it expands to is bounded by the configuration and by a multiple of its size; a frame may
//! ask for a window of 128 MiB, and headers that extend others have 64 KiB at most.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::rc::Rc;

use tar::{Builder, EntryType, Header, PaxExtensions};

use super::manifest::{MANIFEST_BYTES_MAX, MANIFEST_FILE, is_plain};
use super::signature::SIGNATURE_FILE;
use super::text;
use crate::keys::note::NOTE_BYTES_MAX;

/// Bytes that a file in Zstandard's format begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How many times its size an archive may expand to. Registers make ten to forty times, zeros some ten thousand.
const EXPANSION_MAX: u64 = 1000;

/// What any archive may expand to, however small it is: tar rounds up.
const EXPANDED_BYTES_MIN: u64 = 1 << 20;

/// A frame may ask for so much memory, as a power of two: what the `zstd` command takes by itself.
const WINDOW_LOG_MAX: u32 = 27;

/// Headers that extend another hold a long name and some times.
const EXTENSION_BYTES_MAX: u64 = 64 << 10;

/// Files of an archive: some fifty tables, and what lies beside them.
const FILES_MAX: usize = 1000;

/// Characters of a name that an error repeats.
const NAME_CHARACTERS_MAX: usize = 100;

/// How files are compressed: the default of the `zstd` command.
const LEVEL: i32 = 3;

/// Why a file is not taken for a package.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read, or is cut short or damaged.
    #[error("it cannot be read to its end: it was cut short or damaged on the way; copy it again")]
    Read(#[source] io::Error),
    /// The file is no archive.
    #[error("it is no `.tar.zst`; name the package's folder, or the archive that `bdcd package seal --archive` made")]
    NoArchive,
    /// It expands to more than the configuration allows.
    #[error(
        "it expands to more than {bytes} bytes, which is all that `load.archive-bytes-max` of the configuration allows"
    )]
    TooLarge {
        /// How many.
        bytes: u64,
    },
    /// It expands to a multiple of its size that no register has.
    #[error(
        "it expands to more than {EXPANSION_MAX} times its size, as no register does; do not load it, and ask who made it"
    )]
    Expands,
    /// A file would stand elsewhere than in the package's folder.
    #[error("its entry `{name}` is not the plain name of a file; archive the files themselves, without a folder")]
    Path {
        /// The name, cut short.
        name: String,
    },
    /// An entry is no file.
    #[error("its entry `{name}` is a link, a folder, a device or a file with holes; archive plain files")]
    Kind {
        /// The name, cut short.
        name: String,
    },
    /// Two entries have one name.
    #[error("it holds `{name}` twice; make it again by `bdcd package seal --archive`")]
    Twice {
        /// The name.
        name: String,
    },
    /// The manifest and its signature do not come first.
    #[error(
        "`{MANIFEST_FILE}`, and then `{SIGNATURE_FILE}`, must be its first files, so that nobody's files are read before it is \
         known whose they are; make it by `bdcd package seal --archive`"
    )]
    Order,
    /// A file that is bounded is larger.
    #[error("its `{name}` is larger than {bytes} bytes")]
    FileTooLarge {
        /// The name.
        name: String,
        /// How large it may be.
        bytes: u64,
    },
    /// There are more files than a package has.
    #[error("it holds more than {FILES_MAX} files; is it a package?")]
    TooMany,
}

/// Where a file begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Where its frame begins in the archive.
    frame: u64,
    /// Bytes before the file in what the frame expands to.
    skip: u64,
    bytes: u64,
    sha256: [u8; 32],
}

/// An archive that was passed over once.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    places: BTreeMap<String, Place>,
}

/// The manifest and its signature, as they come first.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) manifest: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
}

impl Archive {
    /// Passes over an archive. `judge` sees manifest and signature before any other file is looked at, and may refuse them.
    pub(super) fn open<T, E>(
        path: &Path,
        bytes_max: u64,
        judge: impl FnOnce(Head) -> Result<T, E>,
    ) -> Result<(Self, T), Stop<E>> {
        let file = File::open(path).map_err(ArchiveError::Read)?;
        let size = file.metadata().map_err(ArchiveError::Read)?.len();
        let mut magic = [0; MAGIC.len()];
        if file.read_exact_at(&mut magic, 0).is_err() || magic != MAGIC {
            return Err(ArchiveError::NoArchive.into());
        }
        let by_size = size.saturating_mul(EXPANSION_MAX).max(EXPANDED_BYTES_MIN);
        let progress = Rc::new(Progress { room: Cell::new(bytes_max.min(by_size)), ..Progress::default() });
        let frames = Frames::open(&file, 0, Rc::clone(&progress)).map_err(ArchiveError::Read)?;
        let mut scan = Scan { judge: Some(judge), judged: None, head: Head::default(), places: BTreeMap::new() };
        let passed = scan.pass_over(frames, &progress);
        let Scan { judged, places, .. } = match passed {
            Ok(()) => scan,
            // The reader above may have told it as damage.
            Err(Stop::Archive(_)) if progress.is_exceeded.get() && bytes_max <= by_size => {
                return Err(ArchiveError::TooLarge { bytes: bytes_max }.into());
            }
            Err(Stop::Archive(_)) if progress.is_exceeded.get() => return Err(ArchiveError::Expands.into()),
            Err(stop) => return Err(stop),
        };
        let judged = judged.ok_or(ArchiveError::Order)?;
        Ok((Self { file, places }, judged))
    }

    /// Whether it holds a file of this name.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The digest of a file, as it was passed over.
    pub(super) fn digest(&self, name: &str) -> io::Result<[u8; 32]> {
        self.place(name).map(|place| place.sha256)
    }

    /// Opens a file to be read from its beginning.
    pub(super) fn read(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let Place { frame, skip, bytes, .. } = self.place(name)?;
        let room = Progress { room: Cell::new(u64::MAX), ..Progress::default() };
        let mut frames = Frames::open(&self.file, frame, Rc::new(room))?;
        io::copy(&mut frames.by_ref().take(skip), &mut io::sink())?;
        Ok(Box::new(frames.take(bytes)))
    }

    fn place(&self, name: &str) -> io::Result<Place> {
        self.places.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Why passing over an archive ends before its end.
pub(super) enum Stop<E> {
    /// The archive is none, or does what it may not.
    Archive(ArchiveError),
    /// Manifest or signature were refused.
    Judged(E),
}

impl<E> From<ArchiveError> for Stop<E> {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

impl<E> From<io::Error> for Stop<E> {
    fn from(error: io::Error) -> Self {
        Self::Archive(ArchiveError::Read(error))
    }
}

struct Scan<J, T> {
    judge: Option<J>,
    judged: Option<T>,
    head: Head,
    places: BTreeMap<String, Place>,
}

impl<T, E, J: FnOnce(Head) -> Result<T, E>> Scan<J, T> {
    fn pass_over(&mut self, frames: Frames<'_>, progress: &Progress) -> Result<(), Stop<E>> {
        let mut archive = tar::Archive::new(frames);
        let mut long_name = None;
        // Raw: what extends a header is read here, and bounded; else it would be read into memory whole.
        for entry in archive.entries()?.raw(true) {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            match kind {
                EntryType::GNULongName | EntryType::XHeader => {
                    long_name = extension(&mut entry, kind)?.or(long_name);
                    continue;
                }
                EntryType::XGlobalHeader => {
                    extension(&mut entry, kind)?;
                    continue;
                }
                _ => {}
            }
            let written = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
            // `tar -C folder .` begins with the folder itself.
            if kind == EntryType::Directory && written == b"./" {
                continue;
            }
            let name = plain_name(&written);
            if !matches!(name.as_deref(), Ok(MANIFEST_FILE | SIGNATURE_FILE)) {
                self.judge()?;
            }
            let name = name?;
            if !matches!(kind, EntryType::Regular) {
                return Err(ArchiveError::Kind { name: shown(&written) }.into());
            }
            self.file(name, &mut entry, progress)?;
        }
        self.judge()
    }

    fn file(
        &mut self,
        name: String,
        entry: &mut tar::Entry<'_, Frames<'_>>,
        progress: &Progress,
    ) -> Result<(), Stop<E>> {
        let bytes = entry.size();
        match name.as_str() {
            MANIFEST_FILE if self.places.is_empty() && self.judged.is_none() && self.head.manifest.is_empty() => {
                self.head.manifest = bounded(entry, &name, MANIFEST_BYTES_MAX)?;
                return Ok(());
            }
            SIGNATURE_FILE
                if self.judge.is_some() && !self.head.manifest.is_empty() && self.head.signature.is_none() =>
            {
                self.head.signature = Some(bounded(entry, &name, NOTE_BYTES_MAX as u64)?);
                return Ok(());
            }
            MANIFEST_FILE | SIGNATURE_FILE if self.judged.is_none() && self.head.manifest.is_empty() => {
                return Err(ArchiveError::Order.into());
            }
            SIGNATURE_FILE if self.head.signature.is_none() => return Err(ArchiveError::Order.into()),
            MANIFEST_FILE | SIGNATURE_FILE => return Err(ArchiveError::Twice { name }.into()),
            _ => {}
        }
        if self.places.len() == FILES_MAX {
            return Err(ArchiveError::TooMany.into());
        }
        let (frame, skip) = progress.place();
        let digest = text::digest(&mut *entry)?;
        let sha256 = digest.as_ref().try_into().expect("SHA-256 has 32 bytes");
        if self.places.insert(name.clone(), Place { frame, skip, bytes, sha256 }).is_some() {
            return Err(ArchiveError::Twice { name }.into());
        }
        Ok(())
    }

    /// Has manifest and signature judged, once.
    fn judge(&mut self) -> Result<(), Stop<E>> {
        if self.head.manifest.is_empty() && self.judged.is_none() {
            return Err(ArchiveError::Order.into());
        }
        if let Some(judge) = self.judge.take() {
            let head = Head { manifest: self.head.manifest.clone(), signature: self.head.signature.clone() };
            self.judged = Some(judge(head).map_err(Stop::Judged)?);
        }
        Ok(())
    }
}

/// Reads what extends the next header: a long name, where it has one.
fn extension(entry: &mut impl Read, kind: EntryType) -> Result<Option<Vec<u8>>, ArchiveError> {
    let mut bytes = Vec::new();
    entry.take(EXTENSION_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(ArchiveError::Read)?;
    let refused = || ArchiveError::Kind { name: "an extended header".to_owned() };
    if bytes.len() as u64 > EXTENSION_BYTES_MAX {
        return Err(refused());
    }
    if kind == EntryType::GNULongName {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        return Ok(Some(bytes));
    }
    let mut name = None;
    for extension in PaxExtensions::new(&bytes) {
        let extension = extension.map_err(ArchiveError::Read)?;
        match extension.key_bytes() {
            b"path" => name = Some(extension.value_bytes().to_owned()),
            // The header's own size would then be another.
            b"size" => return Err(refused()),
            key if key.starts_with(b"GNU.sparse") => return Err(refused()),
            _ => {}
        }
    }
    Ok(name)
}

fn bounded(entry: &mut impl Read, name: &str, bytes: u64) -> Result<Vec<u8>, ArchiveError> {
    let mut read = Vec::new();
    entry.take(bytes + 1).read_to_end(&mut read).map_err(ArchiveError::Read)?;
    if read.len() as u64 > bytes {
        return Err(ArchiveError::FileTooLarge { name: name.to_owned(), bytes });
    }
    Ok(read)
}

/// The name of a file of the package's folder.
fn plain_name(written: &[u8]) -> Result<String, ArchiveError> {
    let name = std::str::from_utf8(written).ok().map(|name| name.strip_prefix("./").unwrap_or(name));
    let name = name.filter(|name| is_plain(name) && !name.chars().any(char::is_control));
    name.map(str::to_owned).ok_or_else(|| ArchiveError::Path { name: shown(written) })
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().take(NAME_CHARACTERS_MAX).collect()
}

/// How far an archive was decompressed.
#[derive(Debug, Default)]
struct Progress {
    /// Where the current frame begins in the archive.
    frame: Cell<u64>,
    /// Bytes that the current frame has expanded to.
    expanded: Cell<u64>,
    /// Bytes that may still come of it.
    room: Cell<u64>,
    is_exceeded: Cell<bool>,
}

impl Progress {
    /// The frame that is being read, and the bytes of it that were.
    fn place(&self) -> (u64, u64) {
        (self.frame.get(), self.expanded.get())
    }
}

/// What an archive expands to, from the beginning of a frame on.
struct Frames<'a> {
    decoder: Option<Decoder<'a>>,
    progress: Rc<Progress>,
}

type Decoder<'a> = zstd::Decoder<'static, BufReader<At<'a>>>;

impl<'a> Frames<'a> {
    fn open(file: &'a File, frame: u64, progress: Rc<Progress>) -> io::Result<Self> {
        progress.frame.set(frame);
        let decoder = decoder(BufReader::with_capacity(128 << 10, At { file, position: frame }))?;
        Ok(Self { decoder: Some(decoder), progress })
    }
}

fn decoder(from: BufReader<At<'_>>) -> io::Result<Decoder<'_>> {
    let mut decoder = zstd::Decoder::with_buffer(from)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let (Some(current), false) = (&mut self.decoder, buffer.is_empty()) {
            let count = current.read(buffer)?;
            if count > 0 {
                let progress = &self.progress;
                let Some(room) = progress.room.get().checked_sub(count as u64) else {
                    progress.is_exceeded.set(true);
                    return Err(io::Error::other("it expands to more than it may"));
                };
                progress.room.set(room);
                progress.expanded.set(progress.expanded.get() + count as u64);
                return Ok(count);
            }
            let Some(ended) = self.decoder.take() else { break };
            let mut rest = ended.finish();
            if !rest.fill_buf()?.is_empty() {
                self.progress.frame.set(rest.get_ref().position - rest.buffer().len() as u64);
                self.progress.expanded.set(0);
                self.decoder = Some(decoder(rest)?);
            }
        }
        Ok(0)
    }
}

/// A file from a place on, whatever others read of it.
struct At<'a> {
    file: &'a File,
    position: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// Writes files of a folder as an archive, in this order, each in a frame of its own.
pub(super) fn write(folder: &Path, names: &[&str], to: File) -> io::Result<File> {
    let mut builder = Builder::new(Members { encoder: Some(zstd::Encoder::new(to, LEVEL)?) });
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            builder.get_mut().begin()?;
        }
        let file = File::open(folder.join(name))?;
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(file.metadata()?.len());
        header.set_mode(0o600);
        builder.append_data(&mut header, name, file)?;
    }
    builder.into_inner()?.finish()
}

/// Writes frame after frame into one file.
struct Members {
    encoder: Option<zstd::Encoder<'static, File>>,
}

impl Members {
    /// Ends a frame and begins the next.
    fn begin(&mut self) -> io::Result<()> {
        if let Some(encoder) = self.encoder.take() {
            self.encoder = Some(zstd::Encoder::new(encoder.finish()?, LEVEL)?);
        }
        Ok(())
    }

    fn finish(self) -> io::Result<File> {
        self.encoder.map_or_else(|| Err(io::ErrorKind::BrokenPipe.into()), zstd::Encoder::finish)
    }
}

impl Write for Members {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.as_mut().map_or_else(|| Err(io::ErrorKind::BrokenPipe.into()), |encoder| encoder.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(test)]
mod tests;
