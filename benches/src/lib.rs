//! What the benches measure with: [`libtiff`] called on memory, [`pages`] to code, [`measure`] for times side by side.

pub mod libtiff;
pub mod measure;
pub mod pages;
