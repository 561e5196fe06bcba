//! Altered by hand: whatever is changed in the ledger's database by plain SQL, `verify` finds it and names the first entry that
//! is wrong, and a daemon does not serve from a head that is damaged.
//!
//! Tables and columns are read from the database itself, so a new one cannot be forgotten.

use std::{fs, path::PathBuf};

use bdcd::{
    keys::MasterKey,
    ledger::{
        OpenError, Reader,
        audit::{AuditError, audit},
        leaf::Kind,
        note::Checkpoint,
    },
    rpc::contract::ExchangeRequest,
};
use rusqlite::{Connection, params, types::Value};

use crate::support::{Env, block_on, load::fresh_number, witness::Question};

/// A ledger with entries of every kind in many batches, its database to be altered in copies.
struct Whole {
    env: Env,
    size: u64,
}

impl Whole {
    fn new() -> Self {
        let env = Env::with_county();
        let daemon = env.serve();
        block_on(async {
            let mut client = env.connect(&daemon, "gateway").await;
            for subject in [0, 1, 0] {
                client.query(Question::query(fresh_number(), subject)).await.unwrap();
            }
            client.exchange(Question::message()).await.unwrap();
            client.exchange(ExchangeRequest { message: b"no message".to_vec() }).await.unwrap_err();
            env.connect(&daemon, "unlisted").await.query(Question::query(1, 0)).await.unwrap_err();
        });
        assert!(daemon.stop());
        let daemon = env.serve();
        block_on(async {
            let client = env.connect(&daemon, "gateway").await;
            let calls: Vec<_> = (0..4)
                .map(|_| {
                    let mut client = client.clone();
                    tokio::spawn(async move { client.query(Question::query(fresh_number(), 0)).await.unwrap() })
                })
                .collect();
            for call in calls {
                call.await.unwrap();
            }
        });
        assert!(daemon.stop());
        let reader = env.reader();
        let size = reader.size().unwrap();
        let kinds: Vec<_> = (0..size).map(|entry| reader.entry(entry).unwrap().leaf().unwrap().kind).collect();
        for kind in Kind::ALL {
            assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
        }
        let found = audit(&reader, None, &mut |_| {}).unwrap();
        assert!(found.entry_count == size && found.checkpoint_count > 6 && found.body_count > 6, "{found:?}");
        Self { env, size }
    }

    fn folder(&self) -> PathBuf {
        self.env.path("altered")
    }

    /// A copy to be altered.
    fn copy(&self) -> Connection {
        let folder = self.folder();
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.join("index")).unwrap();
        for file in ["ledger.db", "ledger.db-wal"] {
            let whole = self.env.path("ledger").join(file);
            // What a daemon that stopped leaves in its log belongs to it.
            if whole.exists() {
                fs::copy(whole, folder.join(file)).unwrap();
            }
        }
        for run in fs::read_dir(self.env.path("ledger/index")).unwrap() {
            let run = run.unwrap();
            fs::copy(run.path(), folder.join("index").join(run.file_name())).unwrap();
        }
        Connection::open(folder.join("ledger.db")).unwrap()
    }

    /// What is found wrong with the copy: the entry named, where it is an entry's matter; `None` where nothing is.
    fn found(&self, since: Option<&Checkpoint>) -> Option<Found> {
        let master = MasterKey::read(self.env.path("master.key")).unwrap();
        let reader = match Reader::open(&self.folder(), &master) {
            Ok(reader) => reader,
            Err(OpenError::Missing { .. }) => panic!("there is a copy"),
            Err(_) => return Some(Found::Unopened),
        };
        match audit(&reader, since, &mut |_| {}) {
            Ok(_) => None,
            Err(AuditError::Fault { entry, .. }) => Some(Found::Entry(entry)),
            Err(error) => Some(Found::Other(error.to_string())),
        }
    }

    /// What the daemon says that is to serve from the copy; `None` where it serves.
    fn refusal_to_serve(&self) -> Option<String> {
        self.env.configure("", "[ledger]\nfolder = \"altered\"\n");
        Env::start(&mut self.env.command()).err()
    }

    /// The entries that the checkpoint of this size covers: from its first, and the one after its last.
    fn covered(&self, connection: &Connection, size: i64) -> (u64, u64) {
        let before = "SELECT coalesce(max(size), 0) FROM batch WHERE size < ?1";
        let before: i64 = connection.query_row(before, [size], |row| row.get(0)).unwrap();
        (u64::try_from(before).unwrap(), u64::try_from(size).unwrap().min(self.size))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// It does not open.
    Unopened,
    /// This entry is wrong first.
    Entry(u64),
    /// Something that is not of an entry.
    Other(String),
}

