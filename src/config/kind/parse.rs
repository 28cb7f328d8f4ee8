//! The small grammars inside texts: times, sizes, networks, patterns, addresses, lists of waits.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use super::{HostPort, Mailbox, PortRange, PricedRate as Rate, SipHost, SipListen, SipTransport, Wrong, wrong};
use crate::model::PatternError;

/// The longest time that can be written: 10 years.
const MAX_TIME: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
/// The most waits a list of retries may have.
pub(in crate::config) const MAX_WAITS: u64 = 100;
/// Characters of CSI, TSI and CIG.
// T.30 (09/2005) §5.3.6.2.4
const MAX_STATION_ID: usize = 20;
/// Octets of NSF and NSC: under a second at 300 bit/s, so that they, CSI and DIS come within T4 several times.
const MAX_FACILITIES: usize = 32;

const TIME_HINT: &str = "write a number and ms, s, m, h or d: \"90 s\", \"15 m\", \"1 h 30 m\"";
const SIZE_HINT: &str = "write a number and B, kB, MB, GB, KiB, MiB or GiB: \"35 MB\"";

/// Splits the number before a word from the rest: `90 s …`.
fn number_and_word(text: &str) -> Option<(u64, &str, &str)> {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse().ok()?;
    let rest = text[digits..].trim_start();
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    Some((number, &rest[..letters], rest[letters..].trim_start()))
}

pub(super) fn time(text: &str) -> Result<Duration, Wrong> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    loop {
        let Some((number, unit, after)) = number_and_word(rest) else { return wrong("is no time", TIME_HINT) };
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return wrong("is a time without a unit that I know", TIME_HINT),
        };
        let part = number.checked_mul(unit_ms).map(Duration::from_millis);
        match part.and_then(|part| sum.checked_add(part)).filter(|sum| *sum <= MAX_TIME) {
            Some(longer) => sum = longer,
            None => return wrong("is longer than ten years", TIME_HINT),
        }
        if after.is_empty() {
            return Ok(sum);
        }
        rest = after;
    }
}

pub(super) fn size(text: &str) -> Result<u64, Wrong> {
    let Some((number, unit, "")) = number_and_word(text.trim()) else { return wrong("is no size", SIZE_HINT) };
    let factor: u64 = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return wrong("is a size without a unit that I know", SIZE_HINT),
    };
    number.checked_mul(factor).map_or_else(|| wrong("is too large", SIZE_HINT), Ok)
}

/// A pattern in the syntax that all rules share.
pub(super) fn by_rule<T: FromStr<Err = PatternError>>(text: &str) -> Result<T, Wrong> {
    text.parse().map_err(|error: PatternError| (error.reason, Some(error.hint)))
}

pub(super) fn sip_listen(text: &str) -> Result<SipListen, Wrong> {
    let prefixes = [("udp:", SipTransport::Udp), ("tcp:", SipTransport::Tcp), ("tls:", SipTransport::Tls)];
    let found = prefixes.into_iter().find_map(|(prefix, transport)| Some((text.strip_prefix(prefix)?, transport)));
    let (place, transport) = found.map_or((text, None), |(place, transport)| (place, Some(transport)));
    match place.parse() {
        Ok(address) => Ok(SipListen { transport, address }),
        Err(_) => wrong(
            "is no address with a port",
            "write it like \"10.0.0.5:5060\" (UDP and TCP), \"udp:10.0.0.5:5060\", \"tcp:[::1]:5060\" or \"tls:10.0.0.5:5061\"",
        ),
    }
}

/// A host with or without a port.
pub(super) fn sip_host(text: &str) -> Result<SipHost, Wrong> {
    if let Ok(IpAddr::V6(address)) = text.parse() {
        return Ok(SipHost { host: address.to_string(), port: None });
    }
    if let Some(Ok(address)) =
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::parse::<std::net::Ipv6Addr>)
    {
        return Ok(SipHost { host: address.to_string(), port: None });
    }
    if text.contains(':') {
        let HostPort { host, port } = host_port(text)?;
        return Ok(SipHost { host, port: Some(port) });
    }
    Ok(SipHost { host: domain(text)?, port: None })
}

