//! The process guards itself: nobody reads its log, nobody may look into its memory, a file may not grow.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bdcd::{
    keys::{MasterKey, read_secret},
    ledger::{Reader, note::Ed25519Signer},
    mirror::Mirror,
    rpc::contract::{QueryRequest, query_service_client::QueryServiceClient},
};
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};

use crate::support::{Daemon, Env, PERSON, block_on, client, disk::until, inquiry};

/// How long nobody reads the log, in the suite; `BDCD_BLOCKED_SECONDS` says otherwise.
const BLOCKED_SECONDS: u64 = 4;

/// Refusals, each with a line: more than the queue (4,096) and a pipe of 64 KiB hold.
const REFUSALS: u64 = 6000;

/// A shell that starts the daemon with limits of its own.
fn limited(env: &Env, limit: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{limit} && exec \"$0\" serve --config \"$1\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_bdcd"), env.path("bdcd.toml").to_str().unwrap()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A daemon whose standard error is held and not read, and a client of it.
fn unread(env: &Env, command: &mut Command) -> (Child, ChildStderr, u16) {
    // Its log does not tell the port, since nobody reads it.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = env.path("bdcd.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"))).unwrap();
    let mut child = command.spawn().unwrap();
    let unread = child.stderr.take().unwrap();
    until("the daemon listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    (child, unread, port)
}

async fn connect(env: &Env, port: u16) -> QueryServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("https://localhost:{port}")).unwrap();
    client(endpoint.tls_config(env.tls("gateway")).unwrap().connect().await.unwrap())
}

fn terminate(child: &mut Child) {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_log_that_nobody_reads_stops_no_answer_and_no_stop() {
    let env = Env::with_county();
    let (mut child, unread, port) = unread(&env, &mut env.command());
    let seconds = std::env::var("BDCD_BLOCKED_SECONDS").map_or(BLOCKED_SECONDS, |text| text.parse().unwrap());
    let mut asked = 0;
    block_on(async {
        let (mut client, start) = (connect(&env, port).await, Instant::now());
        while start.elapsed() < Duration::from_secs(seconds) || asked < REFUSALS {
            let status = client.query(QueryRequest { inquiry: None }).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument);
            if asked % 10 == 0 {
                client.query(inquiry(PERSON)).await.unwrap();
            }
            asked += 1;
        }
    });
    // Within what it gives its log, its error text and the calls under way.
    let start = Instant::now();
    terminate(&mut child);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(unread);
    assert_eq!(env.run(&["ledger", "verify"]).status.code(), Some(0));
    println!("{asked} refusals, and answers between them, in {seconds} s and more, nobody reading the log");
}

#[test]
fn lines_that_were_dropped_are_counted_once_somebody_reads() {
    let env = Env::with_county();
    let (mut child, mut unread, port) = unread(&env, &mut env.command());
    block_on(async {
        let mut client = connect(&env, port).await;
        for _ in 0..REFUSALS {
            client.query(QueryRequest { inquiry: None }).await.unwrap_err();
        }
    });
    let reading = thread::spawn(move || {
        let mut log = String::new();
        unread.read_to_string(&mut log).unwrap();
        log
    });
    terminate(&mut child);
    let log = reading.join().unwrap();
    let ended = u64::try_from(log.lines().filter(|line| line.contains("call ended")).count()).unwrap();
    let reports = log.lines().filter(|line| line.contains("log lines were dropped"));
    let dropped: u64 = reports
        .map(|line| line.split_once("lines=").unwrap().1.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert!(dropped > 0, "{ended}");
    // Each refusal has one line, written or counted; of the few lines beside, some may be among the dropped.
    assert!((REFUSALS..REFUSALS + 5).contains(&(ended + dropped)), "{ended} written, {dropped} dropped");
}

#[test]
fn no_core_is_written_though_the_limit_of_the_shell_allows_it() {
    let env = Env::with_county();
    let mut daemon =
        Env::start(&mut limited(&env, &format!("cd {} && ulimit -c unlimited", env.path("").display()))).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    Command::new("kill").args(["-ABRT", &daemon.id().to_string()]).status().unwrap();
    until_ended(&mut daemon);
    // Where it ran. A machine may hand cores to a program instead, whatever the limit: the state of the next test forbids that.
    let left: Vec<_> = fs::read_dir(env.path("")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("core")), "{left:?}");
}

