//! Starts the renderer on one document and reads its pages. With `FAXRAMP_PICTURES=folder` each page is also written
//! there as a PNG, to be looked at.

use faxramp::image::Bitmap;
use faxramp::model::{Resolution, Width};
use faxramp::pages::sheet::{Paper, Stock};
use faxramp::pages::worker::{Event, Failure, Kind, Limits, PdfEngine, Request, Response, Sandbox, TextOptions};

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(crate) const FINE: Stock =
    Stock { widest: Width::A3, resolution: Resolution::Fine, paper: Paper::A4, long_pages: true };
pub(crate) const STANDARD: Stock = Stock { resolution: Resolution::Standard, ..FINE };

/// What came of a document.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    pub(crate) engine: String,
    pub(crate) announced: Option<u32>,
    pub(crate) warnings: Vec<String>,
    pub(crate) pages: Vec<Bitmap>,
    pub(crate) resolutions: Vec<Resolution>,
}

pub(crate) fn request(kind: Kind, name: &str, document: &[u8]) -> Request {
    Request {
        kind,
        name: name.into(),
        stock: FINE,
        limits: Limits { pages: 20, ..Limits::default() },
        sandbox: Sandbox::BestEffort,
        pdf_engine: PdfEngine::Auto,
        pdf_library: None,
        text: TextOptions::default(),
        length: document.len() as u64,
    }
}

/// libpdfium as `contrib/fetch-pdfium` leaves it, if it did.
pub(crate) fn pdfium() -> Option<PathBuf> {
    let fetched = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../build/pdfium/libpdfium.so"));
    fetched.is_file().then_some(fetched)
}

pub(crate) fn draw(request: &Request, document: &[u8]) -> Result<Drawn, Failure> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_faxramp-render"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the renderer starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut header = request.header().expect("a request within bounds");
    header.extend_from_slice(document);
    // The child may end before it has read everything, and writes nothing before it has.
    let feeding = std::thread::spawn(move || drop(input.write_all(&header)));
    let mut said = Vec::new();
    child.stdout.take().expect("a pipe").read_to_end(&mut said).expect("the renderer's answer");
    feeding.join().expect("the document was handed over");
    child.wait().expect("the renderer ends");
    let mut response = Response::new(request);
    let handled = response.handle(&said);
    let mut drawn = Drawn::default();
    while let Some(event) = response.poll() {
        match event {
            Event::Began { pages, engine } => (drawn.announced, drawn.engine) = (pages, engine),
            Event::Warning(warning) => drawn.warnings.push(warning),
            Event::Page(page) => {
                drawn.pages.push(page.bitmap().expect("a page as announced"));
                drawn.resolutions.push(page.resolution);
            }
        }
    }
    keep_pictures(request, &drawn);
    handled?;
    response.finish().map(|_| drawn)
}

fn keep_pictures(request: &Request, drawn: &Drawn) {
    for (number, (page, &resolution)) in (1..).zip(drawn.pages.iter().zip(&drawn.resolutions)) {
        let name = format!("{}-{}-{number}", request.name, drawn.engine);
        keep(&name, resolution, page);
    }
}

/// Writes a page for people to look at, if they wish.
pub(crate) fn keep(name: &str, resolution: Resolution, page: &Bitmap) {
    let Some(folder) = std::env::var_os("FAXRAMP_PICTURES") else { return };
    let picture = image::GrayImage::from_fn(page.width(), page.rows(), |x, y| {
        image::Luma([if page.is_black(x, y) { 0 } else { 255 }])
    });
    let name = format!("{name}-{}.png", resolution.lines_per_inch());
    picture.save(PathBuf::from(&folder).join(name)).expect("a picture for people");
}

/// Share of black in a rectangle, in thousandths.
pub(crate) fn black_in(page: &Bitmap, left: u32, top: u32, width: u32, rows: u32) -> u32 {
    let black = (top..top + rows).flat_map(|y| (left..left + width).map(move |x| (x, y)));
    u32::try_from(black.filter(|&(x, y)| page.is_black(x, y)).count() * 1000 / (width * rows) as usize)
        .expect("a share")
}

/// The rows from the first to the last with black in them.
pub(crate) fn inked_rows(page: &Bitmap) -> Option<(u32, u32)> {
    let inked: Vec<u32> = (0..page.rows()).filter(|&row| page.row(row).iter().any(|&octet| octet != 0)).collect();
    Some((*inked.first()?, *inked.last()?))
}

/// The columns from the first to the last with black in them.
pub(crate) fn inked_columns(page: &Bitmap) -> Option<(u32, u32)> {
    let inked: Vec<u32> = (0..page.width()).filter(|&x| (0..page.rows()).any(|y| page.is_black(x, y))).collect();
    Some((*inked.first()?, *inked.last()?))
}

/// What a failed document says.
pub(crate) fn failure(result: Result<Drawn, Failure>) -> (faxramp::pages::worker::ErrorKind, String) {
    match result {
        Err(Failure::Document { kind, message }) => (kind, message),
        other => panic!("an error record was expected, not {other:?}"),
    }
}
