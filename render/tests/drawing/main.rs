//! The renderer as the daemon uses it: a process, a request, a document, pages.

mod fax_file;
mod harness;
mod headline;
mod pdf;
mod picture;
mod sandbox;
mod text;
mod widths;
