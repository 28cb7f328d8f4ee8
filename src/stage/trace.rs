//! Trace: what goes over the wire in a call is written down as it goes, so that a failed call can be explained afterwards.
//!
//! Calls never wait for the disk: their packets go to one thread that writes. When it cannot follow, packets are left out and
//! counted. A capture is a help, not a promise: that it cannot be written is logged, and the call goes on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::settings::{Keep, Trace as Settings};
use crate::call::{Ending, MediaAddresses};
use crate::clock;
use crate::io::background;
use crate::io::call::{Tap, Way};
use crate::io::media::Medium;
use crate::model::{CallId, Cause};
use crate::spool::Traces;
use crate::trace::pcap;

/// Packets on their way to the disk, of all calls together.
const PACKETS_WAITING: usize = 16 * 1024;
/// Octets of one capture; what comes after is not kept. Enough for an hour of audio both ways.
const LARGEST_CAPTURE: u64 = 200 * 1024 * 1024;

/// Writes the captures of all calls.
#[derive(Clone)]
pub struct Recorder {
    traces: Traces,
    work: SyncSender<Work>,
}

/// What the writing thread is asked for.
enum Work {
    Begin(CallId),
    Write(CallId, Vec<u8>),
    /// No more comes of a call, whose capture is kept or not; and so many packets were left out.
    End {
        call: CallId,
        keep: bool,
        left_out: u64,
    },
}

impl Recorder {
    /// Starts the writing thread; it ends with the last recorder.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(traces: Traces) -> std::io::Result<Self> {
        let (work, waiting) = sync_channel(PACKETS_WAITING);
        let writer = Writer { traces: traces.clone(), open: BTreeMap::new() };
        std::thread::Builder::new().name("traces".into()).spawn(move || writer.run(&waiting))?;
        Ok(Self { traces, work })
    }

    /// The captures there are.
    #[must_use]
    pub const fn traces(&self) -> &Traces {
        &self.traces
    }

    /// Begins the capture of a call between our addresses and others', if captures are wanted.
    #[must_use]
    pub fn begin(
        &self,
        call: CallId,
        settings: &Settings,
        sip: SocketAddr,
        media: MediaAddresses,
    ) -> Option<Arc<Recording>> {
        let wanted = match settings.keep {
            Keep::Failed | Keep::All => true,
            Keep::None => false,
        };
        // A queue that is full will not have room for the packets either.
        (wanted && self.work.try_send(Work::Begin(call)).is_ok()).then(|| {
            Arc::new(Recording {
                call,
                keep: settings.keep,
                sip,
                media,
                work: self.work.clone(),
                left_out: AtomicU64::new(0),
                ended: Mutex::new(false),
            })
        })
    }
}

/// The capture of one call.
pub struct Recording {
    call: CallId,
    keep: Keep,
    sip: SocketAddr,
    media: MediaAddresses,
    work: SyncSender<Work>,
    left_out: AtomicU64,
    ended: Mutex<bool>,
}

impl Recording {
    /// The call is over. Waits for room in the queue, so not to be called where waiting holds up a call.
    pub fn end(&self, cause: &Cause) {
        let keep = match self.keep {
            Keep::All => true,
            Keep::Failed => *cause != Cause::Sent,
            Keep::None => false,
        };
        if let Some(work) = self.last_work(keep) {
            let _ = self.work.send(work);
        }
    }

    /// What the writing thread is to be told of the end, unless it was.
    fn last_work(&self, keep: bool) -> Option<Work> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out = self.left_out.load(Ordering::Relaxed);
        (!std::mem::replace(&mut *ended, true)).then_some(Work::End { call: self.call, keep, left_out })
    }

    const fn own(&self, way: Way) -> SocketAddr {
        match way {
            Way::Sip => self.sip,
            Way::Media(Medium::Audio) => self.media.audio,
            Way::Media(Medium::Report) => {
                SocketAddr::new(self.media.audio.ip(), self.media.audio.port().saturating_add(1))
            }
            Way::Media(Medium::T38) => self.media.t38,
        }
    }

    fn write(&self, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let at = clock::wall_precise();
        let mut record = Vec::with_capacity(octets.len() + 96);
        pcap::record(at, from, to, octets, &mut record);
        if self.work.try_send(Work::Write(self.call, record)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Tap for Recording {
    fn sent(&self, way: Way, peer: SocketAddr, octets: &[u8]) {
        self.write(self.own(way), peer, octets);
    }

    fn received(&self, way: Way, peer: SocketAddr, octets: &[u8]) {
        self.write(peer, self.own(way), octets);
    }
}

impl Drop for Recording {
    /// Who forgot to say how it ended has a call that is worth looking at. Where this happens nobody may wait, so a thread does it while
    /// the queue is full.
    fn drop(&mut self) {
        let Some(work) = self.last_work(true) else { return };
        if let Err(TrySendError::Full(work)) = self.work.try_send(work) {
            let queue = self.work.clone();
            let waiting = std::thread::Builder::new().name("trace-end".into()).spawn(move || drop(queue.send(work)));
            if let Err(error) = waiting {
                tracing::warn!(call = %self.call, %error, "the end of a capture is missing");
            }
        }
    }
}

/// The call of a recording is over.
pub async fn end(recording: Option<Arc<Recording>>, ending: &Ending) {
    let Some(recording) = recording else { return };
    let cause = ending.outcome.cause.clone();
    // The queue may be full, and then this waits.
    let _ = background::run(move || recording.end(&cause)).await;
}

struct Writer {
    traces: Traces,
    open: BTreeMap<CallId, Capture>,
}

struct Capture {
    file: BufWriter<File>,
    written: u64,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Work>) {
        while let Ok(work) = waiting.recv() {
            match work {
                Work::Begin(call) => self.begin(call),
                Work::Write(call, record) => self.write(call, &record),
                Work::End { call, keep, left_out } => self.end(call, keep, left_out),
            }
        }
    }

    fn begin(&mut self, call: CallId) {
        match self.traces.begin(call) {
            Ok(file) => {
                self.open.insert(call, Capture { file, written: 0 });
                self.write(call, &pcap::file_header());
            }
            Err(error) => tracing::warn!(%call, %error, "the call goes on without a capture"),
        }
    }

    fn write(&mut self, call: CallId, record: &[u8]) {
        let Some(capture) = self.open.get_mut(&call) else { return };
        capture.written += record.len() as u64;
        if capture.written > LARGEST_CAPTURE {
            return;
        }
        if let Err(error) = capture.file.write_all(record) {
            tracing::warn!(%call, %error, "the capture of a call ends here");
            self.open.remove(&call);
        }
    }

    fn end(&mut self, call: CallId, keep: bool, left_out: u64) {
        if let Some(mut capture) = self.open.remove(&call)
            && let Err(error) = capture.file.flush()
        {
            tracing::warn!(%call, %error, "the end of a capture is missing");
        }
        if left_out > 0 {
            tracing::warn!(%call, packets = left_out, "the disk could not follow; packets are missing in a capture");
        }
        if !keep && let Err(error) = self.traces.remove(call) {
            tracing::warn!(%call, %error, "a capture that is not wanted could not be removed");
        }
    }
}
