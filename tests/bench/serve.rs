//! How many inquiries a second the daemon answers, each with its receipt, beside a bare echo of the same bytes.
//!
//! `cargo bench --bench serve [-- UNITS]` makes a synthetic county of UNITS units (default 100,000), and measures over mutual
//! TLS, at 1, 16 and 64 calls in flight on one connection:
//!
//! - `bdcd serve` as it comes, its log to a file: every call asks under a request number of its own, so that each is answered
//!   afresh and its evidence synced before it leaves;
//! - the floor: a bare tonic service behind the same TLS configuration and the same server options, which sends back bytes that
//!   the daemon answered before, decoding and encoding nothing.
//!
//! Each is a process of its own with a runtime of one thread; this one asks both in the same way. Rounds of both alternate; the
//! median of their ratios counts.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints its figures")]

use std::{
    convert::Infallible,
    env,
    error::Error,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bdcd::{
    ledger::{note::VerifierKey, receipt::Receipt},
    package::synthetic,
    rpc::{contract, wire},
    server::tls,
};
use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{BoxFuture, Service, http},
    server::UnaryService,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server},
};

/// The allocator of the daemon, which is what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failed = Box<dyn Error + Send + Sync>;

const PATH: &str = "/bdcd.query.v1.QueryService/Query";
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(1500);
const IN_FLIGHT: [usize; 3] = [1, 16, 64];

/// How long the daemon is left alone after a round of its own, so that what it puts in order when idle does not slow the floor.
const SETTLING: Duration = Duration::from_secs(2);

/// People asked about.
const SUBJECTS: usize = 500;

/// A request number, to be replaced by one of the same length.
const NUMBER: &str = "202600000000000000000";

fn main() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--echo") {
        return runtime.block_on(echo(Path::new(&arguments[at + 1]), arguments[at + 2].parse()?));
    }
    let units = arguments.iter().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::Builder::new().prefix("bdcd-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let play = folder.path().join("play");
    let port = prepare(&play, units)?;
    runtime.block_on(measure(&play, port))
}

/// Makes keys, certificates, a configuration and the county, and loads it; returns the port to serve on.
fn prepare(play: &Path, units: u64) -> Result<u16, Failed> {
    let bdcd = |arguments: &[&Path]| -> Result<(), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bdcd"));
        let status = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if status.success() { Ok(()) } else { Err(format!("`bdcd` failed: {arguments:?}").into()) }
    };
    bdcd(&["demo".as_ref(), "--keep".as_ref(), play])?;
    let config = play.join("bdcd.toml");
    // The demo is quiet; the daemon as it comes is not.
    let text = fs::read_to_string(&config)?.replace("log = \"warn\"\n", "");
    fs::write(&config, &text)?;
    // The demo's own county would be in the way: it is not older than the synthetic one.
    fs::remove_dir_all(play.join("mirror"))?;
    synthetic::generate(&play.join("synthetic"), units)?;
    bdcd(&[
        "snapshot".as_ref(),
        "load".as_ref(),
        "--unsigned=bench".as_ref(),
        "--config".as_ref(),
        &config,
        &play.join("synthetic"),
    ])?;
    let port = text.split("listen = \"127.0.0.1:").nth(1).and_then(|rest| rest.split('"').next());
    Ok(port.ok_or("the configuration names no port")?.parse()?)
}

