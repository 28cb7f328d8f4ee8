//! What is written from the declarations: the commented sample, the manual page `faxramp.toml(5)`, the Markdown reference.

use std::fmt::Write as _;

use super::Config;
use super::key::{Key, joined};

/// Columns of the sample's comments.
const SAMPLE_COLUMNS: usize = 100;

/// A configuration file with every key, its default and its explanation. It means the same as an empty file: what has no
/// default stands behind `#` without a blank.
#[must_use]
pub fn sample() -> String {
    let mut text = String::from(
        "# Configuration of faxramp. Every key is shown with its default; a line may be left out.\n\
         # Lines that begin with # and no blank are examples: take the # away to use them.\n\
         # See faxramp.toml(5); \"faxramp config check\" tells every fault of this file at once.\n",
    );
    for (name, many, about, keys) in Config::reference() {
        text.push('\n');
        comment(&mut text, &joined(about));
        let _ = writeln!(text, "{}", if many { format!("#[[{name}]]") } else { format!("[{name}]") });
        for key in keys {
            text.push('\n');
            let mut paragraph = key.paragraph();
            let _ = write!(paragraph, " {}", if key.default.is_some() { for_instance(key) } else { facts(key) });
            comment(&mut text, &paragraph);
            match (many, key.default, key.example) {
                (false, Some(default), _) => writeln!(text, "{} = {default}", key.name),
                (true, Some(default), _) => writeln!(text, "#{} = {default}", key.name),
                (_, None, example) => writeln!(text, "#{} = {}", key.name, example.unwrap_or("\"\"")),
            }
            .expect("a String takes everything");
        }
    }
    text
}

/// The manual page `faxramp.toml(5)`, in roff for man(7).
#[must_use]
pub fn manual() -> String {
    let mut text = String::from(
        ".\\\" Written from the declarations of the keys; do not edit.\n\
         .TH FAXRAMP.TOML 5 \"\" faxramp \"File formats\"\n\
         .SH NAME\nfaxramp.toml \\- configuration of faxramp\n\
         .SH SYNOPSIS\n.I /etc/faxramp/faxramp.toml\n\
         .SH DESCRIPTION\n",
    );
    for paragraph in FORMAT {
        let _ = writeln!(text, "{}\n.PP", roff(paragraph));
    }
    for (name, many, about, keys) in Config::reference() {
        let title = if many { format!("[[{name}]]") } else { format!("[{name}]") };
        let _ = writeln!(text, ".SH \"{}\"\n{}", roff(&title), roff(&joined(about)));
        if many {
            text.push_str("This section may come several times.\n");
        }
        for key in keys {
            let _ =
                writeln!(text, ".TP\n.B {}\n{}\n.br\n{}", roff(key.name), roff(&key.paragraph()), roff(&facts(key)));
        }
    }
    text.push_str(
        ".SH FILES\n.TP\n.I /etc/faxramp/faxramp.toml\nThe configuration.\n\
         .SH EXAMPLE\nA telephone system at 192.0.2.10, a mail server at 192.0.2.20:\n.PP\n.nf\n.RS\n",
    );
    for line in EXAMPLE.lines() {
        let _ = writeln!(text, "{}", roff(line));
    }
    text.push_str(".RE\n.fi\n.SH SEE ALSO\n.BR faxramp (1)\n");
    text
}

/// The reference as Markdown, a table a section.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("# faxramp.toml\n");
    for paragraph in FORMAT {
        let _ = write!(text, "\n{paragraph}\n");
    }
    for (name, many, about, keys) in Config::reference() {
        let title = if many { format!("[[{name}]]") } else { format!("[{name}]") };
        let again = if many { " This section may come several times." } else { "" };
        let _ =
            write!(text, "\n## `{title}`\n\n{}{again}\n\n| key | default | meaning |\n|---|---|---|\n", joined(about));
        for key in keys {
            let default = match (key.default, key.optional) {
                (Some(default), _) => format!("`{default}`"),
                (None, true) => "not set".into(),
                (None, false) => "must be set".into(),
            };
            let meaning = format!("{} {}", key.paragraph(), written_as(key)).replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | {default} | {meaning} |", key.name);
        }
    }
    text
}

/// The example of the manual; a test reads it.
pub(super) const EXAMPLE: &str = r#"[server]
hostname = "fax.example.com"

[smtp]
listen = ["192.0.2.30:25"]
trusted_peers = ["192.0.2.20"]
fax_domains = ["fax.example.com"]

[numbers]
country_code = "39"
national_prefix = ""

[[allow]]
name = "staff to Italy"
peers = ["192.0.2.20"]
senders = ["*@example.com"]
numbers = ["+39*"]

[sip]
listen = "192.0.2.30:5060"
allowed_peers = ["192.0.2.10"]

[[trunk]]
name = "telephone system"
proxy = "192.0.2.10:5060"
caller_number = "+390612345"

[fax]
station_id = "+39 06 12345"
sender_name = "Example S.p.A."

[[inbound]]
numbers = ["+390612345"]
mailboxes = ["reception@example.com"]

[delivery]
smarthost = "192.0.2.20:25"
"#;

const FORMAT: [&str; 4] = [
    "The configuration is one file in TOML 1.0: sections in brackets, keys with values, comments behind `#`. A section in \
     double brackets may come several times, and its order counts. A key that is not known, a value of the wrong kind, and keys \
     that contradict one another are all faults; the server tells every fault at once, with line and column, and does not start.",
    "Times are written with a unit (`ms`, `s`, `m`, `h`, `d`), which may be added up: \"1 h 30 m\". Sizes have a unit too: `kB`, \
     `MB` and `GB` count in thousands, `KiB`, `MiB` and `GiB` in 1024.",
    "Patterns for numbers are a number in which `?` stands for any digit, and which may end in `*` for anything. Patterns for \
     senders are an address, `*@` and a domain, or `*`.",
    "An empty file is sound: it listens on the loopback only, has no trunk, and nobody may dial.",
];

fn facts(key: &Key) -> String {
    let default = match (key.default, key.optional) {
        (Some(default), _) => format!("Default: {default}."),
        (None, true) => "Not set by default.".into(),
        (None, false) => "Must be set.".into(),
    };
    format!("{} {default}", for_instance(key))
}

fn for_instance(key: &Key) -> String {
    match (key.default, key.example) {
        (Some(_), Some(example)) => format!("{} For instance: {example}.", written_as(key)),
        (Some(_), None) | (None, _) => written_as(key),
    }
}

fn written_as(key: &Key) -> String {
    let bounds = match key.range {
        Some((low, high)) => format!(", between {} and {}", low.trim_matches('"'), high.trim_matches('"')),
        None => String::new(),
    };
    format!("Written as: {}{bounds}.", (key.describe)())
}

fn comment(text: &mut String, paragraph: &str) {
    let mut line = String::from("#");
    for word in paragraph.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > SAMPLE_COLUMNS {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// Text as roff takes it: backslashes, hyphens and quotes written out, no line that begins like a request.
fn roff(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut code = false;
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '"' => out.push_str("\\(dq"),
            '\'' => out.push_str("\\(aq"),
            '`' => {
                code = !code;
                out.push_str(if code { "\\fB" } else { "\\fR" });
            }
            other => out.push(other),
        }
    }
    if out.starts_with(['.', '\'']) { format!("\\&{out}") } else { out }
}
