//! Killed at any moment, under load, again and again: every answer that a client ever received is in the ledger, in order, with
//! its exact bytes, and the ledger holds as a whole.
//!
//! The suite kills 200 times. More, with the seed of a run that failed or without:
//!
//! ```text
//! BDCD_KILLS=10000 BDCD_SEED=1 cargo test --release --test it crash:: -- --nocapture
//! ```

use std::{sync::Arc, thread, time::Duration};

use crate::support::{
    Env, block_on,
    load::{Load, Random},
    witness::{Question, Witness},
};

const CLIENTS: u64 = 6;

/// How long after it serves the daemon is killed at the latest, and how long after it was started.
const SERVING_MILLIS_MAX: u64 = 100;
const STARTING_MILLIS_MAX: u64 = 80;

fn kills() -> u64 {
    std::env::var("BDCD_KILLS").map_or(200, |count| count.parse().unwrap())
}

#[test]
fn every_answer_outlives_the_daemon_that_gave_it() {
    let env = Env::with_county();
    let witness = Arc::new(Witness::of(&env));
    let (mut random, seed) = Random::from_environment();
    println!("BDCD_SEED={seed}");
    let load = Load::start(&env, &witness, CLIENTS, &mut random);
    // The moment is the test's matter here, not a wait for something.
    let moment = |random: &mut Random, millis| thread::sleep(Duration::from_micros(random.below(millis * 1000)));
    for kill in 0..kills() {
        if kill % 4 == 3 {
            let mut starting = env.command().spawn().unwrap();
            moment(&mut random, STARTING_MILLIS_MAX);
            starting.kill().unwrap();
            starting.wait().unwrap();
        } else {
            let daemon = env.serve();
            load.ask(&daemon);
            moment(&mut random, SERVING_MILLIS_MAX);
            drop(daemon);
        }
        assert!(!load.is_over(), "a client failed");
    }
    load.end();
    let counts = witness.counts();
    println!("{counts:?}");
    assert!(counts.answered > kills() && counts.refused > 0 && counts.unavailable == 0, "{counts:?}");
    witness.check(&env);

    // What was answered is answered again, to the byte.
    let daemon = env.serve();
    let before = witness.check(&env);
    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        for question in witness.questions() {
            let Question::Subject { number, subject } = question else { continue };
            let response = client.query(Question::query(number, subject)).await.unwrap().into_inner();
            witness.receive(question, &response);
        }
    });
    assert_eq!(witness.check(&env).entry_count, before.entry_count, "and makes no entry");
}