fn tables(connection: &Connection) -> Vec<String> {
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The columns of a table, its key first.
fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY pk = 0, cid").unwrap();
    statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The keys of a table's first, middle and last row; all of a table that says what the ledger is.
fn rows(connection: &Connection, table: &str, key: &str) -> Vec<Value> {
    let mut statement = connection.prepare(&format!("SELECT {key} FROM {table} ORDER BY {key}")).unwrap();
    let all: Vec<Value> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    if table == "meta" { all } else { [0, all.len() / 2, all.len() - 1].map(|at| all[at].clone()).to_vec() }
}

/// Other values in place of this one.
fn altered(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::Integer(0)],
        Value::Integer(number) => [1, -1, 1_000_000, -1_000_000].map(|by| Value::Integer(number + by)).to_vec(),
        Value::Real(number) => vec![Value::Real(number + 1.0)],
        Value::Text(text) => {
            let changed = format!("{}{}", if text.starts_with('x') { 'y' } else { 'x' }, &text[1..]);
            vec![
                Value::Text(changed),
                Value::Text(format!("{text} ")),
                Value::Text(String::new()),
                Value::Blob(text.clone().into()),
            ]
        }
        Value::Blob(bytes) => {
            let mut others: Vec<_> = [0, bytes.len() * 4, (bytes.len() * 8).saturating_sub(1)]
                .into_iter()
                .filter(|bit| bit / 8 < bytes.len())
                .map(|bit| {
                    let mut changed = bytes.clone();
                    changed[bit / 8] ^= 1 << (bit % 8);
                    changed
                })
                .collect();
            others.push([bytes.as_slice(), &[0]].concat());
            others.extend(bytes.split_last().map(|(_, rest)| rest.to_vec()));
            others.into_iter().map(Value::Blob).chain([Value::Text("text".to_owned())]).collect()
        }
    }
}

fn number(value: &Value) -> i64 {
    let Value::Integer(number) = value else { panic!("{value:?}") };
    *number
}

#[test]
fn every_value_of_every_row_is_watched() {
    let whole = Whole::new();
    let mut count = 0;
    let connection = whole.copy();
    let tables = tables(&connection);
    assert_eq!(tables, ["batch", "body", "entry", "meta"], "a new table is watched here too");
    for table in &tables {
        let columns = columns(&connection, table);
        let key = &columns[0];
        for row in rows(&connection, table, key) {
            for column in &columns {
                let select = format!("SELECT {column} FROM {table} WHERE {key} = ?1");
                let value: Value = connection.query_row(&select, [&row], |row| row.get(0)).unwrap();
                for other in altered(&value) {
                    let altering = whole.copy();
                    let update = format!("UPDATE {table} SET {column} = ?1 WHERE {key} = ?2");
                    // Another row may stand under the number already, or the column does not take it.
                    if altering.execute(&update, params![&other, row]).is_err() {
                        continue;
                    }
                    drop(altering);
                    count += 1;
                    let told = format!("{table}.{column} of row {row:?} made {other:?}");
                    let found = whole.found(None).unwrap_or_else(|| panic!("not found: {told}"));
                    let expected = match table.as_str() {
                        "meta" => (found == Found::Unopened).then_some(()),
                        "batch" => {
                            let (first, end) = whole.covered(&connection, number(&row));
                            (first..end).any(|entry| found == Found::Entry(entry)).then_some(())
                        }
                        _ => {
                            // A body that goes to an entry that has none is that entry's matter too.
                            let to = if column == "number" { number(&other) } else { i64::MAX };
                            let to = u64::try_from(to).ok().filter(|to| table == "body" && *to < whole.size);
                            let first = u64::try_from(number(&row)).unwrap().min(to.unwrap_or(u64::MAX));
                            (found == Found::Entry(first)).then_some(())
                        }
                    };
                    assert!(expected.is_some(), "{found:?}: {told}");
                }
            }
        }
    }
    assert!(count > 100, "{count} alterations");
}

