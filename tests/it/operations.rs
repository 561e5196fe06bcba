//! Health and metrics: on an address, a thread and a runtime of their own, true whatever happens to the rest.
#![expect(clippy::float_cmp, reason = "the page has floating-point numbers, and what is compared here are counts")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::{FileExt as _, PermissionsExt},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use bdcd::{
    config::Config,
    keys::MasterKey,
    ledger::{Ledger, note::Ed25519Signer, system_clock},
    mirror::Mirror,
    rpc::contract::QueryRequest,
    server::{
        Bound,
        admin::Socket,
        operations::{Operations, Running, Watched},
    },
    service::{answer::Responder, calls::Calls, engine::Engine, exchange::Exchange},
    telemetry::metrics::Metrics,
};
use tokio::{runtime::Handle, task::JoinSet};
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::support::{
    Daemon, Env, PERSON, block_on, client,
    disk::{Act, Disk, ENOSPC, EROFS, until},
    inquiry,
};

const SERVICE: &str = "bdcd.query.v1.QueryService";

/// Health must have turned by then.
const TURNED: Duration = Duration::from_secs(10);

/// A daemon with an address for health and metrics.
struct Operated {
    daemon: Daemon,
    web: Web,
}

/// The address of health and metrics.
#[derive(Clone, Copy)]
struct Web(SocketAddr);

const OPERATIONS: &str = "[operations]\nlisten = \"127.0.0.1:0\"\n";

impl Operated {
    fn new(daemon: Daemon) -> Self {
        let log = daemon.log();
        let line = log.lines().find(|line| line.contains("health and metrics are there")).unwrap();
        let (_, rest) = line.split_once("127.0.0.1:").unwrap();
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Self { daemon, web: Web(SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))) }
    }

    fn serve(env: &Env) -> Self {
        env.configure("log = \"info\"\n", OPERATIONS);
        Self::new(env.serve())
    }

    /// Waits until health is so; how long that took.
    fn wait_for(&self, status: ServingStatus) -> Duration {
        self.web.wait_for(status, || self.daemon.log())
    }
}

impl Web {
    /// What a request of HTTP/1.1 is answered: the head and the body.
    fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.0).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn page(&self) -> Page {
        let (head, body) = self.get("/metrics");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.contains("text/plain; version=0.0.4"), "{head}");
        Page(body)
    }

    fn status(&self, service: &str) -> ServingStatus {
        block_on(async {
            let channel = Endpoint::from_shared(format!("http://{}", self.0)).unwrap().connect().await.unwrap();
            let request = HealthCheckRequest { service: service.to_owned() };
            HealthClient::new(channel).check(request).await.unwrap().into_inner().status()
        })
    }

    /// Waits until health is so, for the daemon and for its service; how long that took.
    fn wait_for(&self, status: ServingStatus, log: impl Fn() -> String) -> Duration {
        let start = Instant::now();
        while self.status("") != status || self.status(SERVICE) != status {
            assert!(start.elapsed() < TURNED, "{status:?} not within {TURNED:?}:\n{}", log());
            thread::sleep(Duration::from_millis(50));
        }
        start.elapsed()
    }
}

/// The page of metrics.
struct Page(String);

