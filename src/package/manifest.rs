//! The manifest: as written, and as checked.
//!
//! Unknown keys are refused: a key that a later format adds may change what the rest means. So is a table's name that the standard
//! does not have: the table may be one that answers need, under a name of the bureau's own (D47). The load refuses that one, so
//! that it is told with all else that stops it.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Serialize};

use crate::domain::{
    rows::Misnamed,
    tables::{Table, standard},
};

use super::words::{Words, WordsError, WrittenWords};

/// The manifest's name in the folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// No manifest is larger: forty tables take some ten kilobytes.
pub(super) const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// The format that is read and written.
pub(super) const FORMAT: u64 = 1;

/// The largest sequence that is taken: a mistyped one that is as large as numbers get would be the last.
const SEQUENCE_MAX: u64 = u64::MAX / 2;

/// How the files of a package are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB 18030, which contains GBK and GB 2312.
    Gb18030,
    /// UTF-16, the low byte of each unit first, as Windows writes it; with or without a byte order mark.
    Utf16Le,
    /// UTF-16, the high byte first; with or without a byte order mark.
    Utf16Be,
}

impl Encoding {
    /// The name in the manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gb18030 => "gb18030",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// The encoding of this name, in any case; GBK and GB 2312 are parts of GB 18030 and read as such.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "gb18030" | "gb-18030" | "gbk" | "gb2312" | "gb-2312" | "cp936" => Some(Self::Gb18030),
            "utf-16le" | "utf16le" => Some(Self::Utf16Le),
            "utf-16be" | "utf16be" => Some(Self::Utf16Be),
            _ => None,
        }
    }

    pub(super) fn codec(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
        }
    }
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, a key missing, unknown or of another type.
    #[error(
        "it is not a manifest of format {FORMAT}; correct the named place, or read it with a version that knows it"
    )]
    Shape(#[source] serde_json::Error),
    /// Another format.
    #[error("it says format {found}; this version reads format {FORMAT} only")]
    Format {
        /// As written.
        found: u64,
    },
    /// A delta.
    #[error("it says kind `delta`; this version loads kind `full` only, so export a full package")]
    Delta,
    /// A kind that does not exist.
    #[error("it says kind `{found}`; a package is of kind `full`")]
    Kind {
        /// As written.
        found: String,
    },
    /// Its sequence would leave later packages no larger one.
    #[error(
        "its `sequence` is {found}, and the largest that leaves room for later ones is {SEQUENCE_MAX}: export it with the next \
         number of the bureau's count"
    )]
    LastSequence {
        /// As written.
        found: u64,
    },
    /// The authority's code is not a division code.
    #[error("its authority code `{found}` is not six digits")]
    AuthorityCode {
        /// As written.
        found: String,
    },
    /// The authority has no name.
    #[error("its authority has no name")]
    AuthorityName,
    /// A time is not RFC 3339.
    #[error("its `{key}` `{found}` is not a time with offset as RFC 3339 has it, such as `2026-11-23T06:00:00+08:00`")]
    Time {
        /// `as_of` or `expires`.
        key: &'static str,
        /// As written.
        found: String,
    },
    /// It expires before it was made.
    #[error("it expires at `{expires}`, which is not after its `as_of` `{as_of}`")]
    ExpiresBeforeAsOf {
        /// As written.
        as_of: String,
        /// As written.
        expires: String,
    },
    /// An encoding that is not read.
    #[error(
        "it says encoding `{found}`; only `utf-8`, `gb18030` (with `GBK`), `utf-16le` and `utf-16be` are read, so export in one of them"
    )]
    Encoding {
        /// As written.
        found: String,
    },
    /// A file name that leads out of the folder, or none.
    #[error("its table `{table}` has the file `{file}`, which is not the plain name of a file in the folder")]
    FileName {
        /// As written.
        table: String,
        /// As written.
        file: String,
    },
    /// What it says of the bureau's own words is refused.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// A table is listed twice, perhaps under its two names.
    #[error("it lists table `{table}` twice; put all rows of a table into one file")]
    TableTwice {
        /// As written, the second time.
        table: String,
    },
    /// A file is listed twice.
    #[error("it lists file `{file}` for two tables")]
    FileTwice {
        /// As written.
        file: String,
    },
    /// A digest is not SHA-256 in hexadecimal.
    #[error("its table `{table}` has a `sha256` that is not 64 hexadecimal digits")]
    Digest {
        /// As written.
        table: String,
    },
}

