//! Puts a mail into a Maildir: written under `tmp`, synchronised, renamed into `new`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::clock;

/// Delivers `octets` for `recipient`; `chance` makes the name unique.
///
/// # Errors
/// When the folder cannot be made or written.
pub fn put(folder: &Path, recipient: &str, octets: &[u8], chance: u64) -> std::io::Result<()> {
    for name in ["tmp", "new", "cur"] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(name))?;
    }
    let name = format!("{}.{chance:016x}.faxramp", clock::wall().0);
    let tmp = folder.join("tmp").join(&name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&tmp)?;
    // RFC 5321 §4.4: the server that makes the final delivery notes the envelope; here also whom the mail is for.
    let recipient: String = recipient.chars().filter(|character| !character.is_control()).collect();
    file.write_all(format!("Return-Path: <>\r\nDelivered-To: {recipient}\r\n").as_bytes())?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&tmp, folder.join("new").join(&name))?;
    OpenOptions::new().read(true).open(folder.join("new"))?.sync_all()
}
