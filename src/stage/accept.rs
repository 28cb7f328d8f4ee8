//! Accept: a mail over SMTP becomes a message in the spool and one job per recipient.
//!
//! The recipient is judged at RCPT, by its own address and by who may dial what. The 250 for the message is sent only with the
//! [`Queued`] receipt in hand: the file synchronised and renamed, the rows committed.

use std::net::{IpAddr, SocketAddr};

use sha2::{Digest, Sha256};

use super::{Fault, Office, chance, later_ms, now_ms};
use crate::io::smtp_in::{IncomingMail, MailOwner};
use crate::mail::mime::{Incoming as Mail, Limits};
use crate::mail::trace::without_trace;
use crate::model::{FetchRequest, Number};
use crate::policy::address::{self, FaxAddress};
use crate::policy::authorize::{self, Authorized};
use crate::queue::{Fetch, NewJob, NewMessage, Queued};
use crate::smtp::{Envelope, Notify, Recipient, Reply, Return, Verdict};
use crate::spool::{Kind, LEAST_FREE_BYTES, Writer};

/// Hops after which a message is going in circles.
// RFC 5321 §6.3: at least 100
const MOST_HOPS: usize = 100;

/// The owner of the SMTP listeners.
pub struct Accept {
    office: Office,
}

impl Accept {
    /// Takes mail into this office.
    #[must_use]
    pub fn new(office: Office) -> Self {
        Self { office }
    }

    fn judge(&self, peer: IpAddr, sender: &str, address: &str) -> Result<(FaxAddress, Authorized), Reply> {
        let settings = self.office.settings();
        let refused = |refusal: address::Refusal| Reply::new(refusal.code, refusal.enhanced, refusal.text);
        let fax = address::parse(address, &settings.accept.addresses).map_err(refused)?;
        let authorized = authorize::authorize(&settings.accept.rules, peer, sender, &fax.number).map_err(refused)?;
        Ok((fax, authorized))
    }
}

impl MailOwner for Accept {
    type Incoming = Incoming;

    fn connected(&self, peer: SocketAddr) -> Result<(), Reply> {
        let settings = self.office.settings();
        if settings.accept.peers.iter().any(|network| network.contains(peer.ip())) {
            return Ok(());
        }
        tracing::info!(%peer, "an SMTP peer that is not in smtp.trusted_peers was turned away");
        Err(Reply::new(
            554,
            "5.7.1",
            format!("{} is not among the mail servers that may use this fax server", peer.ip()),
        ))
    }

    fn recipient(&self, peer: SocketAddr, sender: &str, recipient: &Recipient) -> Verdict {
        match self.judge(peer.ip(), sender, &recipient.address) {
            Ok(_) => Verdict::Accept,
            Err(reply) => {
                let recipient = address::hide_passwords(&recipient.address);
                tracing::info!(%peer, sender, recipient, reply = reply.text, "recipient refused");
                Verdict::Refuse(reply)
            }
        }
    }

    fn begin(&self, envelope: Envelope) -> Result<Incoming, Reply> {
        // Judged again: the settings may have been reloaded since RCPT, and only a judgement made here authorises a job.
        let mut recipients = Vec::with_capacity(envelope.recipients.len());
        for recipient in &envelope.recipients {
            let (fax, authorized) = self.judge(envelope.peer.ip(), &envelope.sender, &recipient.address)?;
            recipients.push((recipient.clone(), fax, authorized));
        }
        let declared = envelope.size.unwrap_or(0);
        let full = |fault: &dyn std::fmt::Display| {
            tracing::error!(%fault, "a message cannot be taken");
            Reply::new(452, "4.3.1", "the fax server has no room for the message now; try again later")
        };
        self.office.spool().require_free(LEAST_FREE_BYTES + declared).map_err(|fault| full(&fault))?;
        let writer = self.office.spool().create(Kind::Message).map_err(|fault| full(&fault))?;
        Ok(Incoming { office: self.office.clone(), envelope, recipients, writer, received_ms: now_ms() })
    }
}

/// A message on its way into the spool.
pub struct Incoming {
    office: Office,
    envelope: Envelope,
    recipients: Vec<(Recipient, FaxAddress, Authorized)>,
    writer: Writer,
    received_ms: i64,
}

impl IncomingMail for Incoming {
    fn write(&mut self, piece: &[u8]) -> Result<(), Reply> {
        self.writer.write(piece).map_err(|fault| {
            tracing::error!(%fault, "a message could not be written");
            Reply::new(452, "4.3.1", "the fax server has no room for the message now; try again later")
        })
    }

    async fn finish(self, verdicts: usize) -> Vec<Verdict> {
        let office = self.office.clone();
        let verdict = match office.blocking(move |_| Ok(self.store())).await {
            Ok(Ok(queued)) => Verdict::AcceptMessage { text: receipt_text(&queued) },
            Ok(Err(reply)) => Verdict::Refuse(reply),
            Err(fault) => {
                tracing::error!(%fault, "a message could not be stored");
                Verdict::Refuse(Reply::new(451, "4.3.0", "the fax server has a fault of its own; try again later"))
            }
        };
        vec![verdict; verdicts]
    }
}

