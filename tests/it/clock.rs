//! Clocks that jump, and time that passes: the ledger's never runs backwards, and what is kept for a time goes after it.

use std::sync::Arc;

use bdcd::{
    ledger::{
        Repeat,
        audit::audit,
        leaf::{Fact, Kind},
    },
    rpc::contract::QueryRequest,
};
use prost::Message as _;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{
    Env, block_on, copy_package,
    disk::{Disk, until},
    load::{Load, Random, fresh_number},
    witness::{Question, Witness},
};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

#[test]
fn a_clock_that_jumps_back_stops_nothing_and_turns_no_time_back() {
    let env = Env::with_county();
    let (disk, witness) = (Disk::under(&env), Arc::new(Witness::of(&env)));
    let load = Load::start(&env, &witness, 2, &mut Random::new(3));
    let time_of_last = || {
        let reader = env.reader();
        reader.entry(reader.size().unwrap() - 1).unwrap().leaf().unwrap().time
    };
    let more = || {
        let before = witness.counts().answered;
        witness.wait("answers", |counts| counts.answered > before + 20);
    };
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    load.ask(&daemon);
    more();
    disk.set_clock(-HOUR);
    more();
    let held = time_of_last();
    more();
    assert_eq!(time_of_last(), held, "time stands until the clock has caught up");
    drop(daemon);

    // A daemon that starts under the wrong clock has the ledger to go by.
    disk.set_clock(-2 * DAY);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    load.ask(&daemon);
    more();
    assert_eq!(time_of_last(), held);
    disk.set_clock(HOUR);
    more();
    more();
    assert!(time_of_last() > held, "and goes on when it has");
    load.end();
    witness.check(&env);
}

/// The code, the reason and the text of what is refused.
fn refused(env: &Env, daemon: &crate::support::Daemon, request: QueryRequest) -> (Code, String, String) {
    block_on(async {
        let status = env.connect(daemon, "gateway").await.query(request).await.map(drop).unwrap_err();
        (status.code(), status.get_details_error_info().unwrap().reason, status.message().to_owned())
    })
}

#[test]
fn bodies_go_after_their_retention_and_leaves_stay() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", "[ledger]\nbody-retention = \"1d\"\nremoval-interval = \"1s\"\n");
    let (disk, witness) = (Disk::under(&env), Witness::of(&env));
    let ask = |daemon: &crate::support::Daemon, number| {
        let question = Question::Subject { number, subject: 0 };
        block_on(async {
            let response = env.connect(daemon, "gateway").await.query(Question::query(number, 0)).await.unwrap();
            witness.receive(question, &response.into_inner())
        })
    };
    let number = fresh_number();
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    let entry = ask(&daemon, number);
    let (_, _, told) = refused(&env, &daemon, QueryRequest { inquiry: None });
    assert!(told.contains("cannot be asked"), "{told}");
    let before = audit(&env.reader(), None, &mut |_| {}).unwrap();
    assert_eq!((before.body_count, before.removed_body_count), (2, 0), "an answer's, and a refusal's");
    assert!(daemon.stop());

    disk.set_clock(3 * DAY);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    let reader = env.reader();
    let (stored, leaf) = (reader.entry(entry).unwrap(), reader.entry(entry).unwrap().leaf().unwrap());
    until("the body goes", || reader.body(entry, &leaf).unwrap().is_none());
    until("all go", || audit(&env.reader(), None, &mut |_| {}).unwrap().removed_body_count == 2);
    assert_eq!(reader.entry(entry).unwrap().leaf_bytes, stored.leaf_bytes, "the leaf stays");
    assert!(reader.receipt(&stored).is_ok(), "and proves what it proved");

    // What was answered is known, though not what the answer was.
    let named = format!("entry {entry}");
    let (code, reason, told) = refused(&env, &daemon, Question::query(number, 0));
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "ANSWER_REMOVED"));
    assert!(told.contains(&named), "{told}");
    let (code, reason, told) = refused(&env, &daemon, Question::query(number, 1));
    assert_eq!((code, reason.as_str()), (Code::AlreadyExists, "REQUEST_NUMBER_REUSED"));
    assert!(told.contains(&named), "{told}");
    let asked = Question::query(number, 0).inquiry.unwrap().encode_to_vec();
    assert!(matches!(reader.repeat(entry, &asked), Ok(Repeat::Removed { entry: removed }) if removed == entry));
    assert!(matches!(reader.repeat(entry, b"other"), Ok(Repeat::Other { entry: other }) if other == entry));

    // What came since is kept, and an entry says what was removed.
    let fresh = ask(&daemon, fresh_number());
    let after = audit(&reader, None, &mut |_| {}).unwrap();
    assert_eq!((after.body_count, after.removed_body_count), (3, 2), "two refusals' and an answer's");
    let removal = (entry..fresh).map(|number| reader.entry(number).unwrap().leaf().unwrap());
    assert_eq!(removal.filter(|leaf| leaf.kind == Kind::Administration).count(), 1);
    assert!(daemon.log().contains("removing sealed bodies after their retention"));
    assert!(daemon.stop());
}

