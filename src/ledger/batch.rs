//! A batch: some neighbouring entries with one signed checkpoint, and all the hashes that receipts of these entries are made of.
//!
//! The proof of an entry, in the tree that ends with its batch, is made of hashes of two sorts: of subtrees that an entry of the
//! batch completes, and of peaks that the tree had before it. Both stand in the batch's row beside the checkpoint. So a receipt
//! is two seeks by number, those of its entry and of its batch, however large the tree and however old the entry.

use std::convert::Infallible;

use rusqlite::{Row, params};

use super::{
    note::{Checkpoint, Signer},
    receipt,
    rows::{signed, unsigned},
    tree::{self, Frontier, Hash, TREE_ENTRIES_MAX},
};

/// Entries of a batch that is written. So many have their hashes on one page of the database; of more at once, each so many get a
/// checkpoint.
pub(super) const BATCH_ENTRIES_MAX: usize = 64;

/// A batch as it stands in the database.
#[derive(Debug)]
pub(super) struct Batch {
    /// Its first entry.
    first: u64,
    /// The entries in the tree that ends with it.
    size: u64,
    /// The tree's right edge before it.
    edge: Vec<Hash>,
    /// The hashes of the subtrees that its entries complete, entry by entry, lowest level first.
    completed: Vec<Hash>,
    /// The checkpoint, a signed note.
    note: String,
}

/// The columns of a batch, in the order in which [`Batch::from_row`] reads them.
pub(super) const COLUMNS: &str = "size, first, note, edge, hashes";

