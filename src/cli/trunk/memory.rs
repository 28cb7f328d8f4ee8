//! Showing and forgetting the numbers with which T.38 had trouble.

use serde_json::{Value, json};

use crate::cli::console::Console;
use crate::cli::exit::{Ended, Exit, Failure};
use crate::cli::moments::{Moment, for_programs};
use crate::cli::queue;
use crate::cli::table::Table;
use crate::config::{Config, Trunk};
use crate::policy::T38Trouble;

const fn words(trouble: T38Trouble) -> &'static str {
    match trouble {
        T38Trouble::Refused => "T.38 was refused",
        T38Trouble::Failed => "T.38 was agreed on, and failed",
    }
}

pub(super) fn show(trunk: &Trunk, as_json: bool, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let remember = i64::try_from(config.fax.remember.as_millis()).unwrap_or(i64::MAX);
    let since_ms = moment.now_ms.saturating_sub(remember);
    let notes = store.t38_notes(&trunk.name, since_ms).map_err(|error| queue::failure(&error))?;
    if as_json {
        let note = |note: &crate::queue::T38Note| {
            json!({
                "number": note.number,
                "trouble": note.trouble.word(),
                "noted": for_programs(note.noted_ms),
                "until": for_programs(note.noted_ms.saturating_add(remember)),
            })
        };
        console.say_json(&Value::Array(notes.iter().map(note).collect()));
        return Ok(Exit::Ok);
    }
    if notes.is_empty() {
        console.say(format!("Nothing is remembered of T.38 on {}: calls begin as its keys say.", trunk.name));
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["NUMBER", "SINCE", "UNTIL", "WHY IT IS CALLED OVER AUDIO"], &[]);
    for note in &notes {
        table.push(vec![
            note.number.clone().into(),
            moment.show(note.noted_ms).into(),
            moment.show(note.noted_ms.saturating_add(remember)).into(),
            words(note.trouble).into(),
        ]);
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    Ok(Exit::Ok)
}

pub(super) fn forget(trunk: &Trunk, number: Option<&str>, config: &Config, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let forgotten = store.forget_t38(&trunk.name, number).map_err(|error| queue::failure(&error))?;
    match (number, forgotten) {
        (Some(number), 0) => {
            let failure = Failure::new(Exit::Data, format!("nothing is remembered of {number} on {}", trunk.name));
            return Err(failure.advising(format!("faxramp trunk memory {} lists the numbers", trunk.name)));
        }
        (Some(number), _) => console.say(format!("Forgotten: T.38 is tried again in the next call to {number}.")),
        (None, count) => {
            console.say(format!("Forgotten: {count} numbers. T.38 is tried again in the next call to each."))
        }
    }
    Ok(Exit::Ok)
}
