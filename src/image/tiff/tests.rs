//! TIFF files written by libtiff 4.5, hand-made damage, and our own files.

use super::*;
use crate::image::{Coding, DecodeLimits, Grey};
use crate::model::{Compression, Width};
use proptest::prelude::*;

/// The page that libtiff wrote into the files.
fn reference() -> Bitmap {
    let file = include_bytes!("../testdata/page.pbm");
    Bitmap::from_packed(203, file[file.len() - 26 * 48..].to_vec()).unwrap()
}

fn only_page(file: &[u8]) -> Page {
    let mut pages = read(file).unwrap();
    assert_eq!(pages.len(), 1);
    pages.remove(0)
}

const FOREIGN: [(&str, &[u8]); 16] = [
    ("mh", include_bytes!("../testdata/mh.tif")),
    ("mh-aligned-eol", include_bytes!("../testdata/mh-aligned-eol.tif")),
    ("mh-lsb-strips", include_bytes!("../testdata/mh-lsb-strips.tif")),
    ("mh-no-eol", include_bytes!("../testdata/mh-no-eol.tif")),
    ("mh-no-eol-lsb", include_bytes!("../testdata/mh-no-eol-lsb.tif")),
    ("mr", include_bytes!("../testdata/mr.tif")),
    ("mr-lsb-aligned-eol", include_bytes!("../testdata/mr-lsb-aligned-eol.tif")),
    ("mmr", include_bytes!("../testdata/mmr.tif")),
    ("mmr-lsb-strips-cm", include_bytes!("../testdata/mmr-lsb-strips-cm.tif")),
    ("mmr-black-is-zero-big-endian", include_bytes!("../testdata/mmr-black-is-zero-big-endian.tif")),
    ("plain", include_bytes!("../testdata/plain.tif")),
    ("plain-black-is-zero", include_bytes!("../testdata/plain-black-is-zero.tif")),
    ("plain-lsb", include_bytes!("../testdata/plain-lsb.tif")),
    ("packbits", include_bytes!("../testdata/packbits.tif")),
    ("lzw", include_bytes!("../testdata/lzw.tif")),
    ("deflate", include_bytes!("../testdata/deflate.tif")),
];

#[test]
fn every_bilevel_flavour_of_libtiff_is_the_same_page() {
    for (name, file) in FOREIGN {
        let page = only_page(file);
        assert_eq!(page.image, PageImage::Bilevel(reference()), "{name}");
        assert_eq!(page.damaged_rows, 0, "{name}");
        assert_eq!(page.dots_per_inch, Some((204, 196)), "{name}");
        assert_eq!(page.resolution(), Some(Resolution::Fine), "{name}");
    }
}

#[test]
fn grey_and_colour_come_as_grey() {
    let octets = (0..20_u32).flat_map(|y| (0..30_u32).map(move |x| ((x * 5 + y * 3) & 255) as u8)).collect();
    let grey = Grey::from_octets(30, 20, octets).unwrap();
    for file in [&include_bytes!("../testdata/grey.tif")[..], include_bytes!("../testdata/grey-white-is-zero.tif")] {
        assert_eq!(only_page(file).image, PageImage::Grey(grey.clone()));
    }
    let PageImage::Grey(colour) = only_page(include_bytes!("../testdata/rgb.tif")).image else { panic!("grey") };
    // Red 5, green 250, blue 7.
    assert_eq!(colour.row(0)[1], ((5 * 77 + 250 * 150 + 7 * 29) >> 8) as u8);
}

#[test]
fn all_pages_are_read_with_their_resolution() {
    let pages = read(include_bytes!("../testdata/two-pages.tif")).unwrap();
    assert_eq!(pages.len(), 2);
    for page in pages {
        assert_eq!(page.image, PageImage::Bilevel(reference()));
        assert_eq!(page.resolution(), Some(Resolution::Standard));
    }
}

#[test]
fn a_truncated_page_keeps_the_rows_that_are_there() {
    let file = include_bytes!("../testdata/mmr.tif");
    // libtiff puts the strip in front of the directory; empty its second half.
    let mut damaged = file.to_vec();
    damaged[250..560].fill(0);
    let page = only_page(&damaged);
    assert!(page.damaged_rows > 0 && page.damaged_rows < 48, "{}", page.damaged_rows);
    let PageImage::Bilevel(bitmap) = page.image else { panic!("bilevel") };
    assert_eq!(bitmap.rows(), 48);
    let whole = 48 - page.damaged_rows;
    assert_eq!(bitmap.crop_rows(0, whole), reference().crop_rows(0, whole));
    assert_eq!(bitmap.crop_rows(whole, 48).black_count(), 0);
}

