//! `faxramp config`: the faults of a file, and the reference of all keys.

use serde_json::{Value, json};

use super::Source;
use super::arguments::{Config, Form};
use super::console::{Console, Line, Style};
use super::exit::{Ended, Exit, Failure};
use crate::config::{self as configuration, Problem, reference};

pub(super) fn run(command: Config, source: &Source, console: &mut Console) -> Ended {
    match command {
        Config::Check { file, json } => {
            let path = file.unwrap_or_else(|| source.path.clone());
            let result = configuration::load(&path);
            let problems = result.as_ref().err().map(configuration::Errors::problems).unwrap_or_default();
            if json {
                let problems: Vec<Value> = problems.iter().map(problem).collect();
                let sound = problems.is_empty();
                console.say_json(&json!({"file": path.display().to_string(), "sound": sound, "problems": problems}));
                return Ok(if sound { Exit::Ok } else { Exit::Config });
            }
            match result {
                Ok(_) => {
                    console.say(Line::new().and(Style::Good, format!("{}: no fault found", path.display())));
                    Ok(Exit::Ok)
                }
                Err(errors) => {
                    console.complain(Style::Plain, &errors.to_string());
                    let count = errors.problems().len();
                    let faults = if count == 1 { "fault" } else { "faults" };
                    Err(Failure::new(Exit::Config, format!("{count} {faults} in {}", path.display()))
                        .advising("faxramp.toml(5) explains every key"))
                }
            }
        }
        Config::Reference { format } => {
            console.write_raw(&match format {
                Form::Man => reference::manual(),
                Form::Sample => reference::sample(),
                Form::Markdown => reference::markdown(),
            });
            Ok(Exit::Ok)
        }
    }
}

fn problem(problem: &Problem) -> Value {
    json!({
        "file": problem.file,
        "line": problem.position.map(|(line, _)| line),
        "column": problem.position.map(|(_, column)| column),
        "key": problem.key,
        "reason": problem.reason,
        "hint": problem.hint,
    })
}
