//! Showing and forgetting what calls taught of numbers: trouble with T.38, and that a machine takes one fax a call.

use serde_json::json;

use crate::cli::console::Console;
use crate::cli::exit::{Ended, Exit, Failure};
use crate::cli::moments::{Moment, for_programs};
use crate::cli::queue;
use crate::cli::table::Table;
use crate::config::{Config, Trunk};
use crate::policy::T38Trouble;

const fn words(trouble: T38Trouble) -> &'static str {
    match trouble {
        T38Trouble::Refused => "T.38 was refused, so it is called over audio",
        T38Trouble::Failed => "T.38 was agreed on, and failed, so it is called over audio",
    }
}

pub(super) fn show(trunk: &Trunk, as_json: bool, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let remember = i64::try_from(config.fax.remember.as_millis()).unwrap_or(i64::MAX);
    let since_ms = moment.now_ms.saturating_sub(remember);
    let notes = store.t38_notes(&trunk.name, since_ms).map_err(|error| queue::failure(&error))?;
    let singles = store.single_notes(&trunk.name, since_ms).map_err(|error| queue::failure(&error))?;
    if as_json {
        let note = |note: &crate::queue::T38Note| {
            json!({
                "number": note.number,
                "trouble": note.trouble.word(),
                "noted": for_programs(note.noted_ms),
                "until": for_programs(note.noted_ms.saturating_add(remember)),
            })
        };
        let single = |(number, noted_ms): &(String, i64)| {
            json!({
                "number": number,
                "trouble": "one-fax-a-call",
                "noted": for_programs(*noted_ms),
                "until": for_programs(noted_ms.saturating_add(remember)),
            })
        };
        console.say_json(&notes.iter().map(note).chain(singles.iter().map(single)).collect());
        return Ok(Exit::Ok);
    }
    if notes.is_empty() && singles.is_empty() {
        console.say(format!("Nothing is remembered of numbers on {}: calls begin as its keys say.", trunk.name));
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["NUMBER", "SINCE", "UNTIL", "WHAT IS REMEMBERED"], &[]);
    for note in &notes {
        table.push(vec![
            note.number.clone().into(),
            moment.show(note.noted_ms).into(),
            moment.show(note.noted_ms.saturating_add(remember)).into(),
            words(note.trouble).into(),
        ]);
    }
    for (number, noted_ms) in &singles {
        table.push(vec![
            number.clone().into(),
            moment.show(*noted_ms).into(),
            moment.show(noted_ms.saturating_add(remember)).into(),
            "it did not come back for a second fax, so it gets one a call".into(),
        ]);
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    Ok(Exit::Ok)
}

pub(super) fn forget(trunk: &Trunk, number: Option<&str>, config: &Config, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let forgotten = store
        .forget_t38(&trunk.name, number)
        .and_then(|t38| Ok(t38 + store.forget_single(&trunk.name, number)?))
        .map_err(|error| queue::failure(&error))?;
    match (number, forgotten) {
        (Some(number), 0) => {
            let failure = Failure::new(Exit::Data, format!("nothing is remembered of {number} on {}", trunk.name));
            return Err(failure.advising(format!("faxramp trunk memory {} lists the numbers", trunk.name)));
        }
        (Some(number), _) => {
            console.say(format!("Forgotten: T.38, or several faxes, are tried again in the next call to {number}."))
        }
        (None, count) => console.say(format!(
            "Forgotten: {count} notes. T.38, or several faxes, are tried again in the next call to each number."
        )),
    }
    Ok(Exit::Ok)
}
