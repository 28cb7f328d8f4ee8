//! The mailboxes that a fetched document goes to.

use super::refusal::{Refusal, shown};
use super::{AddressRules, holds, split};

/// Most mailboxes one fetched document goes to.
pub const MAX_FETCHED_TO: usize = 20;
/// Longest mailbox, octets.
// RFC 5321 §4.5.3.1.3: a path has 256, two of which are its brackets
const MAX_MAILBOX: usize = 254;

/// Who gets what a mail asks to fetch: the mailboxes of its Reply-To, else its envelope sender.
///
/// # Errors
/// A refusal to be passed on as it is, when a mailbox cannot be mailed to or would be dialled again.
// RFC 5322 §3.6.2
pub fn mailboxes_for_fetched(reply_to: &[&str], sender: &str, rules: &AddressRules) -> Result<Vec<String>, Refusal> {
    let wanted: Vec<&str> = if reply_to.is_empty() { vec![sender] } else { reply_to.to_vec() };
    let refused = |what: &str| Refusal { code: 554, enhanced: "5.1.3", text: format!("Reply-To: {what}") };
    if wanted.len() > MAX_FETCHED_TO {
        return Err(refused(&format!("a fetched document goes to {MAX_FETCHED_TO} mailboxes at most")));
    }
    for mailbox in &wanted {
        let sound = |text: &str| text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"<>\"".contains(c));
        let Some((_, domain)) = split(mailbox).filter(|_| mailbox.len() <= MAX_MAILBOX && sound(mailbox)) else {
            return Err(refused(&format!("{} is no mailbox", shown(mailbox))));
        };
        if holds(&rules.fax_domains, domain) {
            let what = format!("{} is a fax domain, so the document would be dialled out again", shown(domain));
            return Err(refused(&what));
        }
    }
    Ok(wanted.into_iter().map(str::to_owned).collect())
}
