//! The Merkle tree of RFC 6962 over SHA-256: hashes, the growing right edge, proofs and their checks.
//!
//! # Shape
//!
//! Entry `i` is the leaf `(0, i)`; the *complete subtree* `(level, index)` spans the 2^level entries from `index << level`. A
//! tree of `size` entries is a row of complete subtrees, one per bit set in `size`, largest first: its *peaks*. The root
//! folds the peaks from the right. A complete subtree never changes again, so it is stored once, with the entry that completes
//! it ([`completed_by`]); everything else is folded from peaks when it is asked for.
//!
//! # Use
//!
//! [`Frontier`] holds the peaks and takes leaves. [`inclusion_proof`], [`consistency_proof`] and [`root`] ask a closure for
//! complete subtrees; [`root_of_inclusion`] and [`is_consistent`] check what others hand over, of any content and length. This
//! module stores nothing and does not know what an entry says.
//!
//! Source: RFC 6962 §2.1; the checks follow RFC 9162 §2.1.3.2 and §2.1.4.2, which prove the same tree.

use ring::digest;

#[cfg(test)]
mod tests;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// A tree: how many entries, and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// The largest tree that a [`Frontier`] holds, in entries: 2^62, so that no index or position overflows.
pub const TREE_ENTRIES_MAX: u64 = 1 << 62;

const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

/// The hash of a leaf's bytes: SHA-256 of 0x00 and the bytes.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[LEAF_PREFIX]);
    context.update(leaf);
    hash_of(&context.finish())
}

/// The hash of a node above two others: SHA-256 of 0x01, the left and the right.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE_PREFIX; 65];
    let (head, tail) = bytes.split_at_mut(33);
    head[1..].copy_from_slice(left);
    tail.copy_from_slice(right);
    hash_of(&digest::digest(&digest::SHA256, &bytes))
}

/// The root of the tree without entries: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    hash_of(&digest::digest(&digest::SHA256, &[]))
}

fn hash_of(digest: &digest::Digest) -> Hash {
    digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// The right edge of a growing tree: the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontier {
    /// The edge of the tree without entries.
    #[must_use]
    pub fn new() -> Self {
        Self { size: 0, peaks: Vec::with_capacity(u64::BITS as usize) }
    }

    /// The edge of a tree of `size` entries whose peaks stand as [`Self::positions`] says.
    ///
    /// `None` where the number of peaks is not the number of bits set in `size`, or `size` is past [`TREE_ENTRIES_MAX`].
    #[must_use]
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let is_whole = u32::try_from(peaks.len()).is_ok_and(|count| count == size.count_ones());
        (is_whole && size <= TREE_ENTRIES_MAX).then_some(Self { size, peaks })
    }

    /// Where the peaks of a tree of `size` stand: level and index of each complete subtree, largest first.
    #[must_use]
    pub fn positions(size: u64) -> Vec<(u32, u64)> {
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        levels.map(|level| (level, peak_index(size, level))).collect()
    }

    /// At which place among the peaks of a tree of `size` the complete subtree stands; `None` where it is no peak.
    #[must_use]
    pub fn place(size: u64, level: u32, index: u64) -> Option<usize> {
        let is_peak = level < u64::BITS && size >> level & 1 == 1 && index == peak_index(size, level);
        // Before it stand the larger ones: a bit each.
        is_peak.then(|| (size >> level).count_ones() as usize - 1)
    }

    /// The number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The peaks, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.peaks.iter().rev();
        let Some(&smallest) = smallest_first.next() else { return empty_root() };
        smallest_first.fold(smallest, |right, left| node_hash(left, &right))
    }

    /// Appends a leaf's hash, and adds to `completed` the complete subtrees that end with it, lowest level first.
    ///
    /// The first that it adds is the leaf's own hash, and one more follows for each bit set at the low end of the leaf's index:
    /// that at `level` is the subtree `(level, index >> level)`.
    pub fn append(&mut self, leaf_hash: Hash, completed: &mut Vec<Hash>) {
        completed.push(leaf_hash);
        let mut hash = leaf_hash;
        for _ in 0..self.size.trailing_ones() {
            hash = node_hash(&self.take_smallest(), &hash);
            completed.push(hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    fn take_smallest(&mut self) -> Hash {
        self.peaks.pop().expect("a tree has a peak for each bit set in its size")
    }
}

/// The entry whose append completes the subtree: `((index + 1) << level) - 1`, the last that it spans.
///
/// The subtree's hash is at `level` of what that append adds. A subtree past the end of all numbers gives `u64::MAX`.
#[must_use]
pub fn completed_by(level: u32, index: u64) -> u64 {
    let end = (u128::from(index) + 1) << level.min(u64::BITS - 1);
    u64::try_from(end - 1).unwrap_or(u64::MAX)
}

/// The index of the peak at `level` in a tree of `size`, which has that bit set.
fn peak_index(size: u64, level: u32) -> u64 {
    (size >> level) - 1
}

/// Folds the peaks at the levels set in `levels`, some low bits of `size`; `None` where no bit is set.
fn fold_peaks<E>(
    levels: u64,
    size: u64,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Option<Hash>, E> {
    let mut folded: Option<Hash> = None;
    let mut rest = levels;
    while rest != 0 {
        let level = rest.trailing_zeros();
        rest &= rest - 1;
        let left = node(level, peak_index(size, level))?;
        folded = Some(folded.map_or(left, |right| node_hash(&left, &right)));
    }
    Ok(folded)
}

/// The root of the tree of `size`; `node(level, index)` gives the hashes of complete subtrees.
///
/// # Errors
///
/// What `node` fails with.
pub fn root<E>(size: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    Ok(fold_peaks(size, size, node)?.unwrap_or_else(empty_root))
}

/// Adds to `path` the siblings on the way from the complete subtree `(level, index)` to the root of the tree of `size`.
///
/// The subtree must lie within the tree.
fn climb<E>(
    (mut level, mut index): (u32, u64),
    size: u64,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
    path: &mut Vec<Hash>,
) -> Result<(), E> {
    // The subtree at this level that holds the last entry: the only one that may be incomplete, and the last of its row.
    let mut last = (size - 1) >> level;
    while last > 0 {
        if index & 1 == 1 {
            path.push(node(level, index - 1)?);
        } else if index + 1 < last {
            path.push(node(level, index + 1)?);
        } else if index + 1 == last {
            path.push(last_of_row(level, size, node)?);
        }
        // Where the subtree is the last of its row and has no sibling, it moves up as it is.
        (level, index, last) = (level + 1, index >> 1, last >> 1);
    }
    Ok(())
}

/// The hash of the last subtree of a level, complete or not.
fn last_of_row<E>(level: u32, size: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let below = size & ((1 << level) - 1);
    match fold_peaks(below, size, node)? {
        Some(hash) => Ok(hash),
        // No entry is left over below: the subtree is complete.
        None => node(level, peak_index(size, level)),
    }
}

fn path_with_room(size: u64) -> Vec<Hash> {
    Vec::with_capacity((u64::BITS - size.leading_zeros()) as usize)
}

/// Proves that the tree of `size` holds the entry `index`: the siblings on its way to the root, the leaf's own first.
///
/// `node(level, index)` gives the hashes of complete subtrees. `index` must be below `size`; otherwise the proof is empty, and
/// proves nothing but for `index` 0 in a tree of one.
///
/// # Errors
///
/// What `node` fails with.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    if index >= size {
        return Ok(Vec::new());
    }
    let mut path = path_with_room(size);
    climb((0, index), size, node, &mut path)?;
    Ok(path)
}

/// Proves that the tree of `new` entries begins with the tree of `old` entries.
///
/// `node(level, index)` gives the hashes of complete subtrees. Empty where `old` is zero or `new`, or, wrongly, past `new`.
///
/// # Errors
///
/// What `node` fails with.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    // The smallest peak of the old tree is a complete subtree of the new one; from there the way up meets all other peaks.
    let level = old.trailing_zeros();
    let index = peak_index(old, level);
    let mut path = path_with_room(new);
    // Where it is the only peak it is the old root, which the other side has.
    if index > 0 {
        path.push(node(level, index)?);
    }
    climb((level, index), new, node, &mut path)?;
    Ok(path)
}

