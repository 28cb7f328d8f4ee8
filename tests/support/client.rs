//! A mail client that speaks SMTP by hand, and the mails it sends.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::PATIENCE;

/// A connection behind EHLO.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a server that is known to be up.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).await.expect("the listener answers")
    }

    /// As [`Client::connect`], where the server may be gone.
    pub(crate) async fn try_connect(address: SocketAddr) -> Result<Self> {
        let mut client = Self { stream: BufReader::new(TcpStream::connect(address).await?) };
        assert_eq!(client.reply().await?.0, 220);
        assert_eq!(client.try_say("EHLO client.test").await?.0, 250);
        Ok(client)
    }

    async fn reply(&mut self) -> Result<(u16, String)> {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, self.stream.read_line(&mut line)).await;
            if read.expect("a reply in time")? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            text.push_str(&line);
            if line.as_bytes().get(3) == Some(&b' ') {
                let code = line[..3].parse().map_err(|_| Error::other(format!("no reply: {line:?}")))?;
                return Ok((code, text));
            }
        }
    }

    pub(crate) async fn say(&mut self, line: &str) -> (u16, String) {
        self.try_say(line).await.expect("the connection is up")
    }

    pub(crate) async fn try_say(&mut self, line: &str) -> Result<(u16, String)> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    pub(crate) async fn mail(&mut self, from: &str, to: &[&str], message: &str) -> (u16, String) {
        self.try_mail(from, to, message).await.expect("the connection is up")
    }

    /// The reply to the message; an error when the server was gone before it came.
    pub(crate) async fn try_mail(&mut self, from: &str, to: &[&str], message: &str) -> Result<(u16, String)> {
        assert_eq!(self.try_say(&format!("MAIL FROM:<{from}>")).await?.0, 250);
        for to in to {
            assert_eq!(self.try_say(&format!("RCPT TO:<{to}>")).await?.0, 250, "{to}");
        }
        assert_eq!(self.try_say("DATA").await?.0, 354);
        self.try_say(&format!("{message}\r\n.")).await
    }
}

/// A mail of text alone.
pub(crate) fn message(id: &str, subject: &str, text: &str) -> String {
    format!("{}\r\n{text}", header(id, subject))
}

/// A mail of one document alone, in base64.
pub(crate) fn message_with(id: &str, name: &str, media_type: &str, octets: &[u8]) -> String {
    format!(
        "{}MIME-Version: 1.0\r\nContent-Type: {media_type}; name=\"{name}\"\r\n\
         Content-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        header(id, name),
        base64(octets)
    )
}

fn header(id: &str, subject: &str) -> String {
    format!(
        "From: Jane <jane@company.test>\r\nTo: fax\r\nSubject: {subject}\r\nMessage-ID: <{id}@company.test>\r\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n"
    )
}

// RFC 4648 §4, in lines of 76
fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(octets.len() * 3 / 2);
    for line in octets.chunks(57) {
        for group in line.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, octet| bits << 8 | u32::from(*octet)) << (8 * (3 - group.len()));
            for place in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
                text.push(if place <= group.len() { char::from(letter) } else { '=' });
            }
        }
        text.push_str("\r\n");
    }
    text
}

#[test]
fn base64_is_that_of_the_standard() {
    // RFC 4648 §10
    assert_eq!(base64(b"foobar").trim_end(), "Zm9vYmFy");
    assert_eq!(base64(b"fooba").trim_end(), "Zm9vYmE=");
    assert_eq!(base64(b"foob").trim_end(), "Zm9vYg==");
}
