//! HTML as mail programs take it: tables, attributes and inline styles, no remote content.
//!
//! Outlook lays mail out with Word: no flex, no grid, no margins on blocks, widths as attributes. Dark colours are given for
//! those that ask, by classes; light ones stand inline for all others.

use std::fmt::Write as _;

/// The colours of one kind of message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tone {
    /// It went well.
    Good,
    /// It needs a look.
    Unsure,
    /// It failed.
    Bad,
    /// It only tells something.
    Plain,
}

impl Tone {
    /// Band, and the pale ground of the note below it.
    const fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("#1b7a43", "#eaf6ef"),
            Self::Unsure => ("#9a5b00", "#fdf3e1"),
            Self::Bad => ("#b3261e", "#fcecea"),
            Self::Plain => ("#1f4e8c", "#eaf1fa"),
        }
    }
}

/// Text with the characters that mean something in HTML written out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// What one message shows, from top to bottom.
pub(super) struct Page<'a> {
    pub(super) tone: Tone,
    /// The title of the band.
    pub(super) title: &'a str,
    /// The line below the title.
    pub(super) subtitle: &'a str,
    /// Paragraphs.
    pub(super) paragraphs: &'a [String],
    /// A note with its heading.
    pub(super) note: Option<(&'a str, &'a str)>,
    /// Names and values.
    pub(super) facts: &'a [(&'static str, String)],
    /// Content-ID of the picture beside the facts.
    pub(super) picture: Option<&'a str>,
    /// A table with its heading and its column heads.
    pub(super) table: Option<Table<'a>>,
    /// The small line at the end.
    pub(super) footer: &'a str,
}

/// A table of rows.
pub(super) struct Table<'a> {
    pub(super) heading: &'a str,
    pub(super) heads: &'a [&'a str],
    pub(super) rows: &'a [Vec<String>],
}

const FONT: &str = "font-family:'Segoe UI',Arial,Helvetica,sans-serif;";

/// Colours for those who asked for dark; !important because the light ones stand inline.
const STYLE: &str = "<style>@media (prefers-color-scheme:dark){.g{background:#16181c!important}.c{background:#22252b!important;\
border-color:#3a3f47!important}.t{color:#e8eaed!important}.m{color:#a9afb8!important}.n{background:#2c3038!important}\
.l{border-color:#3a3f47!important}}\
@media only screen and (max-width:640px){.w{width:100%!important}.b{display:block!important;width:auto!important;padding-left:0!important;padding-top:12px!important}.r{white-space:normal!important}}</style>";