/// The root that follows from a leaf's hash and its inclusion proof.
///
/// `None` where no tree of `size` holds an entry `index`, or the proof has another length than its place in the tree asks for.
/// Whether the root is the right one is for the caller to compare.
#[must_use]
pub fn root_of_inclusion(index: u64, size: u64, leaf_hash: Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut index, mut last) = (index, size - 1);
    let mut hash = leaf_hash;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if index & 1 == 1 || index == last {
            // The last of a row without a sibling moves up as it is; its sibling is the first to its left that there is.
            skip_to_sibling(&mut index, &mut last);
            hash = node_hash(sibling, &hash);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (index, last) = (index >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// Climbs both to the next level at which `index` is a right sibling, or to the root.
fn skip_to_sibling(index: &mut u64, last: &mut u64) {
    // Zero has no bit set: both end as zero, at the root.
    let levels = index.trailing_zeros();
    *index = index.checked_shr(levels).unwrap_or(0);
    *last = last.checked_shr(levels).unwrap_or(0);
}

/// Whether the proof shows that the tree of `new` entries with `new_root` begins with the tree of `old` entries with `old_root`.
///
/// Every tree begins with the empty one, and with itself; both are proved by an empty proof and nothing else.
#[must_use]
pub fn is_consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root && (old > 0 || *old_root == empty_root());
    }
    if old == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    // The old root is the start where the old tree is one complete subtree; else the proof begins with the smallest peak.
    let (start, proof) = match proof.split_first() {
        _ if old.is_power_of_two() => (old_root, proof),
        Some((start, rest)) => (start, rest),
        None => return false,
    };
    let level = old.trailing_zeros();
    let (mut index, mut last) = ((old - 1) >> level, (new - 1) >> level);
    let (mut from_old, mut from_new) = (*start, *start);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if index & 1 == 1 || index == last {
            skip_to_sibling(&mut index, &mut last);
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        (index, last) = (index >> 1, last >> 1);
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}
