//! SpanDSP's T.38 gateway: packets on one side, a telephone line on the other.

#![expect(unsafe_code, reason = "callbacks of a C library")]

use std::rc::Rc;

use spandsp::t38_gateway::T38Gateway;
use spandsp_sys as sys;

use super::procedure::{IfpToSend, Shared, on_packet};

/// The gateway.
pub(crate) struct Gateway {
    /// Declared before `shared`: freed first.
    inner: T38Gateway,
    shared: Rc<Shared>,
}

impl Gateway {
    pub(crate) fn new() -> Self {
        super::build_tables();
        let shared = Rc::<Shared>::default();
        // SAFETY: the callback does not unwind (it only pushes), does not call SpanDSP, and `shared` outlives `inner`.
        let inner = unsafe { T38Gateway::new_raw(Some(on_packet), shared.user_data()) };
        let inner = inner.expect("SpanDSP makes a gateway");
        inner.set_transmit_on_idle(true);
        Self { inner, shared }
    }

    /// The crate's own safe interface, for all that it covers.
    pub(crate) const fn safe(&self) -> &T38Gateway {
        &self.inner
    }

    pub(crate) fn packet(&self) -> Option<IfpToSend> {
        self.shared.packets.borrow_mut().pop_front()
    }

    /// Hears samples of the line; it may change them.
    pub(crate) fn hear(&self, samples: &mut [i16]) {
        self.inner.rx(samples);
    }

    /// Says as many samples.
    pub(crate) fn say(&self, samples: &mut [i16]) {
        let said = self.inner.tx(samples);
        samples[said..].fill(0);
    }

    /// Everything SpanDSP thinks of packets and signals, to standard error.
    pub(crate) fn log(&self) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe {
            sys::span_log_set_level(sys::t38_gateway_get_logging_state(self.inner.as_ptr()), super::LOG_LEVEL);
        }
    }
}
