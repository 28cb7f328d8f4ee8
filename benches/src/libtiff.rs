//! libtiff as a coder and decoder of one bilevel strip in memory. No files.
//!
//! The only file with `unsafe`: it calls C, and C calls back to read and write memory.
#![expect(unsafe_code, reason = "libtiff is C")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null_mut, slice_from_raw_parts};

/// How libtiff codes a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// T.4 with ends of line: MH, or MR if two-dimensional.
    T4 {
        /// MR; K is 4, as at fine resolution.
        two_dimensional: bool,
        /// Fill in front of each end of line, so that it ends at an octet.
        aligned: bool,
    },
    /// T.6: MMR.
    T6,
}

const IMAGE_WIDTH: u32 = 256;
const IMAGE_LENGTH: u32 = 257;
const BITS_PER_SAMPLE: u32 = 258;
const COMPRESSION: u32 = 259;
const PHOTOMETRIC: u32 = 262;
const SAMPLES_PER_PIXEL: u32 = 277;
const ROWS_PER_STRIP: u32 = 278;
const Y_RESOLUTION: u32 = 283;
const T4_OPTIONS: u32 = 292;
const RESOLUTION_UNIT: u32 = 296;

type Handle = *mut c_void;
type Transfer = extern "C" fn(Handle, *mut c_void, isize) -> isize;
type ErrorHandler = Option<extern "C" fn(*const c_char, *const c_char, *mut c_void)>;

unsafe extern "C" {
    fn TIFFGetVersion() -> *const c_char;
    fn TIFFSetErrorHandler(handler: ErrorHandler) -> ErrorHandler;
    fn TIFFSetWarningHandler(handler: ErrorHandler) -> ErrorHandler;
    fn TIFFClientOpen(
        name: *const c_char,
        mode: *const c_char,
        handle: Handle,
        read: Transfer,
        write: Transfer,
        seek: extern "C" fn(Handle, u64, c_int) -> u64,
        close: extern "C" fn(Handle) -> c_int,
        size: extern "C" fn(Handle) -> u64,
        map: extern "C" fn(Handle, *mut *mut c_void, *mut u64) -> c_int,
        unmap: extern "C" fn(Handle, *mut c_void, u64),
    ) -> *mut c_void;
    fn TIFFSetField(tiff: *mut c_void, tag: u32, ...) -> c_int;
    fn TIFFWriteEncodedStrip(tiff: *mut c_void, strip: u32, octets: *mut c_void, count: isize) -> isize;
    fn TIFFWriteRawStrip(tiff: *mut c_void, strip: u32, octets: *mut c_void, count: isize) -> isize;
    fn TIFFReadEncodedStrip(tiff: *mut c_void, strip: u32, octets: *mut c_void, count: isize) -> isize;
    fn TIFFReadRawStrip(tiff: *mut c_void, strip: u32, octets: *mut c_void, count: isize) -> isize;
    fn TIFFRawStripSize(tiff: *mut c_void, strip: u32) -> isize;
    fn TIFFClose(tiff: *mut c_void);
}

/// The first line of what libtiff calls its version.
///
/// # Panics
/// If that is no text.
#[must_use]
pub fn version() -> String {
    // SAFETY: it returns a string that lives as long as the library.
    let text = unsafe { CStr::from_ptr(TIFFGetVersion()) };
    text.to_str().expect("a version is text").lines().next().unwrap_or_default().to_owned()
}

/// A file in memory.
struct Memory {
    octets: Vec<u8>,
    place: usize,
}

/// A page's shape and coding.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Pels in a row.
    pub width: u32,
    /// Rows.
    pub rows: u32,
    /// Coding.
    pub scheme: Scheme,
}

impl Shape {
    /// Octets of the page, decoded and packed.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.width.div_ceil(8) as usize * self.rows as usize
    }
}

