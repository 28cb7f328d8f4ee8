"""Several calls at once: the channels of a trunk, and a machine that can take one call at a time."""

import pages
from cases import case
from lab import Lab, claim, mail, same_pages


@case
def six_numbers_share_three_channels_and_never_more(lab: Lab):
    sender, numbers, document = lab.person(), [lab.number("1020") for _ in range(6)], pages.pdf()
    recipients = [lab.at(number) for number in numbers]
    lab.narrow.submit(sender, recipients, mail(sender, recipients, document))
    lab.narrow.sent(sender, 6, 400)
    rendered = lab.narrow.rendered(document, "shared.pdf")
    calls = [lab.asterisk.received_once(number) for number in numbers]
    for call in calls:
        same_pages(rendered, call["tiff"])
    together = [int(call["together"]) for call in calls]
    claim(max(together) == 3, "so many calls were up when each came:", together)


@case
def three_mails_to_one_number_are_faxed_one_after_the_other(lab: Lab):
    number = lab.number("1021")
    senders = [lab.person() for _ in range(3)]
    for sender in senders:
        lab.office.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], pages.pdf(1)))
    for sender in senders:
        lab.office.sent(sender, 1, 400)
    calls = lab.asterisk.received(number)
    claim([call["status"] for call in calls] == ["SUCCESS"] * 3, "Asterisk says", calls)
    together = [int(call["together"]) for call in calls]
    claim(together == [1, 1, 1], "so many calls were up when each came:", together)


@case
def faxes_that_wait_for_a_number_go_in_one_call_where_that_is_wanted(lab: Lab):
    # A variant of its own, as what is up is counted for all calls of one.
    before, number = lab.number("1022"), lab.number("1022")
    holder = lab.person()
    lab.gathering.submit(holder, [lab.at(before)], mail(holder, [lab.at(before)], pages.pdf(1)))
    # Its call takes the only channel, or they do not wait.
    lab.gathering.wait(holder, lambda job: job["state"] == "dialling", "dialled", 60)
    senders = [lab.person() for _ in range(3)]
    drawn = [pages.drawn(1, lines=lines) for lines in (6, 10, 14)]
    for sender, images in zip(senders, drawn):
        lab.gathering.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], pages.tiff(images), "document.tif"))
    lab.gathering.sent(holder, 1, 400)
    jobs = [lab.gathering.sent(sender, 1, 400)[0] for sender in senders]
    first, *others = (job["calls"] for job in jobs)
    claim(len(first) == 1 and all([call["call"] for call in calls] == [first[0]["id"]] for calls in others), "the calls of the three are", first, others)
    call = lab.asterisk.received_once(number)
    claim(call["status"] == "SUCCESS", "Asterisk says", call)
    same_pages(drawn[0] + drawn[1] + drawn[2], call["tiff"])
    for sender in senders:
        claim("Fax sent" in lab.gathering.mailboxes.wait(sender)[0]["Subject"], "no receipt for", sender)
