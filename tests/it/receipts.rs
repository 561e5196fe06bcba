//! Receipts as others see them: every proof and signature of ours holds with an implementation that is not ours, theirs with
//! ours, and nothing holds once a bit of it is changed.

use std::{convert::Infallible, fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use bdcd::ledger::{
    note::{Checkpoint, Ed25519Signer, Signer, VerifierKey},
    receipt::{self, Receipt},
    tree::{
        self, Frontier, Hash, consistency_proof, inclusion_proof, is_consistent, leaf_hash, root, root_of_inclusion,
    },
};
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{
    Hash as TheirHash, HashReader, check_record, check_tree, prove_record, prove_tree, record_hash, stored_hashes,
    tree_hash,
};

const NAME: &str = "example.com/ledger";

/// A ledger kept twice: by our tree and by theirs, each from the leaves alone.
struct Twin {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
    theirs: Stored,
}

#[derive(Default)]
struct Stored(Vec<TheirHash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TheirHash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[at(*index)]).collect())
    }
}

fn at(index: u64) -> usize {
    usize::try_from(index).unwrap()
}

fn leaf(index: u64) -> Vec<u8> {
    format!("entry {index} of a ledger, 第{index}条").into_bytes()
}

impl Twin {
    fn new() -> Self {
        Self { frontier: Frontier::new(), levels: vec![Vec::new(); 64], theirs: Stored::default() }
    }

    fn with_entries(count: u64) -> Self {
        let mut twin = Self::new();
        for _ in 0..count {
            twin.append();
        }
        twin
    }

    fn append(&mut self) {
        let index = self.frontier.size();
        let mut completed = Vec::new();
        self.frontier.append(leaf_hash(&leaf(index)), &mut completed);
        for (level, hash) in completed.into_iter().enumerate() {
            self.levels[level].push(hash);
        }
        let theirs = stored_hashes(index, &leaf(index), &self.theirs).unwrap();
        self.theirs.0.extend(theirs);
    }

    fn node(&self) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
        |level, index| Ok(self.levels[level as usize][at(index)])
    }

    fn root(&self, size: u64) -> Hash {
        let Ok(root) = root(size, &mut self.node());
        root
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        let Ok(proof) = inclusion_proof(index, size, &mut self.node());
        proof
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        let Ok(proof) = consistency_proof(old, new, &mut self.node());
        proof
    }

    fn receipt(&self, index: u64, size: u64, signer: &Ed25519Signer) -> Receipt {
        let checkpoint = Checkpoint { origin: NAME.to_owned(), size, root: self.root(size) };
        let checkpoint = checkpoint.sign(&[signer]);
        Receipt { leaf: leaf(index), index, proof: self.inclusion(index, size), checkpoint }
    }

    /// Our proof holds with them, and theirs with us.
    fn assert_included(&self, index: u64, size: u64) {
        let root = self.root(size);
        let proof = theirs(&self.inclusion(index, size));
        check_record(&proof, size, TheirHash(root), index, record_hash(&leaf(index)))
            .unwrap_or_else(|err| panic!("entry {index} of {size}: {err}"));
        let proof = ours(&prove_record(size, index, &self.theirs).unwrap());
        assert_eq!(root_of_inclusion(index, size, leaf_hash(&leaf(index)), &proof), Some(root), "{index} of {size}");
    }

    fn assert_consistent(&self, old: u64, new: u64) {
        let (old_root, new_root) = (self.root(old), self.root(new));
        check_tree(&theirs(&self.consistency(old, new)), new, TheirHash(new_root), old, TheirHash(old_root))
            .unwrap_or_else(|err| panic!("{old} entries in {new}: {err}"));
        let proof = ours(&prove_tree(new, old, &self.theirs).unwrap());
        assert!(is_consistent(old, &old_root, new, &new_root, &proof), "{old} entries in {new}");
    }
}

fn theirs(hashes: &[Hash]) -> Vec<TheirHash> {
    hashes.iter().copied().map(TheirHash).collect()
}

fn ours(hashes: &[TheirHash]) -> Vec<Hash> {
    hashes.iter().map(|hash| hash.0).collect()
}

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(NAME, &[42; 32]).unwrap()
}

fn known(key: &VerifierKey) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).unwrap())])
}

