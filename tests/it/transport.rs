//! A transport of a line in and a line out knows nothing of the ledger, and every refusal that it provokes has an entry.

use std::{fs, sync::Arc};

use bdcd::{
    config::Config,
    domain::inquiry::Draft,
    keys::MasterKey,
    ledger::{
        Ledger,
        leaf::{Fact, Kind},
        note::Ed25519Signer,
        system_clock,
    },
    mirror::Mirror,
    service::{
        answer::{Outcome, Responder},
        calls::{Caller, Calls, Request},
        engine::Engine,
        exchange::Exchange,
    },
    telemetry::metrics::Metrics,
};

use crate::support::{COURT, Env, PERSON, block_on};

/// `WHO QUERY REQUEST-NUMBER COURT-CODE NAME KIND NUMBER` or `WHO EXCHANGE MESSAGE`, parted by tabs.
struct Lines {
    calls: Calls,
    /// The SHA-256 of the listed certificate.
    gateway: [u8; 32],
}

impl Lines {
    async fn say(&self, line: &str) -> String {
        let words: Vec<&str> = line.split('\t').collect();
        let caller = match words[0] {
            "none" => Caller::Anonymous,
            "foreign" => Caller::Foreign,
            "unlisted" => Caller::Verified([0; 32]),
            _ => Caller::Verified(self.gateway),
        };
        let request = match words[1..] {
            ["EXCHANGE", message] => Request::Exchange(message.into()),
            ["QUERY", number, court, name, kind, document] => {
                Request::Query(draft(number, court, name, kind, document).into())
            }
            _ => return "what?".to_owned(),
        };
        match self.calls.take(&caller, request).await {
            Outcome::Answered(answered) => format!("answered in {} bytes", answered.answer.len()),
            Outcome::Refused { refusal, entry } => format!("refused {} {entry}", refusal.reason()),
            Outcome::Unavailable(why) => format!("unavailable {}", why.reason()),
        }
    }
}

fn draft(number: &str, court: &str, name: &str, kind: &str, document: &str) -> Draft {
    let text = str::to_owned;
    Draft {
        request_number: text(number),
        court_name: text(COURT.0),
        court_code: text(court),
        case_number: text("（2026）测01执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("T0001"),
        handler_contact: text("000-0000000"),
        notice_number: text("1"),
        subject_name: text(name),
        document_kind: text(kind),
        document_number: text(document),
        items: (1..=6).collect(),
        ..Draft::default()
    }
}

/// The transport into an environment, whose answers may have so many bytes.
fn lines(env: &Env, answer_bytes_max: usize) -> Lines {
    let config = Config::read(&env.path("bdcd.toml")).unwrap();
    let master = MasterKey::read(env.path("master.key")).unwrap();
    let signer = Ed25519Signer::parse(fs::read_to_string(env.path("ledger.key")).unwrap().trim_end()).unwrap();
    let ledger = Arc::new(Ledger::open(&config.ledger(), &master, signer, system_clock()).unwrap());
    let engine = Engine::start(Mirror::new(env.path("mirror"), master), &ledger, config.engine()).unwrap();
    let pem = fs::read(env.path("tls/gateway.pem")).unwrap();
    let certificate = rustls_pki_types::pem::PemObject::from_pem_slice(&pem).unwrap();
    let gateway = bdcd::server::tls::certificate_sha256(&certificate);
    let responder = Responder::new(Arc::new(engine), ledger, Metrics::default(), answer_bytes_max);
    Lines { calls: Calls::new(responder, config.policy().unwrap(), Exchange::new(config.exchange.clone())), gateway }
}

#[test]
fn what_a_transport_provokes_is_on_record_before_it_hears_of_it() {
    let (name, kind, number) = PERSON;
    let person = format!("QUERY\t1\t{}\t{name}\t{kind}\t{number}", COURT.1);
    let other = format!("QUERY\t1\t{}\t另测\t{kind}\t{number}", COURT.1);
    let mut refused = 0;
    for (answer_bytes_max, cases) in [
        (
            1 << 20,
            vec![
                ("none", person.as_str(), "refused NO_CERTIFICATE"),
                ("foreign", &person, "refused FOREIGN_CERTIFICATE"),
                ("unlisted", &person, "refused UNKNOWN_GATEWAY"),
                ("gateway", &person, "answered"),
                ("gateway", &other, "refused REQUEST_NUMBER_REUSED"),
                ("gateway", "QUERY\t2\t测99\t甲\t1\t990102197802140013", "refused COURT_NOT_ALLOWED"),
                ("gateway", "QUERY\t3\t测01\t甲\t1\t12", "refused BAD_INQUIRY"),
                ("gateway", "EXCHANGE\tnothing", "refused UNREADABLE_MESSAGE"),
                ("gateway", "EXCHANGE\t<Message><ErrorMSG>x</ErrorMSG></Message>", "refused COURT_SYSTEM_ERROR"),
                ("none", "EXCHANGE\tnothing", "refused NO_CERTIFICATE"),
            ],
        ),
        (100, vec![("gateway", "QUERY\t4\t测01\t甲\t1\t990102197802140013", "refused ANSWER_TOO_LARGE")]),
    ] {
        let env = Env::with_county();
        block_on(async {
            let lines = lines(&env, answer_bytes_max);
            for (who, what, expected) in cases {
                let said = lines.say(&format!("{who}\t{what}")).await;
                assert!(said.starts_with(expected), "{what}: {said}");
                let Some((reason, entry)) = said.strip_prefix("refused ").and_then(|said| said.split_once(' ')) else {
                    continue;
                };
                let entry = env.reader().entry(entry.parse().unwrap()).unwrap().leaf().unwrap();
                assert_eq!((entry.kind, entry.facts.get(Fact::Outcome)), (Kind::Refusal, reason), "{what}");
                refused += 1;
            }
        });
    }
    assert_eq!(refused, 10);
}