pub(super) fn host_port(text: &str) -> Result<HostPort, Wrong> {
    const HINT: &str = "write \"host.example.com:5060\", \"192.0.2.7:5060\" or \"[2001:db8::1]:5060\"";
    let Some((host, port)) = text.rsplit_once(':') else { return wrong("has no port", HINT) };
    let port = match port.parse::<u16>() {
        Ok(port) if port > 0 => port,
        _ => return wrong("has no port between 1 and 65535 at its end", HINT),
    };
    if let Some(bracketed) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match bracketed.parse::<std::net::Ipv6Addr>() {
            Ok(address) => Ok(HostPort { host: address.to_string(), port }),
            Err(_) => wrong("has no IPv6 address in its brackets", HINT),
        };
    }
    if host.contains(':') {
        return wrong("is an IPv6 address without brackets", HINT);
    }
    let host = domain(host)?;
    Ok(HostPort { host, port })
}

pub(super) fn ports(text: &str) -> Result<PortRange, Wrong> {
    const HINT: &str = "write \"40000-40999\"";
    let Some((first, last)) = text.split_once('-') else { return wrong("is no range of ports", HINT) };
    match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(first), Ok(last)) if first >= 1024 && first <= last => Ok(PortRange { first, last }),
        (Ok(first), Ok(_)) if first < 1024 => wrong("begins below port 1024", HINT),
        (Ok(_), Ok(_)) => wrong("ends before it begins", HINT),
        _ => wrong("is no range of ports", HINT),
    }
}

/// A domain name in letters, digits, hyphens and dots, lower-cased; an internationalised one in its `xn--` form.
// RFC 5321 §4.1.2, RFC 1123 §2.1
pub(super) fn domain(text: &str) -> Result<String, Wrong> {
    const HINT: &str = "write it like \"fax.example.com\"";
    if !text.is_ascii() {
        return wrong("is no domain name in ASCII", "write the xn-- form of the name");
    }
    let label_is_sound = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
    };
    if text.len() <= 253 && text.split('.').all(label_is_sound) {
        Ok(text.to_ascii_lowercase())
    } else {
        wrong("is no domain name", HINT)
    }
}

pub(super) fn telephone(text: &str) -> Result<String, Wrong> {
    let digits: String = text.chars().filter(|character| !matches!(character, ' ' | '-' | '.' | '(' | ')')).collect();
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    if (1..=15).contains(&bare.len()) && bare.bytes().all(|digit| digit.is_ascii_digit()) {
        Ok(digits)
    } else {
        wrong("is no telephone number of at most 15 digits", "write it like \"+390612345\"")
    }
}

