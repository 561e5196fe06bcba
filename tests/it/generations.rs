//! Which generation serves when files are missing, damaged or altered: before a start, under a running daemon, and beside a load.

use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use bdcd::ledger::{
    leaf::{Fact, Kind},
    search::{Criteria, Search},
};

use crate::support::{Daemon, Env, PERSON, block_on, copy_package, inquiry};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// An environment with two generations, the county as of two days.
struct Two {
    env: Env,
    older: String,
    newer: String,
}

impl Two {
    fn new() -> Self {
        let env = Env::with_county();
        let newer = package(&env, 2);
        let loaded = env.run(&["snapshot", "load", newer.to_str().unwrap()]);
        assert!(loaded.status.success(), "{}", said(&loaded));
        let listed = said(&env.run(&["snapshot", "list"]));
        let mut names = listed.lines().map(|line| line.split(' ').next().unwrap().to_owned());
        Self { older: names.next().unwrap(), newer: names.next().unwrap(), env }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.env.path("mirror/generations").join(name)
    }

    fn database(&self, name: &str) -> PathBuf {
        self.folder(name).join("mirror.db")
    }

    /// What the ledger was last told of what serves: the generation, and at what occasion.
    fn recorded(&self) -> (String, String) {
        let reader = self.env.reader();
        let criteria = Criteria { kind: Some(Kind::Generation), ..Criteria::default() };
        let last = Search::new(&reader, &criteria, 0).unwrap().last().unwrap().unwrap();
        let fact = |fact| last.leaf.facts.get(fact).to_owned();
        (fact(Fact::Generation), fact(Fact::Detail))
    }

    fn is_marked(&self, name: &str) -> bool {
        self.env.path("mirror/damaged").join(name).exists()
    }

    fn answers(&self, daemon: &Daemon) -> bool {
        block_on(async {
            self.env.connect(daemon, "gateway").await.query(inquiry(PERSON)).await.is_ok_and(|response| {
                assert!(!response.get_ref().answer.is_empty());
                true
            })
        })
    }
}

/// The county's package with another sequence.
fn package(env: &Env, sequence: u64) -> PathBuf {
    let folder = env.path(&format!("package-{sequence}"));
    copy_package("fixtures/county".as_ref(), &folder);
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"sequence\": 1,", &format!("\"sequence\": {sequence},"))).unwrap();
    folder
}

/// The file, made writable, as a fault of the disk or of a hand finds it.
fn open_to_spoil(file: &Path) -> fs::File {
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::OpenOptions::new().read(true).write(true).open(file).unwrap()
}

fn cut(file: &Path, length: u64) {
    open_to_spoil(file).set_len(length).unwrap();
}

/// Turns every byte from here on around.
fn turn(file: &Path, from: u64, bytes: usize) {
    let file = open_to_spoil(file);
    let mut page = vec![0; bytes];
    file.read_exact_at(&mut page, from).unwrap();
    for byte in &mut page {
        *byte = !*byte;
    }
    file.write_all_at(&page, from).unwrap();
}

fn until(what: &str, daemon: &Daemon, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}:\n{}", daemon.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A way in which a machine may be found, and what comes of it.
struct Situation {
    what: &'static str,
    spoil: fn(&Two),
    /// Whether the newer one still serves.
    is_newer: bool,
    said: &'static str,
}

