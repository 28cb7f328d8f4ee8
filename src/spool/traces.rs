//! Captures of calls: `traces/17.pcap`, `traces/r5.pcap`. They help people and are promised to nobody, so no row names them and they are
//! not synchronised; what is old, or more than there is room for, is removed.

use super::SpoolError;
use super::error::at;
use crate::model::CallId;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Captures have the pages of faxes in them.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;
const ENDING: &str = "pcap";
/// Octets written at once.
const BUFFER: usize = 64 * 1024;
/// Octets read of one capture.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// A handle to the directory; clones share it.
#[derive(Clone, Debug)]
pub struct Traces {
    root: Arc<Path>,
}

impl Traces {
    /// The captures in this directory, which need not be there.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// Where the capture of a call is, whether it is there or not.
    #[must_use]
    pub fn path(&self, call: CallId) -> PathBuf {
        self.root.join(format!("{call}.{ENDING}"))
    }

    /// Begins the capture of a call, and makes the directory where it is missing.
    ///
    /// # Errors
    /// A full or failing disk.
    pub fn begin(&self, call: CallId) -> Result<BufWriter<File>, SpoolError> {
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&self.root).map_err(at("make", &self.root))?;
        let path = self.path(call);
        // Of a call with this number in a queue that is gone nothing is kept.
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&path);
        Ok(BufWriter::with_capacity(BUFFER, file.map_err(at("make", &path))?))
    }

    /// The capture of a call; nothing when none was kept.
    ///
    /// # Errors
    /// A failing disk, or a directory that the user may not read.
    pub fn read(&self, call: CallId) -> Result<Option<Vec<u8>>, SpoolError> {
        let path = self.path(call);
        let file = match OpenOptions::new().read(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at("read", &path)(error)),
        };
        let mut octets = Vec::new();
        file.take(LARGEST).read_to_end(&mut octets).map_err(at("read", &path))?;
        Ok(Some(octets))
    }

    /// Removes the capture of a call; that there is none is no error.
    ///
    /// # Errors
    /// A failing disk.
    pub fn remove(&self, call: CallId) -> Result<(), SpoolError> {
        let path = self.path(call);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(at("remove", &path)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes captures older than `age`, and of the others the oldest until they have at most `octets` in all. Says how many.
    ///
    /// # Errors
    /// A failing disk.
    pub fn tidy(&self, age: Duration, octets: u64, now: SystemTime) -> Result<usize, SpoolError> {
        let mut kept = Vec::new();
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(at("read", &self.root)(error)),
        };
        for entry in entries {
            let path = entry.map_err(at("read", &self.root))?.path();
            let named =
                path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.parse::<CallId>().is_ok());
            let ours = named && path.extension().is_some_and(|extension| extension == ENDING);
            let Some(facts) = ours.then(|| fs::metadata(&path).ok()).flatten() else { continue };
            let modified = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            kept.push((modified, facts.len(), path));
        }
        // The newest first, so that the sum tells where the room ends.
        kept.sort_by_key(|(modified, ..)| std::cmp::Reverse(*modified));
        let (mut total, mut removed) = (0_u64, 0);
        for (modified, length, path) in kept {
            total = total.saturating_add(length);
            if total > octets || now.duration_since(modified).unwrap_or_default() > age {
                fs::remove_file(&path).map_err(at("remove", &path))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::Traces;
    use crate::model::{AttemptId, CallId, ReceivedId};
    use std::io::Write;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_call_without_a_capture_has_none_and_one_that_is_removed_has_none_again() {
        let directory = tempfile::tempdir().unwrap();
        let traces = Traces::at(&directory.path().join("traces"));
        let call = CallId::In(ReceivedId(5));
        assert_eq!(traces.read(call).unwrap(), None);
        traces.begin(call).unwrap().write_all(b"octets").unwrap();
        assert_eq!(traces.read(call).unwrap().as_deref(), Some(&b"octets"[..]));
        traces.remove(call).unwrap();
        assert_eq!(traces.read(call).unwrap(), None);
        traces.remove(call).unwrap();
    }

    #[test]
    fn the_oldest_captures_make_room_and_foreign_files_stay() {
        let directory = tempfile::tempdir().unwrap();
        let traces = Traces::at(directory.path());
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        for (number, hours) in [(1, 30), (2, 3), (3, 2), (4, 1)] {
            let call = CallId::Out(AttemptId(number));
            let mut file = traces.begin(call).unwrap();
            file.write_all(&[0; 1000]).unwrap();
            file.flush().unwrap();
            file.get_ref().set_modified(now - Duration::from_hours(hours)).unwrap();
        }
        std::fs::write(directory.path().join("notes.txt"), [0; 9000]).unwrap();
        assert_eq!(traces.tidy(Duration::from_hours(24), 2000, now).unwrap(), 2);
        let left: Vec<i64> = (1..=4).filter(|id| traces.read(CallId::Out(AttemptId(*id))).unwrap().is_some()).collect();
        assert_eq!(left, [3, 4]);
        assert!(directory.path().join("notes.txt").exists());
    }
}
