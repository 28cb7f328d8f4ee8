//! The child's answer as the daemon reads it: octets in, events out, everything bounded.

use super::{
    ErrorKind, MAX_HEADER_OCTETS, MAX_MESSAGE_CHARACTERS, MAX_PAGE_OCTETS, MAX_ROWS, MAX_WARNINGS, Record, Request,
    shortened,
};

use crate::image::{Bitmap, DecodeLimits, decode};
use crate::model::{Compression, Resolution};
use crate::pages::sheet::Stock;

use std::collections::VecDeque;

/// A page that the child has drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenderedPage {
    /// Its number in the document, from 1.
    pub number: u32,
    /// Picture elements in a line.
    pub width: u32,
    /// Lines.
    pub rows: u32,
    /// Its own resolution.
    pub resolution: Resolution,
    /// The lines, coded as T.6, with its end mark.
    pub coded: Vec<u8>,
}

impl RenderedPage {
    /// The page, decoded.
    ///
    /// # Errors
    /// [`Failure::Protocol`] when the octets are no page of the width and length that the child announced.
    pub fn bitmap(&self) -> Result<Bitmap, Failure> {
        let limits = DecodeLimits { max_rows: self.rows };
        let decoded = decode(&self.coded, Compression::Mmr, self.width, limits);
        if decoded.bad_rows == 0 && decoded.rows == self.rows {
            Ok(decoded.bitmap)
        } else {
            Err(Failure::Protocol(format!("page {} does not decode to its {} lines", self.number, self.rows)))
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The document is open.
    Began {
        /// Pages there will be, where the format says so.
        pages: Option<u32>,
        /// Who draws it.
        engine: String,
    },
    /// Something its sender should know.
    Warning(String),
    /// A page.
    Page(RenderedPage),
}

/// All pages came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// How many.
    pub pages: u32,
    /// Warnings beyond [`MAX_WARNINGS`] that were not handed on.
    pub warnings_dropped: u32,
}

/// The document gave no pages, or not all of them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// They, or Refused: the child says what is wrong with the document (see [`ErrorKind`] for whose fault).
    #[error("{message}")]
    Document {
        /// Whose fault.
        kind: ErrorKind,
        /// The sentence for people.
        message: String,
    },
    /// Bug, or a hostile document: the child broke the protocol; in words.
    #[error("the renderer broke its protocol: {0}")]
    Protocol(String),
    /// Local, or a hostile document: the child ended without saying why (killed by a limit, the sandbox, or a crash).
    #[error("the renderer ended before the document did")]
    Died,
}

/// Reads what one child says about one document.
#[derive(Debug)]
pub struct Response {
    buffer: Vec<u8>,
    state: State,
    stock: Stock,
    pages_allowed: u32,
    pages: u32,
    warnings: usize,
    warnings_dropped: u32,
    events: VecDeque<Event>,
}

#[derive(Debug)]
enum State {
    /// Before `begin`.
    Opening,
    /// At the start of a line.
    Line,
    /// Within a page's octets.
    Page { width: u32, rows: u32, resolution: Resolution, length: usize },
    /// `end` came.
    Ended,
    /// The first failure; it stays.
    Failed(Failure),
}

impl Response {
    /// A reader for the answer to this request.
    #[must_use]
    pub const fn new(request: &Request) -> Self {
        Self {
            buffer: Vec::new(),
            state: State::Opening,
            stock: request.stock,
            pages_allowed: request.limits.pages,
            pages: 0,
            warnings: 0,
            warnings_dropped: 0,
            events: VecDeque::new(),
        }
    }

    /// Takes octets from the child's standard output.
    ///
    /// # Errors
    /// The failure that ends the document; the child can be killed then. It stays, [`Response::finish`] says it again.
    pub fn handle(&mut self, octets: &[u8]) -> Result<(), Failure> {
        match &self.state {
            State::Failed(failure) => return Err(failure.clone()),
            State::Ended if !octets.is_empty() => self.fail(Failure::Protocol("something follows the end".into())),
            State::Opening | State::Line | State::Page { .. } | State::Ended => self.buffer.extend_from_slice(octets),
        }
        let mut taken = 0;
        while let Some(used) = self.step(taken) {
            taken += used;
        }
        self.buffer.drain(..taken);
        match &self.state {
            State::Failed(failure) => Err(failure.clone()),
            State::Opening | State::Line | State::Page { .. } | State::Ended => Ok(()),
        }
    }

