//! SIP, SIPS and TEL addresses. The user part and the parameters are kept as written (escapes and all), so an address
//! goes out again as it came in. This is not URI comparison (RFC 3261 §19.1.4): nobody here needs it.

use super::text::{Parameters, digits};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

/// An address: `sip:user@host:port;parameters?headers` or `tel:number;parameters`.
// RFC 3261 §19.1, RFC 3966
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uri {
    /// What kind of address it is.
    pub scheme: Scheme,
    /// The user part as written, with escapes, password and user parameters; the number of a `tel:`.
    pub user: Option<String>,
    /// Where to send it; `None` for `tel:` and for schemes we do not know.
    pub host: Option<Host>,
    /// The port, when written.
    pub port: Option<u16>,
    /// `;name=value` after the host (or after the number of a `tel:`).
    pub parameters: Parameters,
    /// What follows `?`, as written.
    pub headers: Option<String>,
}

/// The scheme of an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other, in lower case; the rest is in [`Uri::user`] as written.
    Other(String),
}

/// A host as an address says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// A name to be looked up by somebody else.
    Name(String),
    /// A literal address; IPv6 is written in brackets.
    Address(IpAddr),
}

/// Why a text is no address: the writer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UriError {
    /// No `scheme:` in front.
    #[error("the address has no scheme")]
    Scheme,
    /// The host is missing or has characters no host has.
    #[error("the address has no valid host")]
    Host,
    /// The port is no number up to 65535.
    #[error("the port is no number up to 65535")]
    Port,
    /// A blank or control character within.
    #[error("the address has a blank or control character")]
    Text,
    /// Longer than [`URI_BYTES_MAX`].
    #[error("the address is longer than {URI_BYTES_MAX} bytes")]
    Length,
}

/// Longest address we read, in bytes.
pub const URI_BYTES_MAX: usize = 2048;

/// Where SIP listens when no port is written.
// RFC 3261 §19.1.2
pub const DEFAULT_PORT: u16 = 5060;

/// Where SIP over TLS listens when no port is written.
pub const DEFAULT_TLS_PORT: u16 = 5061;

impl Uri {
    /// Reads an address without angle brackets around it.
    ///
    /// # Errors
    /// [`UriError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let text = text.trim();
        if text.len() > URI_BYTES_MAX {
            return Err(UriError::Length);
        }
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7F || byte == b'<') {
            return Err(UriError::Text);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.bytes().all(letter) || !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(UriError::Scheme);
        }
        match scheme.to_ascii_lowercase().as_str() {
            "sip" => Self::parse_sip(Scheme::Sip, rest),
            "sips" => Self::parse_sip(Scheme::Sips, rest),
            "tel" => Self::parse_tel(rest),
            other => Ok(Self::bare(Scheme::Other(other.to_owned()), rest)),
        }
    }

    /// `sip:user@host:port`, the user escaped as needed; without a user for an empty one.
    pub fn sip(user: &str, address: SocketAddr) -> Self {
        Self::to_host(user, Host::Address(address.ip()), Some(address.port()))
    }

    /// `sip:user@host`, the user escaped as needed; without a user for an empty one.
    pub fn to_host(user: &str, host: Host, port: Option<u16>) -> Self {
        let user = (!user.is_empty()).then(|| escape_user(user));
        Self { scheme: Scheme::Sip, user, host: Some(host), port, parameters: Parameters::default(), headers: None }
    }

    /// The user part with its escapes resolved and without password or user parameters (`;phone-context=…`); the
    /// number of a `tel:` address.
    pub fn user_decoded(&self) -> Option<String> {
        let user = self.user.as_deref()?;
        let user = user.split(';').next().unwrap_or(user);
        Some(unescape(user.split(':').next().unwrap_or(user)))
    }

    /// Where the address points when its host is a literal address, with the scheme's default port.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        let default = if self.scheme == Scheme::Sips { DEFAULT_TLS_PORT } else { DEFAULT_PORT };
        match self.host.as_ref()? {
            Host::Address(address) => Some(SocketAddr::new(*address, self.port.unwrap_or(default))),
            Host::Name(_) => None,
        }
    }

    fn bare(scheme: Scheme, user: &str) -> Self {
        let user = Some(user.to_owned());
        Self { scheme, user, host: None, port: None, parameters: Parameters::default(), headers: None }
    }

    fn parse_tel(rest: &str) -> Result<Self, UriError> {
        let (number, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        if number.is_empty() {
            return Err(UriError::Host);
        }
        Ok(Self { parameters: Parameters::parse(parameters), ..Self::bare(Scheme::Tel, number) })
    }

    fn parse_sip(scheme: Scheme, rest: &str) -> Result<Self, UriError> {
        // The user part may hold `;` and `?`, so it is cut off first.
        let (user, rest) = match rest.split_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers.to_owned())),
            None => (rest, None),
        };
        let (place, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = parse_host_port(place)?;
        Ok(Self { scheme, user, host: Some(host), port, parameters: Parameters::parse(parameters), headers })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.scheme {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => "tel",
            Scheme::Other(scheme) => scheme,
        };
        write!(formatter, "{scheme}:")?;
        if let Some(user) = &self.user {
            write!(formatter, "{user}{}", if self.host.is_some() { "@" } else { "" })?;
        }
        if let Some(host) = &self.host {
            write!(formatter, "{host}")?;
        }
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        write!(formatter, "{}", self.parameters)?;
        match &self.headers {
            Some(headers) => write!(formatter, "?{headers}"),
            None => Ok(()),
        }
    }
}

