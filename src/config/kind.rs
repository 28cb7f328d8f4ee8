//! The kinds of value a key can have: how each is written, read and described.
//!
//! A kind is a type of its own that is never made; its `Value` is the plain value that [`super::Config`] holds.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::problem::{Findings, nearest};
use super::reader::article;
use super::value::{
    Mailbox, PortRange, Rate as PricedRate, Secret, SipHost, SipListen, SipTransport, TlsClients, TrunkTransport,
};
use super::{
    Action, Attach, Body, CalledNumber, Captures, Codec, DeliveryTls, Digest, Engine, FaxWay, Formats, HostPort,
    Identity, LogFormat, LogLevel, NumberFormat, NumberUri, Pacing, Paper, RejectedPage, Reliable, Srtp, T38, T38Ask,
    WhenFull,
};
use crate::model::fetch::is_digits;
use crate::model::{self, Network, Resolution, Width};

/// A list longer than this is refused.
pub(super) const MAX_LIST: usize = 10_000;
/// A text longer than this is refused, octets.
pub(super) const MAX_TEXT: usize = 1_000;

/// Where a value stands, and where complaints about it go.
pub struct Place<'p> {
    pub(super) key: &'p str,
    pub(super) findings: &'p mut Findings,
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Place").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A kind of value.
pub trait Kind {
    /// What the configuration holds.
    type Value;
    /// Whether a key of this kind may be left out without a default.
    const OPTIONAL: bool = false;

    /// What is to be written, in words.
    fn describe() -> String;

    /// Reads a value; when it is none of this kind, complains and gives nothing.
    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<Self::Value>;

    /// The value of a key that is left out, if that may be.
    #[must_use]
    fn absent() -> Option<Self::Value> {
        None
    }

    /// Whether a value lies outside the bounds, both included.
    #[must_use]
    fn outside(_value: &Self::Value, _low: &Self::Value, _high: &Self::Value) -> bool {
        false
    }
}

/// Why a text is not of its kind, and what to write.
pub(super) type Wrong = (String, Option<String>);

fn wrong<T>(reason: &str, hint: &str) -> Result<T, Wrong> {
    Err((reason.to_owned(), Some(hint.to_owned())))
}

fn complain(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>, (reason, hint): Wrong) {
    place.findings.complain(Some(value.span()), place.key, reason, hint);
}

fn wrong_type(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>, wanted: &str) {
    let hint = match (wanted.starts_with("text"), value.get_ref()) {
        (true, DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => Some("put it in quotes".to_owned()),
        (true, _) => None,
        (false, DeValue::String(_)) => Some("write it without quotes".to_owned()),
        (false, _) => None,
    };
    complain(value, place, (format!("must be {wanted}, not {}", article(value.get_ref())), hint));
}

/// `true` or `false`.
#[derive(Debug)]
pub enum Switch {}

impl Kind for Switch {
    type Value = bool;

    fn describe() -> String {
        "true or false".into()
    }

    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<bool> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            wrong_type(value, place, "true or false");
        }
        found
    }
}

/// A whole number.
#[derive(Debug)]
pub enum Count {}

impl Kind for Count {
    type Value = u32;

    fn describe() -> String {
        "whole number".into()
    }

    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<u32> {
        let Some(integer) = value.get_ref().as_integer() else {
            wrong_type(value, place, "a whole number");
            return None;
        };
        let found = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        if found.is_none() {
            complain(value, place, (format!("must be a whole number between 0 and {}", u32::MAX), None));
        }
        found
    }

    fn outside(value: &u32, low: &u32, high: &u32) -> bool {
        value < low || value > high
    }
}

/// A list of another kind.
#[derive(Debug)]
pub struct List<K>(K);

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn describe() -> String {
        format!("list, each entry {}", K::describe())
    }

    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<Vec<K::Value>> {
        let Some(entries) = value.get_ref().as_array() else {
            let hint = Some("write it in brackets: [\"one\", \"two\"]".to_owned());
            complain(value, place, (format!("must be a list, not {}", article(value.get_ref())), hint));
            return None;
        };
        if entries.len() > MAX_LIST {
            complain(value, place, (format!("has {} entries, more than {MAX_LIST}", entries.len()), None));
            return None;
        }
        let mut found = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let key = format!("{}[{index}]", place.key);
            found.push(K::read(entry, &mut Place { key: &key, findings: place.findings }));
        }
        found.into_iter().collect()
    }
}

