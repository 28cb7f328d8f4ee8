//! Who calls whom, as an INVITE from a trunk tells it: the called number from where the trunk puts it, the caller's number and name
//! from what the network vouches for, and whether they may be shown.

use super::{
    header::NameAddress,
    message::Message,
    text::{lossy, split_outside_quotes},
    uri::Uri,
};

/// Where a trunk writes the number that was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CalledFrom {
    /// In the Request-URI.
    #[default]
    RequestUri,
    /// In To, where the Request-URI names our account.
    To,
    /// In the last Diversion: the number that the caller dialled, before it was forwarded, once or more, to us.
    // RFC 5806 §4.3: each diversion is put on top of those before
    Diversion,
    /// In the first History-Info: likewise.
    // RFC 7044 §10.3: entries stand in the order of their index
    HistoryInfo,
    /// In P-Called-Party-ID.
    // RFC 7315 §4.2
    CalledParty,
}

/// Longest number or name that is kept, octets.
pub const PARTY_MAX: usize = 128;

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Caller {
    /// Its number as written; nothing when it is not told or withheld.
    pub number: Option<String>,
    /// The name shown with it.
    pub name: Option<String>,
    /// Whether the caller wants neither to be shown.
    pub withheld: bool,
}

/// The number called, without visual separators; that of the Request-URI where the header asked for is missing or has no number.
#[must_use]
pub fn called_number(invite: &Message, from: CalledFrom) -> String {
    let listed = |name: &str| -> Vec<NameAddress> {
        invite.headers.list(name).into_iter().filter_map(NameAddress::parse).collect()
    };
    let told = match from {
        CalledFrom::RequestUri => None,
        CalledFrom::To => invite.to().and_then(|to| number_of(&to.uri)),
        CalledFrom::Diversion => listed("Diversion").iter().rev().find_map(|one| number_of(&one.uri)),
        CalledFrom::HistoryInfo => listed("History-Info").iter().find_map(|one| number_of(&one.uri)),
        CalledFrom::CalledParty => invite.address("P-Called-Party-ID").and_then(|one| number_of(&one.uri)),
    };
    told.or_else(|| invite.uri().and_then(|uri| number_of(&uri))).unwrap_or_default()
}

/// Who calls: by P-Asserted-Identity, else Remote-Party-ID, else From. What the network asserts goes before what a telephone claims.
// RFC 3325 §9.1
#[must_use]
pub fn caller(invite: &Message) -> Caller {
    let asserted: Vec<NameAddress> =
        invite.headers.list("P-Asserted-Identity").into_iter().filter_map(NameAddress::parse).collect();
    let remote = invite.address("Remote-Party-ID");
    let from = invite.from();
    if withholds(invite, remote.as_ref(), from.as_ref()) {
        return Caller { withheld: true, ..Caller::default() };
    }
    let sources = || asserted.iter().chain(&remote).chain(&from);
    Caller {
        number: sources().find_map(|one| number_of(&one.uri)),
        name: sources().find_map(|one| {
            let name: String = one.display_name.as_deref()?.chars().filter(|letter| !letter.is_control()).collect();
            // Many write the number again as a name.
            let says_more = name.chars().any(char::is_alphabetic);
            says_more.then(|| bounded(name.trim()))
        }),
        withheld: false,
    }
}

/// Whether the caller's identity must not be shown.
// RFC 3323 §4.2, RFC 3325 §9.3: id, user, header; Remote-Party-ID never became a standard, and says privacy=full
fn withholds(invite: &Message, remote: Option<&NameAddress>, from: Option<&NameAddress>) -> bool {
    let asked = invite.headers.all("Privacy").any(|value| {
        split_outside_quotes(value, b';').iter().flat_map(|one| one.split(|octet| *octet == b',')).any(|one| {
            ["id", "user", "header", "session"].iter().any(|word| lossy(one).trim().eq_ignore_ascii_case(word))
        })
    });
    let remote_hides = remote.and_then(|one| one.parameters.value("privacy")).is_some_and(|privacy| {
        let privacy = privacy.to_ascii_lowercase();
        ["full", "uri"].iter().any(|word| privacy.split(['-', ',', ';']).any(|one| one.trim() == *word))
    });
    // RFC 3323 §4.1.1.3
    let nameless = from.is_some_and(|one| {
        let user = one.uri.user_decoded().unwrap_or_default();
        let words = ["anonymous", "unavailable", "restricted", "private", "withheld"];
        words.iter().any(|word| user.eq_ignore_ascii_case(word))
    });
    let vouched = !invite.headers.list("P-Asserted-Identity").is_empty() || remote.is_some();
    // An anonymous From beside an identity that may be shown only hides it from telephones further on.
    asked || remote_hides || nameless && !vouched
}

