//! From the bytes of a message to its text: base64 around the whole, then the encoding (D53).
//!
//! A byte order mark decides first. Bytes that are valid UTF-8 are UTF-8, whatever the message declares: senders rewrite the
//! bytes and leave the declaration. Other bytes are read as GB18030, which contains GBK and GB2312, where they declare one of
//! the three. Decoding is strict: a byte that is no text refuses the message, because a replaced character in a name would be
//! another name.

use std::borrow::Cow;

use base64::{
    alphabet::{Alphabet, STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::xml::{MESSAGE_BYTES_MAX, XmlError};

/// How often base64 stands around a message at most: some senders encode what their SOAP library encodes again.
const PACKED_MAX: usize = 2;

/// How far from its start a message declares its encoding, in bytes.
const DECLARATION_BYTES: usize = 256;

/// GB18030 as its byte order mark.
const GB18030_MARK: [u8; 4] = [0x84, 0x31, 0x95, 0x33];

/// Names of GBK that are no labels of the encoding standard.
const GBK_NAMES: [&str; 3] = ["cp936", "ms936", "windows-936"];

/// The text of a message, without byte order mark and without the NUL bytes that some senders leave at its end.
pub(super) fn of_message(bytes: &[u8]) -> Result<String, XmlError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(XmlError::TooLong);
    }
    let bytes = unpacked(bytes);
    let text = decoded(&bytes)?;
    Ok(text.trim_start_matches('\u{FEFF}').trim_end_matches('\0').to_owned())
}

/// The bytes under base64, of either alphabet; bytes that hold a `<` are not packed.
fn unpacked(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut bytes = Cow::Borrowed(bytes);
    for _ in 0..PACKED_MAX {
        let packed: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if packed.contains(&b'<') {
            break;
        }
        let Some(plain) = from_base64(&packed) else { break };
        bytes = Cow::Owned(plain);
    }
    bytes
}

/// What base64 of either alphabet says, padded or not.
pub(super) fn from_base64(packed: &[u8]) -> Option<Vec<u8>> {
    let read = |alphabet: &Alphabet| {
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        base64::Engine::decode(&GeneralPurpose::new(alphabet, config), packed).ok()
    };
    read(&STANDARD).or_else(|| read(&URL_SAFE))
}

/// The text of unpacked bytes.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    let encoding = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => UTF_8,
        [0xFF, 0xFE, ..] => UTF_16LE,
        [0xFE, 0xFF, ..] => UTF_16BE,
        _ if bytes.starts_with(&GB18030_MARK) => GB18030,
        // Without a mark, the zero byte of the first ASCII character tells the order of UTF-16.
        [first, 0, ..] if *first != 0 => UTF_16LE,
        [0, second, ..] if *second != 0 => UTF_16BE,
        _ if str::from_utf8(bytes).is_ok() => UTF_8,
        _ => declared(bytes).filter(|encoding| *encoding == GB18030).ok_or(XmlError::Encoding)?,
    };
    strictly(encoding, bytes).ok_or(XmlError::Encoding)
}

/// The encoding that the bytes declare (`encoding="GBK"`); GBK and GB2312 are read as GB18030, which contains them.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(DECLARATION_BYTES)];
    let start: String = start.iter().map(|byte| char::from(*byte)).collect();
    let declaration = start.split_once("<?xml")?.1.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let name = value[1..].split_once(quote)?.0.trim();
    if GBK_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Some(GB18030);
    }
    let encoding = Encoding::for_label(name.as_bytes())?;
    Some(if encoding == encoding_rs::GBK { GB18030 } else { encoding })
}

/// The text of a leaf in GB18030.
pub(super) fn of_gb18030(bytes: &[u8]) -> Option<Cow<'_, str>> {
    strictly(GB18030, bytes)
}

fn strictly<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    const XML: &str = "<?xml version=\"1.0\" encoding=\"GBK\"?><XM>虚测甲</XM>";

    fn in_utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn every_encoding_of_a_message_gives_the_same_text() {
        let gbk = GB18030.encode(XML).0.into_owned();
        let marked = format!("\u{FEFF}{XML}");
        for bytes in [
            XML.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            gbk.clone(),
            GB18030.encode(&marked).0.into_owned(),
            in_utf16(XML, u16::to_le_bytes),
            in_utf16(&marked, u16::to_le_bytes),
            in_utf16(&marked, u16::to_be_bytes),
            STANDARD.encode(&gbk).into_bytes(),
            STANDARD.encode(STANDARD.encode(XML)).into_bytes(),
            STANDARD.encode(XML).replace('+', "-").replace('/', "_").trim_end_matches('=').as_bytes().to_vec(),
            [XML.as_bytes(), b"\0"].concat(),
        ] {
            assert_eq!(of_message(&bytes).as_deref(), Ok(XML), "{bytes:?}");
        }
    }

    #[test]
    fn bytes_of_gbk_are_read_only_where_they_are_declared() {
        for name in ["GB2312", "gb18030", "CP936", "x-gbk"] {
            let text = XML.replace("GBK", name);
            assert_eq!(of_message(&GB18030.encode(&text).0).as_ref(), Ok(&text));
        }
        for name in ["UTF-8", "Big5", "nonsense"] {
            let text = XML.replace("GBK", name);
            assert_eq!(of_message(&GB18030.encode(&text).0), Err(XmlError::Encoding), "{name}");
        }
        let cut = [&GB18030.encode(XML).0[..], b"\xB0"].concat();
        assert_eq!(of_message(&cut), Err(XmlError::Encoding), "half a character");
    }
}
