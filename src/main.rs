//! The command line; see `faxramp help`, or the module `cli` of the library.

use std::process::ExitCode;

use faxramp::cli::{self, console::Console};

fn main() -> ExitCode {
    let mut console = Console::of_process();
    cli::run(std::env::args_os(), std::env::var_os(cli::CONFIG_VARIABLE), &mut console).into()
}
