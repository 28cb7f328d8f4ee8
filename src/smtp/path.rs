//! Forward- and reverse-paths: `<local@domain>`, `<>` and `<postmaster>`.
//!
//! Domains are held to the standard; unquoted local parts are not. A fax number is written with `+ = / ( )` and what
//! else, and Exchange's encapsulated addresses are far longer than 64 octets, so any visible character but a blank
//! is taken. What a local part means is for others to say; the domain is what follows the last `@`.

// RFC 5321 §4.1.2

/// Longest address in octets: Exchange's limit; RFC 5321 §4.5.3.1.3 asks for 254.
pub(super) const MAX_ADDRESS: usize = 571;
/// Longest local part in octets: Exchange's limit; RFC 5321 §4.5.3.1.1 asks for 64.
pub(super) const MAX_LOCAL_PART: usize = 315;
/// Longest domain in octets.
// RFC 5321 §4.5.3.1.2
pub(super) const MAX_DOMAIN: usize = 255;

/// Why a path is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PathError {
    #[error("the address must stand in angle brackets: <local@domain>")]
    NoBrackets,
    #[error("the address is longer than {MAX_ADDRESS} octets, or its local part longer than {MAX_LOCAL_PART}")]
    TooLong,
    #[error("the part before the @ is empty or not well quoted")]
    LocalPart,
    #[error("the part behind the last @ is no domain name and no address in brackets")]
    Domain,
    #[error("there is no @ in the address")]
    NoDomain,
    #[error("addresses beyond ASCII are not taken here")]
    NotAscii,
}

/// Cuts the path off the front of `text` and gives it, without its brackets, and what follows it.
pub(super) fn cut(text: &[u8]) -> Result<(&[u8], &[u8]), PathError> {
    let inner = text.strip_prefix(b"<").ok_or(PathError::NoBrackets)?;
    let mut quoted = false;
    let mut escaped = false;
    for (at, &byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Ok((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    Err(PathError::NoBrackets)
}

/// Checks a path without its brackets and gives the mailbox in it, its source route dropped.
pub(super) fn mailbox(path: &[u8]) -> Result<String, PathError> {
    let text = std::str::from_utf8(path).ok().filter(|text| text.is_ascii()).ok_or(PathError::NotAscii)?;
    let text = without_route(text)?;
    if text.len() > MAX_ADDRESS {
        return Err(PathError::TooLong);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(PathError::NoDomain)?;
    if local.len() > MAX_LOCAL_PART {
        return Err(PathError::TooLong);
    }
    if !is_local_part(local) {
        return Err(PathError::LocalPart);
    }
    if !is_domain(domain) {
        return Err(PathError::Domain);
    }
    Ok(text.to_owned())
}

// RFC 5321 §4.1.1.3, appendix C: source routes are to be taken and ignored
fn without_route(text: &str) -> Result<&str, PathError> {
    if !text.starts_with('@') {
        return Ok(text);
    }
    text.split_once(':').map(|(_, mailbox)| mailbox).ok_or(PathError::LocalPart)
}

fn is_local_part(local: &str) -> bool {
    match local.strip_prefix('"') {
        None => !local.is_empty() && local.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\".contains(&byte)),
        Some(rest) => is_quoted_rest(rest),
    }
}

/// Whether this is the rest of a quoted string behind its first quote: ended by the only quote not escaped.
fn is_quoted_rest(rest: &str) -> bool {
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return bytes.next().is_none(),
            b'\\' if !bytes.next().is_some_and(is_visible_or_blank) => return false,
            _ if !is_visible_or_blank(byte) => return false,
            _ => {}
        }
    }
    false
}

const fn is_visible_or_blank(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        // RFC 5321 §4.1.3
        let inner = literal.strip_suffix(']').unwrap_or_default();
        let address = inner.strip_prefix("IPv6:").unwrap_or(inner);
        return address.parse::<std::net::IpAddr>().is_ok();
    }
    domain.len() <= MAX_DOMAIN && domain.split('.').all(is_label)
}

/// Underscores are no letters of a host name, but names with them send mail.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::{PathError, cut, mailbox};

    #[test]
    fn every_spelling_of_a_fax_address_is_taken_as_it_is_written() {
        for address in [
            "+39-06.1234@fax.example",
            "FAX=+12027653000/T33S=6377@fax.example",
            "IMCEAFAX-+2B39+2006+20123@company.example",
            "39(06)1234@fax.example",
            "5035550123/to=John_Doe/cp=off@fax.example",
            r#""John \"J\" Doe@+1 604"@fax.example"#,
            "Name@+16045551234@fax.example",
            "user@[10.0.0.1]",
            "user@[IPv6:2001:db8::1]",
        ] {
            assert_eq!(mailbox(address.as_bytes()), Ok(address.to_owned()));
        }
    }

    #[test]
    fn an_address_as_long_as_exchange_makes_them_passes_and_one_longer_does_not() {
        let domain = [["d".repeat(63).as_str(); 4].join(".")].concat();
        let address = |local: usize| format!("{}@{domain}", "1".repeat(local));
        assert_eq!(address(315).len(), 571);
        assert!(mailbox(address(315).as_bytes()).is_ok());
        assert_eq!(mailbox(address(316).as_bytes()), Err(PathError::TooLong));
    }

    #[test]
    fn what_is_no_mailbox_is_refused_with_its_reason() {
        assert_eq!(mailbox(b"1234"), Err(PathError::NoDomain));
        assert_eq!(mailbox(b"@fax.example"), Err(PathError::LocalPart));
        assert_eq!(mailbox(b"a b@fax.example"), Err(PathError::LocalPart));
        assert_eq!(mailbox(b"\"a@fax.example"), Err(PathError::LocalPart));
        assert_eq!(mailbox(b"\"a\"b@fax.example"), Err(PathError::LocalPart));
        assert_eq!(mailbox(b"a@"), Err(PathError::Domain));
        assert_eq!(mailbox(b"a@-x.example"), Err(PathError::Domain));
        assert_eq!(mailbox(b"a@[10.0.0]"), Err(PathError::Domain));
        assert_eq!(mailbox("\u{e4}@fax.example".as_bytes()), Err(PathError::NotAscii));
    }

    #[test]
    fn a_source_route_is_dropped() {
        assert_eq!(mailbox(b"@a.example,@b.example:1@fax.example"), Ok("1@fax.example".into()));
    }

    #[test]
    fn a_bracket_within_quotes_does_not_end_the_path() {
        assert_eq!(cut(br#"<"a>\"b"@c> SIZE=1"#), Ok((&br#""a>\"b"@c"#[..], &b" SIZE=1"[..])));
        assert_eq!(cut(b"a@b"), Err(PathError::NoBrackets));
        assert_eq!(cut(b"<a@b"), Err(PathError::NoBrackets));
    }
}
