//! `faxramp-render`: the child of faxramp that turns one document into fax pages, in a sandbox.
//!
//! It is started with pipes, reads one request and its document from standard input, writes records and pages to
//! standard output (see [`faxramp::pages::worker`]) and exits. It shuts itself in before it reads the first octet of the
//! document. It is no library and no tool for people.
//!
//! The flow: [`session`] reads the request, lets [`pdf`] load libpdfium when it may be needed, has [`sandbox`] close the
//! doors, and hands the document to [`pdf`], [`picture`], [`fax_file`] or [`text`]. Those ask [`placement`] where things go
//! on the page and give pages to [`output`].

mod fault;
mod fax_file;
mod output;
mod pdf;
mod picture;
mod placement;
mod sandbox;
mod session;
mod strokes;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => session::run(io::stdin().lock(), io::stdout().lock()),
        (Some("--version"), None) => {
            let written = writeln!(io::stdout(), "faxramp-render {}", env!("CARGO_PKG_VERSION"));
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        (Some("--try-in-sandbox"), Some(deed)) => sandbox::attempt::run(&deed),
        _ => {
            let _ = writeln!(io::stderr(), "faxramp-render is started by faxramp; it has no use of its own");
            ExitCode::from(2)
        }
    }
}
