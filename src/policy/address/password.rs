//! Passwords of documents made unreadable wherever an address is shown or kept.

use super::FaxAddress;

/// What stands for a password where an address is shown.
const HIDDEN: &str = "****";

/// The address as it may be shown and kept: the password in it made unreadable. `fax` is what [`parse`](super::parse) read from it.
#[must_use]
pub fn without_password(address: &str, fax: &FaxAddress) -> String {
    let Some(request) = fax.fetch.as_ref().filter(|request| request.password.is_some()) else {
        return address.to_owned();
    };
    let hidden = hide_passwords(address);
    if hidden != address {
        return hidden;
    }
    // It is written in a way that only the reading of a quoted local part understands, so it is written anew.
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let selective = request.selective.as_ref().map_or_else(String::new, |selective| format!("/SEP={selective}"));
    format!("{}/POLL{selective}/PWD={HIDDEN}@{domain}", fax.number)
}

/// A text with addresses in it, such as the header of a mail or a refused recipient, without the passwords in them.
#[must_use]
pub fn hide_passwords(text: &str) -> String {
    // ASCII case only, so that places in both texts agree.
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = lower[at..].find("pwd") {
        let name_end = at + found + "pwd".len();
        // IMCEAFAX writes the equals sign as its octet.
        let sign = ["=", "+3d"].into_iter().find(|sign| lower[name_end..].starts_with(sign));
        let value = name_end + sign.map_or(0, str::len);
        shown.push_str(&text[at..value]);
        at = value;
        if sign.is_some() {
            let ends = |character: char| "/@_\"<>;,".contains(character) || character.is_whitespace();
            at += text[value..].find(ends).unwrap_or(text.len() - value);
            shown.push_str(HIDDEN);
        }
    }
    shown.push_str(&text[at..]);
    shown
}
