//! The commands as an operator uses them, with right and wrong input: what they say and how they exit.

use std::{fs, path::Path, process::Output, sync::Arc};

use crate::support::{
    Env, copy_package,
    load::{Load, Random},
    witness::Witness,
};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Loads a package spoilt by `spoil`; returns what the command said. The last good generation must go on serving.
fn refused(env: &Env, name: &str, spoil: impl FnOnce(&Path)) -> String {
    let package = env.path(name);
    copy_package("fixtures/county".as_ref(), &package);
    // A newer package: the one that is loaded already would not be read again.
    edit(&package.join("manifest.json"), |text| text.replace("\"sequence\": 1,", "\"sequence\": 2,"));
    spoil(&package);
    let output = env.run(&["snapshot", "load", package.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
    let list = env.run(&["snapshot", "list"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("serves"), "{name}: the last good generation serves");
    said(&output)
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, change(text)).unwrap();
}

/// Makes the manifest agree with a file that was changed, so that its content is judged and not its digest.
fn resign(package: &Path, file: &str) {
    let digest = ring::digest::digest(&ring::digest::SHA256, &fs::read(package.join(file)).unwrap());
    let hex: String = data_encoding::HEXLOWER.encode(digest.as_ref());
    edit(&package.join("manifest.json"), |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        let tables = manifest["tables"].as_array_mut().unwrap();
        let table = tables.iter_mut().find(|table| table["file"] == file).unwrap();
        table["sha256"] = hex.into();
        manifest.to_string()
    });
}

#[test]
fn a_package_that_is_not_what_it_says_changes_nothing() {
    let env = Env::with_county();
    let text = refused(&env, "no-manifest", |package| fs::remove_file(package.join("manifest.json")).unwrap());
    assert!(text.contains("manifest.json"), "{text}");
    let text = refused(&env, "digest", |package| edit(&package.join("FDCQ2.csv"), |text| text.replacen('1', "2", 1)));
    assert!(text.contains("FDCQ2.csv"), "{text}");
    let text = refused(&env, "cut", |package| edit(&package.join("FDCQ2.csv"), |text| text[..200].to_owned()));
    assert!(text.contains("FDCQ2.csv"), "{text}");
    let text = refused(&env, "encoding", |package| {
        edit(&package.join("manifest.json"), |text| text.replace("utf-8", "big5"));
    });
    assert!(text.contains("gb18030"), "{text}");
    let text = refused(&env, "missing", |package| fs::remove_file(package.join("CFDJ.csv")).unwrap());
    assert!(text.contains("CFDJ.csv"), "{text}");
}

#[test]
fn a_row_that_cannot_be_read_or_placed_is_named_by_file_and_line() {
    let env = Env::with_county();
    let text = refused(&env, "orphan", |package| {
        edit(&package.join("ZTT_GY_QLR.csv"), |text| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            let (header, row) = (lines[0].clone(), lines[3].clone());
            let at = |name: &str| header.trim_start_matches('\u{FEFF}').split(',').position(|one| one == name).unwrap();
            let mut cells: Vec<_> = row.split(',').collect();
            for column in ["BDCDYH", "YWH", "BDCQZH"] {
                cells[at(column)] = "990102009009GB00009F00090009";
            }
            lines[3] = cells.join(",");
            lines.join("\n") + "\n"
        });
        resign(package, "ZTT_GY_QLR.csv");
    });
    assert!(text.contains("ZTT_GY_QLR.csv") && text.contains("line 4"), "{text}");
    // The next package has this fault still, and all are told at once.

    let text = refused(&env, "undecodable", |package| {
        let path = package.join("FDCQ2.csv");
        let mut bytes = fs::read(&path).unwrap();
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 3;
        bytes[second] = 0xff;
        fs::write(&path, bytes).unwrap();
        resign(package, "FDCQ2.csv");
    });
    assert!(text.contains("FDCQ2.csv 2"), "{text}");
}

