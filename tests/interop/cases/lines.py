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
        lab.narrow.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], pages.pdf(1)))
    for sender in senders:
        lab.narrow.sent(sender, 1, 400)
    calls = lab.asterisk.received(number)
    claim([call["status"] for call in calls] == ["SUCCESS"] * 3, "Asterisk says", calls)
    together = [int(call["together"]) for call in calls]
    claim(together == [1, 1, 1], "so many calls were up when each came:", together)
