//! One page of text while it fills from the top.

use crate::fault::Fault;

use faxramp::image::Bitmap;
use faxramp::pages::sheet::Sheet;

use parley::layout::{Line, PositionedLayoutItem};
use vello_cpu::color::palette::css::BLACK;
use vello_cpu::kurbo::{Affine, Rect};
use vello_cpu::{Glyph, Pixmap, RenderContext, Resources};

/// Points in an inch.
const POINTS: f64 = 72.0;
/// Left and right of the text, in tenths of a millimetre of the paper.
const SIDE: u32 = 200;
/// Above the text; the headline of the fax takes a part of it.
const ABOVE: u32 = 180;
/// Below the text.
const BELOW: u32 = 150;
/// Share of a picture element, in 255ths, that a letter must cover to make it black. Below a half, so that thin strokes
/// survive the coarse lines of a fax.
const INK: u8 = 96;
/// Thickness of a rule, in points.
const RULE: f64 = 0.8;

/// Where the text stands, in points of the fax page.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Margins {
    left: f64,
    top: f64,
    bottom: f64,
    /// Width of a line of text.
    pub(super) width: f64,
}

impl Margins {
    pub(super) fn of(sheet: Sheet) -> Self {
        let line = f64::from(sheet.pels()) / f64::from(sheet.resolution.dots_per_inch()) * POINTS;
        let paper = points(sheet.paper.width()).min(line);
        let side = points(SIDE);
        Self {
            left: (line - paper) / 2.0 + side,
            top: points(ABOVE),
            bottom: points(sheet.paper.height() - BELOW),
            width: paper - 2.0 * side,
        }
    }
}

/// A page that fills.
pub(super) struct Leaf {
    context: RenderContext,
    resources: Resources,
    margins: Margins,
    onto_page: Affine,
    /// Where the next line begins, in points from the top of the page.
    at: f64,
}

impl Leaf {
    pub(super) fn new(sheet: Sheet, margins: Margins) -> Self {
        let dots = f64::from(sheet.resolution.dots_per_inch()) / POINTS;
        let lines = f64::from(sheet.resolution.lines_per_inch()) / POINTS;
        let edge = "a sheet is a few thousand elements wide and long";
        let width = u16::try_from(sheet.pels()).expect(edge);
        let rows = u16::try_from(sheet.rows()).expect(edge);
        let mut context = RenderContext::new(width, rows);
        context.set_aliasing_threshold(Some(INK));
        context.set_paint(BLACK);
        let onto_page = Affine::scale_non_uniform(dots, lines);
        Self { context, resources: Resources::new(), margins, onto_page, at: margins.top }
    }

    pub(super) fn has_room_for(&self, height: f64) -> bool {
        self.at + height <= self.margins.bottom || self.at <= self.margins.top
    }

    /// Goes down, in points.
    pub(super) fn advance(&mut self, height: f64) {
        self.at += height;
    }

    /// Writes a line here, `indent` points to the right.
    pub(super) fn write(&mut self, line: &Line<'_, ()>, indent: f64) {
        let top = f64::from(line.metrics().block_min_coord);
        let shift = Affine::translate((self.margins.left + indent, self.at - top));
        self.context.set_transform(self.onto_page * shift);
        for item in line.items() {
            let PositionedLayoutItem::GlyphRun(glyphs) = item else { continue };
            let run = glyphs.run();
            let variation: Vec<i16> = run.normalized_coords().iter().map(|coordinate| coordinate.to_bits()).collect();
            let drawn = self
                .context
                .glyph_run(&mut self.resources, run.font())
                .font_size(run.font_size())
                .normalized_coords(&variation)
                // Hinting is for squares; these picture elements are none.
                .hint(false)
                .fill_glyphs(glyphs.positioned_glyphs().map(|glyph| Glyph { id: glyph.id, x: glyph.x, y: glyph.y }));
            // A font whose outlines cannot be read leaves a gap, not a lost page.
            let _ = drawn;
        }
    }

    /// Draws a rule across the text.
    pub(super) fn rule(&mut self) {
        self.context.set_transform(self.onto_page);
        let (left, top) = (self.margins.left, self.at);
        self.context.fill_rect(&Rect::new(left, top, left + self.margins.width, top + RULE));
    }

    pub(super) fn into_bitmap(mut self) -> Result<Bitmap, Fault> {
        self.context.flush();
        let (width, rows) = (self.context.width(), self.context.height());
        let mut drawn = Pixmap::new(width, rows);
        self.context.render(&mut drawn, &mut self.resources);
        let packed = drawn.data().chunks_exact(width.into()).flat_map(|line| {
            line.chunks(8).map(|octet| {
                octet
                    .iter()
                    .enumerate()
                    .fold(0, |packed, (bit, element)| packed | if element.a > 127 { 0x80 >> bit } else { 0 })
            })
        });
        Bitmap::from_packed(width.into(), packed.collect())
            .ok_or_else(|| Fault::internal("a page of text came out in another size"))
    }
}

fn points(tenths: u32) -> f64 {
    f64::from(tenths) / 254.0 * POINTS
}
