//! Documents made by the tests, good and bad.

/// Text that fills so many pages and a little less than one more.
pub(crate) fn text(pages: usize) -> String {
    // An A4 page of text holds some sixty lines.
    (0..pages * 40).map(|line| format!("Line {line} of the text.\r\n")).collect()
}
