//! Octets of a text file to characters: UTF-8, UTF-16 with its mark, else Windows-1252, which never fails.

/// Characters 0x80 to 0x9F of Windows-1252; 0 where there is none.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•',
    '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The text, with line feeds for every kind of line end, and without characters that have no place on paper.
pub(super) fn decode(octets: &[u8]) -> String {
    let text = match octets {
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        _ => match std::str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(_) => octets.iter().map(|&octet| windows_1252(octet)).collect(),
        },
    };
    printable(&text)
}

fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = octets.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn windows_1252(octet: u8) -> char {
    match octet {
        0x80..=0x9F => WINDOWS_1252[usize::from(octet - 0x80)],
        _ => char::from(octet),
    }
}

fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                printable.push('\n');
            }
            '\n' | '\t' | '\u{c}' => printable.push(character),
            '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}' => printable.push('\n'),
            '\u{feff}' | '\u{ad}' => {}
            _ if character.is_control() => {}
            _ => printable.push(character),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_usual_coding_gives_the_same_letters() {
        assert_eq!(decode("Größe 5 €".as_bytes()), "Größe 5 €");
        assert_eq!(decode("\u{feff}Größe 5 €".as_bytes()), "Größe 5 €");
        assert_eq!(decode(b"Gr\xF6\xDFe 5 \x80"), "Größe 5 €");
        assert_eq!(decode(b"\xFF\xFEG\0r\0\xF6\0"), "Grö");
        assert_eq!(decode(b"\xFE\xFF\0G\0r\0\xF6"), "Grö");
    }

    #[test]
    fn every_kind_of_line_end_becomes_a_line_feed() {
        assert_eq!(decode(b"a\r\nb\rc\nd\x0Be"), "a\nb\nc\nd\ne");
        assert_eq!(decode("a\u{2028}b".as_bytes()), "a\nb");
    }

    #[test]
    fn what_cannot_be_printed_is_dropped_and_form_feeds_stay() {
        assert_eq!(decode(b"a\0b\x1B[1mc\x07\x0Cd\te"), "ab[1mc\u{c}d\te");
    }
}
