//! One document from request to end record.

use crate::fault::Fault;
use crate::output::Output;
use crate::{fax_file, pdf, picture, sandbox, text};

use faxramp::pages::worker::{Kind, MAX_HEADER_OCTETS, Request};

use std::any::Any;
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Reads one request, draws its document, writes the records. Fails only when the pipes do, or the request is none.
pub(crate) fn run(input: impl Read, output: impl Write) -> ExitCode {
    let mut input = BufReader::new(input);
    let mut output = Output::new(output);
    let result = read_request(&mut input).and_then(|request| {
        catch_unwind(AssertUnwindSafe(|| draw(&request, &mut input, &mut output)))
            .unwrap_or_else(|panic| Err(Fault::internal(panicked(&*panic))))
    });
    let said = match result {
        Ok(()) => output.end(),
        Err(fault) => output.error(fault),
    };
    if said.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read_request(input: &mut impl BufRead) -> Result<Request, Fault> {
    let mut header = Vec::new();
    let most = MAX_HEADER_OCTETS as u64 + 1;
    input.take(most).read_until(b'\n', &mut header).map_err(|error| Fault::internal(format!("no request: {error}")))?;
    if header.pop() != Some(b'\n') {
        return Err(Fault::internal("the request has no end"));
    }
    Request::from_header(&header).map_err(|error| Fault::internal(format!("the request: {error}")))
}

fn draw<W: Write>(request: &Request, input: &mut impl Read, output: &mut Output<W>) -> Result<(), Fault> {
    // The library runs its own start-up code and needs executable memory, so it is loaded before the walls close.
    let engine = match request.kind {
        Kind::Pdf => Some(pdf::Engine::choose(request)?),
        Kind::Image | Kind::Tiff | Kind::Text => None,
    };
    let library = engine.as_ref().and_then(pdf::Engine::library);
    let missing = sandbox::close(request.limits, library, request.sandbox).map_err(Fault::internal)?;
    output.expect(request.stock, request.limits.pages);
    for lack in &missing {
        output.warning(lack)?;
    }
    let document = read_document(request, input)?;
    if document.is_empty() && request.kind != Kind::Text {
        return Err(Fault::malformed("the file is empty"));
    }
    match (request.kind, engine) {
        (Kind::Pdf, Some(engine)) => engine.draw(document, request, output),
        (Kind::Pdf, None) => Err(Fault::internal("no renderer for PDF was chosen")),
        (Kind::Image, _) => picture::draw(&document, request, output),
        (Kind::Tiff, _) => fax_file::draw(&document, request, output),
        (Kind::Text, _) => text::draw(&document, request, output),
    }
}

fn read_document(request: &Request, input: &mut impl Read) -> Result<Vec<u8>, Fault> {
    // The request is checked: the length is within MAX_DOCUMENT_OCTETS.
    let mut document = Vec::new();
    input
        .take(request.length)
        .read_to_end(&mut document)
        .map_err(|error| Fault::internal(format!("the document could not be read: {error}")))?;
    if document.len() as u64 == request.length {
        Ok(document)
    } else {
        Err(Fault::internal(format!("only {} of {} octets of the document came", document.len(), request.length)))
    }
}

fn panicked(panic: &(dyn Any + Send)) -> String {
    let reason = panic
        .downcast_ref::<&str>()
        .map(|reason| (*reason).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("the renderer failed on this document ({reason})")
}
