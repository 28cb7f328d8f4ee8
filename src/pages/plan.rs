//! The documents of one mail in the order of their pages, and what is asked of the renderer for each.
//!
//! Pure: the driver asks for one request after the other and says how many pages there are so far, so that the limit on
//! the pages of a fax holds for all its documents together.

use crate::pages::sheet::Stock;
use crate::pages::worker::{
    HeadingField, Kind, Limits, MAX_DOCUMENT_OCTETS, MAX_HEADING_CHARACTERS, MAX_HEADING_FIELDS, MAX_NAME_CHARACTERS,
    PdfEngine, Request, Sandbox, TextOptions, Typeface, shortened,
};

use std::path::PathBuf;

/// Documents of one fax.
pub const MAX_DOCUMENTS: usize = 100;

/// What an administrator sets for all documents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// What to draw on.
    pub stock: Stock,
    /// Bounds; `limits.pages` are those of the whole fax.
    pub limits: Limits,
    /// What to do without a full sandbox.
    pub sandbox: Sandbox,
    /// Who draws PDFs.
    pub pdf_engine: PdfEngine,
    /// Where libpdfium is; nothing to look for it.
    pub pdf_library: Option<PathBuf>,
    /// The letters of the mail's own text.
    pub body_typeface: Typeface,
}

impl Settings {
    /// The defaults for these sheets.
    #[must_use]
    pub fn new(stock: Stock) -> Self {
        Self {
            stock,
            limits: Limits::default(),
            sandbox: Sandbox::default(),
            pdf_engine: PdfEngine::default(),
            pdf_library: None,
            body_typeface: Typeface::default(),
        }
    }
}

/// What a document is to the mail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// The text of the mail, which gets the heading.
    Body,
    /// An attachment.
    Attachment,
}

/// One document, without its octets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its file name, or a word for it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it is to the mail.
    pub role: Role,
    /// Octets.
    pub length: u64,
}

/// A fax that is not rendered, and why; each names what it is about.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// They: nothing to send.
    #[error("the message has no text and no attachment that could be faxed")]
    Nothing,
    /// Refused: too many documents.
    #[error("the message has {documents} documents, and at most {MAX_DOCUMENTS} are allowed")]
    TooManyDocuments {
        /// How many there are.
        documents: usize,
    },
    /// Refused: one document is too large.
    #[error("{name} has {length} octets, and at most {MAX_DOCUMENT_OCTETS} are allowed")]
    TooLarge {
        /// The document.
        name: String,
        /// Its length.
        length: u64,
    },
    /// Refused: the pages so far are as many as allowed, and there are more documents.
    #[error("the fax has the {most} pages allowed before {name} begins")]
    TooManyPages {
        /// The document that has no room.
        name: String,
        /// The limit for the whole fax.
        most: u32,
    },
}

/// The order of the documents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    sources: Vec<Source>,
    heading: Vec<HeadingField>,
    settings: Settings,
}

impl Plan {
    /// A plan for these documents: the mail's text first, then the attachments as they come. `heading` stands above
    /// the mail's text; it is cut to the renderer's bounds.
    ///
    /// # Errors
    /// [`Refusal`] before anything is drawn.
    pub fn new(sources: Vec<Source>, heading: &[HeadingField], settings: Settings) -> Result<Self, Refusal> {
        if sources.is_empty() {
            return Err(Refusal::Nothing);
        }
        if sources.len() > MAX_DOCUMENTS {
            return Err(Refusal::TooManyDocuments { documents: sources.len() });
        }
        if let Some(source) = sources.iter().find(|source| source.length > MAX_DOCUMENT_OCTETS) {
            return Err(Refusal::TooLarge { name: source.name.clone(), length: source.length });
        }
        let heading = heading
            .iter()
            .filter(|field| !field.value.trim().is_empty())
            .take(MAX_HEADING_FIELDS)
            .map(|field| HeadingField {
                label: shortened(&field.label, MAX_HEADING_CHARACTERS),
                value: shortened(&field.value, MAX_HEADING_CHARACTERS),
            })
            .collect();
        Ok(Self { sources, heading, settings })
    }

