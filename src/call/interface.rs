//! What crosses between a call and whoever drives it: inputs and outputs, values only.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Ending, PageFormat, Progress, ReceivedPage, Verdict};
use crate::model::Cause;
use crate::sip;

/// What a call is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// A SIP message of this call.
    Sip {
        /// The message.
        message: sip::Message,
        /// Where it came from.
        source: sip::Source,
    },
    /// A SIP message of this call could not be sent.
    SipFailed {
        /// As [`Output::Sip`] said it.
        to: sip::Destination,
    },
    /// Where [`Output::Resolve`] leads; none when it leads nowhere.
    Resolved {
        /// As [`Output::Resolve`] said it.
        uri: sip::Uri,
        /// Where the call may be sent, in this order.
        targets: Vec<sip::Destination>,
    },
    /// A datagram on our audio port.
    Audio {
        /// RTP.
        datagram: &'a [u8],
        /// Where it came from.
        source: SocketAddr,
    },
    /// A datagram on the port after that of our audio.
    Report {
        /// RTCP.
        datagram: &'a [u8],
        /// Where it came from.
        source: SocketAddr,
    },
    /// A datagram on our T.38 port.
    T38 {
        /// UDPTL.
        datagram: &'a [u8],
        /// Where it came from.
        source: SocketAddr,
    },
    /// The bits asked for with [`Output::NeedPage`].
    Page(Arc<[u8]>),
    /// The judgement of the page given with [`Output::PageReceived`], which is now stored durably. Only for pages that want one;
    /// the call is not over before it has come.
    PageVerdict(Verdict),
    /// End the call for this reason.
    HangUp(Cause),
    /// This document of those to be sent is not wanted any more: left out if it has not begun, else it ends the call as `Cancelled`; when
    /// it is over, nothing happens. A call with nothing left to do ends.
    Withdraw {
        /// Place in `SenderSettings::documents`, from 0.
        document: usize,
    },
    /// The deadline has passed.
    Timeout,
}

/// What a call wants done.
#[derive(Debug)]
pub enum Output {
    /// Send a SIP message.
    Sip {
        /// To whom.
        to: sip::Destination,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The call was sent to this address, which has a name for a host: say where it leads ([`Input::Resolved`]).
    Resolve {
        /// The address.
        uri: sip::Uri,
    },
    /// Send from the audio port.
    Audio {
        /// To whom.
        to: SocketAddr,
        /// RTP.
        datagram: Vec<u8>,
    },
    /// Send from the port after that of the audio.
    Report {
        /// To whom.
        to: SocketAddr,
        /// RTCP, or SRTCP.
        datagram: Vec<u8>,
    },
    /// Send from the T.38 port.
    T38 {
        /// To whom.
        to: SocketAddr,
        /// UDPTL.
        datagram: Vec<u8>,
    },
    /// The far end fetches this document of ours: the pages asked for from now on are its.
    Polled {
        /// Place in `AnswererSettings::documents`, from 0.
        document: usize,
    },
    /// Code page `index` (from 0) as the far end takes it and answer with [`Input::Page`].
    NeedPage {
        /// Of which document: place in `SenderSettings::documents`, from 0; 0 after [`Output::Polled`].
        document: usize,
        /// Which page.
        index: u32,
        /// In which form.
        format: PageFormat,
    },
    /// Store this page; if it wants a verdict, judge it too and answer with [`Input::PageVerdict`].
    PageReceived(ReceivedPage),
    /// The far end has confirmed this many pages of a document in all. Told page by page, each once, only when sending.
    Confirmed {
        /// The document, as in [`Output::NeedPage`].
        document: usize,
        /// Pages, those of earlier attempts included.
        pages: u32,
    },
    /// A document is done with, and the call goes on with the next one.
    DocumentOver(Ending),
    /// Something to show.
    Progress(Progress),
    /// The outcome, told once. Messages may still have to be sent.
    Ended(Ending),
    /// Nothing more will come, and no input has any effect. A page that broke off may still have to be stored.
    Finished,
}
