//! A table of text: columns as wide as their widest cell, the last ones cut to the terminal.

use super::console::{Line, Style};

/// Blanks between columns.
const GAP: usize = 2;
/// A column that is cut keeps at least so many characters.
const LEAST: usize = 8;

/// One cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    style: Style,
    text: String,
}

impl Cell {
    /// A cell in this style.
    #[must_use]
    pub(super) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self { style, text: text.into() }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(Style::Plain, text)
    }
}

/// Rows under a heading.
#[derive(Clone, Debug)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
    to_the_right: &'static [usize],
}

impl Table {
    /// A table with this heading; the columns named in `to_the_right` (from 0) hold figures.
    #[must_use]
    pub(super) fn new(heading: &[&str], to_the_right: &'static [usize]) -> Self {
        let heading = heading.iter().map(|title| Cell::styled(Style::Bold, *title)).collect();
        Self { rows: vec![heading], to_the_right }
    }

    /// Adds a row; it has as many cells as the heading.
    pub(super) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.rows[0].len(), "a row has a cell for each column");
        self.rows.push(row);
    }

    /// The lines, heading first. With `columns` the widest columns of text are cut until the rows fit.
    #[must_use]
    pub(super) fn lines(&self, columns: Option<usize>) -> Vec<Line> {
        let mut widths: Vec<usize> = (0..self.rows[0].len())
            .map(|column| self.rows.iter().map(|row| row[column].text.chars().count()).max().unwrap_or(0))
            .collect();
        if let Some(columns) = columns {
            self.shrink(&mut widths, columns);
        }
        self.rows.iter().map(|row| self.line(row, &widths)).collect()
    }

    fn shrink(&self, widths: &mut [usize], columns: usize) {
        loop {
            let total = widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
            let Some(excess) = total.checked_sub(columns).filter(|excess| *excess > 0) else { return };
            let widest = (0..widths.len())
                .filter(|column| !self.to_the_right.contains(column) && widths[*column] > LEAST)
                .max_by_key(|column| widths[*column]);
            let Some(widest) = widest else { return };
            let second =
                widths.iter().enumerate().filter(|(column, _)| *column != widest).map(|(_, width)| *width).max();
            // The widest gives first, down to the next one, so that short columns stay whole.
            let down_to = second.unwrap_or(0).min(widths[widest] - 1).max(LEAST);
            widths[widest] = widths[widest].saturating_sub(excess).max(down_to);
        }
    }

    fn line(&self, row: &[Cell], widths: &[usize]) -> Line {
        let mut line = Line::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let text = cut(&cell.text, *width);
            let blanks = " ".repeat(width - text.chars().count());
            let gap = if column == 0 { "" } else { "  " };
            let last = column + 1 == row.len();
            line = if self.to_the_right.contains(&column) {
                line.and(Style::Plain, format!("{gap}{blanks}")).and(cell.style, text)
            } else {
                let behind = if last { String::new() } else { blanks };
                line.and(Style::Plain, gap).and(cell.style, text).and(Style::Plain, behind)
            };
        }
        line
    }
}

/// At most `width` characters, with an ellipsis where something was left out.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn lines(columns: Option<usize>) -> Vec<String> {
        let mut table = Table::new(&["ID", "SENDER", "OUTCOME"], &[0]);
        table.push(vec!["7".into(), "a@example.com".into(), "the line was busy".into()]);
        table.push(vec!["1234".into(), "anna.bianchi@example.com".into(), "sent".into()]);
        table.lines(columns).iter().map(super::Line::text).collect()
    }

    #[test]
    fn figures_stand_to_the_right_and_text_to_the_left() {
        assert_eq!(
            lines(None),
            [
                "  ID  SENDER                    OUTCOME",
                "   7  a@example.com             the line was busy",
                "1234  anna.bianchi@example.com  sent",
            ]
        );
    }

    #[test]
    fn the_widest_column_is_cut_first_and_the_rows_fit_the_terminal() {
        let lines = lines(Some(36));
        assert_eq!(lines[1], "   7  a@example.com   the line was …");
        assert!(lines.iter().all(|line| line.chars().count() <= 36), "{lines:?}");
    }

    #[test]
    fn a_terminal_too_narrow_for_anything_still_gets_its_rows() {
        assert_eq!(lines(Some(3)).len(), 3);
    }
}
