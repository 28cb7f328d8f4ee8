"""HylaFAX behind Asterisk, both ways, over its T.38 gateway or by audio: a T.30 that is not SpanDSP's."""

import time

import pages
from cases import case
from cases.failures import ended
from cases.receiving import caller, mail_of
from cases.sending import modem_of, told_sent
from lab import INBOUND, Lab, claim, mail, same_pages

A4 = pages.HYLAFAX_A4
# The share of rows that come without error correction, at least.
LEAST_SHARE = 0.9


def sent(lab: Lab, images, kind="plain", name="V.17", speed=14400, ecm=True, server=None, resolution=pages.RESOLUTION, way="90"):
    """The claim that pages mailed to faxramp are in HylaFAX's queue of received faxes, bit for bit; gives them."""
    server, sender, document = server or lab.office, lab.person(), pages.fax_tiff(images, resolution)
    with lab.hylafax.modem(kind) as modem:
        number = lab.number(f"{way}{modem}0")
        server.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], document, "document.tif"))
        job = server.sent(sender)[0]
        (call,) = lab.hylafax.received(number)
    record = job["calls"][0]["record"]
    lab.note(f"{name} {speed}{' ECM' if ecm else ''}", modem_of(record), call["seconds"], call["pages"])
    claim(call["reason"] == "" and call["pages"] == len(images), "HylaFAX says", call)
    came, rendered = pages.decoded(call["tiff"]), pages.decoded(server.rendered(document, f"{number}.tif"))
    if ecm:
        same_pages(rendered, came)
    else:
        share = pages.alike(rendered, came)
        claim(share >= LEAST_SHARE, f"only {share:.3f} of the rows came")
    # A busy machine may cost a training, and so speed.
    claim((record["modem"], record["ecm"]) == (name, ecm) and record["rate"] <= speed, "sent with", record)
    told_sent(server.mailboxes.wait(sender)[0], job, len(images))
    return came


def received(lab: Lab, images, kind="plain", options=("-m",), number=INBOUND, exact=True, resolution=pages.RESOLUTION, way="8"):
    """The claim that pages sent by HylaFAX are mailed bit for bit; gives HylaFAX's job. Without error correction a row may lack on the way
    through modems that a busy machine runs, and HylaFAX leaves out the last one of some pages."""
    who = caller(lab)
    with lab.hylafax.modem(kind) as modem:
        job = lab.hylafax.send(pages.fax_tiff(images, resolution), f"{way}{who[-4:]}{number[1:]}", modem, options)
    seen = f"{job['signalrate'].partition(' ')[0]} {job['dataformat']}"
    lab.note("sent by HylaFAX", f"{seen}; {job.get('status') or 'done'}", job["seconds"], int(job["npages"]))
    claim(job["state"] == "7" and int(job["npages"]) == len(images), "HylaFAX says", job)
    mail = mail_of(lab, who)
    claim(mail["Subject"] == f"Fax from {who} ({len(images)} page{'s' * (len(images) > 1)})", "the subject is", mail["Subject"])
    attached = {part.get_content_type(): part.get_content() for part in mail.iter_attachments()}
    came = pages.decoded(attached["image/tiff"])
    if exact:
        same_pages(images, came)
    else:
        share = pages.alike(images, came)
        claim(share >= LEAST_SHARE, f"only {share:.3f} of the rows came")
    return job


@case
def hylafax_receives_three_pages_bit_for_bit(lab):
    sent(lab, pages.drawn(size=A4))


@case
def hylafax_with_v29_receives_at_7200_bit_per_second(lab):
    sent(lab, pages.drawn(size=A4), "v29-7200", "V.29", 7200, server=lab.coarse)


@case
def hylafax_with_v27ter_mh_and_no_error_correction_receives(lab):
    sent(lab, pages.drawn(2, 4, A4), "v27-mh", "V.27ter", 4800, False)


@case
def hylafax_without_error_correction_receives(lab):
    sent(lab, pages.drawn(size=A4), "no-ecm", "V.17", 14400, False)


@case
def three_pages_from_hylafax_are_mailed_bit_for_bit(lab):
    received(lab, pages.drawn(size=A4))


@case
def hylafax_with_v29_sends_at_7200_bit_per_second(lab):
    # A busy machine may cost a training, but not two.
    rates = [received(lab, pages.drawn(1, size=A4), "v29-7200")["signalrate"] for _ in range(2)]
    claim("7200 bit/s" in rates, "HylaFAX sent at", *rates)


