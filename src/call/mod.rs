//! One fax call as one engine: SIP, media and T.30 in their order, without any IO.
//!
//! ```text
//!  outbound                                          inbound
//!  Calling ──200──▶ Fax over audio: CNG ─┐      ┌─ Fax over audio: CED ◀──ACK── Answering
//!     │               │                  │      │               │
//!     │               │            peer's or our re-INVITE to T.38, before the first page
//!     │ 486, 404 …    │ refused, or      ▼      ▼               │
//!     │               │ nobody asks    Fax over T.38            │
//!     │               ▼                     │                   ▼
//!     │             the fax goes on over audio ──── outcome, DCN
//!     │                                │
//!     ▼                                ▼
//!   Over ◀──BYE answered── Leaving ◀── Parting: DCN again, or its sound played to the end
//! ```
//! A trunk may forbid T.38, or the fax over audio: then `Audio` sends our tone alone until T.38 is agreed on.
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
mod modems;
mod offer;
mod refusal;
mod remote;
mod reports;
mod settings;
mod stream;
mod switch;
mod timer;

#[cfg(test)]
mod tests;

pub use crate::sdp::{Codec, OurProtection};
pub use crate::t30::{PageFormat, Progress as FaxProgress, ReceivedPage, Verdict};
pub use ending::{AudioRecord, Ending, Machine, Record, RecordedPage};
pub use engine::Call;
pub use interface::{Input, Output};
pub use offer::MediaAddresses;
pub use settings::{Ask, FirstOffer, InboundSettings, LineSettings, MEDIA_TIMEOUT, OutboundSettings, T38Policy};

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
