//! What a generation's file says of itself: the table `meta`.
//!
//! Format 7 has its indexes in sealed blocks, and a seal of this table. Format 6 has other search keys for passports and permits. Format 5 has the table of the quarantine, which format 4 had not. Format 3 has quarantine, accepted gaps and mapped words among the facts, and tells a noted charge's place; format 2 had not.
//!
//! | key | value |
//! |---|---|
//! | `format` | version of this layout, an integer |
//! | `rules` | version of the rules by which rows were joined, an integer |
//! | `salt` | 16 random bytes, from which the file's keys derive |
//! | `facts` | the package's facts, JSON |
//! | `units`, `subject_entries`, `locator_entries` | records, and entries of the indexes, integers |
//! | `seal` | HMAC-SHA-256 of all the others |

use data_encoding::HEXLOWER;
use rusqlite::{Connection, params, types::FromSql};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        generation::{Accepted, GenerationFacts, Signature},
        tables::Table,
    },
    keys::SALT_BYTES,
};

use super::seal::Keys;

/// The version of the file's layout.
pub(super) const FORMAT: u32 = 7;

/// The version of the rules by which rows are joined; goes up where the same package would compile otherwise.
pub(super) const RULES: u32 = 2;

/// What a complete file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) units: u64,
    pub(super) subject_entries: u64,
    pub(super) locator_entries: u64,
}

/// The table's content.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) facts: GenerationFacts,
    pub(super) counts: Counts,
}

/// The table as read: whether the file's keys confirm it is still to be seen.
pub(super) struct Stored {
    pub(super) meta: Meta,
    said: Vec<u8>,
    seal: Vec<u8>,
}

impl Stored {
    /// Whether it is what was written under these keys.
    pub(super) fn is_sealed_by(&self, keys: &Keys) -> bool {
        keys.is_meta_seal(&self.said, &self.seal)
    }
}

/// What is sealed: every value, each but the last of a form that has no line feed.
fn said(rules: u32, salt: &[u8; SALT_BYTES], counts: Counts, facts: &str) -> Vec<u8> {
    let Counts { units, subject_entries, locator_entries } = counts;
    let salt = HEXLOWER.encode(salt);
    format!("{FORMAT}\n{rules}\n{salt}\n{units}\n{subject_entries}\n{locator_entries}\n{facts}").into_bytes()
}

#[derive(Serialize, Deserialize)]
struct StoredFacts {
    sequence: u64,
    package_id: String,
    authority_code: String,
    authority_name: String,
    as_of: String,
    expires: String,
    tables: Vec<(String, u64)>,
    quarantined: Vec<(String, u64)>,
    accepted: Vec<(String, String)>,
    mapped: Vec<String>,
    #[serde(default)]
    signature: Option<StoredSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredSignature {
    Key(String),
    Missing(String),
}

/// Writes the table.
pub(super) fn write(connection: &Connection, meta: &Meta, keys: &Keys) -> rusqlite::Result<()> {
    let facts = meta.facts.clone();
    let stored = StoredFacts {
        sequence: facts.sequence,
        package_id: facts.package_id,
        authority_code: facts.authority_code,
        authority_name: facts.authority_name,
        as_of: facts.as_of,
        expires: facts.expires,
        tables: named(&facts.tables),
        quarantined: named(&facts.quarantined),
        accepted: facts.accepted.into_iter().map(|gap| (gap.what, gap.reason)).collect(),
        mapped: facts.mapped,
        signature: match facts.signature {
            Signature::Unknown => None,
            Signature::By { key } => Some(StoredSignature::Key(key)),
            Signature::Missing { reason } => Some(StoredSignature::Missing(reason)),
        },
    };
    let json = serde_json::to_string(&stored).expect("facts are texts and numbers, which JSON always holds");
    let mut insert = connection.prepare("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
    insert.execute(params!["format", FORMAT])?;
    insert.execute(params!["rules", RULES])?;
    insert.execute(params!["salt", meta.salt.as_slice()])?;
    insert.execute(params!["facts", json])?;
    insert.execute(params!["seal", keys.meta_seal(&said(RULES, &meta.salt, meta.counts, &json))])?;
    for (key, count) in [
        ("units", meta.counts.units),
        ("subject_entries", meta.counts.subject_entries),
        ("locator_entries", meta.counts.locator_entries),
    ] {
        insert.execute(params![key, i64::try_from(count).expect("rows fit a signed 64-bit count")])?;
    }
    Ok(())
}

/// Reads the table; `None` where it is of another format or malformed.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Stored>> {
    let format: u32 = value(connection, "format")?;
    if format != FORMAT {
        return Ok(None);
    }
    let (rules, salt, seal): (u32, Vec<u8>, Vec<u8>) =
        (value(connection, "rules")?, value(connection, "salt")?, value(connection, "seal")?);
    let json: String = value(connection, "facts")?;
    let count = |key| value::<i64>(connection, key).map(|count| u64::try_from(count).unwrap_or_default());
    let counts = Counts {
        units: count("units")?,
        subject_entries: count("subject_entries")?,
        locator_entries: count("locator_entries")?,
    };
    let facts = serde_json::from_str(&json).ok().and_then(facts);
    Ok(salt.try_into().ok().zip(facts).map(|(salt, facts)| {
        let said = said(rules, &salt, counts, &json);
        Stored { meta: Meta { salt, facts, counts }, said, seal }
    }))
}

fn facts(stored: StoredFacts) -> Option<GenerationFacts> {
    Some(GenerationFacts {
        sequence: stored.sequence,
        package_id: stored.package_id,
        authority_code: stored.authority_code,
        authority_name: stored.authority_name,
        as_of: stored.as_of,
        expires: stored.expires,
        tables: counted(&stored.tables)?,
        quarantined: counted(&stored.quarantined)?,
        accepted: stored.accepted.into_iter().map(|(what, reason)| Accepted { what, reason }).collect(),
        mapped: stored.mapped,
        signature: match stored.signature {
            None => Signature::Unknown,
            Some(StoredSignature::Key(key)) => Signature::By { key },
            Some(StoredSignature::Missing(reason)) => Signature::Missing { reason },
        },
    })
}

fn named(tables: &[(Table, u64)]) -> Vec<(String, u64)> {
    tables.iter().map(|(table, rows)| (table.name().to_owned(), *rows)).collect()
}

fn counted(tables: &[(String, u64)]) -> Option<Vec<(Table, u64)>> {
    tables.iter().map(|(name, rows)| Table::from_name(name).map(|table| (table, *rows))).collect()
}

fn value<T: FromSql>(connection: &Connection, key: &str) -> rusqlite::Result<T> {
    connection.query_row("SELECT value FROM meta WHERE key = ?1", params![key], |row| row.get(0))
}
