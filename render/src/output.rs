//! The records and pages that go to the parent.

use crate::fault::Fault;
use crate::placement::Placement;

use faxramp::image::{Bitmap, Coding, Grey, encode, halftone};
use faxramp::model::Compression;
use faxramp::pages::sheet::{Sheet, Stock};
use faxramp::pages::worker::{
    ErrorKind, MAX_MESSAGE_CHARACTERS, MAX_PAGE_OCTETS, MAX_PAGES, MAX_ROWS, Record, shortened,
};

use std::io::Write;

/// Writes records and pages, in order, each as soon as it is drawn.
#[derive(Debug)]
pub(crate) struct Output<W> {
    to: W,
    stock: Option<Stock>,
    most_pages: u32,
    pages: u32,
}

impl<W: Write> Output<W> {
    pub(crate) const fn new(to: W) -> Self {
        Self { to, stock: None, most_pages: MAX_PAGES, pages: 0 }
    }

    /// What the pages must be like, and how many may come.
    pub(crate) const fn expect(&mut self, stock: Stock, most_pages: u32) {
        self.stock = Some(stock);
        self.most_pages = most_pages;
    }

    /// The document is open. `pages` where the format says how many there are.
    ///
    /// # Errors
    /// Too many pages: nothing has been drawn then.
    pub(crate) fn begin(&mut self, pages: Option<u32>, engine: &str) -> Result<(), Fault> {
        if pages.is_some_and(|pages| pages > self.most_pages) {
            return Err(Fault::too_many_pages(pages, self.most_pages));
        }
        self.record(&Record::Begin { pages, engine: engine.into() })
    }

    /// Something the sender should know.
    pub(crate) fn warning(&mut self, message: &str) -> Result<(), Fault> {
        self.record(&Record::Warning { message: shortened(message, MAX_MESSAGE_CHARACTERS) })
    }

    /// A page with `drawn` put where it belongs: text in it stays crisp and pictures become dots. The white around it has
    /// no say in what is taken for paper.
    pub(crate) fn grey_page(&mut self, drawn: &Grey, at: &Placement) -> Result<(), Fault> {
        self.placed(&halftone::to_bilevel(drawn), at)
    }

    /// A page with `drawn` put where it belongs.
    pub(crate) fn placed(&mut self, drawn: &Bitmap, at: &Placement) -> Result<(), Fault> {
        let mut page = Bitmap::white(at.sheet.pels(), at.page_rows);
        page.stamp(drawn, at.left, at.top);
        self.page(&page, at.sheet)
    }

    /// A page on this sheet.
    pub(crate) fn page(&mut self, page: &Bitmap, sheet: Sheet) -> Result<(), Fault> {
        let stock = self.stock.ok_or_else(unasked)?;
        if self.pages == self.most_pages {
            return Err(Fault::too_many_pages(None, self.most_pages));
        }
        if page.width() != sheet.pels()
            || !stock.has(page.width(), sheet.resolution)
            || page.rows() == 0
            || page.rows() > MAX_ROWS
        {
            return Err(Fault::internal(format!(
                "page {} came out as {} by {}",
                self.pages + 1,
                page.width(),
                page.rows()
            )));
        }
        let coded = encode(page, &Coding::new(Compression::Mmr, sheet.resolution));
        let length = u32::try_from(coded.len()).ok().filter(|&length| length <= MAX_PAGE_OCTETS);
        let length =
            length.ok_or_else(|| Fault::too_large(format!("page {} is too large when coded", self.pages + 1)))?;
        let (width, rows, resolution) = (page.width(), page.rows(), sheet.resolution);
        self.record(&Record::Page { width, rows, resolution, length })?;
        self.write(&coded)?;
        self.pages += 1;
        Ok(())
    }

    /// All pages were drawn.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.record(&Record::End { pages: self.pages })
    }

    /// No page, or no further page, can be drawn.
    pub(crate) fn error(&mut self, fault: Fault) -> Result<(), Fault> {
        let message = shortened(&fault.message, MAX_MESSAGE_CHARACTERS);
        self.record(&Record::Error { kind: fault.kind, message })
    }

    fn record(&mut self, record: &Record) -> Result<(), Fault> {
        let header = record.header().map_err(|error| Fault::internal(error.to_string()))?;
        self.write(&header)?;
        self.to.flush().map_err(|error| unheard(&error))
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Fault> {
        self.to.write_all(octets).map_err(|error| unheard(&error))
    }
}

fn unasked() -> Fault {
    Fault::internal("a page before the request was read")
}

fn unheard(error: &std::io::Error) -> Fault {
    Fault { kind: ErrorKind::Internal, message: format!("the pages could not be handed over: {error}") }
}
