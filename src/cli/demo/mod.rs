//! `faxramp demo`.
