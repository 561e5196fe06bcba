//! `bdcd demo`: everything at once, with nothing prepared; and synthetic counties.

mod county;
mod doubts;
mod pki;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use prost::Message as _;

use super::{
    client::Client,
    document::{self, Court, Document, Handler, Subject},
    failure::Failure,
    key, ledger, load, open,
    output::{self, print, say},
    serve, table, verify,
};
use crate::{
    config::Config,
    keys::MasterKey,
    package::{seal, synthetic},
    spec::{Leaves, feedback},
    telemetry::metrics::Metrics,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Keep everything in this folder, which must not exist, to play on with
    #[arg(long, value_name = "DIR", conflicts_with = "units")]
    keep: Option<PathBuf>,
    /// Write a synthetic county of N units instead, the same for the same N
    #[arg(long, value_name = "N", requires = "out")]
    units: Option<u64>,
    /// The folder for the synthetic county's package, which must be empty or absent
    #[arg(long, value_name = "DIR", requires = "units")]
    out: Option<PathBuf>,
}

/// The demo's subjects, of `fixtures/county`: file of the inquiry, why it is asked, name, document kind, document number.
const SUBJECTS: [(&str, &str, &str, &str, &str); 5] = [
    ("person.json", "a person with a mortgaged and seized flat", "沈测安", "1", "990102197802140013"),
    (
        "company.json",
        "a company whose old organisation code the register still has",
        "测试长河实业有限公司",
        "8",
        "91990102XY00001191",
    ),
    ("nothing.json", "someone with nothing", "无产某", "1", "990102199912310959"),
    ("everything.json", "a flat with a mortgage, seizures and an easement", "虚测全", "1", "990102197904041016"),
    (
        "doubtful.json",
        "a company that the register names without a number",
        "测试无号贸易有限公司",
        "8",
        "91990102XY0001525K",
    ),
];

const COURT: (&str, &str) = ("某市中级人民法院", "测01");

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let (Some(units), Some(out)) = (arguments.units, &arguments.out) {
        return write_synthetic(out, units);
    }
    let (folder, _kept) = match &arguments.keep {
        Some(folder) if folder.exists() => {
            return Err(
                Failure::misused(format!("`{}` exists already", folder.display())).hint("name a folder that does not")
            );
        }
        Some(folder) => (folder.clone(), None),
        None => {
            let folder = tempfile::tempdir().map_err(|err| Failure::environment("cannot make a folder", err))?;
            (folder.path().to_owned(), Some(folder))
        }
    };
    let config = prepare(&folder)?;
    open::runtime()?.block_on(play(&config, &folder, arguments.keep.as_deref()))
}

/// Makes keys, certificates, configuration, package and inquiries, and loads the package.
fn prepare(folder: &Path) -> Result<Config, Failure> {
    let cannot_write = |err| Failure::environment("cannot write the demo's files", err);
    say("making throw-away keys and certificates");
    pki::make(&folder.join("tls"))?;
    MasterKey::create(folder.join("master.key")).map_err(|err| Failure::failed(&err))?;
    let package_key = key::make(&folder.join("package.key"), "demo.example/990102/package")?;
    county::write(&folder.join("package")).map_err(cannot_write)?;
    seal_county(folder)?;
    let config = configuration(free_port()?, &package_key.to_string());
    fs::write(folder.join("bdcd.toml"), config).map_err(cannot_write)?;
    fs::create_dir_all(folder.join("inquiries")).map_err(cannot_write)?;
    for (at, (file, _, name, kind, number)) in SUBJECTS.iter().enumerate() {
        let text = output::pretty(&document(at, name, kind, number))?;
        fs::write(folder.join("inquiries").join(file), text).map_err(cannot_write)?;
    }
    fs::write(folder.join("request.xml"), request_message()).map_err(cannot_write)?;
    let config = open::config(&folder.join("bdcd.toml"))?;
    ledger::create(&config, "demo.example/990102")?;
    say("loading the fixture county");
    let terms = load::Terms { unsigned: None, accepted: &[] };
    say(&load::load(&open::mirror(&config)?, &folder.join("package"), &config, terms)?);
    Ok(config)
}

