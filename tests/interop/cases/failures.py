"""Calls that fail: the cause is told apart, what may help is tried again, what cannot is not, and the sender is told."""

import datetime

import pages
from cases import case
from cases.sending import told_sent
from lab import Lab, claim, mail, same_pages


# Three light pages.
DOCUMENT = pages.tiff(pages.drawn())


def ended(lab: Lab, beginning, cause, calls, code=None, server=None, document=DOCUMENT):
    """The claim that a fax to a number of that beginning fails in each of `calls` calls for this cause, and that the receipt says so."""
    server = server or lab.impatient
    sender, number = lab.person(), lab.number(beginning)
    server.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], document, "document.tif"))
    job = server.reported(sender)[0]
    causes = [call["cause"] for call in job["calls"]]
    lab.note(f"{calls} x {cause}", " ".join(causes))
    claim(causes == [cause] * calls, f"the calls ended with {causes}, not {calls} times {cause}: {job['calls']}")
    claim(job["cause"] == cause, "the fax ended with", job["cause"])
    if code is not None:
        status = job["calls"][-1]["record"]["sip_status"]
        claim(status == code, "the status was", status)
    receipt = server.mailboxes.wait(sender)[0]
    claim("FAILED" in receipt["Subject"] and receipt["X-Faxramp-Outcome"] == f"{cause}; 0/3", "the receipt says", receipt["Subject"], receipt["X-Faxramp-Outcome"])
    text = receipt.get_body(("plain",)).get_content()
    claim(job["sentence"] in text, f"{job['sentence']!r} is not in the receipt: {text}")
    for before, after in zip(job["calls"], job["calls"][1:]):
        waited = (datetime.datetime.fromisoformat(after["opened"]) - datetime.datetime.fromisoformat(before["closed"])).total_seconds()
        claim(waited >= 1, f"the next call came after {waited} s, not 1 s")
    return job


@case
def a_busy_number_is_dialled_again_until_the_tries_are_used_up(lab):
    ended(lab, "8001", "busy", 2, 486)


@case
def a_busy_number_waits_two_minutes_by_default_and_can_be_withdrawn(lab):
    sender, number = lab.person(), lab.number("8001")
    lab.office.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], DOCUMENT, "document.tif"))
    job = lab.office.wait(sender, lambda job: job["state"] == "ready" and job["failed_calls"] == 1, "waiting", 180)[0]
    claim(job["cause"] == "busy", "it waits because of", job["cause"])
    closed = datetime.datetime.fromisoformat(lab.office.show(job)["calls"][0]["closed"])
    wait = (datetime.datetime.fromisoformat(job["due"]) - closed).total_seconds()
    # Chance lengthens it by a tenth at most.
    claim(119 <= wait <= 133, "it waits", wait, "s")
    lab.office.run("queue", "cancel", job["id"])
    job = lab.office.reported(sender)[0]
    claim((job["cause"], len(job["calls"])) == ("cancelled", 1), "it ended with", job["cause"], job["calls"])
    claim("Fax cancelled" in lab.office.mailboxes.wait(sender)[0]["Subject"], "the receipt does not say so")


@case
def a_number_that_does_not_exist_is_dialled_once(lab):
    ended(lab, "8004", "unallocated", 1, 404)


@case
def a_called_side_that_refuses_is_dialled_once(lab):
    ended(lab, "8003", "rejected", 1, 403)


@case
def congestion_is_tried_again(lab):
    ended(lab, "8005", "congestion", 2, 503)


@case
def nobody_answers_within_the_limit_and_it_is_tried_again(lab):
    ended(lab, "8000", "no-answer", 2)
    ended(lab, "8013", "no-answer", 2)


@case
def a_trunk_that_is_down_is_tried_again(lab):
    ended(lab, "7000", "trunk-down", 2)


@case
def a_trunk_that_refuses_our_password_is_told_apart_and_the_next_one_is_taken(lab):
    sender, number = lab.person(), lab.number("5900")
    lab.impatient.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], DOCUMENT, "document.tif"))
    job = lab.impatient.reported(sender)[0]
    calls = [(call["trunk"], call["cause"], call["record"]["sip_status"]) for call in job["calls"]]
    claim(calls == [("wrong password", "trunk-authentication", 401), ("asterisk", "sent", None)], "the calls were", calls)


@case
def a_far_end_without_t38_has_no_common_transport_where_nothing_else_is_wanted(lab):
    ended(lab, "2000", "no-common-transport", 4, server=lab.strict)


@case
def silence_is_told_apart(lab):
    ended(lab, "8006", "silence", 2)


@case
def a_voice_is_told_apart(lab):
    ended(lab, "8007", "voice", 2)


@case
def who_hangs_up_without_a_sound_is_no_fax(lab):
    ended(lab, "8002", "no-fax-heard", 2)


@case
def a_line_cut_before_the_first_page_is_a_disconnection(lab):
    ended(lab, "8014", "disconnected", 4)


@case
def a_fax_cut_in_the_middle_goes_on_at_the_first_page_not_confirmed(lab):
    sender, number = lab.person(), lab.number("1008")
    images = pages.drawn(pages=5, lines=34)
    document = pages.tiff(images)
    lab.impatient.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], document, "document.tif"))
    job = lab.impatient.reported(sender)[0]
    first, second = job["calls"]
    claim(first["cause"] == "disconnected" and 1 <= first["pages_confirmed"] < 5, "the first call", first)
    claim(second["cause"] == "sent" and second["first_page"] == first["pages_confirmed"] + 1, "the second call", second)
    parts = [pages.decoded(result["tiff"]) for result in lab.asterisk.received(number)]
    claim(len(parts) == 2, len(parts), "files came")
    # The page that was cut may be in the first file, but then it is in the second as a whole.
    same_pages(images[: first["pages_confirmed"]], parts[0][: first["pages_confirmed"]])
    same_pages(images[first["pages_confirmed"] :], parts[1])
    told_sent(lab.impatient.mailboxes.wait(sender)[0], job, 5)
