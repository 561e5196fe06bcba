//! Asked once, answered once: 32 who ask the same at the same moment, and callers who hang up.

use std::sync::Arc;

use bdcd::{
    ledger::leaf::{Fact, Kind},
    rpc::wire::Response,
};
use tokio::{task::JoinSet, time::Duration};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{
    Env, block_on,
    load::fresh_number,
    witness::{Question, Witness, request_number},
};

const CALLERS: usize = 32;

const CONNECTIONS: usize = 4;

/// The replies to 32 who ask the same at once, over several connections.
async fn ask_at_once(env: &Env, daemon: &crate::support::Daemon, question: Question) -> Vec<Response> {
    let mut calls = JoinSet::new();
    let start = Arc::new(tokio::sync::Barrier::new(CALLERS));
    for _ in 0..CONNECTIONS {
        let client = env.connect(daemon, "gateway").await;
        for _ in 0..CALLERS / CONNECTIONS {
            let (mut client, start) = (client.clone(), Arc::clone(&start));
            calls.spawn(async move {
                start.wait().await;
                let reply = match question {
                    Question::Subject { number, subject } => client.query(Question::query(number, subject)).await,
                    Question::Message => client.exchange(Question::message()).await,
                };
                reply.unwrap().into_inner()
            });
        }
    }
    calls.join_all().await
}

/// The kinds of the entries from `first` on.
fn kinds_from(env: &Env, first: u64) -> Vec<Kind> {
    let reader = env.reader();
    (first..reader.size().unwrap()).map(|entry| reader.entry(entry).unwrap().leaf().unwrap().kind).collect()
}

#[test]
fn thirty_two_who_ask_the_same_at_once_get_one_answer() {
    let env = Env::with_county();
    let (daemon, witness) = (env.serve(), Witness::of(&env));
    block_on(async {
        for _ in 0..8 {
            let question = Question::Subject { number: fresh_number(), subject: 0 };
            let before = env.reader().size().unwrap();
            let replies = ask_at_once(&env, &daemon, question).await;
            assert_eq!(replies.len(), CALLERS);
            assert!(replies.iter().all(|reply| *reply == replies[0]), "identical to the byte");
            assert_eq!(witness.receive(question, &replies[0]), before);
            assert_eq!(kinds_from(&env, before), [Kind::Answer], "one entry");
        }
    });
    witness.check(&env);
}

#[test]
fn thirty_two_who_send_the_same_message_at_once_get_one_feedback() {
    let env = Env::with_county();
    let (daemon, witness) = (env.serve(), Witness::of(&env));
    block_on(async {
        let before = env.reader().size().unwrap();
        let replies = ask_at_once(&env, &daemon, Question::Message).await;
        assert!(replies.iter().all(|reply| *reply == replies[0]), "identical to the byte");
        witness.receive(Question::Message, &replies[0]);
        assert_eq!(kinds_from(&env, before), [Kind::Answer, Kind::Feedback], "one entry for each");
    });
    witness.check(&env);
}

#[test]
fn of_two_inquiries_under_one_number_at_once_one_is_answered_and_the_other_told_which() {
    let env = Env::with_county();
    let daemon = env.serve();
    block_on(async {
        let client = env.connect(&daemon, "gateway").await;
        for _ in 0..8 {
            let (number, before) = (fresh_number(), env.reader().size().unwrap());
            let mut calls = JoinSet::new();
            for subject in [0, 1] {
                let mut client = client.clone();
                calls.spawn(async move { client.query(Question::query(number, subject)).await });
            }
            let (answered, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
            assert_eq!((answered.len(), refused.len()), (1, 1));
            let status = refused.into_iter().next().unwrap().unwrap_err();
            let info = status.get_details_error_info().unwrap();
            assert_eq!((status.code(), info.reason.as_str()), (Code::AlreadyExists, "REQUEST_NUMBER_REUSED"));
            assert!(status.message().contains(&format!("ledger entry {before}:")), "{}", status.message());
            assert_eq!(info.metadata["entry"], (before + 1).to_string(), "the refusal has an entry of its own");
            assert_eq!(kinds_from(&env, before), [Kind::Answer, Kind::Refusal]);
        }
    });
}

#[test]
fn a_caller_who_hangs_up_gets_nothing_free() {
    let env = Env::with_county();
    let (daemon, witness) = (env.serve(), Witness::of(&env));
    let (mut numbers, before) = (Vec::new(), env.reader().size().unwrap());
    block_on(async {
        for wait in 0..60 {
            // Now and then another connection, so that it is not the stream alone that ends.
            let mut client = env.connect(&daemon, "gateway").await;
            let number = fresh_number();
            numbers.push(number);
            let call = tokio::spawn(async move { client.query(Question::query(number, 0)).await });
            // The moment is the test's matter here, not a wait for something.
            tokio::time::sleep(Duration::from_micros(100 * wait)).await;
            call.abort();
        }
        // Whoever asks again is answered, from the entry that is there or by one.
        let mut client = env.connect(&daemon, "gateway").await;
        for number in &numbers {
            let response = client.query(Question::query(*number, 0)).await.unwrap().into_inner();
            witness.receive(Question::Subject { number: *number, subject: 0 }, &response);
        }
    });
    witness.check(&env);
    let reader = env.reader();
    let mut asked: Vec<_> = (before..reader.size().unwrap())
        .map(|entry| reader.entry(entry).unwrap().leaf().unwrap().facts.get(Fact::Request).to_owned())
        .collect();
    asked.sort();
    let numbers: Vec<_> = numbers.into_iter().map(request_number).collect();
    assert_eq!(asked, numbers, "an entry for each number, and no other");
}
