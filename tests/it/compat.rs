//! What an earlier version wrote still opens, audits, proves, and is gone on with: `fixtures/ledger-*`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bdcd::{
    keys::MasterKey,
    ledger::{Reader, Repeat, audit::audit, leaf::Kind},
};
use prost::Message as _;

use crate::support::{Env, PERSON, block_on, inquiry};

const FIXTURE: &str = "fixtures/ledger-1";

/// Puts the ledger of the fixture and its keys in the place of the environment's.
fn restore(env: &Env) {
    for key in ["master.key", "ledger.key", "ledger.pub"] {
        fs::copy(Path::new(FIXTURE).join(key), env.path(key)).unwrap();
        fs::set_permissions(env.path(key), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::remove_dir_all(env.path("ledger")).unwrap();
    fs::create_dir(env.path("ledger")).unwrap();
    let database = rusqlite::Connection::open(env.path("ledger/ledger.db")).unwrap();
    database.execute_batch(&fs::read_to_string(Path::new(FIXTURE).join("ledger.sql")).unwrap()).unwrap();
}

#[test]
fn a_ledger_of_format_1_opens_audits_proves_and_is_gone_on_with() {
    let env = Env::empty();
    restore(&env);
    let reader = Reader::open(&env.path("ledger"), &MasterKey::read(env.path("master.key")).unwrap()).unwrap();
    let found = audit(&reader, None, &mut |_| {}).unwrap();
    assert_eq!((found.entry_count, found.checkpoint_count, found.body_count), (10, 10, 6));
    let kinds: Vec<_> = (0..10).map(|entry| reader.entry(entry).unwrap().leaf().unwrap().kind).collect();
    assert!(Kind::ALL.iter().all(|kind| kinds.contains(kind)), "every kind of entry is in it: {kinds:?}");

    // The response kept then is the one that would be sent again now.
    let base64: String =
        fs::read_to_string(Path::new(FIXTURE).join("response.b64")).unwrap().split_whitespace().collect();
    let kept = STANDARD.decode(base64).unwrap();
    let leaf = reader.entry(2).unwrap().leaf().unwrap();
    let asked = reader.body(2, &leaf).unwrap().unwrap().inquiry.unwrap();
    let Ok(Repeat::Same(again)) = reader.repeat(2, &asked) else { panic!("what was asked then is known now") };
    let again = bdcd::rpc::wire::Response {
        answer: again.answer.into(),
        receipt: again.receipt,
        opening: again.opening.to_vec().into(),
    };
    assert!(again.encode_to_vec() == kept, "not one byte is another");
    fs::write(env.path("response.bin"), kept).unwrap();
    let (response, key) = (env.path("response.bin"), env.path("ledger.pub"));
    let request = Path::new(FIXTURE).join("inquiry.json");
    let proved = Env::run_bare(&[
        "verify",
        response.to_str().unwrap(),
        "--request",
        request.to_str().unwrap(),
        "--key",
        key.to_str().unwrap(),
    ]);
    assert!(proved.status.success(), "{}", String::from_utf8_lossy(&proved.stderr));

    assert!(env.run(&["snapshot", "load", "fixtures/county"]).status.success());
    let daemon = env.serve();
    block_on(async { env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap() });
    assert!(daemon.stop());
    assert_eq!(audit(&reader, None, &mut |_| {}).unwrap().entry_count, 12, "a start and an answer came to it");
}
