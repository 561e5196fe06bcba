//! Brings a ledger of format 1 to the format of this version. Not a byte of a leaf, a body or a checkpoint becomes another.
//!
//! Format 1 kept the hashes of the subtrees that an entry completes in the entry's own row, and a receipt fetched its hashes from
//! all over the tree; checkpoints had a table of their own. Both are in `batch` now. Every entry is hashed again on the way and
//! every checkpoint verified: a ledger that does not hold is left as it is.
//!
//! It is one transaction, with the entry that tells of it: cut short at whatever moment, the ledger is what it was.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::{
    batch::Batch,
    error::{OpenError, ReadError, unreadable},
    evidence::{Evidence, prepare},
    leaf::{Kind, Leaf, UtcMillis},
    note::{Checkpoint, Signer, VerifierKey},
    rows::{misread, signed, unsigned},
    store::{self, BATCH_TABLE, DATABASE, Dated, FORMAT, Meta},
    tree::{self, Frontier},
};

/// The tree as far as it was walked over, and the time of its last entry.
struct Walked {
    frontier: Frontier,
    time: UtcMillis,
}

/// Brings the ledger of an earlier format to this one's, as `by` wants; the entry that says so.
pub(super) fn upgrade(
    folder: &Path,
    meta: &Meta,
    signer: &dyn Signer,
    by: &str,
    now: UtcMillis,
) -> Result<u64, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(folder.join(DATABASE), flags)?;
    store::configure(&connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    transaction.execute_batch(BATCH_TABLE)?;
    let Walked { mut frontier, time } = move_hashes(&transaction, &meta.key).map_err(unreadable)?;
    transaction.execute_batch("ALTER TABLE entry DROP COLUMN hashes; DROP TABLE checkpoint;")?;
    meta.renew(&transaction)?;
    let evidence = Evidence::act("upgrade", &format!("format {} to {FORMAT}", meta.format), by);
    let prepared = prepare(&meta.secrets, Kind::Administration, evidence)?;
    let mut said = [Dated { prepared: &prepared, leaf: Vec::new() }];
    let batch = store::insert(&transaction, &mut frontier, signer, &mut said, time.max(now))?;
    transaction.commit()?;
    store::move_log(&connection)?;
    Ok(batch.first())
}

/// Makes the rows of `batch` from the checkpoints and the hashes of entries.
fn move_hashes(transaction: &Transaction<'_>, key: &VerifierKey) -> Result<Walked, ReadError> {
    let mut walked = Walked { frontier: Frontier::new(), time: UtcMillis::MIN };
    let mut checkpoints = transaction.prepare("SELECT size, note FROM checkpoint ORDER BY size")?;
    let mut rows = checkpoints.query([])?;
    while let Some(row) = rows.next()? {
        let last = unsigned(row.get(0)?).saturating_sub(1);
        let note: String = row.get(1).map_err(|err| misread(err, last, "has a checkpoint that cannot be read"))?;
        move_batch(transaction, key, &mut walked, last, note)?;
    }
    let count: i64 = transaction.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))?;
    if unsigned(count) != walked.frontier.size() || count == 0 {
        return Err(ReadError::Damaged { entry: walked.frontier.size(), what: "has lost its checkpoint" });
    }
    Ok(walked)
}

/// Makes the row of the batch that ends with entry `last`.
fn move_batch(
    transaction: &Transaction<'_>,
    key: &VerifierKey,
    walked: &mut Walked,
    last: u64,
    note: String,
) -> Result<(), ReadError> {
    let damaged = |entry, what| ReadError::Damaged { entry, what };
    let (first, edge) = (walked.frontier.size(), walked.frontier.peaks().to_vec());
    let mut all = Vec::new();
    let mut entries = transaction
        .prepare_cached("SELECT number, hashes, leaf FROM entry WHERE number BETWEEN ?1 AND ?2 ORDER BY number")?;
    let mut rows = entries.query(params![signed(first), signed(last)])?;
    while let Some(row) = rows.next()? {
        let number = walked.frontier.size();
        let cannot_be_read = |err| misread(err, number, "cannot be read");
        let leaf: Vec<u8> = row.get(2).map_err(cannot_be_read)?;
        let hashes: Vec<u8> = row.get(1).map_err(cannot_be_read)?;
        if unsigned(row.get(0)?) != number {
            return Err(damaged(number, "is missing"));
        }
        let at = all.len();
        walked.frontier.append(tree::leaf_hash(&leaf), &mut all);
        if all[at..].as_flattened() != hashes {
            return Err(damaged(number, "does not hash to its node"));
        }
        walked.time = walked.time.max(Leaf::decode(&leaf).map_err(|_| damaged(number, "cannot be read"))?.time);
    }
    let checkpoint = Checkpoint::verify(&note, key)
        .map_err(|_| damaged(last, "has a checkpoint that is not signed by the ledger's key"))?;
    let size = walked.frontier.size();
    if size != last + 1 || (checkpoint.size, checkpoint.root) != (size, walked.frontier.root()) {
        return Err(damaged(last, "is not in the tree that its checkpoint signs"));
    }
    let batch = Batch::from_parts(size, first, note, edge.as_flattened(), all.as_flattened());
    batch.ok_or(damaged(last, "is not the one that its checkpoint ends with"))?.insert(transaction)?;
    Ok(())
}
