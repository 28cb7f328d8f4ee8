//! The procedure of T.30. [`Procedure`] is one end of a call, made as caller or answerer; it holds the part that runs, which sends
//! pages ([`Sender`]) or receives them ([`Receiver`]), and turns round for polling. All are pure engines that send
//! [`signal::Burst`](crate::signal::Burst)s and hear [`signal::Heard`](crate::signal::Heard).
//!
//! Not here: carriers (modems, T.38), coding of pages, telephone calls. Colour, V.34, binary files and operators are not
//! offered. T.30 (09/2005) with Annex A (error correction mode).
//!
//! ```text
//!        Sender: caller                           Receiver: answerer
//!  A     CNG …                                    CED
//!  B     AwaitingDis   ◀──────── CSI DIS ──────── Identifying
//!        Training      ──── TSI DCS, TCF ───────▶ Checking
//!        Training      ◀─────── CFR | FTT ─────── Receiving
//!  C     Sending       ─────── page | block ────▶ Receiving
//!  D     Sending       ── MPS EOM EOP | PPS-x ──▶ Receiving, Judging
//!        Sending       ◀── MCF RTP RTN | PPR RNR─ Receiving
//!  E     Releasing     ────────── DCN ──────────▶ Ended
//!
//!        polling: caller                          answerer with a document
//!  B     AwaitingDis   ◀──────── CSI DIS ──────── Identifying
//!        Receiver      ── SEP PWD CIG DTC ──────▶ Sender: Training, and on as above with the parts exchanged
//! ```
//!
//! Use: `handle` one [`Input`], then take [`Output`]s from `poll` until there is none, then call again no later than
//! `deadline` with [`Input::Timeout`]. Each [`Output::Send`] is answered by one [`Input::Sent`], except CNG; a burst dropped by
//! [`Output::StopSending`] is not answered.

use crate::model::Cause;
use crate::signal::{Burst, Heard, Listen, Modulation};
use std::sync::Arc;

pub mod capability;
pub mod ecm;
pub mod ending;
pub mod fallback;
pub mod frame;
mod line;
mod makers;
pub mod negotiate;
pub mod nsf;
pub mod procedure;
pub mod receiver;
pub mod sender;
pub mod timers;

pub use capability::Capability;
pub use ending::{Ending, PageRecord, Progress, Record};
pub use negotiate::{PageFormat, PageShape};
pub use nsf::NonStandard;
pub use procedure::{AnswererSettings, Document, Errand, PollSettings, Procedure};
pub use receiver::{PageEnd, ReceivedPage, Receiver, ReceiverSettings};
pub use sender::{DocumentToSend, RtnMeaning, Sender, SenderSettings};

#[cfg(test)]
mod tests;

/// What carries the bursts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// T.38: the terminal is an Internet fax device and says so in its DIS; answers may take longer.
    InternetAware,
    /// Modems over an audio channel.
    Audio,
}

/// Another carrier in the middle of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Switch {
    /// What carries the bursts now.
    pub transport: Transport,
    /// The fastest modulation that it may be asked for, and the latest family.
    pub fastest: Modulation,
    /// Whether enough of our answer tone went out over the old one.
    pub ced_was_heard: bool,
}

/// What an engine is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// The call is up: begin. A second one does nothing.
    Start,
    /// The carrier was changed before the first page (audio to T.38, or back). What was being said is said again over the new one;
    /// where all of it had been said, the answer is waited for there. Ignored once a page has begun.
    Switched(Switch),
    /// The far end was heard.
    Heard(Heard),
    /// The last burst asked for has left.
    Sent,
    /// To the caller, in answer to [`Output::NeedPage`]: the coded page, in the form [`PageFormat`] asks for.
    Page(Arc<[u8]>),
    /// To the answerer, in answer to [`Output::PageReceived`].
    PageVerdict(Verdict),
    /// End the call for this reason. DCN is sent first unless the reason is that nobody would hear it.
    Stop(Cause),
    /// To the caller: this document of [`SenderSettings::documents`] is not wanted any more. If it has not begun it is left out; if it is
    /// on the line, the call ends as `Cancelled`; if it is over, nothing happens.
    Withdraw {
        /// Place in the list, from 0.
        document: usize,
    },
    /// `deadline()` has passed.
    Timeout,
}

/// What the owner thinks of a received page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// Not to be confirmed: unreadable, or it could not be stored. Answered RTN; with error correction the call is ended.
    Bad,
    /// Taken, but the line should be trained again. Answered RTP; with error correction MCF.
    Poor,
    /// Taken and safely stored. Answered MCF.
    Good,
}

/// What an engine wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send this; [`Input::Sent`] when it has left.
    Send(Burst),
    /// Drop what is being sent now; no [`Input::Sent`] comes for it.
    StopSending,
    /// This is what the far end may send next. Said whenever it changes; before the first, it is V.21 only.
    Listen(Listen),
    /// The caller wants a page; [`Input::Page`] answers.
    NeedPage {
        /// Place in `SenderSettings::documents`, from 0; 0 where [`Output::Polled`] told which document it is.
        document: usize,
        /// Place among its pages, from 0.
        index: u32,
        /// How it has to be coded. The owner scales it when width or resolution differ from the page's shape.
        format: PageFormat,
    },
    /// A document of ours is polled: the pages wanted from now on are its.
    Polled {
        /// Place in `AnswererSettings::documents`, from 0.
        document: usize,
    },
    /// The answerer has a page. [`Input::PageVerdict`] answers if [`ReceivedPage::wants_verdict`].
    PageReceived(ReceivedPage),
    /// The caller has the far end's confirmation of a page.
    Confirmed {
        /// The document, as in [`Output::NeedPage`].
        document: usize,
        /// Pages of it confirmed in this call, this one included, counted from its `first_page`.
        pages: u32,
    },
    /// A document is done with, and the call goes on with the next one.
    DocumentOver(Ending),
    /// For a display.
    Progress(Progress),
    /// It is over; nothing comes after this.
    Ended(Ending),
}
