//! What the daemon and its sandboxed child `faxramp-render` say to one another through two pipes.
//!
//! Each message is a frame: one line of JSON, ended by a line feed, that carries the number of octets (`length`) which
//! follow it raw. The daemon sends one [`Request`] with the document; the child answers with [`Record`]s: `begin`, then
//! `warning`s and `page`s in order, then `end` or `error`, and exits. One document a process, so nothing of one
//! document can reach the next.
//!
//! [`Response`] reads the child's side. The child has read a stranger's document and may be its puppet, so nothing it
//! says is believed: every length, count and word is bounded here. It is no process and no pipe: the driver feeds
//! it octets.

mod response;

pub use response::{Event, Failure, Finished, RenderedPage, Response};

use crate::model::Resolution;
use crate::pages::sheet::Stock;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The version of this protocol; both sides must have the same.
pub const VERSION: u32 = 3;
/// Octets of one line of JSON.
pub const MAX_HEADER_OCTETS: usize = 64 * 1024;
/// Octets of one document.
pub const MAX_DOCUMENT_OCTETS: u64 = 256 * 1024 * 1024;
/// Pages of one document that a request may allow.
pub const MAX_PAGES: u32 = 10_000;
/// Lines of one page: 4 m at the finest resolution would be more than any machine takes.
pub const MAX_ROWS: u32 = 16_384;
/// Octets of one coded page.
pub const MAX_PAGE_OCTETS: u32 = 16 * 1024 * 1024;
/// Warnings that are kept of one document; more are counted only.
pub const MAX_WARNINGS: usize = 32;
/// Characters of a message for people; the rest is cut.
pub const MAX_MESSAGE_CHARACTERS: usize = 500;
/// Characters of a document's name.
pub const MAX_NAME_CHARACTERS: usize = 255;
/// Heading fields above a text.
pub const MAX_HEADING_FIELDS: usize = 16;
/// Characters of one heading field.
pub const MAX_HEADING_CHARACTERS: usize = 1000;

/// What the document is; decided by the daemon, never guessed by the child.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A PDF file.
    Pdf,
    /// A picture: PNG, JPEG, GIF, BMP or WebP.
    Image,
    /// A TIFF file with any number of pages.
    Tiff,
    /// Plain text.
    Text,
}

/// Which renderer draws PDFs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PdfEngine {
    /// pdfium when its library is found, else hayro.
    #[default]
    Auto,
    /// pdfium; an error when its library is not found.
    Pdfium,
    /// hayro, which is built in.
    Hayro,
}

/// What to do when the kernel lacks a part of the sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// Go on with what there is, and say so in a warning.
    #[default]
    BestEffort,
    /// Do not touch the document.
    Strict,
}

/// The letters of a text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Typeface {
    /// Letters of their own widths, 11 pt: mail. A text that is laid out in columns is set as [`Self::Monospace`]
    /// all the same.
    #[default]
    Proportional,
    /// Letters of one width, 10 pt, so that 80 columns fit: listings and tables made of blanks.
    Monospace,
}

/// One line of the block above a mail's text: `Subject`, `Re: our offer`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeadingField {
    /// What it is.
    pub label: String,
    /// What it says.
    pub value: String,
}

/// How a text is set.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TextOptions {
    /// The letters.
    pub typeface: Typeface,
    /// The block above the text on its first page; nothing for none.
    pub heading: Vec<HeadingField>,
}

/// Bounds on what the child may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Pages; a document with more is refused before anything is drawn, where its format says how many it has.
    pub pages: u32,
    /// Seconds of processor time.
    pub processor_seconds: u32,
    /// Mebibytes of address space.
    pub memory_mebibytes: u32,
    /// Millions of picture elements of one source picture.
    pub source_megapixels: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pages: 200, processor_seconds: 120, memory_mebibytes: 1024, source_megapixels: 64 }
    }
}

/// One document to draw.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// What the document is.
    pub kind: Kind,
    /// Its file name, for messages.
    pub name: String,
    /// What to draw on.
    pub stock: Stock,
    /// Bounds.
    pub limits: Limits,
    /// What to do without a full sandbox.
    pub sandbox: Sandbox,
    /// Who draws a PDF.
    pub pdf_engine: PdfEngine,
    /// Where libpdfium is; nothing to look for it.
    pub pdf_library: Option<PathBuf>,
    /// How a text is set.
    pub text: TextOptions,
    /// Octets of the document that follow.
    pub length: u64,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

/// A message that breaks this protocol.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProtocolError {
    /// They: the line is no JSON of ours.
    #[error("a header that cannot be read: {0}")]
    Malformed(String),
    /// They: the other side speaks another version.
    #[error("version {theirs} of the protocol, this side has version {VERSION}")]
    Version {
        /// What the header said.
        theirs: u32,
    },
    /// Refused: a bound is passed.
    #[error("{what} is more than {most}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The bound.
        most: u64,
    },
}