impl Page {
    /// The value of a series, as it stands on the page.
    fn value(&self, series: &str) -> f64 {
        let line = self.0.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        let line = line.unwrap_or_else(|| panic!("no {series} in\n{}", self.0));
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// Each name with its type.
    fn types(&self) -> BTreeMap<String, String> {
        let types = self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    }

    /// The labels of each name, `le` of a histogram left out.
    fn labels(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut labels: BTreeMap<String, BTreeSet<String>> =
            self.types().into_keys().map(|name| (name, BTreeSet::new())).collect();
        for line in self.0.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, rest)) = line.split_once('{') else { continue };
            let own = ["_bucket", "_sum", "_count"].into_iter().find_map(|part| {
                let name = series.strip_suffix(part)?;
                labels.contains_key(name).then(|| name.to_owned())
            });
            let found = labels.get_mut(&own.unwrap_or_else(|| series.to_owned())).unwrap();
            // A value holds no quote here.
            let inside = rest.rsplit_once('}').unwrap().0;
            let names = inside.split('"').step_by(2).map(|name| name.trim_matches([',', '=']));
            found.extend(names.filter(|name| !name.is_empty() && *name != "le").map(str::to_owned));
        }
        labels
    }

    /// The values of a label of a name.
    fn words(&self, name: &str, label: &str) -> BTreeSet<String> {
        let lines = self.0.lines().filter(|line| line.starts_with(&format!("{name}{{")));
        let values = lines.map(|line| {
            let (_, rest) = line.split_once(&format!("{label}=\"")).unwrap();
            rest.split('"').next().unwrap().to_owned()
        });
        values.collect()
    }
}

#[test]
fn what_is_asked_is_counted_and_shown() {
    let env = Env::with_county();
    let operated = Operated::serve(&env);
    block_on(async {
        let mut client = env.connect(&operated.daemon, "gateway").await;
        let asked = inquiry(PERSON);
        for _ in 0..2 {
            client.query(asked.clone()).await.unwrap();
        }
        client.query(QueryRequest { inquiry: None }).await.unwrap_err();
        let mut stranger = env.connect(&operated.daemon, "unlisted").await;
        for _ in 0..62 {
            stranger.query(inquiry(PERSON)).await.unwrap_err();
        }
        let page = operated.web.page();
        assert_eq!(page.value("bdcd_connections{peer=\"gateway\"}"), 1.0);
        assert_eq!(page.value("bdcd_connections{peer=\"stranger\"}"), 1.0);
    });
    let page = operated.web.page();
    for (series, value) in [
        ("bdcd_calls_total{call=\"query\",outcome=\"answered\"}", 2.0),
        ("bdcd_calls_total{call=\"query\",outcome=\"refused\"}", 1.0),
        ("bdcd_calls_total{call=\"exchange\",outcome=\"answered\"}", 0.0),
        ("bdcd_inquiries_total{outcome=\"answered\"}", 2.0),
        ("bdcd_refusals_total{reason=\"BAD_INQUIRY\"}", 1.0),
        ("bdcd_answer_duration_seconds_count{call=\"query\"}", 2.0),
        ("bdcd_log_lines_dropped_total", 0.0),
        ("bdcd_generation_sequence", 1.0),
        ("bdcd_generations_damaged", 0.0),
        ("bdcd_ledger_writable", 1.0),
        ("bdcd_ledger_write_failures_total", 0.0),
        ("bdcd_ledger_waiting_entries", 0.0),
    ] {
        assert_eq!(page.value(series), value, "{series}\n{}", page.0);
    }
    let (refused, turned_away) = (
        page.value("bdcd_strangers_total{outcome=\"refused\"}"),
        page.value("bdcd_strangers_total{outcome=\"unavailable\"}"),
    );
    assert_eq!(refused + turned_away, 62.0);
    assert!(turned_away >= 1.0, "{turned_away}");
    assert_eq!(page.value("bdcd_refusals_total{reason=\"UNKNOWN_GATEWAY\"}"), refused);
    assert_eq!(page.value("bdcd_unavailable_total{reason=\"TOO_MANY_STRANGERS\"}"), turned_away);
    let entries = env.reader().size().unwrap();
    assert_eq!(page.value("bdcd_ledger_entries"), f64::from(u32::try_from(entries).unwrap()));
    let now = f64::from(u32::try_from(jiff::Timestamp::now().as_second()).unwrap());
    let age = page.value("bdcd_generation_age_seconds");
    assert!((age - (now - page.value("bdcd_generation_as_of_timestamp_seconds"))).abs() < 10.0);
    assert!((now - page.value("process_start_time_seconds")).abs() < 60.0);
    let roles = page.words("bdcd_certificate_remaining_days", "role");
    assert_eq!(roles.into_iter().collect::<Vec<_>>(), ["client-ca", "gateway", "server"]);
    // Nothing of a person, nothing that a caller sent.
    for text in [PERSON.0, PERSON.2, "测01", "测试法官", "T0001"] {
        assert!(!page.0.contains(text), "{text}");
    }
}