impl Incoming {
    fn store(self) -> Result<Queued, Reply> {
        let local = |fault: Fault| {
            tracing::error!(%fault, "a message could not be stored");
            Reply::new(451, "4.3.0", "the fax server could not store the message; try again later")
        };
        let size_bytes = self.writer.written();
        let limit = self.office.settings().accept.max_message_bytes;
        let name = self.writer.commit().map_err(|fault| local(fault.into()))?;
        let stored = self.office.spool().read(&name, limit).map_err(|fault| local(fault.into()));
        let summary = stored.map(|raw| summary(&raw));
        let summary = match summary {
            Ok(Ok(summary)) => summary,
            Ok(Err(reply)) => {
                let _ = self.office.spool().remove(&name);
                return Err(reply);
            }
            Err(reply) => return Err(reply),
        };
        let jobs = match jobs(&self.office, &self.envelope.sender, &self.recipients, &summary, self.received_ms) {
            Ok(jobs) => jobs,
            Err(reply) => {
                let _ = self.office.spool().remove(&name);
                return Err(reply);
            }
        };
        let received_ms = self.received_ms;
        let message = NewMessage {
            envelope_from: self.envelope.sender.clone(),
            peer: format!("{} [{}]", self.envelope.helo, self.envelope.peer.ip()),
            received_ms,
            spool_file: name.to_string(),
            size_bytes,
            message_id: summary.message_id,
            subject: summary.subject,
            header_from: summary.from,
            references: summary.references,
            envelope_id: self.envelope.envid.clone(),
            return_content: self.envelope.ret.map(|ret| return_word(ret).to_owned()),
            content_hash: summary.hash,
        };
        let queued = self.office.store().accept(message, jobs).map_err(|fault| local(fault.into()))?;
        if queued.is_duplicate() {
            let _ = self.office.spool().remove(&name);
        }
        tracing::info!(
            message = %queued.message(),
            sender = self.envelope.sender,
            recipients = queued.jobs().len(),
            size = size_bytes,
            duplicate = queued.is_duplicate(),
            "mail accepted"
        );
        Ok(queued)
    }
}

/// The jobs of a message, one for each recipient.
fn jobs(
    office: &Office,
    sender: &str,
    recipients: &[(Recipient, FaxAddress, Authorized)],
    summary: &Summary,
    received_ms: i64,
) -> Result<Vec<NewJob>, Reply> {
    let settings = office.settings();
    let expires_ms = later_ms(settings.accept.lifetime);
    let fetch = |request: &FetchRequest| {
        let reply_to: Vec<&str> = summary.reply_to.iter().map(String::as_str).collect();
        let mailboxes = address::mailboxes_for_fetched(&reply_to, sender, &settings.accept.addresses);
        let refused = |refusal: address::Refusal| Reply::new(refusal.code, refusal.enhanced, refusal.text);
        Ok(Fetch { request: request.clone(), mailboxes: mailboxes.map_err(refused)? })
    };
    let job = |(recipient, fax, authorized): &(Recipient, FaxAddress, Authorized)| {
        // Rows are shown to people and told in reports, so the password stands in its own column alone.
        let original = recipient.orcpt.as_ref().map(|original| {
            let hidden = fax.fetch.as_ref().map(|_| address::hide_passwords(&original.address));
            format!("{};{}", original.address_type, hidden.as_ref().unwrap_or(&original.address))
        });
        Ok(NewJob {
            sub_address: fax.sub_address.clone(),
            options: fax.options.clone(),
            max_pages: authorized.max_pages(),
            fetch: fax.fetch.as_ref().map(fetch).transpose()?,
            notify: recipient.notify.map(notify_words),
            original_recipient: original,
            ..NewJob::new(
                dialled(authorized),
                address::without_password(&recipient.address, fax),
                received_ms,
                expires_ms,
            )
        })
    };
    recipients.iter().map(job).collect()
}

/// The number of a job comes out of the authorisation, so that none can be queued without one.
fn dialled(authorized: &Authorized) -> Number {
    authorized.number().clone()
}

fn receipt_text(queued: &Queued) -> String {
    let jobs: Vec<String> = queued.jobs().iter().map(ToString::to_string).collect();
    let already = if queued.is_duplicate() { " (taken before)" } else { "" };
    format!("queued as message {}, fax {}{already}", queued.message(), jobs.join(", "))
}

/// What the rows keep of a message.
struct Summary {
    message_id: Option<String>,
    subject: String,
    from: String,
    references: String,
    reply_to: Vec<String>,
    hash: [u8; 32],
}

fn summary(raw: &[u8]) -> Result<Summary, Reply> {
    let mail = Mail::parse(raw, &Limits::default())
        .map_err(|error| Reply::new(554, "5.6.0", format!("the message cannot be read: {error}")))?;
    if mail.received_fields > MOST_HOPS {
        return Err(Reply::new(554, "5.4.6", "the message has passed more than 100 servers; it goes in circles"));
    }
    let mut hash = Sha256::new();
    without_trace(raw).for_each(|piece| hash.update(piece));
    if mail.message_id.is_none() {
        // RFC 5322 §3.6.4: without a Message-ID two equal messages may be two wishes, not one sent twice.
        hash.update(chance().to_le_bytes());
    }
    let from = mail.from.first().map(|from| match &from.name {
        Some(name) => format!("{name} <{}>", from.address),
        None => from.address.clone(),
    });
    let references: Vec<String> = mail.references.iter().map(|id| format!("<{id}>")).collect();
    Ok(Summary {
        message_id: mail.message_id,
        subject: mail.subject.unwrap_or_default(),
        from: from.unwrap_or_default(),
        references: references.join(" "),
        reply_to: mail.reply_to.into_iter().map(|mailbox| mailbox.address).collect(),
        hash: hash.finalize().into(),
    })
}

// RFC 3461 §4.1
fn notify_words(notify: Notify) -> String {
    match notify {
        Notify::Never => "NEVER".into(),
        Notify::On { success, failure, delay } => {
            let words = [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")];
            words.iter().filter(|(wanted, _)| *wanted).map(|(_, word)| *word).collect::<Vec<_>>().join(",")
        }
    }
}

// RFC 3461 §4.3
const fn return_word(ret: Return) -> &'static str {
    match ret {
        Return::Full => "FULL",
        Return::Headers => "HDRS",
    }
}
