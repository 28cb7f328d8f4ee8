//! From documents to fax pages: what is drawn in which order, on which sheet, and what is said to the child that draws.
//!
//! The drawing itself is in the workspace member `render/`, whose binary `faxramp-render` runs in a sandbox, one
//! document a process. This module holds the words both sides share ([`worker`], [`sheet`]), the order of the documents
//! ([`plan`]) and the line at the head of each page ([`headline`]), which needs no child.

pub mod headline;
pub mod plan;
pub mod sheet;
pub mod worker;
