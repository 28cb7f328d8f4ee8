"""Mail to faxramp, fax to Asterisk by T.38: what Asterisk has received is what faxramp sent, and the sender is told so."""

import pages
from cases import case
from lab import Lab, claim, mail, same_pages


# Three light pages.
DOCUMENT = pages.tiff(pages.drawn())


def send(lab: Lab, beginning, document=None, name="document.pdf", server=None, text="See the document.\n"):
    """Sends a document by mail to a number of that beginning; gives the job, its call's record, Asterisk's result and the receipt."""
    server = server or lab.office
    sender, number = lab.person(), lab.number(beginning)
    server.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], document, name, text))
    job = server.sent(sender)[0]
    result = lab.asterisk.received_once(number)
    claim(result["status"] == "SUCCESS", "Asterisk says", result)
    claim(job["pages_confirmed"] == job["pages_total"] == int(result["pages"]), "pages", job, result)
    return job, job["calls"][0]["record"], result, server.mailboxes.wait(sender)[0]


def delivered(lab: Lab, beginning, speed=None, modem=None, ecm=True, document=DOCUMENT, name="document.tif", server=None, scaled=False, mode="T38"):
    """The claim that a document arrives bit for bit, at this speed if any; gives the job and Asterisk's result. One that the far end takes
    in another size only (`scaled`) is for the case to compare. `mode` is how it has to go: over T.38 or audio."""
    server = server or lab.office
    job, record, result, receipt = send(lab, beginning, document, name, server)
    lab.note("exact" if modem is None else f"{modem} {speed}{' ECM' if ecm else ''}", modem_of(record), result["seconds"], int(result["pages"]))
    if not scaled:
        same_pages(server.rendered(document, f"{result['called']}.{name.rpartition('.')[2]}"), result["tiff"])
    claim(result["mode"] == mode and int(result["rate"]) == record["rate"], "Asterisk received at", result["mode"], result["rate"])
    if modem is not None:
        claim((record["modem"], record["rate"], record["ecm"]) == (modem, speed, ecm), "sent with", record)
    told_sent(receipt, job, job["pages_total"])
    return job, result


def modem_of(record):
    """The modem and rate of a call's record, in words."""
    return f"{record['modem']} {record['rate']}{' ECM' if record['ecm'] else ''}"


def told_sent(receipt, job, count):
    claim(f"({count} page{'s' * (count > 1)})" in receipt["Subject"] and "Fax sent" in receipt["Subject"], "the receipt says", receipt["Subject"])
    claim(receipt["X-Faxramp-Outcome"] == f"sent; {count}/{count}", "the receipt says", receipt["X-Faxramp-Outcome"])
    claim(receipt["In-Reply-To"] == f"<{job['mail']['message_id']}>", "the receipt answers", receipt["In-Reply-To"])
    text = receipt.get_body(("plain",)).get_content()
    claim(f"{count} of {count}" in text, "the receipt does not name the pages:", text)


@case
def a_pdf_arrives_bit_for_bit_with_error_correction(lab):
    job, result = delivered(lab, "1000", 14400, "V.17", document=pages.pdf(), name="document.pdf")
    claim(result["remote"].strip() == "+39 02 99999", "Asterisk saw our identification as", result["remote"])
    remote = job["calls"][0]["record"]["remote_id"]
    claim(remote.endswith(result["called"]), "we saw Asterisk's identification as", remote)
    claim(result["caller"] in ("+390299999", "390299999"), "Asterisk saw as the caller", result["caller"])


@case
def a_fax_tiff_arrives_as_the_very_pages_it_holds(lab):
    images = pages.drawn()
    _, result = delivered(lab, "1000", 14400, "V.17", document=pages.tiff(images))
    same_pages(images, pages.decoded(result["tiff"]))


@case
def the_text_of_a_mail_without_documents_is_faxed(lab):
    job, _, result, receipt = send(lab, "1000", text="".join(f"Line {line} of the letter.\n" for line in range(150)))
    told_sent(receipt, job, job["pages_total"])
    claim(job["pages_total"] >= 2, "150 lines are", job["pages_total"], "pages")
    claim(all(any(page.histogram()[:1]) for page in pages.decoded(result["tiff"])), "a page is empty")


@case
def the_headline_is_above_the_page_and_changes_nothing_below_it(lab):
    document = pages.pdf()
    job, _, result, receipt = send(lab, "1000", document, server=lab.headline)
    came = pages.decoded(result["tiff"])
    plain = pages.decoded(lab.headline.rendered(document, "headline.pdf"))
    same_pages(plain, came, skip=pages.HEADLINE_ROWS)
    claim(pages.difference(plain, came) is not None, "there is no headline")
    # The receipt of this server carries the pages as they were sent, the headline with them.
    attached = [part.get_content() for part in receipt.iter_attachments() if part.get_content_type() == "image/tiff"]
    claim(len(attached) == 1, len(attached), "TIFFs are in the receipt")
    same_pages(attached[0], result["tiff"])
    told_sent(receipt, job, 3)


@case
def without_error_correction_pages_arrive_bit_for_bit(lab):
    delivered(lab, "1001", 14400, "V.17", ecm=False)


@case
def a_v27ter_machine_gets_4800_bit_per_second(lab):
    delivered(lab, "1002", 4800, "V.27ter")


@case
def a_v29_machine_gets_9600_bit_per_second(lab):
    delivered(lab, "1003", 9600, "V.29")


@case
def a_v27ter_machine_without_error_correction_gets_its_pages(lab):
    delivered(lab, "1010", 4800, "V.27ter", ecm=False)


@case
def a_v29_machine_without_error_correction_gets_its_pages(lab):
    delivered(lab, "1011", 9600, "V.29", ecm=False)


@case
def packets_are_protected_by_fec_where_the_far_end_wants_it(lab):
    delivered(lab, "4000", 14400, "V.17")


@case
def a_far_end_without_error_correction_of_packets_gets_its_pages(lab):
    delivered(lab, "6000", 14400, "V.17")


@case
def a_trunk_that_asks_for_a_password_gets_it(lab):
    delivered(lab, "5000", 14400, "V.17")


@case
def a_far_end_that_never_asks_for_t38_is_asked_by_us(lab):
    delivered(lab, "3000", 14400, "V.17")


@case
def a_machine_that_rings_for_ten_seconds_gets_its_fax(lab):
    delivered(lab, "8011", 14400, "V.17")


@case
def a_machine_behind_a_voice_gets_its_fax(lab):
    delivered(lab, "8015", 14400, "V.17")

