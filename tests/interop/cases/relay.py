"""Postfix in front: mail for fax numbers goes through it to faxramp, and everything comes back through it."""

import pages
from cases import case
from cases.receiving import caller
from lab import Lab, claim, mail, same_pages

OFFICE = "office@company.test"


@case
def a_mail_through_postfix_to_two_numbers_is_faxed_to_both(lab: Lab):
    sender, numbers, document = lab.person(), [lab.number("1000"), lab.number("1000")], pages.pdf()
    recipients = [lab.at(number) for number in numbers]
    lab.postfix.submit(sender, recipients, mail(sender, recipients, document))
    jobs = lab.relayed.sent(sender, 2)
    claim(sorted(job["number"] for job in jobs) == sorted(numbers), "faxed to", jobs)
    rendered = lab.relayed.rendered(document, "relayed.pdf")
    for number in numbers:
        same_pages(rendered, lab.asterisk.received_once(number)["tiff"])
    receipts = lab.postfix.mailboxes.wait(sender, 2, 60)
    for receipt in receipts:
        claim(receipt["X-Faxramp-Outcome"] == "sent; 3/3", "a receipt says", receipt["X-Faxramp-Outcome"])
        claim("Postfix" in str(receipt["Received"]), "the receipt came by", receipt["Received"])
        claim(receipt["Return-Path"] == "<>", "the receipt is from", receipt["Return-Path"])


@case
def a_number_that_may_not_be_dialled_is_bounced_by_postfix_and_the_other_is_faxed(lab: Lab):
    sender, number = lab.person(), lab.number("1000")
    recipients = [lab.at(number), lab.at("+4989123456")]
    lab.postfix.submit(sender, recipients, mail(sender, recipients, pages.pdf(1)))
    lab.relayed.sent(sender, 1)
    bounce, receipt = sorted(lab.postfix.mailboxes.wait(sender, 2, 60), key=lambda mail: mail["X-Faxramp-Outcome"] is not None)
    claim(receipt["X-Faxramp-Outcome"] == "sent; 1/1", "the receipt says", receipt["X-Faxramp-Outcome"])
    claim(bounce.get_content_type() == "multipart/report", "the bounce is", bounce.get_content_type())
    status = next(part for part in bounce.walk() if part.get_content_type() == "message/delivery-status").as_string()
    claim("+4989123456@fax.test" in status and "5.7.1" in status, "the bounce says", status)
    claim(number not in status, "the bounce names the other number")


@case
def a_sender_who_asks_postfix_for_a_report_of_success_gets_one(lab: Lab):
    sender, number = lab.person(), lab.number("1000")
    message = mail(sender, [lab.at(number)], pages.pdf(1))
    lab.postfix.submit(sender, [lab.at(number)], message, mail_options=["ENVID=case-7"], rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
    lab.relayed.sent(sender, 1)
    mails = lab.postfix.mailboxes.wait(sender, 2, 60)
    reports = [one for one in mails if one.get_content_type() == "multipart/report"]
    claim(len(reports) == 1, len(reports), "of the mails are reports:", [one["Subject"] for one in mails])
    status = next(part for part in reports[0].walk() if part.get_content_type() == "message/delivery-status").as_string()
    for field in ("Action: delivered", "Status: 2.", "Original-Envelope-Id: case-7", number):
        claim(field in status, f"{field!r} is not in the report: {status}")


@case
def a_received_fax_is_mailed_through_postfix(lab: Lab):
    number, images = caller(lab), pages.drawn()
    result = lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.relayed), pages.tiff(images), caller=number)
    claim(result["status"] == "SUCCESS", "Asterisk says", result)
    mails = [one for one in lab.postfix.mailboxes.wait(OFFICE, 1, 60) if number in one["Subject"]]
    claim(len(mails) == 1, len(mails), "mails are about it")
    attached = {part.get_content_type(): part.get_content() for part in mails[0].iter_attachments()}
    same_pages(images, attached["image/tiff"])
