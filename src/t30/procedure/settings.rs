//! What one end of a call is for.
//!
//! Not here: how pages are sent ([`SenderSettings`]) or received ([`ReceiverSettings`]).

use crate::signal::Modulation;
use crate::t30::ecm::FrameSize;
use crate::t30::frame::{read_identification, write_identification};
use crate::t30::{DocumentToSend, PageShape, ReceiverSettings, RtnMeaning, SenderSettings, Transport};

/// Why a caller calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Errand {
    /// To send pages.
    Send(SenderSettings),
    /// To fetch a document.
    Poll(PollSettings),
    /// To send pages and then, if the far end has a document, to fetch it. Where its first DIS shows none, the pages are sent and
    /// the call ends as [`Cause::NothingToPoll`](crate::model::Cause::NothingToPoll).
    SendThenPoll(SenderSettings, PollSettings),
}

impl Errand {
    /// Lowers the fastest modulation of each part, where the carrier sets a limit.
    pub fn limit(&mut self, limited: impl Fn(Modulation) -> Modulation) {
        match self {
            Self::Send(send) => send.max_modulation = limited(send.max_modulation),
            Self::Poll(poll) => poll.receive.max_modulation = limited(poll.receive.max_modulation),
            Self::SendThenPoll(send, poll) => {
                send.max_modulation = limited(send.max_modulation);
                poll.receive.max_modulation = limited(poll.receive.max_modulation);
            }
        }
    }

    /// Sets what carries each part.
    pub const fn carry_over(&mut self, transport: Transport) {
        match self {
            Self::Send(send) => send.transport = transport,
            Self::Poll(poll) => poll.receive.transport = transport,
            Self::SendThenPoll(send, poll) => {
                send.transport = transport;
                poll.receive.transport = transport;
            }
        }
    }

    /// Leaves a document out that has not begun; whether anything is left to be done.
    pub fn withdraw(&mut self, document: usize) -> bool {
        match self {
            Self::Send(send) | Self::SendThenPoll(send, _) => {
                if let Some(withdrawn) = send.documents.get_mut(document) {
                    withdrawn.pages.clear();
                }
            }
            Self::Poll(_) => {}
        }
        match self {
            Self::Send(send) => send.documents.iter().any(DocumentToSend::has_pages),
            Self::Poll(_) | Self::SendThenPoll(..) => true,
        }
    }

    /// The fastest modulation of either part.
    #[must_use]
    pub fn fastest(&self) -> Modulation {
        match self {
            Self::Send(send) => send.max_modulation,
            Self::Poll(poll) => poll.receive.max_modulation,
            Self::SendThenPoll(send, poll) => send.max_modulation.max(poll.receive.max_modulation),
        }
    }
}

/// How a caller fetches a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PollSettings {
    /// What we can receive, and our identification (CIG).
    pub receive: ReceiverSettings,
    /// Which document: selective address, SEP. A far end that takes none is not asked, for it might hand out another document.
    pub selective: Option<String>,
    /// Its password, PWD; sent if the far end takes one. One that takes none has no documents with passwords, and is asked without.
    pub password: Option<String>,
    /// Whether to send CNG.
    pub send_cng: bool,
}

/// What an answerer takes and has to give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswererSettings {
    /// What we can receive, and our identification (CSI).
    pub receive: ReceiverSettings,
    /// Documents to be polled.
    pub documents: Vec<Document>,
}

/// A document that may be polled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// Its pages.
    pub pages: Vec<PageShape>,
    /// Its selective address: only a SEP that names it gets it. Without one it is for those who send no SEP.
    pub selective: Option<String>,
    /// The password without which it is not handed out.
    pub password: Option<String>,
}

/// Why a document is not handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::t30) enum Withheld {
    /// There is none of this selective address.
    Unknown,
    /// The password is missing or wrong.
    Password,
}

/// The place of the document that is meant.
pub(in crate::t30) fn choose(
    documents: &[Document],
    selective: Option<&str>,
    password: Option<&str>,
) -> Result<usize, Withheld> {
    let place = documents
        .iter()
        .position(|document| as_sent(document.selective.as_deref()).as_deref() == selective)
        .ok_or(Withheld::Unknown)?;
    match as_sent(documents[place].password.as_deref()) {
        Some(wanted) if password != Some(wanted.as_str()) => Err(Withheld::Password),
        Some(_) | None => Ok(place),
    }
}

/// A text as it reads after its way through a frame: twenty characters, without spaces around it.
fn as_sent(text: Option<&str>) -> Option<String> {
    text.and_then(|text| read_identification(&write_identification(text)))
}

/// The sender of a call that is only for fetching: it listens for a DIS.
pub(super) fn only_fetching(poll: &PollSettings) -> SenderSettings {
    SenderSettings { send_cng: poll.send_cng, ..of_receiver(&poll.receive, Vec::new()) }
}

/// How a document is sent by a station with these settings.
pub(in crate::t30) fn of_receiver(receive: &ReceiverSettings, pages: Vec<PageShape>) -> SenderSettings {
    SenderSettings {
        station_id: receive.station_id.clone(),
        documents: vec![DocumentToSend::of(pages)],
        ecm: receive.ecm,
        compressions: receive.compressions.clone(),
        max_modulation: receive.max_modulation,
        transport: receive.transport,
        send_cng: false,
        frame_size: FrameSize::Octets256,
        rtn: RtnMeaning::default(),
    }
}