/// A page of one strip that libtiff is writing or reading.
pub struct Tiff {
    tiff: *mut c_void,
    memory: *mut Memory,
}

impl Tiff {
    /// Begins a file whose only page has this shape.
    ///
    /// # Panics
    /// If libtiff refuses.
    #[must_use]
    pub fn create(shape: &Shape) -> Self {
        let file = Self::open(Vec::with_capacity(shape.size() * 2 + 4096), c"w");
        let (compression, options) = match shape.scheme {
            Scheme::T4 { two_dimensional, aligned } => (3, u32::from(two_dimensional) | u32::from(aligned) << 2),
            Scheme::T6 => (4, 0),
        };
        file.set(IMAGE_WIDTH, shape.width);
        file.set(IMAGE_LENGTH, shape.rows);
        file.set(BITS_PER_SAMPLE, 1);
        file.set(COMPRESSION, compression);
        file.set(PHOTOMETRIC, 0);
        file.set(SAMPLES_PER_PIXEL, 1);
        file.set(ROWS_PER_STRIP, shape.rows);
        file.set(RESOLUTION_UNIT, 2);
        // SAFETY: the tag takes a double.
        assert_eq!(unsafe { TIFFSetField(file.tiff, Y_RESOLUTION, 196.0_f64) }, 1);
        if compression == 3 {
            file.set(T4_OPTIONS, options);
        }
        file
    }

    /// Opens a file to be read.
    #[must_use]
    pub fn read(file: Vec<u8>) -> Self {
        Self::open(file, c"r")
    }

    fn open(octets: Vec<u8>, mode: &CStr) -> Self {
        let memory = Box::into_raw(Box::new(Memory { octets, place: 0 }));
        // SAFETY: the handle is the memory, which is freed after the file is closed; the functions are as declared in tiffio.h.
        let tiff = unsafe {
            TIFFSetErrorHandler(None);
            TIFFSetWarningHandler(None);
            TIFFClientOpen(c"memory".as_ptr(), mode.as_ptr(), memory.cast(), read, write, seek, close, size, map, unmap)
        };
        assert!(!tiff.is_null(), "libtiff opens a file in memory");
        Self { tiff, memory }
    }

    fn set(&self, tag: u32, value: u32) {
        // SAFETY: these tags take an integer.
        assert_eq!(unsafe { TIFFSetField(self.tiff, tag, value) }, 1, "tag {tag}");
    }

    /// Codes packed rows into the strip.
    ///
    /// # Panics
    /// If libtiff refuses.
    pub fn encode(&mut self, packed: &[u8]) {
        // SAFETY: libtiff only reads from there.
        let written = unsafe {
            TIFFWriteEncodedStrip(self.tiff, 0, packed.as_ptr().cast_mut().cast(), packed.len().cast_signed())
        };
        assert_eq!(written, packed.len().cast_signed());
    }

    /// Puts coded octets into the strip as they are.
    ///
    /// # Panics
    /// If libtiff refuses.
    pub fn put(&mut self, coded: &[u8]) {
        // SAFETY: libtiff only reads from there.
        let written =
            unsafe { TIFFWriteRawStrip(self.tiff, 0, coded.as_ptr().cast_mut().cast(), coded.len().cast_signed()) };
        assert_eq!(written, coded.len().cast_signed());
    }

    /// Decodes the strip into packed rows, as many as there is room for.
    ///
    /// # Panics
    /// If libtiff finds fewer.
    pub fn decode(&mut self, packed: &mut [u8]) {
        // SAFETY: there is as much room as said.
        let read =
            unsafe { TIFFReadEncodedStrip(self.tiff, 0, packed.as_mut_ptr().cast(), packed.len().cast_signed()) };
        assert_eq!(read, packed.len().cast_signed());
    }

