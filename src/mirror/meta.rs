//! What a generation's file says of itself: the table `meta`.
//!
//! Format 6 has other search keys for passports and permits. Format 5 has the table of the quarantine, which format 4 had not. Format 3 has quarantine, accepted gaps and mapped words among the facts, and tells a noted charge's place; format 2 had not.
//!
//! | key | value |
//! |---|---|
//! | `format` | version of this layout, an integer |
//! | `rules` | version of the rules by which rows were joined, an integer |
//! | `salt` | 16 random bytes, from which the file's keys derive |
//! | `facts` | the package's facts, JSON |
//! | `units`, `subject_entries`, `locator_entries` | rows of the tables, integers |

use rusqlite::{Connection, params, types::FromSql};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        generation::{Accepted, GenerationFacts},
        tables::Table,
    },
    keys::SALT_BYTES,
};

use super::write::Counts;

/// The version of the file's layout.
pub(super) const FORMAT: u32 = 6;

/// The version of the rules by which rows are joined; goes up where the same package would compile otherwise.
pub(super) const RULES: u32 = 2;

/// The table's content.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) facts: GenerationFacts,
    pub(super) counts: Counts,
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
}

/// Writes the table.
pub(super) fn write(connection: &Connection, meta: &Meta) -> rusqlite::Result<()> {
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
    };
    let json = serde_json::to_string(&stored).expect("facts are texts and numbers, which JSON always holds");
    let mut insert = connection.prepare("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
    insert.execute(params!["format", FORMAT])?;
    insert.execute(params!["rules", RULES])?;
    insert.execute(params!["salt", meta.salt.as_slice()])?;
    insert.execute(params!["facts", json])?;
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
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Meta>> {
    let format: u32 = value(connection, "format")?;
    if format != FORMAT {
        return Ok(None);
    }
    let salt: Vec<u8> = value(connection, "salt")?;
    let json: String = value(connection, "facts")?;
    let count = |key| value::<i64>(connection, key).map(|count| u64::try_from(count).unwrap_or_default());
    let counts = Counts {
        units: count("units")?,
        subject_entries: count("subject_entries")?,
        locator_entries: count("locator_entries")?,
    };
    let facts = serde_json::from_str(&json).ok().and_then(facts);
    Ok(salt.try_into().ok().zip(facts).map(|(salt, facts)| Meta { salt, facts, counts }))
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
