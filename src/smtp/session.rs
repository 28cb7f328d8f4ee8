//! The engine of one connection: what the client sends and what the caller decides go in, replies and the message
//! come out. Serves RFC 5321 and RFC 2033.
//!
//! ```text
//!           ┌──────────────────────── RSET, EHLO ────────────────────────┐
//!           ▼                                                            │
//! Greeting ──▶ Idle ──MAIL──▶ Transaction ──RCPT──▶ AskingRecipient      │
//!               ▲                │  ▲  └──────verdict──────┘             │
//!               │               DATA └───────────────────────────────────┘
//!               │                ▼
//!               │             Receiving ──CRLF.CRLF──▶ AskingMessage
//!               └──refused by the engine──┘               │
//!               └──────────────verdict (LMTP: one each)───┘
//! any ──QUIT, 421, connection lost──▶ Closed
//! ```
//!
//! While a verdict is awaited, commands that arrive wait in the buffer, so replies keep the order of the commands
//! (RFC 2920 §3.2). [`Session::wants_input`] tells the driver when to stop reading.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::data::{DataFault, DataReader, Progress};
use super::events::{AbortReason, DATA_CHUNK, Input, MAX_WAITING_INPUT, Output, Verdict};
use super::line::{Fault, Line, LineReader};
use super::{Envelope, Protocol, Recipient, Reply, Settings};

mod commands;

/// The waits of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Timer {
    /// Before the greeting: `greeting_delay`, 0 by default. RFC 5321 §4.3.1 lets the server take its time.
    Greeting,
    /// For the next whole command: 5 minutes, not stretched by half a line. RFC 5321 §4.5.3.2.7.
    Command,
    /// For the next octets of a message: 5 minutes. RFC 5321 §4.5.3.2.5 has clients wait 3.
    DataBlock,
    /// For the whole message: 1 hour, of our own making against one octet a minute.
    DataTotal,
    /// For the verdict: 4 minutes, under the 5 and 10 that clients wait. RFC 5321 §4.5.3.2.3, §4.5.3.2.6.
    Verdict,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    peer: SocketAddr,
    state: State,
    introduction: Option<Introduction>,
    lines: LineReader,
    pub(super) input: Vec<u8>,
    pub(super) outputs: VecDeque<Output>,
    timer: Option<(Timer, Instant)>,
    shutting_down: bool,
    errors: u32,
    commands: u32,
}

#[derive(Clone, Debug)]
struct Introduction {
    helo: String,
    extended: bool,
}

#[derive(Debug)]
enum State {
    /// Connected, not greeted.
    Greeting,
    /// Between transactions.
    Idle,
    /// After MAIL.
    Transaction(Envelope),
    /// RCPT waits for its verdict.
    AskingRecipient(Envelope, Recipient),
    /// After 354.
    Receiving(Receiving),
    /// The message waits for this many verdicts.
    AskingMessage(usize),
    /// Nothing more will be done.
    Closed,
}

#[derive(Debug)]
struct Receiving {
    recipients: usize,
    reader: DataReader,
    aborted: bool,
    started: Instant,
}

impl Session {
    /// A connection just accepted; the greeting is due at once, or after the delay set.
    #[must_use]
    pub fn new(settings: Settings, peer: SocketAddr, now: Instant) -> Self {
        let delay = settings.timeouts.greeting_delay;
        let mut session = Self {
            settings,
            peer,
            state: State::Greeting,
            introduction: None,
            lines: LineReader::default(),
            input: Vec::new(),
            outputs: VecDeque::new(),
            timer: Some((Timer::Greeting, now + delay)),
            shutting_down: false,
            errors: 0,
            commands: 0,
        };
        if delay == Duration::ZERO {
            session.greet(now);
        }
        session
    }

