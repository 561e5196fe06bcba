//! From a bureau's CSV files to a generation that serves: `bdcd package seal`, signatures, and what is refused.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use bdcd::domain::tables::Table;

use crate::{
    privacy::county,
    support::{Env, PERSON, block_on, copy_package, inquiry},
};

const NAME: &str = "某某县不动产登记中心";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An environment with a key that signs packages, listed or not, and the county's CSV files in a folder without a manifest.
struct Bureau {
    env: Env,
    /// The county's files.
    package: PathBuf,
}

impl Bureau {
    fn new(is_listed: bool) -> Self {
        let env = Env::empty();
        let package = env.path("export");
        copy_package("fixtures/county".as_ref(), &package);
        fs::remove_file(package.join("manifest.json")).unwrap();
        // What the county's manifest says of words stands in the bureau's own file.
        fs::write(package.join("tables.toml"), "[codes.\"FDCQ2.QSZT\"]\n9 = \"1\"\n").unwrap();
        let bureau = Self { env, package };
        let public = bureau.key("bureau");
        if is_listed {
            bureau.env.configure(&format!("package-keys = [\"{public}\"]\n"), "");
        }
        bureau
    }

    /// Makes a key; its public half.
    fn key(&self, name: &str) -> String {
        let file = self.env.path(&format!("{name}.key"));
        let made = Env::run_bare(&["key", "new", "--name", &format!("test.example/{name}"), file.to_str().unwrap()]);
        assert!(made.status.success(), "{}", said(&made));
        let public = Env::run_bare(&["key", "public", file.to_str().unwrap()]);
        assert_eq!(text(&public), text(&made));
        text(&public).trim().to_owned()
    }

    fn seal(&self, package: &Path, key: &str, more: &[&str]) -> Output {
        let key = self.env.path(&format!("{key}.key"));
        let mut arguments = vec!["package", "seal", package.to_str().unwrap(), "--authority", "990102"];
        arguments.extend(["--authority-name", NAME, "--as-of", "2026-11-23T06:00:00+08:00"]);
        arguments.extend(["--key", key.to_str().unwrap()]);
        arguments.extend(more);
        Env::run_bare(&arguments)
    }

    fn sealed(&self) {
        let sealed = self.seal(&self.package, "bureau", &["--sequence", "1"]);
        assert!(sealed.status.success(), "{}", said(&sealed));
    }

    /// Loads a package with no flag but these.
    fn load(&self, package: &Path, more: &[&str]) -> Output {
        let config = self.env.path("bdcd.toml");
        let mut arguments = vec!["snapshot", "load", package.to_str().unwrap(), "--config", config.to_str().unwrap()];
        arguments.extend(more);
        Env::run_bare(&arguments)
    }

    /// A copy of the sealed package, spoilt.
    fn spoilt(&self, name: &str, spoil: impl FnOnce(&Path)) -> PathBuf {
        let copy = self.env.path(name);
        copy_package(&self.package, &copy);
        spoil(&copy);
        copy
    }

    fn list(&self) -> String {
        text(&self.env.run(&["snapshot", "list"]))
    }
}

#[test]
fn csv_files_are_sealed_loaded_and_answered_from_without_a_flag() {
    let bureau = Bureau::new(true);
    fs::rename(bureau.package.join("FDCQ2.csv"), bureau.package.join("BDCDJ.FDCQ2_20260901.csv")).unwrap();
    let sealed = bureau.seal(&bureau.package, "bureau", &[]);
    assert!(sealed.status.success(), "{}", said(&sealed));
    assert!(said(&sealed).contains("47 rows") && text(&sealed).contains("signed by test.example/bureau"));
    let loaded = bureau.load(&bureau.package, &[]);
    assert!(loaded.status.success(), "{}", said(&loaded));
    assert!(text(&loaded).contains("package signed by test.example/bureau+"), "{}", text(&loaded));
    assert!(bureau.list().contains("serves, signed by test.example/bureau+"), "{}", bureau.list());

    let daemon = bureau.env.serve();
    let response = block_on(async {
        bureau.env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap().into_inner()
    });
    assert!(!response.answer.is_empty());
    assert!(daemon.stop());
    let entries = text(&bureau.env.run(&["ledger", "export", "--format", "jsonl", "--kind", "generation"]));
    assert!(entries.contains("start; signed by test.example/bureau+"), "{entries}");
}