    /// The next event.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How it ended, when the child has closed its output.
    ///
    /// # Errors
    /// The failure, or [`Failure::Died`] when neither `end` nor `error` came.
    pub fn finish(self) -> Result<Finished, Failure> {
        match self.state {
            State::Ended if self.buffer.is_empty() => {
                Ok(Finished { pages: self.pages, warnings_dropped: self.warnings_dropped })
            }
            State::Ended => Err(Failure::Protocol("something follows the end".into())),
            State::Failed(failure) => Err(failure),
            State::Opening | State::Line | State::Page { .. } => Err(Failure::Died),
        }
    }

    /// Whether `end` came: nothing more is expected.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// One line or one page's octets, from `at`; how many octets it took, nothing when more must come first.
    fn step(&mut self, at: usize) -> Option<usize> {
        let rest = &self.buffer[at..];
        match self.state {
            State::Page { width, rows, resolution, length } => {
                let coded = rest.get(..length)?.to_vec();
                self.pages += 1;
                let page = RenderedPage { number: self.pages, width, rows, resolution, coded };
                self.events.push_back(Event::Page(page));
                self.state = State::Line;
                Some(length)
            }
            State::Opening | State::Line => {
                let Some(end) = rest.iter().take(MAX_HEADER_OCTETS).position(|&octet| octet == b'\n') else {
                    if rest.len() >= MAX_HEADER_OCTETS {
                        self.fail(Failure::Protocol("a line without an end".into()));
                    }
                    return None;
                };
                match Record::from_header(&rest[..end]) {
                    Ok(record) => self.take(record),
                    Err(error) => self.fail(Failure::Protocol(error.to_string())),
                }
                Some(end + 1)
            }
            State::Ended | State::Failed(_) => None,
        }
    }

    fn take(&mut self, record: Record) {
        let opening = matches!(self.state, State::Opening);
        match record {
            Record::Begin { pages, engine } => {
                if !opening {
                    return self.fail(Failure::Protocol("a second beginning".into()));
                }
                self.state = State::Line;
                self.events.push_back(Event::Began { pages, engine: shortened(&engine, 40) });
            }
            Record::Warning { message } => {
                if self.warnings == MAX_WARNINGS {
                    self.warnings_dropped = self.warnings_dropped.saturating_add(1);
                } else {
                    self.warnings += 1;
                    self.events.push_back(Event::Warning(shortened(&message, MAX_MESSAGE_CHARACTERS)));
                }
            }
            Record::Page { width, rows, resolution, length } => {
                if opening {
                    self.fail(Failure::Protocol("a page before the beginning".into()));
                } else if !self.stock.has(width, resolution) || rows == 0 || rows > MAX_ROWS || length > MAX_PAGE_OCTETS
                {
                    let resolution = resolution.name();
                    let what = format!("a page of {width} by {rows} at {resolution} in {length} octets");
                    self.fail(Failure::Protocol(what));
                } else if self.pages == self.pages_allowed {
                    self.fail(Failure::Protocol(format!("more than the {} pages allowed", self.pages_allowed)));
                } else {
                    self.state = State::Page { width, rows, resolution, length: length as usize };
                }
            }
            Record::End { pages } => {
                if opening || pages != self.pages {
                    self.fail(Failure::Protocol(format!("an end after {pages} pages, {} came", self.pages)));
                } else {
                    self.state = State::Ended;
                }
            }
            Record::Error { kind, message } => {
                self.fail(Failure::Document { kind, message: shortened(&message, MAX_MESSAGE_CHARACTERS) });
            }
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.state = State::Failed(failure);
    }
}
