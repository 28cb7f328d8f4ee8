//! The server as the process it is in life, so that it can die as a process does. What is about crash points is only there with debug
//! assertions, as they are.

use std::fs::OpenOptions;
#[cfg(debug_assertions)]
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};

use faxramp::model::crash;
use tokio::process::{Child, Command};

use super::client::Client;
use super::site::Site;
use super::until;

#[cfg(debug_assertions)]
/// How a process ends that aborts at a crash point.
const SIGABRT: i32 = 6;
#[cfg(debug_assertions)]
/// Lines of the log shown when a test fails.
const LAST_LINES: usize = 60;

/// A server that runs, or just died.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `faxramp serve`, armed to die at `crash_at`, and waits until it takes mail or is dead.
    pub(crate) async fn start(site: &Site, crash_at: Option<&str>) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(site.folder().join("log")).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_faxramp"));
        command.arg("serve").arg("--config").arg(site.config_file()).arg("--log-level").arg("debug");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        command.env_remove(crash::VARIABLE).env_remove("NOTIFY_SOCKET");
        if let Some(place) = crash_at {
            command.env(crash::VARIABLE, place);
        }
        let mut process = Self { child: command.spawn().expect("the program starts") };
        until("the server listens or dies", async || {
            let dead = process.child.try_wait().expect("a child").is_some();
            (dead || Client::try_connect(site.smtp_address()).await.is_ok()).then_some(())
        })
        .await;
        process
    }

    #[cfg(debug_assertions)]
    /// Waits until it is dead, and says whether it died at a crash point.
    pub(crate) async fn crashed(&mut self) -> bool {
        let ended = tokio::time::timeout(super::PATIENCE, self.child.wait()).await;
        ended.is_ok_and(|status| status.expect("a child").signal() == Some(SIGABRT))
    }

    #[cfg(debug_assertions)]
    /// Whether it is dead by now.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) async fn kill(mut self) -> ExitStatus {
        self.child.start_kill().expect("killed");
        self.child.wait().await.expect("a child")
    }
}

#[cfg(debug_assertions)]
/// What the server last wrote into its log.
pub(crate) fn last_words(site: &Site) -> String {
    let log = std::fs::read_to_string(site.folder().join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
