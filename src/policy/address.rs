//! What a recipient's address means: the number to dial, the sub-address, the wishes written into it.
//!
//! Taken, all for the number `+39 06 12345`: `+390612345@fax.company.com`, `"+39 (06) 12345"@…`, `FAX=+39-06-12345/T33S=12@…`
//! (RFC 3192), `IMCEAFAX-+2B39+2006+2012345@company.com` (Exchange), `+390612345/to=John_Doe/cover=off@…` (eFax),
//! `Name@+390612345@…` (Outlook), `+390612345+tag@…` and `John.Doe@+390612345.fax.company.com` (HylaFAX).
//! `+390612345/POLL/SEP=77/PWD=1234@…` fetches a document instead of sending one; `SEP` and `PWD` may be left out.
//! What is not understood is refused with a text that says what to write; nothing is guessed.

mod mailboxes;
mod options;
mod password;
mod refusal;

use crate::model::{FetchRequest, Number, NumberError, NumberPlan};
pub use mailboxes::{MAX_FETCHED_TO, mailboxes_for_fetched};
pub use options::{AddressOptions, MAX_OPTION_VALUE, MAX_OPTIONS};
use options::{Wishes, is_poll, set};
pub use password::{hide_passwords, without_password};
pub use refusal::Refusal;
use refusal::{malformed, not_ours, shown};

/// What an address is read by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressRules {
    /// Domains whose local parts are numbers: `fax.company.com`. Case does not matter.
    pub fax_domains: Vec<String>,
    /// Domains at which only `IMCEAFAX-…` is ours: Exchange writes its default accepted domain there.
    pub encapsulated_domains: Vec<String>,
    /// How numbers are written here.
    pub plan: NumberPlan,
}

/// An address that can be faxed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaxAddress {
    /// Whom to dial.
    pub number: Number,
    /// T33S: what T.30 sends as SUB. 1 to 20 of `0-9 # *`.
    // RFC 3192 §4, T.30 (09/2005) §5.3.6.1.3
    pub sub_address: Option<String>,
    /// POLL: nothing is sent, a document is fetched; this one.
    pub fetch: Option<FetchRequest>,
    /// What else was written.
    pub options: AddressOptions,
}

/// Whether this is the postmaster's address, which every mail server takes mail for and which is no fax.
// RFC 5321 §4.5.1
#[must_use]
pub fn is_postmaster(address: &str, rules: &AddressRules) -> bool {
    match split(address) {
        None => address.eq_ignore_ascii_case("postmaster"),
        Some((local, domain)) => local.eq_ignore_ascii_case("postmaster") && holds(&rules.fax_domains, domain),
    }
}

/// Reads an address as it stands in RCPT TO, without its angle brackets.
///
/// # Errors
/// A refusal to be passed on as it is: 550 5.1.3 when it cannot be read, 550 5.7.1 when its domain is not ours.
pub fn parse(address: &str, rules: &AddressRules) -> Result<FaxAddress, Refusal> {
    let Some((local, domain)) = split(address) else {
        return Err(malformed(address, "there is no @ in it", rules));
    };
    let local = unquote(local);
    if let Some(encoded) = strip_ignoring_case(&local, "IMCEAFAX-") {
        if !holds(&rules.fax_domains, domain) && !holds(&rules.encapsulated_domains, domain) {
            return Err(not_ours(domain, rules));
        }
        let decoded = decapsulate(encoded).ok_or_else(|| malformed(address, "IMCEAFAX- is not well encoded", rules))?;
        return read_local(&decoded, rules).map_err(|what| malformed(&decoded, &what, rules));
    }
    if holds(&rules.fax_domains, domain) {
        return read_local(&local, rules).map_err(|what| malformed(&local, &what, rules));
    }
    match number_before_domain(domain, rules) {
        Some(digits) => {
            let named = format!("{local}@{digits}");
            read_local(&named, rules).map_err(|what| malformed(address, &what, rules))
        }
        None => Err(not_ours(domain, rules)),
    }
}

/// Local part and domain, parted at the last `@`.
fn split(address: &str) -> Option<(&str, &str)> {
    address.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

fn holds(domains: &[String], domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
}

/// HylaFAX's way: `3906123.fax.company.com`, where `fax.company.com` is ours.
fn number_before_domain<'a>(domain: &'a str, rules: &AddressRules) -> Option<&'a str> {
    let (first, rest) = domain.split_once('.')?;
    let digits = first.strip_prefix('+').unwrap_or(first);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (is_number && holds(&rules.fax_domains, rest)).then_some(first)
}

/// Takes the quotes and backslashes of a quoted local part away.
// RFC 5321 §4.1.2
fn unquote(local: &str) -> String {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return local.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

/// Exchange's encapsulation: `_` stands for `/`, `+HH` for an octet, the rest for itself.
// MS-OXCMAIL §2.1.3.1.8
fn decapsulate(encoded: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        octets.push(match byte {
            b'_' => b'/',
            b'+' => hexadecimal(bytes.next()?)? * 16 + hexadecimal(bytes.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(octets).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Reads a local part without quotes and encapsulation; the error is the reason in words.
fn read_local(local: &str, rules: &AddressRules) -> Result<FaxAddress, String> {
    if local.chars().any(char::is_control) {
        return Err("there is a control character in it".into());
    }
    let mut wishes = Wishes::default();
    let (name, rest) = local.rsplit_once('@').unwrap_or(("", local));
    if !name.trim().is_empty() {
        set(&mut wishes.options.attention, "to", name.trim().into())?;
    }
    let mut segments = rest.split('/').peekable();
    let first = segments.next().unwrap_or_default();
    // RFC 3192 §2: fax-address = "FAX" "=" global-phone; case does not matter
    let mut dialled = strip_ignoring_case(first, "FAX=").unwrap_or(first).to_owned();
    // A slash may stand within a number: 089/12345.
    while let Some(segment) = segments.next_if(|segment| !segment.contains('=') && !is_poll(segment)) {
        dialled.push('/');
        dialled.push_str(segment);
    }
    if let Some((number, tag)) = split_tag(&dialled) {
        set(&mut wishes.options.tag, "+tag", tag.into())?;
        dialled = number.to_owned();
    }
    for (count, segment) in segments.enumerate() {
        if count >= MAX_OPTIONS {
            return Err(format!("there are more than {MAX_OPTIONS} options in it"));
        }
        wishes.read(segment)?;
    }
    let number = Number::parse(&dialled, &rules.plan).map_err(|error| number_error(error, &dialled))?;
    let fetch = wishes.fetch()?;
    Ok(FaxAddress { number, sub_address: wishes.sub_address, fetch, options: wishes.options })
}

/// `number+tag`: a plus within, with a letter behind it, is no part of a number.
fn split_tag(dialled: &str) -> Option<(&str, &str)> {
    let (at, _) = dialled.match_indices('+').find(|&(at, _)| at > 0)?;
    let (number, tag) = (&dialled[..at], &dialled[at + 1..]);
    tag.starts_with(|character: char| character.is_ascii_alphabetic()).then_some((number, tag))
}

fn number_error(error: NumberError, dialled: &str) -> String {
    format!("\"{}\" is no telephone number: {error}", shown(dialled))
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests;
