//! Files being written: [`Writer`] for those that appear when complete, [`Growing`] for those that last as they grow.

use super::error::at;
use super::{Kind, Spool, SpoolError, SpoolName, sync_directory};
use crate::model::crash_point;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Others may not read faxes.
const FILE_MODE: u32 = 0o600;

/// A file that is not there until [`Writer::commit`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct Writer {
    spool: Spool,
    name: SpoolName,
    tmp: PathBuf,
    file: File,
    written: u64,
    /// Whether the file under `tmp/` is gone: renamed, so that there is nothing left to remove.
    renamed: bool,
}

impl Writer {
    pub(super) fn create(spool: Spool, kind: Kind) -> Result<Self, SpoolError> {
        let name = SpoolName::fresh(kind)?;
        let tmp = spool.tmp().join(name.file_name());
        let file = new_file(&tmp)?;
        Ok(Self { spool, name, tmp, file, written: 0, renamed: false })
    }

    /// Appends.
    ///
    /// # Errors
    /// A full or failing disk. The file can then only be dropped.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), SpoolError> {
        self.file.write_all(chunk).map_err(at("write", &self.tmp))?;
        self.written += chunk.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Where the unfinished file is, for another program that writes into it.
    #[must_use]
    pub fn tmp_path(&self) -> &Path {
        &self.tmp
    }

    /// Makes the file safe and puts it in its place. When this returns its name, a power cut can no longer take it.
    ///
    /// # Errors
    /// A full or failing disk; then the file is not in the spool.
    pub fn commit(mut self) -> Result<SpoolName, SpoolError> {
        let directory = self.spool.directory(self.name.kind());
        let place = directory.join(self.name.file_name());
        let what = self.name.kind().directory();
        crash_point("before-sync", what);
        self.file.sync_all().map_err(at("synchronise", &self.tmp))?;
        crash_point("before-rename", what);
        fs::rename(&self.tmp, &place).map_err(at("rename", &self.tmp))?;
        self.renamed = true;
        crash_point("after-rename", what);
        sync_directory(&directory)?;
        Ok(self.name.clone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.renamed {
            // What cannot be removed now is swept at the next start.
            let _ = fs::remove_file(&self.tmp);
        }
    }
}

/// A file in its place from the start, which keeps what was synchronised even when the program dies. Dropping it leaves
/// it there.
#[derive(Debug)]
pub struct Growing {
    name: SpoolName,
    path: PathBuf,
    file: File,
}

impl Growing {
    pub(super) fn create(spool: &Spool, kind: Kind) -> Result<Self, SpoolError> {
        let name = SpoolName::fresh(kind)?;
        let path = spool.path(&name);
        let file = new_file(&path)?;
        sync_directory(&spool.directory(kind))?;
        Ok(Self { name, path, file })
    }

    /// Its name, for the row that must name it before it is older than [`super::ORPHAN_AGE`].
    #[must_use]
    pub const fn name(&self) -> &SpoolName {
        &self.name
    }

    /// Appends.
    ///
    /// # Errors
    /// A full or failing disk.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), SpoolError> {
        self.file.write_all(chunk).map_err(at("write", &self.path))
    }

    /// Makes safe what was written so far.
    ///
    /// # Errors
    /// A full or failing disk.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        crash_point("before-sync", self.name.kind().directory());
        self.file.sync_data().map_err(at("synchronise", &self.path))
    }
}

/// Never opens a file that is there.
fn new_file(path: &Path) -> Result<File, SpoolError> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path).map_err(at("make", path))
}
