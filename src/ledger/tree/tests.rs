//! The tree against the recursive definition of RFC 6962 §2.1, written down as it stands there.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A stored tree: for each entry, the subtrees that its append completed.
struct Stored {
    frontier: Frontier,
    leaves: Vec<Hash>,
    completed: Vec<Vec<Hash>>,
}

impl Stored {
    fn with_entries(count: u64) -> Self {
        let mut stored = Self { frontier: Frontier::new(), leaves: Vec::new(), completed: Vec::new() };
        for index in 0..count {
            let leaf = leaf_hash(&index.to_be_bytes());
            let mut completed = Vec::new();
            stored.frontier.append(leaf, &mut completed);
            stored.leaves.push(leaf);
            stored.completed.push(completed);
        }
        stored
    }

    fn node(&self, level: u32, index: u64) -> Hash {
        self.completed[at(completed_by(level, index))][level as usize]
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        let Ok(proof) = inclusion_proof(index, size, &mut |level, index| Ok::<_, Infallible>(self.node(level, index)));
        proof
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        let Ok(proof) = consistency_proof(old, new, &mut |level, index| Ok::<_, Infallible>(self.node(level, index)));
        proof
    }

    fn root(&self, size: u64) -> Hash {
        let Ok(root) = root(size, &mut |level, index| Ok::<_, Infallible>(self.node(level, index)));
        root
    }
}

fn at(index: u64) -> usize {
    usize::try_from(index).unwrap()
}

/// MTH(D\[n\]).
fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&defined_root(left), &defined_root(right))
        }
    }
}

/// PATH(m, D\[n\]).
fn defined_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = match index.checked_sub(left.len()) {
        None => (defined_path(index, left), defined_root(right)),
        Some(index) => (defined_path(index, right), defined_root(left)),
    };
    path.push(sibling);
    path
}

