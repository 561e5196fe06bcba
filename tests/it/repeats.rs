//! The ledger's files damaged in every way that a disk or a hand may: what was answered is told again byte for byte, or it is an
//! error; never another answer, another receipt, or the word that nothing was answered.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use bdcd::{
    keys::MasterKey,
    ledger::{
        Claim, Claimed, Clock, Evidence, Ledger, OpenError, Options, Reader, Repeat, Term,
        leaf::{Facts, Kind},
        note::Ed25519Signer,
    },
};

use crate::support::{Env, load::Random};

/// Damages in the suite; the variable `BDCD_DAMAGES` gives another number.
const DAMAGES: u64 = 200;
const DAY: i64 = 24 * 60 * 60 * 1000;
const GATEWAY: &str = "the gateway";

/// Questions that are asked again after each damage, of all that there are.
const ASKED_AGAIN: u64 = 24;

/// What was answered under a number: the inquiry, and what stands for it.
struct Asked {
    number: String,
    inquiry: Vec<u8>,
    entry: u64,
    /// The answer and the receipt; absent where the answer was removed.
    answered: Option<(Vec<u8>, String)>,
}

impl Asked {
    /// Asks again; whether it was told, and not an error.
    fn again(&self, ledger: &Ledger, reader: &Reader, told: &str) -> bool {
        let Ok(entry) = ledger.answered(&free(ledger, &self.number), reader) else { return false };
        assert_eq!(entry, Some(self.entry), "it would be answered a second time: {told}");
        match (reader.repeat(self.entry, &self.inquiry), &self.answered) {
            (Err(_), _) => false,
            (Ok(Repeat::Same(same)), Some((answer, receipt))) => {
                assert!(same.answer == *answer, "another answer: {told}");
                assert!(same.receipt == *receipt, "another receipt: {told}");
                true
            }
            (Ok(Repeat::Removed { .. }), None) => true,
            (Ok(Repeat::Same(_)), None) => panic!("what was removed is told: {told}"),
            (Ok(Repeat::Removed { .. }), Some(_)) => panic!("what is kept is told to be removed: {told}"),
            (Ok(Repeat::Other { .. }), _) => panic!("told to be another inquiry: {told}"),
        }
    }
}

/// A ledger of several days, with entries that runs cover and entries that none covers, its first day's bodies removed.
struct Whole {
    env: Env,
    clock: Arc<AtomicI64>,
    asked: Vec<Asked>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    other: Vec<u8>,
}

fn inquiry(number: u64) -> Vec<u8> {
    format!("inquiry {number} ").repeat(3).into_bytes()
}

/// Some fit a page, some lie over several.
fn answer(number: u64) -> Vec<u8> {
    let times = if number.is_multiple_of(9) { 2_000 } else { 40 + usize::try_from(number % 50).unwrap() };
    format!("answer {number} ").repeat(times).into_bytes()
}

fn free(ledger: &Ledger, number: &str) -> Claim {
    match ledger.claim(GATEWAY, number) {
        Claimed::Free(claim) => claim,
        Claimed::Taken(_) => panic!("nobody else asks"),
    }
}

