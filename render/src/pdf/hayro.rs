//! PDF by hayro, the renderer in Rust that is built in.

use super::{no_pages, not_a_pdf, place, wants_a_password};
use crate::fault::Fault;
use crate::output::Output;
use crate::placement::{Placement, Turn};
use crate::strokes::thicken;

use faxramp::image::Grey;
use faxramp::pages::worker::Request;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};
use std::io::Write;

pub(super) fn draw<W: Write>(document: Vec<u8>, request: &Request, output: &mut Output<W>) -> Result<(), Fault> {
    let document = Pdf::new(document).map_err(refused)?;
    let pages = document.pages();
    if pages.is_empty() {
        return Err(no_pages());
    }
    output.begin(Some(u32::try_from(pages.len()).unwrap_or(u32::MAX)), "hayro")?;
    let cache = RenderCache::new();
    for (number, page) in (1..).zip(pages.iter()) {
        let declared = page.intersected_crop_box();
        if declared.width() <= 0.0 || declared.height() <= 0.0 {
            return Err(Fault::malformed(format!("page {number} has no size")));
        }
        let (width, height) = page.render_dimensions();
        let at = place(number, width, height, request.stock)?;
        let drawn = draw_page(page, &cache, &at, (width.into(), height.into()))?;
        let mut drawn = Grey::from_octets(at.width, at.rows, drawn)
            .ok_or_else(|| Fault::internal(format!("page {number} came out in another size")))?;
        thicken(&mut drawn);
        output.grey_page(&drawn, &at)?;
    }
    Ok(())
}

/// The page in greys, `at.width` by `at.rows`.
fn draw_page<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    at: &Placement,
    (width, height): (f64, f64),
) -> Result<Vec<u8>, Fault> {
    let too_large = |_| Fault::internal("a page larger than the renderer draws");
    let mut context =
        RenderContext::new(u16::try_from(at.width).map_err(too_large)?, u16::try_from(at.rows).map_err(too_large)?);
    let (across, down) = (f64::from(at.width), f64::from(at.rows));
    let onto_page = match at.turn {
        Turn::No => Affine::scale_non_uniform(across / width, down / height),
        // (x, y) goes to (y, width - x).
        Turn::Left => {
            Affine::scale_non_uniform(across / height, down / width) * Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, width])
        }
    };
    let transform = onto_page * page.initial_transform(true).to_kurbo();
    render_into(page, cache, &InterpreterSettings::default(), &RenderSettings::default(), &mut context, transform);
    context.flush();
    let mut drawn = Pixmap::new(context.width(), context.height());
    let white = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() };
    context.render_with(&mut drawn, &mut Resources::default(), white);
    Ok(drawn.data().iter().map(|element| luminance(element.r, element.g, element.b)).collect())
}

/// Weights as in ITU-R BT.601, in 256ths.
fn luminance(red: u8, green: u8, blue: u8) -> u8 {
    let weighted = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
    u8::try_from(weighted >> 8).unwrap_or(u8::MAX)
}

fn refused(error: LoadPdfError) -> Fault {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => wants_a_password(),
        LoadPdfError::Decryption(
            DecryptionError::MissingIDEntry
            | DecryptionError::InvalidEncryption
            | DecryptionError::UnsupportedAlgorithm,
        ) => Fault::encrypted("it is encrypted in a way that is not known here"),
        LoadPdfError::Invalid => not_a_pdf(),
    }
}
