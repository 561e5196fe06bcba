//! Splits text into the rows and fields of RFC 4180, and repairs nothing.
//!
//! The `csv` crate reads on where a quote is never closed or text follows a closing quote, and a file cut short would
//! pass as a whole one; a row of the register is taken as it stands or refused. What `csv` writes reads back here the
//! same (a test holds that).
//!
//! Rows end in LF, CRLF or CR. A quote inside a field that does not begin with one is refused: some tools mean an opening quote
//! by it and others a character, and a row read the wrong way is a wrong row.

/// One field, as a range of the text without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it holds doubled quotes, which stand for one each.
    pub(super) has_doubled_quotes: bool,
}

/// What the beginning of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// A row of so many bytes, its ending included, on so many lines.
    Row { bytes: usize, lines: u64 },
    /// Perhaps a row, were there more text; the fields seen are the whole ones.
    Incomplete,
    /// No row, for what stands at the byte `at`, in the field after those seen.
    Fault { fault: Fault, at: usize },
}

/// Why text is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text ends inside a quote.
    OpenQuote,
    /// Text follows a closing quote.
    TextAfterQuote,
    /// A quote follows blanks at the beginning of a field.
    BlankBeforeQuote,
    /// A quote stands inside a field that does not begin with one.
    QuoteInside,
}

/// Where a field ends: its range, and the lines that end inside it.
enum FieldEnd {
    At { field: Field, next: usize, lines: u64 },
    Incomplete,
    Fault { fault: Fault, at: usize },
}

/// Splits the first row off `text` into `fields`, which are emptied first.
///
/// `is_last` says that no text follows on this. An empty text is [`Split::Incomplete`] always.
pub(super) fn split(text: &str, is_last: bool, fields: &mut Vec<Field>) -> Split {
    let bytes = text.as_bytes();
    fields.clear();
    if bytes.is_empty() {
        return Split::Incomplete;
    }
    let (mut at, mut lines_inside) = (0, 0);
    loop {
        let end = match bytes.get(at) {
            Some(b'"') => quoted(bytes, at + 1, is_last),
            _ => unquoted(bytes, at, is_last),
        };
        let next = match end {
            FieldEnd::At { field, next, lines } => {
                fields.push(field);
                lines_inside += lines;
                next
            }
            FieldEnd::Incomplete => return Split::Incomplete,
            FieldEnd::Fault { fault, at } => return Split::Fault { fault, at },
        };
        let ending = match (bytes.get(next), bytes.get(next + 1)) {
            (Some(b','), _) => {
                at = next + 1;
                continue;
            }
            (None, _) => 0,
            (Some(b'\r'), Some(b'\n')) => 2,
            // A line feed may follow.
            (Some(b'\r'), None) if !is_last => return Split::Incomplete,
            _ => 1,
        };
        return Split::Row { bytes: next + ending, lines: lines_inside + 1 };
    }
}

fn unquoted(bytes: &[u8], start: usize, is_last: bool) -> FieldEnd {
    let length = bytes[start..].iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r' | b'"'));
    match length {
        None if !is_last => FieldEnd::Incomplete,
        Some(length) if bytes[start + length] == b'"' => {
            let is_blank = bytes[start..start + length].iter().all(|byte| matches!(byte, b' ' | b'\t'));
            let fault = if is_blank { Fault::BlankBeforeQuote } else { Fault::QuoteInside };
            FieldEnd::Fault { fault, at: start + length }
        }
        _ => {
            let end = length.map_or(bytes.len(), |length| start + length);
            FieldEnd::At { field: Field { start, end, has_doubled_quotes: false }, next: end, lines: 0 }
        }
    }
}

fn quoted(bytes: &[u8], start: usize, is_last: bool) -> FieldEnd {
    let (mut at, mut has_doubled_quotes) = (start, false);
    loop {
        let Some(length) = bytes[at..].iter().position(|byte| *byte == b'"') else {
            let fault = FieldEnd::Fault { fault: Fault::OpenQuote, at: start - 1 };
            return if is_last { fault } else { FieldEnd::Incomplete };
        };
        let end = at + length;
        match bytes.get(end + 1) {
            Some(b'"') => (at, has_doubled_quotes) = (end + 2, true),
            None if !is_last => return FieldEnd::Incomplete,
            None | Some(b',' | b'\n' | b'\r') => {
                let field = Field { start, end, has_doubled_quotes };
                return FieldEnd::At { field, next: end + 1, lines: count_lines(&bytes[start..end]) };
            }
            Some(_) => return FieldEnd::Fault { fault: Fault::TextAfterQuote, at: end + 1 },
        }
    }
}

