//! Audio that is sent twice: a packet carries the newest block and older ones again.
//!
//! Gateways do it for faxes in audio; what one packet lost, the next one brings. Read only. Serves RFC 2198 §3.

use thiserror::Error;

/// One block of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block<'a> {
    /// What it is; below 128.
    pub payload_type: u8,
    /// So many samples before the packet's time; 0 for the newest.
    pub before: u16,
    /// The media.
    pub payload: &'a [u8],
}

/// Why a payload has no blocks; always the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RedundancyError {
    /// It ends inside its headers or blocks.
    #[error("malformed redundant audio: it ends inside its blocks")]
    Truncated,
    /// More blocks than anybody sends.
    #[error("malformed redundant audio: more than {MOST_BLOCKS} blocks")]
    TooMany,
}

/// Blocks of a packet, at most; senders have two or three.
pub const MOST_BLOCKS: usize = 8;
/// Octets of the header of an older block.
const HEADER_OCTETS: usize = 4;

/// Reads the blocks of a payload, in their order: the newest comes last.
///
/// # Errors
/// [`RedundancyError`] when the payload is no sound list of blocks.
pub fn decode(payload: &[u8]) -> Result<impl Iterator<Item = Block<'_>>, RedundancyError> {
    let mut older = [None; MOST_BLOCKS - 1];
    let (mut headers, mut count, mut octets) = (payload, 0, 0);
    let newest_type = loop {
        let first = *headers.first().ok_or(RedundancyError::Truncated)?;
        if first & 0x80 == 0 {
            headers = &headers[1..];
            break first;
        }
        let (header, rest) = headers.split_first_chunk::<HEADER_OCTETS>().ok_or(RedundancyError::Truncated)?;
        // One bit that another header follows, seven of type, fourteen of time, ten of length.
        let header = u32::from_be_bytes(*header);
        let (before, length) = ((header >> 10 & 0x3FFF) as u16, (header & 0x3FF) as usize);
        *older.get_mut(count).ok_or(RedundancyError::TooMany)? = Some((first & 0x7F, before, length));
        (headers, count, octets) = (rest, count + 1, octets + length);
    };
    let mut media = headers;
    let newest = media.get(octets..).ok_or(RedundancyError::Truncated)?;
    let older = older.into_iter().flatten().map(move |(payload_type, before, length)| {
        let (payload, rest) = media.split_at(length);
        media = rest;
        Block { payload_type, before, payload }
    });
    Ok(older.chain(std::iter::once(Block { payload_type: newest_type, before: 0, payload: newest })))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_are_read_in_order() {
        // PCMU of 160 samples before, three octets; PCMA of 320 before, none; then PCMU.
        let payload = [0x80, 2, 0x80, 3, 0x88, 5, 0, 0, 0, 1, 2, 3, 9];
        let blocks: Vec<_> = decode(&payload).unwrap().collect();
        let expected = [
            Block { payload_type: 0, before: 160, payload: &[1, 2, 3] },
            Block { payload_type: 8, before: 320, payload: &[] },
            Block { payload_type: 0, before: 0, payload: &[9] },
        ];
        assert_eq!(blocks, expected);
        assert_eq!(decode(&[8]).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for payload in [&[][..], &[0x80], &[0x80, 0, 0, 1], &[0x80, 0, 0, 2, 0, 1]] {
            assert_eq!(decode(payload).map(Iterator::count), Err(RedundancyError::Truncated), "{payload:?}");
        }
        assert_eq!(decode(&[0x80; 40]).map(Iterator::count), Err(RedundancyError::TooMany));
    }

    proptest! {
        #[test]
        fn strangers_octets_never_panic(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(blocks) = decode(&payload) {
                prop_assert!(blocks.map(|block| block.payload.len()).sum::<usize>() <= payload.len());
            }
        }
    }
}
