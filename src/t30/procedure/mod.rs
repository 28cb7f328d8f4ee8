//! One end of a call from its first signal to its last, made as caller or as answerer: it holds the part that runs,
//! [`Sender`] or [`Receiver`], and turns round where T.30 says so.
//!
//! Not here: what either part does. T.30 (09/2005) §5.2, §5.3.6.1.2, Figure 5-2.
//!
//! ```text
//! caller    Send          Sender ─────────────────────────────────▶ Ended
//!           Poll          Sender: CNG, DIS ── DTC ─▶ Receiver ────▶ Ended
//!           SendThenPoll  Sender ── EOM, DIS, DTC ─▶ Receiver ────▶ Ended
//! answerer                Receiver ───────────────────────────────▶ Ended
//!                         └── DTC, document there ─▶ Sender ─────▶ Ended
//! ```
//!
//! The X bit of a frame belongs to the station, not to who has the pages: whoever received a DIS sets it to the end of the call.

mod settings;

use super::ending::Record;
use super::line::Line;
use super::{Capability, Input, Output, Receiver, Sender};
use std::time::Instant;

pub use settings::{AnswererSettings, Document, Errand, PollSettings};
pub(super) use settings::{Withheld, choose, of_receiver};

/// What one part leaves to the other when the call turns round.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) line: Line,
    pub(super) record: Record,
    /// DIS or DTC of the far end.
    pub(super) remote: Capability,
}

/// The part that runs.
#[derive(Debug)]
enum Running {
    Sending(Box<Sender>),
    Receiving(Box<Receiver>),
}

/// One end of a call.
#[derive(Debug)]
pub struct Procedure {
    running: Running,
}

impl Procedure {
    /// The caller's end, not begun.
    #[must_use]
    pub fn caller(errand: Errand, now: Instant) -> Self {
        let sender = match errand {
            Errand::Send(settings) => Sender::new(settings, now),
            Errand::Poll(poll) => Sender::fetching(settings::only_fetching(&poll), poll, now),
            Errand::SendThenPoll(settings, poll) => Sender::fetching(settings, poll, now),
        };
        Self { running: Running::Sending(Box::new(sender)) }
    }

    /// The answerer's end, not begun.
    #[must_use]
    pub fn answerer(settings: AnswererSettings, now: Instant) -> Self {
        let AnswererSettings { receive, documents } = settings;
        Self { running: Running::Receiving(Box::new(Receiver::with_documents(receive, documents, now))) }
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match &mut self.running {
            Running::Sending(sender) => {
                sender.handle(input, now);
                if let Some((poll, handover)) = sender.turned() {
                    self.running = Running::Receiving(Box::new(Receiver::fetching(poll, handover, now)));
                }
            }
            Running::Receiving(receiver) => {
                receiver.handle(input, now);
                if let Some((settings, request, handover)) = receiver.turned() {
                    self.running = Running::Sending(Box::new(Sender::polled(settings, request, handover, now)));
                }
            }
        }
    }

    /// Takes the next output.
    pub fn poll(&mut self) -> Option<Output> {
        match &mut self.running {
            Running::Sending(sender) => sender.poll(),
            Running::Receiving(receiver) => receiver.poll(),
        }
    }

    /// When [`Input::Timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.running {
            Running::Sending(sender) => sender.deadline(),
            Running::Receiving(receiver) => receiver.deadline(),
        }
    }

    /// Whether this end has the pages at the moment.
    #[must_use]
    pub const fn is_sending(&self) -> bool {
        matches!(self.running, Running::Sending(_))
    }
}
