//! How files are encoded, found out from their bytes.
//!
//! A byte order mark says it. Without one, a file is UTF-16 where every other byte of its beginning is NUL, else UTF-8 or GB 18030
//! where all of it is the one and not the other. Short files may be both: one with characters of three bytes in UTF-8, as every
//! Chinese one has, is UTF-8 unless another file of the package is GB 18030; one without goes with the others, as ASCII does. What
//! then may be either, or neither, is asked about: under the wrong encoding every name of a file would be
//! another, and nobody would be found.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use super::super::manifest::Encoding;
use super::super::text::Mark;
use super::error::SealError;
use super::order::{Listing, Order, SealedTable};

const PIECE_BYTES: usize = 256 << 10;

/// Bytes at a file's beginning that are looked at for NUL.
const HEAD_BYTES: usize = 64;

/// What a file's bytes say.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// This and no other.
    One(Encoding),
    /// ASCII, which is the same in all but UTF-16.
    Ascii,
    /// UTF-8 or GB 18030; whether it has characters of three bytes in UTF-8.
    Either { is_long: bool },
    /// Neither; the lines on which each has its first fault.
    Neither { utf8: u64, gb18030: u64 },
}

/// The encoding of each file.
pub(super) fn of_files<'a>(order: &Order<'_>, listing: &'a Listing) -> Result<BTreeMap<&'a str, Encoding>, SealError> {
    let files = listing.files();
    if let Some(encoding) = order.encoding {
        return Ok(files.into_iter().map(|file| (file, encoding)).collect());
    }
    let mut encodings = BTreeMap::new();
    let (mut ascii, mut either) = (Vec::new(), Vec::new());
    for file in files {
        let path = order.folder.join(file);
        let found = File::open(&path).and_then(find).map_err(|source| SealError::Read { path, source })?;
        match found {
            Found::One(encoding) => drop(encodings.insert(file, encoding)),
            Found::Ascii => ascii.push(file),
            Found::Either { is_long } => either.push((file, is_long)),
            Found::Neither { utf8, gb18030 } => {
                let why = format!(
                    "line {utf8} is no UTF-8, and line {gb18030} no GB 18030; export the table again, or, where only a value is \
                     damaged, say which it is by `--encoding`"
                );
                return Err(SealError::Encoding { file: file.to_owned(), why });
            }
        }
    }
    let known: BTreeSet<&str> = encodings.values().map(|encoding| encoding.name()).collect();
    let others = match known.first() {
        Some(name) if known.len() == 1 => Encoding::from_name(name).filter(|one| !is_utf16(*one)),
        _ => None,
    };
    let has_gb18030 = known.contains(Encoding::Gb18030.name());
    for (file, is_long) in either {
        let encoding = match others {
            _ if is_long && !has_gb18030 => Encoding::Utf8,
            Some(encoding) if !is_long => encoding,
            _ => {
                let why = "it may be UTF-8 or GB 18030, and the other files do not tell which; export all in one encoding, and say \
                           which by `--encoding`";
                return Err(SealError::Encoding { file: file.to_owned(), why: why.to_owned() });
            }
        };
        encodings.insert(file, encoding);
    }
    encodings.extend(ascii.into_iter().map(|file| (file, others.unwrap_or(Encoding::Utf8))));
    Ok(encodings)
}

/// The encoding that most tables have, of equals the first.
pub(super) fn most(tables: &[SealedTable]) -> Encoding {
    let count = |encoding: Encoding| tables.iter().filter(|table| table.encoding == encoding).count();
    let all = [Encoding::Utf16Be, Encoding::Utf16Le, Encoding::Gb18030, Encoding::Utf8];
    all.into_iter().max_by_key(|encoding| count(*encoding)).unwrap_or(Encoding::Utf8)
}

fn is_utf16(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be)
}

