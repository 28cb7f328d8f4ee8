//! The spool: messages, pages and mails as files, safe before anything is promised about them.
//!
//! A file is written under `tmp/`, synchronised, renamed to its place, and the directory synchronised; only then does
//! [`Writer::commit`] give its [`SpoolName`]. Which file belongs to what is written in the queue's rows; a file that no
//! row names is an orphan of a crash and is swept. Names are made here and never come from outside.
//!
//! ```text
//! tmp/        being written
//! messages/   mails as received
//! pages/      rendered pages, TIFF
//! received/   received faxes, TIFF, growing page by page
//! mail/       mails on their way out
//! ```
//! Beside the spool are the captures of calls ([`Traces`]), which no row names.

mod error;
mod file;
mod name;
mod sweep;
mod traces;

#[cfg(test)]
mod tests;

pub use error::SpoolError;
pub use file::{Growing, Writer};
pub use name::{Kind, SpoolName};
pub use sweep::ORPHAN_AGE;
pub use traces::Traces;

use error::at;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Free space below which nothing new should be accepted, so that what was accepted can still be finished: 100 MB.
pub const LEAST_FREE_BYTES: u64 = 100 * 1000 * 1000;
const TMP: &str = "tmp";
/// Others may not read faxes.
const DIRECTORY_MODE: u32 = 0o700;

/// A handle to the spool directory; clones share it.
#[derive(Clone, Debug)]
pub struct Spool {
    root: Arc<Path>,
}

impl Spool {
    /// Opens the spool and makes its directories where they are missing.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub fn open(root: &Path) -> Result<Self, SpoolError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE);
        let names = Kind::ALL.into_iter().map(Kind::directory).chain([TMP]);
        for name in names {
            let path = root.join(name);
            builder.create(&path).map_err(at("make", &path))?;
        }
        let spool = Self { root: root.into() };
        sync_directory(root)?;
        Ok(spool)
    }

    /// Begins a file that will be seen only when it is complete.
    ///
    /// # Errors
    /// A full or failing disk.
    pub fn create(&self, kind: Kind) -> Result<Writer, SpoolError> {
        Writer::create(self.clone(), kind)
    }

    /// Begins a file that is in its place from the start and lasts as far as it was synchronised: pages of a fax that
    /// is being received. The directory entry is safe when this returns.
    ///
    /// # Errors
    /// A full or failing disk.
    pub fn grow(&self, kind: Kind) -> Result<Growing, SpoolError> {
        Growing::create(self, kind)
    }

    /// Gives a file to whom the spool belongs, when an administrator's command made it as root: the server could not read it else.
    ///
    /// # Errors
    /// When it cannot be given.
    pub fn give_to_owner(&self, name: &SpoolName) -> Result<(), SpoolError> {
        let path = self.path(name);
        let owner = fs::metadata(&*self.root).map_err(at("read", &self.root))?;
        let file = fs::metadata(&path).map_err(at("read", &path))?;
        if (file.uid(), file.gid()) == (owner.uid(), owner.gid()) {
            return Ok(());
        }
        chown(&path, Some(owner.uid()), Some(owner.gid())).map_err(at("give away", &path))
    }

    /// Where a file is, for handing it to another program.
    #[must_use]
    pub fn path(&self, name: &SpoolName) -> PathBuf {
        self.root.join(name.kind().directory()).join(name.file_name())
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn open_file(&self, name: &SpoolName) -> Result<File, SpoolError> {
        let path = self.path(name);
        OpenOptions::new().read(true).open(&path).map_err(at("read", &path))
    }

    /// Reads a whole file of at most `limit` bytes.
    ///
    /// # Errors
    /// When it is missing, longer, or cannot be read.
    pub fn read(&self, name: &SpoolName, limit: u64) -> Result<Vec<u8>, SpoolError> {
        let mut bytes = Vec::new();
        let file = self.open_file(name)?;
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(at("read", &self.path(name)))?;
        if bytes.len() as u64 > limit {
            return Err(SpoolError::TooLarge { name: name.clone(), limit });
        }
        Ok(bytes)
    }

    /// The size of a file in bytes.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn size(&self, name: &SpoolName) -> Result<u64, SpoolError> {
        let path = self.path(name);
        Ok(fs::metadata(&path).map_err(at("read", &path))?.len())
    }

    /// Removes a file; that it is gone already is no error.
    ///
    /// # Errors
    /// A failing disk.
    pub fn remove(&self, name: &SpoolName) -> Result<(), SpoolError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(at("remove", &path)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Bytes that can still be written.
    ///
    /// # Errors
    /// A failing disk.
    pub fn free_bytes(&self) -> Result<u64, SpoolError> {
        let space = rustix::fs::statvfs(&*self.root).map_err(|error| at("ask", &self.root)(error.into()))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// Whether `bytes` more can be taken in with [`LEAST_FREE_BYTES`] to spare.
    ///
    /// # Errors
    /// [`SpoolError::Full`] when not.
    pub fn require_free(&self, bytes: u64) -> Result<(), SpoolError> {
        let free = self.free_bytes()?;
        if free < bytes.saturating_add(LEAST_FREE_BYTES) {
            return Err(SpoolError::Full { path: self.root.to_path_buf() });
        }
        Ok(())
    }

    fn directory(&self, kind: Kind) -> PathBuf {
        self.root.join(kind.directory())
    }

    fn tmp(&self) -> PathBuf {
        self.root.join(TMP)
    }
}

/// Makes the entries of a directory safe.
fn sync_directory(path: &Path) -> Result<(), SpoolError> {
    OpenOptions::new().read(true).open(path).and_then(|directory| directory.sync_all()).map_err(at("synchronise", path))
}