/// A daemon that answers as fast as it can still shows its page, and is healthy.
#[test]
fn load_hides_neither_health_nor_metrics() {
    const CONNECTIONS: usize = 4;
    const AT_ONCE: usize = 16;

    let env = Env::with_county();
    let operated = Operated::serve(&env);
    operated.wait_for(ServingStatus::Serving);
    let ended = Arc::new(AtomicBool::new(false));
    let mut longest = Duration::ZERO;
    let mut answered = Vec::new();
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                block_on(async {
                    let channel = env.channel(&operated.daemon, "gateway").await;
                    let mut asking = JoinSet::new();
                    for _ in 0..AT_ONCE {
                        let (mut client, ended) = (client(channel.clone()), Arc::clone(&ended));
                        asking.spawn(async move {
                            while !ended.load(Ordering::Relaxed) {
                                client.query(inquiry(PERSON)).await.unwrap();
                            }
                        });
                    }
                    asking.join_all().await;
                });
            });
        }
        for _ in 0..20 {
            let start = Instant::now();
            let page = operated.web.page();
            assert_eq!(operated.web.status(SERVICE), ServingStatus::Serving);
            longest = longest.max(start.elapsed());
            answered.push(page.value("bdcd_inquiries_total{outcome=\"answered\"}"));
            thread::sleep(Duration::from_millis(100));
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert!(answered.is_sorted() && answered[19] > answered[0] + 100.0, "{answered:?}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    println!("{} answers in 2 s, page and health together within {longest:?}", answered[19] - answered[0]);
}

/// Puts what a daemon consists of together in this process, so that its main runtime can be held up.
async fn put_together(env: &Env) -> (Web, Running) {
    let config = Config::read(&env.path("bdcd.toml")).unwrap();
    let master = MasterKey::read(env.path("master.key")).unwrap();
    let signer = Ed25519Signer::parse(fs::read_to_string(env.path("ledger.key")).unwrap().trim_end()).unwrap();
    let ledger = Arc::new(Ledger::open(&config.ledger(), &master, signer, system_clock()).unwrap());
    let engine = Engine::start(Mirror::new(env.path("mirror"), master), &ledger, config.engine()).unwrap();
    let responder = Responder::new(Arc::new(engine), Arc::clone(&ledger), Metrics::default(), 1 << 20);
    let calls = Calls::new(responder, config.policy().unwrap(), Exchange::new(config.exchange.clone()));
    let tls = &config.tls;
    let door = bdcd::server::tls::door(&tls.certificate, &tls.key, &tls.client_ca).unwrap();
    let bound = Bound::bind(config.listen, door, config.server()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let operations = Operations::new(Socket::bind(&config.socket).unwrap(), Some(listener));
    let web = Web(operations.address().unwrap());
    let certificates = config.certificates().unwrap();
    let watched = Watched { ledger, calls, slots: bound.slots().clone(), certificates };
    (web, operations.start(watched, Handle::current()).unwrap())
}

/// The runtime that answers calls stands still: the page is shown all the same, and nothing is called healthy; and back.
#[test]
fn a_main_runtime_that_stands_still_is_told_by_another_one() {
    let env = Env::with_county();
    let (told, tell) = mpsc::channel();
    let (stand_still, told_to) = tokio::sync::oneshot::channel::<()>();
    let (go_on, held) = mpsc::channel::<()>();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let env = &env;
    thread::scope(|scope| {
        scope.spawn(move || {
            block_on(async {
                let (web, running) = put_together(env).await;
                told.send(web).unwrap();
                told_to.await.unwrap();
                held.recv().unwrap();
                ended.await.unwrap();
                drop(running);
            });
        });
        let web = tell.recv().unwrap();
        web.wait_for(ServingStatus::Serving, String::new);
        stand_still.send(()).unwrap();
        let took = web.wait_for(ServingStatus::NotServing, String::new);
        assert_eq!(web.page().value("bdcd_healthy"), 0.0);
        go_on.send(()).unwrap();
        web.wait_for(ServingStatus::Serving, String::new);
        println!("told within {took:?}");
        end.send(()).unwrap();
    });
}

#[test]
fn log_lines_that_nobody_reads_are_counted_on_the_page() {
    /// More than the queue (4,096) and a pipe of 64 KiB hold.
    const REFUSALS: usize = 6000;

    let env = Env::with_county();
    // The log does not tell the ports, since nobody reads it.
    let ports = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [main, web] = ports.map(|port| port.local_addr().unwrap());
    env.configure("log = \"info\"\n", &format!("[operations]\nlisten = \"{web}\"\n"));
    let file = env.path("bdcd.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("127.0.0.1:0", &main.to_string())).unwrap();
    let mut child = env.command().stderr(Stdio::piped()).spawn().unwrap();
    let mut unread = child.stderr.take().unwrap();
    let web = Web(web);
    until("the daemon listens", || [main, web.0].iter().all(|address| TcpStream::connect(address).is_ok()));
    block_on(async {
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", main.port())).unwrap();
        let mut client = client(endpoint.tls_config(env.tls("gateway")).unwrap().connect().await.unwrap());
        for _ in 0..REFUSALS {
            client.query(QueryRequest { inquiry: None }).await.unwrap_err();
        }
    });
    let page = web.page();
    let dropped = page.value("bdcd_log_lines_dropped_total");
    assert!(dropped > 0.0, "{}", page.0);
    assert_eq!(page.value("bdcd_refusals_total{reason=\"BAD_INQUIRY\"}"), 6000.0);
    let reading = thread::spawn(move || {
        let mut log = String::new();
        unread.read_to_string(&mut log).unwrap();
        log
    });
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
    let log = reading.join().unwrap();
    let ended = log.lines().filter(|line| line.contains("call ended")).count();
    // Each refusal has one line, written or counted; of the few lines beside, some may be among the dropped.
    let counted = f64::from(u32::try_from(ended).unwrap()) + dropped;
    assert!((6000.0..6010.0).contains(&counted), "{ended} written, {dropped} dropped");
}

/// Nobody asks anything: the probe alone finds that nothing can be written, and that it can again.
#[test]
fn health_follows_the_ledgers_writer_and_probes_leave_no_entry() {
    for error in [EROFS, ENOSPC] {
        let env = Env::with_county();
        env.configure("log = \"info\"\n", OPERATIONS);
        let disk = Disk::under(&env);
        let operated = Operated::new(Env::start(&mut disk.command(&env)).unwrap());
        operated.wait_for(ServingStatus::Serving);
        let entries = operated.web.page().value("bdcd_ledger_entries");
        let calls = disk.calls();
        until("another probe wrote", || disk.calls() > calls);
        let page = operated.web.page();
        assert_eq!(page.value("bdcd_ledger_entries"), entries);
        assert_eq!(page.value("bdcd_inquiries_total{outcome=\"answered\"}"), 0.0);

        disk.order(Act::Fail, 1, u64::MAX, error);
        let took = operated.wait_for(ServingStatus::NotServing);
        let page = operated.web.page();
        assert_eq!((page.value("bdcd_healthy"), page.value("bdcd_ledger_writable")), (0.0, 0.0));
        assert_eq!(page.value("bdcd_ledger_write_failures_total"), 1.0);
        assert!(page.value("bdcd_probe_failures_total") >= 1.0);
        disk.mend();
        let back = operated.wait_for(ServingStatus::Serving);
        let page = operated.web.page();
        assert_eq!((page.value("bdcd_healthy"), page.value("bdcd_ledger_writable")), (1.0, 1.0));
        // The one that says that the ledger is written again.
        assert_eq!(page.value("bdcd_ledger_entries"), entries + 1.0);
        println!("error {error}: told within {took:?}, and back within {back:?}");
        assert!(operated.daemon.stop());
        assert_eq!(env.run(&["ledger", "verify"]).status.code(), Some(0));
    }
}

/// The ledger's writer waits for a disk that stands still: nothing fails, and nothing comes back.
#[test]
fn health_follows_a_writer_that_stands_still() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", OPERATIONS);
    let disk = Disk::under(&env);
    let operated = Operated::new(Env::start(&mut disk.command(&env)).unwrap());
    operated.wait_for(ServingStatus::Serving);
    disk.order(Act::Stall, 1, u64::MAX, 0);
    let took = operated.wait_for(ServingStatus::NotServing);
    let page = operated.web.page();
    assert_eq!((page.value("bdcd_healthy"), page.value("bdcd_probe_failures_total")), (0.0, 0.0));
    assert!(operated.daemon.log().contains("a probe does not come back"), "{}", operated.daemon.log());
    disk.mend();
    let back = operated.wait_for(ServingStatus::Serving);
    println!("told within {took:?}, and back within {back:?}");
    assert!(operated.daemon.stop());
    assert_eq!(env.run(&["ledger", "verify"]).status.code(), Some(0));
}

#[test]
fn whoever_watches_health_is_told_when_it_turns() {
    let env = Env::with_county();
    env.configure("log = \"info\"\n", OPERATIONS);
    let disk = Disk::under(&env);
    let operated = Operated::new(Env::start(&mut disk.command(&env)).unwrap());
    operated.wait_for(ServingStatus::Serving);
    block_on(async {
        let channel = Endpoint::from_shared(format!("http://{}", operated.web.0)).unwrap().connect().await.unwrap();
        let mut health = HealthClient::new(channel);
        let request = HealthCheckRequest { service: SERVICE.to_owned() };
        let mut told = health.watch(request).await.unwrap().into_inner();
        let mut next = async || told.message().await.unwrap().unwrap().status();
        assert_eq!(next().await, ServingStatus::Serving);
        disk.order(Act::Fail, 1, u64::MAX, EROFS);
        assert_eq!(next().await, ServingStatus::NotServing);
        disk.mend();
        assert_eq!(next().await, ServingStatus::Serving);
        let request = HealthCheckRequest { service: "another".to_owned() };
        assert_eq!(health.check(request).await.unwrap_err().code(), Code::NotFound);
    });
    assert!(operated.web.get("/").0.starts_with("HTTP/1.1 404"), "{}", operated.web.get("/").0);
}

/// The only generation is damaged under the daemon: the probe comes by it, whoever asks or not.
#[test]
fn health_follows_damage_of_the_only_generation() {
    let env = Env::with_county();
    let operated = Operated::serve(&env);
    operated.wait_for(ServingStatus::Serving);
    let folder = fs::read_dir(env.path("mirror/generations")).unwrap().next().unwrap().unwrap().path();
    let database = folder.join("mirror.db");
    let whole = fs::read(&database).unwrap();
    fs::set_permissions(&database, PermissionsExt::from_mode(0o600)).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&database).unwrap();
    // All but the page that says what the file is.
    file.write_all_at(&vec![0xa5; whole.len() - 4096], 4096).unwrap();
    let took = operated.wait_for(ServingStatus::NotServing);
    until("the mark is counted", || operated.web.page().value("bdcd_generations_damaged") == 1.0);
    let loaded = env.run(&["snapshot", "load", "fixtures/county"]);
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    let back = operated.wait_for(ServingStatus::Serving);
    until("nothing is damaged", || operated.web.page().value("bdcd_generations_damaged") == 0.0);
    println!("told within {took:?}, and back within {back:?}");
}

#[test]
fn a_daemon_without_the_section_listens_nowhere_else() {
    let env = Env::with_county();
    let daemon = env.serve();
    assert!(!daemon.log().contains("health and metrics"), "{}", daemon.log());
    assert!(daemon.stop());
}

#[test]
fn an_address_that_others_reach_must_be_meant() {
    let env = Env::with_county();
    env.configure("", "[operations]\nlisten = \"0.0.0.0:0\"\n");
    let output = env.run(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("operations.beyond-loopback"), "{said}");
    env.configure("", "[operations]\nlisten = \"0.0.0.0:0\"\nbeyond-loopback = true\n");
    assert!(env.serve().stop());
}

/// A row of the table in `METRICS.md`.
struct Row {
    name: String,
    kind: String,
    unit: String,
    labels: BTreeSet<String>,
    says: String,
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/METRICS.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, unit, labels, says, _] = cells[..] else { panic!("{line}") };
        let bare = |text: &str| text.trim().trim_matches('`').to_owned();
        let labels = labels.split(',').map(bare).filter(|label| !label.is_empty()).collect();
        Row { name: bare(name), kind: kind.to_owned(), unit: unit.to_owned(), labels, says: says.to_owned() }
    });
    rows.collect()
}