/// One table's file, as checked.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) rows: u64,
    pub(super) sha256: [u8; 32],
    /// The file's own encoding; that of the package where the manifest says none.
    pub(super) encoding: Encoding,
}

/// The manifest, as checked.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) sequence: u64,
    pub(super) authority_code: String,
    pub(super) authority_name: String,
    pub(super) as_of: String,
    pub(super) expires: Option<String>,
    /// The tables that are read.
    pub(super) tables: BTreeMap<Table, Entry>,
    /// Names of the others.
    pub(super) ignored: Vec<String>,
    /// What it says of the bureau's own words.
    pub(super) words: Words,
}

/// The two keys that say how to read the others.
#[derive(Deserialize)]
struct Head {
    format: u64,
    kind: String,
}

/// The manifest, as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) format: u64,
    pub(super) kind: String,
    pub(super) sequence: u64,
    pub(super) authority: WrittenAuthority,
    pub(super) as_of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
    pub(super) encoding: String,
    pub(super) tables: Vec<WrittenTable>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) columns: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) codes: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) none: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) accept: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAuthority {
    pub(super) code: String,
    pub(super) name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTable {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) rows: u64,
    pub(super) sha256: String,
    /// Where the file is encoded otherwise than the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<String>,
}

impl Manifest {
    /// Reads and checks a manifest.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::check(Self::read(bytes)?)
    }

    /// Reads a manifest of format 1 and kind full, as it is written.
    pub(super) fn read(bytes: &[u8]) -> Result<Written, ManifestError> {
        // The head first: a later format or a delta has keys of its own, and is to be named as what it is.
        let head: Head = serde_json::from_slice(bytes).map_err(ManifestError::Shape)?;
        match (head.format, head.kind.as_str()) {
            (FORMAT, "full") => {}
            (FORMAT, "delta") => return Err(ManifestError::Delta),
            (FORMAT, _) => return Err(ManifestError::Kind { found: head.kind }),
            (found, _) => return Err(ManifestError::Format { found }),
        }
        serde_json::from_slice(bytes).map_err(ManifestError::Shape)
    }

    /// Checks a manifest of format 1 and kind full.
    pub(super) fn check(written: Written) -> Result<Self, ManifestError> {
        let Written { format: _, kind: _, sequence, authority, as_of, expires, encoding, tables, .. } = written;
        let own_words =
            WrittenWords { columns: written.columns, codes: written.codes, none: written.none, accept: written.accept };
        if sequence > SEQUENCE_MAX {
            return Err(ManifestError::LastSequence { found: sequence });
        }
        if authority.code.len() != 6 || !authority.code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ManifestError::AuthorityCode { found: authority.code });
        }
        if authority.name.trim().is_empty() {
            return Err(ManifestError::AuthorityName);
        }
        let made_at = time("as_of", &as_of)?;
        if let Some(expires) = &expires
            && time("expires", expires)? <= made_at
        {
            return Err(ManifestError::ExpiresBeforeAsOf { as_of, expires: expires.clone() });
        }
        let encoding = encoding_of(encoding)?;
        let Tables { read: tables, ignored, misnamed } = check_tables(tables, encoding)?;
        let mut words = Words::check(own_words, &tables.keys().copied().collect(), &as_of)?;
        words.declared.misnamed = misnamed;
        let WrittenAuthority { code: authority_code, name: authority_name } = authority;
        Ok(Self { sequence, authority_code, authority_name, as_of, expires, tables, ignored, words })
    }
}

fn encoding_of(written: String) -> Result<Encoding, ManifestError> {
    Encoding::from_name(&written).ok_or(ManifestError::Encoding { found: written })
}

/// The tables of a manifest.
#[derive(Default)]
struct Tables {
    read: BTreeMap<Table, Entry>,
    ignored: Vec<String>,
    misnamed: Vec<Misnamed>,
}

