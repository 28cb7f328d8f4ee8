//! Puts a mail into a Maildir: written under `tmp`, synchronised, renamed into `new`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Delivers `octets` for `recipient` as the file `name`, which no other mail may have. A mail that is there by this name, read or
/// unread, is not delivered again: a crash may come between the delivery and its row.
///
/// # Errors
/// When the folder cannot be made or written.
pub fn put(folder: &Path, recipient: &str, octets: &[u8], name: &str) -> std::io::Result<()> {
    for name in ["tmp", "new", "cur"] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(name))?;
    }
    if is_there(folder, name)? {
        return Ok(());
    }
    let tmp = folder.join("tmp").join(name);
    // What a crash left of an earlier try.
    fs::remove_file(&tmp).or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&tmp)?;
    // RFC 5321 §4.4: the server that makes the final delivery notes the envelope; here also whom the mail is for.
    let recipient: String = recipient.chars().filter(|character| !character.is_control()).collect();
    file.write_all(format!("Return-Path: <>\r\nDelivered-To: {recipient}\r\n").as_bytes())?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&tmp, folder.join("new").join(name))?;
    OpenOptions::new().read(true).open(folder.join("new"))?.sync_all()
}

/// Whether the mail lies in `new`, or in `cur`, where readers put their flags behind its name.
fn is_there(folder: &Path, name: &str) -> std::io::Result<bool> {
    if folder.join("new").join(name).try_exists()? {
        return Ok(true);
    }
    for entry in fs::read_dir(folder.join("cur"))? {
        let found = entry?.file_name();
        if found
            .to_str()
            .and_then(|found| found.strip_prefix(name))
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::put;
    use std::fs;
    use std::path::Path;

    fn mails(folder: &Path) -> usize {
        ["tmp", "new", "cur"].iter().map(|name| fs::read_dir(folder.join(name)).expect("a folder").count()).sum()
    }

    #[test]
    fn a_mail_that_was_delivered_before_a_crash_is_not_delivered_again() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "jane@company.test", b"one", "1.1-a.faxramp").expect("delivered");
        put(folder.path(), "jane@company.test", b"one", "1.1-a.faxramp").expect("it is there");
        assert_eq!(mails(folder.path()), 1);
        let read = folder.path().join("cur/1.1-a.faxramp:2,S");
        fs::rename(folder.path().join("new/1.1-a.faxramp"), read).expect("read");
        put(folder.path(), "jane@company.test", b"one", "1.1-a.faxramp").expect("it was read");
        assert_eq!(mails(folder.path()), 1);
        put(folder.path(), "jane@company.test", b"two", "1.2-a.faxramp").expect("delivered");
        assert_eq!(mails(folder.path()), 2);
    }

    #[test]
    fn what_a_crash_left_half_written_is_written_again() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("tmp")).expect("made");
        fs::write(folder.path().join("tmp/1.1-a.faxramp"), b"ha").expect("written");
        put(folder.path(), "jane@company.test", b"half", "1.1-a.faxramp").expect("delivered");
        let mail = fs::read(folder.path().join("new/1.1-a.faxramp")).expect("a mail");
        assert!(mail.ends_with(b"half"));
        assert_eq!(mails(folder.path()), 1);
    }
}