    /// The documents in the order they were given.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Indices of [`Plan::sources`] in the order of their pages: the mail's text before the attachments.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        let with = |role| {
            self.sources.iter().enumerate().filter(move |(_, source)| source.role == role).map(|(index, _)| index)
        };
        with(Role::Body).chain(with(Role::Attachment))
    }

    /// What to ask of the renderer for one document, when there are `pages` pages already. Nothing if there is no such
    /// document.
    ///
    /// # Errors
    /// [`Refusal::TooManyPages`] when no page is left for it.
    pub fn request(&self, document: usize, pages: u32) -> Option<Result<Request, Refusal>> {
        let source = self.sources.get(document)?;
        let most = self.settings.limits.pages;
        let left = most.saturating_sub(pages);
        if left == 0 {
            return Some(Err(Refusal::TooManyPages { name: source.name.clone(), most }));
        }
        let text = match source.role {
            Role::Body => TextOptions { typeface: self.settings.body_typeface, heading: self.heading.clone() },
            // A text file is most often a listing, made of columns.
            Role::Attachment => TextOptions { typeface: Typeface::Monospace, heading: Vec::new() },
        };
        Some(Ok(Request {
            kind: source.kind,
            name: shortened(&source.name, MAX_NAME_CHARACTERS),
            stock: self.settings.stock,
            limits: Limits { pages: left, ..self.settings.limits },
            sandbox: self.settings.sandbox,
            pdf_engine: self.settings.pdf_engine,
            pdf_library: self.settings.pdf_library.clone(),
            text,
            length: source.length,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DOCUMENTS, Plan, Refusal, Role, Settings, Source};
    use crate::model::{Resolution, Width};
    use crate::pages::sheet::{Paper, Stock};
    use crate::pages::worker::{HeadingField, Kind, Limits, MAX_DOCUMENT_OCTETS, Request, Typeface};

    fn settings() -> Settings {
        let stock = Stock { widest: Width::A3, resolution: Resolution::Fine, paper: Paper::A4, long_pages: true };
        Settings { limits: Limits { pages: 10, ..Limits::default() }, ..Settings::new(stock) }
    }

    fn source(name: &str, kind: Kind, role: Role) -> Source {
        Source { name: name.into(), kind, role, length: 5 }
    }

    fn field(label: &str, value: &str) -> HeadingField {
        HeadingField { label: label.into(), value: value.into() }
    }

    fn mail() -> Vec<Source> {
        vec![
            source("offer.pdf", Kind::Pdf, Role::Attachment),
            source("the message", Kind::Text, Role::Body),
            source("list.txt", Kind::Text, Role::Attachment),
        ]
    }

    fn plan() -> Plan {
        Plan::new(mail(), &[field("Subject", "Offer\r\nBcc: x"), field("Cc", " ")], settings()).expect("a plan")
    }

    fn request(plan: &Plan, document: usize, pages: u32) -> Result<Request, Refusal> {
        plan.request(document, pages).expect("a document")
    }

    #[test]
    fn the_text_of_the_mail_comes_first_and_alone_has_the_heading() {
        let plan = plan();
        assert_eq!(plan.order().collect::<Vec<_>>(), [1, 0, 2]);
        let body = request(&plan, 1, 0).expect("room");
        assert_eq!(body.text.heading, [field("Subject", "Offer  Bcc: x")]);
        assert_eq!(body.text.typeface, Typeface::Proportional);
        let list = request(&plan, 2, 0).expect("room");
        assert_eq!((list.text.heading.len(), list.text.typeface), (0, Typeface::Monospace));
        assert_eq!(plan.request(3, 0), None);
    }

    #[test]
    fn the_limit_on_pages_holds_for_all_documents_together() {
        let plan = plan();
        assert_eq!(request(&plan, 0, 0).map(|request| request.limits.pages), Ok(10));
        assert_eq!(request(&plan, 0, 9).map(|request| request.limits.pages), Ok(1));
        let refusal = Refusal::TooManyPages { name: "list.txt".into(), most: 10 };
        assert_eq!(request(&plan, 2, 10), Err(refusal));
    }

    #[test]
    fn every_request_is_one_that_the_renderer_takes() {
        let mut sources = mail();
        sources[0].name = "ä".repeat(1000);
        let heading: Vec<_> = (0..50).map(|_| field("Subject", &"x".repeat(5000))).collect();
        let plan = Plan::new(sources, &heading, settings()).expect("a plan");
        for document in plan.order() {
            assert!(request(&plan, document, 0).expect("room").header().is_ok());
        }
    }

    #[test]
    fn what_cannot_be_faxed_is_refused_by_name_before_anything_is_drawn() {
        assert_eq!(Plan::new(vec![], &[], settings()), Err(Refusal::Nothing));
        let many = vec![source("a", Kind::Text, Role::Attachment); MAX_DOCUMENTS + 1];
        assert_eq!(Plan::new(many, &[], settings()), Err(Refusal::TooManyDocuments { documents: MAX_DOCUMENTS + 1 }));
        let large = Source { length: MAX_DOCUMENT_OCTETS + 1, ..source("a.pdf", Kind::Pdf, Role::Attachment) };
        let refusal = Refusal::TooLarge { name: "a.pdf".into(), length: MAX_DOCUMENT_OCTETS + 1 };
        assert_eq!(Plan::new(vec![large], &[], settings()), Err(refusal));
    }
}
