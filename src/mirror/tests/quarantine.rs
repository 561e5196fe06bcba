//! Rows that cannot be placed or read, set aside.

use super::*;

fn package() -> Package {
    Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=701; QLRMC=赵一"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; YWH=777; QLRMC=钱二; ZJH=秘密"))
        .row(Table::Cfdj, "YWH=封7; QSZT=1; CFWH=某号")
}

fn mirror(folder: &std::path::Path, rows_max: usize) -> Mirror {
    Mirror::new(folder, MasterKey::from_bytes([5; 32])).with_quarantine(rows_max)
}

#[test]
fn rows_without_a_place_are_set_aside_sealed_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = mirror(folder.path(), 2);
    let report = package().load_into(&mirror, 1).unwrap();
    let told: Vec<_> = report.quarantined.iter().map(|entry| (entry.column.as_str(), entry.count)).collect();
    assert_eq!(told, [("CFDJ", 1), ("QLR", 1)]);
    assert!(report.to_string().contains("in quarantine"));
    let generation = mirror.open("1-abcdef01").unwrap();
    assert_eq!(generation.facts().quarantined, [(Table::Cfdj, 1), (Table::Qlr, 1)]);
    let rows = generation.quarantine().unwrap();
    let lines: Vec<_> = rows.iter().map(|row| (row.table.as_str(), row.file.as_str(), row.line)).collect();
    assert_eq!(lines, [("CFDJ", "T.csv", 2), ("QLR", "T.csv", 3)]);
    assert!(rows[1].values.contains(&("ZJH".to_owned(), "秘密".to_owned())));
    assert!(!format!("{rows:?}").contains("秘密"), "no value is shown by accident");
    let file = std::fs::read(folder.path().join("generations/1-abcdef01/mirror.db")).unwrap();
    assert!(!file.windows("秘密".len()).any(|bytes| bytes == "秘密".as_bytes()));
    assert_eq!(all_units(&mirror, "1-abcdef01").len(), 1);
}

#[test]
fn more_rows_than_allowed_and_what_is_not_understood_stop_the_load() {
    let folder = tempfile::tempdir().unwrap();
    for rows_max in [0, 1] {
        let Err(LoadError::Findings(findings)) = package().load_into(&mirror(folder.path(), rows_max), 1) else {
            panic!("{rows_max}");
        };
        assert_eq!((findings.rows.len(), findings.counts.values().sum::<u64>()), (2, 2));
    }
    let unknown = package()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=702; QSZT=某状态"))
        .load_into(&mirror(folder.path(), 9), 1);
    assert!(matches!(unknown, Err(LoadError::Findings(findings)) if findings.problems.len() == 1));
}

#[test]
fn a_generation_with_rows_in_quarantine_serves_again_only_where_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    package().load_into(&mirror(folder.path(), 2), 1).unwrap();
    assert!(package().load_into(&mirror(folder.path(), 2), 1).unwrap().already_loaded);
    let again = package().load_into(&mirror(folder.path(), 0), 1);
    assert!(matches!(again, Err(LoadError::InQuarantine { rows: 2, .. })));
}