async fn measure(play: &Path, port: u16) -> Result<(), Failed> {
    let log = || fs::OpenOptions::new().create(true).append(true).open(play.join("serve.log"));
    let own = Command::new(env!("CARGO_BIN_EXE_bdcd"))
        .args(["serve".as_ref(), "--config".as_ref(), play.join("bdcd.toml").as_os_str()])
        .stderr(log()?)
        .spawn()?;
    let _own = Ends(own);
    let own = connect(play, port).await?;
    let asked: Arc<Vec<Vec<u8>>> = Arc::new(people(&play.join("synthetic"))?);
    let next = Arc::new(AtomicU64::new(1));
    let responses = once_each(&own, &asked, &next).await?;
    let key = VerifierKey::parse(fs::read_to_string(play.join("ledger.pub"))?.trim_end())?;
    verify(&responses, &key)?;
    let bytes: usize = responses.iter().map(Bytes::len).sum();
    println!("{SUBJECTS} subjects, responses of {} bytes with their receipts", bytes / responses.len());
    keep(&play.join("responses"), &responses)?;

    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let floor = Command::new(env::current_exe()?).arg("--echo").arg(play).arg(free.to_string()).spawn()?;
    let _floor = Ends(floor);
    let floor = connect(play, free).await?;
    for in_flight in IN_FLIGHT {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let echoed = round(&floor, &asked, &next, in_flight).await?;
            let answered = round(&own, &asked, &next, in_flight).await?;
            verify(&answered.last, &key)?;
            tokio::time::sleep(SETTLING).await;
            rounds.push((answered, echoed));
        }
        let median = |figure: fn(&(Round, Round)) -> f64| median(rounds.iter().map(figure).collect());
        println!(
            "{in_flight:2} in flight {:7.0}/s p50 {:5.0} us p99 {:5.0} us   echo {:7.0}/s p50 {:5.0} us p99 {:5.0} us   ratio {:.2}   p99 {:.1} times",
            median(|round| round.0.rate),
            median(|round| round.0.half),
            median(|round| round.0.most),
            median(|round| round.1.rate),
            median(|round| round.1.half),
            median(|round| round.1.most),
            median(|round| round.0.rate / round.1.rate),
            median(|round| round.0.most / round.1.most),
        );
    }
    Ok(())
}

/// A process that ends with the benchmark.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to end.
        self.0.kill().unwrap_or_default();
        drop(self.0.wait());
    }
}

struct Round {
    /// Calls a second.
    rate: f64,
    /// How long half of them took at most, in microseconds.
    half: f64,
    /// How long 99 of 100 took at most.
    most: f64,
    /// What each caller got last.
    last: Vec<Bytes>,
}

/// Keeps so many calls under way for a while.
async fn round(
    channel: &Channel,
    asked: &Arc<Vec<Vec<u8>>>,
    next: &Arc<AtomicU64>,
    calls: usize,
) -> Result<Round, Failed> {
    let start = Instant::now();
    let callers: Vec<_> = (0..calls)
        .map(|_| {
            let (channel, asked, next) = (channel.clone(), Arc::clone(asked), Arc::clone(next));
            tokio::spawn(async move {
                let (mut took, mut last) = (Vec::new(), Bytes::new());
                while start.elapsed() < ROUND {
                    let request = request(&asked, &next);
                    let sent = Instant::now();
                    last = call(&channel, request).await?;
                    took.push(sent.elapsed().as_secs_f64() * 1e6);
                }
                Ok::<_, Status>((took, last))
            })
        })
        .collect();
    let (mut took, mut last) = (Vec::new(), Vec::new());
    for caller in callers {
        let (times, bytes) = caller.await??;
        took.extend(times);
        last.push(bytes);
    }
    let rate = took.len() as f64 / start.elapsed().as_secs_f64();
    took.sort_unstable_by(f64::total_cmp);
    Ok(Round { rate, half: took[took.len() / 2], most: took[took.len() * 99 / 100], last })
}

/// The next request: each subject in turn, under a number of its own.
fn request(asked: &[Vec<u8>], next: &AtomicU64) -> Bytes {
    let number = next.fetch_add(1, Ordering::Relaxed);
    let mut bytes = asked[usize::try_from(number).unwrap_or(0) % asked.len()].clone();
    // The first field of the first field, each with two bytes of tag and length, the outer length with one more.
    bytes[5..5 + NUMBER.len()].copy_from_slice(format!("2026{number:017}").as_bytes());
    Bytes::from(bytes)
}

async fn call(channel: &Channel, request: Bytes) -> Result<Bytes, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.map_err(|err| Status::unavailable(err.to_string()))?;
    let path = http::uri::PathAndQuery::from_static(PATH);
    Ok(client.unary(Request::new(request), path, Raw).await?.into_inner())
}

async fn once_each(channel: &Channel, asked: &[Vec<u8>], next: &AtomicU64) -> Result<Vec<Bytes>, Failed> {
    let mut responses = Vec::new();
    for _ in asked {
        responses.push(call(channel, request(asked, next)).await?);
    }
    Ok(responses)
}