/// Where the line ends that a fault stands in: the byte behind the line's ending; `None` where more text must be read.
///
/// `None` as well for a line feed that may follow a carriage return, and for a text without a line's end that is not the last.
pub(super) fn line_end(text: &str, at: usize, is_last: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let Some(length) = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return is_last.then_some(bytes.len());
    };
    let end = at + length;
    match (bytes[end], bytes.get(end + 1)) {
        (b'\r', Some(b'\n')) => Some(end + 2),
        (b'\r', None) if !is_last => None,
        _ => Some(end + 1),
    }
}

/// Counts the line endings in a field.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    let mut lines = 0;
    for (at, byte) in bytes.iter().enumerate() {
        lines += u64::from(*byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')));
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Result<Vec<Vec<String>>, Fault> {
        let (mut rest, mut fields, mut rows) = (text, Vec::new(), Vec::new());
        while !rest.is_empty() {
            match split(rest, true, &mut fields) {
                Split::Row { bytes, .. } => {
                    let value = |field: &Field| rest[field.start..field.end].replace("\"\"", "\"");
                    rows.push(fields.iter().map(value).collect());
                    rest = &rest[bytes..];
                }
                Split::Incomplete => unreachable!("the text is the last"),
                Split::Fault { fault, .. } => return Err(fault),
            }
        }
        Ok(rows)
    }

    #[test]
    fn quotes_and_line_endings() {
        let read = rows("a,\"b,\"\"c\r\n\",\r\n\"\",5管,x\ry,z,\n1,2,3").unwrap();
        assert_eq!(read, [["a", "b,\"c\r\n", ""], ["", "5管", "x"], ["y", "z", ""], ["1", "2", "3"]]);
    }

    #[test]
    fn lines_inside_quotes_count() {
        let mut fields = Vec::new();
        assert_eq!(split("\"a\nb\r\nc\rd\",x\n", true, &mut fields), Split::Row { bytes: 13, lines: 4 });
    }

    #[test]
    fn faults_are_told_with_their_field() {
        let mut fields = Vec::new();
        assert_eq!(split("a,\"b\n", true, &mut fields), Split::Fault { fault: Fault::OpenQuote, at: 2 });
        assert_eq!(fields.len(), 1);
        assert_eq!(split("\"a\"b,c\n", true, &mut fields), Split::Fault { fault: Fault::TextAfterQuote, at: 3 });
        assert_eq!(fields.len(), 0);
        assert_eq!(split("a, \"b\"\n", true, &mut fields), Split::Fault { fault: Fault::BlankBeforeQuote, at: 3 });
        assert_eq!(split("a,5\"\n", true, &mut fields), Split::Fault { fault: Fault::QuoteInside, at: 3 });
        assert_eq!(fields.len(), 1);
    }

    #[test]
    fn the_line_of_a_fault_ends_where_no_more_text_can_change_it() {
        assert_eq!(line_end("a\nb\n", 0, false), Some(2));
        assert_eq!(line_end("a\r\nb", 0, false), Some(3));
        assert_eq!(line_end("a\r", 0, false), None);
        assert_eq!(line_end("a\r", 0, true), Some(2));
        assert_eq!(line_end("ab", 1, false), None);
        assert_eq!(line_end("ab", 1, true), Some(2));
    }

    proptest! {
        #[test]
        fn reads_what_csv_writes(
            wanted in prop::collection::vec(prop::collection::vec("[a\",\r\n 汉𠮷]{0,6}", 3), 0..5),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &wanted {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(rows(&text).unwrap(), wanted);
        }

        #[test]
        fn a_row_is_the_same_wherever_the_text_is_cut(text in "[a\",\r\n]{1,12}") {
            let (mut whole, mut part) = (Vec::new(), Vec::new());
            let expected = split(&text, true, &mut whole);
            for cut in 0..text.len() {
                let found = split(&text[..cut], false, &mut part);
                if found == Split::Incomplete {
                    prop_assert!(part.len() <= whole.len());
                    prop_assert_eq!(&whole[..part.len()], &part[..]);
                } else {
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
