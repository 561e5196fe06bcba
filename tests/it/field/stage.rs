//! Where stories are played: one ledger for all, a mirror for each, and the doors of an operator and of a court.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bdcd::{
    domain::{
        answer::Answer,
        inquiry::Draft,
        kinds::tag,
        matching::{Flag, Rule, Withholding},
        record::{Matched, Registration, Status},
    },
    keys::MasterKey,
    ledger::{self, Ledger, OpenError, note::Ed25519Signer, system_clock},
    mirror::Mirror,
    service::{
        answer::{AnswerError, Responder},
        engine::{self, Engine},
        exchange::Exchange as Speaker,
        policy::{Court, Gateway},
        record::Call,
        refusal::Refusal,
    },
    spec::{
        FeedbackOptions, Leaves,
        feedback::{self, Node, ResultItem},
    },
};

use super::story::{Ask, Exchange};
use crate::support::{COURT, Env, block_on};

/// What request numbers count on.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// An environment whose ledger is open, and the gateway that asks.
pub(super) struct Stage {
    env: Env,
    ledger: Arc<Ledger>,
    gateway: Arc<Gateway>,
}

/// A package that is loaded and answers.
pub(super) struct Serving<'a> {
    stage: &'a Stage,
    responder: Responder,
}

impl Stage {
    pub(super) fn new() -> Self {
        let env = Env::empty();
        let options = ledger::Options {
            folder: env.path("ledger"),
            queue_entries_max: 64,
            batch_entries_max: 64,
            batch_bytes_max: 1 << 20,
            body_retention: None,
        };
        let master = MasterKey::read(env.path("master.key")).unwrap();
        let key = fs::read_to_string(env.path("ledger.key")).unwrap();
        let ledger = loop {
            let signer = Ed25519Signer::parse(key.trim_end()).unwrap();
            match Ledger::open(&options, &master, signer, system_clock()) {
                // Another test forks a process: until it runs its program, it holds the lock that was given back just now.
                Err(OpenError::Busy { .. }) => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        let court = Court { name: COURT.0.to_owned(), code: COURT.1.to_owned() };
        let gateway = Gateway { name: "the gateway".to_owned(), courts: vec![court] };
        Self { env, ledger: Arc::new(ledger), gateway: Arc::new(gateway) }
    }

    /// Loads a package as an operator does, into a mirror of this name; what the command says, or why it refuses.
    pub(super) fn load(&self, package: &Path, mirror: &str) -> Result<String, String> {
        self.env.configure(&format!("directory = \"{mirror}\"\n"), "");
        let output = self.env.run(&["snapshot", "load", package.to_str().unwrap()]);
        let said = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        match output.status.code() {
            Some(0) => Ok(said),
            Some(1) => Err(said),
            code => panic!("{}: the load ends with {code:?}: {said}", package.display()),
        }
    }

    /// The responder over the mirror of this name.
    pub(super) fn serve(&self, mirror: &str) -> Serving<'_> {
        let master = MasterKey::read(self.env.path("master.key")).unwrap();
        let mirror = Mirror::new(self.env.path(mirror), master);
        let options = engine::Options {
            reader_threads: 1,
            queued_per_reader_max: 4,
            pointer_interval: Duration::from_millis(100),
        };
        let engine = Engine::start(mirror, &self.ledger, options).unwrap();
        let responder = Responder::new(Arc::new(engine), Arc::clone(&self.ledger), ANSWER_BYTES_MAX);
        Serving { stage: self, responder }
    }
}

impl Serving<'_> {
    /// What is wrong with the answer to a question; nothing where it is as the story tells.
    pub(super) fn ask(&self, ask: &Ask) -> Option<String> {
        let draft = Arc::new(draft_of(ask));
        let answered = block_on(self.responder.ask(Call::Query, &self.stage.gateway, &draft));
        let bytes = match answered {
            Ok(answered) => answered.answer,
            Err(AnswerError::Refused(Refusal::BadInquiry(violations))) => {
                let told: Vec<_> = violations.iter().map(|one| format!("{} {}", one.field, one.description)).collect();
                let told = told.join("; ");
                let is_expected = !ask.violation.is_empty() && told.contains(&ask.violation);
                return (!is_expected).then(|| format!("violation = {told:?}"));
            }
            Err(error) => panic!("{error}"),
        };
        let answer = Answer::decode(&bytes).unwrap();
        assert!(answer.reconciles());
        let mut shown: Vec<String> =
            answer.units.iter().flat_map(|unit| &unit.registrations).map(registration).collect();
        let (mut expected, has_ranges) = ask.shown();
        if has_ranges {
            shown.sort();
            expected.sort();
        }
        let withheld: BTreeMap<String, u64> =
            answer.coverage.withheld.iter().map(|(rule, count)| (withholding(*rule).to_owned(), *count)).collect();
        let is_right = ask.violation.is_empty() && shown == expected && withheld == ask.withheld;
        (!is_right).then(|| format!("shown = {shown:?} withheld = {withheld:?}"))
    }