/// Reads and verifies a receipt with nothing of ours: index and size where it holds.
fn verify_elsewhere(text: &str, known: &VerifierList) -> (u64, u64) {
    let (head, note) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let extra = lines.next().unwrap().strip_prefix("extra ").unwrap();
    let leaf = STANDARD.decode(extra).unwrap();
    let index: u64 = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
    let proof = lines.map(|line| TheirHash::parse_hash(line).unwrap()).collect();
    let note = Note::from_bytes(note.as_bytes()).unwrap();
    let (verified, unverified) = note.verify(known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.extension()), (NAME, ""));
    check_record(&proof, checkpoint.size(), *checkpoint.hash(), index, record_hash(&leaf)).unwrap();
    (index, checkpoint.size())
}

/// Numbers that look random and are the same in every run.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

#[test]
fn every_size_up_to_2000_has_roots_proofs_and_receipts_that_hold_elsewhere() {
    let (signer, mut twin, mut state) = (signer(), Twin::new(), 1);
    let known = known(&signer.verifier());
    for size in 1..=2000 {
        twin.append();
        let root = tree_hash(size, &twin.theirs).unwrap();
        assert_eq!((twin.root(size), twin.frontier.root()), (root.0, root.0), "{size}");
        let edges = [0, size / 2, size - 1, random(&mut state) % size, random(&mut state) % size];
        let indexes = if size <= 200 { (0..size).collect() } else { edges.to_vec() };
        for index in indexes {
            twin.assert_included(index, size);
        }
        let index = random(&mut state) % size;
        let text = twin.receipt(index, size, &signer).write();
        assert_eq!(verify_elsewhere(&text, &known), (index, size));
        Receipt::parse(&text).unwrap().verify(&signer.verifier()).unwrap();
    }
}

#[test]
fn larger_ledgers_hold_elsewhere_too() {
    let (signer, mut state) = (signer(), 2);
    let known = known(&signer.verifier());
    let twin = Twin::with_entries(200_000);
    assert_eq!(twin.frontier.root(), tree_hash(200_000, &twin.theirs).unwrap().0);
    let sizes = (0..100).map(|_| 2001 + random(&mut state) % 198_000).collect::<Vec<_>>();
    for size in sizes.into_iter().chain([4095, 4096, 4097, 131_071, 131_072, 131_073, 200_000]) {
        assert_eq!(twin.root(size), tree_hash(size, &twin.theirs).unwrap().0, "{size}");
        for index in [0, size - 1, random(&mut state) % size, random(&mut state) % size] {
            twin.assert_included(index, size);
            let text = twin.receipt(index, size, &signer).write();
            assert_eq!(verify_elsewhere(&text, &known), (index, size));
        }
        twin.assert_consistent(1 + random(&mut state) % size, size);
    }
}

#[test]
fn a_ledger_that_grew_is_consistent_elsewhere() {
    let (twin, mut state) = (Twin::with_entries(2000), 3);
    for new in 1..=2000_u64 {
        let spread = [1, new, new.div_ceil(2), 1 + random(&mut state) % new];
        let olds = if new <= 100 { (1..=new).collect() } else { spread.to_vec() };
        for old in olds {
            twin.assert_consistent(old, new);
        }
    }
}

#[test]
fn notes_and_keys_are_the_same_to_others() {
    let secret = Ed25519Signer::encode(NAME, &[42; 32]).unwrap();
    let (ours, theirs) = (signer(), StandardSigner::new(&secret).unwrap());
    let checkpoint = Checkpoint { origin: NAME.to_owned(), size: 7, root: tree::empty_root() };
    let note = checkpoint.sign(&[&ours]);
    let known = known(&ours.verifier());
    let (verified, _) = Note::from_bytes(note.as_bytes()).unwrap().verify(&known).unwrap();
    assert_eq!((verified[0].name(), verified[0].id().to_be_bytes()), (NAME, ours.key_id()));

    let mut by_them = Note::new(checkpoint.text().as_bytes(), &[]).unwrap();
    by_them.add_sigs(&[&theirs]).unwrap();
    let by_them = String::from_utf8(by_them.to_bytes()).unwrap();
    assert_eq!(by_them, note, "Ed25519 signs the same text in one way");
    assert_eq!(Checkpoint::verify(&by_them, &ours.verifier()), Ok(checkpoint));
}