#[test]
fn an_older_package_does_not_replace_a_newer_one() {
    let env = Env::with_county();
    let package = env.path("older");
    copy_package("fixtures/county".as_ref(), &package);
    edit(&package.join("manifest.json"), |text| text.replace("\"sequence\": 1", "\"sequence\": 0"));
    let output = env.run(&["snapshot", "load", package.to_str().unwrap()]);
    assert!(!output.status.success());
    assert!(said(&output).contains("not newer") || said(&output).contains("sequence"), "{}", said(&output));
}

#[test]
fn a_daemon_without_data_or_with_a_wrong_configuration_says_what_to_do() {
    let env = Env::empty();
    let output = env.run(&["serve"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("bdcd snapshot load"), "{}", said(&output));

    env.configure("log = \"loud\"\n", "[limits]\nstreams-max = 0\n");
    let output = env.run(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("limits.streams-max") && said(&output).contains("log"), "{}", said(&output));

    env.configure("colour = \"red\"\n", "");
    let output = env.run(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("colour"), "{}", said(&output));
}

/// What `bdcd serve --check` exits with, prints and says.
fn check(env: &Env) -> (Option<i32>, String, String) {
    let output = env.run(&["serve", "--check"]);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), said(&output))
}

#[test]
fn whether_a_daemon_could_serve_is_said_beside_one_that_does() {
    let env = Env::with_county();
    let size = || env.reader().size().unwrap();
    let before = size();
    let (status, told, said) = check(&env);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    for expected in [
        "1-",
        "as of 2026-",
        "test.example/990102, 1 entry\n",
        "server       certificate `",
        "gateway      the gateway, 1 court, certificate `",
        "tls/gateway.pem` valid until ",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(size(), before, "nothing is recorded");

    // Beside a daemon that writes without pause, what is read is of one moment.
    let daemon = env.serve();
    let witness = Arc::new(Witness::of(&env));
    let load = Load::start(&env, &witness, 4, &mut Random::new(5));
    load.ask(&daemon);
    witness.wait("answers", |counts| counts.answered > 20);
    for _ in 0..30 {
        let (status, _, said) = check(&env);
        assert_eq!(status, Some(0), "{said}");
    }
    load.end();
    assert!(daemon.stop());
}

#[test]
fn what_would_keep_a_daemon_from_serving_is_told_before_it_is_restarted() {
    // What lets a daemon start and keeps a gateway out: all of it is told.
    let env = Env::with_county();
    let foreign = "[[gateway]]\nname = \"stranger\"\ncertificate = \"tls/foreign.pem\"\ncourts = [{ name = \"甲法院\", code = \"测02\" }]\n";
    let key = rcgen::KeyPair::generate().unwrap();
    let mut past = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    past.not_after = rcgen::date_time_ymd(2020, 1, 31);
    fs::write(env.path("tls/past.pem"), past.self_signed(&key).unwrap().pem()).unwrap();
    let past_key = env.path("tls/past.key");
    fs::write(&past_key, key.serialize_pem()).unwrap();
    fs::set_permissions(&past_key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = env.path("bdcd.toml");
    let usual = fs::read_to_string(&config).unwrap();
    fs::write(&config, usual.replace("tls/server.", "tls/past.") + foreign).unwrap();
    let (status, told, said) = check(&env);
    assert_eq!(status, Some(1), "{said}");
    assert!(told.contains("the gateway") && told.contains("stranger"), "{told}");
    assert!(said.contains("the server's own certificate") && said.contains("to 2020-01-31T00:00:00Z alone"), "{said}");
    assert!(
        said.contains("gateway `stranger`: ") && said.contains("tls/foreign.pem` would not be let in: invalid"),
        "{said}"
    );

    // What a daemon would not start with, in its own words.
    let twice = foreign.replace("foreign", "gateway");
    for (text, status, expected) in [
        (usual.clone() + &twice, 2, "`the gateway` and `stranger` have the same certificate"),
        (usual.replace("tls/gateway.pem", "tls/none.pem"), 2, "tls/none.pem"),
        (usual.replace("tls/server.key", "tls/past.key"), 2, "cannot be used together"),
        ("directory = \"elsewhere\"\n".to_owned() + &usual, 3, "bdcd snapshot load"),
        (usual.clone() + "[ledger]\nfolder = \"elsewhere\"\n", 1, "there is no ledger"),
        // Two at once: the one that a daemon comes upon first.
        (
            "directory = \"elsewhere\"\n".to_owned() + &usual + "[ledger]\nfolder = \"elsewhere\"\n",
            1,
            "there is no ledger",
        ),
        (usual.clone() + "[ledger]\nfolder = \"elsewhere\"\nkey = \"none.key\"\n", 3, "none.key"),
    ] {
        fs::write(&config, text).unwrap();
        let (found, told, said) = check(&env);
        assert_eq!((found, told.as_str()), (Some(status), ""), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
        let served = env.run(&["serve"]);
        assert_eq!(served.status.code(), Some(status));
        assert!(String::from_utf8_lossy(&served.stderr).contains(expected));
    }

    fs::write(&config, &usual).unwrap();
    let other = env.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("bdcd.toml"), "master-key = \"../master.key\"\n").unwrap();
    let made = Env::run_bare(&[
        "ledger",
        "create",
        "--origin",
        "test.example/other",
        "--config",
        other.join("bdcd.toml").to_str().unwrap(),
    ]);
    assert!(made.status.success());
    fs::write(&config, usual + "[ledger]\nkey = \"other/ledger.key\"\n").unwrap();
    let (status, _, said) = check(&env);
    assert_eq!(status, Some(3));
    assert!(said.contains("is signed by key `test.example/990102"), "{said}");
}

#[test]
fn query_and_exchange_go_through_the_running_daemon() {
    let env = Env::with_county();
    let daemon = env.serve();
    env.configure_client(&daemon);
    let blank = Env::run_bare(&["query", "--template"]);
    let mut inquiry: serde_json::Value = serde_json::from_slice(&blank.stdout).unwrap();
    let file = env.path("inquiry.json");
    fs::write(&file, inquiry.to_string()).unwrap();
    let output = env.run(&["query", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "a blank inquiry is refused");
    assert!(said(&output).contains("subject.document_number"), "{}", said(&output));

    crate::support::fill(&mut inquiry, "1");
    fs::write(&file, inquiry.to_string()).unwrap();
    let table = env.run(&["query", file.to_str().unwrap()]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("轮候第1位") && table.contains("列出 6 件"), "{table}");
    let json = env.run(&["query", "--format", "json", file.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["coverage"]["reported"], 6);
    assert_eq!(json["units"][0]["registrations"][0]["match"]["rule"], "exact");

    let message = fs::read("fixtures/messages/query-request-whole.xml").unwrap();
    let output = env.run_with_input(&["exchange"], &message);
    assert!(String::from_utf8_lossy(&output.stdout).contains("<RESULT>0100</RESULT>"), "{}", said(&output));
}

#[test]
fn the_demo_needs_nothing_and_leaves_what_it_says() {
    let env = Env::empty();
    let kept = env.path("kept");
    let output = Env::run_bare(&["demo", "--keep", kept.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", said(&output));
    for expected in [
        "查封登记",
        "轮候第1位",
        "地役权",
        "抵押权",
        "建筑面积：112.40平方米",
        "组织机构代码一致，名称已变",
        "未查询到登记信息",
        "名称一致，需现场核实",
        "In doubt: a registration names the company",
        "<RESULT>0000</RESULT>",
        "bdcd serve --config",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    assert!(kept.join("inquiries/person.json").exists() && kept.join("bdcd.toml").exists());
    let again = Env::run_bare(&["demo", "--keep", kept.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "an existing folder is not written over");
}

#[test]
fn a_package_that_is_loaded_already_is_checked_again() {
    let env = Env::with_county();
    let package = env.path("altered");
    copy_package("fixtures/county".as_ref(), &package);
    let again = env.run(&["snapshot", "load", package.to_str().unwrap()]);
    assert!(again.status.success(), "{}", said(&again));
    edit(&package.join("FDCQ2.csv"), |text| text.replacen('1', "2", 1));
    let altered = env.run(&["snapshot", "load", package.to_str().unwrap()]);
    assert_eq!(altered.status.code(), Some(1));
    assert!(said(&altered).contains("FDCQ2.csv"), "{}", said(&altered));
}