/// A daemon's wall clock is wrong by so many days from the start, or becomes so while it runs.
struct Wrong {
    days: i64,
    is_running: bool,
}

/// Whether an inquiry is answered; where it is not, because nothing is recorded.
fn answers(env: &Env, daemon: &crate::support::Daemon) -> bool {
    block_on(async {
        match env.connect(daemon, "gateway").await.query(Question::query(fresh_number(), 0)).await {
            Ok(_) => true,
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                assert!(!status.message().contains("clock"), "{status:?}");
                false
            }
        }
    })
}

#[test]
fn a_clock_that_cannot_be_right_stops_recording_until_it_is_or_an_operator_says_so() {
    let wrong = [(400, false), (-400, false), (4000, true), (-400, true)];
    for Wrong { days, is_running } in wrong.map(|(days, is_running)| Wrong { days, is_running }) {
        let env = Env::with_county();
        env.configure("log = \"info\"\n", "[ledger]\nbody-retention = \"1d\"\nremoval-interval = \"1s\"\n");
        let disk = Disk::under(&env);
        let daemon = Env::start(&mut disk.command(&env)).unwrap();
        assert!(answers(&env, &daemon));
        let bodies = || audit(&env.reader(), None, &mut |_| {}).unwrap().body_count;
        let (size, kept) = (env.reader().size().unwrap(), bodies());
        let daemon = if is_running {
            disk.set_clock(days * DAY);
            assert!(!answers(&env, &daemon), "{days}");
            until("it is told", || daemon.log().contains("bdcd ledger accept-clock"));
            Some(daemon)
        } else {
            assert!(daemon.stop());
            disk.set_clock(days * DAY);
            let said = Env::start(&mut disk.command(&env)).map(drop).unwrap_err();
            assert!(said.contains("is not believed") && said.contains("bdcd ledger accept-clock"), "{said}");
            let mut check = env.command_of(&["serve", "--check"]);
            disk.put_under(&mut check);
            let checked = check.output().unwrap();
            assert_eq!(checked.status.code(), Some(3));
            assert!(String::from_utf8_lossy(&checked.stderr).contains("is not believed"));
            None
        };
        // Nothing was written, and nothing removed, whatever retention says.
        assert_eq!((env.reader().size().unwrap(), bodies()), (size, kept), "{days}");

        // Set right, it goes on by itself.
        disk.set_clock(0);
        let daemon = daemon.unwrap_or_else(|| Env::start(&mut disk.command(&env)).unwrap());
        assert!(answers(&env, &daemon), "{days}");
        let time = |back: u64| {
            let reader = env.reader();
            reader.entry(reader.size().unwrap() - 1 - back).unwrap().leaf().unwrap().time
        };
        let before = time(0);

        // The machine's clock is right after all: an operator says so, and it serves, also after a restart.
        disk.set_clock(days * DAY);
        assert!(!answers(&env, &daemon), "{days}");
        let daemon = if is_running {
            Some(daemon)
        } else {
            assert!(daemon.stop());
            None
        };
        accept_clock(&env, &disk);
        let reader = env.reader();
        let entry = reader.entry(reader.size().unwrap() - 1).unwrap().leaf().unwrap();
        assert_eq!(entry.facts.get(Fact::Act), "accept-clock");
        let daemon = daemon.unwrap_or_else(|| Env::start(&mut disk.command(&env)).unwrap());
        assert!(answers(&env, &daemon), "{days}");
        assert!(time(0) >= before && (days < 0) == (time(0) < before + DAY), "{days}");
        assert!(daemon.stop());
        let daemon = Env::start(&mut disk.command(&env)).unwrap();
        assert!(answers(&env, &daemon), "{days}");
        assert!(daemon.stop());
        let times: Vec<_> = (0..env.reader().size().unwrap()).rev().map(time).collect();
        assert!(times.is_sorted(), "time never runs backwards");
    }
}

