//! What a recipient's address means: the number to dial, the sub-address, the wishes written into it.
//!
//! Taken, all for the number `+39 06 12345`: `+390612345@fax.company.com`, `"+39 (06) 12345"@…`, `FAX=+39-06-12345/T33S=12@…`
//! (RFC 3192), `IMCEAFAX-+2B39+2006+2012345@company.com` (Exchange), `+390612345/to=John_Doe/cover=off@…` (eFax),
//! `Name@+390612345@…` (Outlook), `+390612345+tag@…` and `John.Doe@+390612345.fax.company.com` (HylaFAX).
//! `+390612345/POLL/SEP=77/PWD=1234@…` fetches a document instead of sending one; `SEP` and `PWD` may be left out.
//! What is not understood is refused with a text that says what to write; nothing is guessed.

use std::fmt;

use crate::model::fetch::is_digits;
use crate::model::{FetchRequest, Number, NumberError, NumberPlan, Password, Resolution};

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

/// Wishes in the address. Without a word about it each is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressOptions {
    /// `to=`, `attn=`, or the name before the number: for whom the fax is.
    pub attention: Option<String>,
    /// `co=`, `org=`: the company of whom it is for.
    pub organization: Option<String>,
    /// `fr=`, `from=`: who sends it.
    pub from: Option<String>,
    /// `cp=`, `cover=`: with a cover page or without.
    pub cover: Option<bool>,
    /// `quality=`: standard, fine or superfine.
    pub resolution: Option<Resolution>,
    /// `bill=`, `billing=`: for the books.
    pub billing: Option<String>,
    /// What stands behind `number+`.
    pub tag: Option<String>,
}

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

/// Longest piece of an address that is told back in a refusal, in characters.
const MAX_QUOTED: usize = 80;
/// Most options in one address.
pub const MAX_OPTIONS: usize = 16;
/// Longest value of an option, in characters.
pub const MAX_OPTION_VALUE: usize = 100;
/// Most mailboxes one fetched document goes to.
pub const MAX_FETCHED_TO: usize = 20;
/// Longest mailbox, octets.
// RFC 5321 §4.5.3.1.3: a path has 256, two of which are its brackets
const MAX_MAILBOX: usize = 254;
/// What stands for a password where an address is shown.
const HIDDEN: &str = "****";

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

/// The word that makes an address one to fetch from.
fn is_poll(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("POLL")
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

#[derive(Default)]
struct Wishes {
    sub_address: Option<String>,
    poll: Option<()>,
    selective: Option<String>,
    password: Option<Password>,
    options: AddressOptions,
}

impl Wishes {
    /// Reads `name=value`. Nothing unknown is passed over: it may have been meant to keep the fax from somebody.
    fn read(&mut self, segment: &str) -> Result<(), String> {
        if is_poll(segment) {
            return set(&mut self.poll, "POLL", ());
        }
        let (name, value) = segment.split_once('=').ok_or_else(|| format!("\"{}\" is no option", shown(segment)))?;
        if value.chars().count() > MAX_OPTION_VALUE {
            return Err(format!("the value of {} is longer than {MAX_OPTION_VALUE} characters", shown(name)));
        }
        let wrong = |choice: &str| format!("write {}={choice}", shown(name));
        let words = || value.replace('_', " ").trim().to_owned();
        let options = &mut self.options;
        match name.to_ascii_lowercase().as_str() {
            "t33s" => set(&mut self.sub_address, name, sub_address(value).ok_or_else(|| wrong("digits, # and *"))?),
            "sep" => set(&mut self.selective, name, sub_address(value).ok_or_else(|| wrong("digits, # and *"))?),
            "pwd" => set(&mut self.password, name, Password::parse(value).ok_or_else(|| wrong("digits, # and *"))?),
            "to" | "attn" => set(&mut options.attention, name, words()),
            "co" | "org" => set(&mut options.organization, name, words()),
            "fr" | "from" => set(&mut options.from, name, words()),
            "cp" | "cover" => set(&mut options.cover, name, yes_or_no(value).ok_or_else(|| wrong("on or off"))?),
            "quality" => {
                let resolution = Resolution::from_name(value)
                    .ok_or_else(|| wrong("standard, fine, superfine, 300dpi, ultrafine or 400dpi"))?;
                set(&mut options.resolution, name, resolution)
            }
            "bill" | "billing" => set(&mut options.billing, name, words()),
            _ => Err(format!("option \"{}\" is not known here", shown(name))),
        }
    }
}

impl Wishes {
    /// What is to be fetched, if anything is.
    fn fetch(&mut self) -> Result<Option<FetchRequest>, String> {
        let request = FetchRequest { selective: self.selective.take(), password: self.password.take() };
        match self.poll {
            Some(()) if self.sub_address.is_some() => {
                Err("T33S is for a fax that is sent, and POLL fetches one: write SEP for the document that is meant"
                    .into())
            }
            Some(()) => Ok(Some(request)),
            None if request != FetchRequest::default() => {
                Err("SEP and PWD are for a document that is fetched: write /POLL before them".into())
            }
            None => Ok(None),
        }
    }
}

/// The address as it may be shown and kept: the password in it made unreadable. `fax` is what [`parse`] read from it.
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

fn set<T>(option: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
    match option.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("option \"{}\" is given twice", shown(name))),
    }
}

