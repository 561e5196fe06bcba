//! Rows that cannot be placed, set aside: the load tells them, every answer tells them, and showing them is recorded.

use std::process::Output;

use crate::{
    gate::{File, change_manifest, seal},
    support::{Env, copy_package, fill},
};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn rows_set_aside_are_told_in_the_report_in_every_answer_and_in_the_ledger() {
    let env = Env::with_county();
    let package = env.path("package");
    copy_package("fixtures/county".as_ref(), &package);
    change_manifest(&package, |manifest| manifest["sequence"] = 2.into());
    let mut seizures = File::read(&package, "CFDJ.csv");
    for row in 0..2 {
        String::new().clone_into(seizures.cell(row, "BDCDYH"));
    }
    "（2025）测密执12号".clone_into(seizures.cell(1, "CFWH"));
    // The last is no row at all.
    seizures.write(&package, "CFDJ.csv");
    let path = package.join("CFDJ.csv");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice("某某,（2025）测残执13号\n".as_bytes());
    std::fs::write(&path, &bytes).unwrap();
    seal(&package, "CFDJ.csv", 1);

    let folder = package.to_str().unwrap();
    for refused in [&["snapshot", "load", folder][..], &["snapshot", "load", "--quarantine=2", folder]] {
        let output = env.run(refused);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("3 rows cannot be placed") && said(&output).contains("--quarantine"));
    }
    let too_many = env.run(&["snapshot", "load", "--quarantine=100001", folder]);
    assert_eq!(too_many.status.code(), Some(2), "{}", said(&too_many));
    // Three of fourteen rows, where a table counts as one of a thousand at least: more than two.
    env.configure("", "[load]\nquarantine-share-max = \"0.2%\"\n");
    let share = said(&env.run(&["snapshot", "load", "--quarantine=5", folder]));
    for part in
        ["3 of the 14 rows of `CFDJ`", "at most 5 rows", "`load.quarantine-rows-max`", "0.2% of each table's rows"]
    {
        assert!(share.contains(part), "{part}: {share}");
    }
    env.configure("", "[load]\nquarantine-rows-max = 2\n");
    let rows = said(&env.run(&["snapshot", "load", "--quarantine", folder]));
    assert!(rows.contains("3 rows are more than may be set aside: at most 2 rows"), "{rows}");
    env.configure("", "");
    let loaded = env.run(&["snapshot", "load", "--quarantine", folder]);
    assert!(loaded.status.success() && said(&loaded).contains("in quarantine"), "{}", said(&loaded));

    let name = said(&env.run(&["snapshot", "list"]));
    let name = name.lines().find(|line| line.contains(" serves")).unwrap().split(' ').next().unwrap().to_owned();
    let listed = env.run(&["snapshot", "quarantine", &name]);
    assert!(
        said(&listed).contains("CFDJ     CFDJ.csv line 3: ") && !said(&listed).contains("测密"),
        "{}",
        said(&listed)
    );
    let none = env.run(&["snapshot", "quarantine", "1-00000000"]);
    assert_eq!(none.status.code(), Some(3), "{}", said(&none));
    let shown = env.run(&["snapshot", "quarantine", &name, "--reveal"]);
    assert!(
        said(&shown).contains("CFWH = （2025）测密执12号") && said(&shown).contains("测残执13号"),
        "{}",
        said(&shown)
    );
    let acts = said(&env.run(&["ledger", "search", "--kind", "administration", "--format", "json"]));
    assert!(acts.contains("3 rows in quarantine of generation") && !acts.contains("测密"), "{acts}");

    let daemon = env.serve();
    env.configure_client(&daemon);
    let blank = Env::run_bare(&["query", "--template"]);
    let mut inquiry: serde_json::Value = serde_json::from_slice(&blank.stdout).unwrap();
    fill(&mut inquiry, "1");
    std::fs::write(env.path("inquiry.json"), inquiry.to_string()).unwrap();
    let file = env.path("inquiry.json");
    let answer = env.run(&["query", "--format", "json", file.to_str().unwrap()]);
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert!(answer.to_string().contains("\"quarantined_rows\":3"), "{answer}");
    let message = std::fs::read("fixtures/messages/query-request-whole.xml").unwrap();
    let exchanged = said(&env.run_with_input(&["exchange"], &message));
    assert!(exchanged.contains("未能读取或者归位"), "{exchanged}");
    let serves = said(&env.run(&["ledger", "search", "--kind", "generation", "--format", "json"]));
    assert!(serves.contains("3 rows of CFDJ in quarantine"), "{serves}");
}
