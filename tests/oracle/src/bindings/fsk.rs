//! SpanDSP's modem for V.21, channel 2.

#![expect(unsafe_code, reason = "callbacks of a C library")]

use std::ffi::{c_int, c_void};
use std::ptr;

use spandsp_sys as sys;

use super::modem::{Shared, Sign, get_bit, put_bit};

/// Bits as they come, no characters.
const FRAME_MODE_SYNC: c_int = 1;

/// Channel 2: 1850 Hz for a zero, 1650 Hz for a one, 300 bit/s. SpanDSP keeps the pointer to it.
static CHANNEL_2: Channel = Channel(sys::fsk_spec_t {
    name: c"V.21 channel 2".as_ptr(),
    freq_zero: 1850,
    freq_one: 1650,
    tx_level: -14,
    min_level: -45,
    baud_rate: 300 * 100,
});

struct Channel(sys::fsk_spec_t);

// SAFETY: only read, and its name is a constant.
unsafe impl Sync for Channel {}

/// A transmitter.
pub(crate) struct FskTransmitter {
    raw: *mut sys::fsk_tx_state_t,
    shared: *mut Shared,
}

impl FskTransmitter {
    /// Sends these bits at a level.
    pub(crate) fn new(bits: &[bool], dbm0: f32) -> Self {
        super::build_tables();
        let shared = Box::into_raw(Box::new(Shared::sending(bits)));
        // SAFETY: SpanDSP allocates; `shared` lives until `drop`; the callback does not unwind.
        let raw = unsafe {
            let raw = sys::fsk_tx_init(ptr::null_mut(), &raw const CHANNEL_2.0, Some(get_bit), shared.cast::<c_void>());
            sys::fsk_tx_power(raw, dbm0);
            raw
        };
        Self { raw, shared }
    }

    /// The next samples; fewer than asked for, and it is over.
    pub(crate) fn transmit(&mut self, samples: &mut [i16]) -> usize {
        let count = c_int::try_from(samples.len()).expect("samples of a packet");
        // SAFETY: the pointer is valid until `drop`; SpanDSP writes at most `count` samples.
        let written = unsafe { sys::fsk_tx(self.raw, samples.as_mut_ptr(), count) };
        usize::try_from(written).expect("SpanDSP's lengths are not negative")
    }
}

impl Drop for FskTransmitter {
    fn drop(&mut self) {
        // SAFETY: made by SpanDSP and by `Box` in `new`, and freed once.
        unsafe {
            sys::fsk_tx_free(self.raw);
            drop(Box::from_raw(self.shared));
        }
    }
}

/// A receiver.
pub(crate) struct FskReceiver {
    raw: *mut sys::fsk_rx_state_t,
    shared: *mut Shared,
}

impl FskReceiver {
    /// A receiver that waits for a carrier.
    pub(crate) fn new() -> Self {
        super::build_tables();
        let shared = Box::into_raw(Box::<Shared>::default());
        // SAFETY: SpanDSP allocates; `shared` lives until `drop`; the callback only pushes.
        let raw = unsafe {
            sys::fsk_rx_init(
                ptr::null_mut(),
                &raw const CHANNEL_2.0,
                FRAME_MODE_SYNC,
                Some(put_bit),
                shared.cast::<c_void>(),
            )
        };
        Self { raw, shared }
    }

    /// Hears samples.
    pub(crate) fn receive(&mut self, samples: &[i16]) {
        let count = c_int::try_from(samples.len()).expect("samples of a packet");
        // SAFETY: the pointer is valid until `drop`; SpanDSP reads `count` samples.
        unsafe { sys::fsk_rx(self.raw, samples.as_ptr(), count) };
    }

    /// What it said since it was asked last.
    pub(crate) fn take(&mut self) -> Vec<Sign> {
        // SAFETY: `shared` lives until `drop`; SpanDSP is not running.
        std::mem::take(unsafe { &mut (*self.shared).heard })
    }
}

impl Drop for FskReceiver {
    fn drop(&mut self) {
        // SAFETY: made by SpanDSP and by `Box` in `new`, and freed once.
        unsafe {
            sys::fsk_rx_free(self.raw);
            drop(Box::from_raw(self.shared));
        }
    }
}
