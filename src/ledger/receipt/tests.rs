//! Receipts as texts: one for each, and none that is not read back.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::ledger::{
    note::Ed25519Signer,
    tree::{inclusion_proof, node_hash, root},
};

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed("example.com/ledger", &[5; 32]).unwrap()
}

/// A receipt of the entry `index` of a tree of `size` whose leaves all say the same.
fn receipt(leaf: &[u8], index: u64, size: u64) -> Receipt {
    let mut levels = vec![leaf_hash(leaf)];
    for level in 0..64 {
        levels.push(node_hash(&levels[level], &levels[level]));
    }
    let mut node = |level: u32, _: u64| Ok::<_, Infallible>(levels[level as usize]);
    let Ok(proof) = inclusion_proof(index, size, &mut node);
    let Ok(root) = root(size, &mut node);
    let checkpoint = Checkpoint { origin: "example.com/ledger".to_owned(), size, root }.sign(&[&signer()]);
    Receipt { leaf: leaf.to_vec(), index, proof, checkpoint }
}

#[test]
fn a_receipt_has_one_form() {
    let text = receipt(b"leaf", 2, 7).write();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra bGVhZg==\nindex 2\n"), "{text}");
    let replaced = |from: &str, to: &str| {
        let fault = text.replacen(from, to, 1);
        assert_ne!(fault, text);
        Receipt::parse(&fault).unwrap_err()
    };
    assert_eq!(replaced("@v1", "@v2"), ReceiptError::Header);
    assert_eq!(replaced("@v1\n", "@v1\r\n"), ReceiptError::Header);
    assert_eq!(replaced("bGVhZg==", "bGVhZg="), ReceiptError::Leaf);
    assert_eq!(replaced("bGVhZg==", "bGVhZh=="), ReceiptError::Leaf);
    assert_eq!(replaced("bGVhZg==", ""), ReceiptError::Leaf);
    assert_eq!(replaced("bGVhZg==", " bGVhZg=="), ReceiptError::Leaf);
    assert_eq!(replaced("extra ", "extra"), ReceiptError::Index);
    for index in [
        "index 02\n",
        "index +2\n",
        "index -2\n",
        "index \n",
        "index 2 \n",
        "index  2\n",
        "indeX 2\n",
        "index 99999999999999999999\n",
    ] {
        assert_eq!(replaced("index 2\n", index), ReceiptError::Index, "{index:?}");
    }
    assert_eq!(replaced("=\n\n", "=\n"), ReceiptError::Proof { line: 7 });
    // A second blank line is the checkpoint's own, and was not signed.
    let moved = Receipt::parse(&text.replacen("=\n\n", "=\n\n\n", 1)).unwrap();
    let name = "example.com/ledger".to_owned();
    assert_eq!(moved.verify(&signer().verifier()), Err(ReceiptError::Checkpoint(NoteError::Signature { name })));
}

/// A line of a key that the reader does not know would be ignored by a reader of notes: anybody could add one.
#[test]
fn a_receipt_has_the_ledgers_signature_alone() {
    let text = receipt(b"leaf", 2, 7).write();
    let own = text.lines().last().unwrap();
    let foreign = Ed25519Signer::from_seed("witness.example", &[6; 32]).unwrap();
    let Receipt { checkpoint, .. } = Receipt::parse(&text).unwrap();
    let both = Checkpoint::verify(&checkpoint, &signer().verifier()).unwrap().sign(&[&signer(), &foreign]);
    let foreign = both.lines().last().unwrap();
    for line in [own, foreign, "— x AAAAAAAA", "— x AAAAAAAAAA=="] {
        let refused = Err(ReceiptError::Signatures { count: 2 });
        assert_eq!(Receipt::parse(&format!("{text}{line}\n")), refused, "{line}");
        let before = text.replace(own, &format!("{line}\n{own}"));
        assert_eq!(Receipt::parse(&before), refused, "{line}");
    }
    // No signature at all: shorter than any key's id.
    for line in ["— x AAAA", "— x AAAAAAAA=", "— x", "x", "- x AAAAAAAA", "— x  AAAAAAAA"] {
        let refused = Err(ReceiptError::Checkpoint(NoteError::Form));
        assert_eq!(Receipt::parse(&format!("{text}{line}\n")), refused, "{line}");
    }
}

