//! One fax call as one engine: SIP, media and T.30 in their order, without any IO.
//!
//! ```text
//!  outbound                                          inbound
//!  Calling ──200──▶ Audio: CNG ─┐          ┌─ Audio: CED ◀──ACK── Answering
//!     │                         │          │
//!     │ 486, 404 …     peer's or our re-INVITE to T.38
//!     │                         ▼          ▼       refused, or nobody asks:
//!     │                    Fax: T.30 over T.38     Audio goes on, and there
//!     │                         │ outcome, DCN     a fax over audio would begin
//!     │                         ▼                  │
//!     │                      Parting: DCN again    │ no modems: second chance over
//!     ▼                         ▼                  ▼
//!   Over ◀──────BYE answered── Leaving ◀── hang-up with the outcome
//! ```
//!
//! Whoever drives a [`Call`] feeds it SIP messages, media datagrams and the clock, sends what [`Call::poll`] gives, prepares pages
//! when asked ([`Output::NeedPage`]) and stores and judges received ones ([`Output::PageReceived`]). The call has its outcome with
//! [`Output::Ended`] and is over, with nothing left to send, with [`Output::Finished`].

mod audio;
mod ending;
mod engine;
mod farewell;
mod fax;
mod interface;
mod offer;
mod refusal;
mod remote;
mod settings;
mod switch;
mod timer;

#[cfg(test)]
mod tests;

pub use crate::sdp::Codec;
pub use crate::t30::{PageFormat, Progress as FaxProgress, ReceivedPage, Verdict};
pub use ending::{Ending, Machine, Record, RecordedPage};
pub use engine::Call;
pub use interface::{Input, Output};
pub use offer::MediaAddresses;
pub use settings::{Ask, FirstOffer, InboundSettings, LineSettings, OutboundSettings, T38Policy};

/// For people who watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    /// It rings.
    Ringing,
    /// It was answered; the fax has not begun.
    Answered,
    /// T.38 is agreed on.
    Switched,
    /// The fax goes on.
    Fax(FaxProgress),
}