/// How many subtrees the first `size` entries complete.
fn completed_count(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

impl Batch {
    /// Appends entries of these leaf hashes to the tree, and signs what it is then.
    pub(super) fn append(
        frontier: &mut Frontier,
        leaf_hashes: impl ExactSizeIterator<Item = Hash>,
        signer: &dyn Signer,
    ) -> Self {
        let (first, edge) = (frontier.size(), frontier.peaks().to_vec());
        let mut completed = Vec::with_capacity(2 * leaf_hashes.len() + u64::BITS as usize);
        for leaf_hash in leaf_hashes {
            frontier.append(leaf_hash, &mut completed);
        }
        let checkpoint = Checkpoint { origin: signer.name().to_owned(), size: frontier.size(), root: frontier.root() };
        Self { first, size: frontier.size(), edge, completed, note: checkpoint.sign(&[signer]) }
    }

    /// A batch of these parts; `None` where they are none.
    pub(super) fn from_parts(size: u64, first: u64, note: String, edge: &[u8], completed: &[u8]) -> Option<Self> {
        let (edge, rest) = edge.as_chunks();
        let (completed, more) = completed.as_chunks();
        let is_whole = first < size
            && size <= TREE_ENTRIES_MAX
            && edge.len() == first.count_ones() as usize
            && completed.len() as u64 == completed_count(size) - completed_count(first)
            && rest.is_empty()
            && more.is_empty();
        is_whole.then(|| Self { first, size, edge: edge.to_vec(), completed: completed.to_vec(), note })
    }

    /// Reads a row of [`COLUMNS`]; `None` where what it holds is no batch.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let (edge, completed) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
        Ok(Self::from_parts(unsigned(row.get(0)?), unsigned(row.get(1)?), row.get(2)?, edge, completed))
    }

    /// Writes its row.
    pub(super) fn insert(&self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        let mut insert = connection
            .prepare_cached("INSERT INTO batch (size, first, note, edge, hashes) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let (edge, completed) = (self.edge.as_flattened(), self.completed.as_flattened());
        insert.execute(params![signed(self.size), signed(self.first), self.note, edge, completed])?;
        Ok(())
    }

    /// Its first entry.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The entries in the tree that ends with it: its last entry, and one.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Its signed checkpoint.
    pub(super) fn note(&self) -> &str {
        &self.note
    }

    /// The tree before it.
    pub(super) fn before(&self) -> Frontier {
        Frontier::from_peaks(self.first, self.edge.clone()).expect("a batch has an edge of the tree before it")
    }

    /// The hashes of the subtrees that this entry of it completes, lowest level first.
    pub(super) fn completed_by(&self, entry: u64) -> &[Hash] {
        let at = |entry| {
            let count = completed_count(entry) - completed_count(self.first);
            usize::try_from(count).expect("a batch is in memory")
        };
        &self.completed[at(entry)..at(entry + 1)]
    }

    /// The receipt of one of its entries.
    pub(super) fn receipt(&self, entry: u64, leaf: &[u8]) -> String {
        receipt::write(leaf, entry, &self.proof(entry), &self.note)
    }

    /// The same of an entry that was read with it; `None` where entry, hashes and checkpoint do not belong together. Who signed
    /// the checkpoint is for others to verify.
    pub(super) fn checked_receipt(&self, entry: u64, leaf: &[u8]) -> Option<String> {
        let proof = self.proof(entry);
        let root = tree::root_of_inclusion(entry, self.size, tree::leaf_hash(leaf), &proof)?;
        let checkpoint = Checkpoint::parse(&self.note).ok()?;
        let is_proved = (checkpoint.size, checkpoint.root) == (self.size, root);
        is_proved.then(|| receipt::write(leaf, entry, &proof, &self.note))
    }

    /// The proof that the tree which ends with it holds one of its entries.
    fn proof(&self, entry: u64) -> Vec<Hash> {
        let mut node = |level: u32, index: u64| -> Result<Hash, Infallible> {
            let by = tree::completed_by(level, index);
            if by >= self.first {
                return Ok(self.completed_by(by)[level as usize]);
            }
            // What an earlier entry completed and the proof needs whole is a part of the right edge.
            let place = Frontier::place(self.first, level, index);
            Ok(self.edge[place.expect("a proof uses the largest complete subtrees left of the batch")])
        };
        let Ok(proof) = tree::inclusion_proof(entry, self.size, &mut node);
        proof
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH_ENTRIES_MAX, Batch};
    use crate::ledger::{
        note::Ed25519Signer,
        receipt::Receipt,
        tree::{Frontier, Hash, inclusion_proof, leaf_hash},
    };

    fn leaf(entry: u64) -> Vec<u8> {
        entry.to_be_bytes().to_vec()
    }

    /// Batches of these sizes, one after the other.
    fn batches(counts: &[u64]) -> Vec<Batch> {
        let signer = Ed25519Signer::from_seed("example.com/ledger", &[42; 32]).unwrap();
        let mut frontier = Frontier::new();
        let mut batches = Vec::new();
        for count in counts {
            let first = frontier.size();
            let leaves: Vec<_> = (first..first + count).map(|entry| leaf_hash(&leaf(entry))).collect();
            batches.push(Batch::append(&mut frontier, leaves.into_iter(), &signer));
        }
        batches
    }

    #[test]
    fn a_receipt_is_that_of_the_whole_tree_however_entries_came_together() {
        let batches = batches(&[1, 1, 3, 64, 7, 64, 64, 2, 37, 13, 512, 1, 128, 100]);
        let size = batches.last().unwrap().size();
        let mut levels: Vec<Vec<Hash>> = vec![Vec::new(); 64];
        let mut frontier = Frontier::new();
        for entry in 0..size {
            let mut completed = Vec::new();
            frontier.append(leaf_hash(&leaf(entry)), &mut completed);
            completed.into_iter().enumerate().for_each(|(level, hash)| levels[level].push(hash));
        }
        let mut count = 0;
        for batch in &batches {
            for entry in batch.first()..batch.size() {
                let mut node = |level: u32, index: u64| -> Result<Hash, std::convert::Infallible> {
                    Ok(levels[level as usize][usize::try_from(index).unwrap()])
                };
                let Ok(proof) = inclusion_proof(entry, batch.size(), &mut node);
                let receipt = batch.receipt(entry, &leaf(entry));
                assert_eq!(Receipt::parse(&receipt).unwrap().proof, proof, "entry {entry} of {}", batch.size());
                assert_eq!(batch.checked_receipt(entry, &leaf(entry)), Some(receipt));
                assert_eq!(batch.checked_receipt(entry, b"another"), None);
                count += 1;
            }
        }
        assert_eq!(count, size);
    }

    #[test]
    fn what_is_no_batch_is_none() {
        let batches = batches(&[5, 6]);
        let Batch { first, size, edge, completed, note } = &batches[1];
        let (edge, completed) = (edge.as_flattened(), completed.as_flattened());
        let of = |size, first, edge: &[u8], completed: &[u8]| {
            Batch::from_parts(size, first, note.clone(), edge, completed).is_some()
        };
        assert!(of(*size, *first, edge, completed));
        assert!(!of(*first, *size, edge, completed), "it ends before it begins");
        assert!(!of(*size, *size, edge, completed), "it has no entry");
        assert!(!of(u64::MAX, *first, edge, completed), "no tree is that large");
        assert!(!of(*size, *first, &edge[32..], completed), "a peak is gone");
        assert!(!of(*size, *first, &[edge, &[0]].concat(), completed), "a byte came to the edge");
        assert!(!of(*size, *first, edge, &completed[32..]), "a hash is gone");
        assert!(!of(*size, *first, edge, &[completed, &[0]].concat()), "a byte came to the hashes");
    }

    #[test]
    fn a_full_batch_has_a_page_of_its_own() {
        // With the longest edge of any tree of up to a million million entries.
        let mut frontier = Frontier::from_peaks((1 << 40) - 1, vec![[7; 32]; 40]).unwrap();
        let signer = Ed25519Signer::from_seed("example.com/ledger", &[42; 32]).unwrap();
        let batch = Batch::append(&mut frontier, vec![[8; 32]; BATCH_ENTRIES_MAX].into_iter(), &signer);
        let bytes = batch.note.len() + batch.edge.as_flattened().len() + batch.completed.as_flattened().len();
        // What a row of a table may have before SQLite carries it on to pages of overflow.
        assert!(bytes < crate::ledger::store::PAGE_BYTES as usize - 35 - 40, "{bytes}");
    }
}