/// What is measured are receipts that hold.
fn verify(responses: &[Bytes], key: &VerifierKey) -> Result<(), Failed> {
    for bytes in responses {
        let response = wire::Response::decode(bytes.clone())?;
        Receipt::parse(&response.receipt)?.verify(key)?;
    }
    Ok(())
}

/// Requests about people of the county with an identity number.
fn people(package: &Path) -> Result<Vec<Vec<u8>>, Failed> {
    let mut rows = csv::Reader::from_path(package.join("QLR.csv"))?;
    let headers = rows.headers()?.clone();
    let column = |name: &str| headers.iter().position(|known| known == name).ok_or("QLR.csv lacks a column");
    let (name, kind, number, holder) = (column("QLRMC")?, column("ZJZL")?, column("ZJH")?, column("QLRLX")?);
    let mut found = Vec::new();
    for row in rows.records() {
        let row = row?;
        if &row[holder] == "1" && &row[kind] == "1" && row[number].len() == 18 && found.len() < SUBJECTS {
            found.push(inquiry(&row[name], &row[number]));
        }
    }
    Ok(found)
}

fn inquiry(name: &str, number: &str) -> Vec<u8> {
    let text = str::to_owned;
    let inquiry = contract::Inquiry {
        request_number: text(NUMBER),
        court: Some(contract::Court { name: text("某市中级人民法院"), code: text("测01") }),
        case_number: text("（2026）测01执1号"),
        handler: Some(contract::Handler {
            name: text("测试法官"),
            work_certificate_number: text("测0001"),
            official_certificate_number: String::new(),
            contact: text("000-0000000"),
        }),
        notice_number: text("（2026）房查字第00001号"),
        subject: Some(contract::Subject { name: text(name), document_kind: text("1"), document_number: text(number) }),
        items: (1..=6).collect(),
        include_ended: false,
    };
    contract::QueryRequest { inquiry: Some(inquiry) }.encode_to_vec()
}

/// Connects as the demo's gateway, as soon as somebody listens.
async fn connect(play: &Path, port: u16) -> Result<Channel, Failed> {
    let read = |name: &str| fs::read(play.join("tls").join(name));
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read("server-ca.pem")?))
        .identity(Identity::from_pem(read("gateway.pem")?, read("gateway.key")?));
    let endpoint = Endpoint::from_shared(format!("https://localhost:{port}"))?.tls_config(tls)?;
    for _ in 0..200 {
        match endpoint.connect().await {
            Ok(channel) => return Ok(channel),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Ok(endpoint.connect().await?)
}

/// Keeps responses for the echo: each after its length.
fn keep(file: &Path, responses: &[Bytes]) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    for response in responses {
        bytes.put_u32(u32::try_from(response.len())?);
        bytes.put_slice(response);
    }
    Ok(fs::write(file, bytes)?)
}

/// The floor, in a process of its own: sends kept responses in turn, whatever it is asked.
async fn echo(play: &Path, port: u16) -> Result<(), Failed> {
    let mut kept = Bytes::from(fs::read(play.join("responses"))?);
    let mut responses = Vec::new();
    while kept.has_remaining() {
        let length = usize::try_from(kept.get_u32())?;
        responses.push(kept.split_to(length));
    }
    let folder = play.join("tls");
    let (config, _) = tls::door(&folder.join("server.pem"), &folder.join("server.key"), &folder.join("client-ca.pem"))?;
    let acceptor = tokio_rustls::TlsAcceptor::from(config);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let (accepted, connections) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if stream.set_nodelay(true).is_ok() {
                drop(accepted.send(acceptor.accept(stream).await).await);
            }
        }
    });
    Server::builder()
        .max_concurrent_streams(128)
        .timeout(Duration::from_secs(30))
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .serve_with_incoming(
            Echo { responses: responses.into(), next: Arc::default() },
            ReceiverStream::new(connections),
        )
        .await?;
    Ok(())
}

#[derive(Clone)]
struct Echo {
    responses: Arc<[Bytes]>,
    next: Arc<AtomicUsize>,
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move { Ok(tonic::server::Grpc::new(Raw).unary(echo, request).await) })
    }
}

impl UnaryService<Bytes> for Echo {
    type Response = Bytes;
    type Future = std::future::Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.responses.len();
        std::future::ready(Ok(Response::new(self.responses[at].clone())))
    }
}

/// Messages as their bytes.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
