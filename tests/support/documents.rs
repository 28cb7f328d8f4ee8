//! Documents made by the tests, good and bad, and octets that are nothing at all.

/// Text that fills so many pages and a little less than one more.
pub(crate) fn text(pages: usize) -> String {
    // An A4 page of text holds some sixty lines.
    (0..pages * 40).map(|line| format!("Line {line} of the text.\r\n")).collect()
}

/// A PDF of so many pages of A4 that say their number.
pub(crate) fn pdf(pages: usize) -> Vec<u8> {
    pdf_of(&vec![(595, 842); pages])
}

/// A PDF of pages of these sizes in points that say their number.
// ISO 32000-1 §7.5
pub(crate) fn pdf_of(sizes: &[(u32, u32)]) -> Vec<u8> {
    let pages = sizes.len();
    let mut octets = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    let mut object = |octets: &mut Vec<u8>, text: &str| {
        offsets.push(octets.len());
        octets.extend(format!("{} 0 obj\n{text}\nendobj\n", offsets.len()).into_bytes());
    };
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    object(&mut octets, "<< /Type /Catalog /Pages 2 0 R >>");
    object(&mut octets, &format!("<< /Type /Pages /Kids [{}] /Count {pages} >>", kids.join(" ")));
    object(&mut octets, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    for (page, (width, height)) in sizes.iter().enumerate() {
        let contents = 5 + 2 * page;
        object(
            &mut octets,
            &format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {contents} 0 R \
                 /Resources << /Font << /F1 3 0 R >> >> >>"
            ),
        );
        let text = format!("BT /F1 24 Tf 72 {} Td (Page {}) Tj ET", height - 122, page + 1);
        object(&mut octets, &format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()));
    }
    let start = octets.len();
    octets.extend(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).into_bytes());
    for offset in &offsets {
        octets.extend(format!("{offset:010} 00000 n \n").into_bytes());
    }
    let size = offsets.len() + 1;
    octets.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    octets
}

/// A PNG that says to be so large, with one octet in it.
pub(crate) fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut encoder = png::Encoder::new(&mut octets, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("written");
    // RFC 1950 §2.2, RFC 1951 §3.2.4: one stored octet
    writer.write_chunk(png::chunk::IDAT, &[0x78, 1, 1, 1, 0, 0xfe, 0xff, 0, 0, 1, 0, 1]).expect("written");
    drop(writer);
    octets
}

/// A number that follows from `seed` alone.
// Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014), the mixing function
pub(crate) const fn mixed(seed: u64) -> u64 {
    let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}

/// So many octets that mean nothing.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    (0..length as u64).map(|index| mixed(seed << 32 | index).to_be_bytes()[0]).collect()
}
