//! A TIFF file. Holds: the bounds; a bilevel page that was read is written so that it reads the same.
#![no_main]

use faxramp::image::MAX_WIDTH;
use faxramp::image::tiff::{FaxPage, Labels, MAX_PAGE_OCTETS, MAX_PAGES, PageImage, Reader, read, write};
use faxramp::model::Resolution;
use libfuzzer_sys::fuzz_target;

/// Larger pages cost the fuzzer more time than they teach.
const LARGEST_REWRITTEN: usize = 200_000;

fuzz_target!(|octets: &[u8]| {
    let Ok(reader) = Reader::new(octets) else { return };
    let mut pages = 0;
    for page in reader.take(4).flatten() {
        pages += 1;
        assert!(pages <= MAX_PAGES);
        match &page.image {
            PageImage::Bilevel(bitmap) => {
                assert!((1..=MAX_WIDTH).contains(&bitmap.width()) && bitmap.packed().len() as u64 <= MAX_PAGE_OCTETS);
                assert!(page.damaged_rows < bitmap.rows());
                if bitmap.packed().len() > LARGEST_REWRITTEN {
                    continue;
                }
                let resolution = page.resolution().unwrap_or(Resolution::Fine);
                let fax = FaxPage { bitmap: bitmap.clone(), resolution };
                let written = write(&[fax], &Labels::default()).expect("a page small enough");
                let again = read(&written).expect("we read what we write");
                assert_eq!((&again[0].image, again[0].damaged_rows), (&page.image, 0));
                assert_eq!(again[0].resolution(), Some(resolution));
            }
            PageImage::Grey(grey) => assert!(grey.octets().len() as u64 <= MAX_PAGE_OCTETS),
        }
    }
});
