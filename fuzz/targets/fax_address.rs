//! A recipient's address as it stands in RCPT TO.
//!
//! Holds: a number that was read is read again from its own spelling; a refusal is one line that a server can say.
#![no_main]

use faxramp::model::{Number, NumberPlan};
use faxramp::policy::address::{AddressRules, MAX_OPTION_VALUE, is_postmaster, parse};
use faxramp::t30::frame::IDENTIFICATION_CHARACTERS;
use libfuzzer_sys::fuzz_target;

fn rules() -> AddressRules {
    AddressRules {
        fax_domains: vec!["fax.example".into()],
        encapsulated_domains: vec!["example".into()],
        plan: NumberPlan { country_code: "39".into(), extension_digits: 4, ..NumberPlan::default() },
    }
}

fuzz_target!(|address: &str| {
    let rules = rules();
    let _ = is_postmaster(address, &rules);
    match parse(address, &rules) {
        Ok(fax) => {
            let number = fax.number.as_str();
            assert_eq!(Number::from_stored(number).as_ref(), Some(&fax.number));
            let again = parse(&format!("{number}@fax.example"), &rules).expect("its own spelling");
            assert_eq!(again.number, fax.number);
            assert!(fax.sub_address.is_none_or(|digits| (1..=IDENTIFICATION_CHARACTERS).contains(&digits.len())));
            let options = [fax.options.attention, fax.options.organization, fax.options.from, fax.options.billing];
            for value in options.into_iter().flatten() {
                assert!(
                    !value.contains(|c: char| c.is_control()) && value.len() <= address.len().max(MAX_OPTION_VALUE)
                );
            }
        }
        Err(refusal) => {
            let told = refusal.to_string();
            assert!(told.starts_with("550 5.") && !told.contains(|c: char| c.is_control()), "{told:?}");
        }
    }
});
