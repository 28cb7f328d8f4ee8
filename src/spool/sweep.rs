//! Removing what a crash left behind.

use super::error::at;
use super::{Kind, Spool, SpoolError, SpoolName};
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime};

/// A file that no row names is an orphan only at this age: a younger one may be waiting for its row.
pub const ORPHAN_AGE: Duration = Duration::from_hours(1);

impl Spool {
    /// Removes every unfinished file. Only at start, before anything is written.
    ///
    /// # Errors
    /// A failing disk.
    pub fn sweep_unfinished(&self) -> Result<usize, SpoolError> {
        let tmp = self.tmp();
        let mut removed = 0;
        for entry in fs::read_dir(&tmp).map_err(at("read", &tmp))? {
            let path = entry.map_err(at("read", &tmp))?.path();
            if fs::remove_file(&path).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes the files that `named` does not name and that are older than [`ORPHAN_AGE`]; gives their names. Files
    /// that are not the spool's are left alone.
    ///
    /// # Errors
    /// A failing disk.
    pub fn sweep_orphans(&self, named: &BTreeSet<String>, now: SystemTime) -> Result<Vec<SpoolName>, SpoolError> {
        let mut removed = Vec::new();
        for kind in Kind::ALL {
            let directory = self.directory(kind);
            for entry in fs::read_dir(&directory).map_err(at("read", &directory))? {
                let entry = entry.map_err(at("read", &directory))?;
                let text = format!("{}/{}", kind.directory(), entry.file_name().to_string_lossy());
                let Some(name) = SpoolName::from_stored(&text).filter(|_| !named.contains(&text)) else { continue };
                // A file that vanishes meanwhile was removed by its owner.
                let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
                let age = now.duration_since(modified).unwrap_or_default();
                if age > ORPHAN_AGE {
                    self.remove(&name)?;
                    removed.push(name);
                }
            }
        }
        Ok(removed)
    }
}
