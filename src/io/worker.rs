//! Runs the sandboxed child `faxramp-render` on one document.
//!
//! The child may be the puppet of the document it reads: it gets no environment, its words go through
//! [`pages::worker::Response`](crate::pages::worker::Response), which believes nothing, and it is killed when its time is up.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::pages::worker::{ErrorKind, Event, Failure, Finished, Request, Response};

/// Octets read from the child at once.
const READ_OCTETS: usize = 64 * 1024;
/// Octets of the child's standard error that are kept for the log.
const ERROR_OCTETS: usize = 4096;

/// Draws one document; each event is handed on as it comes.
///
/// # Errors
/// Why there are no pages, or not all.
pub async fn draw(
    program: &Path,
    request: &Request,
    document: &[u8],
    limit: Duration,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<Finished, Failure> {
    let header = request.header().map_err(|error| Failure::Protocol(error.to_string()))?;
    let mut child = start(program)?;
    let talk = converse(&mut child, request, &header, document, &mut on_event);
    let result = tokio::time::timeout(limit, talk).await.unwrap_or_else(|_| {
        let message = format!("drawing it took longer than {} seconds", limit.as_secs());
        Err(Failure::Document { kind: ErrorKind::TooLarge, message })
    });
    if result.is_err() {
        let _ = child.start_kill();
    }
    let _ = child.wait().await;
    result
}

fn start(program: &Path) -> Result<Child, Failure> {
    Command::new(program)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Failure::Document {
            kind: ErrorKind::Internal,
            message: format!("the renderer {} could not be started: {error}", program.display()),
        })
}

async fn converse(
    child: &mut Child,
    request: &Request,
    header: &[u8],
    document: &[u8],
    on_event: &mut (impl FnMut(Event) + Send),
) -> Result<Finished, Failure> {
    let mut stdin = child.stdin.take().expect("the pipe was asked for");
    let mut stdout = child.stdout.take().expect("the pipe was asked for");
    let mut stderr = child.stderr.take().expect("the pipe was asked for");
    let write = async {
        // A child that stops reading has said why, or is dead: both are seen on its output.
        if stdin.write_all(header).await.is_ok() && stdin.write_all(document).await.is_ok() {
            let _ = stdin.shutdown().await;
        }
        drop(stdin);
    };
    let read = async {
        let mut response = Response::new(request);
        let mut buffer = vec![0u8; READ_OCTETS];
        loop {
            let length = stdout.read(&mut buffer).await.unwrap_or(0);
            if length == 0 {
                return response.finish();
            }
            response.handle(&buffer[..length])?;
            while let Some(event) = response.poll() {
                on_event(event);
            }
        }
    };
    let complain = async {
        let mut text = Vec::new();
        let _ = (&mut stderr).take(ERROR_OCTETS as u64).read_to_end(&mut text).await;
        if !text.is_empty() {
            tracing::warn!(text = %String::from_utf8_lossy(&text).trim_end(), "the renderer said");
        }
        // Whatever it says beyond that is read, so that it does not wait, and dropped.
        let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    };
    tokio::pin!(read);
    let both = async { tokio::join!(write, complain) };
    tokio::pin!(both);
    tokio::select! {
        result = &mut read => result,
        _ = &mut both => read.await,
    }
}
