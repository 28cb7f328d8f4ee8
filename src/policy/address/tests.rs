//! Addresses as people and mail servers write them.

use proptest::prelude::proptest;

use super::{
    AddressOptions, AddressRules, FaxAddress, MAX_OPTIONS, hide_passwords, is_postmaster, mailboxes_for_fetched, parse,
    without_password,
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
        ("+390612345/POLL/PWD=12a@fax.company.example", "write PWD=digits, #, * and +"),
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
        ("+390612345/cover=on@fax.company.example", "makes no cover pages"),
        ("+390612345/POLL/quality=fine@fax.company.example", "quality is for a fax that is sent"),
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