/// Seals the county as a bureau would; what its manifest says of words is kept.
fn seal_county(folder: &Path) -> Result<(), Failure> {
    let order = seal::Order {
        folder: &folder.join("package"),
        authority_code: "990102",
        authority_name: "某某县不动产登记中心",
        as_of: "2026-11-23T06:00:00+08:00",
        expires: Some("2099-11-30T06:00:00+08:00"),
        sequence: Some(1),
        encoding: None,
        bureau: &seal::Bureau::default(),
        archive: None,
        signer: &key::signer(&folder.join("package.key"))?,
    };
    seal::seal(&order).map(drop).map_err(|err| Failure::refused(&err))
}

/// A port of the loopback interface that is free now.
fn free_port() -> Result<u16, Failure> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address: SocketAddr| address.port())
        .map_err(|err| Failure::environment("cannot find a free port", err))
}

fn configuration(port: u16, package_key: &str) -> String {
    let (court, code) = COURT;
    format!(
        r#"# Made by `bdcd demo`. Every key is explained in deploy/bdcd.toml.
directory = "mirror"
master-key = "master.key"
listen = "127.0.0.1:{port}"
log = "warn"
package-keys = ["{package_key}"]

[tls]
certificate = "tls/server.pem"
key = "tls/server.key"
client-ca = "tls/client-ca.pem"

[[gateway]]
name = "demo gateway"
certificate = "tls/gateway.pem"
courts = [{{ name = "{court}", code = "{code}" }}, {{ name = "X市中级人民法院", code = "测02" }}]

[client]
server = "https://localhost:{port}"
ca = "tls/server-ca.pem"
certificate = "tls/gateway.pem"
key = "tls/gateway.key"
"#
    )
}

fn document(at: usize, name: &str, kind: &str, number: &str) -> Document {
    let text = str::to_owned;
    Document {
        request_number: format!("2026112399010200000{}", at + 1),
        court: Court { name: text(COURT.0), code: text(COURT.1) },
        case_number: text("（2026）测01执1号"),
        handler: Handler {
            name: text("演示法官"),
            work_certificate_number: text("DEMO0001"),
            official_certificate_number: String::new(),
            contact: text("000-0000000"),
        },
        notice_number: text("（2026）房查字第00001号"),
        subject: Subject { name: text(name), document_kind: text(kind), document_number: text(number) },
        items: document::ITEMS.map(|(name, _)| text(name)).to_vec(),
        include_ended: false,
    }
}

/// A request message about the first subject.
fn request_message() -> String {
    let (_, _, name, kind, number) = SUBJECTS[0];
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Message>
    <Head><CREATETIME name="生成时间">2026/11/23 09:00:00</CREATETIME><DIGITALSIGN name="数字签名"></DIGITALSIGN></Head>
    <Data>
        <BDCCXQQLIST name="不动产查询请求列表">
            <BDCCXQQ>
                <CXQQDH name="查询请求单号">20261123990102000011</CXQQDH>
                <XZ name="性质">1</XZ>
                <XM name="被查询人姓名">{name}</XM>
                <GJ name="国家">中国</GJ>
                <ZJZL name="证件种类">{kind}</ZJZL>
                <ZJH name="被查询人证件/组织机构号码">{number}</ZJH>
                <FYMC name="法院名称">{court}</FYMC>
                <CBR name="承办法官">演示法官</CBR>
                <AH name="执行案号">（2026）测01执1号</AH>
                <GZZBH name="承办法官工作证编号">DEMO0001</GZZBH>
                <CKH name="查询法律文书名称">（2026）房查字第00001号</CKH>
            </BDCCXQQ>
        </BDCCXQQLIST>
    </Data>
</Message>
"#,
        court = COURT.0
    )
}

