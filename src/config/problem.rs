//! Faults of a configuration file: where, which key, why, and what to write instead.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// More faults than this are counted, not told: a binary file would give thousands.
pub(super) const MAX_PROBLEMS: usize = 100;

/// One fault of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// Line and column, both counted from 1, the column in characters; nothing when the file as a whole is at fault.
    pub position: Option<(usize, usize)>,
    /// The full key: `trunk[0].channels`; empty when no key is at fault.
    pub key: String,
    /// Why it cannot be so.
    pub reason: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some((line, column)) = self.position {
            write!(formatter, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(formatter, ": {}", self.key)?;
        }
        write!(formatter, ": {}", self.reason)?;
        match &self.hint {
            Some(hint) => write!(formatter, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// All faults of a file, in the order of its lines; the administrator's to mend.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Errors {
    problems: Vec<Problem>,
    more: usize,
}

impl Errors {
    /// The faults; a hundred of them at most, the others are counted by `Display`.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn of_file(file: &str, reason: String) -> Self {
        let problem = Problem { file: file.to_owned(), position: None, key: String::new(), reason, hint: None };
        Self { problems: vec![problem], more: 0 }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            problem.fmt(formatter)?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

/// A fault before its place is turned into line and column.
struct Finding {
    span: Option<Range<usize>>,
    key: String,
    reason: String,
    hint: Option<String>,
}

/// What reading has found so far: faults, and where each key stands.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Finding>,
    places: BTreeMap<String, Range<usize>>,
    syntax_faults: usize,
}

impl Findings {
    /// Starts with the faults of syntax the TOML parser has found.
    pub(super) fn new(faults: Vec<toml::de::Error>) -> Self {
        let found: Vec<Finding> = faults
            .into_iter()
            .map(|fault| Finding {
                span: fault.span(),
                key: String::new(),
                reason: format!("this is not TOML: {}", fault.message()),
                hint: syntax_hint(fault.message()),
            })
            .collect();
        Self { syntax_faults: found.len(), found, places: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether the text could not be parsed whole, so that what seems missing may only be hidden.
    pub(super) fn has_syntax_faults(&self) -> bool {
        self.syntax_faults > 0
    }

    /// Notes where `key` stands.
    pub(super) fn place(&mut self, key: &str, span: Range<usize>) {
        self.places.insert(key.to_owned(), span);
    }

    /// Whether the file sets `key`.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// Whether `key`, or something inside it, is already known to be at fault.
    pub(super) fn is_faulty(&self, key: &str) -> bool {
        self.found.iter().any(|finding| {
            finding.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        })
    }

    pub(super) fn complain(&mut self, span: Option<Range<usize>>, key: &str, reason: String, hint: Option<String>) {
        self.found.push(Finding { span, key: key.to_owned(), reason, hint });
    }

    /// Complains about the value of `key`, or about the nearest table around it that the file has.
    pub(super) fn complain_at(&mut self, key: &str, reason: String, hint: &str) {
        let mut place = key;
        let span = loop {
            if let Some(span) = self.places.get(place) {
                break Some(span.clone());
            }
            match place.rfind(['.', '[']) {
                Some(end) => place = &place[..end],
                None => break None,
            }
        };
        self.complain(span, key, reason, Some(hint.to_owned()).filter(|hint| !hint.is_empty()));
    }

    pub(super) fn into_result<T>(mut self, file: &str, text: &str, value: T) -> Result<T, Errors> {
        if self.found.is_empty() {
            return Ok(value);
        }
        // What the parser guessed on a line it could not read is not worth a second complaint.
        let broken: Vec<usize> =
            self.found[..self.syntax_faults].iter().map(|finding| self.line_of(finding, text)).collect();
        let mut position = 0;
        let syntax_faults = self.syntax_faults;
        let found = std::mem::take(&mut self.found);
        let mut kept: Vec<Finding> = found
            .into_iter()
            .filter(|finding| {
                position += 1;
                position <= syntax_faults || !broken.contains(&self.line_of(finding, text))
            })
            .collect();
        kept.sort_by_key(|finding| finding.span.as_ref().map_or(0, |span| span.start));
        let more = kept.len().saturating_sub(MAX_PROBLEMS);
        let problems = kept
            .into_iter()
            .take(MAX_PROBLEMS)
            .map(|finding| Problem {
                file: file.to_owned(),
                position: finding.span.map(|span| line_and_column(text, span.start)),
                key: finding.key,
                reason: finding.reason,
                hint: finding.hint,
            })
            .collect();
        Err(Errors { problems, more })
    }

    fn line_of(&self, finding: &Finding, text: &str) -> usize {
        finding.span.as_ref().map_or(0, |span| line_and_column(text, span.start).0)
    }
}

/// What is most likely meant where the parser only tells what it had hoped for.
fn syntax_hint(message: &str) -> Option<String> {
    let hint = if message.contains("duplicate") {
        "it is set twice; leave one out"
    } else if ["boolean", "number", "quoted", "value", "datetime"].iter().any(|word| message.contains(word)) {
        "text stands in quotes: key = \"text\""
    } else if message.contains("string") {
        "the closing quote is missing, or a \\ is not doubled"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The name among `names` that was most likely meant by `wrong`.
pub(super) fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let allowed = wrong.chars().count().div_ceil(3);
    names
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edits (insert, drop, change, swap neighbours) that turn one word into the other.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(MAX_COMPARED).collect();
    let right: Vec<char> = right.chars().take(MAX_COMPARED).collect();
    let mut rows: [Vec<usize>; 3] = [vec![0; right.len() + 1], (0..=right.len()).collect(), vec![0; right.len() + 1]];
    for (i, from) in left.iter().enumerate() {
        let [before, last, row] = &mut rows;
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            row[j + 1] = (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left[i - 1] == *to && *from == right[j - 1] {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][right.len()]
}

/// Letters of a key looked at when guessing what was meant.
const MAX_COMPARED: usize = 64;

#[cfg(test)]
mod tests {
    use super::{distance, line_and_column, nearest};

    #[test]
    fn a_swap_a_loss_and_a_change_are_one_edit_each() {
        assert_eq!(distance("lisetn", "listen"), 1);
        assert_eq!(distance("chanels", "channels"), 1);
        assert_eq!(distance("poxy", "prox"), 2);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn a_word_far_from_all_names_is_not_guessed() {
        assert_eq!(nearest("chanels", ["channels", "codecs"]), Some("channels"));
        assert_eq!(nearest("zzz", ["channels", "codecs"]), None);
    }

    #[test]
    fn columns_count_characters_not_octets() {
        assert_eq!(line_and_column("a\nüü = 1", 7), (2, 4));
    }
}
