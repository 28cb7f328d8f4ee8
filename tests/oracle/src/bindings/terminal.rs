//! SpanDSP's T.38 terminal behind a safe interface: the only file with `unsafe`.
//!
//! SpanDSP calls back while it is being called: with packets to send, at the end of phase B and at the end of all. The callbacks only
//! write into [`Shared`], which lives as long as the terminal. One thread uses a terminal: `Rc` sees to that.

#![expect(unsafe_code, reason = "callbacks of a C library")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_int, c_void};
use std::rc::Rc;
use std::sync::Once;

use spandsp::t38_terminal::T38Terminal;
use spandsp_sys as sys;

/// An IFP packet that SpanDSP wants sent so many times.
pub(crate) struct IfpToSend {
    pub(crate) octets: Vec<u8>,
    pub(crate) times: usize,
}

/// What the callbacks write.
#[derive(Default)]
struct Shared {
    packets: RefCell<VecDeque<IfpToSend>>,
    completion: Cell<Option<c_int>>,
    /// What phase B is answered with: 0 goes on, anything else is a code that makes SpanDSP end the call.
    phase_b_answer: Cell<c_int>,
}

/// The terminal.
pub(crate) struct Terminal {
    /// Declared before `shared`: freed first.
    inner: T38Terminal,
    shared: Rc<Shared>,
}

/// The first terminal builds SpanDSP's tables and libtiff's list of tags, which are not locked.
static TABLES: Once = Once::new();

unsafe extern "C" fn on_packet(
    _core: *mut sys::t38_core_state_t,
    user_data: *mut c_void,
    octets: *const u8,
    length: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: `user_data` is the `Shared` of the terminal, alive as long as it; SpanDSP gives `length` octets.
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

impl Terminal {
    pub(crate) fn new(calling: bool) -> Self {
        let shared = Rc::<Shared>::default();
        let user_data = Rc::as_ptr(&shared).cast_mut().cast::<c_void>();
        let create = || {
            // SAFETY: the callbacks do not unwind (they only push and set), do not call SpanDSP, and `shared` outlives `inner`.
            unsafe { T38Terminal::new_raw(calling, Some(on_packet), user_data) }.expect("SpanDSP makes a terminal")
        };
        TABLES.call_once(|| drop(create()));
        let inner = create();
        let terminal = Self { inner, shared };
        let t30 = terminal.inner.get_t30_state().expect("a terminal has a T.30 engine");
        // SAFETY: as above.
        unsafe {
            t30.set_phase_b_handler_raw(Some(on_phase_b), user_data);
            t30.set_phase_e_handler_raw(Some(on_phase_e), user_data);
        }
        drop(t30);
        terminal
    }

    /// The crate's own safe interface, for all that it covers.
    pub(crate) const fn safe(&self) -> &T38Terminal {
        &self.inner
    }

    pub(crate) fn packet(&self) -> Option<IfpToSend> {
        self.shared.packets.borrow_mut().pop_front()
    }

    pub(crate) fn completion(&self) -> Option<i32> {
        self.shared.completion.get()
    }

    pub(crate) fn answer_phase_b_with(&self, code: i32) {
        self.shared.phase_b_answer.set(code);
    }

    fn t30(&self) -> *mut sys::t30_state_t {
        self.inner.get_t30_state().expect("a terminal has a T.30 engine").as_ptr()
    }

    pub(crate) fn set_resolutions(&self, mask: u32) {
        let mask = c_int::try_from(mask).expect("a mask of few bits");
        // SAFETY: the pointer is valid while `self` is.
        let result = unsafe { sys::t30_set_supported_bilevel_resolutions(self.t30(), mask) };
        assert_eq!(result, 0, "SpanDSP takes the resolutions");
    }

    pub(crate) fn set_row_time(&self, milliseconds: u32) {
        let time = c_int::try_from(milliseconds).expect("40 ms at most");
        // SAFETY: the pointer is valid while `self` is.
        let result = unsafe { sys::t30_set_minimum_scan_line_time(self.t30(), time) };
        assert_eq!(result, 0, "SpanDSP takes the row time");
    }

    pub(crate) fn set_identification(&self, number: &str, sub_address: Option<&str>) {
        let number = CString::new(number).expect("no NUL in a number");
        // SAFETY: SpanDSP copies the strings.
        unsafe { sys::t30_set_tx_ident(self.t30(), number.as_ptr()) };
        if let Some(sub_address) = sub_address {
            let sub_address = CString::new(sub_address).expect("no NUL in a sub-address");
            // SAFETY: SpanDSP copies the strings.
            unsafe { sys::t30_set_tx_sub_address(self.t30(), sub_address.as_ptr()) };
        }
    }

    /// The far end's identification and sub-address.
    pub(crate) fn heard_identification(&self) -> (String, String) {
        // SAFETY: SpanDSP gives strings of its own that live while the terminal does, or none.
        unsafe { (text(sys::t30_get_rx_ident(self.t30())), text(sys::t30_get_rx_sub_address(self.t30()))) }
    }

    pub(crate) fn set_features(&self, mask: u32) {
        let mask = c_int::try_from(mask).expect("a mask of few bits");
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_set_supported_t30_features(self.t30(), mask) };
    }

    /// Answers so many pages or partial pages with RNR first.
    pub(crate) fn set_not_ready(&self, count: u32) {
        let count = c_int::try_from(count).expect("a few");
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_set_receiver_not_ready(self.t30(), count) };
    }

    /// Whether a page is sent again after RTN.
    pub(crate) fn set_retransmit_capable(&self, capable: bool) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_set_retransmit_capable(self.t30(), capable) };
    }

    /// Ends the telephone call.
    pub(crate) fn terminate(&self) {
        // SAFETY: the pointer is valid while `self` is.
        unsafe { sys::t30_terminate(self.t30()) };
    }

    /// Everything SpanDSP thinks, to standard error.
    pub(crate) fn log(&self) {
        let level = sys::SPAN_LOG_SHOW_PROTOCOL | sys::SPAN_LOG_SHOW_SAMPLE_TIME | sys::SPAN_LOG_FLOW;
        let level = c_int::try_from(level).expect("a mask of few bits");
        // SAFETY: the pointers are valid while `self` is.
        unsafe {
            sys::span_log_set_level(sys::t30_get_logging_state(self.t30()), level);
            sys::span_log_set_level(sys::t38_terminal_get_logging_state(self.inner.as_ptr()), level);
        }
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
