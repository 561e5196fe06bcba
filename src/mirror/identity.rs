//! What a registration is counted by: an identity that does not depend on a file's line, nor on the order of rows.
//!
//! `TABLE:` and the first 24 hexadecimal digits of SHA-256 over table, business number, unit numbers and certificate numbers, as
//! they are compared, each behind its length in bytes (4 bytes, the high one first); several numbers are joined by `、`. Among
//! registrations of equal content the second and later ones add `:N`, by the order of their values. A mortgage over several
//! units has one identity on all of them, as its content is that of its row. Notes of charges on parcels and buildings carry
//! the identity of the charge, so they stay right where only the parcel's own unit changes and they are made again from it.
//!
//! Source: `deploy/DECISIONS.md`, "Details".

use std::collections::HashMap;

use ring::digest::{Context, SHA256};

use crate::domain::{cell::place, tables::Table};

use super::{resolve::Ties, staged::StagedRow};

/// Bytes of the digest that an identity holds.
const DIGEST_BYTES: usize = 12;

/// The identities of rights on one unit, in the order of `rows`, each with its ties.
pub(super) fn identities(rows: &[(&StagedRow, &Ties)]) -> Vec<String> {
    let mut identities: Vec<String> = rows.iter().map(|(row, ties)| of_content(row, ties)).collect();
    let mut equals: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, identity) in identities.iter().enumerate() {
        equals.entry(identity).or_default().push(at);
    }
    let mut several: Vec<Vec<usize>> = equals.into_values().filter(|places| places.len() > 1).collect();
    for places in &mut several {
        places.sort_by_key(|at| (rows[*at].0.values(), rows[*at].0.line));
        for (at, ordinal) in places.iter().zip(1_u32..).skip(1) {
            let first = &identities[*at];
            identities[*at] = format!("{first}:{ordinal}");
        }
    }
    identities
}

fn of_content(row: &StagedRow, ties: &Ties) -> String {
    let columns: &[&str] = if row.line.table == Table::Dyiq { &["GYDBDCDYH", "XYDBDCDYH"] } else { &["BDCDYH"] };
    let units: Vec<Box<str>> = columns.iter().flat_map(|column| place::unit_numbers(row.get(column))).collect();
    let table = row.line.table.name();
    let mut context = Context::new(&SHA256);
    for part in [table, &ties.business, &units.join("、"), &ties.certificates.join("、")] {
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    let digest = context.finish();
    let digits = digest.as_ref()[..DIGEST_BYTES].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    [table, ":"].into_iter().flat_map(str::chars).chain(digits).collect()
}