/// Looks through a file.
fn find(mut file: impl Read) -> io::Result<Found> {
    let mut piece = vec![0; PIECE_BYTES];
    let (mut utf8, mut gb18030) = (Trial::new(Encoding::Utf8), Trial::new(Encoding::Gb18030));
    let (mut is_first, mut is_ascii, mut is_long) = (true, true, false);
    loop {
        let count = fill(&mut file, &mut piece)?;
        let bytes = &piece[..count];
        if is_first {
            is_first = false;
            if let Some(encoding) = of_beginning(bytes) {
                return Ok(Found::One(encoding));
            }
        }
        is_ascii &= bytes.is_ascii();
        is_long |= bytes.iter().any(|byte| *byte >= 0xe0);
        utf8.take(bytes, count == 0);
        gb18030.take(bytes, count == 0);
        if count == 0 {
            break;
        }
    }
    Ok(match (utf8.fault, gb18030.fault) {
        _ if is_ascii => Found::Ascii,
        (None, Some(_)) => Found::One(Encoding::Utf8),
        // A byte from E0 on begins a character of three bytes or more, where all is UTF-8.
        (None, None) => Found::Either { is_long },
        (Some(_), None) => Found::One(Encoding::Gb18030),
        (Some(utf8), Some(gb18030)) => Found::Neither { utf8, gb18030 },
    })
}

/// What the beginning of a file says: a mark, or a NUL in every other byte.
fn of_beginning(bytes: &[u8]) -> Option<Encoding> {
    match Mark::of(bytes) {
        Some(Mark::Utf8) => return Some(Encoding::Utf8),
        Some(Mark::Utf16Le) => return Some(Encoding::Utf16Le),
        Some(Mark::Utf16Be) => return Some(Encoding::Utf16Be),
        None => {}
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    // Names of columns are ASCII, most of them: every other byte of the first line is NUL.
    let nuls = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    match (nuls(0), nuls(1)) {
        (0, odd) if odd > 0 && odd * 2 > half => Some(Encoding::Utf16Le),
        (even, 0) if even > 0 && even * 2 > half => Some(Encoding::Utf16Be),
        _ => None,
    }
}

fn fill(file: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(piece) {
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A file read as one encoding, up to its first fault.
struct Trial {
    decoder: Decoder,
    text: String,
    lines: u64,
    /// The line of the first bytes that are no text.
    fault: Option<u64>,
}

impl Trial {
    fn new(encoding: Encoding) -> Self {
        let decoder = encoding.codec().new_decoder_without_bom_handling();
        Self { decoder, text: String::new(), lines: 1, fault: None }
    }

    fn take(&mut self, mut bytes: &[u8], is_last: bool) {
        while self.fault.is_none() {
            self.text.clear();
            let bound = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len());
            self.text.reserve(bound.unwrap_or(PIECE_BYTES));
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, &mut self.text, is_last);
            self.lines += self.text.bytes().filter(|byte| *byte == b'\n').count() as u64;
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.fault = Some(self.lines),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Found {
        find(bytes).unwrap()
    }

    #[test]
    fn encodings_are_told_by_marks_and_bytes() {
        let text = "QLRMC,ZJH\n沈测安,1\n";
        let gb = encoding_rs::GB18030.encode(text).0;
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let swapped: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(found(text.as_bytes()), Found::One(Encoding::Utf8));
        assert_eq!(found(&["\u{feff}".as_bytes(), b"A,B\n"].concat()), Found::One(Encoding::Utf8));
        assert_eq!(found(&gb), Found::One(Encoding::Gb18030));
        assert_eq!(found(&utf16), Found::One(Encoding::Utf16Le));
        assert_eq!(found(&swapped), Found::One(Encoding::Utf16Be));
        assert_eq!(found(&[&[0xff, 0xfe][..], &utf16].concat()), Found::One(Encoding::Utf16Le));
        assert_eq!(found(&[&[0xfe, 0xff][..], &swapped].concat()), Found::One(Encoding::Utf16Be));
        assert_eq!(found(b"A,B\n1,2\n"), Found::Ascii);
        assert_eq!(found(b""), Found::Ascii);
        assert_eq!(found("A\nÄÖ\n".as_bytes()), Found::Either { is_long: false });
        assert_eq!(found("A\n沈测\n".as_bytes()), Found::Either { is_long: true });
        let both = [text.as_bytes(), b"\xff\n"].concat();
        assert_eq!(found(&both), Found::Neither { utf8: 3, gb18030: 2 });
    }

    #[test]
    fn characters_cut_between_pieces_are_whole() {
        let text = format!("A\n{}\n", "沈".repeat(PIECE_BYTES + 1));
        assert_eq!(found(text.as_bytes()), Found::One(Encoding::Utf8));
        assert_eq!(found(&encoding_rs::GB18030.encode(&text).0), Found::One(Encoding::Gb18030));
    }
}