#[test]
fn what_is_no_tiff_is_told_apart_from_what_is_not_supported() {
    assert!(matches!(read(b""), Err(TiffError::Malformed(_))));
    assert!(matches!(read(b"%PDF-1.7 and more"), Err(TiffError::Malformed(_))));
    assert!(matches!(read(b"II\x2b\x00\x08\x00\x00\x00"), Err(TiffError::Unsupported(_))));
}

#[test]
fn pages_in_a_circle_end_with_an_error() {
    let mut file = write(&[fax(Resolution::Fine)], &Labels::default()).unwrap();
    let first = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let entries = usize::from(u16::from_le_bytes(file[first..first + 2].try_into().unwrap()));
    let next = first + 2 + entries * 12;
    let place = file[4..8].to_vec();
    file[next..next + 4].copy_from_slice(&place);
    assert!(matches!(read(&file), Err(TiffError::Malformed(_))));
}

fn fax(resolution: Resolution) -> FaxPage {
    FaxPage { bitmap: reference(), resolution }
}

#[test]
fn what_is_written_is_read_back_with_page_numbers_and_labels() {
    let pages = [fax(Resolution::Standard), fax(Resolution::Fine), fax(Resolution::Superfine)];
    let labels =
        Labels { description: Some("from +49 40 123: Grüße".into()), date_time: Some("2026:11:22 19:05:00".into()) };
    let file = write(&pages, &labels).unwrap();
    let read_back = read(&file).unwrap();
    for (page, fax) in read_back.iter().zip(&pages) {
        assert_eq!(page.image, PageImage::Bilevel(reference()));
        assert_eq!(page.dots_per_inch, Some((204, fax.resolution.lines_per_inch())));
    }
    assert_eq!(read_back.len(), 3);
    assert!(file.windows(22).any(|octets| octets == b"from +49 40 123: Gr??e"));
    // A strict reader takes it, too.
    let mut strict = ::tiff::decoder::Decoder::new(std::io::Cursor::new(&file)).unwrap();
    strict.next_image().unwrap();
    assert_eq!(strict.dimensions().unwrap(), (203, 48));
    let numbers = strict.get_tag_u32_vec(::tiff::tags::Tag::Unknown(tag::PAGE_NUMBER)).unwrap();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(strict.get_tag_u32(::tiff::tags::Tag::NewSubfileType).unwrap(), 2);
}

#[test]
fn every_width_and_resolution_comes_back_from_a_file_with_its_coding() {
    for resolution in Resolution::ALL {
        for width in Width::ALL {
            let mut bitmap = Bitmap::white(width.pels(resolution), 9);
            bitmap.row_mut(3).iter_mut().enumerate().for_each(|(place, octet)| *octet = (place * 37 % 256) as u8);
            bitmap.set(width.pels(resolution) - 1, 8, true);
            for compression in [Compression::Mh, Compression::Mr, Compression::Mmr] {
                let coded = crate::image::encode(&bitmap, &Coding::new(compression, resolution));
                let decoded = crate::image::decode(&coded, compression, bitmap.width(), DecodeLimits::default());
                assert_eq!(decoded.bitmap, bitmap, "{width:?} {resolution:?} {compression:?}");
            }
            let file = write(&[FaxPage { bitmap: bitmap.clone(), resolution }], &Labels::default()).unwrap();
            let page = read(&file).unwrap().remove(0);
            assert_eq!(page.resolution(), Some(resolution));
            assert_eq!(page.dots_per_inch, Some((resolution.dots_per_inch(), resolution.lines_per_inch())));
            assert_eq!(page.image, PageImage::Bilevel(bitmap));
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..400), big in any::<bool>()) {
        let mut file = if big { b"MM\0\x2a\0\0\0\x08".to_vec() } else { b"II\x2a\0\x08\0\0\0".to_vec() };
        file.extend(octets);
        let _ = read(&file);
    }

    #[test]
    fn changed_files_never_panic(which in 0..FOREIGN.len(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut file = FOREIGN[which].1.to_vec();
        for (place, value) in changes {
            let place = place.index(file.len());
            file[place] = value;
        }
        for page in Reader::new(&file).into_iter().flatten().flatten() {
            if let PageImage::Bilevel(bitmap) = page.image {
                prop_assert!(page.damaged_rows < bitmap.rows());
            }
        }
    }
}
