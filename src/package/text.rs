//! A file as text: read in pieces, hashed as bytes, decoded strictly.
//!
//! Every encoding goes through one decoder. Bytes that are no text become U+FFFD, and their places are remembered: commas, quotes
//! and line ends are one byte each in UTF-8 and GB 18030, one unit in UTF-16, and part of no other character, so rows are still
//! found. It knows nothing of rows.

use std::io::{self, Read};
use std::ops::Range;

use encoding_rs::{Decoder, DecoderResult};
use ring::digest::{Context, Digest, SHA256};

use super::manifest::Encoding;

/// How much is read at a time.
const PIECE_BYTES: usize = 256 << 10;

/// The mark that old systems write at the end of a file.
pub(super) const END_MARK: char = '\u{1a}';

/// How the text ends that is buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The file goes on.
    More,
    /// The file ends.
    EndOfFile,
}

/// A byte order mark at the beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// EF BB BF.
    Utf8,
    /// FF FE.
    Utf16Le,
    /// FE FF.
    Utf16Be,
}

impl Mark {
    /// The mark that these bytes begin with.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xef, 0xbb, 0xbf, ..] => Some(Self::Utf8),
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            _ => None,
        }
    }
}

/// The text of a file, a piece at a time.
pub(super) struct Text<'a> {
    file: Box<dyn Read + 'a>,
    decoder: Decoder,
    digest: Context,
    piece: Vec<u8>,
    buffer: String,
    /// Where bytes that are no text stand in what is buffered, ascending.
    malformed: Vec<usize>,
    mark: Option<Mark>,
    ending: Ending,
    has_begun: bool,
}

impl<'a> Text<'a> {
    /// The text of what `file` reads.
    pub(super) fn new(file: Box<dyn Read + 'a>, encoding: Encoding) -> Self {
        Self {
            file,
            decoder: encoding.codec().new_decoder_without_bom_handling(),
            digest: Context::new(&SHA256),
            piece: vec![0; PIECE_BYTES],
            buffer: String::new(),
            malformed: Vec::new(),
            mark: None,
            ending: Ending::More,
            has_begun: false,
        }
    }

    /// What is buffered.
    pub(super) fn buffered(&self) -> &str {
        &self.buffer
    }

    /// What follows on what is buffered.
    pub(super) fn ending(&self) -> Ending {
        self.ending
    }

    /// The byte order mark that the file begins with; known once something is buffered.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// The first place in a range of what is buffered where bytes are no text.
    pub(super) fn first_malformed(&self, range: &Range<usize>) -> Option<usize> {
        let at = self.malformed.partition_point(|at| *at < range.start);
        self.malformed.get(at).copied().filter(|at| *at < range.end)
    }

    /// Drops the first `used` bytes of what is buffered and reads another piece behind the rest.
    pub(super) fn advance(&mut self, used: usize) -> io::Result<()> {
        self.buffer.drain(..used);
        self.malformed.retain(|at| *at >= used);
        self.malformed.iter_mut().for_each(|at| *at -= used);
        if self.ending != Ending::More {
            return Ok(());
        }
        let count = loop {
            match self.file.read(&mut self.piece) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.digest.update(&self.piece[..count]);
        if !self.has_begun {
            self.mark = Mark::of(&self.piece[..count]);
        }
        self.decode(count);
        if !self.has_begun && !self.buffer.is_empty() {
            self.has_begun = true;
            if self.buffer.starts_with('\u{feff}') {
                self.buffer.drain(..'\u{feff}'.len_utf8());
                self.malformed.iter_mut().for_each(|at| *at -= '\u{feff}'.len_utf8());
            }
        }
        // An end mark is no value of the last row.
        if self.ending == Ending::EndOfFile {
            self.buffer.truncate(self.buffer.trim_end_matches(END_MARK).len());
        }
        Ok(())
    }

    /// Drops a range of what is buffered; a place where bytes are no text stays known, at the beginning of the range.
    pub(super) fn drop_range(&mut self, range: Range<usize>) {
        for at in &mut self.malformed {
            if *at >= range.end {
                *at -= range.len();
            } else if *at > range.start {
                *at = range.start;
            }
        }
        self.malformed.dedup();
        self.buffer.replace_range(range, "");
    }

    /// The SHA-256 of the bytes read so far: of the file, once the ending is [`Ending::EndOfFile`].
    pub(super) fn digest(self) -> Digest {
        self.digest.finish()
    }

    fn decode(&mut self, count: usize) {
        let is_last = count == 0;
        let mut bytes = &self.piece[..count];
        loop {
            // The bound is absent only where it overflows, which a piece's length cannot.
            let bound = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len());
            self.buffer.reserve(bound.unwrap_or(PIECE_BYTES));
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, &mut self.buffer, is_last);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty if is_last => self.ending = Ending::EndOfFile,
                DecoderResult::InputEmpty => {}
                DecoderResult::Malformed(..) => {
                    self.malformed.push(self.buffer.len());
                    self.buffer.push(char::REPLACEMENT_CHARACTER);
                    continue;
                }
                DecoderResult::OutputFull => continue,
            }
            return;
        }
    }
}

/// The SHA-256 of all that `file` reads.
pub(super) fn digest(mut file: impl Read) -> io::Result<Digest> {
    let (mut digest, mut piece) = (Context::new(&SHA256), vec![0; PIECE_BYTES]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(digest.finish()),
            Ok(count) => digest.update(&piece[..count]),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}