    /// The strip as coded.
    ///
    /// # Panics
    /// If libtiff refuses.
    #[must_use]
    pub fn coded(&mut self) -> Vec<u8> {
        // SAFETY: there is as much room as libtiff wants.
        unsafe {
            let mut octets = vec![0; TIFFRawStripSize(self.tiff, 0).cast_unsigned()];
            let read = TIFFReadRawStrip(self.tiff, 0, octets.as_mut_ptr().cast(), octets.len().cast_signed());
            assert_eq!(read, octets.len().cast_signed());
            octets
        }
    }

    /// The whole file, finished.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        // SAFETY: both were made by `open` and neither is used again, as `self` is forgotten.
        let memory = unsafe {
            TIFFClose(self.tiff);
            Box::from_raw(self.memory)
        };
        std::mem::forget(self);
        memory.octets
    }
}

impl Drop for Tiff {
    fn drop(&mut self) {
        // SAFETY: both were made by `open` and neither is used again.
        unsafe {
            TIFFClose(self.tiff);
            drop(Box::from_raw(self.memory));
        }
    }
}

/// A page as libtiff codes it.
#[must_use]
pub fn encode(shape: &Shape, packed: &[u8]) -> Vec<u8> {
    let mut file = Tiff::create(shape);
    file.encode(packed);
    Tiff::read(file.finish()).coded()
}

/// A coded page in a file.
#[must_use]
pub fn wrap(shape: &Shape, coded: &[u8]) -> Vec<u8> {
    let mut file = Tiff::create(shape);
    file.put(coded);
    file.finish()
}

/// A coded page as libtiff decodes it.
#[must_use]
pub fn decode(shape: &Shape, coded: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; shape.size()];
    Tiff::read(wrap(shape, coded)).decode(&mut packed);
    packed
}

fn memory<'a>(handle: Handle) -> &'a mut Memory {
    // SAFETY: the handle is the memory given to TIFFClientOpen, and libtiff calls one function at a time.
    unsafe { &mut *handle.cast() }
}

extern "C" fn read(handle: Handle, target: *mut c_void, count: isize) -> isize {
    let memory = memory(handle);
    let from = memory.place.min(memory.octets.len());
    let count = count.cast_unsigned().min(memory.octets.len() - from);
    // SAFETY: libtiff has room for what it asked for.
    unsafe { target.cast::<u8>().copy_from_nonoverlapping(memory.octets[from..].as_ptr(), count) };
    memory.place = from + count;
    count.cast_signed()
}

extern "C" fn write(handle: Handle, source: *mut c_void, count: isize) -> isize {
    let memory = memory(handle);
    // SAFETY: libtiff has as much as it says.
    let octets = unsafe { &*slice_from_raw_parts(source.cast_const().cast::<u8>(), count.cast_unsigned()) };
    let end = memory.place + octets.len();
    if end > memory.octets.len() {
        memory.octets.resize(end, 0);
    }
    memory.octets[memory.place..end].copy_from_slice(octets);
    memory.place = end;
    count
}

extern "C" fn seek(handle: Handle, offset: u64, whence: c_int) -> u64 {
    let memory = memory(handle);
    let base = match whence {
        0 => 0,
        1 => memory.place,
        _ => memory.octets.len(),
    };
    memory.place = base.wrapping_add(usize::try_from(offset).unwrap_or(usize::MAX));
    memory.place as u64
}

extern "C" fn close(_: Handle) -> c_int {
    0
}

extern "C" fn size(handle: Handle) -> u64 {
    memory(handle).octets.len() as u64
}

extern "C" fn map(handle: Handle, base: *mut *mut c_void, length: *mut u64) -> c_int {
    let memory = memory(handle);
    // SAFETY: both point to variables of libtiff; the memory stays where it is while a file is read.
    unsafe {
        *base = if memory.octets.is_empty() { null_mut() } else { memory.octets.as_mut_ptr().cast() };
        *length = memory.octets.len() as u64;
    }
    1
}

extern "C" fn unmap(_: Handle, _: *mut c_void, _: u64) {}
