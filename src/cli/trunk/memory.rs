//! Showing and forgetting what calls taught of numbers: trouble with T.38 or V.17, and that a machine takes one fax a call.

use serde_json::json;

use crate::cli::console::Console;
use crate::cli::exit::{Ended, Exit, Failure};
use crate::cli::moments::{Moment, for_programs};
use crate::cli::queue;
use crate::cli::table::Table;
use crate::config::{Config, Trunk};
use crate::queue::NumberNote;

pub(super) fn show(trunk: &Trunk, as_json: bool, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let remember = i64::try_from(config.fax.remember.as_millis()).unwrap_or(i64::MAX);
    let since_ms = moment.now_ms.saturating_sub(remember);
    let notes = store.notes(&trunk.name, since_ms).map_err(|error| queue::failure(&error))?;
    let until_ms = |note: &NumberNote| note.noted_ms.saturating_add(remember);
    if as_json {
        let of_note = |note: &NumberNote| {
            json!({
                "number": note.number,
                "about": note.note.topic().word(),
                "trouble": note.note.word(),
                "noted": for_programs(note.noted_ms),
                "until": for_programs(until_ms(note)),
            })
        };
        console.say_json(&notes.iter().map(of_note).collect());
        return Ok(Exit::Ok);
    }
    if notes.is_empty() {
        console.say(format!("Nothing is remembered of numbers on {}: calls begin as its keys say.", trunk.name));
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["NUMBER", "SINCE", "UNTIL", "WHAT IS REMEMBERED"], &[]);
    for note in &notes {
        table.push(vec![
            note.number.clone().into(),
            moment.show(note.noted_ms).into(),
            moment.show(until_ms(note)).into(),
            note.note.sentence().into(),
        ]);
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    Ok(Exit::Ok)
}

pub(super) fn forget(trunk: &Trunk, number: Option<&str>, config: &Config, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let forgotten = store.forget_notes(&trunk.name, number).map_err(|error| queue::failure(&error))?;
    match (number, forgotten) {
        (Some(number), 0) => {
            let failure = Failure::new(Exit::Data, format!("nothing is remembered of {number} on {}", trunk.name));
            return Err(failure.advising(format!("faxramp trunk memory {} lists the numbers", trunk.name)));
        }
        (Some(number), _) => {
            console.say(format!("Forgotten: what was given up is tried again in the next call to {number}."))
        }
        (None, count) => console.say(format!(
            "Forgotten: {count} notes. What was given up is tried again in the next call to each of the numbers."
        )),
    }
    Ok(Exit::Ok)
}