/// `+39* 0.012`: a pattern for numbers, and a price with at most three decimals.
pub(super) fn rate_line(text: &str) -> Result<Rate, Wrong> {
    const HINT: &str = "write which numbers and what a minute costs: \"+39* 0.012\", \"* 0.2\"";
    let Some((numbers, price)) = text.trim().split_once(char::is_whitespace) else {
        return wrong("has no price", HINT);
    };
    let numbers = by_rule(numbers)?;
    let (whole, decimals) = price.trim().split_once('.').unwrap_or((price.trim(), "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !all_digits(whole) || !all_digits(decimals) || decimals.len() > 3 || whole.len() > 6 {
        return wrong("has no price of at most six digits and three decimals", HINT);
    }
    let thousandths = format!("{whole}{decimals:0<3}").parse().unwrap_or(u32::MAX);
    Ok(Rate { numbers, price: thousandths })
}

// RFC 3966 §5.1.5
pub(super) fn phone_context(text: &str) -> Result<String, Wrong> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    if (1..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    domain(text)
        .or_else(|_| wrong("is neither + and digits nor a domain name", "write it like \"+39\" or \"example.net\""))
}

pub(super) fn sender_pattern(text: &str) -> Result<String, Wrong> {
    const HINT: &str = "write \"user@example.com\", \"*@example.com\" or \"*\"";
    if text == "*" {
        return Ok(text.to_owned());
    }
    match text.strip_prefix("*@") {
        Some(after) => Ok(format!("*@{}", domain(after)?)),
        None if text.contains('*') => wrong("has a * in a place where it means nothing", HINT),
        None => mail_address(text).or_else(|_| wrong("is no pattern for senders", HINT)),
    }
}

/// An address as people have them: dot-atom, at sign, domain. Its domain is lower-cased.
// RFC 5321 §4.1.2
pub(super) fn mail_address(text: &str) -> Result<String, Wrong> {
    const HINT: &str = "write it like \"user@example.com\"";
    let Some((local, host)) = text.rsplit_once('@') else { return wrong("is no mail address: it has no @", HINT) };
    let atom = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet) || octet >= 0x80;
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty() || local.len() > 64 || dots || !local.bytes().all(atom) {
        return wrong("is no mail address: the part before the @ is not sound", HINT);
    }
    Ok(format!("{local}@{}", domain(host)?))
}

pub(super) fn named_address(text: &str) -> Result<Mailbox, Wrong> {
    match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        None => Ok(Mailbox { name: String::new(), address: mail_address(text.trim())? }),
        Some((name, address)) => {
            let name = name.trim().trim_matches('"').trim().to_owned();
            Ok(Mailbox { name, address: mail_address(address)? })
        }
    }
}

pub(super) fn station_id(text: &str) -> Result<String, Wrong> {
    const HINT: &str = "write your fax number as people dial it: \"+39 06 12345\"";
    if text.len() > MAX_STATION_ID {
        return Err((format!("is longer than {MAX_STATION_ID} characters"), Some(HINT.into())));
    }
    // T.30 (09/2005) Table 3: digits, space and plus are all there is.
    if text.bytes().all(|octet| octet.is_ascii_digit() || matches!(octet, b' ' | b'+')) {
        Ok(text.to_owned())
    } else {
        wrong("may have only digits, spaces and +", HINT)
    }
}

/// Octets as hexadecimal digits, two each, with spaces where one likes.
pub(super) fn facilities(text: &str) -> Result<Vec<u8>, Wrong> {
    const HINT: &str = "write octets as T.30 prints them, country code first: \"B5 00 42 01\"";
    let digits: Option<Vec<u32>> = text.chars().filter(|digit| *digit != ' ').map(|digit| digit.to_digit(16)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() % 2 == 0) else {
        return wrong("must be hexadecimal digits, two for each octet", HINT);
    };
    let octets: Vec<u8> = digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect();
    // T.35 (02/2000) §3: a country code and a maker's code at least.
    match octets.len() {
        1 | 2 => wrong("is shorter than a country code and a maker's code", HINT),
        longer if longer > MAX_FACILITIES => Err((format!("has more than {MAX_FACILITIES} octets"), Some(HINT.into()))),
        _ => Ok(octets),
    }
}

