//! `faxramp demo`.

mod sample_pdf;
