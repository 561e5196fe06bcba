//! The protobuf wire form, as far as answers and records need it: written once, in one order, without allocation per field.
//!
//! Answers are evidence, so their bytes must not depend on a library's choices: fields go in ascending order of tag, empty
//! texts and zeros are left out, nothing else is ever written. The reader takes any order, and refuses what is cut short.

use std::str;

/// Writes a message.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

impl Writer {
    /// A writer whose buffer holds `capacity` bytes before it grows.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// The message written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn varint_value(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(u8::try_from(value & 0x7f).expect("seven bits fit a byte") | 0x80);
            value >>= 7;
        }
        self.bytes.push(u8::try_from(value).expect("the loop left seven bits"));
    }

    /// Writes a number; zero is absent.
    pub fn number(&mut self, tag: u32, value: u64) {
        if value != 0 {
            self.varint_value(u64::from(tag << 3 | VARINT));
            self.varint_value(value);
        }
    }

    /// Writes a text; empty is absent.
    pub fn text(&mut self, tag: u32, text: &str) {
        if !text.is_empty() {
            self.delimited(tag, text.as_bytes());
        }
    }

    /// Writes fields that are encoded already.
    pub fn encoded(&mut self, fields: &[u8]) {
        self.bytes.extend_from_slice(fields);
    }

    /// Writes bytes, present even where empty.
    pub fn delimited(&mut self, tag: u32, bytes: &[u8]) {
        self.varint_value(u64::from(tag << 3 | DELIMITED));
        self.varint_value(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes an embedded message, present even where empty.
    #[expect(clippy::cast_possible_truncation, reason = "what is cast was masked, or left below 128 by the loop")]
    pub fn message(&mut self, tag: u32, write: impl FnOnce(&mut Self)) {
        self.varint_value(u64::from(tag << 3 | DELIMITED));
        // The length comes first and is known last: one byte is set aside, enough for most messages here, and what lies
        // behind is moved where the length takes more.
        let start = self.bytes.len();
        self.bytes.push(0);
        write(self);
        let mut length = self.bytes.len() - start - 1;
        let mut prefix = [0; 10];
        let mut width = 0;
        while length >= 0x80 {
            prefix[width] = (length & 0x7f) as u8 | 0x80;
            length >>= 7;
            width += 1;
        }
        prefix[width] = length as u8;
        let end = self.bytes.len();
        self.bytes.resize(end + width, 0);
        if width > 0 {
            self.bytes.copy_within(start + 1..end, start + 1 + width);
        }
        self.bytes[start..=start + width].copy_from_slice(&prefix[..=width]);
    }
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes are not a protobuf message: cut short or malformed")]
pub struct Malformed;

/// One field as read.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// A number.
    Number(u64),
    /// A text, bytes or an embedded message.
    Delimited(&'a [u8]),
}

impl<'a> Field<'a> {
    /// The bytes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the field is a number.
    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Delimited(bytes) => Ok(bytes),
            Self::Number(_) => Err(Malformed),
        }
    }

    /// The text.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the field is no UTF-8.
    pub fn text(self) -> Result<&'a str, Malformed> {
        str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// The number.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the field is none.
    pub fn number(self) -> Result<u64, Malformed> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Delimited(_) => Err(Malformed),
        }
    }
}

/// Reads a message field by field; an item is a tag and its field.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of `message`.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// How many bytes are not read yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        // Nearly every tag and most lengths take one byte.
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn field(&mut self) -> Result<(u32, Field<'a>), Malformed> {
        let key = u32::try_from(self.varint()?).map_err(|_| Malformed)?;
        let field = match key & 7 {
            VARINT => Field::Number(self.varint()?),
            DELIMITED => {
                let length = self.varint()?;
                Field::Delimited(self.take(length)?)
            }
            FIXED64 => Field::Delimited(self.take(8)?),
            FIXED32 => Field::Delimited(self.take(4)?),
            _ => return Err(Malformed),
        };
        Ok((key >> 3, field))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<(u32, Field<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.field();
        if read.is_err() {
            self.rest = &[];
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Malformed, Reader, Writer};

    #[test]
    fn reads_what_it_wrote_across_length_prefix_widths() {
        for length in [0_usize, 1, 126, 127, 128, 16_383, 16_384, 70_000] {
            let text = "x".repeat(length);
            let mut writer = Writer::default();
            writer.message(5, |inner| inner.text(1, &text));
            writer.number(9, 300);
            let bytes = writer.finish();
            let fields: Vec<_> = Reader::new(&bytes).collect::<Result<_, _>>().unwrap();
            let inner = fields[0].1.bytes().unwrap();
            let read = Reader::new(inner).next().map(|field| field.unwrap().1.text().unwrap().len());
            assert_eq!(read.unwrap_or(0), length);
            assert!(matches!(fields[1], (9, Field::Number(300))));
        }
    }

    #[test]
    fn refuses_what_is_cut_short() {
        let mut writer = Writer::default();
        writer.text(1, "abc");
        let bytes = writer.finish();
        assert_eq!(Reader::new(&bytes[..3]).last().unwrap().unwrap_err(), Malformed);
    }
}
