//! `faxramp trunk`: how the trunks stand, what went over them, and what is wrong with one.
//!
//! How they stand is read from the rows that the server keeps; `test` asks the trunk itself, from a socket of its own.

mod memory;
mod show;
mod test;

use super::arguments::Trunk as Command;
use super::console::Console;
use super::exit::{Ended, Exit, Failure};
use super::moments::Moment;
use crate::config::{Config, Trunk};

pub(super) fn run(command: Command, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    match command {
        Command::List { json } => show::list(json, config, moment, console),
        Command::Show { name, json } => show::one(of_name(config, &name)?, json, config, moment, console),
        Command::Memory { name, forget, forget_all, json } => {
            let trunk = of_name(config, &name)?;
            match (forget, forget_all) {
                (Some(number), _) => memory::forget(trunk, Some(&number), config, console),
                (None, true) => memory::forget(trunk, None, config, console),
                (None, false) => memory::show(trunk, json, config, moment, console),
            }
        }
        Command::Test { name, json } => test::run(of_name(config, &name)?, json, config, console),
    }
}

fn of_name<'c>(config: &'c Config, name: &str) -> Result<&'c Trunk, Failure> {
    config.trunk.iter().find(|trunk| trunk.name == name).ok_or_else(|| {
        let names: Vec<&str> = config.trunk.iter().map(|trunk| trunk.name.as_str()).collect();
        let advice = if names.is_empty() {
            "the configuration has no [[trunk]]".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        Failure::new(Exit::Data, format!("no trunk is named {name:?}")).advising(advice)
    })
}