/// A command of this user, who may not look into all processes: of root's rights it gives up this one.
fn plain(words: &[&str]) -> Command {
    let gives_up = ["setpriv", "--inh-caps", "-sys_ptrace", "--bounding-set", "-sys_ptrace"];
    let is_root = rustix::process::geteuid().is_root();
    let words: Vec<_> = gives_up.into_iter().filter(|_| is_root).chain(words.iter().copied()).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Whether another process of the same user can look into this one.
fn is_open_to_its_user(process: u32) -> bool {
    plain(&["sh", "-c", &format!(": < /proc/{process}/mem")]).output().unwrap().status.success()
}

/// The state that forbids tracing forbids cores too, also where they go to a program, for which the kernel asks no limit.
#[test]
fn nobody_of_its_own_user_looks_into_a_daemon_or_gets_its_core() {
    let env = Env::with_county();
    let file = env.path("bdcd.toml");
    let words = [env!("CARGO_BIN_EXE_bdcd"), "serve", "--config", file.to_str().unwrap()];
    let (mut child, _unread, _) = unread(&env, &mut plain(&words));
    let mut other = plain(&["sleep", "60"]).spawn().unwrap();
    until("the other program runs", || is_open_to_its_user(other.id()));
    assert!(!is_open_to_its_user(child.id()));
    other.kill().unwrap();
    other.wait().unwrap();
    Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
    assert!(!child.wait().unwrap().core_dumped());
}

fn until_ended(daemon: &mut Daemon) {
    let start = Instant::now();
    while daemon.is_running() {
        assert!(start.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(2));
    }
}

/// A limit on file sizes that the ledger's log reaches: the ledger is told of as not writable, and the daemon lives.
#[test]
fn a_limit_on_file_sizes_ends_no_daemon() {
    let env = Env::with_county();
    // In blocks of 512 bytes: 256 KiB, which entries of some KiB soon exceed.
    let mut daemon = Env::start(&mut limited(&env, "ulimit -f 512")).unwrap();
    let code = block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        for _ in 0..2_000 {
            if let Err(status) = client.query(inquiry(PERSON)).await {
                return status.code();
            }
        }
        Code::Ok
    });
    assert_eq!(code, Code::Unavailable);
    assert!(daemon.is_running());
    assert!(daemon.log().contains("cannot write the ledger"), "{}", daemon.log());
}

/// Every file and folder below this one, but sockets.
fn below(folder: &std::path::Path) -> Vec<(std::path::PathBuf, fs::Metadata)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            let metadata = fs::symlink_metadata(&path).unwrap();
            let inner = if metadata.is_dir() { below(&path) } else { Vec::new() };
            [(path, metadata)].into_iter().chain(inner)
        })
        .collect()
}

