//! Ranges of Internet addresses, with one syntax wherever peers are chosen by rules: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`,
//! `any`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::PatternError;

/// A range of addresses.
// RFC 4632 §3.1
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Network {
    /// Every address.
    Any,
    /// Those that share the first bits.
    V4(Ipv4Addr, u8),
    /// Those that share the first bits.
    V6(Ipv6Addr, u8),
}

impl Network {
    /// Whether the address is in the range. An IPv4 address that came by an IPv6 socket counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::Any, _) => true,
            (Self::V4(network, bits), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(*bits);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (Self::V6(network, bits), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(*bits);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (Self::V4(..), IpAddr::V6(_)) | (Self::V6(..), IpAddr::V4(_)) => false,
        }
    }

    /// Whether it is the whole Internet, or all of one version of it.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        matches!(self, Self::Any | Self::V4(_, 0) | Self::V6(_, 0))
    }
}

impl FromStr for Network {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        const HINT: &str = "write \"192.0.2.7\", \"192.0.2.0/24\" or \"2001:db8::/32\"";
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Ok(Self::Any);
        }
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| PatternError::new(text, "is no address or network", HINT))?;
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits.map(str::parse::<u8>) {
            None => width,
            Some(Ok(bits)) if bits <= width => bits,
            Some(_) => {
                let reason = format!("must have a length between 0 and {width} behind the slash");
                return Err(PatternError::new(text, reason, HINT));
            }
        };
        let base = masked(address, bits);
        if base != address {
            // Bits set behind the prefix are a slip of the pen: 10.0.0.1/8 was meant to be another range.
            let reason = format!("has bits set behind the first {bits}");
            return Err(PatternError::new(text, reason, format!("did you mean \"{base}/{bits}\"?")));
        }
        Ok(match address {
            IpAddr::V4(address) => Self::V4(address, bits),
            IpAddr::V6(address) => Self::V6(address, bits),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any"),
            Self::V4(address, bits) => write!(formatter, "{address}/{bits}"),
            Self::V6(address, bits) => write!(formatter, "{address}/{bits}"),
        }
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn networks_end_where_their_prefix_says() {
        let fits = |network: &str, address: &str| {
            network.parse::<Network>().expect("a network").contains(address.parse().expect("an address"))
        };
        assert!(fits("10.0.0.0/8", "10.255.255.255") && !fits("10.0.0.0/8", "11.0.0.0"));
        assert!(fits("0.0.0.0/0", "1.2.3.4") && !fits("0.0.0.0/0", "::1") && fits("::/0", "::1"));
        assert!(fits("192.0.2.7", "192.0.2.7") && !fits("192.0.2.7", "192.0.2.8"));
        assert!(fits("2001:db8::/33", "2001:db8:7fff::1") && !fits("2001:db8::/33", "2001:db8:8000::1"));
        assert!(fits("127.0.0.0/8", "::ffff:127.0.0.1") && fits("any", "::1") && fits("*", "203.0.113.9"));
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "::/129", "::1/64", "10.0.0", "10.0.0.0/", "", "localhost"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_with_host_bits_is_refused_with_the_one_that_was_meant() {
        let error = "10.1.2.3/8".parse::<Network>().expect_err("host bits");
        assert_eq!(error.hint, "did you mean \"10.0.0.0/8\"?");
    }

    #[test]
    fn a_network_is_written_as_it_is_read() {
        for text in ["any", "10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"] {
            let network: Network = text.parse().expect("a network");
            assert_eq!(network.to_string(), text);
        }
        let everywhere = |text: &str| text.parse::<Network>().expect("a network").is_everywhere();
        assert!(everywhere("any") && everywhere("0.0.0.0/0") && everywhere("::/0") && !everywhere("10.0.0.0/8"));
    }
}
