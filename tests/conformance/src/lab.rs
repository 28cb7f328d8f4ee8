//! The server under test with a configuration and a folder of its own, its commands, and the documents it sends.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::pages;
use crate::sip::Hub;

/// How long the server may take to come up.
const START: Duration = Duration::from_secs(20);
const SMTP_PORT: u16 = 2525;
const SIP_PORT: u16 = 5060;
/// Nobody speaks there; who listens has the addresses.
const GUARD_PORT: u16 = 5007;

/// A fax that the server sends, as its queue has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fax {
    /// The word of its state.
    pub state: String,
    /// The word of the cause why its last call ended; empty before one has.
    pub cause: String,
    /// Pages confirmed.
    pub pages: u64,
}

/// The server, and the tester's end of its trunk.
#[derive(Debug)]
pub struct Lab {
    folder: PathBuf,
    program: PathBuf,
    /// Keeps the addresses ours.
    _guard: TcpListener,
    server: Child,
    /// The tester's SIP.
    pub hub: Arc<Hub>,
    /// The tester's address.
    pub tester: String,
}

impl Lab {
    /// Starts the server.
    ///
    /// # Errors
    /// What is missing, in words for a person.
    pub fn start() -> Result<Self, String> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let program = program(&top)?;
        let folder = top.join("build/conformance");
        // What is left of an earlier run is in nobody's way.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let guarded =
            (1..=254).find_map(|net| Some((net, TcpListener::bind((format!("127.88.{net}.1"), GUARD_PORT)).ok()?)));
        let (net, guard) = guarded.ok_or("254 runs go on at once")?;
        let (server, tester) = (format!("127.88.{net}.1"), format!("127.88.{net}.2"));
        let config = folder.join("faxramp.toml");
        std::fs::write(&config, configuration(&folder, &server, &tester)).map_err(|error| error.to_string())?;
        let log = std::fs::File::create(folder.join("log")).map_err(|error| error.to_string())?;
        let mut command = Command::new(&program);
        command.arg("--config").arg(&config).args(["--log-level", "debug", "serve"]);
        let server_process = command.stdin(Stdio::null()).stderr(log).spawn().map_err(|error| error.to_string())?;
        let address = |port| format!("{server}:{port}").parse::<SocketAddr>().expect("an address");
        let hub = Hub::new(&tester, address(SIP_PORT))?;
        let lab = Self { folder, program, _guard: guard, server: server_process, hub, tester };
        let end = Instant::now() + START;
        while TcpStream::connect(address(SMTP_PORT)).is_err() {
            if Instant::now() > end {
                return Err(format!("the server does not come up; see {}", lab.folder.join("log").display()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(lab)
    }

    /// Where everything of this run is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One command of the program.
    ///
    /// # Errors
    /// What it said when it failed.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.folder.join("faxramp.toml")).args(arguments).stdin(Stdio::null());
        let done = command.output().map_err(|error| error.to_string())?;
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        if done.status.success() {
            return Ok(text(&done.stdout));
        }
        Err(format!("faxramp {}: {}{}", arguments.join(" "), text(&done.stdout), text(&done.stderr)))
    }

    /// A document with these pages, as a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn document(&self, name: &str, letters: &str, is_long: bool) -> Result<String, String> {
        let file = self.folder.join(format!("{name}.tif"));
        std::fs::write(&file, pages::tiff(letters, is_long)).map_err(|error| error.to_string())?;
        file.to_str().map(str::to_owned).ok_or_else(|| "the folder's name is no text".into())
    }

    /// The faxes to a number, in the order in which they came.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn faxes(&self, number: &str) -> Result<Vec<Fax>, String> {
        let listed = self.run(&["queue", "list", "--limit", "1000", "--json"])?;
        let jobs: Value = serde_json::from_str(&listed).map_err(|error| error.to_string())?;
        let word = |job: &Value, key: &str| job[key].as_str().unwrap_or("").to_owned();
        let fax = |job: &Value| Fax {
            state: word(job, "state"),
            cause: word(job, "cause"),
            pages: job["pages_confirmed"].as_u64().unwrap_or(0),
        };
        let mut faxes: Vec<Fax> =
            jobs.as_array().into_iter().flatten().filter(|job| job["number"] == number).map(fax).collect();
        faxes.reverse();
        Ok(faxes)
    }

    /// The same for a call from outside.
    ///
    /// # Errors
    /// The same.
    pub fn reception(&self, number: &str) -> Result<(String, u64), String> {
        let listed = self.run(&["received", "--limit", "1000", "--json"])?;
        let faxes: Value = serde_json::from_str(&listed).map_err(|error| error.to_string())?;
        let fax = faxes.as_array().into_iter().flatten().find(|fax| fax["called"] == number);
        let fax = fax.ok_or_else(|| format!("no call to {number} is known"))?;
        let count = |key: &str| fax["record"][key].as_u64().unwrap_or(0);
        Ok((fax["cause"].as_str().ok_or("the call has not ended")?.into(), count("received") + count("sent")))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // It is ours, and nothing of it is needed any more.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn program(top: &Path) -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("FAXRAMP_BIN") {
        return Ok(named.into());
    }
    let built = ["release", "debug"].map(|kind| top.join("target").join(kind).join("faxramp"));
    let found = built.into_iter().find(|file| file.exists());
    found.ok_or_else(|| "no faxramp in target; cargo build --workspace --bins makes it".into())
}

/// As an operator would have it, but for the addresses and what many calls at once need.
fn configuration(folder: &Path, server: &str, tester: &str) -> String {
    format!(
        r#"
[server]
hostname = "fax.test"
data_directory = "{folder}/data"
drain_timeout = "0 s"
[smtp]
listen = ["{server}:{SMTP_PORT}"]
fax_domains = ["fax.test"]
max_connections = 1000
max_connections_per_peer = 1000
[sip]
listen = "{server}:{SIP_PORT}"
media_ports = "40000-41999"
[log]
redact_numbers = false
[fax]
station_id = "+0123456789"
non_standard_facilities = "B5 00 42"
[queue]
max_calls = 400
faxes_per_call = 20
[delivery]
maildir = "{folder}/maildir"
[[allow]]
name = "all"
senders = ["*"]
numbers = ["*"]
[[trunk]]
name = "tester"
proxy = "{tester}:{SIP_PORT}"
channels = 400
caller_number = "+390299999"
[[inbound]]
numbers = ["+3902*"]
mailboxes = ["office@company.test"]
"#,
        folder = folder.display(),
    )
}
