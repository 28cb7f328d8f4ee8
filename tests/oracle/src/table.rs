//! A table for people, written past the test harness, which keeps what passing tests print to itself.

use std::io::Write;

/// Rows of text under a heading.
#[derive(Debug, Default)]
pub struct Table {
    heading: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(heading: &str, columns: &[&'static str]) -> Self {
        Self { heading: heading.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Writes it to standard error in one go, so that tables of parallel tests do not mix.
    pub fn print(&self) {
        let widest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([self.columns[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut text = format!("\n== {}\n", self.heading);
        let names: Vec<String> = self.columns.iter().map(|&name| name.into()).collect();
        for cells in std::iter::once(&names).chain(&self.rows) {
            text.push_str(&line(cells));
            text.push('\n');
        }
        // Nobody is left to tell when standard error is closed.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}
