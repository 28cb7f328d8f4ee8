//! Sends one mail to a smarthost. A wrapper of mail-send that keeps the three ends apart: sent, later, never.

use std::time::Duration;

use mail_send::smtp::message::Parameters;
use mail_send::{Credentials, SmtpClient, SmtpClientBuilder};
use tokio::io::{AsyncRead, AsyncWrite};

/// How the connection to the smarthost is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// TLS from the first octet (port 465).
    Implicit,
    /// STARTTLS, or no mail at all.
    Required,
    /// STARTTLS where it is offered.
    Opportunistic,
    /// Clear text: for a smarthost on the same machine.
    Off,
}

/// Where outbound mail goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Name or address of the smarthost.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Protection of the connection.
    pub tls: Tls,
    /// User name and password, if it wants them.
    pub credentials: Option<(String, String)>,
    /// What we call ourselves in EHLO.
    pub helo: String,
    /// Limit for each step of the conversation.
    // RFC 5321 §4.5.3.2: 5 minutes for commands, 10 for the reply to the final dot.
    pub timeout: Duration,
}

/// How a delivery ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// The smarthost has it.
    Sent,
    /// It can be tried again: why.
    Later(String),
    /// The smarthost refuses it for good: its words.
    Refused(String),
}

/// Sends `message` from `sender` (empty for the null sender) to `recipient`.
pub async fn deliver(settings: &Settings, sender: &str, recipient: &str, message: &[u8]) -> Delivery {
    let sent = match settings.tls {
        Tls::Off => plain(settings, sender, recipient, message).await,
        Tls::Implicit | Tls::Required => secured(settings, sender, recipient, message).await,
        Tls::Opportunistic => match secured(settings, sender, recipient, message).await {
            Err(mail_send::Error::MissingStartTls) => plain(settings, sender, recipient, message).await,
            other => other,
        },
    };
    match sent {
        Ok(()) => Delivery::Sent,
        Err(mail_send::Error::UnexpectedReply(reply)) if (500..600).contains(&reply.code) => {
            Delivery::Refused(format!("{} {}", reply.code, reply.message))
        }
        Err(error) => Delivery::Later(error.to_string()),
    }
}

fn builder(settings: &Settings) -> Result<SmtpClientBuilder<String>, mail_send::Error> {
    let mut builder = SmtpClientBuilder::new(settings.host.clone(), settings.port)
        .map_err(|reason| mail_send::Error::Io(std::io::Error::other(reason)))?
        .implicit_tls(settings.tls == Tls::Implicit)
        .helo_host(settings.helo.clone())
        .timeout(settings.timeout);
    if let Some((user, password)) = &settings.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder)
}

async fn secured(settings: &Settings, sender: &str, recipient: &str, message: &[u8]) -> mail_send::Result<()> {
    converse(builder(settings)?.connect().await?, sender, recipient, message).await
}

async fn plain(settings: &Settings, sender: &str, recipient: &str, message: &[u8]) -> mail_send::Result<()> {
    converse(builder(settings)?.connect_plain().await?, sender, recipient, message).await
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: SmtpClient<S>,
    sender: &str,
    recipient: &str,
    message: &[u8],
) -> mail_send::Result<()> {
    client.mail_from(sender, &Parameters::new()).await?;
    client.rcpt_to(recipient, &Parameters::new()).await?;
    client.data(message).await?;
    // The mail is theirs with the reply to the dot; how the farewell goes does not matter.
    let _ = client.quit().await;
    Ok(())
}
