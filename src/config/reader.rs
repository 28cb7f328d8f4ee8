//! Walks the parsed file beside the declarations, and notes every key that is unknown, missing or wrong.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Key, Section};
use super::kind::{Kind, Place};
use super::problem::{Findings, nearest};

/// More tables of one kind than this are not read.
pub(super) const MAX_TABLES: usize = 10_000;

/// One table of the file being read.
#[doc(hidden)]
pub struct Reader<'t, 'f> {
    table: Option<&'t DeTable<'t>>,
    path: String,
    findings: &'f mut Findings,
}

impl<'t, 'f> Reader<'t, 'f> {
    pub(super) fn root(table: &'t DeTable<'t>, findings: &'f mut Findings) -> Self {
        Self { table: Some(table), path: String::new(), findings }
    }

    /// Complains about top-level tables that are no sections.
    pub(super) fn sections(&mut self, names: &[&'static str]) {
        let Some(table) = self.table else { return };
        for (name, _) in table {
            let top = name.get_ref().as_ref();
            if names.iter().any(|known| known.split('.').next() == Some(top)) {
                continue;
            }
            let hint = match nearest(top, names.iter().copied()) {
                Some(near) => format!("did you mean [{near}]?"),
                None => match owner_of(top) {
                    Some(owner) => format!("that key belongs to [{owner}]"),
                    None => format!("the sections are: {}", names.join(", ")),
                },
            };
            self.findings.complain(Some(name.span()), top, "there is no such section".into(), Some(hint));
        }
    }

    /// Reads a section that comes at most once.
    pub(super) fn table<S: Section>(&mut self) -> S {
        let mut table = self.table;
        let mut path = String::new();
        for step in S::NAME.split('.') {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step);
            let Some(value) = table.and_then(|table| table.get(step)) else {
                table = None;
                continue;
            };
            table = value.get_ref().as_table();
            self.findings.place(&path, value.span());
            if table.is_none() && !self.findings.is_faulty(&path) {
                let reason = format!("must be a table, not {}", article(value.get_ref()));
                self.findings.complain(Some(value.span()), &path, reason, Some(format!("write [{}]", S::NAME)));
            }
        }
        S::read(&mut Reader { table, path: S::NAME.to_owned(), findings: self.findings })
    }

    /// Reads a section that may come several times.
    pub(super) fn tables<S: Section>(&mut self) -> Vec<S> {
        let Some(value) = self.table.and_then(|table| table.get(S::NAME)) else { return Vec::new() };
        self.findings.place(S::NAME, value.span());
        let Some(entries) = value.get_ref().as_array().filter(|entries| entries.len() <= MAX_TABLES) else {
            let reason = match value.get_ref().as_array() {
                Some(entries) => format!("has {} entries, more than {MAX_TABLES}", entries.len()),
                None => "may come several times and is written in double brackets".into(),
            };
            self.findings.complain(Some(value.span()), S::NAME, reason, Some(format!("write [[{}]]", S::NAME)));
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{}[{index}]", S::NAME);
            self.findings.place(&path, entry.span());
            let table = entry.get_ref().as_table();
            if table.is_none() {
                let reason = format!("must be a table, not {}", article(entry.get_ref()));
                self.findings.complain(Some(entry.span()), &path, reason, Some(format!("write [[{}]]", S::NAME)));
                continue;
            }
            sections.push(S::read(&mut Reader { table, path, findings: self.findings }));
        }
        sections
    }

    /// Notes where each key of this table stands, and complains about those not in `keys`.
    pub(super) fn begin(&mut self, keys: &'static [Key]) {
        let Some(table) = self.table else { return };
        for (name, value) in table {
            let written = name.get_ref().as_ref();
            let full = format!("{}.{written}", self.path);
            if keys.iter().any(|key| key.name == written) {
                self.findings.place(&full, value.span());
                continue;
            }
            if is_section(&full) {
                continue;
            }
            let hint = match nearest(written, keys.iter().map(|key| key.name)) {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => owner_of(written).map(|owner| format!("that key belongs to [{owner}]")),
            };
            self.findings.complain(Some(name.span()), &full, "there is no such key".into(), hint);
        }
    }

    /// Reads the key `name`, or takes its default. A faulty or missing value is stood in for by the default or the example,
    /// so that the other checks go on; the complaint is noted.
    pub(super) fn key<K: Kind>(&mut self, keys: &'static [Key], name: &'static str) -> K::Value {
        let key = keys.iter().find(|key| key.name == name).expect("the macro declares the key it reads");
        let full = format!("{}.{name}", self.path);
        let Some(value) = self.table.and_then(|table| table.get(name)) else {
            if key.default.is_none() && !key.optional && self.table.is_some() && !self.findings.has_syntax_faults() {
                let hint = key.example.map(|example| format!("for instance {name} = {example}"));
                self.findings.complain_at(&full, "is missing".into(), hint.as_deref().unwrap_or(""));
            }
            return Self::stand_in::<K>(key);
        };
        match K::read(value, &mut Place { key: &full, findings: self.findings }) {
            Some(found) => match key.range {
                Some((low, high)) if K::outside(&found, &declared::<K>(low), &declared::<K>(high)) => {
                    let reason = format!("must be between {} and {}", low.trim_matches('"'), high.trim_matches('"'));
                    self.findings.complain(Some(value.span()), &full, reason, None);
                    Self::stand_in::<K>(key)
                }
                _ => found,
            },
            None => Self::stand_in::<K>(key),
        }
    }

    fn stand_in<K: Kind>(key: &Key) -> K::Value {
        match (key.default, K::absent(), key.example) {
            (Some(default), _, _) => declared::<K>(default),
            (None, Some(absent), _) => absent,
            (None, None, Some(example)) => declared::<K>(example),
            (None, None, None) => unreachable!("{} has neither default nor example", key.name),
        }
    }
}

/// The value of a text in a declaration.
pub(super) fn declared<K: Kind>(text: &'static str) -> K::Value {
    let value: Spanned<DeValue<'_>> = DeValue::parse(text).expect("a declaration is TOML");
    let mut findings = Findings::default();
    let found = K::read(&value, &mut Place { key: "", findings: &mut findings });
    found.expect("a declared value is of its kind")
}

fn is_section(path: &str) -> bool {
    super::Config::reference().iter().any(|(name, ..)| *name == path)
}

/// The section that has a key of this name, if only one has.
fn owner_of(key: &str) -> Option<&'static str> {
    let mut owners = super::Config::reference()
        .into_iter()
        .filter(|(_, _, _, keys)| keys.iter().any(|known| known.name == key))
        .map(|(name, ..)| name);
    match (owners.next(), owners.next()) {
        (Some(owner), None) => Some(owner),
        _ => None,
    }
}

/// What was written, in words: `a string`, `an integer`.
pub(super) fn article(value: &DeValue<'_>) -> String {
    let word = value.type_str();
    let article = if word.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {word}")
}
