//! Packages that should not serve: each gate, what is said of all that stops one, and the way back.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    gate::{File, change_manifest, seal},
    support::{Env, copy_package},
};

/// A copy of the fixture county with another sequence, changed.
fn package(env: &Env, name: &str, sequence: u64, change: impl FnOnce(&mut Value)) -> PathBuf {
    let package = env.path(name);
    copy_package("fixtures/county".as_ref(), &package);
    change_manifest(&package, |manifest| {
        manifest["sequence"] = sequence.into();
        change(manifest);
    });
    package
}

/// What a command says on standard error, and its exit status.
fn run(env: &Env, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = env.run(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn current(env: &Env) -> String {
    fs::read_to_string(env.path("mirror/CURRENT")).unwrap().trim().to_owned()
}

/// Removes the last rows of a file.
fn shorten(package: &std::path::Path, file: &str, keep: usize) {
    let text = fs::read_to_string(package.join(file)).unwrap();
    let rows = text.lines().count() - 1;
    let kept: String = text.lines().take(1 + keep).map(|line| format!("{line}\n")).collect();
    fs::write(package.join(file), kept).unwrap();
    change_manifest(package, |manifest| {
        let mut tables = manifest["tables"].as_array_mut().unwrap().iter_mut();
        let table = tables.find(|table| table["file"] == file).unwrap();
        table["rows"] = (table["rows"].as_u64().unwrap() - (rows - keep) as u64).into();
    });
    seal(package, file, 0);
}

#[test]
fn a_package_that_should_not_serve_is_stopped_at_its_gate_and_passes_by_word_alone() {
    let env = Env::with_county();
    let served = current(&env);
    let far = |manifest: &mut Value| {
        manifest["as_of"] = "2098-01-01T00:00:00+08:00".into();
    };
    let cases: [(&str, PathBuf); 6] = [
        ("authority", package(&env, "authority", 2, |manifest| manifest["authority"]["code"] = "990103".into())),
        ("as-of", package(&env, "as-of", 2, |manifest| manifest["as_of"] = "2026-11-22T06:00:00+08:00".into())),
        ("future", package(&env, "future", 2, far)),
        ("expired", package(&env, "expired", 2, |manifest| manifest["expires"] = "2026-11-24T06:00:00+08:00".into())),
        (
            "table",
            package(&env, "table", 2, |manifest| {
                manifest["tables"].as_array_mut().unwrap().retain(|table| table["file"] != "CFDJ.csv");
            }),
        ),
        ("fall", {
            let short = package(&env, "fall", 2, |_| {});
            shorten(&short, "CFDJ.csv", 1);
            short
        }),
    ];
    for (gate, package) in &cases {
        let package = package.to_str().unwrap();
        for command in ["verify", "load"] {
            let (status, _, said) = run(&env, &["snapshot", command, package]);
            assert_eq!(status, Some(1), "{gate} by {command}: {said}");
            assert!(said.contains(&format!("gate `{gate}`: ")), "{gate}: {said}");
            assert!(said.contains(&format!("--accept '{gate}:<why>'")), "{gate}: {said}");
            assert!(said.contains("nothing was changed"), "{gate}: {said}");
            assert_eq!(current(&env), served);
        }
    }
    // Another gate's word does not help.
    let (gate, package) = &cases[0];
    let package = package.to_str().unwrap();
    let (status, ..) = run(&env, &["snapshot", "load", package, "--accept", "fall:别的原因"]);
    assert_eq!(status, Some(1), "{gate}");
    let (status, said, err) = run(&env, &["snapshot", "load", package, "--accept", "authority:区划调整"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(said.contains("serves now") && said.contains(&format!("rollback {served}")), "{said}");
    assert!(err.contains("ledger entry"), "{err}");
    let (_, found, _) = run(&env, &["ledger", "search", "--kind", "administration", "--format", "json"]);
    assert!(found.contains("gate `authority`") && found.contains("区划调整"), "{found}");
}

#[test]
fn everything_that_stops_a_package_is_told_in_one_run() {
    let env = Env::with_county();
    let package = package(&env, "all", 2, |_| {});
    shorten(&package, "CFDJ.csv", 1);
    let mut flats = File::read(&package, "FDCQ2.csv");
    "某状态".clone_into(flats.cell(0, "QSZT"));
    flats.write(&package, "FDCQ2.csv");
    let (status, _, said) = run(&env, &["snapshot", "load", package.to_str().unwrap()]);
    assert_eq!(status, Some(1), "{said}");
    for part in ["gate `fall`: table CFDJ", "column `FDCQ2.QSZT` holds codes", "compared with 1-", "CFDJ"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn verifying_changes_nothing_and_says_what_a_load_would() {
    let env = Env::with_county();
    let served = current(&env);
    let package = package(&env, "next", 2, |_| {});
    let path = package.to_str().unwrap();
    let (status, said, err) = run(&env, &["snapshot", "verify", path]);
    assert_eq!(status, Some(0), "{err}");
    assert!(said.contains("compared with 1-") && said.contains("a load would be accepted"), "{said}");
    let (status, said, _) = run(&env, &["snapshot", "verify", path, "--format", "json"]);
    assert_eq!(status, Some(0));
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["comparison"]["with"], served);
    assert!(found["report"]["units"].as_u64().unwrap() > 10);
    assert_eq!(current(&env), served);
    let kept = fs::read_dir(env.path("mirror/generations")).unwrap().count();
    assert_eq!(kept, 1, "nothing of it is left");
}

#[test]
fn the_way_back_is_one_command_and_is_on_record() {
    let env = Env::with_county();
    let first = current(&env);
    let (status, _, err) = run(&env, &["snapshot", "rollback", "--reason", "试"]);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("no generation before"), "{err}");
    let next = package(&env, "next", 2, |_| {});
    assert_eq!(run(&env, &["snapshot", "load", next.to_str().unwrap()]).0, Some(0));
    let second = current(&env);
    let (status, _, err) = run(&env, &["snapshot", "rollback", "9-abcdef01", "--reason", "试"]);
    assert_eq!((status, current(&env)), (Some(1), second.clone()), "{err}");
    assert_eq!(run(&env, &["snapshot", "rollback"]).0, Some(2), "a reason is asked for");
    let daemon = env.serve();
    let (status, said, err) = run(&env, &["snapshot", "rollback", "--reason", "数据有误"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(said.contains(&format!("{first} serves now, in place of {second}")), "{said}");
    assert_eq!(current(&env), first);
    assert!(daemon.stop());
    let (_, found, _) = run(&env, &["ledger", "search", "--kind", "administration", "--format", "json"]);
    assert!(found.contains("rollback") && found.contains("数据有误"), "{found}");
    let (status, said, _) = run(&env, &["snapshot", "list", "--format", "json"]);
    let listed: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, &listed[0]["state"], &listed[1]["state"]), (Some(0), &"serves".into(), &"kept".into()));
    assert_eq!(listed[0]["authority"], "990102");
    // And forward again.
    assert_eq!(run(&env, &["snapshot", "rollback", &second, "--reason", "已核对"]).0, Some(0));
    assert_eq!(current(&env), second);
    fs::remove_dir_all(env.path("mirror/generations").join(&second)).unwrap();
    let (status, _, err) = run(&env, &["snapshot", "list"]);
    assert_eq!(status, Some(1), "a dangling pointer");
    assert!(err.contains(&second), "{err}");
}

#[test]
fn a_damaged_older_generation_is_made_again_and_only_kept() {
    let env = Env::with_county();
    let first = current(&env);
    let next = package(&env, "next", 2, |_| {});
    assert_eq!(run(&env, &["snapshot", "load", next.to_str().unwrap()]).0, Some(0));
    let second = current(&env);
    let (status, _, err) = run(&env, &["snapshot", "load", "fixtures/county"]);
    assert_eq!(status, Some(1), "whole, it is only older");
    assert!(err.contains("not newer than"), "{err}");
    let file = env.path("mirror/generations").join(&first).join("mirror.db");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0);
    fs::write(&file, bytes).unwrap();
    assert_eq!(run(&env, &["snapshot", "check"]).0, Some(1));
    let (status, said, err) = run(&env, &["snapshot", "load", "fixtures/county"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(said.contains("made again and kept") && said.contains(&format!("{second} serves on")), "{said}");
    assert_eq!((current(&env), run(&env, &["snapshot", "check"]).0), (second, Some(0)));
}

#[test]
fn a_pipe_in_the_place_of_a_file_keeps_no_command_and_no_daemon_waiting() {
    let env = Env::with_county();
    let name = current(&env);
    let mut daemon = env.serve();
    let pipe = |path: &str| {
        let path = env.path(path);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    };
    pipe("mirror/CURRENT");
    for (arguments, status) in [(&["snapshot", "list"][..], Some(1)), (&["serve", "--check"], Some(1))] {
        let (found, _, err) = run(&env, arguments);
        assert_eq!(found, status, "{arguments:?}: {err}");
    }
    // The daemon goes on looking, and a load puts the pointer right.
    let next = package(&env, "next", 2, |_| {});
    assert_eq!(run(&env, &["snapshot", "load", next.to_str().unwrap()]).0, Some(0));
    pipe(&format!("mirror/checks/{name}"));
    pipe(&format!("mirror/generations/{name}/report.json"));
    assert_eq!(run(&env, &["snapshot", "check"]).0, Some(1));
    assert!(daemon.is_running() && daemon.stop());
}

#[test]
fn what_was_good_to_go_back_to_is_kept_and_what_was_rolled_back_from_goes() {
    let env = Env::with_county();
    let mut names = vec![current(&env)];
    // Each serves for a moment, so that the ledger knows of it.
    assert!(env.serve().stop());
    for sequence in 2..5 {
        let next = package(&env, &format!("next-{sequence}"), sequence, |_| {});
        assert_eq!(run(&env, &["snapshot", "load", next.to_str().unwrap()]).0, Some(0));
        names.push(current(&env));
        assert!(env.serve().stop());
    }
    let removed = |keep: &str| run(&env, &["snapshot", "prune", "--dry-run", "--keep", keep]).1;
    // The fourth is bad: back to the third.
    assert_eq!(run(&env, &["snapshot", "rollback", "--reason", "有误"]).0, Some(0));
    assert_eq!(current(&env), names[2]);
    assert!(env.serve().stop());
    assert_eq!(removed("2"), format!("would remove {}, {}\n", names[0], names[3]));
    assert_eq!(removed("0"), format!("would remove {}, {}\n", names[0], names[3]), "the last good one stays");
    // A fifth serves: the third served before it, not the fourth.
    let next = package(&env, "next-5", 5, |_| {});
    assert_eq!(run(&env, &["snapshot", "load", next.to_str().unwrap()]).0, Some(0));
    assert_eq!(removed("2"), format!("would remove {}, {}, {}\n", names[0], names[1], names[3]));
    let (status, _, err) = run(&env, &["snapshot", "remove", &current(&env)]);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("serves"), "{err}");
    let (status, said, err) = run(&env, &["snapshot", "remove", &names[3]]);
    assert_eq!(status, Some(0), "{err}");
    assert!(said.contains("removed"), "{said}");
    assert_eq!(run(&env, &["snapshot", "remove", &names[3]]).0, Some(1), "it is gone");
}
