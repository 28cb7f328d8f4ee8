//! `faxramp send`: a file becomes a mail, the mail goes to the server's own SMTP listener, and the queue is watched until the
//! fax has ended.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde_json::json;

use super::arguments::Send;
use super::console::{Console, Line, Style};
use super::document::{Document, message_id};
use super::exit::{Ended, Exit, Failure};
use super::moments::{Moment, for_programs};
use super::queue::{self, shown_state, style, word};
use super::runtime;
use crate::config::Config;
use crate::io::smtp_out::{self, Delivery, Tls};
use crate::model::{Cause, JobState};
use crate::queue::{Job, JobFilter, Store};
use crate::stage::chance;

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks before a fax that the server took must stand in the queue.
const LOOKS_FOR_JOB: u32 = 20;
/// Limit for each step of the conversation with the server.
const SMTP_STEP: Duration = Duration::from_secs(120);

pub(super) fn run(what: &Send, config: &Config, console: &mut Console) -> Ended {
    let number = queue::number(&what.number, &queue::plan(config))?;
    let document = Document::read(&what.file)?;
    let Some(domain) = config.smtp.fax_domains.first() else {
        return Err(Failure::new(Exit::Config, "smtp.fax_domains is empty, so the server takes no mail")
            .advising("set it, and who may dial what in [[allow]]"));
    };
    let from = what.from.clone().unwrap_or_else(|| default_sender(config));
    let to = format!("{number}@{domain}");
    // Watching is refused before anything is dialled, not after.
    let store = if what.no_wait { None } else { Some(queue::open(config)?) };
    let text = format!("{} is attached.", document.name);
    let mail = document.mail((&from, &to), &text, &config.server.hostname, &Moment::now(), &mut chance);
    let identifier = message_id(&mail).ok_or_else(|| Failure::new(Exit::Failed, "the mail has no Message-ID"))?;
    submit(config, &from, &to, &mail)?;
    if what.json {
        console
            .say_json(&json!({"event": "taken", "message_id": identifier, "number": number.as_str(), "sender": from}));
    } else {
        console.say(format!("{} was taken by the server, to be faxed to {number}", document.name));
    }
    match store {
        None => Ok(Exit::Ok),
        Some(store) => watch(&store, &identifier, what.json, console),
    }
}

pub(super) fn default_sender(config: &Config) -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "root".into());
    let sound = !user.is_empty() && user.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-".contains(&octet));
    format!("{}@{}", if sound { user.as_str() } else { "root" }, config.server.hostname)
}

/// Hands a mail to the server's own listener.
pub(super) fn submit(config: &Config, from: &str, to: &str, mail: &[u8]) -> Result<(), Failure> {
    let Some(listen) = config.smtp.listen.first() else {
        return Err(Failure::new(Exit::Config, "smtp.listen is empty, so the server takes no mail"));
    };
    let settings = smtp_out::Settings {
        host: reachable(listen.ip()).to_string(),
        port: listen.port(),
        tls: Tls::Off,
        credentials: None,
        helo: config.server.hostname.clone(),
        timeout: SMTP_STEP,
    };
    match runtime()?.block_on(smtp_out::deliver(&settings, from, to, mail)) {
        Delivery::Sent => Ok(()),
        Delivery::Refused(reply) => Err(Failure::new(Exit::Failed, format!("the server refused the mail: {reply}"))
            .advising("[[allow]] in the configuration tells who may dial what; --from sets the sender")),
        Delivery::Later(reason) => {
            Err(Failure::new(Exit::TryLater, format!("the server at {listen} did not take the mail: {reason}"))
                .advising("is it running? systemctl status faxramp tells, or its log"))
        }
    }
}

/// A listener on every address is reached on the loopback.
const fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

/// Tells the course of the mail's job until there is nothing more to wait for.
pub(super) fn watch(store: &Store, identifier: &str, json: bool, console: &mut Console) -> Ended {
    let filter = JobFilter { message_id: Some(identifier.to_owned()), limit: 1, ..JobFilter::default() };
    let mut last: Option<Job> = None;
    let mut looks = 0;
    loop {
        let found = store.list(&filter).map_err(|error| queue::failure(&error))?.into_iter().next();
        match found {
            Some(job) => {
                if news(last.as_ref(), &job) {
                    tell(last.is_none(), &job, json, console);
                }
                if let Some(exit) = end(&job) {
                    return Ok(exit);
                }
                last = Some(job);
            }
            None if last.is_some() => return Err(Failure::new(Exit::Failed, "the fax is no longer in the queue")),
            None if looks > LOOKS_FOR_JOB => {
                return Err(Failure::new(Exit::Failed, "the server took the mail, but the fax is not in this queue")
                    .advising("does --config name the configuration the server runs with?"));
            }
            None => looks += 1,
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Whether something changed that a person wants to know.
fn news(last: Option<&Job>, job: &Job) -> bool {
    last.is_none_or(|last| {
        let ended = |job: &Job| end(job).is_some();
        // The step from ended to reported is told as one.
        (last.state != job.state && !(ended(last) && ended(job)))
            || last.pages_confirmed != job.pages_confirmed
            || queue::calls(last) != queue::calls(job)
    })
}

fn tell(first: bool, job: &Job, json: bool, console: &mut Console) {
    let moment = Moment::now();
    if json {
        let mut value = queue::job_for_programs(job);
        value["event"] = "job".into();
        value["time"] = for_programs(moment.now_ms).into();
        console.say_json(&value);
        return;
    }
    if first {
        let line =
            format!("fax {}; leaving with Ctrl-C does not take it back, faxramp queue cancel {} does", job.id, job.id);
        console.say(Line::new().and(Style::Dim, line));
    }
    let state = shown_state(job);
    let line = Line::new().and(Style::Dim, format!("{}  ", moment.show(moment.now_ms)));
    console.say(line.and(style(state), format!("{:10}", word(state))).and(Style::Plain, course(job, &moment)));
}

/// Where it stands, in a sentence.
fn course(job: &Job, moment: &Moment) -> String {
    let is_fetch = job.fetch.is_some();
    let pages = match is_fetch {
        false => format!("{} of {} pages confirmed", job.pages_confirmed, job.pages_total),
        true => format!("{} pages received", job.pages_confirmed),
    };
    match job.state {
        JobState::Accepted => "is being drawn".into(),
        JobState::Ready => match &job.cause {
            None if is_fetch => "waits for a line".into(),
            None => format!("{} pages, waits for a line", job.pages_total),
            Some(_) => {
                let sentence = job.sentence().unwrap_or_default();
                format!("{pages}; {sentence}; is dialled again at {}", moment.show(job.due_ms))
            }
        },
        JobState::Dialling if is_fetch => "on the line".into(),
        JobState::Dialling => format!("on the line, {pages}"),
        JobState::Held => format!("held: {}", job.hold_reason.clone().unwrap_or_default()),
        JobState::Done | JobState::Failed | JobState::Cancelled | JobState::Reported => {
            format!("{pages}; {}", queue::outcome(job))
        }
    }
}

/// The exit code when there is nothing more to wait for.
fn end(job: &Job) -> Option<Exit> {
    match job.state {
        JobState::Accepted | JobState::Ready | JobState::Dialling => None,
        JobState::Held => Some(Exit::TryLater),
        JobState::Done | JobState::Failed | JobState::Cancelled | JobState::Reported => {
            let whole = job.cause == Some(Cause::Sent) && job.pages_confirmed == job.pages_total;
            Some(if whole { Exit::Ok } else { Exit::Failed })
        }
    }
}

#[cfg(test)]
mod tests;
