//! What each command does, and in which order commands may come.

use std::time::Instant;

use super::{Fault, Introduction, Line, Output, Receiving, Session, State};
use crate::smtp::{
    Envelope, Protocol, Recipient, Reply,
    command::{self, Command, Hello, Mail},
    data::DataReader,
};

impl Session {
    /// Obeys one line, or says why not; too many lines that are wrong end the session.
    pub(super) fn obey(&mut self, line: Line, now: Instant) {
        self.commands += 1;
        if self.commands > self.settings.max_commands {
            return self.close_with(Reply::new(421, "4.7.0", "too many commands without a message, closing"));
        }
        let result = match line {
            Line::Whole(text) if self.introduction.is_none() && is_http(&text) => {
                return self.refuse_connection("this is a mail server");
            }
            Line::Whole(text) => command::parse(&text),
            Line::Bad(Fault::BareLineFeed) => Err(unreadable("a line must end with CR LF, not with LF alone")),
            Line::Bad(Fault::ControlCharacter) => Err(unreadable("there is a control character in the line")),
            Line::Bad(Fault::TooLong) => Err(unreadable("the line is too long")),
        };
        if let Err(reply) = result.and_then(|command| self.execute(command, now)) {
            self.write(&reply);
            self.errors += 1;
            if self.errors >= self.settings.max_errors {
                self.close_with(Reply::new(421, "4.7.0", "too many errors, closing"));
            }
        }
    }

    /// # Errors
    /// The reply to a command that is wrong here; it counts as an error.
    fn execute(&mut self, command: Command, now: Instant) -> Result<(), Reply> {
        match command {
            Command::Hello { word, host } => self.introduce(word, host),
            Command::Mail(mail) => self.begin(mail),
            Command::Rcpt(recipient) => self.ask(recipient),
            Command::Data => self.data(now),
            Command::Reset => {
                self.state = State::Idle;
                self.say(250, "2.0.0", "transaction forgotten")
            }
            Command::Noop => self.say(250, "2.0.0", "here"),
            Command::Quit => {
                self.close_with(Reply::new(221, "2.0.0", format!("{} closing", self.settings.hostname)));
                Ok(())
            }
            // RFC 5321 §3.5.3, §7.3: to verify addresses is to give them away
            Command::Verify => self.say(252, "2.0.0", "not verified; send the message and see"),
            Command::Help => self.say(214, "2.0.0", "send mail to number@domain, and it will be faxed"),
            Command::Chunk => {
                // The octets of the chunk would be read as commands.
                self.close_with(Reply::new(502, "5.5.1", "CHUNKING was not announced, closing"));
                Ok(())
            }
            Command::NotHere(word) => Err(Reply::new(502, "5.5.1", format!("{word} is not offered here"))),
        }
    }

    fn say(&mut self, code: u16, enhanced: &'static str, text: &str) -> Result<(), Reply> {
        self.write(&Reply::new(code, enhanced, text));
        Ok(())
    }

    fn introduce(&mut self, word: Hello, host: String) -> Result<(), Reply> {
        let extended = match (self.settings.protocol, word) {
            (Protocol::Smtp, Hello::Helo) => false,
            (Protocol::Smtp, Hello::Ehlo) | (Protocol::Lmtp, Hello::Lhlo) => true,
            // RFC 2033 §4.1
            (Protocol::Lmtp, Hello::Helo | Hello::Ehlo) => {
                return Err(Reply::new(500, "5.5.1", "this is LMTP: say LHLO"));
            }
            (Protocol::Smtp, Hello::Lhlo) => return Err(Reply::new(500, "5.5.1", "this is SMTP: say EHLO")),
        };
        // RFC 2920 §3.1: who sends on before our reply cannot know that we take commands in advance
        if self.introduction.is_none() && !self.input.is_empty() {
            self.close_with(Reply::new(503, "5.5.1", "commands were sent ahead of our reply, closing"));
            return Ok(());
        }
        // RFC 5321 §4.1.4: a second EHLO does what RSET does
        self.state = State::Idle;
        self.introduction = Some(Introduction { helo: host, extended });
        let keywords = if extended { self.keywords() } else { String::new() };
        self.write(&Reply::bare(250, format!("{}{keywords}", self.settings.hostname)));
        Ok(())
    }