fn check_tables(written: Vec<WrittenTable>, of_package: Encoding) -> Result<Tables, ManifestError> {
    let Tables { mut read, mut ignored, mut misnamed } = Tables::default();
    let mut files = std::collections::BTreeSet::new();
    let mut unknown = Vec::new();
    for WrittenTable { name, file, rows, sha256, encoding } in written {
        if !is_plain(&file) {
            return Err(ManifestError::FileName { table: name, file });
        }
        if !files.insert(file.clone()) {
            return Err(ManifestError::FileTwice { file });
        }
        let Some(sha256) = digest(&sha256) else { return Err(ManifestError::Digest { table: name }) };
        let encoding = encoding.map_or(Ok(of_package), encoding_of)?;
        let entry = Entry { file, rows, sha256, encoding };
        match Table::from_name(&standard::fold(&name)) {
            Some(table) => {
                if read.insert(table, entry).is_some() {
                    return Err(ManifestError::TableTwice { table: name });
                }
            }
            None if !standard::is_table(&name) => unknown.push((name, entry)),
            None if ignored.iter().any(|known| known.eq_ignore_ascii_case(&name)) => {
                return Err(ManifestError::TableTwice { table: name });
            }
            None => ignored.push(name),
        }
    }
    for (name, entry) in unknown {
        let similar = standard::similar(&name);
        let mut may_be = similar.iter().filter_map(|name| Table::from_name(name));
        let read_as = may_be.next().filter(|table| may_be.next().is_none() && !read.contains_key(table));
        misnamed.push(Misnamed { name, file: entry.file.clone(), similar, read_as });
        read.extend(read_as.map(|table| (table, entry)));
    }
    Ok(Tables { read, ignored, misnamed })
}

/// Reads a time; jiff reads more forms than RFC 3339 has, and an answer repeats this one.
fn time(key: &'static str, written: &str) -> Result<jiff::Timestamp, ManifestError> {
    let is_rfc3339 = written.as_bytes().get(10) == Some(&b'T') && !written.contains('[');
    let parsed = if is_rfc3339 { written.parse().ok() } else { None };
    parsed.ok_or_else(|| ManifestError::Time { key, found: written.to_owned() })
}

/// Whether this names a file in the folder itself.
pub(super) fn is_plain(file: &str) -> bool {
    !file.is_empty() && file != "." && file != ".." && !file.contains(['/', '\\', ':', '\0'])
}

