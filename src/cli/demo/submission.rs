//! The sample mail, and how it is handed in: one SMTP transaction with both recipients, as a mail server would.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::sample_pdf;
use super::setting::{FAX_DOMAIN, LINES, SENDER};
use crate::cli::exit::{Exit, Failure};
use crate::cli::moments::Moment;
use crate::mail::compose::Content;
use crate::mail::{Attachment, Letter, Mailbox};

/// Longest wait for one reply.
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of one reply, all its lines.
const MAX_REPLY: u64 = 64 * 1024;

/// The addresses the sample goes to.
pub(super) fn recipients() -> Vec<String> {
    LINES.iter().map(|(number, _)| format!("{number}@{FAX_DOMAIN}")).collect()
}

/// Text, HTML and a PDF of three pages.
pub(super) fn mail(moment: &Moment, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
    let to: Vec<Mailbox> = recipients().iter().map(|address| Mailbox::bare(address)).collect();
    let letter = Letter {
        from: &Mailbox { name: "Anna Bianchi".into(), address: SENDER.into() },
        to: &to,
        subject: "Offer 2026-117".into(),
        date: &moment.zoned(moment.now_ms),
        hostname: "mail.example.com",
        in_reply_to: "",
        references: "",
        // RFC 3834 §5: as a person would write it.
        auto_submitted: "no",
        fields: Vec::new(),
    };
    let document = sample_pdf::sample();
    let content = Content {
        text: "Hello,\n\nour offer is attached.\n\nAnna\n".into(),
        html: "<p>Hello,</p><p>our offer is <b>attached</b>.</p><p>Anna</p>".into(),
        picture: None,
        attachments: vec![Attachment { name: "offer-2026-117.pdf", media_type: "application/pdf", octets: &document }],
    };
    letter.write(content, chance)
}

/// Hands the mail in.
// RFC 5321 §3.3
pub(super) async fn submit(server: SocketAddr, mail: &[u8]) -> Result<(), Failure> {
    let talk = async {
        let stream = TcpStream::connect(server).await.map_err(|error| failed(&error.to_string()))?;
        let mut client = Client { stream: BufReader::new(stream) };
        client.expect('2').await?;
        client.say("EHLO mail.example.com", '2').await?;
        client.say(&format!("MAIL FROM:<{SENDER}>"), '2').await?;
        for recipient in recipients() {
            client.say(&format!("RCPT TO:<{recipient}>"), '2').await?;
        }
        client.say("DATA", '3').await?;
        client.write(&stuffed(mail)).await?;
        client.expect('2').await?;
        client.say("QUIT", '2').await
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap_or_else(|_| Err(failed("it did not answer in time")))
}

fn failed(reason: &str) -> Failure {
    Failure::new(Exit::Failed, format!("the sample mail was not taken: {reason}"))
}

/// The message with its dots doubled and its end mark.
// RFC 5321 §4.5.2
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 64 + 8);
    let mut line_begins = true;
    for octet in mail {
        if line_begins && *octet == b'.' {
            out.push(b'.');
        }
        out.push(*octet);
        line_begins = *octet == b'\n';
    }
    if !line_begins {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn say(&mut self, line: &str, class: char) -> Result<(), Failure> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.expect(class).await
    }

    async fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.stream.get_mut().write_all(octets).await.map_err(|error| failed(&error.to_string()))
    }

    /// Reads a reply of any number of lines.
    // RFC 5321 §4.2.1
    async fn expect(&mut self, class: char) -> Result<(), Failure> {
        let mut bounded = (&mut self.stream).take(MAX_REPLY);
        loop {
            let mut line = String::new();
            let read = bounded.read_line(&mut line).await.map_err(|error| failed(&error.to_string()))?;
            if read == 0 {
                return Err(failed("the connection was closed"));
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return if line.starts_with(class) { Ok(()) } else { Err(failed(line.trim_end())) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{mail, stuffed};
    use crate::cli::moments::Moment;
    use crate::mail::{Incoming, Limits, SelectionRules, select};
    use jiff::tz::TimeZone;

    #[test]
    fn the_sample_is_faxed_as_its_pdf_alone() {
        let moment = Moment { now_ms: 1_800_000_000_000, zone: TimeZone::UTC };
        let mut count = 0;
        let mut chance = || {
            count += 1;
            count
        };
        let mail = mail(&moment, &mut chance);
        let incoming = Incoming::parse(&mail, &Limits::default()).expect("a mail");
        assert_eq!(incoming.automatic, None);
        let selection = select(incoming.body, &SelectionRules::default()).expect("something to fax");
        let names: Vec<&str> = selection.documents.iter().map(|document| document.name.as_str()).collect();
        assert_eq!(names, ["offer-2026-117.pdf"]);
        assert_eq!(selection.documents[0].bytes, super::sample_pdf::sample());
    }

    #[test]
    fn a_line_that_begins_with_a_dot_does_not_end_the_mail() {
        assert_eq!(stuffed(b".a\r\n..\r\nb"), b"..a\r\n...\r\nb\r\n.\r\n");
        assert_eq!(stuffed(b"a\r\n"), b"a\r\n.\r\n");
    }
}
