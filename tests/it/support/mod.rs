//! A sealed environment: a public-key infrastructure, a mirror with the fixture county, the built binary on a free port.

pub(crate) mod disk;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod witness;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use bdcd::{
    keys::MasterKey,
    ledger::Reader,
    rpc::contract::{Court, Handler, Inquiry, QueryRequest, Subject, query_service_client::QueryServiceClient},
};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// The court that the listed gateway may speak for.
pub(crate) const COURT: (&str, &str) = ("X市中级人民法院", "测01");

/// What request numbers count on.
static NUMBERS: AtomicU32 = AtomicU32::new(1);

/// The ledger's name.
pub(crate) const ORIGIN: &str = "test.example/990102";

/// The person of the fixture county with a mortgaged and seized flat.
pub(crate) const PERSON: (&str, &str, &str) = ("沈测安", "1", "990102197802140013");

/// A daemon's folder: keys, configuration, mirror.
pub(crate) struct Env {
    folder: TempDir,
}

/// A running `bdcd serve`; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    address: String,
    log: Arc<Mutex<String>>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Daemon {
    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Env {
    /// An environment with the fixture county loaded.
    pub(crate) fn with_county() -> Self {
        let env = Self::empty();
        let loaded = env.run(&["snapshot", "load", "fixtures/county"]);
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        env
    }

    /// An environment with nothing loaded.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env = Self { folder };
        fs::create_dir(env.path("tls")).unwrap();
        let (server_ca, client_ca, foreign_ca) = (authority(), authority(), authority());
        fs::write(env.path("tls/server-ca.pem"), &server_ca.1).unwrap();
        fs::write(env.path("tls/client-ca.pem"), &client_ca.1).unwrap();
        env.issue("server", &server_ca.0, ExtendedKeyUsagePurpose::ServerAuth);
        env.issue("gateway", &client_ca.0, ExtendedKeyUsagePurpose::ClientAuth);
        env.issue("unlisted", &client_ca.0, ExtendedKeyUsagePurpose::ClientAuth);
        env.issue("foreign", &foreign_ca.0, ExtendedKeyUsagePurpose::ClientAuth);
        env.configure("log = \"info\"\n", "");
        assert!(Self::run_bare(&["key", "create", env.path("master.key").to_str().unwrap()]).status.success());
        let made = env.run(&["ledger", "create", "--origin", ORIGIN]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        env
    }

    /// Writes the configuration, with keys put before and sections put behind what every test needs.
    pub(crate) fn configure(&self, keys: &str, sections: &str) {
        let text = format!(
            "{keys}listen = \"127.0.0.1:0\"\n[tls]\ncertificate = \"tls/server.pem\"\nkey = \"tls/server.key\"\n\
             client-ca = \"tls/client-ca.pem\"\n[[gateway]]\nname = \"the gateway\"\ncertificate = \"tls/gateway.pem\"\n\
             courts = [{{ name = \"{}\", code = \"{}\" }}]\n{sections}",
            COURT.0, COURT.1
        );
        fs::write(self.path("bdcd.toml"), text).unwrap();
    }

    /// A path in the environment's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn issue(&self, name: &str, issuer: &Issuer<'_, KeyPair>, purpose: ExtendedKeyUsagePurpose) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        fs::write(self.path(&format!("tls/{name}.pem")), certificate.pem()).unwrap();
        let file = self.path(&format!("tls/{name}.key"));
        fs::write(&file, key.serialize_pem()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Runs the binary with the environment's configuration.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command_of(arguments).output().unwrap()
    }

    /// Runs the binary with a configuration and standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bdcd"))
            .args(arguments)
            .args(["--config", self.path("bdcd.toml").to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs the binary as it is.
    pub(crate) fn run_bare(arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_bdcd")).args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The daemon's command, to be started.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.command_of(&["serve"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// A command with the environment's configuration, to be started.
    pub(crate) fn command_of(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bdcd"));
        command.args(arguments).args(["--config", self.path("bdcd.toml").to_str().unwrap()]).stdin(Stdio::null());
        // Stories write packages by hand, and no key of theirs is listed: they say so, as an operator must. `pack` has the
        // stories of signatures, and calls `run_bare`.
        if arguments.starts_with(&["snapshot", "load"]) || arguments.starts_with(&["snapshot", "verify"]) {
            command.arg("--unsigned=a story's package");
        }
        command
    }

    /// Starts the daemon, and waits until it says that it serves.
    pub(crate) fn serve(&self) -> Daemon {
        Self::start(&mut self.command()).unwrap_or_else(|said| panic!("the daemon ended before it served:\n{said}"))
    }

    /// Starts the daemon by this command, and waits until it says that it serves; what it said where it ended before.
    pub(crate) fn start(command: &mut Command) -> Result<Daemon, String> {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let address = loop {
            let Some(line) = lines.next() else {
                child.wait().unwrap();
                return Err(said);
            };
            let line = line.unwrap();
            said.push_str(&line);
            said.push('\n');
            // Colours stand between a field's name and its value.
            if let Some((_, rest)) = line.split_once("127.0.0.1:").filter(|_| line.contains("serving")) {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break format!("https://localhost:{port}");
            }
        };
        let log = Arc::new(Mutex::new(said));
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Ok(Daemon { child, address, log })
    }

    /// Connects with the certificate of this name; with none where it is empty.
    pub(crate) async fn connect(&self, daemon: &Daemon, certificate: &str) -> QueryServiceClient<Channel> {
        client(self.channel(daemon, certificate).await)
    }

    /// The same, to call what a client does not know.
    pub(crate) async fn channel(&self, daemon: &Daemon, certificate: &str) -> Channel {
        let endpoint = Endpoint::from_shared(daemon.address.clone()).unwrap();
        endpoint.tls_config(self.tls(certificate)).unwrap().connect().await.unwrap()
    }

    /// What a client with the certificate of this name shows and believes.
    pub(crate) fn tls(&self, certificate: &str) -> ClientTlsConfig {
        let read = |name: &str| fs::read(self.path(name)).unwrap();
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("tls/server-ca.pem")));
        if certificate.is_empty() {
            return tls;
        }
        let (own, key) = (read(&format!("tls/{certificate}.pem")), read(&format!("tls/{certificate}.key")));
        tls.identity(Identity::from_pem(own, key))
    }

    /// The ledger, read while the daemon runs or not.
    pub(crate) fn reader(&self) -> Reader {
        let master = MasterKey::read(self.path("master.key")).unwrap();
        Reader::open(&self.path("ledger"), &master).unwrap()
    }

    /// Writes section `client` into the configuration, for the commands that ask.
    pub(crate) fn configure_client(&self, daemon: &Daemon) {
        let client = format!(
            "[client]\nserver = \"{}\"\nca = \"tls/server-ca.pem\"\ncertificate = \"tls/gateway.pem\"\nkey = \"tls/gateway.key\"\n",
            daemon.address
        );
        self.configure("", &client);
    }
}

/// A client that takes and sends messages as large as the daemon may.
pub(crate) fn client(channel: Channel) -> QueryServiceClient<Channel> {
    let bytes = 64 * 1024 * 1024;
    QueryServiceClient::new(channel).max_decoding_message_size(bytes).max_encoding_message_size(bytes)
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

/// Fills in what `bdcd query --template` prints, to ask about [`PERSON`] under this request number.
pub(crate) fn fill(document: &mut serde_json::Value, request_number: &str) {
    for (pointer, value) in [
        ("/request_number", request_number),
        ("/court/name", COURT.0),
        ("/court/code", COURT.1),
        ("/case_number", "案"),
        ("/handler/name", "测"),
        ("/handler/work_certificate_number", "1"),
        ("/handler/contact", "1"),
        ("/notice_number", "1"),
        ("/subject/name", PERSON.0),
        ("/subject/document_kind", PERSON.1),
        ("/subject/document_number", PERSON.2),
    ] {
        *document.pointer_mut(pointer).unwrap() = value.into();
    }
}

/// A whole inquiry about a subject, under a request number of its own.
pub(crate) fn inquiry((name, kind, number): (&str, &str, &str)) -> QueryRequest {
    let text = str::to_owned;
    QueryRequest {
        inquiry: Some(Inquiry {
            request_number: format!(
                "{}",
                20_261_123_990_102_000_000_u128 + u128::from(NUMBERS.fetch_add(1, Ordering::Relaxed))
            ),
            court: Some(Court { name: text(COURT.0), code: text(COURT.1) }),
            case_number: text("（2026）测01执1号"),
            handler: Some(Handler {
                name: text("测试法官"),
                work_certificate_number: text("T0001"),
                official_certificate_number: String::new(),
                contact: text("000-0000000"),
            }),
            notice_number: text("（2026）房查字第00001号"),
            subject: Some(Subject { name: text(name), document_kind: text(kind), document_number: text(number) }),
            items: (1..=6).collect(),
            include_ended: false,
        }),
    }
}

/// A runtime for a story.
pub(crate) fn block_on<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}

/// Copies a package's folder, to be spoilt.
pub(crate) fn copy_package(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