/// Every text that differs from this one in a single bit, where it is text at all.
fn with_one_bit_changed(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

fn holds(text: &str, key: &VerifierKey) -> bool {
    Receipt::parse(text).is_ok_and(|receipt| receipt.verify(key).is_ok())
}

#[test]
fn no_bit_of_a_receipt_can_be_changed() {
    let (signer, twin) = (signer(), Twin::with_entries(11));
    let key = signer.verifier();
    for (index, size) in [(4, 11), (10, 11), (0, 1)] {
        let receipt = twin.receipt(index, size, &signer);
        let text = receipt.write();
        assert!(holds(&text, &key));
        for altered in with_one_bit_changed(&text) {
            assert!(!holds(&altered, &key), "{altered}");
        }
        // And by part, where the text stays well-formed around the change.
        let (leaf, proof) = (&receipt.leaf, &receipt.proof);
        for bit in 0..64 {
            assert!(!holds(&receipt::write(leaf, index ^ 1 << bit, proof, &receipt.checkpoint), &key), "index {bit}");
        }
        for bit in 0..leaf.len() * 8 {
            let mut leaf = leaf.clone();
            leaf[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&receipt::write(&leaf, index, proof, &receipt.checkpoint), &key), "leaf {bit}");
        }
        for bit in 0..proof.len() * 256 {
            let mut proof = proof.clone();
            proof[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
            assert!(!holds(&receipt::write(leaf, index, &proof, &receipt.checkpoint), &key), "proof {bit}");
        }
        for checkpoint in with_one_bit_changed(&receipt.checkpoint) {
            assert!(!holds(&receipt::write(leaf, index, proof, &checkpoint), &key), "{checkpoint}");
        }
    }
    let text = twin.receipt(4, 11, &signer).write();
    for altered in with_one_bit_changed(&key.to_string()) {
        assert!(!VerifierKey::parse(&altered).is_ok_and(|key| holds(&text, &key)), "{altered}");
    }
}

/// Whether the script can run. Tests need Rust and a C compiler, no more; where it can, it must agree, and where
/// `BDCD_TEST_PYTHON` is set, it must be able to.
#[expect(clippy::print_stderr, reason = "what a test leaves out, it says")]
pub(crate) fn script_runs() -> bool {
    let found = Command::new("python3").args(["-c", "import cryptography"]).output();
    let runs = found.is_ok_and(|output| output.status.success());
    assert!(
        runs || std::env::var_os("BDCD_TEST_PYTHON").is_none(),
        "python3 with the package `cryptography` is not there"
    );
    if !runs {
        eprintln!("left out: python3 with the package `cryptography` is not there");
    }
    runs
}

/// Runs the script; what it printed where it left with 0.
pub(crate) fn run_script(key: &str, files: &[&Path]) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_receipt.py");
    let output = Command::new("python3").arg(script).arg(key).args(files).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    match output.status.code() {
        Some(0) => Some(String::from_utf8(output.stdout).unwrap()),
        Some(1) if said.lines().count() == 1 => None,
        code => panic!("the script left with {code:?}: {said}"),
    }
}

#[test]
fn a_script_of_the_standard_library_verifies_receipts() {
    if !script_runs() {
        return;
    }
    let (signer, twin) = (signer(), Twin::with_entries(300));
    let key = signer.verifier().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.tlog-proof");
    for (index, size) in [(0, 1), (1, 2), (6, 7), (128, 129), (255, 256), (257, 300)] {
        let receipt = twin.receipt(index, size, &signer);
        fs::write(&file, receipt.write()).unwrap();
        assert_eq!(run_script(&key, &[&file]), Some(format!("ok index {index} of {size}\n")));
    }
    let receipt = twin.receipt(257, 300, &signer);
    let text = receipt.write();
    let faults = [
        text.replacen("index 257", "index 256", 1),
        text.replacen("index 257", "index 0257", 1),
        text.replacen("\n300\n", "\n301\n", 1),
        text.replacen("extra ZW50", "extra ZX50", 1),
        text.replace('\n', "\r\n"),
        text.replacen("— example", "— exemple", 1),
        format!("{text}\n"),
        // Lines that a reader of notes would leave out: anybody could add them.
        format!("{text}— x AAAAAAAA\n"),
        format!("{text}— witness.example {}\n", STANDARD.encode([7; 68])),
        Receipt { proof: receipt.proof[1..].to_vec(), ..receipt }.write(),
    ];
    for fault in faults {
        assert_ne!(fault, text);
        fs::write(&file, fault).unwrap();
        assert_eq!(run_script(&key, &[&file]), None);
    }
}