impl Page<'_> {
    pub(super) fn write(&self) -> String {
        let mut out = String::with_capacity(8 * 1024);
        let (band, _) = self.tone.colours();
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">\n\
             <title>{title}</title>\n{STYLE}</head>\n\
             <body class=\"g\" style=\"margin:0;padding:0;background:#f2f4f7\" bgcolor=\"#f2f4f7\">\n\
             <table role=\"presentation\" class=\"g\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             bgcolor=\"#f2f4f7\" style=\"background:#f2f4f7\"><tr><td align=\"center\" style=\"padding:24px 12px\">\n\
             <table role=\"presentation\" class=\"c w\" width=\"620\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             bgcolor=\"#ffffff\" style=\"width:620px;background:#ffffff;border:1px solid #d8dde4;border-collapse:separate\">\n\
             <tr><td bgcolor=\"{band}\" style=\"background:{band};padding:20px 28px;{FONT}color:#ffffff\">\
             <div style=\"font-size:22px;line-height:28px;font-weight:600\">{title}</div>\
             <div style=\"font-size:15px;line-height:22px;padding-top:2px\">{subtitle}</div></td></tr>\n",
            title = escaped(self.title),
            subtitle = escaped(self.subtitle),
        );
        for (index, paragraph) in self.paragraphs.iter().enumerate() {
            let top = if index == 0 { 22 } else { 8 };
            let _ = writeln!(
                out,
                "<tr><td class=\"t\" style=\"padding:{top}px 28px 0 28px;{FONT}font-size:15px;line-height:22px;color:#1d2129\">{}\
                 </td></tr>",
                escaped(paragraph)
            );
        }
        self.write_note(&mut out);
        self.write_facts(&mut out);
        if let Some(table) = &self.table {
            table.write(&mut out);
        }
        let _ = write!(
            out,
            "<tr><td class=\"m\" style=\"padding:24px 28px 22px 28px;{FONT}font-size:12px;line-height:18px;color:#636b77\">{}\
             </td></tr>\n</table>\n</td></tr></table>\n</body></html>\n",
            escaped(self.footer)
        );
        out
    }

    fn write_note(&self, out: &mut String) {
        let Some((heading, text)) = self.note else { return };
        let (band, pale) = self.tone.colours();
        let _ = writeln!(
            out,
            "<tr><td style=\"padding:16px 28px 0 28px\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" \
             cellspacing=\"0\" border=\"0\"><tr><td width=\"4\" bgcolor=\"{band}\" style=\"width:4px;background:{band};\
             font-size:1px\">&nbsp;</td><td class=\"n t\" bgcolor=\"{pale}\" style=\"background:{pale};padding:12px 16px;{FONT}\
             font-size:14px;line-height:20px;color:#1d2129\"><b>{}</b><br>{}</td></tr></table></td></tr>",
            escaped(heading),
            escaped(text)
        );
    }

    fn write_facts(&self, out: &mut String) {
        out.push_str(
            "<tr><td style=\"padding:20px 28px 0 28px\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" \
             cellspacing=\"0\" border=\"0\"><tr><td class=\"b\" valign=\"top\"><table role=\"presentation\" width=\"100%\" \
             cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n",
        );
        for (name, value) in self.facts {
            let _ = writeln!(
                out,
                "<tr><td class=\"m l\" width=\"130\" valign=\"top\" style=\"width:130px;padding:7px 12px 7px 0;{FONT}font-size:13px;\
                 line-height:19px;color:#636b77;border-bottom:1px solid #e6e9ee\">{}</td>\
                 <td class=\"t l\" valign=\"top\" style=\"padding:7px 0;{FONT}font-size:14px;line-height:19px;color:#1d2129;\
                 border-bottom:1px solid #e6e9ee\">{}</td></tr>",
                escaped(name),
                escaped(value)
            );
        }
        out.push_str("</table></td>");
        if let Some(picture) = self.picture {
            let _ = write!(
                out,
                "<td class=\"b\" width=\"172\" valign=\"top\" align=\"right\" style=\"width:172px;padding:4px 0 0 20px\">\
                 <img src=\"cid:{picture}\" width=\"150\" alt=\"Page 1\" style=\"display:block;width:150px;height:auto;\
                 border:1px solid #c4cad3;background:#ffffff\"></td>",
            );
        }
        out.push_str("</tr></table></td></tr>\n");
    }
}

impl Table<'_> {
    fn write(&self, out: &mut String) {
        let _ = write!(
            out,
            "<tr><td class=\"t\" style=\"padding:24px 28px 6px 28px;{FONT}font-size:14px;line-height:20px;font-weight:600;\
             color:#1d2129\">{}</td></tr>\n<tr><td style=\"padding:0 28px\"><table width=\"100%\" cellpadding=\"0\" \
             cellspacing=\"0\" border=\"0\">\n<tr>",
            escaped(self.heading)
        );
        for head in self.heads {
            let _ = write!(
                out,
                "<th class=\"m l\" align=\"left\" style=\"padding:6px 10px 6px 0;{FONT}font-size:12px;line-height:16px;\
                 font-weight:600;color:#636b77;border-bottom:1px solid #c4cad3;text-align:left\">{}</th>",
                escaped(head)
            );
        }
        out.push_str("</tr>\n");
        for row in self.rows {
            out.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                // Only the words in the middle may wrap.
                let wrap = if column == 1 { "" } else { "white-space:nowrap;" };
                let _ = write!(
                    out,
                    "<td class=\"t l r\" valign=\"top\" style=\"{wrap}padding:6px 10px 6px 0;{FONT}font-size:13px;line-height:18px;\
                     color:#1d2129;border-bottom:1px solid #e6e9ee\">{}</td>",
                    escaped(cell)
                );
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table></td></tr>\n");
    }
}

/// The same facts as text: names padded to one column.
pub(super) fn facts_as_text(facts: &[(&'static str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 2;
    let mut out = String::new();
    for (name, value) in facts {
        let _ = writeln!(out, "{:<width$}{}", format!("{name}:"), super::header::clean(value));
    }
    out
}
