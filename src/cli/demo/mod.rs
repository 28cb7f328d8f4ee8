//! `faxramp demo`: a server of its own on the loopback that faxes a sample mail to itself, shown while it happens, and a proof
//! that the pages received are those sent.
//!
//! Everything is the real thing, in one process: SMTP in, the sandboxed renderer, the queue on disk, SIP, T.38 and T.30 over
//! sockets, both ways at once. Only the configuration is made up here.

mod display;
mod result;
mod sample_pdf;
mod setting;
mod submission;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::arguments::{Demo, Level};
use super::console::{Console, Line, Style};
use super::exit::{Ended, Exit, Failure};
use super::moments::Moment;
use super::{logging, queue, runtime, serve};
use crate::app::Server;
use crate::clock;
use crate::model::JobState;
use crate::queue::{JobDetail, JobFilter, Received};
use crate::stage::chance;
use crate::stage::live::Event;
use display::Display;
use result::Proof;
use setting::{FAX_DOMAIN, LINES, SENDER};

/// Longest demonstration; then it has failed.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often the display is drawn and the queue looked at.
const TICK: Duration = Duration::from_millis(200);
/// How long calls may go on when the server left up is told to stop.
const DRAIN: Duration = Duration::from_secs(5);
/// Mails that each fax makes: the receipt and the fax received.
const MAILS_A_FAX: usize = 2;
/// The log, in the demonstration's folder.
const LOG: &str = "demo.log";
/// The configuration, in the demonstration's folder.
const CONFIG: &str = "demo.toml";

pub(super) fn run(what: &Demo, level: Option<Level>, console: &mut Console) -> Ended {
    let moment = Moment::now();
    let folder = setting::folder(what.directory.as_deref(), &moment)?;
    let (config, text) = setting::prepare(&folder)?;
    super::render::keep(&folder.join(CONFIG), text.as_bytes())?;
    match level {
        Some(_) => logging::on_request(level),
        None => logging::into_file(&folder.join(LOG))?,
    }
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let server = Server::start(&config).await.map_err(|error| serve::not_started(&error))?;
        let mut stage = Stage { what, folder: &folder, began: clock::now(), display: Display::default(), console };
        let ended = stage.play(&server).await;
        if what.stay && ended.is_ok() {
            stage.stay(&server).await;
        }
        server.drain(if what.stay { DRAIN } else { Duration::ZERO }).await;
        ended
    });
    runtime.shutdown_background();
    ended
}

/// The demonstration as it is played.
struct Stage<'a> {
    what: &'a Demo,
    folder: &'a Path,
    began: Instant,
    display: Display,
    console: &'a mut Console,
}