    /// Takes what happened. Call [`Session::poll`] afterwards until it gives nothing.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        if matches!(self.state, State::Closed) {
            return;
        }
        match input {
            Input::Bytes(bytes) => {
                self.input.extend_from_slice(bytes);
                self.proceed(now);
            }
            Input::Timeout => self.time_out(now),
            Input::Closed => {
                self.abort_message(AbortReason::ConnectionLost);
                self.close();
            }
            Input::Verdict(verdict) => {
                self.judge(verdict, now);
                self.proceed(now);
            }
            Input::Shutdown => {
                self.shutting_down = true;
                if !matches!(self.state, State::AskingRecipient(..) | State::AskingMessage(_)) {
                    self.hang_up(AbortReason::Shutdown, shutting_down());
                }
            }
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.next_timer().map(|(_, at)| at)
    }

    /// Whether octets from the client would be used now; while it is false the driver should leave them in the socket.
    #[must_use]
    pub const fn wants_input(&self) -> bool {
        !matches!(self.state, State::AskingRecipient(..) | State::AskingMessage(_) | State::Closed)
    }

    fn next_timer(&self) -> Option<(Timer, Instant)> {
        let State::Receiving(receiving) = &self.state else { return self.timer };
        let total = (Timer::DataTotal, receiving.started + self.settings.timeouts.data_total);
        Some(self.timer.filter(|timer| timer.1 <= total.1).unwrap_or(total))
    }

    /// Does what can be done with the octets that wait.
    fn proceed(&mut self, now: Instant) {
        let mut moved = false;
        loop {
            moved |= match &mut self.state {
                State::Greeting if self.input.is_empty() => break,
                State::Greeting => return self.refuse_connection("you spoke before the greeting"),
                State::Idle | State::Transaction(_) => match self.next_line() {
                    Some(line) => {
                        self.obey(line, now);
                        true
                    }
                    None => break,
                },
                State::Receiving(_) if self.input.is_empty() => break,
                State::Receiving(_) => {
                    self.receive();
                    true
                }
                State::AskingRecipient(..) | State::AskingMessage(_) | State::Closed => break,
            };
        }
        if moved {
            self.arm(now);
        }
        if self.input.len() > MAX_WAITING_INPUT {
            self.close_with(Reply::new(421, "4.3.1", "too much was sent ahead of our replies"));
        }
    }

    fn next_line(&mut self) -> Option<Line> {
        let (taken, line) = self.lines.take(&self.input);
        self.input.drain(..taken);
        line
    }

    /// Sets the timer that belongs to the state.
    fn arm(&mut self, now: Instant) {
        let timeouts = &self.settings.timeouts;
        self.timer = match self.state {
            State::Greeting => self.timer,
            State::Idle | State::Transaction(_) => Some((Timer::Command, now + timeouts.command)),
            State::Receiving(_) => Some((Timer::DataBlock, now + timeouts.data_block)),
            State::AskingRecipient(..) | State::AskingMessage(_) => Some((Timer::Verdict, now + timeouts.verdict)),
            State::Closed => None,
        };
    }

    fn time_out(&mut self, now: Instant) {
        let Some((timer, at)) = self.next_timer() else { return };
        if now < at {
            return;
        }
        match timer {
            Timer::Greeting => self.greet(now),
            // RFC 5321 §4.5.3.2, §3.8
            Timer::Command => self.close_with(Reply::new(421, "4.4.2", "no command came in time, closing")),
            Timer::DataBlock | Timer::DataTotal => {
                let reply = Reply::new(421, "4.4.2", "the message did not come in time, closing");
                self.hang_up(AbortReason::TimedOut, reply);
            }
            // A late verdict could be taken for the answer to a later question, so the connection ends here.
            Timer::Verdict => self.close_with(Reply::new(421, "4.3.0", "no decision could be made in time, try later")),
        }
    }

    fn greet(&mut self, now: Instant) {
        let protocol = match self.settings.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        let text = format!("{} {protocol} {}", self.settings.hostname, self.settings.banner);
        // RFC 2034 §4: no enhanced code in the greeting
        self.write(&Reply::bare(220, text.replace('\n', " ")));
        self.state = State::Idle;
        self.arm(now);
    }

    /// Reads what waits into the message.
    fn receive(&mut self) {
        let State::Receiving(receiving) = &mut self.state else { return };
        let mut chunk = Vec::new();
        let mut taken = 0;
        let mut ended = false;
        for piece in self.input.chunks(DATA_CHUNK) {
            let progress = receiving.reader.take(piece, &mut chunk);
            if !receiving.aborted && !chunk.is_empty() {
                self.outputs.push_back(Output::Data(std::mem::take(&mut chunk)));
            }
            if let (Some(fault), false) = (receiving.reader.fault(), receiving.aborted) {
                receiving.aborted = true;
                self.outputs.push_back(Output::DataAborted { reason: abort_reason(fault) });
            }
            chunk.clear();
            match progress {
                Progress::More => taken += piece.len(),
                Progress::Ended(octets) => {
                    taken += octets;
                    ended = true;
                    break;
                }
            }
        }
        self.input.drain(..taken);
        if ended {
            self.message_ended();
        }
    }

    fn message_ended(&mut self) {
        let State::Receiving(receiving) = std::mem::replace(&mut self.state, State::Idle) else { return };
        // RFC 2033 §4.2: one reply for each recipient
        let replies = match self.settings.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => receiving.recipients,
        };
        let Some(fault) = receiving.reader.fault() else {
            tracing::trace!(octets = receiving.reader.message_bytes(), "message received");
            self.state = State::AskingMessage(replies);
            return self.outputs.push_back(Output::DataEnds { verdicts: replies });
        };
        let reply = self.fault_reply(fault);
        for _ in 0..replies {
            self.write(&reply);
        }
    }

    fn fault_reply(&self, fault: DataFault) -> Reply {
        match fault {
            // RFC 5321 §2.3.8. 5.6.11 is what Exchange says of bare line feeds, so its users read a text that fits;
            // to others it is a media error, RFC 3463 §3.7.
            DataFault::BareLineEnd => {
                Reply::new(550, "5.6.11", "the message has a bare CR or LF in it; lines must end with CR LF")
            }
            DataFault::Nul => Reply::new(550, "5.6.0", "the message has a NUL octet in it"),
            DataFault::LineTooLong => {
                let limit = self.settings.max_text_line_bytes;
                Reply::new(550, "5.6.0", format!("a line of the message is longer than {limit} octets"))
            }
            DataFault::TooBig => self.too_big(),
        }
    }

    // RFC 1870 §6.1, §6.3
    fn too_big(&self) -> Reply {
        let limit = self.settings.max_message_bytes;
        Reply::new(552, "5.3.4", format!("the message is larger than the {limit} octets taken here"))
    }

    fn judge(&mut self, verdict: Verdict, now: Instant) {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::AskingRecipient(mut envelope, recipient) => {
                match verdict {
                    Verdict::Accept => self.write(&Reply::new(250, "2.1.5", "recipient accepted")),
                    Verdict::AcceptMessage { text } => self.write(&Reply::new(250, "2.1.5", text)),
                    Verdict::Refuse(reply) => {
                        self.write(&refusal(reply));
                        self.state = State::Transaction(envelope);
                        return self.after_verdict(now);
                    }
                }
                envelope.recipients.push(recipient);
                // Bounded by `max_recipients`; a mail to a thousand numbers is no idle talk.
                self.commands = self.commands.saturating_sub(1);
                self.state = State::Transaction(envelope);
            }
            State::AskingMessage(left) => {
                match verdict {
                    Verdict::Accept => self.accepted("message accepted".into()),
                    Verdict::AcceptMessage { text } => self.accepted(text),
                    Verdict::Refuse(reply) => self.write(&refusal(reply)),
                }
                self.state = if left > 1 { State::AskingMessage(left - 1) } else { State::Idle };
            }
            state @ (State::Greeting | State::Idle | State::Transaction(_) | State::Receiving(_) | State::Closed) => {
                tracing::warn!("a verdict came that nobody asked for");
                self.state = state;
                return;
            }
        }
        self.after_verdict(now);
    }

    fn accepted(&mut self, text: String) {
        self.commands = 0;
        self.write(&Reply::new(250, "2.6.0", text));
    }

    fn after_verdict(&mut self, now: Instant) {
        self.arm(now);
        if self.shutting_down && !matches!(self.state, State::AskingMessage(_)) {
            self.close_with(shutting_down());
        }
    }

    fn write(&mut self, reply: &Reply) {
        let bytes = reply.to_bytes();
        if let Some(Output::Write(waiting)) = self.outputs.back_mut() {
            return waiting.extend_from_slice(&bytes);
        }
        self.outputs.push_back(Output::Write(bytes));
    }

    /// Ends the session with a last reply, and the message, if one is on its way.
    fn hang_up(&mut self, reason: AbortReason, reply: Reply) {
        self.abort_message(reason);
        self.close_with(reply);
    }

    fn abort_message(&mut self, reason: AbortReason) {
        if matches!(&self.state, State::Receiving(receiving) if !receiving.aborted) {
            self.outputs.push_back(Output::DataAborted { reason });
        }
    }

    fn refuse_connection(&mut self, text: &str) {
        self.close_with(Reply::new(554, "5.5.1", text));
    }

    fn close_with(&mut self, reply: Reply) {
        self.write(&reply);
        self.close();
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.timer = None;
        self.input = Vec::new();
        self.outputs.push_back(Output::Close);
    }
}

/// A refusal whose code would say yes is a fault of ours; it must not make the client believe that all is well.
fn refusal(reply: Reply) -> Reply {
    if (400..600).contains(&reply.code) {
        return reply;
    }
    tracing::warn!(code = reply.code, "a refusal without a code of refusal");
    Reply::new(451, "4.3.0", "local fault, try later")
}

fn shutting_down() -> Reply {
    // RFC 5321 §3.8
    Reply::new(421, "4.3.2", "the server is being stopped, try later")
}

const fn abort_reason(fault: DataFault) -> AbortReason {
    match fault {
        DataFault::BareLineEnd => AbortReason::BareLineEnd,
        DataFault::Nul => AbortReason::Nul,
        DataFault::LineTooLong => AbortReason::LineTooLong,
        DataFault::TooBig => AbortReason::TooBig,
    }
}