    fn keywords(&self) -> String {
        let size = self.settings.max_message_bytes;
        format!("\nSIZE {size}\nPIPELINING\n8BITMIME\nENHANCEDSTATUSCODES\nDSN")
    }

    fn begin(&mut self, mail: Mail) -> Result<(), Reply> {
        let Some(introduction) = self.introduction.clone() else {
            let word = if self.settings.protocol == Protocol::Lmtp { "LHLO" } else { "EHLO" };
            return Err(bad_order(&format!("say {word} first")));
        };
        // RFC 5321 §4.1.4
        if !matches!(self.state, State::Idle) {
            return Err(bad_order("a sender was given already"));
        }
        if mail.size.is_some_and(|size| size > self.settings.max_message_bytes) {
            let reply = self.too_big();
            self.write(&reply);
            return Ok(());
        }
        self.outputs.push_back(Output::Sender { path: mail.sender.clone(), size: mail.size });
        self.state = State::Transaction(Envelope {
            protocol: self.settings.protocol,
            extended: introduction.extended,
            peer: self.peer,
            helo: introduction.helo,
            sender: mail.sender,
            size: mail.size,
            body: mail.body,
            ret: mail.ret,
            envid: mail.envid,
            recipients: Vec::new(),
        });
        self.say(250, "2.1.0", "sender accepted")
    }

    fn ask(&mut self, recipient: Recipient) -> Result<(), Reply> {
        // Only Idle and Transaction obey commands, so what is replaced otherwise is Idle.
        let State::Transaction(envelope) = std::mem::replace(&mut self.state, State::Idle) else {
            return Err(bad_order("give a sender first"));
        };
        // RFC 5321 §4.5.3.1.10
        if envelope.recipients.len() >= self.settings.max_recipients {
            self.state = State::Transaction(envelope);
            return self.say(452, "4.5.3", "too many recipients; send to the others in another message");
        }
        self.outputs.push_back(Output::Recipient(recipient.clone()));
        self.state = State::AskingRecipient(envelope, recipient);
        Ok(())
    }

    fn data(&mut self, now: Instant) -> Result<(), Reply> {
        let State::Transaction(envelope) = std::mem::replace(&mut self.state, State::Idle) else {
            return self.no_data(bad_order("give a sender and a recipient first"));
        };
        if envelope.recipients.is_empty() {
            self.state = State::Transaction(envelope);
            return self.no_data(Reply::new(self.no_recipients_code(), "5.5.1", "no recipient was accepted"));
        }
        let reader = DataReader::new(self.settings.max_text_line_bytes, self.settings.max_message_bytes);
        let recipients = envelope.recipients.len();
        self.outputs.push_back(Output::DataBegins { envelope });
        // RFC 2034 §4: no enhanced code in 3xx
        self.write(&Reply::bare(354, "send the message, then a line with a single dot"));
        self.state = State::Receiving(Receiving { recipients, reader, aborted: false, started: now });
        Ok(())
    }

    // RFC 5321 §3.3 has 554 or 503; RFC 2033 §4.2 has 503
    const fn no_recipients_code(&self) -> u16 {
        match self.settings.protocol {
            Protocol::Smtp => 554,
            Protocol::Lmtp => 503,
        }
    }

    /// DATA is refused. Whoever sent the message without waiting for 354 must not have it read as commands.
    // RFC 2920 §3.1
    fn no_data(&mut self, reply: Reply) -> Result<(), Reply> {
        if self.input.is_empty() {
            return Err(reply);
        }
        self.close_with(reply);
        Ok(())
    }
}

/// A browser made to speak to us: its body could hold commands.
fn is_http(line: &[u8]) -> bool {
    line.windows(6).any(|window| window == b" HTTP/")
}

fn unreadable(text: &str) -> Reply {
    Reply::new(500, "5.5.2", text)
}

fn bad_order(text: &str) -> Reply {
    Reply::new(503, "5.5.1", text)
}