/// SUBPROOF(m, D\[n\], b).
fn defined_consistency(old: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_known { Vec::new() } else { vec![defined_root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if old <= left.len() {
        (defined_consistency(old, left, is_known), defined_root(right))
    } else {
        (defined_consistency(old - left.len(), right, false), defined_root(left))
    };
    proof.push(sibling);
    proof
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

#[test]
fn proofs_are_those_of_the_definition() {
    let stored = Stored::with_entries(70);
    for size in 1..=70 {
        let leaves = &stored.leaves[..at(size)];
        let root = defined_root(leaves);
        assert_eq!(stored.root(size), root);
        for index in 0..size {
            let proof = stored.inclusion(index, size);
            assert_eq!(proof, defined_path(at(index), leaves), "{index} of {size}");
            assert_eq!(root_of_inclusion(index, size, leaves[at(index)], &proof), Some(root), "{index} of {size}");
            let old = index + 1;
            let proof = stored.consistency(old, size);
            assert_eq!(proof, defined_consistency(at(old), leaves, true), "{old} in {size}");
            assert!(is_consistent(old, &stored.root(old), size, &root, &proof), "{old} in {size}");
        }
    }
}

#[test]
fn the_frontier_has_the_peaks_and_the_root_of_every_size() {
    let stored = Stored::with_entries(130);
    for size in 0..=130 {
        let peaks = Frontier::positions(size).into_iter().map(|(level, index)| stored.node(level, index)).collect();
        let frontier = Frontier::from_peaks(size, peaks).unwrap();
        assert_eq!(frontier, Stored::with_entries(size).frontier);
        assert_eq!((frontier.size(), frontier.root()), (size, defined_root(&stored.leaves[..at(size)])));
    }
    for (index, completed) in stored.completed.iter().enumerate() {
        assert_eq!(completed.len(), 1 + index.trailing_ones() as usize);
    }
}

#[test]
fn a_frontier_is_not_made_of_the_wrong_number_of_peaks() {
    assert_eq!(Frontier::from_peaks(3, vec![[0; 32]]), None);
    assert_eq!(Frontier::from_peaks(0, vec![[0; 32]]), None);
    assert_eq!(Frontier::from_peaks(u64::MAX, vec![[0; 32]; 64]), None);
    assert_eq!(Frontier::from_peaks(0, Vec::new()), Some(Frontier::new()));
}

#[test]
fn the_empty_tree_is_in_every_tree() {
    let stored = Stored::with_entries(5);
    let root = stored.root(5);
    assert!(is_consistent(0, &empty_root(), 5, &root, &[]));
    assert!(is_consistent(0, &empty_root(), 0, &empty_root(), &[]));
    assert!(!is_consistent(0, &root, 5, &root, &[]));
    assert!(!is_consistent(0, &root, 0, &root, &[]));
    assert!(!is_consistent(0, &empty_root(), 5, &root, &[root]));
    assert!(!is_consistent(5, &root, 4, &root, &[]));
    assert_eq!(stored.consistency(0, 5), Vec::<Hash>::new());
}

#[test]
fn proofs_of_another_length_or_content_are_refused() {
    let stored = Stored::with_entries(40);
    for size in [1, 2, 7, 8, 33, 40] {
        let root = stored.root(size);
        for index in 0..size {
            let leaf = stored.leaves[at(index)];
            let proof = stored.inclusion(index, size);
            let longer = [proof.as_slice(), &[root]].concat();
            assert_eq!(root_of_inclusion(index, size, leaf, &longer), None);
            assert!(!is_consistent(index + 1, &stored.root(index + 1), size, &root, &longer));
            if let Some((_, shorter)) = proof.split_last() {
                assert_eq!(root_of_inclusion(index, size, leaf, shorter), None);
            }
            for place in 0..proof.len() {
                let mut altered = proof.clone();
                altered[place][31] ^= 1;
                assert_ne!(root_of_inclusion(index, size, leaf, &altered), Some(root));
            }
            let wrong = (0..=size).filter(|other| *other != index);
            for other in wrong {
                assert_ne!(root_of_inclusion(other, size, leaf, &proof), Some(root), "{index} as {other} of {size}");
            }
        }
        for old in 1..size {
            let proof = stored.consistency(old, size);
            let old_root = stored.root(old);
            assert!(!is_consistent(old, &root, size, &root, &proof));
            assert!(!is_consistent(old, &old_root, size, &old_root, &proof));
            for place in 0..proof.len() {
                let mut altered = proof.clone();
                altered[place][0] ^= 0x80;
                assert!(!is_consistent(old, &old_root, size, &root, &altered));
            }
        }
    }
}

#[test]
fn an_entry_completes_the_subtrees_that_end_with_it() {
    assert_eq!((completed_by(0, 0), completed_by(0, 9)), (0, 9));
    assert_eq!((completed_by(1, 0), completed_by(3, 2)), (1, 23));
    assert_eq!(
        (completed_by(63, 1), completed_by(64, 7), completed_by(u32::MAX, u64::MAX)),
        (u64::MAX, u64::MAX, u64::MAX)
    );
}

#[test]
fn a_place_outside_the_tree_has_no_proof() {
    let stored = Stored::with_entries(4);
    assert_eq!(stored.inclusion(4, 4), Vec::<Hash>::new());
    assert_eq!(stored.inclusion(0, 0), Vec::<Hash>::new());
    assert_eq!(root_of_inclusion(0, 0, [0; 32], &[]), None);
    assert_eq!(root_of_inclusion(4, 4, [0; 32], &[]), None);
}

#[test]
fn what_a_reader_fails_with_is_handed_on() {
    let mut failing = |level, index| Err::<Hash, _>((level, index));
    assert_eq!(inclusion_proof(2, 3, &mut failing), Err((1, 0)));
    assert_eq!(consistency_proof(2, 3, &mut failing), Err((0, 2)));
    assert_eq!(root(6, &mut failing), Err((1, 2)));
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..200_u64,
        (0..64_u32).prop_map(|bit| 1 << bit),
        (1..64_u32).prop_map(|bit| u64::MAX >> bit)
    ]
}

proptest! {
    #[test]
    fn checks_take_any_numbers_and_proofs(
        index in number(),
        size in number(),
        proof in prop::collection::vec(any::<Hash>(), 0..70),
    ) {
        let root = root_of_inclusion(index, size, [7; 32], &proof);
        prop_assert!(root.is_none() || index < size);
        prop_assert!(!is_consistent(index, &[7; 32], size, &[8; 32], &proof));
    }

    #[test]
    fn proofs_of_any_size_verify(size in number(), wanted in any::<u64>(), old in any::<u64>()) {
        prop_assume!(size > 0);
        // Every complete subtree has one made-up hash, and so has every level above it.
        let mut level_hashes = vec![[0; 32]];
        for level in 0..64 {
            level_hashes.push(node_hash(&level_hashes[level], &level_hashes[level]));
        }
        let mut node = |level: u32, _: u64| Ok::<_, Infallible>(level_hashes[level as usize]);
        let (index, old) = (wanted % size, 1 + old % size);
        let Ok(new_root) = root(size, &mut node);
        let Ok(proof) = inclusion_proof(index, size, &mut node);
        prop_assert_eq!(root_of_inclusion(index, size, [0; 32], &proof), Some(new_root));
        let Ok(old_root) = root(old, &mut node);
        let Ok(proof) = consistency_proof(old, size, &mut node);
        prop_assert!(is_consistent(old, &old_root, size, &new_root, &proof));
    }
}