// RFC 3192 §4
fn sub_address(value: &str) -> Option<String> {
    is_digits(value).then(|| value.to_owned())
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "yes" => Some(true),
        "off" | "no" | "none" => Some(false),
        _ => None,
    }
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn malformed(address: &str, what: &str, rules: &AddressRules) -> Refusal {
    let domain = rules.fax_domains.first().map_or("fax-domain", String::as_str);
    let address = hide_passwords(address);
    let text = format!("{}: {what}. Write the number before the @, as in +390612345@{domain}", shown(&address));
    Refusal { code: 550, enhanced: "5.1.3", text }
}

fn not_ours(domain: &str, rules: &AddressRules) -> Refusal {
    let ours = rules.fax_domains.first().map_or("fax-domain", String::as_str);
    let text = format!("{} is no fax domain of this server. Write number@{ours}", shown(domain));
    Refusal { code: 550, enhanced: "5.7.1", text }
}

/// A stranger's text, made fit for one line of a reply.
fn shown(text: &str) -> impl fmt::Display {
    let mut plain: String = text.chars().take(MAX_QUOTED).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(MAX_QUOTED).is_some() {
        plain.push_str("...");
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{
        AddressOptions, AddressRules, FaxAddress, MAX_OPTIONS, hide_passwords, is_postmaster, mailboxes_for_fetched,
        parse, without_password,
    };
    use crate::model::{FetchRequest, NumberPlan, Resolution};

    fn rules() -> AddressRules {
        AddressRules {
            fax_domains: vec!["fax.company.example".into(), "rome.company.example".into()],
            encapsulated_domains: vec!["company.example".into()],
            plan: NumberPlan {
                country_code: "39".into(),
                national_prefix: String::new(),
                extension_digits: 4,
                ..NumberPlan::default()
            },
        }
    }

    fn read(address: &str) -> FaxAddress {
        parse(address, &rules()).unwrap_or_else(|refusal| panic!("{address}: {refusal}"))
    }

    fn refused(address: &str) -> String {
        parse(address, &rules()).expect_err(address).to_string()
    }

    #[test]
    fn every_spelling_of_a_number_dials_the_same_number() {
        for address in [
            "+390612345@fax.company.example",
            "+39-06.12-345@FAX.Company.Example",
            "00390612345@fax.company.example.",
            "0612345@rome.company.example",
            "06/12345@fax.company.example",
            "\"+39 (06) 12 345\"@fax.company.example",
            "FAX=+390612345@fax.company.example",
            "fax=+39-06-12345@fax.company.example",
            "IMCEAFAX-+2B39+2006+2012345@company.example",
            "imceafax-+2B39+20+2806+29+2012345@fax.company.example",
            "IMCEAFAX-FAX=+2B390612345@company.example",
        ] {
            let address = read(address);
            assert_eq!((address.number.as_str(), address.options), ("+390612345", AddressOptions::default()));
        }
        assert_eq!(read("4711@fax.company.example").number.as_str(), "4711");
    }

    /// RFC 3192 §6 has this sub-address in its examples.
    #[test]
    fn the_sub_address_of_rfc_3192_is_read() {
        let address = read("FAX=+12027653000/T33S=6377@fax.company.example");
        assert_eq!((address.number.as_str(), address.sub_address.as_deref()), ("+12027653000", Some("6377")));
        let encapsulated = read("IMCEAFAX-FAX+3D+2B12027653000_T33S+3D6377@company.example");
        assert_eq!(encapsulated, address);
    }

    #[test]
    fn an_address_to_fetch_from_names_the_document_and_its_password() {
        for address in [
            "+390612345/POLL/SEP=77/PWD=1234@fax.company.example",
            "FAX=+390612345/poll/pwd=1234/sep=77@fax.company.example",
            "06/12345/POLL/SEP=77/PWD=1234@fax.company.example",
            "IMCEAFAX-+2B390612345_POLL_SEP+3D77_PWD+3D1234@company.example",
        ] {
            let read = read(address);
            let request = read.fetch.clone().expect("a fetch");
            assert_eq!((read.number.as_str(), request.selective.as_deref()), ("+390612345", Some("77")));
            assert_eq!(request.password.map(|password| password.reveal().to_owned()).as_deref(), Some("1234"));
        }
        assert_eq!(read("+390612345/POLL@fax.company.example").fetch, Some(FetchRequest::default()));
        assert_eq!(read("+390612345@fax.company.example").fetch, None);
        for (address, part) in [
            ("+390612345/SEP=77@fax.company.example", "write /POLL before them"),
            ("+390612345/POLL/T33S=77@fax.company.example", "write SEP for the document"),
            ("+390612345/POLL/POLL@fax.company.example", "given twice"),
            ("+390612345/POLL/PWD=12a@fax.company.example", "write PWD=digits, # and *"),
        ] {
            let text = refused(address);
            assert!(text.contains(part) && !text.contains("12a"), "{text}");
        }
    }

    #[test]
    fn a_fetched_document_goes_to_reply_to_and_never_back_to_a_fax() {
        let to = |reply_to: &[&str]| mailboxes_for_fetched(reply_to, "jane@company.example", &rules());
        assert_eq!(to(&[]), Ok(vec!["jane@company.example".to_owned()]));
        assert_eq!(to(&["a@b.example", "c@d.example"]), Ok(vec!["a@b.example".to_owned(), "c@d.example".to_owned()]));
        assert!(to(&["+3906@FAX.company.example"]).expect_err("a loop").text.contains("dialled out again"));
        for wrong in ["a", "a@", "a b@c.example", "a>@c.example"] {
            assert!(to(&[wrong]).is_err(), "{wrong}");
        }
        assert!(to(&["a@b.example"; 21]).is_err());
    }

    #[test]
    fn no_address_that_is_shown_has_a_password_in_it() {
        for address in [
            "+390612345/POLL/PWD=9876/SEP=77@fax.company.example",
            "\"+39 06 12345/POLL/pwd=9876\"@fax.company.example",
            "\"+39 06 12345/POLL/p\\wd=9876\"@fax.company.example",
            "\"+39 06 12345/POLL/PWD=\\9876\"@fax.company.example",
            "IMCEAFAX-+2B390612345_POLL_PWD+3D9876@company.example",
            "IMCEAFAX-+2B390612345_POLL_+50WD+3D9876@company.example",
        ] {
            let shown = without_password(address, &read(address));
            assert!(!shown.contains("9876") && shown.contains("****"), "{shown}");
        }
        let plain = "+390612345/T33S=9876@fax.company.example";
        assert_eq!(without_password(plain, &read(plain)), plain);
        let header = "To: <+39/POLL/PWD=12@a>, \"x\" <IMCEAFAX-1_PWD+3d34_SEP+3D5@b>\r\nSubject: pwd und \u{fc}";
        let hidden = "To: <+39/POLL/PWD=****@a>, \"x\" <IMCEAFAX-1_PWD+3d****_SEP+3D5@b>\r\nSubject: pwd und \u{fc}";
        assert_eq!(hide_passwords(header), hidden);
    }

    #[test]
    fn options_are_read_in_the_form_of_efax_and_ours() {
        let address = read("390612345/to=John_Doe/co=ACME/fr=Jane/cp=off/quality=fine/bill=42@fax.company.example");
        let expected = AddressOptions {
            attention: Some("John Doe".into()),
            organization: Some("ACME".into()),
            from: Some("Jane".into()),
            cover: Some(false),
            resolution: Some(Resolution::Fine),
            billing: Some("42".into()),
            tag: None,
        };
        assert_eq!(address.options, expected);
    }

    #[test]
    fn the_name_before_the_number_is_for_whom_the_fax_is() {
        for address in [
            "Jane@+16045551234@fax.company.example",
            "\"Jane@+1 (604) 555-1234\"@fax.company.example",
            "IMCEAFAX-Jane+40+2B1+20+28604+29+20555-1234@company.example",
            "Jane@16045551234.fax.company.example",
            "Jane@+1-604-5551234.fax.company.example",
        ] {
            // 16045551234 without a plus would be a national number of Italy.
            let expected = if address.contains("@1604") { "+3916045551234" } else { "+16045551234" };
            let address = read(address);
            assert_eq!(address.number.as_str(), expected);
            assert_eq!(address.options.attention.as_deref(), Some("Jane"));
        }
    }

    #[test]
    fn a_tag_behind_the_number_is_not_dialled() {
        let address = read("+390612345+invoices@fax.company.example");
        assert_eq!((address.number.as_str(), address.options.tag.as_deref()), ("+390612345", Some("invoices")));
        assert!(refused("+390612345+99@fax.company.example").contains("'+' has no place"));
    }

    #[test]
    fn a_refusal_names_what_is_wrong_and_says_what_to_write() {
        assert_eq!(
            refused("jane.doe@fax.company.example"),
            "550 5.1.3 jane.doe: \"jane.doe\" is no telephone number: 'j' has no place in a telephone number. \
             Write the number before the @, as in +390612345@fax.company.example"
        );
        for (address, part) in [
            ("+390612345/colour=red@fax.company.example", "option \"colour\" is not known here"),
            ("+390612345/cp=maybe@fax.company.example", "write cp=on or off"),
            ("+390612345/to=a/attn=b@fax.company.example", "option \"attn\" is given twice"),
            ("+390612345/T33S=12a@fax.company.example", "write T33S=digits, # and *"),
            ("+390612345/T33S=123456789012345678901@fax.company.example", "write T33S="),
            ("IMCEAFAX-+2@company.example", "not well encoded"),
            ("IMCEAFAX-+2B39+0D+0A@company.example", "control character"),
            ("IMCEAFAX-+FF@company.example", "not well encoded"),
            ("@fax.company.example", "no @"),
            ("+390612345", "no @"),
        ] {
            let text = refused(address);
            assert!(text.starts_with("550 5.1.3 ") && text.contains(part), "{text}");
        }
    }

    #[test]
    fn other_domains_are_not_ours_even_when_they_look_like_it() {
        for address in [
            "+390612345@company.example",
            "+390612345@evil.example",
            "+390612345@fax.company.example.evil.example",
            "IMCEAFAX-+2B390612345@evil.example",
            "Jane@16045551234.company.example",
            "\"+390612345@fax.company.example\"@evil.example",
        ] {
            assert!(refused(address).starts_with("550 5.7.1 "), "{address}");
        }
    }

    #[test]
    fn options_are_bounded() {
        let many = "/to=x".repeat(MAX_OPTIONS + 1);
        assert!(parse(&format!("+390612345{many}@fax.company.example"), &rules()).is_err());
        let long = "x".repeat(101);
        assert!(refused(&format!("+390612345/to={long}@fax.company.example")).contains("longer than 100"));
    }

    #[test]
    fn the_postmaster_is_known_with_and_without_our_domain() {
        assert!(is_postmaster("Postmaster", &rules()));
        assert!(is_postmaster("postmaster@FAX.company.example", &rules()));
        assert!(!is_postmaster("postmaster@evil.example", &rules()));
    }

    proptest! {
        #[test]
        fn no_address_panics_and_every_refusal_is_one_short_line(address in "\\PC{0,80}|[ -~\\x00-\\x1f]{0,300}") {
            for address in [address.clone(), format!("{address}@fax.company.example"), format!("IMCEAFAX-{address}@company.example")] {
                match parse(&address, &rules()) {
                    Ok(fax) => assert!(fax.number.digits().bytes().all(|byte| byte.is_ascii_digit())),
                    Err(refusal) => {
                        assert!(!refusal.text.chars().any(char::is_control));
                        assert!(refusal.text.chars().count() < 400, "{}", refusal.text);
                    }
                }
            }
        }

        #[test]
        fn a_number_survives_every_separator_and_exchange(digits in "[1-9][0-9]{7,13}", marks in proptest::collection::vec("[-. ]{0,2}", 14)) {
            let written: String = digits.chars().zip(&marks).map(|(digit, mark)| format!("{digit}{mark}")).collect();
            let expected = format!("+{digits}");
            let plain = parse(&format!("\"+{written}\"@fax.company.example"), &rules()).map(|fax| fax.number.to_string());
            assert_eq!(plain.as_ref(), Ok(&expected));
            let encoded: String = format!("+{written}").bytes().map(|byte| format!("+{byte:02X}")).collect();
            let fax = parse(&format!("IMCEAFAX-{encoded}@company.example"), &rules()).map(|fax| fax.number.to_string());
            assert_eq!(fax, plain);
        }
    }
}