@case
def hylafax_with_v27ter_mh_and_no_error_correction_sends(lab):
    received(lab, pages.drawn(2, 4, A4), "v27-mh", exact=False)


@case
def hylafax_without_error_correction_sends(lab):
    received(lab, pages.drawn(size=A4), "no-ecm", exact=False)


@case
def wide_pages_from_hylafax_are_mailed_bit_for_bit(lab):
    received(lab, pages.drawn(1, size=pages.HYLAFAX_B4), options=("-m", "-s", "b4"))
    received(lab, pages.drawn(1, size=pages.HYLAFAX_A3), options=("-m", "-s", "a3"))


@case
def pages_at_standard_resolution_from_hylafax_are_mailed_bit_for_bit(lab):
    received(lab, pages.drawn(1, size=(1728, 1146)), options=("-l",), resolution=pages.STANDARD)


@case
def hylafax_receives_superfine_pages(lab):
    sent(lab, pages.drawn(1, size=(1728, 4573)), name="V.17", speed=12000, server=lab.sharp, resolution=pages.SUPERFINE)


@case
def hylafax_receives_b4_and_a3_pages_at_their_width(lab):
    for size in (pages.HYLAFAX_B4, pages.HYLAFAX_A3):
        images = pages.drawn(1, size=size)
        came = sent(lab, images)
        claim(came[0].size[0] == size[0], "HylaFAX has a page of width", came[0].size[0], "not", size[0])


@case
def hylafax_receives_pages_of_16_by_15_lines_per_millimetre(lab):
    images = pages.drawn(1, size=pages.ULTRAFINE_A4)
    came = sent(lab, images, server=lab.sharpest, resolution=pages.ULTRAFINE)
    claim(came[0].size[0] == pages.ULTRAFINE_A4[0], "HylaFAX has a page of width", came[0].size[0])


# Not with error correction: of a document that is fetched, Asterisk's gateway passes the blocks on as bits without frames.
@case
def hylafax_without_error_correction_fetches_a_document_of_ours(lab):
    images = pages.drawn(2, 4, size=A4)
    document = lab.folder / "offered.tif"
    document.write_bytes(pages.fax_tiff(images))
    lab.office.run("offer", "add", document, "--numbers", "+390288888")
    with lab.hylafax.modem("no-ecm") as modem:
        job = lab.hylafax.poll(f"8{caller(lab)[-4:]}390288888", modem)
    lab.note("fetched by HylaFAX", job.get("status") or "done", job["seconds"])
    claim(job["tiff"] and job["tiff"].exists(), "HylaFAX says", job)
    same_pages(pages.decoded(lab.office.rendered(document.read_bytes(), document.name)), pages.decoded(job["tiff"]))


# Nobody can fetch from HylaFAX: its faxgetty takes a DTC for a fault, and its DIS offers no document.
@case
def hylafax_has_no_document_for_us(lab):
    sender = lab.person()
    with lab.hylafax.modem() as modem:
        number = lab.at(f"{lab.number(f'90{modem}0')}/POLL")
        lab.office.submit(sender, [number], mail(sender, [number]))
        job = lab.office.reported(sender)[0]
    lab.note("nothing to be fetched", " ".join(call["cause"] for call in job["calls"]))
    claim(job["cause"] == "nothing-to-poll" and len(job["calls"]) == 1, "the fetch ended with", job["cause"], job["calls"])


@case(first=True, long=True)
def hylafax_receives_ten_pages(lab):
    sent(lab, pages.drawn(10, 4, size=A4))


@case(first=True)
def ten_pages_from_hylafax_are_mailed_bit_for_bit(lab):
    received(lab, pages.drawn(10, 4, size=A4))


# Asterisk keeps the modem's line for some seconds after a cancelled call, more or less.
@case(long=True)
def a_modem_that_does_not_answer_is_no_answer(lab):
    with lab.hylafax.modem("deaf") as modem:
        ended(lab, f"90{modem}0", "no-answer", 2)


@case
def a_modem_that_is_in_a_call_is_busy(lab):
    with lab.hylafax.modem() as modem:
        sender, first, document = lab.person(), lab.number(f"90{modem}0"), pages.fax_tiff(pages.drawn(size=A4))
        lab.office.submit(sender, [lab.at(first)], mail(sender, [lab.at(first)], document, "document.tif"))
        lab.office.wait(sender, lambda job: job["state"] == "dialling", "dialled", 30)
        time.sleep(8)
        ended(lab, f"90{modem}0", "busy", 2, 486)
        lab.office.sent(sender)
