//! The directories of a TIFF file: one set of tags for each page.
//!
//! Only classic TIFF (no BigTIFF), only unsigned values. Whatever is out of the file's bounds reads as absent.

use super::TiffError;
use std::collections::BTreeMap;

/// Directory entries of a page, at most.
const MAX_ENTRIES: u16 = 1024;
/// Values of one tag, at most; strips have the most.
pub(super) const MAX_VALUES: u32 = 1 << 16;

/// A TIFF file's octets and their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Container<'a> {
    octets: &'a [u8],
    big_endian: bool,
}

impl<'a> Container<'a> {
    /// Looks at the header; returns the file and the place of its first directory.
    // TIFF 6.0 section 2
    pub(super) fn open(octets: &'a [u8]) -> Result<(Self, u32), TiffError> {
        let big_endian = match octets.get(..2) {
            Some(b"II") => false,
            Some(b"MM") => true,
            Some(_) | None => return Err(TiffError::Malformed("it does not begin as a TIFF file".into())),
        };
        let container = Self { octets, big_endian };
        match container.u16_at(2) {
            Some(42) => {}
            Some(43) => return Err(TiffError::Unsupported("the BigTIFF format".into())),
            Some(_) | None => return Err(TiffError::Malformed("it does not begin as a TIFF file".into())),
        }
        let first = container.u32_at(4).ok_or_else(|| TiffError::Malformed("it has no directory".into()))?;
        Ok((container, first))
    }

    /// Octets of the file.
    pub(super) const fn len(self) -> usize {
        self.octets.len()
    }

    /// The octets from `offset` on, at most `count`, fewer at the end of the file.
    pub(super) fn slice(self, offset: u32, count: u32) -> &'a [u8] {
        let start = (offset as usize).min(self.octets.len());
        let end = start.saturating_add(count as usize).min(self.octets.len());
        &self.octets[start..end]
    }

    /// The same octets with another directory in the header's place, so that it is found first.
    pub(super) fn with_first_directory(self, place: u32) -> Vec<u8> {
        let mut octets = self.octets.to_vec();
        let place = if self.big_endian { place.to_be_bytes() } else { place.to_le_bytes() };
        octets[4..8].copy_from_slice(&place);
        octets
    }

    /// Reads a directory; returns it with the place of the next, 0 for none.
    pub(super) fn directory(self, place: u32) -> Result<(Directory<'a>, u32), TiffError> {
        let place = place as usize;
        let count = self.u16_at(place).ok_or_else(|| TiffError::Malformed("a directory is missing".into()))?;
        if count > MAX_ENTRIES {
            return Err(TiffError::TooLarge { what: "tags", limit: MAX_ENTRIES.into() });
        }
        let mut entries = BTreeMap::new();
        for index in 0..usize::from(count) {
            let at = place + 2 + index * 12;
            let (Some(tag), Some(kind), Some(values)) = (self.u16_at(at), self.u16_at(at + 2), self.u32_at(at + 4))
            else {
                break;
            };
            entries.entry(tag).or_insert(Entry { kind, values, at: at + 8 });
        }
        let next = self.u32_at(place + 2 + usize::from(count) * 12).unwrap_or(0);
        Ok((Directory { container: self, entries }, next))
    }

    fn u16_at(self, at: usize) -> Option<u16> {
        let octets = self.octets.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(octets) } else { u16::from_le_bytes(octets) })
    }

    fn u32_at(self, at: usize) -> Option<u32> {
        let octets = self.octets.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(octets) } else { u32::from_le_bytes(octets) })
    }
}

/// The tags of a page.
#[derive(Debug)]
pub(super) struct Directory<'a> {
    container: Container<'a>,
    entries: BTreeMap<u16, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: u16,
    values: u32,
    at: usize,
}

impl Directory<'_> {
    /// Whether the tag is there.
    pub(super) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// How many values the tag has.
    pub(super) fn count(&self, tag: u16) -> u32 {
        self.entries.get(&tag).map_or(0, |entry| entry.values)
    }

    /// The first value of a BYTE, SHORT or LONG tag.
    pub(super) fn number(&self, tag: u16) -> Option<u32> {
        self.value(self.entries.get(&tag)?, 0)
    }

    /// All values of a BYTE, SHORT or LONG tag, up to [`MAX_VALUES`].
    pub(super) fn numbers(&self, tag: u16) -> Vec<u32> {
        let Some(entry) = self.entries.get(&tag) else { return Vec::new() };
        (0..entry.values.min(MAX_VALUES)).map_while(|index| self.value(entry, index)).collect()
    }

    /// Numerator and denominator of a RATIONAL tag; a whole number has the denominator 1.
    pub(super) fn rational(&self, tag: u16) -> Option<(u32, u32)> {
        let entry = self.entries.get(&tag)?;
        if entry.kind != 5 {
            return Some((self.value(entry, 0)?, 1));
        }
        let at = self.container.u32_at(entry.at)? as usize;
        Some((self.container.u32_at(at)?, self.container.u32_at(at + 4)?))
    }

    fn value(&self, entry: &Entry, index: u32) -> Option<u32> {
        let size: u32 = match entry.kind {
            1 | 7 => 1,
            3 => 2,
            4 | 13 => 4,
            _ => return None,
        };
        if index >= entry.values {
            return None;
        }
        let inside = u64::from(entry.values) * u64::from(size) <= 4;
        let start = if inside { entry.at } else { self.container.u32_at(entry.at)? as usize };
        let at = start.checked_add(index as usize * size as usize)?;
        match size {
            1 => self.container.octets.get(at).copied().map(u32::from),
            2 => self.container.u16_at(at).map(u32::from),
            _ => self.container.u32_at(at),
        }
    }
}