/// A list of another kind, where one entry may stand alone.
#[derive(Debug)]
pub struct OneOrMore<K>(K);

impl<K: Kind> Kind for OneOrMore<K> {
    type Value = Vec<K::Value>;

    fn describe() -> String {
        format!("one or a list, each {}", K::describe())
    }

    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<Vec<K::Value>> {
        if value.get_ref().is_array() {
            return List::<K>::read(value, place);
        }
        K::read(value, place).map(|one| vec![one])
    }
}

/// Another kind that may be left out.
#[derive(Debug)]
pub struct Maybe<K>(K);

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;
    const OPTIONAL: bool = true;

    fn describe() -> String {
        K::describe()
    }

    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<Option<K::Value>> {
        K::read(value, place).map(Some)
    }

    fn absent() -> Option<Option<K::Value>> {
        Some(None)
    }

    fn outside(value: &Option<K::Value>, low: &Option<K::Value>, high: &Option<K::Value>) -> bool {
        match (value, low, high) {
            (Some(value), Some(low), Some(high)) => K::outside(value, low, high),
            (None, _, _) | (_, None, _) | (_, _, None) => false,
        }
    }
}

/// Declares a kind that is written as a text: its words for people, and the function that reads it.
macro_rules! texts {
    ($( $(#[doc = $doc:literal])+ $name:ident -> $value:ty, $words:literal, $read:expr $(, $outside:expr)? ; )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $name {}

        impl Kind for $name {
            type Value = $value;

            fn describe() -> String {
                $words.into()
            }

            fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<$value> {
                let Some(text) = value.get_ref().as_str() else {
                    wrong_type(value, place, concat!("text, ", $words));
                    return None;
                };
                bounded(text).and_then($read).map_err(|fault| complain(value, place, fault)).ok()
            }

            $(fn outside(value: &$value, low: &$value, high: &$value) -> bool {
                ($outside)(value, low, high)
            })?
        }
    )+};
}

fn bounded(text: &str) -> Result<&str, Wrong> {
    if text.len() > MAX_TEXT {
        return Err((format!("is longer than {MAX_TEXT} octets"), None));
    }
    if text.contains(char::is_control) {
        return Err(("has a control character in it".into(), None));
    }
    Ok(text)
}

texts! {
    /// A text on one line.
    Line -> String, "a line of text", |text: &str| Ok(text.to_owned());
    /// A path.
    FilePath -> PathBuf, "a path", |text: &str| match text {
        "" => wrong("is empty", "write a path"),
        path => Ok(PathBuf::from(path)),
    };
    /// A time span.
    Time -> Duration, "a time such as `90 s`, `15 m` or `24 h`", time, |value, low, high| value < low || value > high;
    /// A number of octets.
    Size -> u64, "a size such as `500 kB`, `35 MB` or `1 GiB`", size, |value, low, high| value < low || value > high;
    /// An address and a port to listen on.
    Listen -> SocketAddr, "an address with a port such as `127.0.0.1:2525` or `[::1]:2525`", |text: &str| {
        text.parse().or_else(|_| wrong("is no address with a port", "write it like \"127.0.0.1:2525\" or \"[::1]:2525\""))
    };
    /// A transport, an address and a port to listen on for SIP.
    SipPort -> SipListen, "an address with a port, `udp:`, `tcp:` or `tls:` before it or nothing for UDP and TCP", sip_listen;
    /// A SIP server.
    SipServer -> SipHost, "a host such as `sip.example.net` or a host with a port such as `192.0.2.10:5060`", sip_host;
    /// An address.
    Address -> IpAddr, "an IP address", |text: &str| {
        text.parse().or_else(|_| wrong("is no IP address", "write it like \"203.0.113.7\""))
    };
    /// A network.
    Net -> Network, "an address, a network such as `192.0.2.0/24`, or `any`", by_rule;
    /// A host and a port.
    Host -> HostPort, "a host with a port such as `mail.example.com:25`", host_port;
    /// A range of ports.
    Ports -> PortRange, "a range of ports such as `40000-40999`", ports;
    /// A domain name.
    Domain -> String, "a domain name", domain;
    /// A password.
    Password -> Secret, "a password", |text: &str| match text {
        "" => wrong("is empty", "leave the key out when there is no password"),
        password => Ok(Secret::new(password.to_owned())),
    };
    /// Digits.
    Digits -> String, "digits", |text: &str| match text {
        digits if digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_digit()) => Ok(digits.to_owned()),
        _ => wrong("must be digits, at most 8", "write only digits, without +"),
    };
    /// What T.30 sends as sub-address, selective address or password.
    FrameDigits -> String, "1 to 20 digits, `#` and `*`", |text: &str| {
        if is_digits(text) { Ok(text.to_owned()) } else { wrong("must be 1 to 20 digits, # and *", "write it like \"4711\"") }
    };
    /// A telephone number.
    Telephone -> String, "a telephone number such as `+390612345`", telephone;
    /// A pattern for telephone numbers.
    NumberPattern -> model::NumberPattern, "a number, `?` for any digit, `*` at its end for anything: `+39*`, `4???`, `*`", by_rule;
    /// A pattern for senders.
    SenderPattern -> String, "`user@example.com`, `*@example.com` or `*`", sender_pattern;
    /// A mail address.
    MailAddress -> String, "a mail address", mail_address;
    /// A mail address with a name.
    NamedAddress -> Mailbox, "a mail address, with or without a name: `Fax <fax-noreply@example.com>`", named_address;
    /// What calls to some numbers cost.
    RateLine -> PricedRate, "a pattern for numbers and a price, `+39* 0.012`", rate_line;
    /// What a number of a plan of its own is relative to.
    PhoneContext -> String, "`+` and digits, or a domain name", phone_context;
    /// The name a fax machine gives itself.
    StationId -> String, "at most 20 digits, spaces and `+`", station_id;
    /// What goes as non-standard facilities.
    Facilities -> Vec<u8>, "hexadecimal octets: country code, maker's code, the maker's own; empty: none", facilities;
    /// A list of waits.
    RetryList -> String, "waits in order, such as `2m,4m,8m,30m*4`; empty: no second try", retry_list;
}

