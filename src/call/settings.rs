//! What a call has to be told before it starts.

use std::time::Duration;

use super::offer::MediaAddresses;
use crate::sdp::Codec;
use crate::sip::{EndpointSettings, Invitation};
use crate::t30::{AnswererSettings, Errand};
use crate::t38;

/// What both directions share: our media sockets and how we speak T.38.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineSettings {
    /// Our sockets, as the far end reaches them.
    pub media: MediaAddresses,
    /// Voice codecs we offer before the switch, best first.
    pub codecs: Vec<Codec>,
    /// Error correction we offer; the far end's wish decides what we send.
    pub error_correction: t38::ErrorCorrection,
    /// Earlier packets repeated with each packet of control data.
    pub control_redundancy: u8,
    /// Earlier packets repeated with each packet of image data.
    pub image_redundancy: u8,
    /// Whether packets follow the modem's time, go as fast as they can, or find out.
    pub pacing: t38::Pacing,
    /// The rate we offer, bit/s.
    pub max_rate: u32,
    /// A call is ended when it has lasted this long.
    pub call_limit: Duration,
}

/// An outbound call.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// Media and T.38.
    pub line: LineSettings,
    /// Our side of SIP.
    pub endpoint: EndpointSettings,
    /// Who calls whom through which proxy; its body is made here.
    pub invitation: Invitation,
    /// How long the trunk may take to say anything at all to our INVITE.
    pub response_timeout: Duration,
    /// How long it may ring.
    pub answer_timeout: Duration,
    /// How long we wait for the answering side's re-INVITE to T.38 before we send our own.
    pub reinvite_after: Duration,
    /// The fax: to be sent, fetched, or both.
    pub fax: Errand,
}

/// An inbound call.
#[derive(Clone, Debug)]
pub struct InboundSettings {
    /// Media and T.38.
    pub line: LineSettings,
    /// Our side of SIP.
    pub endpoint: EndpointSettings,
    /// How long it rings before we answer.
    pub answer_after: Duration,
    /// How long the calling side hears our CED before we ask for T.38; a CNG shortens it.
    pub reinvite_after: Duration,
    /// The fax: what is taken, and what may be fetched.
    pub fax: AnswererSettings,
}
