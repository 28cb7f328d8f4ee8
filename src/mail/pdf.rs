//! A fax as PDF: each page's T.6 data goes in as it is, at its exact size. Not a PDF library: one picture a page, nothing else.
//!
//! ISO 32000-1:2008 §7.4.6 (CCITTFaxDecode), §7.5 (file structure), §14.3.3 (document information).

use std::io::Write as _;

use jiff::Zoned;

/// One page of a fax.
#[derive(Clone, Copy, Debug)]
pub struct PdfPage<'a> {
    /// The page coded by T.6 (MMR); black is 1 and the first picture element is the highest bit.
    pub mmr: &'a [u8],
    /// Picture elements in a line.
    pub width: u32,
    /// Lines.
    pub rows: u32,
    /// Picture elements per inch, across.
    pub dots_per_inch: u32,
    /// Lines per inch, down.
    pub lines_per_inch: u32,
}

/// Writes the pages as one PDF; `title` is shown by viewers, `created` is when the fax was made.
#[must_use]
pub fn pdf(pages: &[PdfPage<'_>], title: &str, created: Option<&Zoned>) -> Vec<u8> {
    let octets: usize = pages.iter().map(|page| page.mmr.len() + 600).sum();
    let mut file = File { out: Vec::with_capacity(octets + 1024), offsets: Vec::new() };
    // The comment of high octets marks the file as binary. ISO 32000-1 §7.5.2
    file.out.extend_from_slice(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    file.object("<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</DisplayDocTitle true>>>>");
    let kids: String = (0..pages.len()).map(|index| format!("{} 0 R ", FIRST_PAGE + index * 3)).collect();
    file.object(&format!("<</Type/Pages/Count {}/Kids[{}]>>", pages.len(), kids.trim_end()));
    let created = created.map_or_else(String::new, |created| format!("/CreationDate({})", pdf_date(created)));
    file.object(&format!("<</Title {}/Producer(faxramp){created}>>", pdf_text(title)));
    for (index, page) in pages.iter().enumerate() {
        let own = FIRST_PAGE + index * 3;
        let width = points(page.width, page.dots_per_inch);
        let height = points(page.rows, page.lines_per_inch);
        file.object(&format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents {} 0 R\
             /Resources<</ProcSet[/PDF/ImageB]/XObject<</F {} 0 R>>>>>>",
            own + 1,
            own + 2
        ));
        file.stream("", format!("q {width} 0 0 {height} 0 0 cm /F Do Q").as_bytes());
        // EndOfBlock false: the lines are counted, so a page without EOFB is read too.
        let entries = format!(
            "/Type/XObject/Subtype/Image/Width {w}/Height {h}/ColorSpace/DeviceGray/BitsPerComponent 1\
             /Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns {w}/Rows {h}/EndOfBlock false>>",
            w = page.width,
            h = page.rows
        );
        file.stream(&entries, page.mmr);
    }
    file.finish()
}

/// The number of the first page's object: behind catalogue, tree and information.
const FIRST_PAGE: usize = 4;

struct File {
    out: Vec<u8>,
    offsets: Vec<usize>,
}

impl File {
    fn begin(&mut self) {
        self.offsets.push(self.out.len());
        let number = self.offsets.len();
        self.text(&format!("{number} 0 obj\n"));
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn object(&mut self, content: &str) {
        self.begin();
        self.text(content);
        self.text("\nendobj\n");
    }

    fn stream(&mut self, entries: &str, octets: &[u8]) {
        self.begin();
        self.text(&format!("<<{entries}/Length {}>>stream\n", octets.len()));
        self.out.extend_from_slice(octets);
        self.text("\nendstream\nendobj\n");
    }

    /// Cross-reference table and trailer; each entry is exactly 20 octets. ISO 32000-1 §7.5.4
    fn finish(mut self) -> Vec<u8> {
        let start = self.out.len();
        let count = self.offsets.len() + 1;
        self.text(&format!("xref\n0 {count}\n0000000000 65535 f \n"));
        for offset in &self.offsets {
            writeln!(self.out, "{offset:010} 00000 n ").expect("a Vec takes everything");
        }
        self.text(&format!("trailer\n<</Size {count}/Root 1 0 R/Info 3 0 R>>\nstartxref\n{start}\n%%EOF\n"));
        self.out
    }
}

/// A length in points of 1/72 inch, to the thousandth.
fn points(dots: u32, per_inch: u32) -> String {
    let thousandths = u64::from(dots) * 72_000 / u64::from(per_inch.max(1));
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// A text as UTF-16 in hexadecimal: nothing in it can end the string. ISO 32000-1 §7.9.2.2
fn pdf_text(text: &str) -> String {
    let units: String = super::header::clean(text).encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{units}>")
}

/// ISO 32000-1 §7.9.4
fn pdf_date(at: &Zoned) -> String {
    let seconds = at.offset().seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("D:{}{sign}{:02}'{:02}'", at.strftime("%Y%m%d%H%M%S"), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::{PdfPage, pdf, points};

    /// A page of 1728 white lines by hand: T.6 codes a line like the one above it as the single bit 1 (V0), and EOFB is
    /// 000000000001 twice. T.6 (11/1988) §2.2.4, §2.4.1.1
    fn white_page(rows: u32) -> Vec<u8> {
        assert_eq!(rows % 8, 0);
        let mut octets = vec![0xff; rows as usize / 8];
        octets.extend_from_slice(&[0x00, 0x10, 0x01]);
        octets
    }

    fn count(haystack: &[u8], needle: &str) -> usize {
        haystack.windows(needle.len()).filter(|window| *window == needle.as_bytes()).count()
    }

    #[test]
    fn fine_and_standard_pages_have_the_same_paper() {
        // 1728 at 204 per inch are 215 mm; 2288 lines at 196 and 1144 at 98 are the same 296.5 mm.
        assert_eq!(points(1728, 204), "609.882");
        assert_eq!(points(2288, 196), points(1144, 98));
    }

    #[test]
    fn every_offset_of_the_table_points_at_its_object() {
        let mmr = white_page(2288);
        let page = PdfPage { mmr: &mmr, width: 1728, rows: 2288, dots_per_inch: 204, lines_per_inch: 196 };
        let file = pdf(&[page, page], "Fax from +39 (1)", None);
        let text = String::from_utf8_lossy(&file);
        let start: usize =
            text.rsplit("startxref\n").next().and_then(|rest| rest.lines().next()?.parse().ok()).expect("startxref");
        let table = &file[start..];
        assert!(table.starts_with(b"xref\n0 10\n"));
        for (index, entry) in table[10..].chunks(20).take(10).enumerate().skip(1) {
            let offset: usize = String::from_utf8_lossy(&entry[..10]).parse().expect("an offset");
            assert!(file[offset..].starts_with(format!("{index} 0 obj\n").as_bytes()), "object {index}");
        }
        assert_eq!(count(&file, "/Filter/CCITTFaxDecode"), 2);
    }

    #[test]
    fn a_title_cannot_break_out_of_its_string() {
        let file = pdf(&[], ") >> /OpenAction << \\", None);
        assert_eq!(count(&file, "OpenAction"), 0);
        assert_eq!(count(&file, "/Count 0"), 1);
    }
}