impl Request {
    /// The line that goes before the document.
    ///
    /// # Errors
    /// [`ProtocolError::TooLarge`] for a document or a heading beyond the bounds.
    pub fn header(&self) -> Result<Vec<u8>, ProtocolError> {
        self.check()?;
        line(&Versioned { version: VERSION, content: self })
    }

    /// The request in a line, without its line feed.
    ///
    /// # Errors
    /// When the line is no request, of another version, or beyond a bound.
    pub fn from_header(header: &[u8]) -> Result<Self, ProtocolError> {
        if header.len() > MAX_HEADER_OCTETS {
            return Err(ProtocolError::TooLarge { what: "the header", most: MAX_HEADER_OCTETS as u64 });
        }
        let request = read_line::<Self>(header)?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), ProtocolError> {
        let bound = |what, value: u64, most: u64| {
            if value > most { Err(ProtocolError::TooLarge { what, most }) } else { Ok(()) }
        };
        bound("the document", self.length, MAX_DOCUMENT_OCTETS)?;
        bound("the number of pages allowed", self.limits.pages.into(), MAX_PAGES.into())?;
        bound("the document's name", self.name.chars().count() as u64, MAX_NAME_CHARACTERS as u64)?;
        bound("the number of heading fields", self.text.heading.len() as u64, MAX_HEADING_FIELDS as u64)?;
        for field in &self.text.heading {
            let longer = field.label.chars().count().max(field.value.chars().count());
            bound("a heading field", longer as u64, MAX_HEADING_CHARACTERS as u64)?;
        }
        Ok(())
    }
}

/// Why a document gave no pages, or not all. The message beside it is for people and names the limit or the fault.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// They: the file is damaged, or is not what it says.
    Malformed,
    /// They: the file wants a password.
    Encrypted,
    /// Refused: more pages than allowed.
    TooManyPages,
    /// Refused: too many octets, picture elements, too much memory or time.
    TooLarge,
    /// They: a sound file in a form that is not drawn here.
    Unsupported,
    /// Local or Bug: the renderer failed.
    Internal,
}

/// What the child says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
pub enum Record {
    /// The document is open.
    Begin {
        /// Pages there will be, where the format says so.
        pages: Option<u32>,
        /// Who draws it: `pdfium`, `hayro`, `text`, `image`, `tiff`.
        engine: String,
    },
    /// Something about the document that its sender should know; pages still come.
    Warning {
        /// The sentence for people.
        message: String,
    },
    /// One page, coded as T.6 without line feeds or a header, followed by its octets.
    Page {
        /// Picture elements in a line.
        width: u32,
        /// Lines.
        rows: u32,
        /// Its resolution, no finer than that of the request; written as its name.
        #[serde(with = "crate::pages::sheet::resolution_as_name")]
        resolution: Resolution,
        /// Octets that follow.
        length: u32,
    },
    /// All pages were drawn.
    End {
        /// How many.
        pages: u32,
    },
    /// The document cannot be drawn, or not to its end.
    Error {
        /// Whose fault.
        kind: ErrorKind,
        /// The sentence for people.
        message: String,
    },
}

impl Record {
    /// The line of this record, its line feed included. A page's octets follow it.
    ///
    /// # Errors
    /// [`ProtocolError::TooLarge`] when a message is beyond [`MAX_HEADER_OCTETS`]; use [`shortened`].
    pub fn header(&self) -> Result<Vec<u8>, ProtocolError> {
        line(&Versioned { version: VERSION, content: self })
    }

    fn from_header(header: &[u8]) -> Result<Self, ProtocolError> {
        read_line(header)
    }
}

/// A message for people as it may cross the pipe and stand in a mail: cut, and without control characters.
#[must_use]
pub fn shortened(message: &str, most: usize) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

fn line<T: Serialize>(message: &T) -> Result<Vec<u8>, ProtocolError> {
    let mut line = serde_json::to_vec(message).map_err(|error| ProtocolError::Malformed(error.to_string()))?;
    line.push(b'\n');
    if line.len() > MAX_HEADER_OCTETS {
        return Err(ProtocolError::TooLarge { what: "the header", most: MAX_HEADER_OCTETS as u64 });
    }
    Ok(line)
}

fn read_line<T: for<'de> Deserialize<'de>>(header: &[u8]) -> Result<T, ProtocolError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let malformed = |error: serde_json::Error| ProtocolError::Malformed(error.to_string());
    let Version { version } = serde_json::from_slice(header).map_err(malformed)?;
    if version != VERSION {
        return Err(ProtocolError::Version { theirs: version });
    }
    serde_json::from_slice::<Versioned<T>>(header).map(|versioned| versioned.content).map_err(malformed)
}

#[cfg(test)]
mod tests;
