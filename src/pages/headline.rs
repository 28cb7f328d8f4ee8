//! The line at the head of each fax page: date and time, who sends, page n of m.
//!
//! Drawn straight onto the bilevel page, because its words are known only when the call is made (the time, and pages left
//! when a fax is resumed). It never covers anything: where the top of the page is blank it goes there, else the page
//! grows. Law wants it in several countries; T.30 leaves it open.
//!
//! It sets letters one after the other from left to right, in DejaVu; scripts that need more than that are not for it.
// 47 CFR §68.318(d): date, time, sender and number in a margin at the top or bottom of each page.

use crate::image::Bitmap;
use crate::model::Resolution;
use crate::pages::sheet::{pels_in, rows_in};

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use std::sync::LazyLock;

/// Height of the line of letters from the top of the tallest to the bottom of the lowest, in tenths of a millimetre.
const LETTERS: u32 = 32;
/// Height of the whole strip, with what is free above and below the letters.
const STRIP: u32 = 40;
/// Free at the left and the right edge; fax machines do not print to the edge.
const SIDE: u32 = 70;
/// Free between two of the three texts.
const GAP: u32 = 30;
/// Share of a picture element that a letter must cover to make it black; less than a half keeps thin strokes.
const INK: f32 = 0.38;
/// Percent of the line that the left text may take, and the right one.
const MOST_AT_A_SIDE: u32 = 42;
/// Characters of one text that are looked at.
const MOST_CHARACTERS: usize = 200;

static FONT: LazyLock<FontRef<'static>> =
    LazyLock::new(|| FontRef::try_from_slice(dejavu::sans::bold()).expect("DejaVu is a font"));

/// The three texts; any may be empty. One that is too long ends in `…`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeadlineText {
    /// At the left edge: date and time.
    pub left: String,
    /// In the middle: the sender's name and number, and whom it is for.
    pub middle: String,
    /// At the right edge: `page 1 of 3`.
    pub right: String,
}

/// Lines that the headline takes at this resolution; a page grows by so many at most.
#[must_use]
pub const fn headline_rows(resolution: Resolution) -> u32 {
    rows_in(STRIP, resolution)
}

/// The page with its headline. A page whose first [`headline_rows`] are white keeps its length.
#[must_use]
pub fn headline(page: &Bitmap, resolution: Resolution, text: &HeadlineText) -> Bitmap {
    let strip = strip(page.width(), resolution, text);
    let margin = page.iter_rows().take_while(|row| row.iter().all(|&octet| octet == 0)).count();
    if margin >= strip.rows() as usize {
        let mut page = page.clone();
        page.stamp(&strip, 0, 0);
        page
    } else {
        let mut taller = strip;
        taller.append(page);
        taller
    }
}

fn strip(width: u32, resolution: Resolution, text: &HeadlineText) -> Bitmap {
    let mut strip = Bitmap::white(width, headline_rows(resolution));
    let pen = Pen::new(resolution);
    let side = pels_in(SIDE, resolution);
    let gap = pels_in(GAP, resolution);
    let Some(line) = width.checked_sub(2 * side).filter(|&line| line > 2 * gap) else { return strip };
    let most = line * MOST_AT_A_SIDE / 100;
    let left = pen.fitted(&text.left, most);
    let right = pen.fitted(&text.right, most);
    pen.write(&mut strip, &left.text, side);
    pen.write(&mut strip, &right.text, side + line - right.pels);
    let free_from = side + left.pels + gap;
    let free_to = side + line - right.pels - gap;
    let middle = pen.fitted(&text.middle, free_to.saturating_sub(free_from));
    // In the middle of the page where it fits there, else as near as it goes.
    let centred = width.saturating_sub(middle.pels) / 2;
    let at = centred.clamp(free_from, free_to.saturating_sub(middle.pels).max(free_from));
    pen.write(&mut strip, &middle.text, at);
    strip
}

/// A text that fits, and how wide it is.
struct Fitted {
    text: String,
    pels: u32,
}

/// Letters at the two scales of a resolution.
struct Pen {
    scale: PxScale,
    baseline: f32,
}

impl Pen {
    fn new(resolution: Resolution) -> Self {
        let tenths = |tenths: u32, dots: u32| f32::from(u16::try_from(tenths * dots).unwrap_or(u16::MAX)) / 254.0;
        let scale =
            PxScale { x: tenths(LETTERS, resolution.dots_per_inch()), y: tenths(LETTERS, resolution.lines_per_inch()) };
        let above = tenths((STRIP - LETTERS) / 2, resolution.lines_per_inch());
        let baseline = (above + FONT.as_scaled(scale).ascent()).round();
        Self { scale, baseline }
    }

