//! What a file is: by its first octets before its name, and by its name before what the mail calls it.

use super::DocumentKind;

/// Why a file is not drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotDrawn {
    /// Nothing that we can draw.
    Unsupported,
    /// It says that it is something we can draw, and is not.
    Mislabelled,
    /// S/MIME or PGP around the message.
    Encrypted,
    /// TNEF.
    OutlookFormat,
}

/// How a file is drawn.
pub(super) fn of(content_type: &str, name: &str, bytes: &[u8]) -> Result<DocumentKind, NotDrawn> {
    let ending = ending(name);
    let is_pkcs7 = matches!(content_type, "application/pkcs7-mime" | "application/x-pkcs7-mime");
    if is_pkcs7 || content_type == "application/pgp-encrypted" || ending == "p7m" {
        return Err(NotDrawn::Encrypted);
    }
    // MS-OXTNEF §2.1.3.1: the signature 0x223E9F78
    let is_tnef = matches!(content_type, "application/ms-tnef" | "application/vnd.ms-tnef");
    if is_tnef || bytes.starts_with(&[0x78, 0x9f, 0x3e, 0x22]) {
        return Err(NotDrawn::OutlookFormat);
    }
    if content_type.starts_with("text/") {
        return if content_type == "text/rtf" { Err(NotDrawn::Unsupported) } else { Ok(DocumentKind::Text) };
    }
    if let Some(kind) = by_first_octets(bytes) {
        return Ok(kind);
    }
    let claims_pdf = matches!(content_type, "application/pdf" | "application/x-pdf") || ending == "pdf";
    let claims_picture = matches!(content_type, "image/tiff" | "image/png" | "image/jpeg" | "image/gif" | "image/bmp");
    let claims_by_name = matches!(ending.as_str(), "tif" | "tiff" | "png" | "jpg" | "jpeg" | "gif" | "bmp" | "webp");
    if claims_pdf || claims_picture || claims_by_name {
        return Err(NotDrawn::Mislabelled);
    }
    let is_text = matches!(ending.as_str(), "txt" | "text" | "csv" | "log" | "md");
    if content_type == "application/octet-stream" && is_text && is_readable(bytes) {
        return Ok(DocumentKind::Text);
    }
    Err(NotDrawn::Unsupported)
}

fn by_first_octets(bytes: &[u8]) -> Option<DocumentKind> {
    // ISO 32000-1 annex H note 13: readers find the header anywhere in the first 1024 octets
    let start = &bytes[..bytes.len().min(1024)];
    match bytes {
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(DocumentKind::Tiff),
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => {
            Some(DocumentKind::Image)
        }
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(DocumentKind::Image),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(DocumentKind::Image),
        _ if start.windows(5).any(|window| window == b"%PDF-") => Some(DocumentKind::Pdf),
        _ => None,
    }
}

fn is_readable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'))
}

/// What a part is that is no document at all: cards, calendars, signatures.
pub(super) fn skipped(content_type: &str, name: &str) -> Option<&'static str> {
    match content_type {
        "text/calendar" | "application/ics" => Some("a calendar entry"),
        "text/vcard" | "text/x-vcard" | "text/directory" => Some("a business card"),
        "application/pkcs7-signature"
        | "application/x-pkcs7-signature"
        | "application/pgp-signature"
        | "application/pgp-keys" => Some("a signature"),
        _ => match ending(name).as_str() {
            "ics" => Some("a calendar entry"),
            "vcf" => Some("a business card"),
            "p7s" | "asc" | "sig" => Some("a signature"),
            _ => None,
        },
    }
}

/// `image001.png`: Outlook's name for a picture within the text.
pub(super) fn is_outlook_logo(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let Some((stem, "png" | "jpg" | "jpeg" | "gif")) = name.rsplit_once('.') else { return false };
    stem.strip_prefix("image")
        .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

/// Width and height of a picture, told from its header.
pub(super) fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes {
        // PNG (ISO/IEC 15948) §11.2.2
        [0x89, b'P', b'N', b'G', ..] => Some((big_endian(bytes, 16)?, big_endian(bytes, 20)?)),
        [b'G', b'I', b'F', ..] => Some((little_endian(bytes, 6, 2)?, little_endian(bytes, 8, 2)?)),
        [b'B', b'M', ..] => Some((little_endian(bytes, 18, 4)?, bottom_up(little_endian(bytes, 22, 4)?))),
        [0xff, 0xd8, ..] => jpeg_size(bytes),
        _ => None,
    }
}

/// Rows of a BMP are counted negative when they come from the top.
const fn bottom_up(rows: u32) -> u32 {
    rows.cast_signed().unsigned_abs()
}

fn big_endian(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

fn little_endian(bytes: &[u8], at: usize, width: usize) -> Option<u32> {
    Some(bytes.get(at..at + width)?.iter().rev().fold(0, |value, &byte| (value << 8) | u32::from(byte)))
}

/// Looks for the start of a frame, segment by segment.
// T.81 (09/92) §B.1.1.3, §B.2.2
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    for _ in 0..MAX_JPEG_SEGMENTS {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        if marker == 0xff {
            rest = &rest[1..];
            continue;
        }
        // DHT, JPG and DAC lie among the frame markers.
        if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
            let height = u32::from(u16::from_be_bytes(*rest.get(5..)?.first_chunk()?));
            let width = u32::from(u16::from_be_bytes(*rest.get(7..)?.first_chunk()?));
            return Some((width, height));
        }
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low])).max(2)..)?;
    }
    None
}

/// Segments looked at before the frame; cameras write a few dozen.
const MAX_JPEG_SEGMENTS: usize = 500;
