//! Polling, as far as the receiver of pages is concerned: an answerer that is asked for a document looks whether it may be handed
//! out and hands over to the sender; a caller that fetches asks by DTC.
//!
//! Not here: sending the document. T.30 (09/2005) §5.3.6.1.2, §5.3.6.2.5 to 7, Table 2 note 19.

use super::identify::Identifying;
use super::{Manner, Receiver, ReceiverSettings, State};
use crate::model::{Cause, Phase};
use crate::signal::Frame;
use crate::t30::Output;
use crate::t30::SenderSettings;
use crate::t30::capability::Capability;
use crate::t30::frame::{Name, write_identification};
use crate::t30::procedure::{self, Document, Handover, PollSettings, Withheld};
use crate::t30::timers::{COMMAND_TRIES, T1, T4, Timer, answer_wait};
use std::time::{Duration, Instant};

/// A far end that answers DTC with DIS did not hear it: so many times before we give up.
const MAX_DIS_FOR_DTC: u32 = 6;

/// Fetching a document.
#[derive(Debug)]
pub(super) struct Fetching {
    selective: Option<String>,
    password: Option<String>,
    /// DIS of the far end.
    remote: Capability,
    /// DTCs sent without an answer of any kind.
    tries: u32,
    repeated_dis: u32,
}

/// A document that goes to the far end.
#[derive(Debug)]
pub(super) struct Turning {
    pages: SenderSettings,
    asked_by: Name,
    remote: Capability,
}

impl Receiver {
    /// An answerer with something to be polled.
    pub(in crate::t30) fn with_documents(settings: ReceiverSettings, documents: Vec<Document>, now: Instant) -> Self {
        Self { manner: Manner::Answering { documents, asked_again: false }, ..Self::new(settings, now) }
    }

    /// A caller that has heard a DIS and wants a document.
    pub(in crate::t30) fn fetching(poll: PollSettings, handover: Handover, now: Instant) -> Self {
        let PollSettings { receive, selective, password, .. } = poll;
        let Handover { line, record, remote } = handover;
        let fetching = Fetching { selective, password, remote, tries: 0, repeated_dis: 0 };
        let manner = Manner::Fetching(fetching);
        let mut receiver = Self { line, record, manner, ..Self::new(receive, now) };
        receiver.record.polled = true;
        receiver.line.timers.set(Timer::T1, now + T1);
        receiver.send_dis(Identifying::fetching(), now);
        receiver.show();
        receiver
    }

    /// Whether the sender is to go on: what it sends, who asked how, and all that it needs.
    pub(in crate::t30) fn turned(&mut self) -> Option<(SenderSettings, Name, Handover)> {
        let Turning { pages, asked_by, remote } = self.turning.take()?;
        let (line, record) = (std::mem::take(&mut self.line), std::mem::take(&mut self.record));
        Some((pages, asked_by, Handover { line, record, remote }))
    }

    /// The frames that ask for a document; nothing when we are the answerer.
    pub(super) fn request(&mut self) -> Option<Vec<Frame>> {
        let Manner::Fetching(fetching) = &self.manner else { return None };
        let mut command = self.offer();
        let mut frames = Vec::new();
        if !self.settings.non_standard_facilities.is_empty() {
            frames.push(self.line.leading_frame(Name::Nsc, &self.settings.non_standard_facilities));
        }
        if !self.settings.station_id.is_empty() {
            frames.push(self.line.leading_frame(Name::Cig, &write_identification(&self.settings.station_id)));
        }
        // T.30 (09/2005) Table 2 note 19: bits 47 and 50 say that SEP and PWD were sent, for the case that one of them is lost.
        if let Some(selective) = &fetching.selective {
            frames.push(self.line.leading_frame(Name::Sep, &write_identification(selective)));
            command.set_selective_polling(true);
        }
        if let Some(password) = fetching.password.as_deref().filter(|_| fetching.remote.password()) {
            frames.push(self.line.leading_frame(Name::Pwd, &write_identification(password)));
            command.set_password(true);
            self.record.password_sent = true;
        }
        frames.push(self.line.frame(Name::Dtc, &command.write()));
        Some(frames)
    }

