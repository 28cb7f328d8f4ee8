//! SpanDSP's fax machine: its T.30 over its modems, at a telephone line.

#![expect(unsafe_code, reason = "settings that the crate leaves out")]

use std::rc::Rc;

use spandsp::fax::FaxState;
use spandsp_sys as sys;

use super::procedure::Procedure;

/// The machine.
pub(crate) struct Machine {
    /// Declared before `procedure`: freed first.
    inner: FaxState,
    procedure: Procedure,
}

impl Machine {
    pub(crate) fn new(calling: bool) -> Self {
        super::build_tables();
        let inner = FaxState::new(calling).expect("SpanDSP makes a fax machine");
        inner.set_transmit_on_idle(true);
        let raw = inner.get_t30_state().expect("a machine has a T.30 engine").as_ptr();
        // SAFETY: the engine is the machine's, which is freed first.
        let procedure = unsafe { Procedure::attach(raw, Rc::default()) };
        Self { inner, procedure }
    }

    pub(crate) const fn procedure(&self) -> &Procedure {
        &self.procedure
    }

    /// Whether the fast modems send the tone against talker echo first.
    pub(crate) fn set_talker_echo_protection(&self, on: bool) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::fax_set_tep_mode(self.inner.as_ptr(), i32::from(on)) };
    }

    /// Hears samples; it may change them.
    pub(crate) fn hear(&self, samples: &mut [i16]) {
        self.inner.rx(samples);
    }

    /// Says as many samples.
    pub(crate) fn say(&self, samples: &mut [i16]) {
        let said = self.inner.tx(samples);
        samples[said..].fill(0);
    }
}