#[test]
fn an_unsigned_package_needs_a_reason_that_report_ledger_and_list_repeat() {
    for is_listed in [true, false] {
        let bureau = Bureau::new(is_listed);
        bureau.sealed();
        let unsigned = bureau.spoilt("unsigned", |package| fs::remove_file(package.join("manifest.sig")).unwrap());
        let refused = bureau.load(&unsigned, &[]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains("--unsigned=REASON"), "{}", said(&refused));
        assert_eq!(said(&refused).contains("lists no key"), !is_listed, "{}", said(&refused));
        assert_eq!(bureau.list(), "");
        for reason in ["--unsigned=", "--unsigned=<why>", "--unsigned=a\nb"] {
            assert_eq!(bureau.load(&unsigned, &[reason]).status.code(), Some(1));
        }
        let loaded = bureau.load(&unsigned, &["--unsigned=brought by hand"]);
        assert!(loaded.status.success(), "{}", said(&loaded));
        let expected = "not signed by a listed key: brought by hand";
        assert!(text(&loaded).contains(expected) && bureau.list().contains(expected), "{}", bureau.list());
        // The entry is written before it serves.
        drop(bureau.env.serve());
        let entries = text(&bureau.env.run(&["ledger", "export", "--format", "jsonl", "--kind", "generation"]));
        assert!(entries.contains(expected), "{entries}");
        if is_listed {
            // The same package, signed: what is said of it is made true.
            assert!(bureau.load(&bureau.package, &[]).status.success());
            assert!(bureau.list().contains("signed by test.example/bureau+") && !bureau.list().contains("by hand"));
        }
    }
}

#[test]
fn an_unlisted_key_vouches_for_nothing() {
    let bureau = Bureau::new(true);
    bureau.key("stranger");
    let sealed = bureau.seal(&bureau.package, "stranger", &[]);
    assert!(sealed.status.success(), "{}", said(&sealed));
    let refused = bureau.load(&bureau.package, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("signed by `test.example/stranger+"), "{}", said(&refused));
    let loaded = bureau.load(&bureau.package, &["--unsigned=the new machine's key is not listed yet"]);
    assert!(loaded.status.success(), "{}", said(&loaded));
    // The key's name alone is not the key.
    let impostor = Bureau::new(true);
    fs::remove_file(impostor.env.path("bureau.key")).unwrap();
    impostor.key("bureau");
    impostor.sealed();
    let refused = impostor.load(&impostor.package, &[]);
    assert!(said(&refused).contains("does not list"), "{}", said(&refused));
}

#[test]
fn what_is_wrongly_signed_altered_or_replayed_changes_nothing() {
    let bureau = Bureau::new(true);
    bureau.sealed();
    assert!(bureau.load(&bureau.package, &[]).status.success());
    let before = bureau.list();
    let resealed = bureau.spoilt("next", |_| {});
    assert!(bureau.seal(&resealed, "bureau", &["--sequence", "2"]).status.success());
    let replace = |path: PathBuf, from: &str, to: &str| {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replace(from, to)).unwrap();
    };
    let (old, new) = ("\"sequence\": 1", "\"sequence\": 3");
    let cases = [
        (
            "altered",
            bureau.spoilt("altered", |package| replace(package.join("manifest.json"), old, new)),
            "another manifest",
        ),
        (
            "replayed",
            bureau.spoilt("replayed", |package| {
                fs::copy(resealed.join("manifest.json"), package.join("manifest.json")).unwrap();
            }),
            "another manifest",
        ),
        (
            "both altered",
            bureau.spoilt("both", |package| {
                replace(package.join("manifest.json"), old, new);
                replace(package.join("manifest.sig"), old, new);
            }),
            "has a wrong signature by `test.example/bureau+",
        ),
        (
            "cut",
            bureau.spoilt("cut", |package| {
                let path = package.join("manifest.sig");
                let text = fs::read(&path).unwrap();
                fs::write(path, &text[..text.len() / 2]).unwrap();
            }),
            "is no signature",
        ),
        (
            "binary",
            bureau.spoilt("binary", |package| fs::write(package.join("manifest.sig"), b"\xff").unwrap()),
            "is no text",
        ),
        (
            "row altered",
            bureau.spoilt("row", |package| {
                fs::copy(resealed.join("manifest.json"), package.join("manifest.json")).unwrap();
                fs::copy(resealed.join("manifest.sig"), package.join("manifest.sig")).unwrap();
                replace(package.join("CFDJ.csv"), "1", "2");
            }),
            "`CFDJ.csv` is not what the manifest",
        ),
    ];
    for (what, package, expected) in cases {
        for more in [&[][..], &["--unsigned=a reason changes nothing"]] {
            let refused = bureau.load(&package, more);
            assert_eq!(refused.status.code(), Some(1), "{what}: {}", said(&refused));
            assert!(said(&refused).contains(expected), "{what}: {}", said(&refused));
            assert_eq!(bureau.list(), before, "{what}");
        }
    }
    assert!(bureau.load(&resealed, &[]).status.success());
}

