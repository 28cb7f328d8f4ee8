//! A trunk: its SIP server, how we are known there, and how calls go over it.

use std::sync::Arc;
use std::time::Duration;

use crate::call::{Codec, T38Policy};
use crate::sip;

/// A SIP server as it is configured; where it is now is looked up for each call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SipServer {
    /// Its host, and port and transport when they are given.
    pub place: sip::Place,
    /// What becomes of requests too large for a datagram.
    pub large: sip::Large,
    /// Whom it must prove to be when TLS is spoken.
    pub tls: Arc<sip::TlsPeer>,
}

/// What SIP needs beyond the dialplan.
#[derive(Clone, PartialEq, Debug)]
pub struct TrunkLine {
    /// Where its messages go.
    pub server: SipServer,
    /// How we are known to its registrar; nothing where it has none.
    pub registration: Option<Registering>,
    /// How it is watched; nothing where it is not.
    pub watch: Option<Watching>,
    /// Calls begun in one second.
    pub calls_per_second: Option<u32>,
    /// Who we say we are, and how numbers are written.
    pub identity: Identity,
    /// How long it may say nothing at all to a call.
    pub response_timeout: Duration,
    /// Domain in From, To and the Request-URI.
    pub domain: String,
    /// What to answer a challenge with.
    pub credentials: Option<sip::Credentials>,
    /// Calls at once.
    pub channels: u32,
    /// Voice codecs offered before the switch, best first.
    pub codecs: Vec<Codec>,
    /// What of SIP's extensions is used.
    pub calls: sip::CallSettings,
    /// Whether audio is encrypted.
    pub srtp: Srtp,
    /// How long nothing may come from the far end during a fax.
    pub media_timeout: Duration,
    /// How its calls come to T.38.
    pub t38: T38Policy,
    /// How long it may ring.
    pub answer_timeout: Duration,
    /// Longest call.
    pub call_limit: Duration,
}

/// Whether the audio of a trunk is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Srtp {
    /// How much it is wished.
    pub wish: SrtpWish,
    /// Whether keys may be told in SIP that is not encrypted.
    pub without_tls: bool,
}

impl Srtp {
    /// None of it.
    pub const OFF: Self = Self { wish: SrtpWish::Off, without_tls: false };
}

/// How much encrypted audio is wished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SrtpWish {
    /// Not at all.
    Off,
    /// Where the other side can.
    Offer,
    /// No call without.
    Require,
}

/// How we register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registering {
    /// Where.
    pub registrar: SipServer,
    /// The user that is registered.
    pub user: String,
    /// How long a registration is asked for.
    pub expires: Duration,
    /// Whether a NAT is kept open even where none shows itself.
    pub keep_alive: bool,
}

/// How a trunk is watched by OPTIONS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watching {
    /// How often it is asked.
    pub interval: Duration,
    /// Misses in a row that mean it is down.
    pub misses: u32,
}

/// Where our own number is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Telling {
    /// In From.
    From,
    /// In P-Asserted-Identity; From has the account.
    Asserted,
    /// In P-Preferred-Identity; From has the account.
    Preferred,
    /// In From and P-Asserted-Identity.
    Both,
}

/// In which kind of address numbers are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberUri {
    /// `sip:+390612345@example.net`.
    Sip,
    /// The same with `;user=phone`.
    SipPhone,
    /// `tel:+390612345`.
    Tel,
}

/// Who we say we are on a trunk, and how numbers are written there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Where our number is told.
    pub telling: Telling,
    /// The user in From where that is not our number.
    pub from_user: Option<String>,
    /// The domain in From.
    pub from_domain: String,
    /// The name beside our number; empty for none.
    pub display_name: String,
    /// Whether the called side is kept from seeing it.
    pub hidden: bool,
    /// A number that calls are said to be diverted from, spelled as the trunk wants it.
    pub diversion: Option<String>,
    /// The kind of address.
    pub number_uri: NumberUri,
    /// What numbers without `+` are relative to.
    pub phone_context: Option<String>,
}