pub(super) fn retry_list(text: &str) -> Result<String, Wrong> {
    const HINT: &str = "write waits in order, each repeated by *: \"2m,4m,8m,30m*4\"";
    let mut waits = 0;
    for step in text.split(',').filter(|_| !text.trim().is_empty()) {
        let (wait, repeats) = step.split_once('*').unwrap_or((step, "1"));
        let (Some((1.., "s" | "m" | "h" | "d", "")), Ok(repeats @ 1..=MAX_WAITS)) =
            (number_and_word(wait), repeats.trim().parse::<u64>())
        else {
            return Err((format!("has {:?}, which is no wait", step.trim()), Some(HINT.into())));
        };
        time(wait)?;
        waits += repeats;
        if waits > MAX_WAITS {
            return Err((format!("has more than {MAX_WAITS} waits"), Some(HINT.into())));
        }
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Network, NumberPattern};
    use proptest::prelude::*;

    #[test]
    fn times_add_up_and_need_units() {
        assert_eq!(time("1 h 30 m"), Ok(Duration::from_secs(5400)));
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["", "5", "s", "5 weeks", "-1 s", "1 s,", "99999999999999999999 s", "400000 d"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn megabytes_are_decimal_and_mebibytes_are_not() {
        assert_eq!(size("35 MB"), Ok(35_000_000));
        assert_eq!(size("1GiB"), Ok(1 << 30));
        assert!(size("35").is_err() && size("35 mb").is_err() && size("99999999999 GiB").is_err());
    }

    #[test]
    fn waits_repeat_by_a_star_and_stay_few() {
        assert_eq!(retry_list(" 2m,4m, 30m*4 ").as_deref(), Ok("2m,4m, 30m*4"));
        assert_eq!(retry_list("").as_deref(), Ok(""));
        for bad in ["2", "0m", "m", "2m,,4m", "5m*0", "5m*x", "1m*60,1m*60", "1m 2m", "1w"] {
            assert!(retry_list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_a_pattern_and_a_price_with_three_decimals() {
        let read = |text: &str| rate_line(text).map(|rate| (rate.numbers.to_string(), rate.price));
        assert_eq!(read("+39* 0.012"), Ok(("+39*".into(), 12)));
        assert_eq!(read("*  1.5"), Ok(("*".into(), 1500)));
        assert_eq!(read("47?? 2"), Ok(("47??".into(), 2000)));
        for bad in ["", "+39*", "+39* x", "+39* -1", "+39* 0.0001", "+39* 1.", "3*9 1", "+39* 1,5", "+39* 1234567"] {
            assert!(rate_line(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_context_is_a_number_or_a_domain() {
        assert_eq!(phone_context("+39").as_deref(), Ok("+39"));
        assert_eq!(phone_context("Example.NET").as_deref(), Ok("example.net"));
        assert!(phone_context("+").is_err() && phone_context("+39x").is_err() && phone_context("").is_err());
    }

    #[test]
    fn sender_patterns_are_an_address_a_domain_or_anybody() {
        assert_eq!(sender_pattern("*@Example.COM").as_deref(), Ok("*@example.com"));
        for bad in ["", "example.com", "*example.com", "a*@example.com", "*@*", "@example.com", "a..b@example.com"] {
            assert!(sender_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_named_address_keeps_its_name() {
        let mailbox = named_address("\"Fax, Rome\" <Fax@Example.com>").expect("a mailbox");
        assert_eq!((mailbox.name.as_str(), mailbox.address.as_str()), ("Fax, Rome", "Fax@example.com"));
        assert!(named_address("Fax <>").is_err() && named_address("<a@b").is_err());
    }

    #[test]
    fn ipv6_hosts_need_brackets() {
        assert_eq!(host_port("[::1]:25").map(|host| host.to_string()), Ok("[::1]:25".into()));
        assert!(host_port("::1:25").is_err() && host_port("mail").is_err() && host_port("mail:0").is_err());
    }

    #[test]
    fn facilities_are_octets_with_a_maker_in_front() {
        assert_eq!(facilities(" b5 00 42 01"), Ok(vec![0xB5, 0x00, 0x42, 0x01]));
        assert_eq!(facilities(""), Ok(vec![]));
        for wrong in ["B5 00", "B5 00 4", "B5 00 4X", &"00".repeat(33)] {
            assert!(facilities(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_grammar_panic(text in "\\PC{0,40}") {
            let _ = (time(&text), size(&text), by_rule::<Network>(&text), host_port(&text), ports(&text), domain(&text));
            let _ = (telephone(&text), by_rule::<NumberPattern>(&text), sender_pattern(&text), mail_address(&text));
            let _ = (named_address(&text), station_id(&text), retry_list(&text), facilities(&text));
        }
    }
}
