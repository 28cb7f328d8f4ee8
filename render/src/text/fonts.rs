//! Fonts, and lines of letters set in them.
//!
//! DejaVu is in the binary, so a page looks the same on every machine. The system's fonts are read only when a text has
//! letters that DejaVu lacks.

use crate::sandbox::FONT_FOLDERS;

use faxramp::pages::worker::Typeface;

use parley::fontique::{Blob, Collection, CollectionOptions, FamilyId, SourceCache};
use parley::style::{FontFamily, FontFamilyName, FontWeight, LineHeight, OverflowWrap, StyleProperty};
use parley::{Alignment, AlignmentOptions, FontContext, Layout, LayoutContext};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Families of the system that one text may use.
const MOST_FAMILIES: usize = 16;
/// Different letters beyond DejaVu that are looked for.
const MOST_LETTERS: usize = 4096;
/// Missing letters that a warning names.
const MOST_NAMED: usize = 8;
/// From one line to the next, in sizes of the letters.
const LINE_HEIGHT: f32 = 1.22;

/// How heavy the letters are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    Regular,
    Bold,
}

/// Sets lines.
pub(super) struct Typesetter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
    families: Vec<FontFamilyName<'static>>,
    /// Points.
    size: f32,
}

impl Typesetter {
    pub(super) fn new(typeface: Typeface) -> Self {
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut collection = Collection::new(options);
        let faces: [fn() -> &'static [u8]; 4] =
            [dejavu::sans::regular, dejavu::sans::bold, dejavu::sans_mono::regular, dejavu::sans_mono::bold];
        for face in faces {
            collection.register_fonts(Blob::new(Arc::new(face())), None);
        }
        // The other DejaVu helps out with letters that one of them lacks.
        let (size, families) = match typeface {
            Typeface::Proportional => (11.0, ["DejaVu Sans", "DejaVu Sans Mono"]),
            Typeface::Monospace => (10.0, ["DejaVu Sans Mono", "DejaVu Sans"]),
        };
        Self {
            fonts: FontContext { collection, source_cache: SourceCache::default() },
            layouts: LayoutContext::new(),
            families: families.map(FontFamilyName::named).to_vec(),
            size,
        }
    }

    /// From one line to the next, in points.
    pub(super) fn line_height(&self) -> f64 {
        f64::from(self.size * LINE_HEIGHT)
    }

    /// Lines of at most `width` points.
    pub(super) fn set(&mut self, text: &str, cut: Cut, width: f64) -> Layout<()> {
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List(Cow::Borrowed(&self.families))));
        builder.push_default(StyleProperty::FontSize(self.size));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(LINE_HEIGHT)));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        if cut == Cut::Bold {
            builder.push_default(StyleProperty::FontWeight(FontWeight::BOLD));
        }
        let mut layout = builder.build(text);
        #[expect(clippy::cast_possible_truncation, reason = "the width of a page")]
        layout.break_all_lines(Some(width as f32));
        layout.align(Alignment::Start, AlignmentOptions::default());
        layout
    }

    /// Adds families of the system for letters that DejaVu lacks. What no font has is told in a sentence.
    pub(super) fn find_fonts_for<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> Option<String> {
        let own: Vec<FamilyId> = self.fonts.collection.family_ids().collect();
        let letters: BTreeSet<char> = words.flat_map(str::chars).filter(|c| !c.is_ascii() && shows(*c)).collect();
        let mut missing: BTreeSet<char> = letters.into_iter().take(MOST_LETTERS).collect();
        self.cover(&own, &mut missing);
        if missing.is_empty() {
            return None;
        }
        self.fonts.collection.load_fonts_from_paths(FONT_FOLDERS);
        let mut others: Vec<(bool, String, FamilyId)> = Vec::new();
        let ids: Vec<FamilyId> = self.fonts.collection.family_ids().filter(|id| !own.contains(id)).collect();
        for id in ids {
            let Some(name) = self.fonts.collection.family_name(id) else { continue };
            // Coloured pictures have no outlines.
            if !name.contains("Color") {
                others.push((!name.contains("Sans"), name.to_owned(), id));
            }
        }
        others.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        for (_, name, id) in others {
            let before = missing.len();
            self.cover(&[id], &mut missing);
            if missing.len() < before {
                self.families.push(FontFamilyName::Named(Cow::Owned(name)));
            }
            if missing.is_empty() || self.families.len() == MOST_FAMILIES {
                break;
            }
        }
        (!missing.is_empty()).then(|| no_font_for(&missing))
    }

    /// Takes the letters from `missing` that these families have.
    fn cover(&mut self, families: &[FamilyId], missing: &mut BTreeSet<char>) {
        let FontContext { collection, source_cache } = &mut self.fonts;
        for &id in families {
            let Some(family) = collection.family(id) else { continue };
            let Some(font) = family.default_font() else { continue };
            let Some(data) = font.load(Some(source_cache)) else { continue };
            let Some(map) = font.charmap_index().charmap(data.as_ref()) else { continue };
            missing.retain(|&letter| map.map(letter).is_none_or(|glyph| glyph == 0));
        }
    }
}

/// Whether a character leaves a mark: joiners, marks of direction and variants do not.
fn shows(character: char) -> bool {
    !character.is_whitespace()
        && !matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}')
}

fn no_font_for(missing: &BTreeSet<char>) -> String {
    let named: Vec<String> =
        missing.iter().take(MOST_NAMED).map(|&letter| format!("U+{:04X}", u32::from(letter))).collect();
    let more = if missing.len() > MOST_NAMED { " and others" } else { "" };
    format!("no font on this machine has the letters {}{more}; boxes stand for them", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{Cut, Typesetter};
    use faxramp::pages::worker::Typeface;

    #[test]
    fn eighty_columns_of_a_listing_fit_between_the_margins_of_a4() {
        let mut typesetter = Typesetter::new(Typeface::Monospace);
        let row = "m".repeat(80);
        assert_eq!(typesetter.set(&row, Cut::Regular, 170.0 / 25.4 * 72.0).len(), 1);
        assert_eq!(typesetter.set(&"m".repeat(81), Cut::Regular, 170.0 / 25.4 * 72.0).len(), 2);
    }

    #[test]
    fn a_word_wider_than_the_page_is_broken_and_never_leaves_it() {
        let mut typesetter = Typesetter::new(Typeface::Proportional);
        let set = typesetter.set(&"W".repeat(500), Cut::Bold, 400.0);
        assert!(set.len() > 5);
        assert!(set.lines().all(|line| line.metrics().advance <= 400.0));
    }

    #[test]
    fn letters_of_europe_need_no_font_of_the_system_and_the_rest_is_named() {
        let mut typesetter = Typesetter::new(Typeface::Monospace);
        assert_eq!(typesetter.find_fonts_for(["Größe, Ελλάδα, Москва, “quoted” – €"].into_iter()), None);
        assert_eq!(typesetter.families.len(), 2);
        let warning = typesetter.find_fonts_for(["\u{10ffff}"].into_iter()).expect("no font has the last code point");
        assert!(warning.contains("U+10FFFF"), "{warning}");
    }

    #[test]
    fn a_hebrew_line_is_set_from_the_right() {
        let mut typesetter = Typesetter::new(Typeface::Proportional);
        let set = typesetter.set("שלום", Cut::Regular, 400.0);
        assert!(set.is_rtl());
        let line = set.lines().next().expect("a line");
        assert!(line.metrics().offset > 300.0, "{}", line.metrics().offset);
    }
}
