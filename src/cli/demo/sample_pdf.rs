//! The document the demonstration faxes: three pages of a made-up company, as a PDF written here.
//!
//! Not a PDF library: text in the standard fonts (no font file is embedded), straight lines, filled boxes. It has what faxes have:
//! headings, paragraphs, a table, a drawn figure. ISO 32000-1:2008 §7.5 (file structure), §8 (graphics), §9.6.2.2 (standard fonts).

use std::fmt::Write as _;

/// Width of the page in points: A4.
const WIDTH: i32 = 595;
/// Height of the page in points.
const HEIGHT: i32 = 842;
/// Left edge of the text.
const LEFT: i32 = 64;
/// Right edge of the text.
const RIGHT: i32 = WIDTH - 64;
/// First object of the pages: behind catalogue, tree and the three fonts.
const FIRST_PAGE: usize = 6;
/// How many pages the document has.
pub(super) const PAGES: u32 = 3;

/// One of the standard fonts.
// ISO 32000-1 §9.6.2.2
#[derive(Clone, Copy)]
enum Font {
    Text,
    Bold,
    Mono,
}

impl Font {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "F1",
            Self::Bold => "F2",
            Self::Mono => "F3",
        }
    }
}

/// The document.
#[must_use]
pub(super) fn sample() -> Vec<u8> {
    file(&[offer(), figures(), terms()])
}

/// A page being written, from the top down.
struct Sheet {
    content: String,
    /// Height of the next line above the lower edge.
    y: i32,
}

impl Sheet {
    fn new(page: u32) -> Self {
        let mut sheet = Self { content: String::new(), y: HEIGHT - 70 };
        sheet.put(Font::Bold, 10, LEFT, HEIGHT - 44, "Ponte & Figli S.r.l.");
        sheet.put(Font::Text, 10, RIGHT - 58, HEIGHT - 44, &format!("page {page} of {PAGES}"));
        sheet.rule(LEFT, HEIGHT - 50, RIGHT, HEIGHT - 50, 1);
        sheet
    }

    fn put(&mut self, font: Font, size: i32, x: i32, y: i32, text: &str) {
        let _ = writeln!(self.content, "BT /{} {size} Tf {x} {y} Td {} Tj ET", font.name(), literal(text));
    }

    fn heading(&mut self, text: &str) {
        self.y -= 18;
        self.put(Font::Bold, 17, LEFT, self.y, text);
        self.y -= 26;
    }

    fn paragraph(&mut self, lines: &[&str]) {
        for line in lines {
            self.put(Font::Text, 11, LEFT, self.y, line);
            self.y -= 15;
        }
        self.y -= 8;
    }

    fn rule(&mut self, x1: i32, y1: i32, x2: i32, y2: i32, width: i32) {
        let _ = writeln!(self.content, "{width} w {x1} {y1} m {x2} {y2} l S");
    }

    /// A box filled with grey: 0 is black, 100 white.
    fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, percent: i32) {
        let _ = writeln!(self.content, "{}.{:02} g {x} {y} {width} {height} re f 0 g", percent / 100, percent % 100);
    }

    fn table(&mut self, columns: &[i32], rows: &[&[&str]]) {
        self.y -= 8;
        let top = self.y + 14;
        for (index, row) in rows.iter().enumerate() {
            let font = if index == 0 { Font::Bold } else { Font::Text };
            if index == 0 {
                self.fill(LEFT, self.y - 6, RIGHT - LEFT, 20, 75);
            }
            for (x, cell) in columns.iter().zip(*row) {
                self.put(font, 11, x + 6, self.y, cell);
            }
            self.rule(LEFT, self.y - 6, RIGHT, self.y - 6, 1);
            self.y -= 20;
        }
        let bottom = self.y + 14;
        self.rule(LEFT, top, RIGHT, top, 1);
        for x in columns.iter().copied().chain([RIGHT]) {
            self.rule(x, top, x, bottom, 1);
        }
        self.y -= 12;
    }
}