    /// What a DIS says about documents.
    pub(super) fn announce_documents(&self, offer: &mut Capability) {
        let Manner::Answering { documents, .. } = &self.manner else { return };
        if !documents.is_empty() {
            offer.set_polled_document(true);
        }
        if documents.iter().any(|document| document.selective.is_some()) {
            offer.set_selective_polling(true);
        }
        if documents.iter().any(|document| document.password.is_some()) {
            offer.set_password(true);
        }
    }

    /// How long to wait before the DIS or DTC is sent again.
    pub(super) const fn wait_for_reply(&self) -> Duration {
        match &self.manner {
            Manner::Answering { .. } => T4,
            Manner::Fetching(_) => answer_wait(self.settings.transport, false),
        }
    }

    /// Counts a DTC; false, and the end, after three without an answer. DIS is bounded by T1.
    // T.30 (09/2005) §5.4.2
    pub(super) fn may_identify(&mut self, now: Instant) -> bool {
        let Manner::Fetching(fetching) = &mut self.manner else { return true };
        fetching.tries += 1;
        let may = fetching.tries <= COMMAND_TRIES;
        if !may {
            self.finish(Cause::NoResponse(Phase::B), now);
        }
        may
    }

    /// The far end has answered our DTC with the command to receive.
    pub(super) const fn was_answered(&mut self) {
        if let Manner::Fetching(fetching) = &mut self.manner {
            (fetching.tries, fetching.repeated_dis) = (0, 0);
        }
    }

    /// Whether a DCN now is the answer to our DTC.
    pub(super) const fn is_refused(&self) -> bool {
        matches!(self.manner, Manner::Fetching(_)) && self.record.received == 0
    }

    /// A DIS that is not ours.
    pub(super) fn on_dis(&mut self, identifying: Identifying, capability: Capability, now: Instant) {
        match &mut self.manner {
            Manner::Answering { .. } => {
                self.state = State::Identifying(identifying);
                self.line.x = true;
                self.on_polled(capability, Name::Dis, now);
            }
            Manner::Fetching(fetching) => {
                fetching.tries = 0;
                fetching.repeated_dis += 1;
                fetching.remote = capability;
                if fetching.repeated_dis >= MAX_DIS_FOR_DTC {
                    self.state = State::Identifying(identifying);
                    self.finish(Cause::NoResponse(Phase::B), now);
                } else {
                    self.send_dis(identifying, now);
                }
            }
        }
    }

    /// The far end wants a document: it is handed out, or DCN.
    pub(super) fn on_polled(&mut self, asked: Capability, asked_by: Name, now: Instant) {
        let Manner::Answering { documents, asked_again } = &mut self.manner else {
            // Two who both want to fetch; or our own DTC, come back.
            self.search_command(now);
            return;
        };
        let selective_lost = asked.selective_polling() && self.record.selective.is_none();
        let password_lost = asked.password() && self.record.password.is_none();
        let lost = asked_by == Name::Dtc && (selective_lost || password_lost);
        if lost && !documents.is_empty() && !std::mem::replace(asked_again, true) {
            self.ask_again(now);
            return;
        }
        let selective = self.record.selective.as_deref();
        match procedure::choose(documents, selective, self.record.password.as_deref()) {
            Ok(place) => {
                let pages = procedure::of_receiver(&self.settings, documents[place].pages.clone());
                self.line.timers.clear();
                self.line.output(Output::Polled { document: place });
                self.state = State::Ended;
                self.turning = Some(Turning { pages, asked_by, remote: asked });
            }
            Err(Withheld::Password) => self.finish(Cause::PollPassword, now),
            // Who has sent pages and got them confirmed has not failed because nothing comes back.
            Err(Withheld::Unknown) if self.record.received > 0 => self.end(Cause::Sent, false, now),
            Err(Withheld::Unknown) => self.finish(Cause::NothingToPoll, now),
        }
    }
}
