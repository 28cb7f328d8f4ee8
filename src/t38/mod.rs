//! T.38: fax over packets.
//!
//! [`Terminal`] turns what T.30 wants on the line into datagrams and hears datagrams back as signals; [`ifp`] and
//! [`udptl`] are the two layers of their bytes. Knows neither sockets nor SDP nor what the frames mean. Serves
//! ITU-T T.38 (09/2010), versions 0 to 3 as far as group 3 at up to 14400 bit/s needs them, over UDPTL.

pub mod ifp;
mod per;
mod terminal;
pub mod udptl;

pub use terminal::{
    COPY_GAP, Counts, ErrorCorrection, FAST_BITS_PER_SECOND, FAST_GAP, Input, Output, Pacing, Settings, Terminal,
};
