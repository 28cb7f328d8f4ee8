//! The values of the configuration that the standard library has no type for. Plain data; no logic beyond membership.

use std::fmt;
use std::net::SocketAddr;

use crate::model::NumberPattern;

/// A host, by name or address, and a port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostPort {
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// A host, by name or address, and a port if there is one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SipHost {
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
}

impl fmt::Display for SipHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            Some(port) => write!(formatter, "{host}:{port}"),
            None => formatter.write_str(&host),
        }
    }
}

/// Where SIP is listened for, and by which transport; by UDP and TCP when none is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SipListen {
    /// The transport.
    pub transport: Option<SipTransport>,
    /// The address.
    pub address: SocketAddr,
}

impl SipListen {
    /// The transports meant.
    // RFC 3261 §18: every element takes UDP and TCP
    #[must_use]
    pub fn transports(&self) -> Vec<SipTransport> {
        self.transport.map_or_else(|| vec![SipTransport::Udp, SipTransport::Tcp], |one| vec![one])
    }
}

impl fmt::Display for SipListen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            None => "",
            Some(SipTransport::Udp) => "udp:",
            Some(SipTransport::Tcp) => "tcp:",
            Some(SipTransport::Tls) => "tls:",
        };
        write!(formatter, "{transport}{}", self.address)
    }
}

/// How SIP travels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SipTransport {
    /// In datagrams.
    Udp,
    /// By a stream.
    Tcp,
    /// By a stream under TLS.
    Tls,
}

/// How a trunk is reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrunkTransport {
    /// As the name service says, else by UDP; requests too large for a datagram by TCP.
    Auto,
    /// By UDP only.
    Udp,
    /// By TCP only.
    Tcp,
    /// By TLS only.
    Tls,
}

/// Whether those who connect by TLS must show a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TlsClients {
    /// None is asked for.
    Ignored,
    /// One that is shown must be trusted.
    Accepted,
    /// Without a trusted one there is no connection.
    Required,
}

/// Whether calls ring reliably.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reliable {
    /// Only for a caller that demands it.
    Off,
    /// As the other side wishes.
    Supported,
    /// Always, or not at all.
    Required,
}

/// Whether audio is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Srtp {
    /// It is not.
    Off,
    /// Where the other side can.
    Offer,
    /// Always.
    Require,
}

/// A range of ports, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest; never below the lowest.
    pub last: u16,
}

impl PortRange {
    /// How many ports there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }

    /// Whether `port` is among them.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// A mail address with the name of who has it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Mailbox {
    /// `Fax`; empty when there is none.
    pub name: String,
    /// `fax-noreply@fax.example.com`.
    pub address: String,
}

/// A password; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The password itself, for the one who must send it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(not shown)")
    }
}

/// What a rule does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// The sender may dial the number.
    Allow,
    /// The sender may not.
    Deny,
}

/// How a trunk wants the number written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NumberFormat {
    /// `+390612345`.
    E164,
    /// `390612345`.
    Digits,
    /// As dialled in the country of `numbers.country_code`: `0612345`, foreign numbers with the international prefix.
    National,
}

/// In which kind of address a number is dialled and shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NumberUri {
    /// `sip:+390612345@example.net`.
    Sip,
    /// The same with `;user=phone`.
    SipPhone,
    /// `tel:+390612345`.
    Tel,
}

/// Where our own number is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Identity {
    /// In From.
    From,
    /// In P-Asserted-Identity; From has the account.
    Asserted,
    /// In P-Preferred-Identity; From has the account.
    Preferred,
    /// In From and P-Asserted-Identity.
    Both,
}

/// What calls to some numbers cost.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rate {
    /// Which numbers.
    pub numbers: NumberPattern,
    /// The price in thousandths.
    pub price: u32,
}

/// A voice codec.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
}

/// What carries the fax of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaxWay {
    /// T.38 where both sides get it going, else the audio of the call.
    Auto,
    /// T.38 only.
    T38,
    /// The audio of the call only.
    Audio,
}

/// How calls of a trunk come to T.38.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum T38 {
    /// They begin with audio.
    Reinvite,
    /// The first INVITE offers T.38 alone.
    First,
    /// The first INVITE offers audio and T.38.
    Both,
}

/// Who asks for T.38.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum T38Ask {
    /// The far end, and after a wait we.
    Wait,
    /// We, as soon as the call is up.
    AtOnce,
    /// The far end.
    Never,
}

/// Where an incoming call says which number was called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CalledNumber {
    /// In the request itself.
    RequestUri,
    /// In To.
    To,
    /// In the Diversion that stands for the first number that was called.
    Diversion,
    /// In the first History-Info.
    HistoryInfo,
    /// In P-Called-Party-ID.
    CalledParty,
}

/// How a peer proves that it knows its password.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Digest {
    /// By MD5 or SHA-256.
    Any,
    /// By SHA-256 alone.
    Sha256,
}

/// What a caller hears when no channel is free.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WhenFull {
    /// 486: the line is busy.
    Busy,
    /// 503 with Retry-After: the network should try another way.
    Unavailable,
}

/// How fast page data is put into T.38 packets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Pacing {
    /// At the speed of the modem that was agreed on; what gateways with a real line behind them need.
    Modem,
    /// As fast as the far end takes it.
    Fast,
    /// As a modem, unless time proves that there is none between us and the far end.
    Auto,
}

/// What is done about a page that the far machine did not take well (RTN).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RejectedPage {
    /// It is sent again, twice; then the call ends, and the next one begins at this page.
    Resend,
    /// The same, but the pages after it are sent in the same call.
    ResendThenGoOn,
    /// It counts as printed, and the next one is sent.
    Printed,
}

/// A paper size.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Paper {
    /// 210 mm by 297 mm.
    A4,
    /// 8.5 in by 11 in.
    Letter,
}

/// Which library draws PDF pages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Engine {
    /// pdfium when its library is found, else hayro.
    Auto,
    /// pdfium only.
    Pdfium,
    /// hayro only.
    Hayro,
}

/// What becomes of the text of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// It is drawn as the first page.
    FirstPage,
    /// It is drawn only when the mail has no document.
    OnlyAlone,
    /// It is never drawn.
    Never,
}

/// In which form a received fax is mailed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Formats {
    /// As PDF.
    Pdf,
    /// As TIFF.
    Tiff,
    /// As both.
    Both,
}

/// Of which calls a capture is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Captures {
    /// Of none.
    None,
    /// Of those that did not end well.
    Failed,
    /// Of all.
    All,
}

/// What a receipt carries of the fax that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Attach {
    /// Nothing.
    None,
    /// All pages as PDF.
    Pdf,
    /// All pages as TIFF.
    Tiff,
}

/// How the connection to the mail server is secured.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeliveryTls {
    /// TLS from the first octet (port 465).
    Implicit,
    /// STARTTLS, or no delivery.
    Required,
    /// STARTTLS when the server offers it.
    Opportunistic,
    /// Never.
    Off,
}

/// The least important line that is logged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LogLevel {
    /// Faults of the server.
    Error,
    /// What a person should look at.
    Warn,
    /// Outcomes.
    Info,
    /// States.
    Debug,
    /// Packets.
    Trace,
}

/// The form of a log line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
