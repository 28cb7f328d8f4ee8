//! The fax part of a call: a T.30 procedure over a T.38 terminal, coupled so that what one gives the other takes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::Progress;
use super::interface::Output;
use super::remote::Remote;
use crate::model::Cause;
use crate::t30;
use crate::t38::{self, udptl::Datagram};

/// Steps that one input may cause between T.30 and T.38 before we call it a fault of ours.
const MOST_STEPS: usize = 100_000;

/// T.30 over T.38, and where the packets go.
pub(super) struct Fax {
    procedure: t30::Procedure,
    terminal: t38::Terminal,
    remote: Remote,
    /// Pages confirmed in earlier calls.
    earlier: u32,
}

impl Fax {
    pub(super) fn start(
        procedure: t30::Procedure,
        settings: t38::Settings,
        remote: Option<SocketAddr>,
        earlier: u32,
        now: Instant,
    ) -> Self {
        let terminal = t38::Terminal::new(settings, now);
        let mut fax = Self { procedure, terminal, remote: Remote::new(remote), earlier };
        fax.procedure.handle(t30::Input::Start, now);
        fax
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.procedure.deadline(), self.terminal.deadline()].into_iter().flatten().min()
    }

    /// A later description of the same fax: it may have moved.
    pub(super) fn described(&mut self, remote: Option<SocketAddr>) {
        self.remote.described(remote);
    }

    pub(super) fn datagram(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        // What nobody's terminal can have sent says nothing about where the far end is.
        if Datagram::decode(datagram).is_ok() && self.remote.believes(source) {
            self.terminal.handle(t38::Input::Datagram(datagram), now);
        }
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        if self.terminal.deadline().is_some_and(|deadline| deadline <= now) {
            self.terminal.handle(t38::Input::Timeout, now);
        }
        if self.procedure.deadline().is_some_and(|deadline| deadline <= now) {
            self.procedure.handle(t30::Input::Timeout, now);
        }
    }

    pub(super) fn page(&mut self, bits: Arc<[u8]>, now: Instant) {
        self.procedure.handle(t30::Input::Page(bits), now);
    }

    pub(super) fn verdict(&mut self, verdict: t30::Verdict, now: Instant) {
        self.procedure.handle(t30::Input::PageVerdict(verdict), now);
    }

    /// Whether what we said last, a DCN, may be lost on its way to the far end.
    pub(super) const fn has_last_word(&self) -> bool {
        self.terminal.has_last_word()
    }

    /// T.30 is over; our last word is repeated from now on.
    pub(super) fn part(&mut self, now: Instant) {
        self.terminal.handle(t38::Input::Part, now);
    }

    pub(super) fn stop(&mut self, cause: Cause, now: Instant) {
        self.procedure.handle(t30::Input::Stop(cause), now);
    }

    /// Lets T.30 and T.38 talk until both have nothing more to say; gives what is for the outside.
    pub(super) fn settle(&mut self, outputs: &mut VecDeque<Output>, now: Instant) -> Option<t30::Ending> {
        let mut ending = None;
        for _ in 0..MOST_STEPS {
            let mut quiet = true;
            while let Some(output) = self.procedure.poll() {
                quiet = false;
                match output {
                    t30::Output::Send(burst) => self.terminal.handle(t38::Input::Send(burst), now),
                    t30::Output::StopSending => self.terminal.handle(t38::Input::StopSending, now),
                    t30::Output::NeedPage { index, format } => outputs.push_back(Output::NeedPage { index, format }),
                    t30::Output::Polled { document } => outputs.push_back(Output::Polled { document }),
                    t30::Output::PageReceived(page) => outputs.push_back(Output::PageReceived(page)),
                    t30::Output::Confirmed { pages } => {
                        outputs.push_back(Output::Confirmed { pages: self.earlier.saturating_add(pages) });
                    }
                    t30::Output::Progress(progress) => {
                        outputs.push_back(Output::Progress(Progress::Fax(progress)));
                    }
                    t30::Output::Ended(end) => ending = Some(end),
                }
            }
            while let Some(output) = self.terminal.poll() {
                quiet = false;
                match output {
                    t38::Output::Datagram(datagram) => {
                        if let Some(to) = self.remote.address() {
                            outputs.push_back(Output::T38 { to, datagram });
                        }
                    }
                    t38::Output::Heard(heard) => self.procedure.handle(t30::Input::Heard(heard), now),
                    t38::Output::Sent => self.procedure.handle(t30::Input::Sent, now),
                }
            }
            if quiet {
                return ending;
            }
        }
        debug_assert!(false, "T.30 and T.38 never came to rest");
        ending
    }
}
