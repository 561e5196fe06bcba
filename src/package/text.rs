//! A file as text: read in pieces, hashed as bytes, decoded strictly.
//!
//! Both encodings go through one decoder, which stops at the first bytes that are no text. It knows nothing of rows.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use encoding_rs::{Decoder, DecoderResult};
use ring::digest::{Context, Digest, SHA256};

use super::manifest::Encoding;

/// How much is read at a time.
const PIECE_BYTES: usize = 256 << 10;

/// How the text ends that is buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The file goes on.
    More,
    /// The file ends.
    EndOfFile,
    /// Bytes follow that are not text in the file's encoding.
    Undecodable,
}

/// The text of a file, a piece at a time.
pub(super) struct Text {
    file: File,
    decoder: Decoder,
    digest: Context,
    piece: Vec<u8>,
    buffer: String,
    ending: Ending,
    has_begun: bool,
}

impl Text {
    pub(super) fn open(path: &Path, encoding: Encoding) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            decoder: encoding.codec().new_decoder_without_bom_handling(),
            digest: Context::new(&SHA256),
            piece: vec![0; PIECE_BYTES],
            buffer: String::new(),
            ending: Ending::More,
            has_begun: false,
        })
    }

    /// What is buffered.
    pub(super) fn buffered(&self) -> &str {
        &self.buffer
    }

    /// What follows on what is buffered.
    pub(super) fn ending(&self) -> Ending {
        self.ending
    }

    /// Drops the first `used` bytes of what is buffered and reads another piece behind the rest.
    pub(super) fn advance(&mut self, used: usize) -> io::Result<()> {
        self.buffer.drain(..used);
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
        self.decode(count);
        if !self.has_begun && !self.buffer.is_empty() {
            self.has_begun = true;
            if self.buffer.starts_with('\u{feff}') {
                self.buffer.drain(..'\u{feff}'.len_utf8());
            }
        }
        Ok(())
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
                DecoderResult::Malformed(..) => self.ending = Ending::Undecodable,
                DecoderResult::OutputFull => continue,
            }
            return;
        }
    }
}
