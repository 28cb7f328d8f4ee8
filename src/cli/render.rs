//! `faxramp render`: a file drawn to fax pages by the program and with the settings of the server, without a server.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::arguments::Render;
use super::console::{Console, Line, Style};
use super::document::Document;
use super::exit::{Ended, Exit, Failure};
use super::moments::{Moment, span};
use super::{picture, runtime};
use crate::app;
use crate::clock;
use crate::config::Config;
use crate::io::worker;
use crate::mail::{self, DocumentKind, Incoming, Selection};
use crate::model::{Resolution, Width};
use crate::pages::plan::{Plan, Role, Source};
use crate::pages::worker::{ErrorKind, Event, Failure as DrawFailure, Kind, RenderedPage};
use crate::stage::{self, chance, settings};

/// What came of drawing.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) pages: Vec<RenderedPage>,
    engines: Vec<String>,
    pub(super) warnings: Vec<String>,
    took: Duration,
}

/// Draws a file as the server would draw it.
pub(super) fn drawn(document: &Document, mut config: Config) -> Result<Drawn, Failure> {
    // Nothing is dialled, so no trunk's name need be known to the name service.
    config.trunk.clear();
    config.inbound.clear();
    config.allow.clear();
    let runtime = runtime()?;
    let settings = app::settings(&config).map_err(|error| Failure::new(Exit::Config, error.to_string()))?.render;
    let selection = select(document, &settings)?;
    let began = clock::now();
    let mut drawn = runtime.block_on(draw(&settings, &selection))?;
    drawn.took = clock::now().saturating_duration_since(began);
    drawn.warnings.splice(0..0, selection.notes);
    if drawn.pages.is_empty() {
        return Err(Failure::new(Exit::Data, format!("{} has no pages", document.name)));
    }
    Ok(drawn)
}

pub(super) fn run(what: &Render, config: Config, console: &mut Console) -> Ended {
    let document = Document::read(&what.file)?;
    let drawn = drawn(&document, config)?;
    let written = write(what, &drawn.pages)?;
    if what.json {
        console.say_json(&for_programs(&document.name, &drawn, &written));
    } else {
        tell(&document.name, &drawn, &written, console);
    }
    Ok(Exit::Ok)
}

/// The documents of the mail that would carry the file.
fn select(document: &Document, settings: &settings::Render) -> Result<Selection, Failure> {
    let mail = document.mail(("you@localhost", "fax@localhost"), "", "localhost", &Moment::now(), &mut chance);
    let refused = |reason: String| Failure::new(Exit::Data, format!("{}: {reason}", document.name));
    let incoming = Incoming::parse(&mail, &mail::Limits::default()).map_err(|error| refused(error.to_string()))?;
    mail::select(incoming.body, &settings.selection).map_err(|error| refused(error.to_string()))
}

async fn draw(settings: &settings::Render, selection: &Selection) -> Result<Drawn, Failure> {
    let source = |document: &mail::Document| Source {
        name: document.name.clone(),
        kind: match document.kind {
            DocumentKind::Text => Kind::Text,
            DocumentKind::Pdf => Kind::Pdf,
            DocumentKind::Image => Kind::Image,
            DocumentKind::Tiff => Kind::Tiff,
        },
        role: if document.is_body { Role::Body } else { Role::Attachment },
        length: document.bytes.len() as u64,
    };
    let refused = |reason: String| Failure::new(Exit::Data, reason);
    let plan = Plan::new(selection.documents.iter().map(source).collect(), &[], settings.plan.clone())
        .map_err(|refusal| refused(refusal.to_string()))?;
    let mut drawn = Drawn::default();
    for index in plan.order() {
        let document = &selection.documents[index];
        let so_far = u32::try_from(drawn.pages.len()).unwrap_or(u32::MAX);
        let Some(request) = plan.request(index, so_far) else { continue };
        let request = request.map_err(|refusal| refused(refusal.to_string()))?;
        let take = |event| match event {
            Event::Page(page) => drawn.pages.push(page),
            Event::Warning(warning) => drawn.warnings.push(warning),
            Event::Began { engine, .. } => {
                if !drawn.engines.contains(&engine) {
                    drawn.engines.push(engine);
                }
            }
        };
        worker::draw(&settings.worker, &request, &document.bytes, settings.timeout, take)
            .await
            .map_err(|failure| not_drawn(&document.name, &failure))?;
    }
    Ok(drawn)
}