#[test]
fn rows_that_go_come_or_trade_places_are_found() {
    let whole = Whole::new();
    let connection = whole.copy();
    let last = i64::try_from(whole.size).unwrap() - 1;
    let mut alterations: Vec<(String, Option<u64>)> = Vec::new();
    let mut alter = |sql: String, entry: Option<i64>| {
        alterations.push((sql, entry.map(|entry| u64::try_from(entry).unwrap())));
    };
    for table in tables(&connection) {
        let key = &columns(&connection, &table)[0];
        for row in rows(&connection, &table, key) {
            match &row {
                Value::Text(text) => alter(format!("DELETE FROM {table} WHERE {key} = '{text}'"), None),
                row => {
                    let named = if table == "batch" {
                        i64::try_from(whole.covered(&connection, number(row)).0).unwrap()
                    } else {
                        number(row)
                    };
                    alter(format!("DELETE FROM {table} WHERE {key} = {}", number(row)), Some(named));
                }
            }
        }
    }
    alter("INSERT INTO meta VALUES ('note', 'nothing')".to_owned(), None);
    for (number, named) in [(last + 1, last + 1), (last + 9, last + 1), (-1, 0)] {
        let copy = "size, terms, leaf FROM entry WHERE number = 3";
        alter(format!("INSERT INTO entry SELECT {number}, {copy}"), Some(named));
    }
    for (number, named) in [(last + 1, last + 1), (last + 9, last + 9), (-1, 0), (0, 0)] {
        alter(format!("INSERT INTO body SELECT {number}, sealed FROM body ORDER BY number LIMIT 1"), Some(named));
    }
    for (size, named) in [(last + 2, last + 1), (last + 9, last + 1), (0, 0), (-1, 0)] {
        alter(
            format!("INSERT INTO batch SELECT {size}, first, note, edge, hashes FROM batch WHERE size = 1"),
            Some(named),
        );
    }
    for (table, key, columns) in [
        ("body", "number", vec!["sealed"]),
        ("batch", "size", vec!["first", "note", "edge", "hashes", "edge, hashes", "first, note, edge, hashes"]),
        ("entry", "number", vec!["leaf", "terms", "leaf, terms"]),
    ] {
        let rows = rows(&connection, table, key);
        let (first, second) = (number(&rows[0]).max(1), number(&rows[1]));
        for column in columns {
            let set: Vec<_> = column
                .split(", ")
                .map(|one| {
                    format!(
                        "{one} = (SELECT {one} FROM {table} AS other WHERE other.{key} = {first} + {second} - {table}.{key})"
                    )
                })
                .collect();
            let named = first - i64::from(table == "batch");
            alter(format!("UPDATE {table} SET {} WHERE {key} IN ({first}, {second})", set.join(", ")), Some(named));
        }
    }
    for (sql, entry) in alterations {
        let altering = whole.copy();
        assert!(altering.execute(&sql, []).unwrap() > 0, "{sql}");
        drop(altering);
        let found = whole.found(None).unwrap_or_else(|| panic!("not found: {sql}"));
        assert_eq!(found, entry.map_or(Found::Unopened, Found::Entry), "{sql}");
    }
}

