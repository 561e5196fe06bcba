//! What comes from a network to knock the daemon over, and what its gateways get meanwhile.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use tonic::{Code, codegen::http, transport::Channel};
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

/// Announces a message of 16 MiB, sends most of it, and never ends it; the status where the daemon says something.
async fn unfinished(channel: Channel) -> Option<Code> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.ok()?;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let sending = tokio::spawn(async move {
        while sender.send(bdcd::rpc::contract::ExchangeRequest { message: vec![b' '; 60 << 10] }).await.is_ok() {}
    });
    let codec = tonic_prost::ProstCodec::<_, bdcd::rpc::wire::Response>::default();
    let path = http::uri::PathAndQuery::from_static("/bdcd.query.v1.QueryService/Exchange");
    let messages = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let called = client.streaming(tonic::Request::new(messages), path, codec);
    let ended = tokio::time::timeout(Duration::from_secs(20), called).await;
    sending.abort();
    ended.ok()?.err().map(|status| status.code())
}

#[test]
fn bodies_of_callers_without_a_certificate_are_not_read() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let channel = env.channel(&daemon, "").await;
        let calls: Vec<_> = (0..60).map(|_| tokio::spawn(unfinished(channel.clone()))).collect();
        for call in calls {
            let code = call.await.unwrap();
            assert!(matches!(code, Some(Code::Unauthenticated | Code::ResourceExhausted)), "{code:?}");
        }
    });
    let resident = resident_kib(&daemon);
    assert!(resident < 150 << 10, "{resident} KiB");
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
    env.configure("", "[limits]\ncall-timeout = \"0ms\"\n");
    let daemon = env.serve();
    block_on(async {
        let status = env.connect(&daemon, "gateway").await.query(inquiry(PERSON)).await.unwrap_err();
        let reason = status.get_details_error_info().unwrap().reason;
        assert_eq!((status.code(), reason.as_str()), (Code::DeadlineExceeded, "CALL_TIMED_OUT"));
    });
}
