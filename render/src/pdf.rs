//! PDF files: which renderer draws them, and the page sizes that are believed.

mod hayro;
mod pdfium;

use crate::fault::Fault;
use crate::output::Output;
use crate::placement::{LARGEST_SOURCE, Placement, page};

use faxramp::pages::sheet::Stock;
use faxramp::pages::worker::{PdfEngine, Request};

use std::io::Write;
use std::path::Path;

/// A PDF's unit, a 72nd of an inch, in tenths of a millimetre.
// ISO 32000-1 §8.3.2.3
const POINT: f64 = 254.0 / 72.0;

/// The mark at the end of a file.
const END: &[u8] = b"%%EOF";
/// Octets from the end within which readers look for the mark, as some programs write something behind it.
const END_WITHIN: usize = 1024;

/// What draws.
pub(crate) enum Engine {
    /// pdfium, its library loaded and started.
    Pdfium(pdfium::Library),
    /// hayro; the sentence says why it is not pdfium, when that was wished for by nobody.
    Hayro,
}

impl Engine {
    /// Chooses, and loads the library if there is one. Runs outside the sandbox and sees nothing of the document.
    ///
    /// # Errors
    /// When pdfium was asked for by name and its library cannot be loaded.
    pub(crate) fn choose(request: &Request) -> Result<Self, Fault> {
        if request.pdf_engine == PdfEngine::Hayro {
            return Ok(Self::Hayro);
        }
        match (pdfium::Library::load(request.pdf_library.as_deref()), request.pdf_engine) {
            (Ok(library), _) => Ok(Self::Pdfium(library)),
            (Err(_), PdfEngine::Auto) if request.pdf_library.is_none() => Ok(Self::Hayro),
            (Err(reason), _) => Err(Fault::internal(format!("libpdfium cannot be loaded: {reason}"))),
        }
    }

    /// The file of the library that was loaded.
    pub(crate) fn library(&self) -> Option<&Path> {
        match self {
            Self::Pdfium(library) => library.path(),
            Self::Hayro => None,
        }
    }

    /// Draws all pages.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub(crate) fn draw<W: Write>(
        self,
        document: Vec<u8>,
        request: &Request,
        output: &mut Output<W>,
    ) -> Result<(), Fault> {
        if !is_whole(&document) {
            return Err(Fault::malformed("it is no PDF file, or it is cut off: its end is missing"));
        }
        match self {
            Self::Pdfium(library) => pdfium::draw(&library, &document, request, output),
            Self::Hayro => hayro::draw(document, request, output),
        }
    }
}

/// Whether the file has its end. hayro draws what is left of a file that was cut off, and a fax with a page missing is worse than none.
// ISO 32000-1 §7.5.5
fn is_whole(document: &[u8]) -> bool {
    // Some servers fill up with zeros or blank lines what they send.
    let padding = document.iter().rev().take_while(|octet| matches!(octet, 0 | b' ' | b'\t' | b'\r' | b'\n')).count();
    let document = &document[..document.len() - padding];
    document[document.len().saturating_sub(END_WITHIN)..].windows(END.len()).any(|window| window == END)
}

fn not_a_pdf() -> Fault {
    Fault::malformed("it is no PDF file, or it is damaged beyond repair")
}

fn wants_a_password() -> Fault {
    Fault::encrypted("it is encrypted and opens only with a password; send it without one")
}

fn no_pages() -> Fault {
    Fault::malformed("it has no pages, or it is cut off")
}

/// Where a page of this size in points goes, if that is a size.
fn place(number: u32, width: f32, height: f32, stock: Stock) -> Result<Placement, Fault> {
    let (width, height) = (f64::from(width) * POINT, f64::from(height) * POINT);
    if !width.is_finite() || !height.is_finite() || width <= 0.0 || height <= 0.0 {
        return Err(Fault::malformed(format!("page {number} has no size")));
    }
    if width > LARGEST_SOURCE || height > LARGEST_SOURCE {
        return Err(Fault::too_large(format!(
            "page {number} is {:.0} mm by {:.0} mm; a PDF page is {:.0} mm at most",
            width / 10.0,
            height / 10.0,
            LARGEST_SOURCE / 10.0
        )));
    }
    Ok(page(width, height, stock))
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_file_without_its_end_was_cut_off_and_one_with_a_little_behind_it_was_not() {
        assert!(is_whole(b"%PDF-1.4 and so on %%EOF"));
        assert!(is_whole(b"%PDF-1.4 and so on %%EOF\r\n\0\0\0"));
        assert!(is_whole(&[b"%PDF-1.4 %%EOF\n".as_slice(), &[b'x'; 1000], &[0; 5000]].concat()));
        assert!(!is_whole(b"%PDF-1.4 and so on %%EO"));
        // A file for the web has a mark near its beginning as well.
        assert!(!is_whole(&[b"%PDF-1.4 %%EOF\n".as_slice(), &[b'x'; 5000]].concat()));
        assert!(!is_whole(b""));
    }
}
