//! faxramp's fax engines against SpanDSP, in one process and in virtual time.
//!
//! Two ends stand at a simulated network ([`call`], [`path`]): [`ours`] is faxramp's T.30 over its T.38, coupled as the
//! daemon couples them; [`theirs`] is SpanDSP's T.38 terminal, an independent implementation that the field runs in Asterisk and
//! FreeSWITCH. What one sends the other has to receive, picture element by picture element. [`pages`] makes the pages, [`table`]
//! shows a person what was proved. No socket, no sleep: a call of ten minutes takes a fraction of a second.
//!
//! Not here: the product, which never links SpanDSP.

pub mod audio;
pub mod audio_ours;
pub mod audio_theirs;
pub mod ber;
mod bindings;
pub mod call;
pub mod chance;
pub mod control_modem;
pub mod end;
pub mod gateways;
pub mod line;
mod link;
pub mod modem;
pub mod ours;
pub mod pages;
pub mod path;
pub mod peer;
pub mod plot;
pub mod table;
mod their_settings;
pub mod theirs;
pub mod timeline;
pub mod trunk_call;