#[test]
fn a_start_under_a_clock_that_is_ahead_removes_nothing_at_once() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", "[ledger]\nbody-retention = \"1d\"\n");
    let disk = Disk::under(&env);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    assert!(answers(&env, &daemon) && daemon.stop());
    let bodies = || audit(&env.reader(), None, &mut |_| {}).unwrap().body_count;
    let kept = bodies();
    disk.set_clock(9 * DAY);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    assert!(answers(&env, &daemon));
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(bodies(), kept + 1, "the answer's own");
    assert!(daemon.stop());
}

/// Has an operator say that the daemon's clock is right.
fn accept_clock(env: &Env, disk: &Disk) {
    let mut accept = env.command_of(&["ledger", "accept-clock"]);
    disk.put_under(&mut accept);
    let said = accept.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

/// Forty-two steps of nine days, each within the bound of ten, once moved the ledger's time by a year within four seconds.
#[test]
fn a_clock_that_goes_ahead_step_by_step_is_believed_no_further_than_the_bound() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", "");
    let disk = Disk::under(&env);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    assert!(answers(&env, &daemon));
    for (days, is_believed) in [(9, true), (18, false), (27, false), (9, true), (0, true), (-9, true), (-18, false)] {
        disk.set_clock(days * DAY);
        assert_eq!(answers(&env, &daemon), is_believed, "{days}");
    }
    // An operator's word counts from there.
    disk.set_clock(18 * DAY);
    accept_clock(&env, &disk);
    for (days, is_believed) in [(18, true), (27, true), (36, false), (9, true), (7, false)] {
        disk.set_clock(days * DAY);
        assert_eq!(answers(&env, &daemon), is_believed, "{days}");
    }
    disk.set_clock(18 * DAY);
    assert!(daemon.stop());
    // The ledger's time is what was believed.
    let reader = env.reader();
    let time = |number| reader.entry(number).unwrap().leaf().unwrap().time;
    let ahead = time(reader.size().unwrap() - 1) - time(0);
    assert!((26..28).contains(&(ahead / 1000 / DAY)), "{ahead}");
}

/// With a clock nine days ahead, an hour was enough to remove what was to be kept for five days.
#[test]
fn a_clock_that_jumps_within_the_bound_makes_no_body_old() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", "[ledger]\nbody-retention = \"5d\"\nremoval-interval = \"3s\"\n");
    let disk = Disk::under(&env);
    let bodies = || audit(&env.reader(), None, &mut |_| {}).unwrap();
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    assert!(answers(&env, &daemon));
    disk.set_clock(9 * DAY);
    assert!(answers(&env, &daemon));
    std::thread::sleep(std::time::Duration::from_secs(7));
    assert_eq!(bodies().removed_body_count, 0);
    assert!(daemon.stop());
    // A start finds an entry of the wrong date, and days without one before it: they count one by one.
    for _ in 0..2 {
        let daemon = Env::start(&mut disk.command(&env)).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(5));
        assert_eq!(bodies().removed_body_count, 0);
        assert!(daemon.stop());
    }
}

/// A package is dated by a bureau, and a mistyped year there once excused a clock that was as wrong.
#[test]
fn data_of_a_later_time_excuse_no_clock() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", "[ledger]\nbody-retention = \"1d\"\nremoval-interval = \"1s\"\n");
    let disk = Disk::under(&env);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    assert!(answers(&env, &daemon) && daemon.stop());
    let size = env.reader().size().unwrap();

    let folder = env.path("later");
    copy_package("fixtures/county".as_ref(), &folder);
    let file = folder.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let later = |days: i64| {
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        time.to_zoned(jiff::tz::Offset::constant(8).to_time_zone()).strftime("%FT%T%:z").to_string()
    };
    (manifest["sequence"], manifest["as_of"], manifest["expires"]) =
        (2.into(), later(12 * 365 - 1).into(), later(12 * 365 + 1).into());
    std::fs::write(&file, manifest.to_string()).unwrap();
    disk.set_clock(12 * 365 * DAY);
    let mut load = env.command_of(&["snapshot", "load", folder.to_str().unwrap()]);
    disk.put_under(&mut load);
    let loaded = load.output().unwrap();
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));

    let said = Env::start(&mut disk.command(&env)).map(drop).unwrap_err();
    assert!(said.contains("is not believed") && said.contains("bdcd ledger accept-clock"), "{said}");
    let mut check = env.command_of(&["serve", "--check"]);
    disk.put_under(&mut check);
    assert_eq!(check.output().unwrap().status.code(), Some(3));
    assert_eq!(env.reader().size().unwrap(), size);

    // Nor does it stand in the way of one that is right.
    disk.set_clock(0);
    let daemon = Env::start(&mut disk.command(&env)).unwrap();
    assert!(answers(&env, &daemon) && daemon.stop());
}