#[test]
fn an_end_that_was_cut_off_whole_is_found_by_whoever_kept_a_checkpoint() {
    let whole = Whole::new();
    let kept = Checkpoint::verify(&whole.env.reader().newest_checkpoint().unwrap(), whole.env.reader().key()).unwrap();
    let connection = whole.copy();
    let (first, _) = whole.covered(&connection, i64::try_from(whole.size).unwrap());
    for (table, key) in [("entry", "number"), ("body", "number"), ("batch - 1", "size")] {
        let table = table.trim_end_matches(" - 1");
        let from = first + u64::from(table == "batch");
        connection.execute(&format!("DELETE FROM {table} WHERE {key} >= {from}"), []).unwrap();
    }
    drop(connection);
    assert_eq!(whole.found(None), None, "a shorter ledger is a ledger");
    let found = whole.found(Some(&kept));
    assert!(matches!(&found, Some(Found::Other(told)) if told.contains("taken away")), "{found:?}");
}

#[test]
fn a_daemon_does_not_serve_from_a_damaged_head() {
    let whole = Whole::new();
    let connection = whole.copy();
    drop(connection);
    assert_eq!(whole.refusal_to_serve(), None, "whole, it serves");
    let last = whole.size - 1;
    let mut alterations = vec![
        format!("DELETE FROM entry WHERE number = {last}"),
        format!("DELETE FROM batch WHERE size = {}", whole.size),
        format!("DELETE FROM body WHERE number = {last}"),
        format!("UPDATE entry SET size = size - 1 WHERE number = {last}"),
        format!("UPDATE entry SET number = number + 1 WHERE number = {last}"),
        format!("UPDATE batch SET size = size + 1 WHERE size = {}", whole.size),
        format!("UPDATE batch SET note = replace(note, '{}', '{}')", whole.size, whole.size + 1),
        format!("INSERT INTO entry SELECT {}, size, terms, leaf FROM entry WHERE number = 3", last + 1),
        format!("INSERT INTO batch SELECT {}, first, note, edge, hashes FROM batch WHERE size = 1", whole.size + 1),
    ];
    let (first, _) = whole.covered(&whole.copy(), i64::try_from(whole.size).unwrap());
    for (table, column, key, value) in [
        ("entry", "terms", "number", last),
        ("entry", "leaf", "number", last),
        ("entry", "leaf", "number", first),
        ("batch", "edge", "size", whole.size),
        ("batch", "hashes", "size", whole.size),
    ] {
        let place = format!("SELECT {column} FROM {table} WHERE {key} = {value}");
        let first_byte = whole.copy().query_row(&place, [], |row| Ok(row.get_ref(0)?.as_blob()?[0])).unwrap();
        let flipped = format!("x'{:02x}'", first_byte ^ 1);
        for other in [format!("{flipped} || substr({column}, 2)"), format!("{column} || x'00'")] {
            alterations.push(format!("UPDATE {table} SET {column} = {other} WHERE {key} = {value}"));
            alterations.push(format!("UPDATE {table} SET {column} = CAST({other} AS BLOB) WHERE {key} = {value}"));
        }
    }
    // The peaks, of whose hashes the root is made.
    for peak in 0..first.count_ones() {
        let cut = format!("substr(edge, 1, {}) || zeroblob(32) || substr(edge, {})", 32 * peak, 32 * peak + 33);
        alterations.push(format!("UPDATE batch SET edge = CAST({cut} AS BLOB) WHERE size = {}", whole.size));
    }
    alterations.push(format!("UPDATE body SET sealed = zeroblob(length(sealed)) WHERE number = {last}"));
    for sql in alterations {
        let altering = whole.copy();
        assert!(altering.execute(&sql, []).unwrap() > 0, "{sql}");
        drop(altering);
        let refusal = whole.refusal_to_serve().unwrap_or_else(|| panic!("serves: {sql}"));
        assert!(refusal.contains("altered or damaged"), "{sql}: {refusal}");
        let check = whole.env.run(&["serve", "--check"]);
        assert_eq!(check.status.code(), Some(1), "{sql}");
        assert!(String::from_utf8_lossy(&check.stderr).contains("altered or damaged"), "{sql}");
    }
}