fn not_drawn(name: &str, failure: &DrawFailure) -> Failure {
    let sentence = format!("{name}: {failure}");
    match failure {
        DrawFailure::Document { kind: ErrorKind::Internal, .. } => Failure::new(Exit::Unavailable, sentence),
        DrawFailure::Document { kind: ErrorKind::TooManyPages | ErrorKind::TooLarge, .. } => {
            Failure::new(Exit::Data, sentence).advising("the limits are in [render] of the configuration")
        }
        DrawFailure::Document {
            kind: ErrorKind::Malformed | ErrorKind::Encrypted | ErrorKind::Unsupported, ..
        } => Failure::new(Exit::Data, sentence),
        DrawFailure::Protocol(_) | DrawFailure::Died => Failure::new(Exit::Failed, sentence)
            .advising("the document may be made to break renderers; --log-level debug tells more"),
    }
}

fn write(what: &Render, pages: &[RenderedPage]) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    if let Some(path) = &what.output {
        let octets = stage::render::tiff_of(pages).map_err(|error| Failure::new(Exit::Failed, error))?;
        keep(path, &octets)?;
        written.push(path.clone());
    }
    if let Some(directory) = &what.png {
        std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
        for (index, page) in pages.iter().enumerate() {
            let bitmap = page.bitmap().map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
            let octets = picture::png(&bitmap, page.resolution).map_err(|error| Failure::new(Exit::Failed, error))?;
            let path = directory.join(format!("page-{:03}.png", index + 1));
            keep(&path, &octets)?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Writes a file of a command's result.
pub(super) fn keep(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, octets).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format!("{} cannot be written: {error}", path.display()))
}

fn tell(name: &str, drawn: &Drawn, written: &[PathBuf], console: &mut Console) {
    let count = drawn.pages.len();
    let pages = if count == 1 { "page" } else { "pages" };
    let octets: usize = drawn.pages.iter().map(|page| page.coded.len()).sum();
    console.say(Line::new().and(Style::Good, format!("{name}: {count} {pages}")).and(
        Style::Plain,
        format!(
            "{}, {} dots per inch, {} octets as T.6, drawn by {} in {}",
            widths(&drawn.pages),
            resolutions(&drawn.pages),
            octets,
            drawn.engines.join(", "),
            span(drawn.took)
        ),
    ));
    for warning in &drawn.warnings {
        console.say(Line::new().and(Style::Notable, format!("note: {warning}")));
    }
    for path in written {
        console.say(path.display().to_string());
    }
    if written.is_empty() {
        console.say(Line::new().and(Style::Dim, "nothing was written; -o OUT.tif or --png DIR keep the pages"));
    }
}

/// Which widths there are, where a page is wider than usual.
fn widths(pages: &[RenderedPage]) -> String {
    let found: BTreeSet<Width> =
        pages.iter().filter_map(|page| Width::from_pels(page.width, page.resolution)).collect();
    if found.iter().all(|width| *width == Width::A4) {
        return String::new();
    }
    let names: Vec<&str> = found.iter().map(|width| width.name()).collect();
    format!(" ({})", names.join(", "))
}

/// The resolutions of the pages, the coarsest first: a page that was a fax before keeps its own.
fn resolutions(pages: &[RenderedPage]) -> String {
    let found: BTreeSet<Resolution> = pages.iter().map(|page| page.resolution).collect();
    let names: Vec<String> =
        found.iter().map(|one| format!("{} × {}", one.dots_per_inch(), one.lines_per_inch())).collect();
    names.join(" and ")
}

fn for_programs(name: &str, drawn: &Drawn, written: &[PathBuf]) -> Value {
    let dots = |resolution: Resolution| json!([resolution.dots_per_inch(), resolution.lines_per_inch()]);
    let page = |page: &RenderedPage| {
        let octets = page.coded.len();
        json!({"width": page.width, "rows": page.rows, "octets": octets, "dots_per_inch": dots(page.resolution)})
    };
    json!({
        "document": name,
        "pages": drawn.pages.iter().map(page).collect::<Vec<_>>(),
        // Of the finest page.
        "dots_per_inch": drawn.pages.iter().map(|page| page.resolution).max().map(dots),
        "engines": drawn.engines,
        "warnings": drawn.warnings,
        "milliseconds": u64::try_from(drawn.took.as_millis()).unwrap_or(u64::MAX),
        "files": written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}
