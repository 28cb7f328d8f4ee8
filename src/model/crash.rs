//! Marked places where a test makes the program die as a power cut would: no unwinding, no clean-up.
//!
//! Only in builds with debug assertions; in a release build the call is empty. The variable [`VARIABLE`] names the
//! place as `moment/what`, for example `before-commit/accept`, and may say the how-manieth passage is meant:
//! `after-rename/messages:3`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment variable that arms one place.
pub const VARIABLE: &str = "FAXRAMP_CRASH_AT";

struct Armed {
    moment: String,
    what: String,
    passages_left: AtomicU32,
}

/// Ends the process here, at once, when [`VARIABLE`] names this place.
pub fn crash_point(moment: &str, what: &str) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    if !cfg!(debug_assertions) {
        return;
    }
    let Some(armed) = ARMED.get_or_init(|| std::env::var(VARIABLE).ok().and_then(|text| parse(&text))) else {
        return;
    };
    if armed.moment == moment && armed.what == what && armed.passages_left.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

fn parse(text: &str) -> Option<Armed> {
    let (moment, rest) = text.split_once('/')?;
    let (what, passage) = match rest.split_once(':') {
        Some((what, passage)) => (what, passage.parse().ok().filter(|passage| *passage > 0)?),
        None => (rest, 1),
    };
    Some(Armed { moment: moment.into(), what: what.into(), passages_left: AtomicU32::new(passage) })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_place_is_named_with_its_moment_and_passage() {
        let armed = parse("after-rename/messages:3").expect("a place");
        assert_eq!(
            (armed.moment.as_str(), armed.what.as_str(), armed.passages_left.load(Ordering::SeqCst)),
            ("after-rename", "messages", 3)
        );
        assert_eq!(parse("before-commit/accept").map(|armed| armed.passages_left.into_inner()), Some(1));
        assert!(parse("accept").is_none());
        assert!(parse("before-commit/accept:0").is_none());
    }
}
