//! The end of a script: who hangs up, and what the server's books have of it.

use std::time::{Duration, Instant};

use super::{PATIENCE, Player, TICK, milliseconds};

/// How long the server's notes on a call that has ended may take.
const NOTE_PATIENCE: Duration = Duration::from_secs(15);

impl Player {
    pub(super) fn expect_end(&mut self, cause: &str, pages: u32) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        while !self.device_left && !self.tester_left && self.wire.heard.is_empty() && Instant::now() < end {
            self.pass_time(TICK);
        }
        self.nothing_unexpected()?;
        if !self.device_left && !self.tester_left {
            return Err("it does not hang up".into());
        }
        let end = Instant::now() + NOTE_PATIENCE;
        loop {
            let noted = self.noted()?;
            let wanted = self.wanted_ends(cause, u64::from(pages));
            if noted == wanted {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("it ended {noted:?}, not {wanted:?}"));
            }
            self.pass_time(milliseconds(1000));
        }
    }

    /// What the server's books have of the call: of each fax that was begun in it, or of the one received.
    fn noted(&self) -> Result<Vec<(String, u64)>, String> {
        if !self.is_caller {
            // A call that has just ended is not yet in the list.
            return Ok(self.lab.reception(&self.number).into_iter().collect());
        }
        let faxes = self.lab.faxes(&self.number)?;
        // Before those of the call there may be one for which they waited.
        let first = faxes.len().saturating_sub(self.documents.len().max(1));
        let begun = faxes.into_iter().skip(first).take(self.begun.max(1));
        Ok(begun.map(|fax| (fax.cause, fax.pages)).collect())
    }

    /// What they have to have after such an end of the call: a fax all of whose pages were confirmed was sent, however the call ended.
    fn wanted_ends(&self, cause: &str, pages: u64) -> Vec<(String, u64)> {
        if self.documents.len() < 2 {
            return vec![(cause.into(), pages)];
        }
        let mut left = pages;
        let mut ends = Vec::new();
        for all in self.documents.iter().take(self.begun.max(1)) {
            let confirmed = left.min(*all);
            left -= confirmed;
            ends.push((if confirmed == *all { "sent" } else { cause }.into(), confirmed));
        }
        ends
    }
}
