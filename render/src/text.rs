//! Plain text: set in DejaVu on A4 or Letter, black and white without greys.
//!
//! Lines are wrapped at words, and within a word that is wider than the page. A tab goes to the next column of
//! eight, a form feed to the next page. Right-to-left paragraphs are set so. Letters that DejaVu lacks come from
//! the fonts of the system; what is nowhere is named in a warning.

mod decode;
mod fonts;
mod leaf;

use crate::fault::Fault;
use crate::output::Output;

use fonts::{Cut, Typesetter};
use leaf::{Leaf, Margins};

use faxramp::pages::sheet::Sheet;
use faxramp::pages::worker::{HeadingField, Request, Typeface};
use std::io::Write;

/// Characters set as one paragraph; longer lines are cut into several.
const MOST_CHARACTERS_A_PARAGRAPH: usize = 4000;
/// Columns from one tab stop to the next.
const TAB: usize = 8;
/// Lines with columns that make a table.
const LINES_OF_A_TABLE: usize = 2;
/// Space between the labels and the values of the heading, in points.
const LABEL_GAP: f64 = 8.0;
/// Space between the heading, its rule and the text, in points.
const RULE_GAP: f64 = 12.0;

pub(crate) fn draw<W: Write>(document: &[u8], request: &Request, output: &mut Output<W>) -> Result<(), Fault> {
    let text = decode::decode(document);
    let heading = &request.text.heading;
    let typeface = if has_columns(&text) { Typeface::Monospace } else { request.text.typeface };
    let mut typesetter = Typesetter::new(typeface);
    let words = heading.iter().flat_map(|field| [field.label.as_str(), field.value.as_str()]).chain([text.as_str()]);
    let missing = typesetter.find_fonts_for(words);
    output.begin(None, "text")?;
    if let Some(warning) = missing {
        output.warning(&warning)?;
    }
    let mut pages = Pages { margins: Margins::of(request.stock.common()), leaf: None, output, request };
    pages.heading(heading, &mut typesetter)?;
    // Blank lines, and a form feed, at the very end would only make a blank page.
    let text = text.trim_end();
    for (number, sheet) in text.split('\u{c}').enumerate().filter(|_| !text.is_empty()) {
        if number > 0 {
            pages.turn_over()?;
        }
        for line in sheet.split('\n') {
            pages.paragraph(line, &mut typesetter)?;
        }
    }
    pages.finish()
}

/// Whether a text is laid out in columns with tabs or blanks; letters of their own widths would put it out of line.
fn has_columns(text: &str) -> bool {
    let in_columns = |line: &&str| {
        let line = line.trim();
        line.contains('\t') || line.contains("   ")
    };
    text.split(['\n', '\u{c}']).filter(in_columns).take(LINES_OF_A_TABLE).count() == LINES_OF_A_TABLE
}

/// The pages as they fill.
struct Pages<'a, W> {
    margins: Margins,
    leaf: Option<Leaf>,
    output: &'a mut Output<W>,
    request: &'a Request,
}

impl<W: Write> Pages<'_, W> {
    fn heading(&mut self, fields: &[HeadingField], typesetter: &mut Typesetter) -> Result<(), Fault> {
        if fields.is_empty() {
            return Ok(());
        }
        let labels: Vec<_> = fields
            .iter()
            .map(|field| typesetter.set(&clean(&format!("{}:", field.label)), Cut::Bold, self.margins.width))
            .collect();
        let column = labels.iter().map(|label| f64::from(label.width())).fold(0.0, f64::max) + LABEL_GAP;
        for (label, field) in labels.iter().zip(fields) {
            let value = typesetter.set(&clean(&field.value), Cut::Regular, self.margins.width - column);
            for (number, line) in value.lines().enumerate() {
                let height = f64::from(line.metrics().line_height);
                let leaf = self.room_for(height)?;
                if number == 0
                    && let Some(line) = label.lines().next()
                {
                    leaf.write(&line, 0.0);
                }
                leaf.write(&line, column);
                leaf.advance(height);
            }
        }
        let leaf = self.room_for(2.0 * RULE_GAP)?;
        leaf.advance(RULE_GAP / 3.0);
        leaf.rule();
        leaf.advance(RULE_GAP);
        Ok(())
    }

    fn paragraph(&mut self, line: &str, typesetter: &mut Typesetter) -> Result<(), Fault> {
        let line = with_tabs_spread(line);
        if line.trim().is_empty() {
            let height = typesetter.line_height();
            // Blank lines do not begin a page of their own.
            if self.leaf.as_ref().is_none_or(|leaf| leaf.has_room_for(height)) {
                self.room_for(height)?.advance(height);
            }
            return Ok(());
        }
        for piece in pieces(&line) {
            let set = typesetter.set(piece, Cut::Regular, self.margins.width);
            for line in set.lines() {
                let height = f64::from(line.metrics().line_height);
                let leaf = self.room_for(height)?;
                leaf.write(&line, 0.0);
                leaf.advance(height);
            }
        }
        Ok(())
    }

    fn room_for(&mut self, height: f64) -> Result<&mut Leaf, Fault> {
        if self.leaf.as_ref().is_some_and(|leaf| !leaf.has_room_for(height)) {
            self.turn_over()?;
        }
        let sheet = self.sheet();
        Ok(self.leaf.get_or_insert_with(|| Leaf::new(sheet, self.margins)))
    }

    /// Text is set on the paper of the settings.
    fn sheet(&self) -> Sheet {
        self.request.stock.common()
    }

    fn turn_over(&mut self) -> Result<(), Fault> {
        let full = self.leaf.take().unwrap_or_else(|| Leaf::new(self.sheet(), self.margins));
        self.output.page(&full.into_bitmap()?, self.sheet())
    }

    fn finish(mut self) -> Result<(), Fault> {
        match self.leaf {
            Some(_) => self.turn_over(),
            None => Ok(()),
        }
    }
}

/// One line for the heading: no line feeds or tabs in it.
fn clean(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn with_tabs_spread(line: &str) -> String {
    let mut spread = String::with_capacity(line.len());
    let mut column = 0;
    for character in line.chars() {
        if character == '\t' {
            let stop = (column / TAB + 1) * TAB;
            spread.extend(std::iter::repeat_n(' ', stop - column));
            column = stop;
        } else {
            spread.push(character);
            column += 1;
        }
    }
    spread
}

fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(MOST_CHARACTERS_A_PARAGRAPH).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::{has_columns, pieces, with_tabs_spread};

    #[test]
    fn tabs_go_to_the_next_column_of_eight() {
        assert_eq!(with_tabs_spread("a\tbc\td"), "a       bc      d");
        assert_eq!(with_tabs_spread("12345678\tx"), "12345678        x");
        assert_eq!(with_tabs_spread("ä\tx"), "ä       x");
    }

    #[test]
    fn a_table_is_known_by_its_columns_and_prose_is_not_taken_for_one() {
        assert!(has_columns("Our offer:\n\nItem\tPrice\nBolt\t1.20\n"));
        assert!(has_columns("1    Bolt\n2    Nut\n"));
        assert!(!has_columns("    A paragraph that begins with blanks.\n\tAnother.   \nOne   gap.\n"));
    }

    #[test]
    fn an_endless_line_is_cut_between_characters() {
        let line = "ö".repeat(9000);
        let lengths: Vec<_> = pieces(&line).map(|piece| piece.chars().count()).collect();
        assert_eq!(lengths, [4000, 4000, 1000]);
        assert_eq!(pieces("").count(), 0);
    }
}
