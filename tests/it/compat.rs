//! What earlier versions wrote still opens, audits, proves, and is gone on with: `fixtures/ledger-*`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bdcd::{
    keys::MasterKey,
    ledger::{
        OpenError, Reader, Repeat,
        audit::{Audit, audit},
        leaf::Kind,
    },
};
use prost::Message as _;

use crate::support::{Env, PERSON, block_on, inquiry};

/// The ledger of a fixture, restored in an environment of its own.
struct Restored {
    env: Env,
    fixture: PathBuf,
}

impl Restored {
    fn of_format(format: u32) -> Self {
        let (env, fixture) = (Env::empty(), PathBuf::from(format!("fixtures/ledger-{format}")));
        for key in ["master.key", "ledger.key", "ledger.pub"] {
            fs::copy(fixture.join(key), env.path(key)).unwrap();
            fs::set_permissions(env.path(key), fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::remove_dir_all(env.path("ledger")).unwrap();
        fs::create_dir(env.path("ledger")).unwrap();
        let restored = Self { env, fixture };
        restored.database().execute_batch(&restored.read("ledger.sql")).unwrap();
        restored
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.env.path("ledger/ledger.db")).unwrap()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.fixture.join(file)).unwrap()
    }

    fn reader(&self) -> Result<Reader, OpenError> {
        Reader::open(&self.env.path("ledger"), &MasterKey::read(self.env.path("master.key")).unwrap())
    }

    /// Every kind of entry is in it, the response kept when it was made is the one that would be sent again, to the byte, and
    /// is proved; and the ledger is gone on with.
    fn serves_and_proves(&self) {
        let reader = self.reader().unwrap();
        let size = audit(&reader, None, &mut |_| {}).unwrap().entry_count;
        let kinds: Vec<_> = (0..size).map(|entry| reader.entry(entry).unwrap().leaf().unwrap().kind).collect();
        assert!(Kind::ALL.iter().all(|kind| kinds.contains(kind)), "every kind of entry is in it: {kinds:?}");

        let base64: String = self.read("response.b64").split_whitespace().collect();
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
        fs::write(self.env.path("response.bin"), kept).unwrap();
        let paths = [self.env.path("response.bin"), self.fixture.join("inquiry.json"), self.env.path("ledger.pub")];
        let [response, request, key] = paths.each_ref().map(|path| path.to_str().unwrap());
        let proved = Env::run_bare(&["verify", response, "--request", request, "--key", key]);
        assert!(proved.status.success(), "{}", String::from_utf8_lossy(&proved.stderr));

        assert!(self.env.run(&["snapshot", "load", "fixtures/county"]).status.success());
        let daemon = self.env.serve();
        block_on(async { self.env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap() });
        assert!(daemon.stop());
        assert_eq!(
            audit(&reader, None, &mut |_| {}).unwrap().entry_count,
            size + 2,
            "a start and an answer came to it"
        );
    }
}

fn counts(found: &Audit) -> (u64, u64, u64) {
    (found.entry_count, found.checkpoint_count, found.body_count)
}

#[test]
fn a_ledger_of_format_2_opens_audits_proves_and_is_gone_on_with() {
    let restored = Restored::of_format(2);
    let found = audit(&restored.reader().unwrap(), None, &mut |_| {}).unwrap();
    assert!(found.checkpoint_count < found.entry_count, "a batch of it has several entries: {found:?}");
    restored.serves_and_proves();
}

#[test]
fn a_ledger_of_format_1_is_upgraded_and_then_does_all_that() {
    let restored = Restored::of_format(1);
    assert!(matches!(restored.reader(), Err(OpenError::OldFormat { found: 1 })));
    let refusal = Env::start(&mut restored.env.command()).err().expect("the daemon does not serve from it");
    assert!(refusal.contains("bdcd ledger upgrade"), "{refusal}");

    let upgraded = restored.env.run(&["ledger", "upgrade"]);
    assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
    let reader = restored.reader().unwrap();
    let found = audit(&reader, None, &mut |_| {}).unwrap();
    assert_eq!(counts(&found), (11, 11, 6), "the ten that were there, and the one that tells of the upgrade");
    let told = String::from_utf8(reader.entry(10).unwrap().leaf_bytes).unwrap();
    assert!(told.contains("\nact upgrade\ndetail format 1 to 2\n"), "{told}");

    let again = restored.env.run(&["ledger", "upgrade"]);
    assert!(again.status.success() && String::from_utf8_lossy(&again.stderr).contains("already"));
    assert_eq!(reader.size().unwrap(), 11);
    restored.serves_and_proves();
}

#[test]
fn a_ledger_of_format_1_that_does_not_hold_is_left_as_it_is() {
    for (altering, entry) in [
        ("UPDATE entry SET leaf = CAST(leaf || 'x' AS BLOB) WHERE number = 4", 4),
        ("UPDATE entry SET hashes = zeroblob(length(hashes)) WHERE number = 7", 7),
        ("DELETE FROM entry WHERE number = 6", 6),
        ("DELETE FROM checkpoint WHERE size = 10", 9),
        ("UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 3) WHERE size = 4", 3),
        ("UPDATE checkpoint SET size = 12 WHERE size = 10", 11),
    ] {
        let restored = Restored::of_format(1);
        restored.database().execute(altering, []).unwrap();
        let refused = restored.env.run(&["ledger", "upgrade"]);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{altering}: {told}");
        assert!(told.contains(&format!("ledger entry {entry} ")), "{altering}: {told}");
        assert!(matches!(restored.reader(), Err(OpenError::OldFormat { found: 1 })), "{altering}");
        let count: i64 =
            restored.database().query_row("SELECT count(hashes) FROM entry", [], |row| row.get(0)).unwrap();
        assert!(count >= 9, "{altering}: its rows are what they were");
    }
}
