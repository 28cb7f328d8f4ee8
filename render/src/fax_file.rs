//! TIFF files, above all those of fax gear. By the program's own reader.
use crate::fault::Fault;
use crate::output::Output;
use faxramp::pages::worker::Request;
use std::io::Write;

pub(crate) fn draw<W: Write>(_document: &[u8], _request: &Request, _output: &mut Output<W>) -> Result<(), Fault> {
    Err(Fault::unsupported("TIFF"))
}
