//! Why an address is not taken, in the words of a mail server and for the person who wrote it.

use std::fmt;

use super::AddressRules;
use super::password::hide_passwords;

/// Longest piece of an address that is told back in a refusal, in characters.
const MAX_QUOTED: usize = 80;

/// Why not, as a mail server says it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{code} {enhanced} {text}")]
pub struct Refusal {
    /// Three digits: `550`.
    pub code: u16,
    /// `5.1.3`.
    // RFC 3463
    pub enhanced: &'static str,
    /// For the person who wrote the mail: what is wrong and what to do. One line.
    pub text: String,
}

pub(super) fn malformed(address: &str, what: &str, rules: &AddressRules) -> Refusal {
    let domain = rules.fax_domains.first().map_or("fax-domain", String::as_str);
    let address = hide_passwords(address);
    let text = format!("{}: {what}. Write the number before the @, as in +390612345@{domain}", shown(&address));
    Refusal { code: 550, enhanced: "5.1.3", text }
}

pub(super) fn not_ours(domain: &str, rules: &AddressRules) -> Refusal {
    let ours = rules.fax_domains.first().map_or("fax-domain", String::as_str);
    let text = format!("{} is no fax domain of this server. Write number@{ours}", shown(domain));
    Refusal { code: 550, enhanced: "5.7.1", text }
}

/// A stranger's text, made fit for one line of a reply.
pub(super) fn shown(text: &str) -> impl fmt::Display {
    let mut plain: String = text.chars().take(MAX_QUOTED).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(MAX_QUOTED).is_some() {
        plain.push_str("...");
    }
    plain
}
