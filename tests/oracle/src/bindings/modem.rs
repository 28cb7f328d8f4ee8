//! SpanDSP's modems by themselves.

#![expect(unsafe_code, reason = "callbacks of a C library")]

use std::ffi::{c_int, c_void};
use std::ptr;

use faxramp::dsp::fast::{Family, Mode, Training};
use spandsp_sys as sys;

/// What SpanDSP's callbacks write and read.
#[derive(Default)]
pub(super) struct Shared {
    to_send: Vec<bool>,
    sent: usize,
    pub(super) heard: Vec<Sign>,
}

impl Shared {
    pub(super) fn sending(bits: &[bool]) -> Self {
        Self { to_send: bits.to_vec(), ..Self::default() }
    }
}

/// A bit, or what a receiver has to say beside bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sign {
    Bit(bool),
    CarrierUp,
    CarrierDown,
    Trained,
    TrainingFailed,
}

/// What a bit says that is none, as SpanDSP's `async.h` numbers it.
const CARRIER_DOWN: c_int = -1;
const CARRIER_UP: c_int = -2;
const TRAINING_SUCCEEDED: c_int = -4;
const TRAINING_FAILED: c_int = -5;
const END_OF_DATA: c_int = -7;

pub(super) unsafe extern "C" fn get_bit(user_data: *mut c_void) -> c_int {
    // SAFETY: `user_data` is the `Shared` of the owner, which is alive and not borrowed while SpanDSP runs.
    let shared = unsafe { &mut *user_data.cast::<Shared>() };
    let Some(bit) = shared.to_send.get(shared.sent) else { return END_OF_DATA };
    shared.sent += 1;
    c_int::from(*bit)
}

pub(super) unsafe extern "C" fn put_bit(user_data: *mut c_void, bit: c_int) {
    // SAFETY: as in `get_bit`.
    let shared = unsafe { &mut *user_data.cast::<Shared>() };
    let sign = match bit {
        0 => Sign::Bit(false),
        1 => Sign::Bit(true),
        CARRIER_UP => Sign::CarrierUp,
        CARRIER_DOWN => Sign::CarrierDown,
        TRAINING_SUCCEEDED => Sign::Trained,
        TRAINING_FAILED => Sign::TrainingFailed,
        _ => return,
    };
    shared.heard.push(sign);
}

fn rate(mode: Mode) -> c_int {
    c_int::try_from(mode.bits_per_second()).expect("a rate of a fax modem")
}

fn length(samples: &[i16]) -> c_int {
    c_int::try_from(samples.len()).expect("a signal of a test")
}

enum Sending {
    V27ter(*mut sys::v27ter_tx_state_t),
    V29(*mut sys::v29_tx_state_t),
    V17(*mut sys::v17_tx_state_t),
}

/// A transmitter.
pub(crate) struct FastTransmitter {
    raw: Sending,
    /// Written to by SpanDSP through a raw pointer; only made and freed here.
    shared: *mut Shared,
}

impl FastTransmitter {
    /// Sends training and these bits.
    pub(crate) fn new(mode: Mode, training: Training, talker_echo_protection: bool, bits: &[bool]) -> Self {
        super::build_tables();
        let shared = Box::into_raw(Box::new(Shared::sending(bits)));
        let (user_data, get_bit) = (shared.cast::<c_void>(), Some(get_bit as unsafe extern "C" fn(_) -> _));
        // SAFETY: SpanDSP allocates; `shared` lives until `drop`; the callback does not unwind.
        let raw = unsafe {
            match mode.family() {
                Family::V27ter => Sending::V27ter(sys::v27ter_tx_init(
                    ptr::null_mut(),
                    rate(mode),
                    talker_echo_protection,
                    get_bit,
                    user_data,
                )),
                Family::V29 => Sending::V29(sys::v29_tx_init(
                    ptr::null_mut(),
                    rate(mode),
                    talker_echo_protection,
                    get_bit,
                    user_data,
                )),
                Family::V17 => {
                    let raw = sys::v17_tx_init(ptr::null_mut(), rate(mode), talker_echo_protection, get_bit, user_data);
                    let short = matches!(training, Training::Short);
                    sys::v17_tx_restart(raw, rate(mode), talker_echo_protection, short);
                    Sending::V17(raw)
                }
            }
        };
        Self { raw, shared }
    }

    /// Sets the power of the data, in dBm0.
    pub(crate) fn set_level(&mut self, dbm0: f32) {
        // SAFETY: the pointers are valid until `drop`.
        unsafe {
            match self.raw {
                Sending::V27ter(raw) => sys::v27ter_tx_power(raw, dbm0),
                Sending::V29(raw) => sys::v29_tx_power(raw, dbm0),
                Sending::V17(raw) => sys::v17_tx_power(raw, dbm0),
            }
        }
    }