    /// What is wrong with the feedback to a message of one request; nothing where it is as the story tells.
    pub(super) fn exchange(&self, exchange: &Exchange) -> Option<String> {
        let speaker = Speaker::new(FeedbackOptions::default());
        let message = message(exchange);
        let answered = block_on(speaker.feedback(&self.responder, &self.stage.gateway, message.as_bytes())).unwrap();
        let feedback = feedback::read(&answered.answer, Leaves::Plain).unwrap();
        let [result] = &feedback.results[..] else { panic!("one request has one result") };
        let counts: BTreeMap<String, usize> = result
            .lists
            .iter()
            .filter(|list| !list.items.is_empty())
            .map(|list| (list.element.trim_end_matches("LIST").to_owned(), list.items.len()))
            .collect();
        // The order of the items is no matter of these stories.
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        let of = |path: &String| sorted(texts(result, path));
        let values: BTreeMap<_, _> = exchange.values.keys().map(|path| (path.clone(), of(path))).collect();
        let expected: BTreeMap<_, _> =
            exchange.values.iter().map(|(path, texts)| (path.clone(), sorted(texts.clone()))).collect();
        let is_right = result.result == exchange.result
            && counts == exchange.counts
            && values == expected
            && exchange.says.iter().all(|text| result.message.contains(text))
            && !exchange.lacks.iter().any(|text| result.message.contains(text));
        (!is_right).then(|| {
            format!("result = {:?} counts = {counts:?} values = {values:?} MESSAGE {}", result.result, result.message)
        })
    }
}

/// The texts of an element in the items of a list (`CFDJ/CFQSSJ`), those of holders included (`FDCQ/XM`).
fn texts(result: &ResultItem, path: &str) -> Vec<String> {
    fn gather(nodes: &[Node], element: &str, texts: &mut Vec<String>) {
        for node in nodes {
            match node {
                Node::Leaf(name, text) if name == element => texts.push(text.clone()),
                Node::Leaf(..) => {}
                Node::List(_, _, items) => items.iter().for_each(|item| gather(item, element, texts)),
                Node::Group(_, nodes) => gather(nodes, element, texts),
            }
        }
    }
    let (list, element) = path.split_once('/').expect("an element is named with its list");
    let mut texts = Vec::new();
    let items = result.lists.iter().filter(|one| one.element.trim_end_matches("LIST") == list);
    items.flat_map(|one| &one.items).for_each(|item| gather(item, element, &mut texts));
    texts
}

fn fresh_number() -> String {
    format!("{}", 20_261_123_990_202_000_000_u128 + u128::from(NUMBERS.fetch_add(1, Ordering::Relaxed)))
}

fn draft_of(ask: &Ask) -> Draft {
    let text = |text: &str| text.to_owned();
    Draft {
        request_number: fresh_number(),
        court_name: text(COURT.0),
        court_code: text(COURT.1),
        case_number: text("（2026）测01执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("0"),
        handler_contact: text("0"),
        notice_number: text("0"),
        subject_name: ask.name.clone(),
        document_kind: ask.kind.clone(),
        document_number: ask.number.clone(),
        items: if ask.items.is_empty() { (1..=6).collect() } else { ask.items.clone() },
        include_ended: ask.include_ended,
        ..Draft::default()
    }
}

/// The message of a court that asks about one subject.
fn message(exchange: &Exchange) -> String {
    let number = fresh_number();
    let elements = [
        ("CXQQDH", number.as_str()),
        ("XZ", if exchange.kind == "1" { "1" } else { "2" }),
        ("XM", &exchange.name),
        ("GJ", "中国"),
        ("ZJZL", &exchange.kind),
        ("ZJH", &exchange.number),
        ("FYMC", COURT.0),
        ("CBR", "测试法官"),
        ("AH", "（2026）测01执1号"),
        ("GZZBH", "0"),
        ("CKH", "0"),
    ];
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let item: String = elements.iter().map(|(name, text)| format!("<{name}>{}</{name}>", escaped(text))).collect();
    format!(
        "<Message><Head><CREATETIME>2026/11/23 09:00:00</CREATETIME></Head><Data><BDCCXQQLIST><BDCCXQQ>{item}\
         </BDCCXQQ></BDCCXQQLIST></Data></Message>"
    )
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "exact",
        Rule::Variant => "variant",
        Rule::Orgcode => "orgcode",
        Rule::Name => "name",
    }
}

fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::NameDiffers => "name_differs",
        Flag::Renamed => "renamed",
        Flag::VerifyOnSite => "verify_on_site",
        Flag::StatusDoubtful => "status_doubtful",
    }
}

fn withholding(rule: Withholding) -> &'static str {
    match rule {
        Withholding::NameDiffers => "name_differs",
        Withholding::PersonNameOnly => "person_name_only",
        Withholding::NumberDamaged => "number_damaged",
        Withholding::BuildingOnly => "building_only",
        Withholding::PermitIssue => "permit_issue",
        Withholding::Provisional => "provisional",
        Withholding::ParcelOnly => "parcel_only",
        Withholding::Ended => "ended",
        Withholding::NotAsked => "not_asked",
    }
}

/// A registration in the words of a story.
fn registration(registration: &Registration) -> String {
    let numbers = [tag::CERTIFICATE_NUMBER, tag::BUSINESS_NUMBER].map(|tag| registration.common.get(tag));
    let number = numbers.into_iter().find(|number| !number.is_empty()).unwrap_or("-");
    let mut words = vec![registration.kind.table().item, number];
    if registration.status == Status::Ended {
        words.push("ended");
    }
    let order = format!("waits:{}", registration.waiting_order);
    if registration.waiting_order > 0 {
        words.push(&order);
    }
    let flags = match registration.matched.as_ref().expect("what is shown says why") {
        Matched::Party { rule: matched, flags, .. } => {
            words.push(rule(*matched));
            flags
        }
        Matched::OnSubjectUnit { flags } => {
            words.push("on-unit");
            flags
        }
    };
    words.extend(flags.iter().map(|one| flag(*one)));
    words.join(" ")
}
