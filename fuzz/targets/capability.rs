//! The information field of a DIS, DTC or DCS. Holds: no bit that was sent is lost by writing; what is chosen for a DIS is what
//! the DCS for it commands.
#![no_main]

use faxramp::model::{Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::capability::MAX_OCTETS;
use faxramp::t30::ecm::FrameSize;
use faxramp::t30::negotiate::{Wishes, choose};
use faxramp::t30::{Capability, PageShape};
use libfuzzer_sys::fuzz_target;

/// Bit 24 and every eighth after it only say whether more follows.
fn says_something(number: usize) -> bool {
    number < 24 || number % 8 != 0
}

fuzz_target!(|octets: &[u8]| {
    let read = Capability::read(octets);
    let written = read.write();
    assert!((3..=MAX_OCTETS).contains(&written.len()));
    let again = Capability::read(&written);
    for number in (1..=MAX_OCTETS * 8).filter(|number| says_something(*number)) {
        assert_eq!(read.bit(number), again.bit(number), "bit {number}");
    }
    assert_eq!(again.write(), written);
    let every = [Compression::Mh, Compression::Mr, Compression::Mmr];
    for resolution in Resolution::ALL {
        for ecm in [true, false] {
            let wishes = Wishes { ecm, compressions: &every, frame_size: FrameSize::Octets256 };
            let shape = PageShape { width: Width::B4, resolution, rows: 1000 };
            let Ok(agreed) = choose(&read, wishes, shape) else { continue };
            assert!(agreed.resolution <= resolution && read.has_compression(agreed.compression));
            for modulation in Modulation::ALL {
                let command = Capability::read(&agreed.command(modulation).write());
                assert_eq!(command.modulation(), Some(modulation));
                assert_eq!(command.compression(), Some(agreed.compression));
                assert_eq!((command.finest(), command.widest()), (agreed.resolution, agreed.width));
                assert_eq!(command.ecm(), agreed.ecm.is_some());
            }
        }
    }
});