const SITUATIONS: [Situation; 9] = [
    Situation {
        what: "a pointer of garbage",
        spoil: |two| fs::write(two.env.path("mirror/CURRENT"), [0xff, 0, 7]).unwrap(),
        is_newer: true,
        said: "CURRENT",
    },
    Situation {
        what: "a pointer that is empty",
        spoil: |two| fs::write(two.env.path("mirror/CURRENT"), "").unwrap(),
        is_newer: true,
        said: "does not name a generation",
    },
    Situation {
        what: "no pointer",
        spoil: |two| fs::remove_file(two.env.path("mirror/CURRENT")).unwrap(),
        is_newer: true,
        said: "is not there",
    },
    Situation {
        what: "a pointer to a generation that is missing",
        spoil: |two| fs::write(two.env.path("mirror/CURRENT"), "3-abcdef01\n").unwrap(),
        is_newer: true,
        said: "there is no generation `3-abcdef01`",
    },
    Situation {
        what: "the newest is missing",
        spoil: |two| fs::remove_dir_all(two.folder(&two.newer)).unwrap(),
        is_newer: false,
        said: "there is no generation `2-",
    },
    Situation {
        what: "the newest is cut short",
        spoil: |two| cut(&two.database(&two.newer), 20_000),
        is_newer: false,
        said: "cannot open generation `2-",
    },
    Situation {
        what: "the newest is empty",
        spoil: |two| cut(&two.database(&two.newer), 0),
        is_newer: false,
        said: "cannot open generation `2-",
    },
    Situation {
        what: "the newest holds another's file",
        spoil: |two| {
            fs::remove_file(two.database(&two.newer)).unwrap();
            fs::copy(two.database(&two.older), two.database(&two.newer)).unwrap();
        },
        is_newer: false,
        said: "holds the file of `1-",
    },
    Situation {
        what: "the newest is marked",
        spoil: |two| fs::write(two.env.path("mirror/damaged").join(&two.newer), "").unwrap(),
        is_newer: false,
        said: "was found damaged",
    },
];

#[test]
fn a_start_finds_the_newest_generation_that_is_whole() {
    for Situation { what, spoil, is_newer, said: expected } in SITUATIONS {
        let two = Two::new();
        spoil(&two);
        let serves = if is_newer { &two.newer } else { &two.older };
        let check = two.env.run(&["serve", "--check"]);
        assert_eq!(check.status.code(), Some(1), "{what}: {}", said(&check));
        assert!(said(&check).contains(expected) && said(&check).contains(serves), "{what}: {}", said(&check));
        let daemon = two.env.serve();
        assert!(two.answers(&daemon), "{what}");
        assert!(daemon.log().contains(expected), "{what}: {}", daemon.log());
        let (generation, occasion) = two.recorded();
        assert_eq!(generation, *serves, "{what}");
        assert!(occasion.contains("start, for") && occasion.contains(expected), "{what}: {occasion}");

        // A load goes on beside it, and what it loads serves.
        let third = package(&two.env, 4);
        let loaded = two.env.run(&["snapshot", "load", third.to_str().unwrap()]);
        assert!(loaded.status.success(), "{what}: {}", said(&loaded));
        until(what, &daemon, || two.recorded().0.starts_with("4-"));
        assert!(!two.recorded().1.contains(", for"), "{what}: {}", two.recorded().1);
        assert!(two.answers(&daemon), "{what}");
        assert!(daemon.stop(), "{what}");
        assert_eq!(two.env.run(&["serve", "--check"]).status.code(), Some(0), "{what}");
    }
}

#[test]
fn where_nothing_is_whole_nothing_starts_and_a_load_mends_it() {
    let two = Two::new();
    for name in [&two.older, &two.newer] {
        cut(&two.database(name), 5_000);
    }
    for arguments in [&["serve"][..], &["serve", "--check"]] {
        let output = two.env.run(arguments);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        let text = said(&output);
        assert!(
            text.contains("load a package again") && text.contains(&two.older) && text.contains(&two.newer),
            "{text}"
        );
    }
    let again = two.env.run(&["snapshot", "load", two.env.path("package-2").to_str().unwrap()]);
    assert!(again.status.success() && !said(&again).contains("loaded before"), "{}", said(&again));
    let daemon = two.env.serve();
    assert!(two.answers(&daemon));
    assert_eq!(two.recorded().0, two.newer);
}

