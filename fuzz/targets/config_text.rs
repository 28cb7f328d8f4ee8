//! The text of a configuration file. Holds: it is taken, or refused with a reason; nothing is taken from a text with a fault.
#![no_main]

use faxramp::config::check_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(errors) = check_text("faxramp.toml", text) {
        assert!(!errors.problems().is_empty());
        let told = errors.to_string();
        assert!(told.contains("faxramp.toml"), "{told}");
    }
});