/// Words of the program that begin with a capital and stand on the right of an arrow, in this file.
fn reasons_of(path: &str) -> BTreeSet<String> {
    let source = fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let after = source.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let is_reason = |word: &&str| word.len() > 3 && word.chars().all(|char| char.is_ascii_uppercase() || char == '_');
    after.filter(is_reason).map(str::to_owned).collect()
}

#[test]
fn the_page_of_metrics_is_the_one_that_is_described() {
    let env = Env::with_county();
    let operated = Operated::serve(&env);
    operated.wait_for(ServingStatus::Serving);
    until("every generation was checked", || {
        operated.web.page().0.contains("bdcd_generations_checked_timestamp_seconds ")
    });
    let page = operated.web.page();
    let rows = rows();
    let described: BTreeMap<_, _> = rows.iter().map(|row| (row.name.clone(), row.kind.clone())).collect();
    assert_eq!(described, page.types());
    assert_eq!(described.len(), rows.len(), "a name stands twice");
    let labels: BTreeMap<_, _> = rows.iter().map(|row| (row.name.clone(), row.labels.clone())).collect();
    assert_eq!(labels, page.labels());
    for Row { name, kind, unit, says, .. } in &rows {
        let suffix = if kind == "counter" {
            "_total"
        } else if unit.starts_with("seconds") {
            "_seconds"
        } else {
            ""
        };
        assert!(name.ends_with(suffix) && !says.is_empty(), "{name}: {unit}");
        assert_eq!(
            name.ends_with("_timestamp_seconds") || name == "process_start_time_seconds",
            unit == "seconds since 1970"
        );
    }
    // Each word that can be counted has a series from the start.
    assert_eq!(page.words("bdcd_refusals_total", "reason"), reasons_of("src/service/refusal.rs"));
    let unavailable = &reasons_of("src/service/answer.rs") | &reasons_of("src/service/calls.rs");
    assert_eq!(page.words("bdcd_unavailable_total", "reason"), unavailable);
    for (name, label, words) in [
        ("bdcd_calls_total", "call", &["exchange", "query"][..]),
        ("bdcd_calls_total", "outcome", &["answered", "refused", "unavailable"]),
        ("bdcd_inquiries_total", "outcome", &["answered", "refused", "unavailable"]),
        ("bdcd_strangers_total", "outcome", &["refused", "unavailable"]),
        ("bdcd_connections", "peer", &["gateway", "stranger"]),
    ] {
        assert_eq!(page.words(name, label).into_iter().collect::<Vec<_>>(), words, "{name}");
    }
}
