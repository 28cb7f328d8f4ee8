//! Finds libtiff.

fn main() {
    if let Err(error) = pkg_config::Config::new().atleast_version("4.0").probe("libtiff-4") {
        panic!("libtiff is needed (apt install libtiff-dev): {error}");
    }
}
