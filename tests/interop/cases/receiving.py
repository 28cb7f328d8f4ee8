"""Fax from Asterisk to faxramp by T.38: the mail brings the pages that Asterisk sent."""

import time

import pages
from cases import case
from lab import INBOUND, Lab, claim, same_pages
from peers import SIP_PORT

OFFICE = "office@company.test"


def caller(lab: Lab):
    return f"+39555{lab.number('00')}"


def mail_of(lab: Lab, number, person=OFFICE, seconds=20, server=None):
    """The one mail about a fax from that number."""
    end = time.monotonic() + seconds
    while True:
        found = [mail for mail in (server or lab.office).mailboxes.mails(person) if number in mail["Subject"]]
        if found or time.monotonic() > end:
            claim(len(found) == 1, len(found), "mails are about the fax from", number)
            return found[0]
        time.sleep(0.3)


def received(lab: Lab, images=None, way="t38", resolution=pages.RESOLUTION, address=None, skip=0, server=None, identified=True, mode="T38", uri=None, **settings):
    """The claim that a fax from Asterisk is mailed bit for bit below the first rows, which may be more; gives Asterisk's result."""
    number, images = caller(lab), images or pages.drawn()
    if uri is None:
        uri = lab.uri(server or lab.office) if address is None else f"sip:{INBOUND}@{address}:{SIP_PORT}"
    result = lab.asterisk.send(f"in-{number[1:]}", uri, pages.tiff(images, resolution), way, number, **settings)
    lab.note(f"{len(images)} pages mailed", f"{result['status']} {result['mode']} {result['rate']}", result["seconds"], int(result["pages"] or 0))
    claim(result["status"] == "SUCCESS" and result["mode"] == mode, "Asterisk says", result)
    claim(int(result["pages"]) == len(images), "Asterisk says", result)
    claim(not identified or result["remote"].strip() == "+39 02 55555", "Asterisk saw our identification as", result["remote"])
    mail = mail_of(lab, number, server=server)
    claim(mail["Subject"] == f"Fax from {number} ({len(images)} page{'s' * (len(images) > 1)})", "the subject is", mail["Subject"])
    text = mail.get_body(("plain",)).get_content()
    for fact in (INBOUND, number, *(["+1 555 9999"] if identified else [])):
        claim(fact in text, f"{fact} is not in the mail: {text}")
    attached = {part.get_content_type(): part.get_content() for part in mail.iter_attachments()}
    for came in (pages.decoded(attached["image/tiff"]), pages.pictures_in_pdf(attached["application/pdf"])):
        claim(len(came) == len(images) and all(page.size[1] == sent.size[1] + skip for page, sent in zip(came, images)), [page.size for page in came])
        same_pages(images, [page.crop((0, skip, *page.size)) for page in came])
    return result, attached["application/pdf"]


@case
def a_fax_received_with_error_correction_is_mailed_bit_for_bit(lab):
    result, _ = received(lab)
    claim(int(result["rate"]) == 14400, "received at", result["rate"])


@case
def the_pdf_of_a_received_fax_shows_the_pages_as_they_came(lab):
    images = pages.drawn(lines=4)
    _, octets = received(lab, images)
    shown = pages.pages_of_pdf(octets)
    claim(len(shown) == 3, len(shown), "pages are drawn")
    for number, (sent, drawn) in enumerate(zip(images, shown), 1):
        # The page is a whole number of points wide, so the drawing may be a picture element larger or smaller.
        off = max(abs(one - other) for one, other in zip(sent.size, drawn.size))
        claim(off <= 1, f"page {number} is drawn as {drawn.size}, not {sent.size}")
        black = [image.histogram()[0] for image in (sent, drawn)]
        claim(abs(black[0] - black[1]) * 50 < black[0], f"page {number} has {black[1]} black picture elements, not {black[0]}")


@case
def a_fax_received_without_error_correction_is_mailed_bit_for_bit(lab):
    received(lab, ECM="no")


@case
def a_v29_sender_is_received_at_9600_bit_per_second(lab):
    result, _ = received(lab, MODEM="v27,v29", MAX_RATE=9600)
    claim(int(result["rate"]) == 9600, "received at", result["rate"])


@case
def a_v27ter_sender_without_error_correction_is_received(lab):
    result, _ = received(lab, MODEM="v27", MAX_RATE=4800, ECM="no")
    claim(int(result["rate"]) == 4800, "received at", result["rate"])


@case
def a_sender_whose_packets_are_protected_by_fec_is_received(lab):
    received(lab, way="fec")


@case
def a_sender_without_error_correction_of_packets_is_received(lab):
    received(lab, way="plain")


@case
def a_fax_to_two_mailboxes_is_mailed_to_both(lab):
    number, images = caller(lab), pages.drawn(pages=1)
    uri = lab.uri(lab.office, "+390288888")
    result = lab.asterisk.send(f"in-{number[1:]}", uri, pages.tiff(images), caller=number)
    claim(result["status"] == "SUCCESS", "Asterisk says", result)
    for person in ("one@company.test", "two@company.test"):
        mail = mail_of(lab, number, person)
        attached = [part for part in mail.iter_attachments()]
        claim([part.get_content_type() for part in attached] == ["application/pdf"], "attached are", attached)
        same_pages(images, pages.pictures_in_pdf(attached[0].get_content()))


@case
def a_fax_that_breaks_off_is_mailed_with_its_whole_pages_and_says_so(lab):
    number, images = caller(lab), pages.drawn(pages=4, lines=34)
    result = lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.office), pages.tiff(images), caller=number, CUT_AFTER=36)
    claim(result["status"] != "SUCCESS", "Asterisk says", result)
    mail = mail_of(lab, number)
    claim("INCOMPLETE" in mail["Subject"], "the subject is", mail["Subject"])
    came = next(pages.decoded(part.get_content()) for part in mail.iter_attachments() if part.get_content_type() == "image/tiff")
    claim(1 <= len(came) < 4, len(came), "pages came")
    # The last one may be the beginning of a page; where it breaks off, a row may be missing its end.
    *whole, last = came
    same_pages(images[: len(whole)], whole)
    sent, rows = images[len(whole)], last.size[1]
    if rows < sent.size[1]:
        rows -= 2
        last = last.crop((0, 0, last.size[0], rows))
    same_pages([sent.crop((0, 0, sent.size[0], rows))], [last])


@case
def a_call_to_a_number_that_nobody_has_is_refused(lab):
    number = caller(lab)
    result = lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.office, "+390211111"), pages.tiff(pages.drawn(1)), caller=number)
    claim(result["status"] == "NOCALL", "Asterisk says", result)


@case
def a_caller_that_refuses_t38_where_nothing_else_is_wanted_is_sent_away_and_nothing_is_mailed(lab):
    number = caller(lab)
    result = lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.strict), pages.tiff(pages.drawn(1)), "audio", number)
    claim(result["status"] != "SUCCESS", "Asterisk says", result)
    mails = [mail for mail in lab.strict.mailboxes.mails(OFFICE) if number in mail["Subject"]]
    claim(not mails, "there is a mail about it")
