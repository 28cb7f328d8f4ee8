"""Documents to fax, and the comparison of pages after decoding, bit for bit.

The judge is PIL with libtiff (and poppler for PDF), so no code of faxramp says whether pages are equal.
"""

import difflib
import io
import pathlib
import subprocess
import tempfile

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageSequence, TiffImagePlugin

# A4 at 204 by 196 per inch, as fax machines have it.
WIDTH, ROWS = 1728, 2287
RESOLUTION = (204.0, 196.0)
STANDARD, SUPERFINE = (204.0, 98.0), (204.0, 391.0)
# Pages as HylaFAX takes them without changing them: A4, B4 and A3 at fine resolution.
HYLAFAX_A4, HYLAFAX_B4, HYLAFAX_A3 = (1728, 2292), (2048, 2725), (2432, 3242)
# R16 by 15.4 lines per millimetre: twice as many on both sides.
ULTRAFINE, ULTRAFINE_A4 = (408.0, 391.0), (3456, 4584)
# Rows of the strip that the headline takes at fine resolution: 4 mm.
HEADLINE_ROWS = 31


# Octets of a strip before it is coded: a page is one.
TiffImagePlugin.STRIP_SIZE = 1 << 24


def drawn(pages=3, lines=12, size=(WIDTH, ROWS)):
    """Pages of coarse letters, the same at each run; `lines` says how much is on them (1 line is about 0.3 kB in T.6)."""
    width, rows = size
    font = ImageFont.load_default()
    made = []
    for page in range(1, pages + 1):
        image = Image.new("1", (width, rows), 1)
        for line in range(lines):
            text = f"Page {page} line {line + 1}: quick brown fox {(line * 7919 + page * 104729) % 100000:05}"
            strip = Image.new("1", (360, 12), 1)
            ImageDraw.Draw(strip).text((0, 0), text, font=font, fill=0)
            strip = strip.resize((360 * 4, 48), Image.NEAREST)
            image.paste(strip, (120, 150 + line * (rows - 300) // max(lines, 1)))
        made.append(image)
    return made


def three():
    """Three pages of about 25, 13 and 21 kB in T.6: a minute at 14400 bit/s."""
    return [drawn(page, lines)[page - 1] for page, lines in ((1, 44), (2, 22), (3, 38))]


def plain(colour=1, size=(WIDTH, ROWS)):
    """A page of one colour: white is 1, black is 0."""
    return [Image.new("1", size, colour)]


def dotted(size=(WIDTH, ROWS)):
    """A page of grey in dots, as a halftone, which T.6 makes larger instead of smaller."""
    width, rows = size
    grey = Image.linear_gradient("L").resize((width // 4, rows // 4))
    return grey.convert("1").resize((width, rows), Image.NEAREST)


def tiff(images, resolution=RESOLUTION):
    """A fax TIFF (T.6) of these pages."""
    octets = io.BytesIO()
    images[0].save(octets, "TIFF", save_all=True, append_images=images[1:], compression="group4", dpi=resolution)
    return octets.getvalue()


def fax_tiff(images, resolution=RESOLUTION):
    """The same as TIFF/F has it: white is zero, and a page is one strip (RFC 2306 §2.2.2). HylaFAX draws other files anew."""
    # PIL calls white one, so the pages are turned over and the entry for it is corrected: tag 262, one number of two octets. TIFF 6.0 §2
    entry = b"\x06\x01\x03\x00\x01\x00\x00\x00"
    return tiff([ImageChops.logical_xor(image, *plain(size=image.size)) for image in images], resolution).replace(entry + b"\x01", entry + b"\x00")


def pdf(pages=3, lines=12):
    """A PDF with text in a standard font. ISO 32000-1 §7.5, §9.6.2.2."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", None, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in range(1, pages + 1):
        text = [f"BT /F 24 Tf 60 770 Td (Page {page} of {pages}) Tj ET"]
        for line in range(lines):
            text.append(f"BT /F 12 Tf 60 {720 - line * 660 // max(lines, 1)} Td (Item {line + 1}: {page * 1000 + line * 37} pieces, as agreed) Tj ET")
        text.append(f"2 w 60 {60 + page * 10} 475 30 re S")
        stream = "\n".join(text)
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents {len(objects) + 2} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Count {pages} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>"
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out.split('xref')[0])}\n%%EOF\n"
    return out.encode("latin-1")


def decoded(source):
    """The pages of a TIFF, given as path or octets."""
    octets = source if isinstance(source, bytes) else pathlib.Path(source).read_bytes()
    # Never from a file: PIL 9 closes the descriptor of a compressed TIFF twice, and so one of another thread.
    with Image.open(io.BytesIO(octets)) as image:
        return [frame.convert("1").copy() for frame in ImageSequence.Iterator(image)]


def pictures_in_pdf(octets):
    """The pictures that a PDF holds, one a page, as poppler extracts them."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "fax.pdf").write_bytes(octets)
        subprocess.run(["pdfimages", "-png", path / "fax.pdf", path / "page"], check=True, capture_output=True, timeout=60)
        return [Image.open(file).convert("1") for file in sorted(path.glob("page-*.png"))]


def pages_of_pdf(octets):
    """The pages of a PDF as poppler draws them, at the size and the resolution of their pictures."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "fax.pdf").write_bytes(octets)
        command = ["pdftoppm", "-mono", "-rx", "204", "-ry", "196", path / "fax.pdf", path / "page"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return [Image.open(file).convert("1") for file in sorted(path.glob("page-*.pbm"))]


def alike(sent, got):
    """The least share, over all pages, of rows of the sent page that are in the other in order. Rows may lack there."""
    if len(sent) != len(got):
        return 0.0
    shares = []
    for one, other in zip(sent, got):
        rows, come = ([page.crop((0, row, page.size[0], row + 1)).tobytes() for row in range(page.size[1])] for page in (one, other))
        blocks = difflib.SequenceMatcher(None, rows, come, autojunk=False).get_matching_blocks()
        shares.append(sum(block.size for block in blocks) / len(rows))
    return min(shares)


def difference(sent, got, skip=0):
    """What differs between two lists of pages, in words; nothing when they are equal. The first `skip` rows do not count."""
    if len(sent) != len(got):
        return f"{len(sent)} pages were sent, {len(got)} came"
    found = []
    for number, (one, other) in enumerate(zip(sent, got), 1):
        if one.size != other.size:
            found.append(f"page {number}: {one.size[0]} x {one.size[1]} was sent, {other.size[0]} x {other.size[1]} came")
            continue
        box = (0, skip, *one.size)
        unequal = ImageChops.logical_xor(one.crop(box), other.crop(box))
        where = unequal.getbbox()
        if where:
            count = sum(unequal.convert("L").histogram()[255:])
            found.append(f"page {number}: {count} picture elements differ, within {where} of {one.size} (from row {skip})")
    return "; ".join(found) or None