#[test]
fn damage_that_a_check_finds_takes_a_generation_out_until_it_is_made_again() {
    let two = Two::new();
    let whole = two.env.run(&["snapshot", "check"]);
    assert!(whole.status.success() && said(&whole).matches(" whole").count() == 2, "{}", said(&whole));
    // The report is read by nobody who answers.
    let report = two.folder(&two.newer).join("report.json");
    turn(&report, 10, 1);
    let found = two.env.run(&["snapshot", "check"]);
    assert_eq!(found.status.code(), Some(1));
    assert!(said(&found).contains("report.json") && two.is_marked(&two.newer), "{}", said(&found));
    assert!(said(&two.env.run(&["snapshot", "list"])).contains("damaged"));
    turn(&report, 10, 1);
    let mended = two.env.run(&["snapshot", "check", &two.newer]);
    assert!(mended.status.success() && !two.is_marked(&two.newer), "{}", said(&mended));

    turn(&report, 10, 1);
    let again = two.env.run(&["snapshot", "load", two.env.path("package-2").to_str().unwrap()]);
    assert!(again.status.success() && !said(&again).contains("loaded before"), "{}", said(&again));
    let once_more = two.env.run(&["snapshot", "load", two.env.path("package-2").to_str().unwrap()]);
    assert!(said(&once_more).contains("loaded before"), "{}", said(&once_more));

    // Digests that are altered or gone say nothing, and what nobody knows to be whole is made again.
    let digests = two.env.path("mirror/checks").join(&two.newer);
    let text = fs::read_to_string(&digests).unwrap();
    fs::write(&digests, text.replacen("mirror.db ", "mirror.db 1", 1)).unwrap();
    let unknown = two.env.run(&["snapshot", "check"]);
    assert!(unknown.status.code() == Some(1) && said(&unknown).contains("not known"), "{}", said(&unknown));
    let again = two.env.run(&["snapshot", "load", two.env.path("package-2").to_str().unwrap()]);
    assert!(again.status.success() && !said(&again).contains("loaded before"), "{}", said(&again));
    assert!(two.env.run(&["snapshot", "check"]).status.success());
}

#[test]
fn a_daemon_finds_damage_by_itself_and_falls_back() {
    let two = Two::new();
    turn(&two.folder(&two.newer).join("manifest.json"), 3, 1);
    let daemon = two.env.serve();
    until("the damage is found", &daemon, || two.is_marked(&two.newer));
    until("the older one serves", &daemon, || two.recorded().0 == two.older);
    assert!(two.recorded().1.contains("switch, for"), "{}", two.recorded().1);
    assert!(two.answers(&daemon));
    assert!(daemon.log().contains("manifest.json"), "{}", daemon.log());
}

#[test]
fn damage_under_a_running_daemon_ends_inquiries_and_not_the_daemon() {
    for is_cut in [false, true] {
        let two = Two::new();
        let mut daemon = two.env.serve();
        until("both are checked", &daemon, || daemon.log().matches("generation is whole").count() == 2);
        let database = two.database(&two.newer);
        let length = fs::metadata(&database).unwrap().len();
        if is_cut {
            cut(&database, 8192);
        } else {
            turn(&database, 8192, usize::try_from(length).unwrap() - 8192);
        }
        // No check is due for a day: the inquiry itself finds it, and ends.
        assert!(!two.answers(&daemon));
        until("the older one serves", &daemon, || two.recorded().0 == two.older);
        assert!(daemon.is_running() && two.answers(&daemon) && two.is_marked(&two.newer));

        // Another start knows it still.
        assert!(daemon.stop());
        let daemon = two.env.serve();
        assert_eq!(two.recorded().0, two.older);
        let again = two.env.run(&["snapshot", "load", two.env.path("package-2").to_str().unwrap()]);
        assert!(again.status.success(), "{}", said(&again));
        until("the newer one serves again", &daemon, || two.recorded().0 == two.newer);
        assert!(two.answers(&daemon) && !two.is_marked(&two.newer));
    }
}

#[test]
fn the_last_whole_generation_is_not_pruned_for_a_damaged_one() {
    let two = Two::new();
    cut(&two.database(&two.newer), 8192);
    assert_eq!(two.env.run(&["snapshot", "check"]).status.code(), Some(1));
    let pruned = two.env.run(&["snapshot", "prune", "--keep", "1"]);
    assert!(pruned.status.success(), "{}", said(&pruned));
    assert!(two.folder(&two.older).is_dir() && two.folder(&two.newer).is_dir(), "{}", said(&pruned));
}