    fn fitted(&self, text: &str, most: u32) -> Fitted {
        let mut text: String = text.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect();
        let mut pels = self.pels(&text);
        if pels > most {
            while pels > most && !text.is_empty() {
                text.pop();
                pels = self.pels(&format!("{}…", text.trim_end()));
            }
            text = if text.is_empty() { text } else { format!("{}…", text.trim_end()) };
            pels = self.pels(&text);
        }
        Fitted { text, pels }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand at most")]
    fn pels(&self, text: &str) -> u32 {
        self.glyphs(text).1.ceil() as u32
    }

    fn write(&self, strip: &mut Bitmap, text: &str, left: u32) {
        for glyph in self.glyphs(text).0 {
            let Some(outline) = FONT.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers within a page")]
            let (x0, y0) = (bounds.min.x as i64 + i64::from(left), bounds.min.y as i64);
            outline.draw(|x, y, coverage| {
                let (x, y) = (u32::try_from(x0 + i64::from(x)), u32::try_from(y0 + i64::from(y)));
                if let (Ok(x), Ok(y)) = (x, y)
                    && coverage > INK
                {
                    strip.set(x, y, true);
                }
            });
        }
    }

    /// The letters from x = 0, and where they end.
    fn glyphs(&self, text: &str) -> (Vec<Glyph>, f32) {
        let font = FONT.as_scaled(self.scale);
        let mut at = 0.0;
        let mut last = None;
        let mut glyphs = Vec::new();
        for character in text.chars() {
            let id = font.glyph_id(character);
            if let Some(last) = last {
                at += font.kern(last, id);
            }
            glyphs.push(id.with_scale_and_position(self.scale, point(at, self.baseline)));
            at += font.h_advance(id);
            last = Some(id);
        }
        (glyphs, at)
    }
}

#[cfg(test)]
mod tests {
    use super::{HeadlineText, headline, headline_rows};
    use crate::image::Bitmap;
    use crate::model::Resolution;

    const RESOLUTIONS: [Resolution; 6] = Resolution::ALL;

    fn text() -> HeadlineText {
        HeadlineText {
            left: "22 Nov 2026 19:15 +0100".into(),
            middle: "Müller & Söhne GmbH  +49 89 1234567 → +39 06 1234567".into(),
            right: "page 1 of 12".into(),
        }
    }

    fn black_between(page: &Bitmap, columns: std::ops::Range<u32>) -> usize {
        (0..page.rows())
            .flat_map(|y| columns.clone().map(move |x| (x, y)))
            .filter(|&(x, y)| page.is_black(x, y))
            .count()
    }

    #[test]
    fn it_is_about_four_millimetres_high_at_every_resolution() {
        assert_eq!(RESOLUTIONS.map(headline_rows), [15, 31, 62, 47, 62, 63]);
    }

    #[test]
    fn a_white_margin_takes_it_and_the_page_keeps_its_length_and_content() {
        for resolution in RESOLUTIONS {
            let mut page = Bitmap::white(1728, 500);
            page.set(5, headline_rows(resolution), true);
            let with = headline(&page, resolution, &text());
            assert_eq!((with.width(), with.rows()), (1728, 500));
            assert!(with.is_black(5, headline_rows(resolution)));
            assert!(with.black_count() > 500, "{}", with.black_count());
        }
    }

    #[test]
    fn content_at_the_very_top_is_never_covered_and_the_page_grows() {
        for resolution in RESOLUTIONS {
            let rows = headline_rows(resolution);
            let mut page = Bitmap::white(1728, 500);
            for x in 0..1728 {
                page.set(x, rows - 1, true);
            }
            let with = headline(&page, resolution, &text());
            assert_eq!(with.rows(), 500 + rows);
            assert_eq!(with.crop_rows(rows, 500), page);
        }
    }

    #[test]
    fn the_three_texts_stand_left_middle_and_right_within_the_edges() {
        let with = headline(&Bitmap::white(1728, 100), Resolution::Fine, &text());
        assert_eq!(black_between(&with, 0..55) + black_between(&with, 1673..1728), 0);
        for columns in [56..400, 600..1200, 1500..1673] {
            assert!(black_between(&with, columns.clone()) > 200, "{columns:?}");
        }
    }

    #[test]
    fn texts_that_are_too_long_never_touch_one_another() {
        let long = HeadlineText { left: "M".repeat(300), middle: "W".repeat(300), right: "page 1 of 3".into() };
        let with = headline(&Bitmap::white(1728, 100), Resolution::Fine, &long);
        let white_run = |from: u32, to: u32| {
            (from..to).fold((0u32, 0u32), |(run, longest), x| {
                let run = if black_between(&with, x..x + 1) == 0 { run + 1 } else { 0 };
                (run, longest.max(run))
            })
        };
        // Letters are at most 6 elements apart; the texts 24.
        assert!(white_run(600, 800).1 >= 20, "{:?}", white_run(600, 800));
        assert!(white_run(1300, 1600).1 >= 20, "{:?}", white_run(1300, 1600));
        assert_eq!(black_between(&with, 1673..1728), 0);
    }

    #[test]
    fn a_page_too_narrow_for_words_is_left_without() {
        let with = headline(&Bitmap::white(64, 100), Resolution::Fine, &text());
        assert_eq!(with, Bitmap::white(64, 100));
    }
}
