//! Whether a registration is in force, who holds it still, and what a load tells that it did not understand.

use super::*;

#[test]
fn status_follows_the_stored_code_and_the_marks_of_ending() {
    let flat = |line: u32| format!("990101001001GB00001F0001{line:04}");
    let row = |line: u32, rest: &str| format!("BDCDYH={}; YWH={line}; {rest}", flat(line));
    let loaded = Package::default()
        .row(Table::Cfdj, &row(1, "QSZT=1"))
        .row(Table::Cfdj, &row(2, "QSZT=01; JFYWH=703"))
        .row(Table::Cfdj, &row(3, "QSZT=2"))
        .row(Table::Cfdj, &row(4, "QSZT=3"))
        .row(Table::Cfdj, &row(5, "QSZT=0"))
        .row(Table::Cfdj, &row(6, "QSZT=0; JFDJSJ=2020-01-02"))
        .row(Table::Cfdj, &row(7, ""))
        .row(Table::Cfdj, &row(8, "QSZT=8"))
        .accept("CFDJ.QSZT=8")
        .row(Table::Cfdj, &row(9, "QSZT=1; CFJSSJ=2001-01-01"))
        .row(Table::Yydj, &row(10, "QSZT=1; ZXYYYWH=703"))
        .row(Table::Ygdj, &row(11, "QSZT=1; ZXYGYWH=703"))
        .row(Table::Dyaq, &row(12, "QSZT=1; ZXSJ=2020-01-02 03:04"))
        .load()
        .unwrap();
    let expected = [
        Status::Current,
        Status::Ended,
        Status::Ended,
        Status::Ended,
        Status::Provisional,
        Status::Ended,
        Status::Current,
        Status::Current,
        Status::Current,
        Status::Ended,
        Status::Ended,
        Status::Ended,
    ];
    for (line, status) in (1..).zip(expected) {
        assert_eq!(loaded.unit(&flat(line)).registrations[0].status, status, "{line}");
    }
    assert_eq!(loaded.odd("CFDJ.QSZT"), 2);
    let ended_at = loaded.unit(&flat(12)).registrations[0].common.get(tag::ENDED_AT);
    assert_eq!(ended_at, "2020-01-02T03:04:00");
}

#[test]
fn nothing_ends_by_an_accident_and_what_nobody_understands_is_doubtful() {
    let flat = |line: u32| format!("990101001001GB00001F0001{line:04}");
    let cases = [
        ("QSZT=1; JFDJSJ=NULL; JFYWH=-", Status::Current, false),
        ("QSZT=1; JFDJSJ=1900-01-01 00:00:00", Status::Current, false),
        ("QSZT=1; JFDJSJ=9999-12-31", Status::Current, false),
        ("QSZT=1; JFDJSJ=已解封", Status::Current, true),
        ("QSZT=2.0", Status::Ended, false),
        ("QSZT=２", Status::Ended, false),
        ("QSZT=历史", Status::Ended, false),
        ("QSZT=NULL", Status::Current, false),
        ("QSZT=1; JFDJSJ=07-11月-16", Status::Ended, false),
        ("QSZT=1; JFYWH=2020-7", Status::Ended, false),
        ("QSZT=作废", Status::Current, true),
    ];
    let mut package = Package::default().accept("CFDJ.QSZT=作废");
    for ((text, ..), line) in cases.iter().zip(1..) {
        package = package.row(Table::Cfdj, &format!("BDCDYH={}; YWH={line}; {text}", flat(line)));
    }
    let loaded = package.load().unwrap();
    for ((text, status, is_doubtful), line) in cases.into_iter().zip(1..) {
        let seizure = &loaded.unit(&flat(line)).registrations[0];
        assert_eq!((seizure.status, seizure.is_doubtful), (status, is_doubtful), "{text}");
    }
    assert_eq!(loaded.odd("CFDJ.JFDJSJ"), 1);
}

#[test]
fn a_holder_who_has_left_is_told_behind_all_others_and_named_nowhere_else() {
    let loaded = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=701; SXH=1; QLRMC=赵一; QSZT=2.0"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=701; SXH=2; QLRMC=钱二; QSZT=1"))
        .load()
        .unwrap();
    let right = loaded.one(FLAT_A, Kind::Building);
    assert_eq!(names(right), ["钱二", "赵一"]);
    assert_eq!(right.parties.iter().map(|party| party.is_former).collect::<Vec<_>>(), [false, true]);
    assert_eq!(loaded.odd("FDCQ2.QLR"), 1);
}

#[test]
fn rows_that_stand_there_twice_are_counted_and_kept() {
    let row = format!("BDCDYH={FLAT_A}; YWH=703; QSZT=1");
    let loaded = Package::default().row(Table::Cfdj, &row).row(Table::Cfdj, &row).load().unwrap();
    let identities: Vec<_> = loaded.unit(FLAT_A).registrations.iter().map(|one| one.identity.clone()).collect();
    assert_eq!((loaded.odd("CFDJ.*"), identities.len()), (1, 2));
    assert_eq!(identities[1], format!("{}:2", identities[0]));
}

#[test]
fn waiting_seizures_are_numbered_only_where_all_have_dates() {
    let load = |dates: [&str; 3]| {
        let mut package = Package::default();
        for (at, date) in dates.into_iter().enumerate() {
            let row = format!("BDCDYH={FLAT_A}; YWH=7{at}; CFLX=轮候查封; QSZT=1; DJSJ={date}");
            package = package.row(Table::Cfdj, &row);
        }
        let orders = |unit: &Unit| unit.registrations.iter().map(|one| one.waiting_order).collect::<Vec<_>>();
        orders(package.load().unwrap().unit(FLAT_A))
    };
    assert_eq!(load(["01-3月 -24", "05-11月-23", "20-2月 -23"]), [1, 2, 3]);
    assert_eq!(load(["2024-03-01", "不清楚几号", "2023-02-20"]), [0, 0, 0]);
}

#[test]
fn a_load_tells_everything_that_stops_it_in_one_run() {
    let refused = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=2.02E+11; BDCQZH=证书; QSZT=7"))
        .row(Table::Cfdj, &format!("BDCDYH={FLAT_A}; YWH=703; CFLX=某种; QSZT=1"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=709; QLRMC=赵一"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; YWH=709; QLRMC=钱二"))
        .load()
        .err()
        .unwrap();
    let LoadError::Findings(findings) = refused else { panic!("{refused}") };
    assert_eq!((findings.problems.len(), findings.rows.len()), (3, 2), "{findings}");
    let text = findings.to_string();
    for part in ["FDCQ2.YWH", "FDCQ2.QSZT=7", "CFDJ.CFLX=某种", "2 rows cannot be placed"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("赵一"), "{text}");
}

#[test]
fn a_zero_in_a_column_of_ending_ends_nothing() {
    for zero in ["0", "０", "000000", "无", "NULL"] {
        let loaded = Package::default()
            .row(Table::Cfdj, &format!("BDCDYH={FLAT_A}; YWH=701; QSZT=1; JFYWH={zero}"))
            .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=702; QSZT=1; ZXDYYWH={zero}; ZXSJ={zero}"))
            .load()
            .unwrap();
        for kind in [Kind::Seizure, Kind::Mortgage] {
            assert_eq!(loaded.one(FLAT_A, kind).status, Status::Current, "{zero}");
        }
    }
}
