//! The sandboxed renderer.
fn main() {}
