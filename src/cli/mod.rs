//! The command line: what each command of `faxramp` asks of the rest, and how it is told.
//!
//! Commands write through one [`Console`] and end with one [`Exit`]; everything that lists or shows has a `--json` form for
//! programs. Nothing is decided here about faxes or mail: commands read and step the queue, run the server, or draw a file.
//! The manual pages and the shells' completions are made from the same declaration ([`generated`]).

pub mod arguments;
mod call;
mod config;
pub mod console;
mod demo;
mod document;
pub mod exit;
pub mod generated;
mod logging;
mod moments;
mod offer;
mod picture;
mod poll;
mod queue;
mod readiness;
mod received;
mod render;
mod send;
mod serve;
mod table;
mod trunk;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser as _};

use crate::config::{self as configuration, Config};
use crate::io::background;
use arguments::{Arguments, Command};
use console::{Console, Style};
use exit::{Ended, Exit, Failure};
use moments::Moment;

/// The configuration file when nothing else is said.
pub const DEFAULT_CONFIG: &str = "/etc/faxramp/faxramp.toml";
/// The variable that names another one.
pub const CONFIG_VARIABLE: &str = "FAXRAMP_CONFIG";

/// Runs one command line, the program's name first; `variable` is the value of [`CONFIG_VARIABLE`].
pub fn run(arguments: impl IntoIterator<Item = OsString>, variable: Option<OsString>, console: &mut Console) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return misread(&error, console),
    };
    let source = Source::new(arguments.config, variable);
    let ended = dispatch(arguments.command, arguments.log_level, source, console);
    let ended = ended.and_then(|exit| console.finish().map(|()| exit));
    ended.unwrap_or_else(|failure| {
        console.tell(&failure);
        failure.exit
    })
}

/// The declaration of the command line.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

fn dispatch(command: Command, level: Option<arguments::Level>, source: Source, console: &mut Console) -> Ended {
    match command {
        Command::Serve => serve::run(level, &source, console),
        Command::Send(what) => {
            logging::on_request(level);
            send::run(&what, &source.load(console)?, console)
        }
        Command::Poll(what) => {
            logging::on_request(level);
            poll::run(&what, &source.load(console)?, console)
        }
        Command::Offer(offer) => {
            logging::on_request(level);
            offer::run(offer, source.load(console)?, &Moment::now(), console)
        }
        Command::Received(what) => {
            logging::on_request(level);
            received::run(&what, &source.load(console)?, &Moment::now(), console)
        }
        Command::Call(call) => {
            logging::on_request(level);
            call::run(call, &source, &Moment::now(), console)
        }
        Command::Render(what) => {
            logging::on_request(level);
            let config = if source.is_there_or_named() { source.load(console)? } else { Config::default() };
            render::run(&what, config, console)
        }
        Command::Demo(what) => demo::run(&what, level, console),
        Command::Queue(queue) => {
            logging::on_request(level);
            queue::run(queue, &source.load(console)?, &Moment::now(), console)
        }
        Command::Trunk(trunk) => {
            logging::on_request(level);
            trunk::run(trunk, &source.load(console)?, &Moment::now(), console)
        }
        Command::Config(command) => config::run(command, &source, console),
        Command::Completions { shell } => {
            console.write_raw(&generated::completions(shell));
            Ok(Exit::Ok)
        }
        Command::Man { page, directory } => generated::run(&page, directory.as_deref(), console),
    }
}

/// Help and version are no faults; everything else is told as clap tells it.
fn misread(error: &clap::Error, console: &mut Console) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        let text = text.to_string();
        console.complain(Style::Plain, text.trim_end());
        return Exit::Usage;
    }
    console.write_raw(&text.to_string());
    match console.finish() {
        Ok(()) => Exit::Ok,
        Err(failure) => failure.exit,
    }
}

/// Which configuration file is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Source {
    path: PathBuf,
    /// Whether somebody named it, so that it must be there.
    named: bool,
}

impl Source {
    fn new(option: Option<PathBuf>, variable: Option<OsString>) -> Self {
        let variable = variable.filter(|value| !value.is_empty()).map(PathBuf::from);
        match option.or(variable) {
            Some(path) => Self { path, named: true },
            None => Self { path: PathBuf::from(DEFAULT_CONFIG), named: false },
        }
    }

    /// Whether there is a file, or somebody means that there is.
    fn is_there_or_named(&self) -> bool {
        self.named || self.path.exists()
    }

    /// The checked configuration; every fault is told before this fails.
    fn load(&self, console: &mut Console) -> Result<Config, Failure> {
        configuration::load(&self.path).map_err(|errors| {
            console.complain(Style::Bad, &errors.to_string());
            let advice = match (self.path.exists(), self.named) {
                (true, _) => "faxramp.toml(5) explains every key",
                (false, true) => "name the configuration file with --config or $FAXRAMP_CONFIG",
                (false, false) => {
                    "name another file with --config, or begin one with: faxramp config reference --format sample"
                }
            };
            Failure::new(Exit::Config, "the configuration cannot be used").advising(advice)
        })
    }
}

/// The runtime that sockets and children live in.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(background::threads())
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("the runtime does not start: {error}")))
}

/// Text between the tags of HTML.
fn printable_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
