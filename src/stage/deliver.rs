//! Deliver: outbound mails, one row each, go to the smarthost or into a Maildir.

use std::path::Path;

use tokio::sync::watch;

use super::settings::{Deliver, Route};
use super::{Fault, Office, attend, chance, now_ms};
use crate::io::smtp_out::{self, Delivery};
use crate::policy::retry::lengthened_ms;
use crate::queue::{Bell, Mail};
use crate::spool::SpoolName;

/// Mails looked for at once.
const LOOK_FOR: u32 = 32;
/// Octets of a mail on its way out: a received fax of many dense pages.
const MAX_MAIL: u64 = 256 * 1024 * 1024;

/// Runs the stage until `stop`.
pub async fn run(office: Office, stop: watch::Receiver<bool>) {
    attend(office, "deliver", Bell::Deliver, stop, look).await;
}

async fn look(office: Office) -> Result<bool, Fault> {
    let settings = office.settings();
    if matches!(settings.deliver.route, Route::Nowhere) {
        return Ok(false);
    }
    let due = office.blocking(|office| Ok(office.store().due_mails(now_ms(), LOOK_FOR)?)).await?;
    let more = !due.is_empty();
    for mail in due {
        one(&office, &settings.deliver, mail).await?;
    }
    Ok(more)
}

async fn one(office: &Office, settings: &Deliver, mail: Mail) -> Result<(), Fault> {
    let stored = SpoolName::from_stored(&mail.spool_file);
    let name = stored.ok_or_else(|| Fault::Inconsistent(format!("{} is no file of the spool", mail.spool_file)))?;
    let octets = office.blocking(move |office| Ok(office.spool().read(&name, MAX_MAIL)?)).await;
    let octets = match octets {
        Ok(octets) => octets,
        Err(fault) => {
            let (id, text) = (mail.id, fault.to_string());
            tracing::error!(mail = %id, %fault, "a mail on its way out cannot be read and is given up");
            return office.blocking(move |office| Ok(office.store().mail_failed(id, &text, now_ms())?)).await;
        }
    };
    let delivery = match &settings.route {
        Route::Smarthost(smarthost) => {
            smtp_out::deliver(smarthost, &mail.envelope_from, &mail.envelope_to, &octets).await
        }
        Route::Maildir(folder) => {
            let (folder, to, name) = (folder.clone(), mail.envelope_to.clone(), maildir_name(&mail));
            office.blocking(move |_| Ok(into_maildir(&folder, &to, &octets, &name))).await?
        }
        Route::Nowhere => return Ok(()),
    };
    settle(office, settings, &mail, delivery).await
}

async fn settle(office: &Office, settings: &Deliver, mail: &Mail, delivery: Delivery) -> Result<(), Fault> {
    let id = mail.id;
    match delivery {
        Delivery::Sent => {
            tracing::info!(mail = %id, kind = mail.kind.word(), to = mail.envelope_to, "mail delivered");
            office.blocking(move |office| Ok(office.store().mail_sent(id, "delivered", now_ms())?)).await
        }
        Delivery::Later(reply) => match settings.retry.delay(mail.tries) {
            Some(delay) if now_ms() < mail.expires_ms => {
                let due_ms = now_ms().saturating_add(lengthened_ms(delay, chance()));
                tracing::warn!(mail = %id, reply, "a mail could not be delivered yet");
                office.blocking(move |office| Ok(office.store().mail_later(id, &reply, due_ms)?)).await
            }
            Some(_) | None => give_up(office, mail, reply).await,
        },
        Delivery::Refused(reply) => give_up(office, mail, reply).await,
    }
}

async fn give_up(office: &Office, mail: &Mail, reply: String) -> Result<(), Fault> {
    let id = mail.id;
    tracing::error!(mail = %id, kind = mail.kind.word(), to = mail.envelope_to, reply, "a mail is given up");
    office.blocking(move |office| Ok(office.store().mail_failed(id, &reply, now_ms())?)).await
}

/// The same at each try, so that a mail whose row was lost in a crash is known again. The file's name is of chance; mails to several
/// mailboxes share it.
fn maildir_name(mail: &Mail) -> String {
    format!("{}.{}-{}.faxramp", mail.created_ms, mail.id, mail.spool_file.replace('/', "-"))
}

/// Puts a mail into a Maildir as another mail server would, with the recipient in front.
fn into_maildir(folder: &Path, recipient: &str, octets: &[u8], name: &str) -> Delivery {
    match crate::io::maildir::put(folder, recipient, octets, name) {
        Ok(()) => Delivery::Sent,
        Err(error) => Delivery::Later(format!("{}: {error}", folder.display())),
    }
}
