//! SpanDSP's end of a call over audio: its fax machine, sending a TIFF file or receiving into one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use faxramp::image::Bitmap;
use tempfile::TempDir;

use crate::audio::{AudioEnd, Samples};
use crate::bindings::Machine;
use crate::their_settings::{TheirSettings, TheirStatistics, completion_words, read_pages};
use crate::theirs::{real_time, tracing};

/// SpanDSP's end.
pub struct AudioTheirs {
    machine: Machine,
    folder: TempDir,
    busy: Duration,
}

impl AudioTheirs {
    /// An end that does what the settings say, as far as they are not about T.38.
    ///
    /// # Panics
    /// When SpanDSP does not take a setting, or the disk is full.
    #[must_use]
    pub fn new(settings: &TheirSettings) -> Self {
        let begun = real_time();
        let machine = Machine::new(settings.calling);
        machine.set_talker_echo_protection(settings.talker_echo_protection);
        let end = Self { machine, folder: tempfile::tempdir().expect("a folder for TIFF files"), busy: Duration::ZERO };
        settings.configure(end.machine.procedure(), &end.file());
        if tracing() {
            end.machine.procedure().log();
        }
        Self { busy: begun.elapsed(), ..end }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("pages.tif")
    }

    /// What it received.
    ///
    /// # Panics
    /// When the file cannot be read as black and white pages.
    #[must_use]
    pub fn received(&self) -> Vec<Bitmap> {
        read_pages(&self.file())
    }

    /// SpanDSP's completion code: 0 is good. Nothing while the call goes on.
    #[must_use]
    pub fn completion(&self) -> Option<i32> {
        self.machine.procedure().completion()
    }

    /// The completion code in SpanDSP's words.
    #[must_use]
    pub fn completion_words(&self) -> String {
        completion_words(self.completion())
    }

    /// SpanDSP's own counts.
    #[must_use]
    pub fn statistics(&self) -> TheirStatistics {
        TheirStatistics::of(self.machine.procedure())
    }
}

impl AudioEnd for AudioTheirs {
    fn say(&mut self, samples: &mut Samples, _now: Instant) {
        let begun = real_time();
        self.machine.say(samples);
        self.busy += begun.elapsed();
    }

    fn hear(&mut self, samples: &mut Samples, _now: Instant) {
        let begun = real_time();
        self.machine.hear(samples);
        self.busy += begun.elapsed();
    }

    /// As in Asterisk: it gets no samples, and its time stands still.
    fn miss(&mut self, _now: Instant) {}

    fn is_over(&self) -> bool {
        self.completion().is_some()
    }

    fn hang_up(&mut self, _now: Instant) {
        if self.completion().is_none() {
            self.machine.procedure().terminate();
        }
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}