/// Declares a kind that is one of some words.
macro_rules! words {
    ($( $(#[doc = $doc:literal])+ $name:ident -> $value:ty { $($word:literal => $choice:expr,)+ } )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $name {}

        impl Kind for $name {
            type Value = $value;

            fn describe() -> String {
                one_of(&[$($word),+])
            }

            fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<$value> {
                match value.get_ref().as_str() {
                    $( Some($word) => Some($choice), )+
                    Some(other) => {
                        let hint = nearest(other, [$($word),+]).map(|near| format!("did you mean \"{near}\"?"));
                        complain(value, place, (format!("must be {}, not \"{}\"", Self::describe(), printable(other)), hint));
                        None
                    }
                    None => {
                        wrong_type(value, place, &format!("text, {}", Self::describe()));
                        None
                    }
                }
            }
        }
    )+};
}

words! {
    /// Allow or deny.
    ActionWord -> Action { "allow" => Action::Allow, "deny" => Action::Deny, }
    /// How a number is written.
    NumberFormatWord -> NumberFormat {
        "e164" => NumberFormat::E164, "digits" => NumberFormat::Digits, "national" => NumberFormat::National,
    }
    /// In which kind of address a number is dialled.
    NumberUriWord -> NumberUri { "sip" => NumberUri::Sip, "sip-phone" => NumberUri::SipPhone, "tel" => NumberUri::Tel, }
    /// Where our own number is told.
    IdentityWord -> Identity {
        "from" => Identity::From, "p-asserted" => Identity::Asserted, "p-preferred" => Identity::Preferred,
        "both" => Identity::Both,
    }
    /// A voice codec.
    CodecWord -> Codec { "pcma" => Codec::Pcma, "pcmu" => Codec::Pcmu, }
    /// What carries the fax.
    FaxWayWord -> FaxWay { "auto" => FaxWay::Auto, "t38" => FaxWay::T38, "audio" => FaxWay::Audio, }
    /// How calls come to T.38.
    T38Word -> T38 { "reinvite" => T38::Reinvite, "first" => T38::First, "both" => T38::Both, }
    /// Who asks for T.38.
    T38AskWord -> T38Ask { "wait" => T38Ask::Wait, "at-once" => T38Ask::AtOnce, "never" => T38Ask::Never, }
    /// Where the called number stands.
    CalledWord -> CalledNumber {
        "request-uri" => CalledNumber::RequestUri, "to" => CalledNumber::To, "diversion" => CalledNumber::Diversion,
        "history-info" => CalledNumber::HistoryInfo, "p-called-party-id" => CalledNumber::CalledParty,
    }
    /// How a peer proves that it knows its password.
    DigestWord -> Digest { "any" => Digest::Any, "sha-256" => Digest::Sha256, }
    /// What a caller hears when no channel is free.
    FullWord -> WhenFull { "busy" => WhenFull::Busy, "unavailable" => WhenFull::Unavailable, }
    /// Pacing of T.38 packets.
    PacingWord -> Pacing { "modem" => Pacing::Modem, "fast" => Pacing::Fast, "auto" => Pacing::Auto, }
    /// What is done about a page not taken well.
    RejectedPageWord -> RejectedPage {
        "resend" => RejectedPage::Resend, "resend-then-go-on" => RejectedPage::ResendThenGoOn,
        "printed" => RejectedPage::Printed,
    }
    /// A paper size.
    PaperWord -> Paper { "a4" => Paper::A4, "letter" => Paper::Letter, }
    /// A resolution.
    ResolutionWord -> Resolution {
        "standard" => Resolution::Standard, "fine" => Resolution::Fine, "superfine" => Resolution::Superfine,
        "300dpi" => Resolution::Dots300, "ultrafine" => Resolution::Ultrafine, "400dpi" => Resolution::Dots400,
    }
    /// A page's width.
    WidthWord -> Width { "a4" => Width::A4, "b4" => Width::B4, "a3" => Width::A3, }
    /// A drawing engine.
    EngineWord -> Engine { "auto" => Engine::Auto, "pdfium" => Engine::Pdfium, "hayro" => Engine::Hayro, }
    /// What becomes of the text of a mail.
    BodyWord -> Body { "first-page" => Body::FirstPage, "only-alone" => Body::OnlyAlone, "never" => Body::Never, }
    /// Forms of a received fax.
    FormatsWord -> Formats { "pdf" => Formats::Pdf, "tiff" => Formats::Tiff, "both" => Formats::Both, }
    /// Of which calls a capture is kept.
    CapturesWord -> Captures { "none" => Captures::None, "failed" => Captures::Failed, "all" => Captures::All, }
    /// What a receipt carries.
    AttachWord -> Attach { "none" => Attach::None, "pdf" => Attach::Pdf, "tiff" => Attach::Tiff, }
    /// Security of mail delivery.
    TlsWord -> DeliveryTls {
        "implicit" => DeliveryTls::Implicit, "required" => DeliveryTls::Required,
        "opportunistic" => DeliveryTls::Opportunistic, "off" => DeliveryTls::Off,
    }
    /// How a trunk is reached.
    TransportWord -> TrunkTransport {
        "auto" => TrunkTransport::Auto, "udp" => TrunkTransport::Udp, "tcp" => TrunkTransport::Tcp,
        "tls" => TrunkTransport::Tls,
    }
    /// Whether calls ring reliably.
    ReliableWord -> Reliable {
        "off" => Reliable::Off, "supported" => Reliable::Supported, "required" => Reliable::Required,
    }
    /// Whether audio is encrypted.
    SrtpWord -> Srtp { "off" => Srtp::Off, "offer" => Srtp::Offer, "require" => Srtp::Require, }
    /// What clients by TLS must show.
    ClientsWord -> TlsClients {
        "ignored" => TlsClients::Ignored, "accepted" => TlsClients::Accepted, "required" => TlsClients::Required,
    }
    /// A log level.
    LevelWord -> LogLevel {
        "error" => LogLevel::Error, "warn" => LogLevel::Warn, "info" => LogLevel::Info, "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
    }
    /// A log format.
    LogFormatWord -> LogFormat { "text" => LogFormat::Text, "json" => LogFormat::Json, }
}

/// A speed that T.30 knows.
#[derive(Debug)]
pub enum Rate {}

impl Kind for Rate {
    type Value = u32;

    fn describe() -> String {
        "2400, 4800, 7200, 9600, 12000 or 14400".into()
    }

    fn read(value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<u32> {
        let rate = Count::read(value, place)?;
        if RATES.contains(&rate) {
            return Some(rate);
        }
        complain(value, place, (format!("must be {}, not {rate}", Self::describe()), None));
        None
    }
}

/// Speeds of V.27ter, V.29 and V.17, bit/s.
// T.30 (09/2005) Table 2 bits 11 to 14
const RATES: [u32; 6] = [2400, 4800, 7200, 9600, 12_000, 14_400];

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}

fn printable(text: &str) -> String {
    text.chars().take(60).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

mod parse;
use parse::{
    by_rule, domain, facilities, host_port, mail_address, named_address, phone_context, ports, rate_line, retry_list,
    sender_pattern, sip_host, sip_listen, size, station_id, telephone, time,
};
