//! Proof that the walls stand: tries, inside them, what a document that took over the process would try.
//!
//! `faxramp-render --try-in-sandbox DEED` prints `denied` or `allowed`, or is killed. For tests, and for an administrator who
//! wonders about a kernel.

use super::close;

use faxramp::pages::worker::{Limits, Sandbox};

use std::io::{self, Write};
use std::net::UdpSocket;
use std::process::{Command, ExitCode};

/// Exit status when the deed was denied by an error.
const DENIED: u8 = 10;
/// Exit status when the deed was done.
const ALLOWED: u8 = 20;

/// Closes the walls, strictly, and tries the deed.
pub(crate) fn run(deed: &str) -> ExitCode {
    if let Err(lack) = close(Limits::default(), None, Sandbox::Strict) {
        let _ = writeln!(io::stderr(), "{lack}");
        return ExitCode::FAILURE;
    }
    let tried = match deed {
        "nothing" => return ExitCode::SUCCESS,
        "read-file" => std::fs::read("/etc/passwd").map(drop),
        "read-own-binary" => std::fs::read("/proc/self/exe").map(drop),
        "write-file" => std::fs::write("/tmp/faxramp-render-escaped", "escaped"),
        "open-socket" => UdpSocket::bind("127.0.0.1:0").map(drop),
        "start-program" => Command::new("/bin/true").status().map(drop),
        "start-thread" => std::thread::Builder::new().spawn(|| ()).map(drop),
        "take-memory" => Vec::<u8>::new().try_reserve_exact(4 << 30).map_err(io::Error::other),
        _ => return ExitCode::from(2),
    };
    let (word, status) = match tried {
        Ok(()) => ("allowed".to_owned(), ALLOWED),
        Err(error) => (format!("denied: {error}"), DENIED),
    };
    let _ = writeln!(io::stdout(), "{word}");
    ExitCode::from(status)
}