#[test]
fn modes_do_not_follow_the_umask() {
    for umask in ["000", "777"] {
        let env = Env::empty();
        fs::remove_dir_all(env.path("ledger")).unwrap();
        fs::remove_file(env.path("ledger.key")).unwrap();
        fs::remove_file(env.path("ledger.pub")).unwrap_or_default();
        let run = |arguments: &str| {
            let script = format!("umask {umask} && exec \"$0\" {arguments} --config \"$1\"");
            let mut command = Command::new("sh");
            command.args(["-c", &script, env!("CARGO_BIN_EXE_bdcd"), env.path("bdcd.toml").to_str().unwrap()]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
            command
        };
        for arguments in
            ["ledger create --origin test.example/990102", "snapshot load --unsigned=untold fixtures/county"]
        {
            let output = run(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let daemon = Env::start(&mut run("serve")).unwrap();
        block_on(async { env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap() });
        until("a run of the index", || fs::read_dir(env.path("ledger/index")).is_ok_and(|runs| runs.count() > 0));
        let found: Vec<_> = ["mirror", "ledger"].into_iter().flat_map(|folder| below(&env.path(folder))).collect();
        assert!(found.len() > 10, "{found:?}");
        for (path, metadata) in found {
            let bits = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            let is_never_written_again = path.components().any(|part| part.as_os_str() == "generations")
                || path.components().any(|part| part.as_os_str() == "index");
            let expected = match (metadata.is_dir(), is_never_written_again) {
                (true, _) => 0o700,
                (false, true) => 0o400,
                (false, false) => 0o600,
            };
            assert_eq!(bits, expected, "{umask}: {}", path.display());
        }
        assert!(daemon.stop());
    }
}

#[test]
fn who_is_not_the_owner_writes_nothing() {
    let env = Env::with_county();
    // Only root may give files away.
    if std::os::unix::fs::chown(env.path("mirror"), Some(65_533), None).is_err() {
        println!("not root: whose files are whose is not tried");
        return;
    }
    std::os::unix::fs::chown(env.path("ledger"), Some(65_533), None).unwrap();
    for arguments in [&["snapshot", "load", "fixtures/county"][..], &["snapshot", "check"], &["serve"]] {
        let output = env.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("belongs to the user with number 65533") && said.contains("runuser"), "{said}");
    }
}

#[test]
fn a_private_key_that_others_may_read_is_refused() {
    let env = Env::with_county();
    let key = env.path("tls/server.key");
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let output = env.run(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("server.key") && said.contains("640"), "{said}");
}

/// How often each of these stands in the memory of a process; root may look, whatever the process forbids.
fn copies_in_memory(process: u32, wanted: &[&[u8]]) -> Option<Vec<usize>> {
    let memory = fs::File::open(format!("/proc/{process}/mem")).ok()?;
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let mut copies = vec![0; wanted.len()];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if std::os::unix::fs::FileExt::read_exact_at(&memory, &mut bytes, from).is_ok() {
            count(&bytes, wanted, &mut copies);
        }
    }
    Some(copies)
}

/// Counts what is wanted; it passes over pages of zeros, which are most, since it runs without optimisation.
fn count(bytes: &[u8], wanted: &[&[u8]], copies: &mut [usize]) {
    const PAGE: [u8; 4096] = [0; 4096];
    let mut is_first = [false; 256];
    for wanted in wanted {
        is_first[usize::from(wanted[0])] = true;
    }
    for (page, start) in bytes.chunks(PAGE.len()).zip((0..).step_by(PAGE.len())).filter(|(page, _)| *page != &PAGE[..])
    {
        for (at, _) in page.iter().enumerate().filter(|(_, byte)| is_first[usize::from(**byte)]) {
            for (wanted, copies) in wanted.iter().zip(&mut *copies) {
                *copies += usize::from(bytes[start + at..].starts_with(wanted));
            }
        }
    }
}

/// What of the secrets of a county must not be left in memory: the master key, its digits, the ledger's key and its digits.
fn secrets(env: &Env) -> [Vec<u8>; 4] {
    let [master, signer] = ["master.key", "ledger.key"].map(|file| fs::read_to_string(env.path(file)).unwrap());
    // `PRIVATE+KEY+name+id+digits`, and the digits may hold a plus sign.
    let digits = signer.trim_end().splitn(5, '+').last().unwrap();
    let key = (0..32).map(|at| u8::from_str_radix(&master[2 * at..2 * at + 2], 16).unwrap());
    // The first byte of the ledger's key says that it is Ed25519.
    let seed = STANDARD.decode(digits).unwrap().split_off(1);
    [key.collect(), master.as_bytes()[..64].to_vec(), seed, digits.as_bytes().to_vec()]
}

/// Another process: it takes the keys of a county, opens ledger and mirror with them, lets all go, says so, and waits.
#[test]
fn keys_are_taken_and_let_go() {
    let Ok(folder) = std::env::var("BDCD_KEYS_TO_LET_GO").map(PathBuf::from) else { return };
    {
        let master = MasterKey::read(folder.join("master.key")).unwrap();
        let text = read_secret(&folder.join("ledger.key")).unwrap();
        let signer = Ed25519Signer::parse(text.trim_end()).unwrap();
        let ledger = Reader::open(&folder.join("ledger"), &master).unwrap();
        let size = ledger.check_head(&signer).unwrap();
        let mirror = Mirror::new(folder.join("mirror"), master);
        let name = mirror.current().unwrap().unwrap();
        mirror.open(&name).unwrap();
        println!("opened {name} and a ledger of {size} entries");
    }
    println!("let go");
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap_or_default();
}

#[test]
fn keys_leave_nothing_in_memory_when_their_owners_are_let_go() {
    let env = Env::with_county();
    let folder = env.path("");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "guard::keys_are_taken_and_let_go", "--nocapture", "--test-threads", "1"])
        .env("BDCD_KEYS_TO_LET_GO", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.into_iter().any(|line| line.contains("let go")));
    let secrets = secrets(&env);
    // The name of the folder is there: what is searched for would be found.
    let wanted: Vec<_> = secrets.iter().map(Vec::as_slice).chain([folder.to_str().unwrap().as_bytes()]).collect();
    let found = copies_in_memory(child.id(), &wanted);
    child.kill().unwrap();
    child.wait().unwrap();
    let Some(found) = found else { return println!("not root: memory cannot be looked at here") };
    assert!(found[4] > 0);
    assert_eq!(found[..4], [0; 4], "copies of the master key, its digits, the ledger's key, its digits");
}

/// What its keys were read from is gone once a daemon serves. The master key stays, once: it opens the next generation.
#[test]
fn a_daemon_that_serves_holds_the_master_key_once() {
    let env = Env::with_county();
    let daemon = Env::start(&mut env.command()).unwrap();
    block_on(async { env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap() });
    let secrets = secrets(&env);
    let Some(found) = copies_in_memory(daemon.id(), &secrets.each_ref().map(Vec::as_slice)) else {
        return println!("not root: memory cannot be looked at here");
    };
    assert_eq!(found, [1, 0, 0, 0], "copies of the master key, its digits, the ledger's key, its digits");
}

#[test]
fn a_limit_on_descriptors_that_leaves_no_room_for_connections_stops_the_start() {
    let env = Env::with_county();
    // How many it opens depends on the machine; somewhere there is room for what it opens, and for little more.
    let mut said = String::new();
    for limit in (20..200).step_by(6) {
        match Env::start(&mut limited(&env, &format!("ulimit -n {limit}"))) {
            Ok(_) => break,
            Err(told) => said = told,
        }
    }
    assert!(said.contains("the limit on open files is "), "{said}");
    assert!(said.contains("LimitNOFILE") && said.contains("ulimit -n"), "{said}");
    // The least that it asks for is enough to answer.
    let least: u64 = said.split_once("it must be ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    // The check of the generations holds a file for a moment, now and then while the daemon counts.
    let daemon = Env::start(&mut limited(&env, &format!("ulimit -n {}", least + 4))).unwrap();
    block_on(async {
        env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap();
    });
    assert!(daemon.stop());
}