#[test]
fn keys_are_refused_by_what_they_are() {
    let bureau = Bureau::new(true);
    let public = bureau.env.path("public");
    fs::write(&public, format!("{}\n", bureau.key("other"))).unwrap();
    std::os::unix::fs::chown(&public, None, None).unwrap();
    fs::set_permissions(&public, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::rename(&public, bureau.env.path("public.key")).unwrap();
    let refused = bureau.seal(&bureau.package, "public", &[]);
    assert!(said(&refused).contains("not a private key") && !bureau.package.join("manifest.json").exists());
    let again = Env::run_bare(&["key", "new", "--name", "x", bureau.env.path("bureau.key").to_str().unwrap()]);
    assert!(said(&again).contains("is not overwritten"), "{}", said(&again));
    let secret = fs::read_to_string(bureau.env.path("bureau.key")).unwrap();
    bureau.env.configure(&format!("package-keys = [\"{}\"]\n", secret.trim()), "");
    let refused = bureau.env.run(&["snapshot", "list"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("package-keys: the one at place 1"), "{}", said(&refused));
    assert!(!said(&refused).contains(secret.trim()));
}

/// The files under a folder that may not be there.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn an_archive_answers_as_its_folder_does_and_leaves_nothing_in_clear() {
    let bureau = Bureau::new(true);
    let sealed = bureau.seal(&bureau.package, "bureau", &["--sequence", "1", "--archive"]);
    assert!(sealed.status.success(), "{}", said(&sealed));
    let archive = bureau.env.path("export.tar.zst");
    // Killed at any moment, the load leaves no name and no number anywhere.
    let temporary = bureau.env.path("tmp");
    fs::create_dir(&temporary).unwrap();
    let load = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bdcd"));
        command.args(["snapshot", "load", archive.to_str().unwrap(), "--config"]).arg(bureau.env.path("bdcd.toml"));
        command.env("TMPDIR", &temporary).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let personal = county();
    for millis in [5, 20, 60, 120, 200] {
        let mut child = load().spawn().unwrap();
        thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        for folder in ["mirror", "tmp"] {
            for path in files_below(&bureau.env.path(folder)) {
                assert_eq!(personal.found_in(&fs::read(&path).unwrap()), None, "{}", path.display());
            }
        }
    }
    assert!(load().status().unwrap().success());
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
    let from_archive = bureau.list();
    assert!(bureau.load(&bureau.package, &[]).status.success());
    assert_eq!(bureau.list(), from_archive, "the folder is the same package");
}

#[test]
fn an_archive_that_does_what_it_may_not_changes_nothing() {
    let bureau = Bureau::new(true);
    let sealed = bureau.seal(&bureau.package, "bureau", &["--sequence", "1", "--archive"]);
    assert!(sealed.status.success(), "{}", said(&sealed));
    let archive = bureau.env.path("export.tar.zst");
    assert!(bureau.load(&archive, &[]).status.success());
    let before = bureau.list();
    let refused = |package: &Path, expected: &str| {
        let refused = bureau.load(package, &[]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains(expected), "{}", said(&refused));
        assert_eq!(bureau.list(), before);
    };
    refused(&bureau.package.join("manifest.json"), "it is no `.tar.zst`; name the package's folder");
    let whole = fs::read(&archive).unwrap();
    let cut = bureau.env.path("cut.tar.zst");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    refused(&cut, "cut short or damaged on the way");
    let public = text(&Env::run_bare(&["key", "public", bureau.env.path("bureau.key").to_str().unwrap()]));
    let keys = format!("package-keys = [\"{}\"]\n", public.trim());
    bureau.env.configure(&keys, "[load]\narchive-bytes-max = \"1MiB\"\n");
    let long = bureau.env.path("long");
    copy_package(&bureau.package, &long);
    let mut rows = fs::read_to_string(long.join("ZRZ.csv")).unwrap();
    let row = rows.lines().nth(1).unwrap().to_owned();
    for _ in 0..20_000 {
        rows.push_str(&row);
        rows.push('\n');
    }
    fs::write(long.join("ZRZ.csv"), rows).unwrap();
    let sealed = bureau.seal(&long, "bureau", &["--sequence", "2", "--archive"]);
    assert!(sealed.status.success(), "{}", said(&sealed));
    refused(&bureau.env.path("long.tar.zst"), "`load.archive-bytes-max`");
}

/// Words of the export scripts that are no names.
const SQL: &str = "COPY SELECT FROM TO STDOUT WITH CSV HEADER SPOOL OFF PROMPT REPLACE CAST AS VARCHAR UNION ALL IFNULL CHAR INTO \
                   OUTFILE CHARACTER SET FIELDS TERMINATED BY ENCLOSED ESCAPED LINES";

#[test]
fn the_export_scripts_name_the_columns_that_are_read_and_nothing_else() {
    for script in ["postgresql", "oracle", "dameng", "mysql"] {
        let text = fs::read_to_string(format!("deploy/export/{script}.sql")).unwrap();
        let (text, _) = text.split_once("\nCOMMIT;").unwrap();
        let mut parts: Vec<(&str, BTreeSet<&str>)> = Vec::new();
        for line in text.lines() {
            let heading = line.strip_prefix("-- ").and_then(|rest| rest.split(' ').next());
            if let Some(table) = heading.and_then(Table::from_name) {
                parts.push((table.name(), BTreeSet::new()));
            }
            let code = line.split("--").next().unwrap();
            let words = code.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
            let names = words.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase()));
            if let Some((_, known)) = parts.last_mut() {
                known.extend(names.filter(|word| !SQL.split_whitespace().any(|known| known == *word)));
            }
        }
        let expected = Table::ALL.map(|table| {
            (table.name(), table.columns().iter().copied().chain([table.name()]).collect::<BTreeSet<_>>())
        });
        assert_eq!(parts, expected, "{script}");
    }
}

#[test]
fn what_a_load_asks_to_write_is_kept_when_the_package_is_sealed_again() {
    let bureau = Bureau::new(true);
    bureau.sealed();
    let mut seizures = crate::gate::File::read(&bureau.package, "CFDJ.csv");
    "特别查封".clone_into(seizures.cell(0, "CFLX"));
    seizures.write(&bureau.package, "CFDJ.csv");
    bureau.sealed();
    let refused = bureau.load(&bureau.package, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let report = said(&refused);
    assert!(report.contains("`CFDJ.CFLX` holds codes") && report.contains("seal a signed package again"), "{report}");
    crate::gate::change_manifest(&bureau.package, |manifest| manifest["codes"]["CFDJ.CFLX"]["特别查封"] = "1".into());
    let unsealed = bureau.load(&bureau.package, &[]);
    assert_eq!(unsealed.status.code(), Some(1), "the manifest is no longer what was signed: {}", said(&unsealed));
    bureau.sealed();
    let loaded = bureau.load(&bureau.package, &[]);
    assert!(loaded.status.success(), "{}", said(&loaded));
    assert!(said(&loaded).contains("CFDJ.CFLX.特别查封 = 1"), "{}", said(&loaded));
}
