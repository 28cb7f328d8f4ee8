//! SpanDSP's T.30 engine, whatever carries it: settings, what it heard, how it ended.

#![expect(unsafe_code, reason = "callbacks of a C library")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_int, c_void};
use std::rc::Rc;

use spandsp_sys as sys;

/// An IFP packet that SpanDSP wants sent so many times.
pub(crate) struct IfpToSend {
    pub(crate) octets: Vec<u8>,
    pub(crate) times: usize,
}

/// What the callbacks write.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) packets: RefCell<VecDeque<IfpToSend>>,
    completion: Cell<Option<c_int>>,
    /// What phase B is answered with: 0 goes on, anything else is a code that makes SpanDSP end the call.
    phase_b_answer: Cell<c_int>,
}

impl Shared {
    pub(super) fn user_data(self: &Rc<Self>) -> *mut c_void {
        Rc::as_ptr(self).cast_mut().cast()
    }
}

pub(super) unsafe extern "C" fn on_packet(
    _core: *mut sys::t38_core_state_t,
    user_data: *mut c_void,
    octets: *const u8,
    length: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: `user_data` is the `Shared` of the owner, alive as long as it; SpanDSP gives `length` octets.
    let (shared, octets) = unsafe {
        let length = usize::try_from(length).expect("SpanDSP's lengths are not negative");
        (&*user_data.cast::<Shared>(), std::slice::from_raw_parts(octets, length))
    };
    let times = usize::try_from(count).unwrap_or(1);
    shared.packets.borrow_mut().push_back(IfpToSend { octets: octets.to_vec(), times });
    0
}

unsafe extern "C" fn on_phase_b(user_data: *mut c_void, _frame: c_int) -> c_int {
    // SAFETY: as in `on_packet`.
    unsafe { &*user_data.cast::<Shared>() }.phase_b_answer.get()
}

unsafe extern "C" fn on_phase_e(user_data: *mut c_void, completion: c_int) {
    // SAFETY: as in `on_packet`.
    unsafe { &*user_data.cast::<Shared>() }.completion.set(Some(completion));
}

/// The engine. Owned by the terminal or the audio machine around it, and freed with it.
pub(crate) struct Procedure {
    raw: *mut sys::t30_state_t,
    shared: Rc<Shared>,
}

impl Procedure {
    /// # Safety
    /// `raw` is an engine whose owner lives as long as the result and is freed first.
    pub(super) unsafe fn attach(raw: *mut sys::t30_state_t, shared: Rc<Shared>) -> Self {
        // SAFETY: the callbacks do not unwind (they only push and set) and do not call SpanDSP; `shared` outlives the engine.
        unsafe {
            sys::t30_set_phase_b_handler(raw, Some(on_phase_b), shared.user_data());
            sys::t30_set_phase_e_handler(raw, Some(on_phase_e), shared.user_data());
        }
        Self { raw, shared }
    }

    pub(super) fn packet(&self) -> Option<IfpToSend> {
        self.shared.packets.borrow_mut().pop_front()
    }

    /// The crate's own safe interface, for all that it covers.
    pub(crate) fn safe(&self) -> spandsp::t30::T30State<'_> {
        // SAFETY: the engine lives as long as `self`, and is not owned by the result.
        unsafe { spandsp::t30::T30State::from_raw(self.raw, false) }.expect("the engine is there")
    }

    pub(crate) fn completion(&self) -> Option<i32> {
        self.shared.completion.get()
    }

    pub(crate) fn answer_phase_b_with(&self, code: i32) {
        self.shared.phase_b_answer.set(code);
    }

    pub(crate) fn set_resolutions(&self, mask: u32) {
        let mask = c_int::try_from(mask).expect("a mask of few bits");
        // SAFETY: the pointer is valid while `self` is.
        let result = unsafe { sys::t30_set_supported_bilevel_resolutions(self.raw, mask) };
        assert_eq!(result, 0, "SpanDSP takes the resolutions");
    }

    pub(crate) fn set_row_time(&self, milliseconds: u32) {
        let time = c_int::try_from(milliseconds).expect("40 ms at most");
        // SAFETY: the pointer is valid while `self` is.
        let result = unsafe { sys::t30_set_minimum_scan_line_time(self.raw, time) };
        assert_eq!(result, 0, "SpanDSP takes the row time");
    }

    pub(crate) fn set_identification(&self, number: &str, sub_address: Option<&str>) {
        let number = CString::new(number).expect("no NUL in a number");
        // SAFETY: SpanDSP copies the strings.
        unsafe { sys::t30_set_tx_ident(self.raw, number.as_ptr()) };
        if let Some(sub_address) = sub_address {
            let sub_address = CString::new(sub_address).expect("no NUL in a sub-address");
            // SAFETY: SpanDSP copies the strings.
            unsafe { sys::t30_set_tx_sub_address(self.raw, sub_address.as_ptr()) };
        }
    }

    /// What it asks for documents with.
    pub(crate) fn set_polling(&self, selective: Option<&str>, password: Option<&str>) {
        if let Some(selective) = selective {
            let selective = CString::new(selective).expect("no NUL in an address");
            // SAFETY: SpanDSP copies the strings.
            unsafe { sys::t30_set_tx_selective_polling_address(self.raw, selective.as_ptr()) };
        }
        if let Some(password) = password {
            let password = CString::new(password).expect("no NUL in a password");
            // SAFETY: SpanDSP copies the strings.
            unsafe { sys::t30_set_tx_password(self.raw, password.as_ptr()) };
        }
    }

    /// The far end's identification and sub-address.
    pub(crate) fn heard_identification(&self) -> (String, String) {
        // SAFETY: SpanDSP gives strings of its own that live while the terminal does, or none.
        unsafe { (text(sys::t30_get_rx_ident(self.raw)), text(sys::t30_get_rx_sub_address(self.raw))) }
    }

    pub(crate) fn set_features(&self, mask: u32) {
        let mask = c_int::try_from(mask).expect("a mask of few bits");
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_set_supported_t30_features(self.raw, mask) };
    }

    /// Answers so many pages or partial pages with RNR first.
    pub(crate) fn set_not_ready(&self, count: u32) {
        let count = c_int::try_from(count).expect("a few");
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_set_receiver_not_ready(self.raw, count) };
    }

    /// Whether a page is sent again after RTN.
    pub(crate) fn set_retransmit_capable(&self, capable: bool) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_set_retransmit_capable(self.raw, capable) };
    }

    /// Ends the telephone call.
    pub(crate) fn terminate(&self) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_terminate(self.raw) };
    }

    /// Everything SpanDSP thinks, to standard error.
    pub(crate) fn log(&self) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::span_log_set_level(sys::t30_get_logging_state(self.raw), super::LOG_LEVEL) };
    }
}

/// # Safety
/// A C string or null.
unsafe fn text(string: *const std::ffi::c_char) -> String {
    if string.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}