impl Whole {
    fn new(salt: u64) -> Self {
        let env = Env::empty();
        fs::remove_dir_all(env.path("ledger")).unwrap();
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000 - 1_800_000_000_000 % DAY + DAY / 2));
        let mut whole = Self { env, clock, asked: Vec::new(), files: BTreeMap::new(), other: Vec::new() };
        Ledger::create(&whole.folder(), &whole.master(), whole.signer(), "a test", &whole.clock()).unwrap();
        let ledger = whole.open(None).unwrap();
        whole.answer(&ledger, salt..salt + 40);
        drop(ledger);

        whole.clock.fetch_add(3 * DAY, Ordering::Relaxed);
        let ledger = whole.open(Some(Duration::from_hours(24))).unwrap();
        whole.answer(&ledger, salt + 40..salt + 240);
        let reader = ledger.reader().unwrap();
        let is_kept = |asked: &Asked| {
            let leaf = reader.entry(asked.entry).unwrap().leaf().unwrap();
            reader.body(asked.entry, &leaf).unwrap().is_some()
        };
        until("bodies of the first day are removed", || whole.asked[..40].iter().all(|asked| !is_kept(asked)));
        until("a run covers the entries", || {
            fs::read_dir(whole.folder().join("index")).is_ok_and(|runs| runs.count() > 0)
        });
        drop(reader);
        whole.answer(&ledger, salt + 240..salt + 300);
        // The receipts are the batches'.
        let reader = ledger.reader().unwrap();
        for asked in &mut whole.asked {
            let receipt = reader.receipt(&reader.entry(asked.entry).unwrap()).unwrap();
            if let Some(answered) = &mut asked.answered {
                answered.1 = receipt;
            }
        }
        drop(reader);
        for asked in &mut whole.asked[..40] {
            asked.answered = None;
        }
        drop(ledger);
        for entry in fs::read_dir(whole.folder().join("index")).unwrap() {
            let path = entry.unwrap().path();
            whole.files.insert(path.clone(), fs::read(path).unwrap());
        }
        let database = whole.folder().join("ledger.db");
        whole.files.insert(database.clone(), fs::read(database).unwrap());
        whole
    }

    fn folder(&self) -> PathBuf {
        self.env.path("ledger")
    }

    fn master(&self) -> MasterKey {
        MasterKey::read(self.env.path("master.key")).unwrap()
    }

    fn signer(&self) -> Ed25519Signer {
        let text = fs::read_to_string(self.env.path("ledger.key")).unwrap();
        Ed25519Signer::parse(text.trim_end()).unwrap()
    }

    fn clock(&self) -> Clock {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || clock.load(Ordering::Relaxed))
    }

    fn open(&self, body_retention: Option<Duration>) -> Result<Ledger, OpenError> {
        let options = Options {
            folder: self.folder(),
            queue_entries_max: 4096,
            batch_entries_max: 512,
            batch_bytes_max: 1 << 20,
            body_retention,
            removal_interval: Duration::ZERO,
            clock_bound: None,
        };
        loop {
            match Ledger::open(&options, &self.master(), self.signer(), self.clock()) {
                // Another test forks a process: until it runs its program, it holds the lock that was given back just now.
                Err(OpenError::Busy { .. }) => std::thread::yield_now(),
                opened => return opened,
            }
        }
    }

    /// Answers under these numbers, many at a time.
    fn answer(&mut self, ledger: &Ledger, numbers: std::ops::Range<u64>) {
        let (sender, written) = mpsc::channel();
        for number in numbers.clone() {
            let (asked, told, name) = (inquiry(number), answer(number), number.to_string());
            let claim = free(ledger, &name);
            let evidence = Evidence {
                facts: Facts::default(),
                inquiry: Some(&asked),
                answer: Some(&told),
                claim: Some(&claim),
                terms: vec![(Term::Request, name.as_str().into())],
            };
            let prepared = ledger.prepare(Kind::Answer, evidence).unwrap();
            let sender = sender.clone();
            ledger.append(prepared, Some(claim), move |result| sender.send((number, result.unwrap().entry)).unwrap());
        }
        for _ in numbers {
            let (number, entry) = written.recv_timeout(Duration::from_mins(1)).unwrap();
            let answered = Some((answer(number), String::new()));
            self.asked.push(Asked { number: number.to_string(), inquiry: inquiry(number), entry, answered });
        }
    }

    /// Puts every file back as it was.
    fn mend(&self) {
        fs::remove_dir_all(self.folder()).unwrap();
        fs::create_dir_all(self.folder().join("index")).unwrap();
        for (path, bytes) in &self.files {
            fs::write(path, bytes).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Asks again: how many were told, and how many got an error. Anything else is a panic.
    fn ask(&self, ledger: Option<Ledger>, random: &mut Random, told: &str) -> [u64; 2] {
        let opened = ledger.map_or_else(|| self.open(None), Ok);
        let Ok(ledger) = opened else { return [0, ASKED_AGAIN] };
        let Ok(reader) = ledger.reader() else { return [0, ASKED_AGAIN] };
        let mut counts = [0, 0];
        for _ in 0..ASKED_AGAIN {
            let asked = &self.asked[usize::try_from(random.below(self.asked.len() as u64)).unwrap()];
            let is_told = asked.again(&ledger, &reader, told);
            counts[usize::from(!is_told)] += 1;
        }
        let never = ledger.answered(&free(&ledger, "never asked"), &reader);
        assert!(never.is_err() || never.is_ok_and(|entry| entry.is_none()), "{told}");
        counts
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(1), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Damages a file in the kind of this number, and says how.
fn damage(path: &Path, kind: u64, other: &[u8], random: &mut Random) -> String {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    let page = if path.extension().is_some_and(|extension| extension == "db") { 8192 } else { 4096 };
    let pages = length / page;
    let read = |at: u64| {
        let mut bytes = vec![0; usize::try_from(page.min(length - at)).unwrap()];
        file.read_exact_at(&mut bytes, at).unwrap();
        bytes
    };
    let (one, two) = (random.below(pages) * page, random.below(pages) * page);
    let at = random.below(length);
    let what = match kind % 6 {
        0 | 1 => {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            let mask = if kind.is_multiple_of(6) {
                1 << random.below(8)
            } else {
                u8::try_from(1 + random.below(255)).unwrap()
            };
            file.write_all_at(&[byte[0] ^ mask], at).unwrap();
            format!("byte {at} changed by {mask:#x}")
        }
        2 => {
            file.write_all_at(&vec![0; read(one).len()], one).unwrap();
            format!("page at {one} zeroed")
        }
        3 => {
            let (first, second) = (read(one), read(two));
            file.write_all_at(&second, one).unwrap();
            file.write_all_at(&first, two).unwrap();
            format!("pages at {one} and {two} exchanged")
        }
        4 => {
            let from = usize::try_from(one).unwrap();
            let bytes =
                other.get(from..from + usize::try_from(page).unwrap()).map_or_else(|| read(two), <[u8]>::to_vec);
            file.write_all_at(&bytes, one).unwrap();
            format!("page at {one} of another ledger, or of {two}")
        }
        _ => {
            file.set_len(at).unwrap();
            format!("cut at {at}")
        }
    };
    let name = path.file_name().unwrap().to_string_lossy();
    format!("{name}: {what}")
}

#[test]
fn damage_never_makes_a_wrong_repeat_or_receipt() {
    let (mut random, seed) = Random::from_environment();
    let damages = std::env::var("BDCD_DAMAGES").map_or(DAMAGES, |number| number.parse().unwrap());
    let mut whole = Whole::new(0);
    whole.other = Whole::new(1_000).files.into_values().last().unwrap();
    whole.mend();
    assert_eq!(whole.ask(None, &mut random, "nothing"), [ASKED_AGAIN, 0], "of a whole ledger all is told");
    let paths: Vec<_> = whole.files.keys().cloned().collect();
    let mut counts = [0, 0];
    for number in 0..damages {
        whole.mend();
        // Before it is opened, or while it is open; the database more often, for it is larger.
        let ledger = if number % 2 == 0 { None } else { Some(whole.open(None).unwrap()) };
        let path = if random.below(3) > 0 {
            paths.last().unwrap()
        } else {
            &paths[usize::try_from(random.below(paths.len() as u64)).unwrap()]
        };
        let when = if ledger.is_some() { "while open" } else { "before opening" };
        let told = damage(path, number / 2, &whole.other, &mut random);
        let [told_again, errors] = whole.ask(ledger, &mut random, &format!("seed {seed}, {number}, {when}, {told}"));
        counts = [counts[0] + told_again, counts[1] + errors];
    }
    println!(
        "{damages} damages (seed {seed}): {} told again as they were, {} errors, none wrong",
        counts[0], counts[1]
    );
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
}
