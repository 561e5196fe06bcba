//! Keys and notes: what is read, and what is refused.

use proptest::prelude::*;

use super::*;

const NAME: &str = "example.com/ledger";

fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(NAME, &[seed; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: NAME.to_owned(), size: 109_482, root: [9; 32] }
}

/// The note of any text by the key, whatever the text says.
fn note_of(text: &str, key: &Ed25519Signer) -> String {
    let signed = [key.key_id().as_slice(), &key.sign(text.as_bytes())].concat();
    format!("{text}\n— {} {}\n", key.name(), STANDARD.encode(signed))
}

/// A line by a key that nobody knows.
fn foreign_line(number: usize) -> String {
    format!("— witness.example/{number} {}\n", STANDARD.encode([7; 68]))
}

#[test]
fn a_signed_checkpoint_verifies() {
    let (ours, other) = (signer(1), Ed25519Signer::from_seed("witness.example", &[2; 32]).unwrap());
    let note = checkpoint().sign(&[&other, &ours]);
    assert_eq!(Checkpoint::verify(&note, &ours.verifier()), Ok(checkpoint()));
    assert!(note.starts_with(&checkpoint().text()));
}

#[test]
fn sixteen_signatures_are_taken_and_no_more() {
    let ours = signer(1);
    let mut note = checkpoint().sign(&[&ours]);
    note.extend((1..16).map(foreign_line));
    assert_eq!(Checkpoint::verify(&note, &ours.verifier()), Ok(checkpoint()));
    note.push_str(&foreign_line(16));
    assert_eq!(Checkpoint::verify(&note, &ours.verifier()), Err(NoteError::TooLong));
    let long = format!("{}{}", "x".repeat(NOTE_BYTES_MAX), checkpoint().sign(&[&ours]));
    assert_eq!(Checkpoint::verify(&long, &ours.verifier()), Err(NoteError::TooLong));
}

#[test]
fn each_wrong_signature_has_its_own_error() {
    let ours = signer(1);
    let key = ours.verifier();
    let name = NAME.to_owned();
    let note = checkpoint().sign(&[&ours]);
    let line = note.lines().last().unwrap();
    assert_eq!(
        Checkpoint::verify(&note, &signer(2).verifier()),
        Err(NoteError::Unsigned { name: name.clone() }),
        "a key of the same name and another id is another key"
    );
    assert_eq!(Checkpoint::verify(&format!("{note}{line}\n"), &key), Err(NoteError::Twice { name: name.clone() }));
    let other = note.replacen("109482", "109483", 1);
    assert_eq!(Checkpoint::verify(&other, &key), Err(NoteError::Signature { name: name.clone() }));
    let foreign = Checkpoint { origin: "example.com/other".to_owned(), ..checkpoint() };
    let origin = foreign.origin.clone();
    assert_eq!(Checkpoint::verify(&foreign.sign(&[&ours]), &key), Err(NoteError::Origin { origin, name }));
}

#[test]
fn a_note_has_one_form() {
    let ours = signer(1);
    let note = checkpoint().sign(&[&ours]);
    let (line, text) = (note.lines().last().unwrap(), checkpoint().text());
    let faults = [
        note.trim_end().to_owned(),
        note.replace('\n', "\r\n"),
        format!("{note}\n"),
        format!("{note}x"),
        format!("{note}— witness.example AAAA\n"),
        format!("{note}— witness.example AAAAA===\n"),
        format!("{note}— wit+ness.example AAAAAAAA\n"),
        format!("{note}— wit\u{3000}ness.example AAAAAAAA\n"),
        format!("{note}- witness.example AAAAAAAA\n"),
        format!("{text}{line}\n"),
        format!("{text}\n"),
        format!("{text}\n\n{line}"),
        note.replacen("ledger\n", "ledger\t\n", 1),
        // The two bits that the last character of the signature leaves unused.
        note.replace(&line[line.len() - 2..], "B="),
        String::new(),
        "\n\n".to_owned(),
        "\n\n\n".to_owned(),
    ];
    for fault in &faults {
        assert_eq!(Checkpoint::verify(fault, &ours.verifier()), Err(NoteError::Form), "{fault:?}");
    }
}

