//! SpanDSP's T.38 terminal.

#![expect(unsafe_code, reason = "callbacks of a C library")]

use std::rc::Rc;

use spandsp::t38_terminal::T38Terminal;
use spandsp_sys as sys;

use super::procedure::{IfpToSend, Procedure, Shared, on_packet};

/// The terminal.
pub(crate) struct Terminal {
    /// Declared before `procedure`: freed first.
    inner: T38Terminal,
    procedure: Procedure,
}

impl Terminal {
    pub(crate) fn new(calling: bool) -> Self {
        super::build_tables();
        let shared = Rc::<Shared>::default();
        // SAFETY: the callback does not unwind (it only pushes), does not call SpanDSP, and `shared` outlives `inner`.
        let inner = unsafe { T38Terminal::new_raw(calling, Some(on_packet), shared.user_data()) };
        let inner = inner.expect("SpanDSP makes a terminal");
        let raw = inner.get_t30_state().expect("a terminal has a T.30 engine").as_ptr();
        // SAFETY: the engine is the terminal's, which is freed first.
        let procedure = unsafe { Procedure::attach(raw, shared) };
        Self { inner, procedure }
    }

    /// The crate's own safe interface, for all that it covers.
    pub(crate) const fn safe(&self) -> &T38Terminal {
        &self.inner
    }

    pub(crate) const fn procedure(&self) -> &Procedure {
        &self.procedure
    }

    pub(crate) fn packet(&self) -> Option<IfpToSend> {
        self.procedure.packet()
    }

    /// Everything SpanDSP thinks of packets and frames, to standard error.
    pub(crate) fn log(&self) {
        self.procedure.log();
        // SAFETY: the pointer is valid while `self` is.
        unsafe {
            sys::span_log_set_level(sys::t38_terminal_get_logging_state(self.inner.as_ptr()), super::LOG_LEVEL);
        }
    }
}
