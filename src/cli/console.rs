//! Where commands write: lines of styled text to the standard output, complaints to the standard error output.
//!
//! Text of strangers (subjects, senders, reasons) is shown here, so control characters never reach the terminal; colour is
//! this module's alone, and used only on a terminal that wants it. A reader that has gone away (`faxramp queue list | head`)
//! is no fault: what is written after that is dropped in silence, and the command does its work to the end.

use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::exit::{Exit, Failure};

/// Columns assumed when the terminal does not tell.
const USUAL_COLUMNS: usize = 80;

/// How a piece of text looks. On anything but a terminal all look plain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Style {
    /// As everything.
    #[default]
    Plain,
    /// Headings.
    Bold,
    /// What matters less.
    Dim,
    /// Went well.
    Good,
    /// Under way, or to be looked at.
    Notable,
    /// Went wrong.
    Bad,
}

impl Style {
    /// Parameter of SGR.
    // ECMA-48 §8.3.117
    const fn parameter(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Notable => "33",
            Self::Bad => "31",
        }
    }
}

/// One line of text in pieces of one style each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    pieces: Vec<(Style, String)>,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The line with another piece behind it.
    #[must_use]
    pub fn and(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.pieces.push((style, printable(text.as_ref())));
        self
    }

    /// Its text without styles.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// At most so many characters of it.
    fn cut(&self, columns: usize) -> Self {
        let mut left = columns;
        let mut pieces = Vec::new();
        for (style, text) in &self.pieces {
            let text: String = text.chars().take(left).collect();
            left -= text.chars().count();
            pieces.push((*style, text));
        }
        Self { pieces }
    }

    fn coloured(&self) -> String {
        let mut out = String::new();
        for (style, text) in &self.pieces {
            if *style == Style::Plain {
                out.push_str(text);
            } else {
                let _ = write!(out, "\x1b[{}m{text}\x1b[0m", style.parameter());
            }
        }
        out
    }
}

impl<T: AsRef<str>> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new().and(Style::Plain, text)
    }
}

/// One line without control characters and without marks that turn the direction of text around.
#[must_use]
pub fn printable(text: &str) -> String {
    let sound = |character: char| match character {
        '\t' | '\n' | '\r' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(sound).collect()
}

/// The two outputs of a command.
pub struct Console {
    out: Box<dyn Write + Send>,
    complaints: Box<dyn Write + Send>,
    /// Columns of the terminal; nothing when the output is none.
    columns: Option<usize>,
    colour: bool,
    colour_in_complaints: bool,
    /// Lines of the display that the next one overwrites.
    drawn: usize,
    broken: Option<std::io::Error>,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Console").field("columns", &self.columns).field("colour", &self.colour).finish()
    }
}