/// Serves, asks over mutual TLS, and prints what comes back.
async fn play(config: &Config, folder: &Path, kept_in: Option<&Path>) -> Result<(), Failure> {
    let serve::Prepared { bound, service, operations, ledger } = serve::prepare(config, Metrics::default()).await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(bound.serve(service, async move { stopped.await.unwrap_or_default() }));
    let key = ledger.key().clone();
    let mut client = Client::connect(config).await?;
    let mut kept = Vec::new();
    for (at, (_, why, name, kind, number)) in SUBJECTS.iter().enumerate() {
        let response = client.query(document(at, name, kind, number).inquiry()?).await?;
        print(&format!("\n━━ {}. {why}: {name} ━━\n\n", at + 1))?;
        let answer = document::decode(&response.answer)?;
        print(&table::of_answer(&answer))?;
        print(&doubts::explained(&answer))?;
        kept.push(response.encode_to_vec());
    }
    print("\n━━ what the first answer proves, offline, from its bytes and the registry's public key ━━\n\n")?;
    let (_, _, name, kind, number) = SUBJECTS[0];
    let asked = verify::committed(document(0, name, kind, number))?;
    print(&verify::proved(&kept[0], Some(&asked), &key)?)?;
    let message = fs::read(folder.join("request.xml"))
        .map_err(|err| Failure::environment("cannot read the demo's request message", err))?;
    let bytes = client.exchange(message).await?.answer;
    print("\n━━ the first answer as the specification's feedback message ━━\n\n")?;
    print(&indented(&bytes)?)?;
    drop(client);
    drop(stop);
    serving.abort();
    drop(operations);
    print(&next_steps(kept_in))
}

/// The message with a line a leaf, for reading.
fn indented(bytes: &[u8]) -> Result<String, Failure> {
    // Read back first: what is shown is what a court would understand.
    feedback::read(bytes, Leaves::Plain).map_err(|err| Failure::refused(&err))?;
    let text = String::from_utf8_lossy(bytes);
    let (mut shown, mut depth) = (String::new(), 0_usize);
    let mut tags = text.split_inclusive('>').peekable();
    while let Some(tag) = tags.next() {
        let is_end = tag.contains("</");
        depth -= usize::from(is_end && depth > 0);
        shown.push_str(&"  ".repeat(depth));
        shown.push_str(tag);
        // A leaf's end, or that of an empty list, stays on the line of its beginning.
        if let Some(end) = tags.next_if(|next| !is_end && next.contains("</")) {
            shown.push_str(end);
        } else {
            depth += usize::from(!is_end && !tag.starts_with("<?"));
        }
        shown.push('\n');
    }
    Ok(shown)
}

fn next_steps(kept: Option<&Path>) -> String {
    let Some(folder) = kept else {
        return "\nTry next: `bdcd demo --keep DIR` leaves the keys, the county and the inquiries for playing on.\n"
            .to_owned();
    };
    let config = folder.join("bdcd.toml");
    let (config, folder) = (config.display(), folder.display());
    format!(
        "\nKept in `{folder}`. Try next:\n\
         \n  bdcd serve --config {config} &\
         \n  bdcd query --config {config} {folder}/inquiries/person.json\
         \n  bdcd query --config {config} --format json {folder}/inquiries/company.json\
         \n  bdcd exchange --config {config} < {folder}/request.xml\
         \n  bdcd query --config {config} {folder}/inquiries/person.json --save answer.bin\
         \n  bdcd verify answer.bin --request {folder}/inquiries/person.json --key {folder}/ledger.pub\
         \n  bdcd ledger search --config {config}\
         \n  bdcd ledger verify --config {config}\
         \n  bdcd snapshot list --config {config}\n"
    )
}

fn write_synthetic(out: &Path, units: u64) -> Result<(), Failure> {
    let summary = synthetic::generate(out, units).map_err(|err| Failure::failed(&err))?;
    let rows: u64 = summary.rows.iter().map(|(_, rows)| rows).sum();
    print(&format!("wrote a county of {} units, {rows} rows, into `{}`\n", summary.units, out.display()))?;
    let subjects = [
        ("a person with one unit", &summary.single_unit_person),
        ("a person with a mortgaged and seized unit", &summary.charged_person),
        ("a person registered with 15 digits", &summary.short_number_person),
        ("a person with nothing", &summary.absent_person),
        ("the company with the most units", &summary.large_company),
        ("a company under its old organisation code", &summary.old_code_company),
    ];
    for (what, subject) in subjects {
        print(&format!(
            "  {what}: {} {} {} ({} units)\n",
            subject.name, subject.document_kind, subject.document_number, subject.units
        ))?;
    }
    Ok(())
}