    /// The next samples; fewer than asked for, and it is over.
    pub(crate) fn transmit(&mut self, samples: &mut [i16]) -> usize {
        let (buffer, count) = (samples.as_mut_ptr(), length(samples));
        // SAFETY: the pointers are valid until `drop`; SpanDSP writes at most `count` samples.
        let written = unsafe {
            match self.raw {
                Sending::V27ter(raw) => sys::v27ter_tx(raw, buffer, count),
                Sending::V29(raw) => sys::v29_tx(raw, buffer, count),
                Sending::V17(raw) => sys::v17_tx(raw, buffer, count),
            }
        };
        usize::try_from(written).expect("SpanDSP's lengths are not negative")
    }
}

impl Drop for FastTransmitter {
    fn drop(&mut self) {
        // SAFETY: made by SpanDSP and by `Box` in `new`, and freed once.
        unsafe {
            match self.raw {
                Sending::V27ter(raw) => sys::v27ter_tx_free(raw),
                Sending::V29(raw) => sys::v29_tx_free(raw),
                Sending::V17(raw) => sys::v17_tx_free(raw),
            };
            drop(Box::from_raw(self.shared));
        }
    }
}

enum Hearing {
    V27ter(*mut sys::v27ter_rx_state_t),
    V29(*mut sys::v29_rx_state_t),
    V17(*mut sys::v17_rx_state_t),
}

/// A receiver.
pub(crate) struct FastReceiver {
    raw: Hearing,
    shared: *mut Shared,
}

impl FastReceiver {
    /// A receiver that waits for long training.
    pub(crate) fn new(mode: Mode) -> Self {
        super::build_tables();
        let shared = Box::into_raw(Box::new(Shared::default()));
        let (user_data, put_bit) = (shared.cast::<c_void>(), Some(put_bit as unsafe extern "C" fn(_, _)));
        // SAFETY: SpanDSP allocates; `shared` lives until `drop`; the callback only pushes.
        let raw = unsafe {
            match mode.family() {
                Family::V27ter => Hearing::V27ter(sys::v27ter_rx_init(ptr::null_mut(), rate(mode), put_bit, user_data)),
                Family::V29 => Hearing::V29(sys::v29_rx_init(ptr::null_mut(), rate(mode), put_bit, user_data)),
                Family::V17 => Hearing::V17(sys::v17_rx_init(ptr::null_mut(), rate(mode), put_bit, user_data)),
            }
        };
        Self { raw, shared }
    }

    /// Waits for the next carrier; after long training with success a short one is enough.
    pub(crate) fn restart(&mut self, mode: Mode, training: Training) {
        // SAFETY: the pointers are valid until `drop`.
        unsafe {
            match self.raw {
                Hearing::V27ter(raw) => sys::v27ter_rx_restart(raw, rate(mode), false),
                Hearing::V29(raw) => sys::v29_rx_restart(raw, rate(mode), false),
                Hearing::V17(raw) => {
                    sys::v17_rx_restart(raw, rate(mode), c_int::from(matches!(training, Training::Short)))
                }
            };
        }
    }

    /// Hears samples.
    pub(crate) fn receive(&mut self, samples: &[i16]) {
        let (buffer, count) = (samples.as_ptr(), length(samples));
        // SAFETY: the pointers are valid until `drop`; SpanDSP reads `count` samples.
        unsafe {
            match self.raw {
                Hearing::V27ter(raw) => sys::v27ter_rx(raw, buffer, count),
                Hearing::V29(raw) => sys::v29_rx(raw, buffer, count),
                Hearing::V17(raw) => sys::v17_rx(raw, buffer, count),
            };
        }
    }

    /// Lets the time of lost samples pass.
    pub(crate) fn fill_in(&mut self, samples: usize) {
        let count = c_int::try_from(samples).expect("samples of a packet");
        // SAFETY: the pointers are valid until `drop`.
        unsafe {
            match self.raw {
                Hearing::V27ter(raw) => sys::v27ter_rx_fillin(raw, count),
                Hearing::V29(raw) => sys::v29_rx_fillin(raw, count),
                Hearing::V17(raw) => sys::v17_rx_fillin(raw, count),
            };
        }
    }

    /// What it said since it was asked last.
    pub(crate) fn take(&mut self) -> Vec<Sign> {
        // SAFETY: `shared` lives until `drop`; SpanDSP is not running.
        std::mem::take(unsafe { &mut (*self.shared).heard })
    }
}

impl Drop for FastReceiver {
    fn drop(&mut self) {
        // SAFETY: made by SpanDSP and by `Box` in `new`, and freed once.
        unsafe {
            match self.raw {
                Hearing::V27ter(raw) => sys::v27ter_rx_free(raw),
                Hearing::V29(raw) => sys::v29_rx_free(raw),
                Hearing::V17(raw) => sys::v17_rx_free(raw),
            };
            drop(Box::from_raw(self.shared));
        }
    }
}