impl Console {
    /// The process's own outputs. Colour is used when they are terminals and NO_COLOR is not set.
    #[must_use]
    pub fn of_process() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        let terminal = std::io::stdout().is_terminal();
        Self {
            columns: terminal.then(columns_of_terminal),
            colour: terminal && wanted,
            colour_in_complaints: std::io::stderr().is_terminal() && wanted,
            ..Self::over(Box::new(std::io::stdout()), Box::new(std::io::stderr()))
        }
    }

    /// Outputs that are no terminal, for programs and tests.
    #[must_use]
    pub fn over(out: Box<dyn Write + Send>, complaints: Box<dyn Write + Send>) -> Self {
        Self { out, complaints, columns: None, colour: false, colour_in_complaints: false, drawn: 0, broken: None }
    }

    /// A console that keeps what is written, and the way to read it.
    #[must_use]
    pub fn kept() -> (Self, Kept) {
        let kept = Kept::default();
        let console = Self::over(
            Box::new(Page { octets: Arc::clone(&kept.out) }),
            Box::new(Page { octets: Arc::clone(&kept.complaints) }),
        );
        (console, kept)
    }

    /// The same as if it were a terminal of this width.
    #[must_use]
    pub fn as_terminal(self, columns: usize, colour: bool) -> Self {
        Self { columns: Some(columns), colour, ..self }
    }

    /// Columns of the terminal; nothing when the output is none.
    #[must_use]
    pub const fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Writes a line.
    pub fn say(&mut self, line: impl Into<Line>) {
        let line = line.into();
        self.drawn = 0;
        let text = if self.colour { line.coloured() } else { line.text() };
        self.put(&format!("{text}\n"));
    }

    /// Writes text as it is: generated files and JSON, which have no control characters but line ends.
    pub fn write_raw(&mut self, text: &str) {
        self.put(text);
    }

    /// Writes a value as one line of JSON.
    pub fn say_json(&mut self, value: &serde_json::Value) {
        self.put(&format!("{value}\n"));
    }

    /// Draws these lines over those drawn by the last call. Only for terminals; elsewhere nothing is written.
    // ECMA-48 §8.3.22 CUU, §8.3.41 EL, §8.3.39 ED
    pub fn redraw(&mut self, lines: &[Line]) {
        let Some(columns) = self.columns else { return };
        let mut text = String::new();
        if self.drawn > 0 {
            let _ = write!(text, "\x1b[{}A", self.drawn);
        }
        for line in lines {
            let line = line.cut(columns.saturating_sub(1));
            let shown = if self.colour { line.coloured() } else { line.text() };
            let _ = writeln!(text, "{shown}\x1b[K");
        }
        text.push_str("\x1b[J");
        self.put(&text);
        self.drawn = lines.len();
    }

    /// Leaves the display where it is; the next lines go below it.
    pub fn leave_display(&mut self) {
        self.drawn = 0;
    }

    /// Writes a sentence to the standard error output.
    pub fn complain(&mut self, style: Style, sentence: &str) {
        for part in sentence.lines() {
            let line = Line::new().and(style, part);
            let text = if self.colour_in_complaints { line.coloured() } else { line.text() };
            // Nobody is left to be told when this fails.
            let _ = writeln!(self.complaints, "{text}");
        }
    }

    /// Tells a failure: what is wrong, then what to do.
    pub fn tell(&mut self, failure: &Failure) {
        self.complain(Style::Bad, &format!("faxramp: {}", failure.sentence));
        if !failure.advice.is_empty() {
            self.complain(Style::Plain, &format!("faxramp: {}", failure.advice));
        }
    }

    /// Makes sure that all was written.
    ///
    /// # Errors
    /// When the output failed for another reason than that its reader has gone.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if self.broken.is_none()
            && let Err(error) = self.out.flush()
        {
            self.broken = Some(error);
        }
        match &self.broken {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Failed, format!("the output could not be written: {error}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn put(&mut self, text: &str) {
        if self.broken.is_some() {
            return;
        }
        if let Err(error) = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            self.broken = Some(error);
        }
    }
}

fn columns_of_terminal() -> usize {
    let told = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    if told == 0 { USUAL_COLUMNS } else { told }
}

/// What a [`Console::kept`] has written.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    out: Arc<Mutex<Vec<u8>>>,
    complaints: Arc<Mutex<Vec<u8>>>,
}

impl Kept {
    /// The standard output so far.
    #[must_use]
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.out.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The standard error output so far.
    #[must_use]
    pub fn complaints(&self) -> String {
        String::from_utf8_lossy(&self.complaints.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

struct Page {
    octets: Arc<Mutex<Vec<u8>>>,
}

impl Write for Page {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.octets.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Console, Line, Style};
    use std::io::{Error, ErrorKind, Write};

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(Error::from(self.0))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_fault_but_a_full_disk_is() {
        for (kind, is_fault) in [(ErrorKind::BrokenPipe, false), (ErrorKind::StorageFull, true)] {
            let mut console = Console::over(Box::new(Failing(kind)), Box::new(Vec::new()));
            console.say("one");
            console.say("two");
            assert_eq!(console.finish().is_err(), is_fault, "{kind:?}");
        }
    }

    #[test]
    fn escape_sequences_of_strangers_do_not_reach_the_terminal() {
        let (console, kept) = Console::kept();
        let mut console = console.as_terminal(80, true);
        console.say(Line::new().and(Style::Bad, "a\x1b]0;owned\x07b\nc\u{202e}d"));
        assert_eq!(kept.out(), "\x1b[31ma\u{fffd}]0;owned\u{fffd}b c\u{fffd}d\x1b[0m\n");
    }

    #[test]
    fn there_is_no_colour_and_no_display_off_a_terminal() {
        let (mut console, kept) = Console::kept();
        console.say(Line::new().and(Style::Good, "fine"));
        console.redraw(&[Line::from("display")]);
        assert_eq!(kept.out(), "fine\n");
    }

    #[test]
    fn a_display_is_drawn_over_the_last_one_and_cut_to_the_terminal() {
        let (console, kept) = Console::kept();
        let mut console = console.as_terminal(6, false);
        console.redraw(&[Line::from("1234567"), Line::from("b")]);
        console.redraw(&[Line::from("c")]);
        assert_eq!(kept.out(), "12345\x1b[K\nb\x1b[K\n\x1b[J\x1b[2Ac\x1b[K\n\x1b[J");
    }
}