fn offer() -> String {
    let mut sheet = Sheet::new(1);
    sheet.heading("Offer 2026-117");
    sheet.paragraph(&[
        "Via dei Cantieri 8, 00154 Roma          telephone 06 555 0100          fax 06 555 0101",
        "",
        "To the attention of Giulia Verdi, purchasing",
    ]);
    sheet.paragraph(&[
        "Dear Ms Verdi,",
        "",
        "thank you for your enquiry of last week. We are glad to offer the following, delivered to your",
        "site in Ostia. Prices are in euro, without value added tax, and hold for thirty days. Please send",
        "your order signed by fax: it reaches us at the number above at any hour.",
    ]);
    sheet.table(
        &[LEFT, LEFT + 46, LEFT + 272, LEFT + 340, LEFT + 404],
        &[
            &["item", "description", "quantity", "each", "total"],
            &["1", "steel beam IPE 200, 6 m, S275JR", "12", "148.50", "1 782.00"],
            &["2", "base plate 300 x 300 x 20, drilled", "24", "31.20", "748.80"],
            &["3", "anchor bolt M20, hot-dip galvanised", "96", "4.15", "398.40"],
            &["4", "primer, grey, 20 l", "3", "96.00", "288.00"],
            &["5", "delivery and unloading by crane", "1", "310.00", "310.00"],
            &["", "", "", "sum", "3 527.20"],
        ],
    );
    sheet.paragraph(&[
        "Delivery takes two weeks from the day of your order. Beams are cut to length free of charge",
        "when the drawing comes with the order; see the figure on the next page for the dimensions",
        "that we assume.",
        "",
        "With kind regards,",
    ]);
    sheet.y -= 26;
    signature(&mut sheet);
    sheet.paragraph(&["Anna Bianchi"]);
    sheet.content
}

/// A few strokes as by hand.
fn signature(sheet: &mut Sheet) {
    let y = sheet.y;
    let _ = writeln!(
        sheet.content,
        "2 w {} {} m {} {} {} {} {} {} c {} {} {} {} {} {} c S",
        LEFT,
        y + 8,
        LEFT + 22,
        y + 46,
        LEFT + 34,
        y - 14,
        LEFT + 52,
        y + 18,
        LEFT + 66,
        y + 40,
        LEFT + 78,
        y - 6,
        LEFT + 118,
        y + 14
    );
    sheet.y -= 16;
}

fn figures() -> String {
    let mut sheet = Sheet::new(2);
    sheet.heading("Frame and loads");
    sheet.paragraph(&[
        "The frame has six bays of 2.40 m. Each column stands on a base plate with four anchor bolts.",
        "The bars show the load of each bay in kN as we understand your drawing of 12 November.",
    ]);
    frame(&mut sheet);
    bars(&mut sheet);
    sheet.paragraph(&["Dimensions of the base plate:"]);
    for line in [
        "      300            bolts     4 x M20",
        "   +-------+         holes     22 mm",
        "   | o   o |         edge      50 mm",
        "   |   #   | 300     weld      6 mm, all around",
        "   | o   o |         steel     S275JR",
        "   +-------+         finish    primed",
    ] {
        sheet.put(Font::Mono, 11, LEFT, sheet.y, line);
        sheet.y -= 14;
    }
    sheet.content
}

/// Six bays with their diagonals.
fn frame(sheet: &mut Sheet) {
    let (bay, height, bottom) = (74, 96, sheet.y - 110);
    for index in 0..=6 {
        let x = LEFT + index * bay;
        sheet.rule(x, bottom, x, bottom + height, 3);
        sheet.fill(x - 8, bottom - 6, 16, 6, 0);
        if index < 6 {
            let (from, to) = if index % 2 == 0 { (bottom, bottom + height) } else { (bottom + height, bottom) };
            sheet.rule(x, from, x + bay, to, 1);
        }
    }
    sheet.rule(LEFT, bottom + height, LEFT + 6 * bay, bottom + height, 4);
    sheet.y = bottom - 40;
}

/// A diagram of bars in the greys that a fax has to dither.
fn bars(sheet: &mut Sheet) {
    let bottom = sheet.y - 150;
    for (index, load) in [92, 118, 141, 137, 109, 84].into_iter().enumerate() {
        let index = i32::try_from(index).unwrap_or(0);
        let x = LEFT + 20 + index * 74;
        sheet.fill(x, bottom, 36, load, 15 + index * 14);
        sheet.rule(x, bottom, x, bottom + load, 1);
        sheet.rule(x + 36, bottom, x + 36, bottom + load, 1);
        sheet.rule(x, bottom + load, x + 36, bottom + load, 1);
        sheet.put(Font::Text, 10, x + 8, bottom + load + 5, &load.to_string());
        sheet.put(Font::Text, 10, x + 5, bottom - 14, &format!("bay {}", index + 1));
    }
    sheet.rule(LEFT, bottom, RIGHT, bottom, 1);
    sheet.y = bottom - 46;
}

