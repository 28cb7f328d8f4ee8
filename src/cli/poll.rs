//! `faxramp poll`: a mail that asks for a document goes to the server's own SMTP listener, and the queue is watched until the document
//! came or the fetch was given up.

use serde_json::json;

use super::arguments::Poll;
use super::console::Console;
use super::document::{message_id, request};
use super::exit::{Ended, Exit, Failure};
use super::moments::Moment;
use super::queue;
use super::send::{default_sender, submit, watch};
use crate::config::Config;
use crate::stage::chance;

pub(super) fn run(what: &Poll, config: &Config, console: &mut Console) -> Ended {
    let number = queue::number(&what.number, &queue::plan(config))?;
    let Some(domain) = config.smtp.fax_domains.first() else {
        return Err(Failure::new(Exit::Config, "smtp.fax_domains is empty, so the server takes no mail")
            .advising("set it, and who may dial what in [[allow]]"));
    };
    let from = what.from.clone().unwrap_or_else(|| default_sender(config));
    let selective = what.selective.as_ref().map_or_else(String::new, |selective| format!("/SEP={selective}"));
    let password = what.password.as_ref().map_or_else(String::new, |password| format!("/PWD={password}"));
    let address = format!("{number}/POLL{selective}{password}@{domain}");
    // The password goes with the envelope alone: the mail itself is kept for longer.
    let shown = format!("{number}/POLL{selective}@{domain}");
    let store = if what.no_wait { None } else { Some(queue::open(config)?) };
    let mail = request(
        (&from, &shown),
        format!("Fetch from {number}"),
        &format!("A document is to be fetched from {number}."),
        what.to.as_deref(),
        (&config.server.hostname, &Moment::now()),
        &mut chance,
    );
    let identifier = message_id(&mail).ok_or_else(|| Failure::new(Exit::Failed, "the mail has no Message-ID"))?;
    submit(config, &from, &address, &mail)?;
    let to = what.to.as_deref().unwrap_or(&from);
    if what.json {
        let taken =
            json!({"event": "taken", "message_id": identifier, "number": number.as_str(), "sender": from, "to": to});
        console.say_json(&taken);
    } else {
        console
            .say(format!("the request was taken by the server, to call {number}; what it fetches is mailed to {to}"));
    }
    match store {
        None => Ok(Exit::Ok),
        Some(store) => watch(&store, &identifier, what.json, console),
    }
}
