//! What comes from a network to knock the daemon over, and what its gateways get meanwhile.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use http_body::Frame;
use http_body_util::StreamBody;
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Status,
    body::Body,
    codegen::{Bytes, Service as _, http},
    transport::Channel,
};
use tonic_types::StatusExt as _;

use crate::support::{Daemon, Env, PERSON, block_on, inquiry};

/// A resident size in KiB.
fn resident_kib(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn socket(daemon: &Daemon) -> TcpStream {
    let address = daemon.address().replace("https://localhost", "127.0.0.1");
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Announces a message just within the limit, sends most of it, and never ends it; the status where the daemon says something.
async fn unfinished(mut channel: Channel) -> Option<Status> {
    const ANNOUNCED_BYTES: u32 = 16 * 1024 * 1024 - 1;
    let header = Bytes::from([&[0][..], &ANNOUNCED_BYTES.to_be_bytes()].concat());
    let most = std::iter::repeat_n(Bytes::from(vec![b' '; 64 * 1024]), 240);
    let frames = std::iter::once(header).chain(most).map(|bytes| Ok::<_, Status>(Frame::data(bytes)));
    let body = StreamBody::new(tokio_stream::iter(frames).chain(tokio_stream::pending()));
    let request = http::Request::post("/bdcd.query.v1.QueryService/Exchange")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(body))
        .unwrap();
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.ok()?;
    let response = tokio::time::timeout(Duration::from_secs(20), channel.call(request)).await.ok()?.ok()?;
    Status::from_header_map(response.headers())
}

#[test]
fn bodies_of_callers_without_a_certificate_are_not_read() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let channel = env.channel(&daemon, "").await;
        let calls: Vec<_> = (0..60).map(|_| tokio::spawn(unfinished(channel.clone()))).collect();
        let mut codes = Vec::new();
        for call in calls {
            codes.push(call.await.unwrap().map(|status| status.code()));
        }
        // The connection is still open, and so is whatever the daemon holds of the bodies.
        let resident = resident_kib(&daemon);
        assert!(resident < 150 << 10, "{resident} KiB resident, {codes:?}");
        assert!(codes.iter().all(|code| *code == Some(Code::Unauthenticated)), "{codes:?}");
        drop(channel);
    });
}

#[test]
fn silent_connections_without_a_certificate_take_no_slot_of_a_gateway() {
    let env = Env::with_county();
    env.configure("", "[limits]\nconnections-max = 4\nstrangers-max = 3\nstranger-time-max = \"1s\"\n");
    let daemon = env.serve();
    block_on(async {
        let mut strangers = Vec::new();
        for _ in 0..3 {
            strangers.push(env.connect(&daemon, "").await);
        }
        for _ in 0..4 {
            let mut gateway = env.connect(&daemon, "gateway").await;
            gateway.query(inquiry(PERSON)).await.unwrap();
        }
        // Theirs are brief: a later one is told why it is refused.
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < Duration::from_secs(20), "strangers keep their slots");
            tokio::time::sleep(Duration::from_millis(100)).await;
            let endpoint = tonic::transport::Endpoint::from_shared(daemon.address().to_owned()).unwrap();
            let Ok(channel) = endpoint.tls_config(env.tls("")).unwrap().connect().await else { continue };
            let status = crate::support::client(channel).query(inquiry(PERSON)).await.unwrap_err();
            if status.code() == Code::Unauthenticated {
                break;
            }
        }
    });
}

#[test]
fn half_open_handshakes_keep_no_gateway_out() {
    let env = Env::with_county();
    env.configure("", "[limits]\nhandshakes-max = 8\nhandshake-timeout = \"60s\"\n");
    let daemon = env.serve();
    let mut half_open: Vec<_> = (0..40).map(|_| socket(&daemon)).collect();
    block_on(async {
        env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap();
    });
    // The oldest made room long before its own time was over.
    assert_eq!(half_open[0].read(&mut [0; 16]).unwrap_or(0), 0);
    drop(half_open[39].write_all(b"garbage"));
    block_on(async {
        env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap();
    });
}

#[test]
fn idle_strangers_do_not_hold_up_a_stop() {
    let env = Env::with_county();
    env.configure("", "[limits]\nstranger-time-max = \"60s\"\ndrain-timeout = \"30s\"\n");
    let daemon = env.serve();
    block_on(async {
        let mut strangers = Vec::new();
        for _ in 0..10 {
            strangers.push(env.connect(&daemon, "").await);
        }
        let start = Instant::now();
        // Nobody polls the strangers' connections meanwhile, as nobody would who holds them on purpose.
        assert!(daemon.stop());
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        drop(strangers);
    });
}

#[test]
fn a_call_that_takes_too_long_is_told_its_reason() {
    let env = Env::with_county();
    env.configure("", "[limits]\ncall-timeout = \"100ms\"\n");
    let daemon = env.serve();
    block_on(async {
        let status = unfinished(env.channel(&daemon, "gateway").await).await.unwrap();
        let reason = status.get_details_error_info().unwrap().reason;
        assert_eq!((status.code(), reason.as_str()), (Code::DeadlineExceeded, "CALL_TIMED_OUT"));
    });
}
