//! What can go wrong with the spool. All but a missing or too large file are faults of this machine.

use super::SpoolName;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// A failed operation on the spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Local: no space is left.
    #[error("the disk with the spool {path} is full")]
    Full {
        /// The file or directory.
        path: PathBuf,
    },
    /// Local: a row names a file that is not there.
    #[error("the spool file {path} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is longer than the reader allows.
    #[error("the spool file {name} is longer than {limit} bytes")]
    TooLarge {
        /// The file.
        name: SpoolName,
        /// What the reader allows.
        limit: u64,
    },
    /// Local: anything else the disk reports.
    #[error("could not {action} {path}: {error}")]
    Storage {
        /// What was to be done.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: Error,
    },
    /// Local: the system gave no random bytes for a name.
    #[error("the system gave no random bytes for a file's name")]
    NoRandomness,
}

impl SpoolError {
    /// Whether space is what is missing, so that a peer may be told to come again later.
    // RFC 3463 §3.4: 4.3.1 mail system full
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

/// Says what was being done to which file when the system reported an error.
pub(super) fn at(action: &'static str, path: &Path) -> impl FnOnce(Error) -> SpoolError + use<> {
    let path = path.to_owned();
    move |error| {
        let kind = error.kind();
        if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            SpoolError::Full { path }
        } else if kind == ErrorKind::NotFound {
            SpoolError::Missing { path }
        } else {
            SpoolError::Storage { action, path, error }
        }
    }
}