impl Stage<'_> {
    fn elapsed(&self) -> Duration {
        clock::now().saturating_duration_since(self.began)
    }

    async fn play(&mut self, server: &Server) -> Ended {
        let feed = server.office().live().watch();
        let Some(smtp) = server.smtp_addresses().first().copied() else {
            return Err(Failure::new(Exit::Failed, "the demonstration's server does not listen"));
        };
        self.begin(server, smtp);
        submission::submit(smtp, &submission::mail(&Moment::now(), &mut chance)).await?;
        if !self.what.json {
            self.console.say(Line::new().and(Style::Dim, "  the server has taken the mail and draws its pages"));
        }
        let ended = tokio::time::timeout(PATIENCE, self.watch(server, feed)).await;
        self.console.leave_display();
        let proofs = match ended {
            Ok(proofs) => proofs?,
            Err(_) => {
                let sentence = format!("the faxes had not ended after {} seconds", PATIENCE.as_secs());
                self.console.complain(Style::Bad, &sentence);
                self.prove(server)?
            }
        };
        let took = self.elapsed();
        if self.what.json {
            self.console.say_json(&result::for_programs(&proofs, took, self.folder));
        } else {
            result::tell(&proofs, took, self.folder, self.console);
        }
        Ok(if proofs.len() == LINES.len() && proofs.iter().all(Proof::holds) { Exit::Ok } else { Exit::Failed })
    }

    fn begin(&mut self, server: &Server, smtp: std::net::SocketAddr) {
        let sip = server.sip_address();
        if self.what.json {
            let event = json!({
                "event": "started", "smtp": smtp.to_string(), "sip": sip.to_string(), "directory": self.folder,
            });
            self.console.say_json(&event);
            return;
        }
        self.console.say(Line::new().and(Style::Bold, "faxramp faxes to itself"));
        for (label, value) in [
            ("SMTP", format!("{smtp}, mail for number@{FAX_DOMAIN}")),
            ("SIP and T.38", format!("{sip}, the trunk is this server itself")),
            ("directory", self.folder.display().to_string()),
        ] {
            self.console.say(Line::new().and(Style::Dim, format!("  {label:17}")).and(Style::Plain, value));
        }
        let numbers: Vec<&str> = LINES.iter().map(|(number, _)| *number).collect();
        let pages = sample_pdf::PAGES;
        self.console.say(format!("{SENDER} mails a PDF of {pages} pages to {}:", numbers.join(" and ")));
    }

    /// Shows what happens until all has ended and arrived, then compares.
    async fn watch(
        &mut self,
        server: &Server,
        mut feed: tokio::sync::broadcast::Receiver<Event>,
    ) -> Result<Vec<Proof>, Failure> {
        loop {
            tokio::select! {
                event = feed.recv() => self.show(event),
                () = tick() => {
                    self.draw();
                    if self.all_arrived(server)? {
                        // What is still in the feed belongs to calls that are over by now.
                        while let Ok(event) = feed.try_recv() {
                            self.show(Ok(event));
                        }
                        self.draw();
                        return self.prove(server);
                    }
                }
            }
        }
    }

    fn show(&mut self, event: Result<Event, RecvError>) {
        let Ok(event) = event else { return };
        let at = self.elapsed();
        let step = self.display.handle(&event, at);
        if self.what.json {
            self.console.say_json(&display::for_programs(&event, at));
        } else if self.console.columns().is_some() {
            self.draw();
        } else if let Some(step) = step {
            self.console.say(step);
        }
    }

    fn draw(&mut self) {
        if !self.what.json {
            let lines = self.display.lines(self.elapsed());
            self.console.redraw(&lines);
        }
    }

    fn jobs(server: &Server) -> Result<Vec<JobDetail>, Failure> {
        let store = server.office().store();
        let failed = |error| queue::failure(&error);
        let filter = JobFilter { limit: 2, ..JobFilter::default() };
        let jobs = store.list(&filter).map_err(failed)?;
        jobs.iter().rev().map(|job| store.show(job.id).map_err(failed)).collect()
    }

    fn receptions(server: &Server) -> Result<Vec<Received>, Failure> {
        server.office().store().list_received(None, 100).map_err(|error| queue::failure(&error))
    }

    /// Whether both faxes have ended, both receptions too, and all mails are delivered.
    fn all_arrived(&self, server: &Server) -> Result<bool, Failure> {
        let jobs = Self::jobs(server)?;
        let ended = jobs.len() == LINES.len() && jobs.iter().all(|detail| detail.job.state == JobState::Reported);
        if !ended {
            return Ok(false);
        }
        let open = Self::receptions(server)?.iter().any(|received| received.closed_ms.is_none());
        let sent = jobs.iter().filter(|detail| detail.job.cause == Some(crate::model::Cause::Sent)).count();
        // A fax that failed has a receipt, and nothing arrives for it.
        let mails = sent * MAILS_A_FAX + (jobs.len() - sent);
        Ok(!open && result::delivered(self.folder)?.len() >= mails)
    }

    fn prove(&self, server: &Server) -> Result<Vec<Proof>, Failure> {
        let receptions = Self::receptions(server)?;
        let jobs = Self::jobs(server)?;
        let proof = |job: &JobDetail| {
            let called = |received: &&Received| received.called.trim_start_matches('+') == job.job.number.digits();
            result::prove(server.office(), job, receptions.iter().find(called), self.folder)
        };
        jobs.iter().map(proof).collect()
    }

    /// Leaves the server up until a person ends it, and goes on showing calls.
    async fn stay(&mut self, server: &Server) {
        let mut feed = server.office().live().watch();
        let smtp = server.smtp_addresses().first().map(ToString::to_string).unwrap_or_default();
        let config = self.folder.join(CONFIG);
        if !self.what.json {
            self.console.say("");
            self.console
                .say(format!("The server stays up; Ctrl-C ends it. Mail from anybody@example.com to {smtp}, or:"));
            let number = LINES[0].0;
            self.console.say(format!("  faxramp --config {} send FILE {number} --from {SENDER}", config.display()));
            self.console.say(format!("  faxramp --config {} queue list", config.display()));
        }
        self.display = Display::default();
        let stop = tokio::signal::ctrl_c();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                _ = &mut stop => break,
                event = feed.recv() => {
                    if matches!(event, Err(RecvError::Closed)) {
                        break;
                    }
                    self.show(event);
                }
                () = tick() => self.draw(),
            }
        }
        self.console.leave_display();
    }
}

/// One beat of the display.
async fn tick() {
    let _ = tokio::time::timeout(TICK, std::future::pending::<()>()).await;
}