fn terms() -> String {
    let mut sheet = Sheet::new(3);
    sheet.heading("Terms");
    for (number, lines) in [
        (1, ["Orders are binding for us when we have confirmed them in writing; a confirmed fax is", "enough."]),
        (2, ["Payment is due thirty days from the date of the invoice, by bank transfer, without", "deduction."]),
        (
            3,
            [
                "Goods remain ours until they are paid in full. Claims for damage in transport must reach",
                "us within eight days.",
            ],
        ),
        (4, ["Certificates 3.1 according to EN 10204 are delivered with the goods and kept by us for", "ten years."]),
        (5, ["The court of Rome decides disputes that we cannot settle between us.", ""]),
    ] {
        sheet.put(Font::Bold, 11, LEFT, sheet.y, &format!("{number}."));
        for line in lines {
            sheet.put(Font::Text, 11, LEFT + 22, sheet.y, line);
            sheet.y -= 15;
        }
        sheet.y -= 4;
    }
    sheet.heading("Order");
    sheet.paragraph(&["Please return this page by fax to 06 555 0101."]);
    for label in ["Company", "Name", "Place and date", "Signature"] {
        sheet.y -= 18;
        sheet.put(Font::Text, 11, LEFT, sheet.y, label);
        sheet.rule(LEFT + 110, sheet.y - 2, RIGHT, sheet.y - 2, 1);
        sheet.y -= 12;
    }
    for label in ["as offered", "with the changes marked above"] {
        sheet.y -= 20;
        let _ = writeln!(sheet.content, "1 w {LEFT} {} 10 10 re S", sheet.y - 1);
        sheet.put(Font::Text, 11, LEFT + 20, sheet.y, label);
    }
    sheet.content
}

/// A string of PDF. The texts here are ASCII.
// ISO 32000-1 §7.3.4.2
fn literal(text: &str) -> String {
    let mut out = String::from("(");
    for character in text.chars() {
        match character {
            '(' | ')' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            ' '..='~' => out.push(character),
            _ => out.push('?'),
        }
    }
    out.push(')');
    out
}

/// Joins the pages' contents to a file.
// ISO 32000-1 §7.5
fn file(pages: &[String]) -> Vec<u8> {
    let page_object = |index: usize| FIRST_PAGE + index * 2;
    let kids: Vec<String> = (0..pages.len()).map(|index| format!("{} 0 R", page_object(index))).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Count {}/Kids[{}]/MediaBox[0 0 {WIDTH} {HEIGHT}]>>", pages.len(), kids.join(" ")),
    ];
    for font in ["Helvetica", "Helvetica-Bold", "Courier"] {
        objects.push(format!("<</Type/Font/Subtype/Type1/BaseFont/{font}/Encoding/WinAnsiEncoding>>"));
    }
    for (index, content) in pages.iter().enumerate() {
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/Contents {} 0 R/Resources<</Font<</F1 3 0 R/F2 4 0 R/F3 5 0 R>>>>>>",
            page_object(index) + 1
        ));
        objects.push(format!("<</Length {}>>stream\n{content}endstream", content.len()));
    }
    let mut out = String::from("%PDF-1.4\n");
    let mut offsets = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = out.len();
    let _ = write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(out, "{offset:010} 00000 n ");
    }
    let _ = write!(out, "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{PAGES, literal, sample};

    /// The offset that the reference table gives for each object leads to it.
    #[test]
    fn the_reference_table_leads_to_every_object() {
        let octets = sample();
        let text = std::str::from_utf8(&octets).expect("ASCII");
        let start: usize = text
            .rsplit("startxref\n")
            .next()
            .and_then(|rest| rest.lines().next())
            .expect("a start")
            .parse()
            .expect("a number");
        let mut lines = text[start..].lines();
        assert_eq!(lines.next(), Some("xref"));
        let count: usize =
            lines.next().and_then(|line| line.strip_prefix("0 ")).expect("a count").parse().expect("a number");
        assert_eq!(lines.next(), Some("0000000000 65535 f "));
        for number in 1..count {
            let offset: usize = lines.next().expect("an entry")[..10].parse().expect("an offset");
            assert!(text[offset..].starts_with(&format!("{number} 0 obj\n")), "object {number}");
        }
    }

    #[test]
    fn there_are_as_many_pages_as_promised_and_their_lengths_are_right() {
        let octets = sample();
        let text = std::str::from_utf8(&octets).expect("ASCII");
        assert_eq!(text.matches("/Type/Page/").count(), PAGES as usize);
        for part in text.split("<</Length ").skip(1) {
            let (length, rest) = part.split_once(">>stream\n").expect("a stream");
            let length: usize = length.parse().expect("a length");
            assert!(rest[length..].starts_with("endstream"), "{length}");
        }
    }

    #[test]
    fn brackets_in_text_are_escaped() {
        assert_eq!(literal(r"a (b) \ü"), r"(a \(b\) \\?)");
    }

    #[test]
    fn nothing_is_written_outside_the_page() {
        let octets = sample();
        let text = std::str::from_utf8(&octets).expect("ASCII");
        for line in text.lines().filter(|line| line.starts_with("BT ")) {
            let words: Vec<&str> = line.split(' ').collect();
            let (x, y): (i32, i32) = (words[4].parse().expect("x"), words[5].parse().expect("y"));
            assert!((0..super::RIGHT).contains(&x) && (40..super::HEIGHT).contains(&y), "{line}");
        }
    }
}