#[test]
fn a_checkpoint_has_one_form_even_where_it_is_signed() {
    let ours = signer(1);
    let root = STANDARD.encode([9; 32]);
    assert_eq!(note_of(&checkpoint().text(), &ours), checkpoint().sign(&[&ours]));
    let faults = [
        format!("{NAME}\n0109482\n{root}\n"),
        format!("{NAME}\n+109482\n{root}\n"),
        format!("{NAME}\n\n{root}\n"),
        format!("{NAME}\n１\n{root}\n"),
        format!("{NAME}\n18446744073709551616\n{root}\n"),
        format!("{NAME}\n109482\n{root}\nextension\n"),
        format!("{NAME}\n109482\n{root}\n\n"),
        format!("{NAME}\n109482\n{}\n", STANDARD.encode([9; 31])),
        format!("{NAME}\n109482\n{}\n", STANDARD.encode([9; 33])),
        format!("{NAME}\n109482\n{}\n", root.trim_end_matches('=')),
        format!("{NAME}\n109482\n"),
        format!("\n109482\n{root}\n"),
        format!("{NAME}\n"),
    ];
    for fault in &faults {
        assert_eq!(Checkpoint::verify(&note_of(fault, &ours), &ours.verifier()), Err(NoteError::Text), "{fault:?}");
    }
}

#[test]
fn keys_are_read_as_they_are_written() {
    let text = Ed25519Signer::encode(NAME, &[3; 32]).unwrap();
    let signer = Ed25519Signer::parse(&text).unwrap();
    let public = signer.verifier().to_string();
    assert_eq!(VerifierKey::parse(&public), Ok(signer.verifier()));
    assert_eq!(public, self::signer(3).verifier().to_string());
    let secret = text.rsplit_once('+').unwrap().1;
    assert!(!format!("{signer:?}").contains(secret) && format!("{signer:?}").contains(&public));
}

#[test]
fn keys_are_refused_without_being_quoted() {
    let private = Ed25519Signer::encode(NAME, &[3; 32]).unwrap();
    let public = signer(3).verifier().to_string();
    assert_eq!(VerifierKey::parse(&private), Err(KeyError::Private));
    assert_eq!(Ed25519Signer::parse(&public).unwrap_err(), KeyError::Signer);
    assert_eq!(Ed25519Signer::parse(&private[..private.len() - 1]).unwrap_err(), KeyError::Signer);
    let name = "example.com/lodger".to_owned();
    let renamed = |text: &str| text.replace("ledger", "lodger");
    assert_eq!(VerifierKey::parse(&renamed(&public)), Err(KeyError::Id { name: name.clone() }));
    assert_eq!(Ed25519Signer::parse(&renamed(&private)).unwrap_err(), KeyError::Id { name });
    let (start, _) = public.rsplit_once('+').unwrap();
    let witness = format!("{start}+{}", STANDARD.encode([4; 33]));
    assert_eq!(VerifierKey::parse(&witness), Err(KeyError::Algorithm { name: NAME.to_owned(), algorithm: 4 }));
    let short = format!("{start}+{}", STANDARD.encode([1; 32]));
    let faults = [
        short,
        format!("{public}\n"),
        format!("{start}+"),
        public.to_uppercase(),
        public.replacen('+', " +", 1),
        start.to_owned(),
        "++".to_owned(),
        String::new(),
    ];
    for fault in &faults {
        assert_eq!(VerifierKey::parse(fault), Err(KeyError::Verifier), "{fault:?}");
    }
}

#[test]
fn a_key_has_a_name_of_one_word() {
    for name in ["a", "example.com/ledger", "登记", "a-b_c"] {
        assert!(is_key_name(name) && Ed25519Signer::from_seed(name, &[0; 32]).is_ok(), "{name}");
    }
    for name in ["", "a b", "a\u{3000}b", "a\u{a0}b", "a+b", "a\nb", "a\u{7f}"] {
        let refused = KeyError::Name { name: name.to_owned() };
        assert!(!is_key_name(name));
        assert_eq!(Ed25519Signer::encode(name, &[0; 32]), Err(refused), "{name:?}");
    }
}

fn key_name() -> impl Strategy<Value = String> {
    "[a-z登记./—-]{1,20}"
}

proptest! {
    #[test]
    fn every_checkpoint_is_read_as_it_was_signed(origin in key_name(), size: u64, root: Hash, seed: [u8; 32]) {
        let signer = Ed25519Signer::from_seed(&origin, &seed).unwrap();
        let key = VerifierKey::parse(&signer.verifier().to_string()).unwrap();
        let checkpoint = Checkpoint { origin, size, root };
        prop_assert_eq!(Checkpoint::verify(&checkpoint.sign(&[&signer]), &key), Ok(checkpoint));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", lines in "([a—+= \n\t01登]{0,12}){0,20}") {
        let key = signer(1).verifier();
        for text in [&text, &lines, &format!("{lines}\n\n— {text}\n"), &format!("PRIVATE+KEY+{lines}"), &format!("a+0000000a+{text}")] {
            prop_assert!(Checkpoint::verify(text, &key).is_err());
            prop_assert!(VerifierKey::parse(text).is_err());
            prop_assert!(Ed25519Signer::parse(text).is_err());
        }
    }
}