/// Reads a SHA-256 in hexadecimal of any case.
fn digest(written: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(written.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn manifest() -> serde_json::Value {
        serde_json::json!({
            "format": 1, "kind": "full", "sequence": 412,
            "authority": { "code": "990102", "name": "测试县不动产登记中心" },
            "as_of": "2026-11-23T06:00:00+08:00", "expires": "2026-11-30T06:00:00+08:00",
            "encoding": "GB18030",
            "tables": [
                { "name": "ztt_gy_qlr", "file": "QLR.csv", "rows": 3, "sha256": DIGEST },
                { "name": "JTCY", "file": "JTCY.csv", "rows": 3, "sha256": DIGEST },
            ],
        })
    }

    fn refused(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut written = manifest();
        change(&mut written);
        let err = Manifest::parse(written.to_string().as_bytes()).unwrap_err();
        match std::error::Error::source(&err) {
            Some(source) => format!("{err}: {source}"),
            None => err.to_string(),
        }
    }

    #[test]
    fn reads_a_manifest_and_tells_what_it_ignores() {
        let read = Manifest::parse(manifest().to_string().as_bytes()).unwrap();
        assert_eq!(read.tables[&Table::Qlr].encoding, Encoding::Gb18030);
        assert_eq!(read.tables[&Table::Qlr].rows, 3);
        assert_eq!(read.ignored, ["JTCY"]);
        assert_eq!(HEXLOWER_PERMISSIVE.encode(&read.tables[&Table::Qlr].sha256), DIGEST);
    }

    #[test]
    fn expires_may_be_absent() {
        let mut written = manifest();
        written.as_object_mut().unwrap().remove("expires");
        assert_eq!(Manifest::parse(written.to_string().as_bytes()).unwrap().expires, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (refused(|m| m["format"] = 2.into()), "it says format 2; this version reads format 1 only"),
            (
                refused(|m| {
                    m["kind"] = "delta".into();
                    m["ended"] = serde_json::json!([]);
                }),
                "it says kind `delta`; this version loads kind `full` only, so export a full package",
            ),
            (refused(|m| m["kind"] = "half".into()), "it says kind `half`; a package is of kind `full`"),
            (refused(|m| m["authority"]["code"] = "32010".into()), "its authority code `32010` is not six digits"),
            (refused(|m| m["authority"]["name"] = " ".into()), "its authority has no name"),
            (
                refused(|m| m["as_of"] = "2026-11-23 06:00".into()),
                "its `as_of` `2026-11-23 06:00` is not a time with offset as RFC 3339 has it, such as \
                 `2026-11-23T06:00:00+08:00`",
            ),
            (
                refused(|m| m["expires"] = "2026-11-22T06:00:00+08:00".into()),
                "it expires at `2026-11-22T06:00:00+08:00`, which is not after its `as_of` \
                 `2026-11-23T06:00:00+08:00`",
            ),
            (
                refused(|m| m["encoding"] = "big5".into()),
                "it says encoding `big5`; only `utf-8`, `gb18030` (with `GBK`), `utf-16le` and `utf-16be` are read, so export in one of them",
            ),
            (
                refused(|m| m["tables"][0]["file"] = "../QLR.csv".into()),
                "its table `ztt_gy_qlr` has the file `../QLR.csv`, which is not the plain name of a file in the folder",
            ),
            (
                refused(|m| m["tables"][1]["name"] = "QLR".into()),
                "it lists table `QLR` twice; put all rows of a table into one file",
            ),
            (
                refused(|m| m["sequence"] = (u64::MAX - 1).into()),
                "its `sequence` is 18446744073709551614, and the largest that leaves room for later ones is \
                 9223372036854775807: export it with the next number of the bureau's count",
            ),
            (
                refused(|m| m["sequence"] = (SEQUENCE_MAX + 1).into()),
                "its `sequence` is 9223372036854775808, and the largest that leaves room for later ones is \
                 9223372036854775807: export it with the next number of the bureau's count",
            ),
            (refused(|m| m["tables"][1]["file"] = "QLR.csv".into()), "it lists file `QLR.csv` for two tables"),
            (
                refused(|m| m["tables"][0]["sha256"] = "e3b0".into()),
                "its table `ztt_gy_qlr` has a `sha256` that is not 64 hexadecimal digits",
            ),
        ];
        for (told, expected) in cases {
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn a_table_under_another_name_is_read_as_what_it_alone_may_be() {
        let mut written = manifest();
        written["tables"][0]["name"] = "BDCK.QLR".into();
        written["tables"][1]["name"] = "KEHU".into();
        let read = Manifest::parse(written.to_string().as_bytes()).unwrap();
        assert_eq!(read.tables[&Table::Qlr].file, "QLR.csv");
        let [qlr, other] = &read.words.declared.misnamed[..] else { panic!("{:?}", read.words.declared.misnamed) };
        assert_eq!((&qlr.name[..], qlr.read_as, &qlr.similar[..]), ("BDCK.QLR", Some(Table::Qlr), &["QLR"][..]));
        assert_eq!((&other.name[..], other.read_as, &other.similar[..]), ("KEHU", None, &[][..]));
        let mut both = manifest();
        both["tables"][1]["name"] = "BDCK.QLR".into();
        let read = Manifest::parse(both.to_string().as_bytes()).unwrap();
        assert_eq!(read.words.declared.misnamed[0].read_as, None, "QLR itself is there");
        assert_eq!(read.tables[&Table::Qlr].rows, 3);
    }

    #[test]
    fn encodings_have_several_names() {
        for (name, encoding) in [
            ("GBK", Encoding::Gb18030),
            ("gb2312", Encoding::Gb18030),
            ("GB18030", Encoding::Gb18030),
            ("UTF8", Encoding::Utf8),
            ("Utf-8", Encoding::Utf8),
        ] {
            assert_eq!(Encoding::from_name(name), Some(encoding), "{name}");
        }
    }

    #[test]
    fn unknown_and_missing_keys_are_named() {
        let unknown = refused(|m| m["signed"] = true.into());
        assert!(unknown.contains("unknown field `signed`"), "{unknown}");
        let missing = refused(|m| drop(m.as_object_mut().unwrap().remove("as_of")));
        assert!(missing.contains("missing field `as_of`"), "{missing}");
        let other = Manifest::parse(b"\xff").unwrap_err();
        assert!(matches!(other, ManifestError::Shape(_)));
    }
}