/// The user part of an address without parameters and visual separators, if it has one.
// RFC 3966 §5.1.1
fn number_of(uri: &Uri) -> Option<String> {
    let user = uri.user_decoded()?;
    let number = user.split(';').next().unwrap_or_default().trim();
    let is_number =
        number.starts_with('+') || number.bytes().all(|octet| octet.is_ascii_digit() || b"-.() ".contains(&octet));
    // Escapes may stand for characters that no line may have.
    let plain = number.chars().filter(|letter| !letter.is_control());
    let kept: String =
        if is_number { plain.filter(|letter| !"-.() ".contains(*letter)).collect() } else { plain.collect() };
    (!kept.is_empty() && !kept.eq_ignore_ascii_case("anonymous")).then(|| bounded(&kept))
}

fn bounded(text: &str) -> String {
    let mut end = text.len().min(PARTY_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(headers: &str) -> Message {
        let text = format!(
            "INVITE sip:account7@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\
             Max-Forwards: 70\r\nTo: <sip:+39061234@example.com>\r\n{headers}Content-Length: 0\r\n\r\n"
        );
        Message::parse(text.as_bytes()).unwrap()
    }

    const FROM: &str = "From: \"Anna Rossi\" <sip:0612345;phone-context=+39@192.0.2.2>;tag=a\r\n";

    #[test]
    fn the_called_number_is_read_where_the_trunk_puts_it_and_else_from_the_request() {
        let told = invite(&format!(
            "{FROM}Diversion: <sip:2000@pbx>;reason=unconditional;counter=1, \"First\" <tel:+39-06-555>;reason=no-answer\r\n\
             History-Info: <sip:+3906777@a.example>;index=1, <sip:2000@b.example?Reason=SIP%3Bcause%3D302>;index=1.1\r\n\
             P-Called-Party-ID: <sip:+3906999@example.com>\r\n"
        ));
        let called = |from| called_number(&told, from);
        assert_eq!(called(CalledFrom::RequestUri), "account7");
        assert_eq!(called(CalledFrom::To), "+39061234");
        assert_eq!(called(CalledFrom::Diversion), "+3906555");
        assert_eq!(called(CalledFrom::HistoryInfo), "+3906777");
        assert_eq!(called(CalledFrom::CalledParty), "+3906999");
        let bare = invite(FROM);
        for from in [CalledFrom::Diversion, CalledFrom::HistoryInfo, CalledFrom::CalledParty] {
            assert_eq!(called_number(&bare, from), "account7");
        }
    }

    #[test]
    fn what_the_network_asserts_goes_before_what_the_caller_claims() {
        let claimed = caller(&invite(FROM));
        assert_eq!((claimed.number.as_deref(), claimed.name.as_deref()), (Some("0612345"), Some("Anna Rossi")));
        let remote =
            caller(&invite(&format!("{FROM}Remote-Party-ID: \"Rossi S.p.A.\" <sip:+39061@h>;privacy=off\r\n")));
        assert_eq!((remote.number.as_deref(), remote.name.as_deref()), (Some("+39061"), Some("Rossi S.p.A.")));
        let both = "Remote-Party-ID: <sip:+39061@h>\r\nP-Asserted-Identity: <sip:+39062@h>, <tel:+39063>\r\n";
        assert_eq!(caller(&invite(&format!("{FROM}{both}"))).number.as_deref(), Some("+39062"));
        let twice = caller(&invite("From: \"+39 06 7\" <sip:+39067@h>;tag=a\r\n"));
        assert_eq!((twice.number.as_deref(), twice.name), (Some("+39067"), None));
    }

    #[test]
    fn a_caller_who_wants_to_stay_unknown_does() {
        let anonymous = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a\r\n";
        let asserted = "P-Asserted-Identity: \"Anna\" <sip:+39062@h>\r\n";
        for headers in [
            anonymous.to_owned(),
            format!("{anonymous}{asserted}Privacy: id\r\n"),
            format!("{FROM}Privacy: user;header\r\n"),
            format!("{FROM}Remote-Party-ID: <sip:+39061@h>;privacy=full\r\n"),
        ] {
            let hidden = caller(&invite(&headers));
            assert_eq!(hidden, Caller { withheld: true, ..Caller::default() }, "{headers}");
        }
        // Asserted and not to be hidden: only the From was made anonymous on the way.
        let shown = caller(&invite(&format!("{anonymous}{asserted}Privacy: none\r\n")));
        assert_eq!((shown.number.as_deref(), shown.withheld), (Some("+39062"), false));
    }

    #[test]
    fn names_and_numbers_of_any_length_are_cut() {
        let long = "9".repeat(900);
        let read = caller(&invite(&format!("From: \"{}\" <sip:{long}@h>;tag=a\r\n", "é".repeat(400))));
        assert_eq!((read.number.unwrap().len(), read.name.unwrap().len()), (PARTY_MAX, PARTY_MAX));
    }

    #[test]
    fn escaped_control_characters_are_no_part_of_a_number() {
        let told = invite("From: <sip:%0A+39%0D%0A06%19@h>;tag=1\r\nDiversion: <tel:+%0939-055>\r\n");
        assert_eq!(caller(&told).number.as_deref(), Some("+3906"));
        assert_eq!(called_number(&told, CalledFrom::Diversion), "+39055");
    }
}