impl Host {
    /// Reads a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return inner.parse::<Ipv6Addr>().ok().map(|address| Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Address(address));
        }
        // An underscore is in no host name, and yet in the field.
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!text.is_empty() && text.bytes().all(letter)).then(|| Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(formatter, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
pub(super) fn parse_host_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    let text = text.trim();
    let (host, port) = if text.starts_with('[') {
        let end = text.find(']').ok_or(UriError::Host)?;
        (&text[..=end], text[end + 1..].trim_start().strip_prefix(':'))
    } else {
        match text.rsplit_once(':') {
            // An IPv6 address without brackets has more than one colon.
            Some((host, _)) if host.contains(':') => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let host = Host::parse(host.trim()).ok_or(UriError::Host)?;
    let port = port.map(|port| digits::<u16>(port.trim().as_bytes()).ok_or(UriError::Port)).transpose()?;
    Ok((host, port))
}

// RFC 3261 §25.1: user-unreserved and unreserved; all else is escaped.
fn escape_user(user: &str) -> String {
    let mut escaped = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = escaped.filter(|_| first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_out_as_they_came_in() {
        for text in [
            "sip:lab@127.0.82.10:5060",
            "sip:127.0.82.20:5060",
            "sip:b@[2001:db8::1]:5062;transport=udp",
            "sip:%2B4912345@gw.example.com;user=phone",
            "sip:+49123;phone-context=+49@gw.example.com",
            "sips:alice:secret@atlanta.example.com;lr?Subject=hi%20there",
            "tel:+49123456789012345;phone-context=example.com",
            "tel:4711",
            "urn:service:sos",
        ] {
            assert_eq!(Uri::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn user_is_decoded_without_password_and_user_parameters() {
        let user = |text| Uri::parse(text).unwrap().user_decoded().unwrap();
        assert_eq!(user("sip:%2B49%2012@h"), "+49 12");
        assert_eq!(user("sip:+49123;phone-context=+49@h"), "+49123");
        assert_eq!(user("sip:fax:secret@h"), "fax");
        assert_eq!(user("tel:+49-123;ext=4"), "+49-123");
        assert_eq!(user("sip:100%@h"), "100%");
    }

    #[test]
    fn literal_hosts_give_a_socket_and_names_do_not() {
        let at = |text| Uri::parse(text).unwrap().socket_address();
        assert_eq!(at("sip:a@192.0.2.1"), Some("192.0.2.1:5060".parse().unwrap()));
        assert_eq!(at("sips:a@[2001:db8::1]"), Some("[2001:db8::1]:5061".parse().unwrap()));
        assert_eq!(at("sip:a@gw.example.com:5070"), None);
        assert_eq!(at("tel:+4912"), None);
    }

    #[test]
    fn broken_addresses_are_refused_with_the_reason() {
        assert_eq!(Uri::parse("alice"), Err(UriError::Scheme));
        assert_eq!(Uri::parse("1sip:alice@h"), Err(UriError::Scheme));
        assert_eq!(Uri::parse("sip:alice@"), Err(UriError::Host));
        assert_eq!(Uri::parse("sip:alice@[2001:db8::1"), Err(UriError::Host));
        assert_eq!(Uri::parse("sip:alice@h:65536"), Err(UriError::Port));
        assert_eq!(Uri::parse("sip:ali ce@h"), Err(UriError::Text));
        assert_eq!(Uri::parse("tel:"), Err(UriError::Host));
    }

    #[test]
    fn built_addresses_are_escaped() {
        let uri = Uri::sip("+39 02@x#", "[2001:db8::1]:5060".parse().unwrap());
        assert_eq!(uri.to_string(), "sip:+39%2002%40x%23@[2001:db8::1]:5060");
        assert_eq!(Uri::sip("", "192.0.2.1:5070".parse().unwrap()).to_string(), "sip:192.0.2.1:5070");
    }
}
