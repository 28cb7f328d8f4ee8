//! PDF by pdfium, Chromium's renderer, from a library that is loaded when the process starts.

use super::{no_pages, not_a_pdf, place, wants_a_password};
use crate::fault::Fault;
use crate::output::Output;
use crate::placement::{Placement, Turn};
use crate::strokes::thicken;

use faxramp::image::Grey;
use faxramp::pages::worker::Request;

use pdfium_render::prelude::{
    PdfBitmapFormat, PdfDocument, PdfPageRenderRotation, PdfRenderConfig, Pdfium, PdfiumError, PdfiumInternalError,
    PdfiumLibraryConfig,
};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The library's name.
const FILE_NAME: &str = "libpdfium.so";
/// Where `contrib/fetch-pdfium` puts it, below the source tree; looked for above the binary.
const BUILD_FOLDER: &str = "build/pdfium";
/// How many folders above the binary may be the source tree: `target/debug/deps`.
const MOST_FOLDERS_UP: usize = 4;

/// The library, loaded and started.
pub(crate) struct Library {
    pdfium: Pdfium,
    path: Option<PathBuf>,
}

impl Library {
    /// Loads it: from `path` if given; else from `LIBPDFIUM`, beside the binary, the build folder, or where the system
    /// keeps libraries, the first that is there.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, String> {
        let found = path.map(Path::to_path_buf).or_else(find);
        let bindings = match &found {
            Some(path) => Pdfium::bind_to_library(path).map_err(|error| format!("{}: {error:?}", path.display()))?,
            None => Pdfium::bind_to_system_library().map_err(|_| "no libpdfium.so was found".to_owned())?,
        };
        // The default configuration asks for Skia, which the builds in use lack.
        let configuration = PdfiumLibraryConfig::new().set_renderer_anti_grain_geometry();
        Ok(Self { pdfium: Pdfium::new_with_config(bindings, configuration), path: found })
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

fn find() -> Option<PathBuf> {
    let named = std::env::var_os("LIBPDFIUM").map(PathBuf::from);
    let binary = std::env::current_exe().ok();
    let beside = binary.as_deref().and_then(Path::parent).map(|folder| folder.join(FILE_NAME));
    let built = binary
        .iter()
        .flat_map(|binary| binary.ancestors().skip(1).take(MOST_FOLDERS_UP))
        .map(|folder| folder.join(BUILD_FOLDER).join(FILE_NAME));
    named.into_iter().chain(beside).chain(built).find(|path| path.is_file())
}

pub(super) fn draw<W: Write>(
    library: &Library,
    document: &[u8],
    request: &Request,
    output: &mut Output<W>,
) -> Result<(), Fault> {
    let mut document = library.pdfium.load_pdf_from_byte_slice(document, None).map_err(|error| refused(&error))?;
    let pages = u32::try_from(document.pages().len()).unwrap_or(0);
    if pages == 0 {
        return Err(no_pages());
    }
    output.begin(Some(pages), "pdfium")?;
    for number in 1..=pages {
        draw_page(&mut document, number, request, output)?;
    }
    Ok(())
}

fn draw_page<W: Write>(
    document: &mut PdfDocument<'_>,
    number: u32,
    request: &Request,
    output: &mut Output<W>,
) -> Result<(), Fault> {
    let damaged = |error: PdfiumError| Fault::malformed(format!("page {number} cannot be drawn ({error:?})"));
    let index = i32::try_from(number - 1).map_err(|_| no_pages())?;
    let page = document.pages().get(index).map_err(damaged)?;
    let at = place(number, page.width().value, page.height().value, request.stock)?;
    let drawn = page.render_with_config(&configuration(&at)).map_err(damaged)?;
    let elements = drawn.as_raw_bytes();
    // Rows are filled up to whole words.
    let stride = (elements.len() / at.rows as usize).max(1);
    let rows = elements.chunks_exact(stride).filter_map(|row| row.get(..at.width as usize));
    let mut page = Grey::from_octets(at.width, at.rows, rows.flatten().copied().collect())
        .ok_or_else(|| Fault::internal(format!("page {number} came out in {} octets", elements.len())))?;
    thicken(&mut page);
    output.grey_page(&page, &at)
}

fn configuration(at: &Placement) -> PdfRenderConfig {
    let turn = match at.turn {
        Turn::No => PdfPageRenderRotation::None,
        Turn::Left => PdfPageRenderRotation::Degrees270,
    };
    PdfRenderConfig::new()
        .set_fixed_size(at.width.cast_signed(), at.rows.cast_signed())
        .rotate(turn, false)
        .set_format(PdfBitmapFormat::Gray)
        // A grey bitmap with the order of octets reversed, as is the default, makes pdfium abort on any filled rectangle.
        .set_reverse_byte_order(false)
        .use_grayscale_rendering(true)
        .use_print_quality(true)
        .render_annotations(true)
        .render_form_data(true)
}

fn refused(error: &PdfiumError) -> Fault {
    let PdfiumError::PdfiumLibraryInternalError(reason) = error else { return not_a_pdf() };
    match reason {
        PdfiumInternalError::PasswordError => wants_a_password(),
        PdfiumInternalError::SecurityError => Fault::encrypted("it is encrypted in a way that is not known here"),
        PdfiumInternalError::FileError
        | PdfiumInternalError::FormatError
        | PdfiumInternalError::PageError
        | PdfiumInternalError::Unknown => not_a_pdf(),
    }
}