#[test]
fn cut_short_anywhere_it_is_refused() {
    let text = receipt(b"leaf", 2, 7).write();
    for (end, _) in text.char_indices() {
        assert!(Receipt::parse(&text[..end]).is_err(), "{end}");
    }
    assert!(Receipt::parse(&format!("{text}\n")).is_err());
}

#[test]
fn limits_are_kept() {
    let largest = receipt(&vec![0xff; LEAF_BYTES_MAX], 0, 1 << 63);
    assert_eq!(Receipt::parse(&largest.write()), Ok(largest.clone()));
    let larger = Receipt { leaf: vec![0xff; LEAF_BYTES_MAX + 1], ..largest };
    assert_eq!(Receipt::parse(&larger.write()), Err(ReceiptError::Leaf));
    let longer = Receipt { proof: vec![[0; 32]; PROOF_HASHES_MAX + 1], ..receipt(b"", 0, 1) };
    assert_eq!(Receipt::parse(&longer.write()), Err(ReceiptError::Proof { line: 67 }));
    let endless = "c2sp.org/tlog-proof@v1\n".repeat(12_000);
    assert_eq!(Receipt::parse(&endless), Err(ReceiptError::TooLong { bytes: endless.len() }));
}

#[test]
fn a_receipt_says_what_does_not_hold() {
    let key = signer().verifier();
    let good = receipt(b"leaf", 4, 7);
    assert_eq!(good.verify(&key).map(|checkpoint| checkpoint.size), Ok(7));
    let altered = Receipt { leaf: b"loaf".to_vec(), ..good.clone() };
    assert_eq!(altered.verify(&key), Err(ReceiptError::NotIncluded { index: 4, size: 7 }));
    let past = Receipt { index: 7, ..good.clone() };
    assert_eq!(past.verify(&key), Err(ReceiptError::Place { index: 7, size: 7 }));
    let elsewhere = Receipt { index: 6, ..good.clone() };
    assert_eq!(elsewhere.verify(&key), Err(ReceiptError::Place { index: 6, size: 7 }));
    let other = Ed25519Signer::from_seed("example.com/other", &[5; 32]).unwrap().verifier();
    let name = "example.com/other".to_owned();
    assert_eq!(good.verify(&other), Err(ReceiptError::Checkpoint(NoteError::Unsigned { name })));
}

proptest! {
    #[test]
    fn every_receipt_is_read_as_it_was_written(
        leaf in prop::collection::vec(any::<u8>(), 0..300),
        size in prop_oneof![1..5000_u64, any::<u64>().prop_map(|size| size.max(1))],
        index: u64,
    ) {
        let receipt = receipt(&leaf, index % size, size);
        let text = receipt.write();
        let read = Receipt::parse(&text).unwrap();
        prop_assert_eq!(read.verify(&signer().verifier()).map(|checkpoint| checkpoint.size), Ok(size));
        prop_assert_eq!(read.write(), text);
        prop_assert_eq!(read, receipt);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", lines in "([a—+= \n01登]{0,12}){0,20}") {
        for text in [&text, &lines, &format!("{HEADER}{text}"), &format!("{HEADER}{EXTRA}{lines}"), &format!("{HEADER}index 0\n{lines}")] {
            prop_assert!(Receipt::parse(text).is_err());
        }
    }

    #[test]
    fn a_text_that_is_read_is_written_again(at: prop::sample::Index, byte: u8) {
        let mut bytes = receipt(b"some leaf", 2, 7).write().into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        if let Ok(text) = String::from_utf8(bytes) && let Ok(read) = Receipt::parse(&text) {
            prop_assert_eq!(read.write(), text);
        }
    }
}
