//! What a call has to be told before it starts.

use std::time::Duration;

use super::offer::MediaAddresses;
use crate::sdp::{Codec, OurProtection};
use crate::sip::{EndpointSettings, Invitation};
use crate::t30::{AnswererSettings, Errand};
use crate::t38;

/// How calls of a trunk come to T.38, and whether the fax may go over audio instead: what its far end needs to be offered, and who
/// asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct T38Policy {
    /// What our INVITE offers.
    pub first_offer: FirstOffer,
    /// When we ask for T.38 ourselves.
    pub ask: Ask,
    /// Whether we take part when the far end asks. If not, it is refused (488) and only our own request leads to T.38.
    pub accept: bool,
    /// Whether the fax begins over the audio of the call, and goes on there where nobody gets T.38 going. If not, a call without T.38
    /// has no fax.
    pub audio: bool,
}

impl Default for T38Policy {
    /// What most networks and telephone systems get on with: audio first, the called side's gateway asks, and if it does not, we do.
    fn default() -> Self {
        Self { first_offer: FirstOffer::Audio, ask: Ask::After(Duration::from_secs(5)), accept: true, audio: true }
    }
}

impl T38Policy {
    /// The fax goes over audio, and T.38 has no part in it.
    #[must_use]
    pub const fn audio_only() -> Self {
        Self { first_offer: FirstOffer::Audio, ask: Ask::Never, accept: false, audio: true }
    }
}

/// What our INVITE offers.
// T.38 (09/2010) Annex D.2.2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FirstOffer {
    /// Audio; T.38 comes by re-INVITE. Asterisk and others refuse anything else.
    Audio,
    /// T.38 alone. Where it is refused the INVITE goes again with audio.
    T38,
    /// Audio and T.38, of which the far end takes one, as Brooktrout's boards offer. Where that is refused, again with audio.
    Both,
}

/// When we send a re-INVITE to T.38.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Never; the far end has to.
    Never,
    /// So long after audio is up, sooner when the far end shows itself to be a fax. Zero is at once.
    After(Duration),
}

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
    /// How audio is protected (SRTP); none wants no protection.
    pub srtp: Option<OurProtection>,
    /// How long nothing at all may come from the far end during a fax, while it is its turn to speak.
    pub media_timeout: Duration,
    /// A call is ended when it has lasted this long.
    pub call_limit: Duration,
}

/// Usual [`LineSettings::media_timeout`]: longer than the longest silence of T.30.
// T.30 (09/2005) §5.4.3.1: T0, 60 ± 5 s; T1, 35 ± 5 s
pub const MEDIA_TIMEOUT: Duration = Duration::from_secs(70);

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
    /// How the call comes to T.38.
    pub t38: T38Policy,
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
    /// How the call comes to T.38. While we wait before we ask, the calling side hears our CED; a CNG ends the wait.
    pub t38: T38Policy,
    /// The fax: what is taken, and what may be fetched.
    pub fax: AnswererSettings,
}
