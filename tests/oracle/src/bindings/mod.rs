//! SpanDSP behind safe interfaces: the only folder with `unsafe`.
//!
//! SpanDSP calls back while it is being called: with packets to send, at the end of phase B and at the end of all. The callbacks only
//! write into `procedure::Shared`, which lives as long as what calls them. One thread uses each: `Rc` sees to that.

mod fsk;
mod gateway;
mod machine;
mod modem;
mod procedure;
mod terminal;

use std::sync::Once;

pub(crate) use fsk::{FskReceiver, FskTransmitter};
pub(crate) use gateway::Gateway;
pub(crate) use machine::Machine;
pub(crate) use modem::{FastReceiver, FastTransmitter, Sign};
pub(crate) use procedure::Procedure;
use spandsp_sys as sys;
pub(crate) use terminal::Terminal;

/// The first of each kind builds SpanDSP's tables and libtiff's list of tags, which are not locked.
static TABLES: Once = Once::new();

/// Protocol, flow and time.
const LOG_LEVEL: i32 =
    (sys::SPAN_LOG_SHOW_PROTOCOL | sys::SPAN_LOG_SHOW_SAMPLE_TIME | sys::SPAN_LOG_FLOW).cast_signed();

fn build_tables() {
    TABLES.call_once(|| {
        drop(spandsp::fax::FaxState::new(true));
        drop(spandsp::fax::FaxState::new(false));
    });
}
