"""The rest of what Asterisk can be made to do over T.38, both ways, beside `sending`, `receiving` and `failures`.

The rows of G.711 audio are in `audio` and `bad_lines`; SIP over TCP and TLS is in `sip_calling`, `sip_called` and `kamailio`. Rates that Asterisk would take from `maxrate` (2400, 7200 and 12000)
it ignores, so those are set in faxramp, and in HylaFAX (`hylafax`).
"""

import concurrent.futures

import pages
from cases import case
from cases.failures import ended
from cases.receiving import OFFICE, caller, mail_of, received
from cases.sending import delivered
from lab import Lab, claim, mail, same_pages

LETTER, LEGAL = (1728, 2156), (1728, 2744)
B4, A3 = (2048, 2725), (2432, 3242)
# Resolutions in Asterisk's words: picture elements and lines to a metre.
STANDARD, SUPERFINE = "8031x3850", "8031x15400"
# Seconds by which a call of ours may be longer than one between two Asterisks with the same pages.
SLACK = 1
# How many calls are up at once.
CROWD = 40
# Seconds that all of them may take.
CROWD_SECONDS = 240


def tiff(size, resolution=pages.RESOLUTION, count=3):
    return pages.tiff(pages.drawn(count, size=size), resolution)


@case
def pages_at_standard_resolution_and_7200_bit_per_second_arrive(lab):
    _, result = delivered(lab, "1000", 7200, "V.17", document=tiff((1728, 1146), pages.STANDARD), server=lab.coarse)
    claim(result["resolution"] == STANDARD, "Asterisk received at", result["resolution"])


@case
def pages_at_superfine_resolution_and_12000_bit_per_second_arrive(lab):
    _, result = delivered(lab, "1000", 12000, "V.17", document=tiff((1728, 4573), pages.SUPERFINE), server=lab.sharp)
    claim(result["resolution"] == SUPERFINE, "Asterisk received at", result["resolution"])


@case
def letter_and_legal_pages_keep_their_length(lab):
    for size in (LETTER, LEGAL):
        _, result = delivered(lab, "1000", 14400, "V.17", document=tiff(size, count=1))
        claim([page.size for page in pages.decoded(result["tiff"])] == [size], "the page came not as", size)


@case
def wide_pages_are_made_narrow_for_a_machine_that_has_no_wide_paper(lab):
    for size in (B4, A3):
        _, result = delivered(lab, "1000", 14400, "V.17", document=tiff(size, count=1), scaled=True)
        (page,) = pages.decoded(result["tiff"])
        claim(page.size[0] == 1728, "the page is", page.size[0], "wide")
        # The last line of the text is near the lower edge, so a page that was cut would lack it.
        rows, expected = black(page), black(pages.drawn(1, size=size)[0])
        shown = (rows[3] - rows[1]) / (rows[2] - rows[0])
        meant = (expected[3] - expected[1]) / (expected[2] - expected[0])
        claim(abs(shown - meant) < 0.05 * meant, "the text is", rows, "of", page.size, "but was", expected, "of", size)


def black(page):
    """The box around all that is black."""
    return page.convert("L").point(lambda grey: 255 - grey).getbbox()


@case
def white_and_black_pages_arrive(lab):
    for colour in (1, 0):
        delivered(lab, "1000", 14400, "V.17", document=pages.tiff(pages.plain(colour)))


@case(first=True)
def ten_pages_arrive_in_one_call(lab):
    delivered(lab, "1000", 14400, "V.17", document=tiff((pages.WIDTH, pages.ROWS), count=10))


@case
def a_machine_that_rings_for_five_seconds_gets_its_fax(lab):
    delivered(lab, "1007", 14400, "V.17")


@case
def a_machine_that_takes_nothing_but_t38_gets_its_fax(lab):
    delivered(lab, "1009", 14400, "V.17")


@case(first=True)
def a_far_end_that_hangs_up_after_20_seconds_is_a_disconnection(lab):
    ended(lab, "1018", "disconnected", 4, document=pages.tiff(pages.three()))


@case
def a_number_that_the_dialplan_does_not_know_is_dialled_once(lab):
    ended(lab, "8999", "unallocated", 1, 404)


@case
def a_tone_is_no_fax(lab):
    ended(lab, "8008", "no-fax-heard", 2)


@case
def an_echo_of_our_own_is_silence(lab):
    ended(lab, "8009", "silence", 2)


@case
def early_media_is_no_answer(lab):
    ended(lab, "8010", "no-answer", 2)


@case(first=True)
def three_pages_of_an_ordinary_fax_take_no_longer_than_from_asterisk_to_asterisk(lab):
    images = pages.three()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        own = pool.submit(lab.asterisk.send, "own", f"sip:{lab.number('1000')}@{lab.asterisk.address}", pages.tiff(images))
        coming = pool.submit(with_claim, lab, received, lab, images)
        job, result = delivered(lab, "1000", 14400, "V.17", document=pages.tiff(images))
        own, (came, _) = own.result(), coming.result()
    claim(own["status"] == "SUCCESS", "between two Asterisks:", own)
    lab.note("between two Asterisks", f"{own['status']} {own['mode']} {own['rate']}", own["seconds"], int(own["pages"]))
    for call, way in ((result, "to"), (came, "from")):
        claim(call["seconds"] <= own["seconds"] + SLACK, f"the call {way} Asterisk took", call["seconds"], "s, and", own["seconds"], "s between two Asterisks")


def with_claim(lab, function, *words, **named):
    """Does something in another thread for the same case."""
    lab.now.claim = "three pages of an ordinary fax take no longer than from asterisk to asterisk"
    return function(*words, **named)


@case
def a_v27ter_sender_is_received_at_4800_bit_per_second(lab):
    result, _ = received(lab, MODEM="v27", MAX_RATE=4800)
    claim(int(result["rate"]) == 4800, "received at", result["rate"])


@case
def a_v29_sender_without_error_correction_is_received(lab):
    result, _ = received(lab, MODEM="v27,v29", MAX_RATE=9600, ECM="no")
    claim(int(result["rate"]) == 9600, "received at", result["rate"])


@case
def a_caller_that_asks_for_t38_itself_is_received(lab):
    received(lab, OPTIONS="fz")


@case
def a_caller_that_takes_nothing_but_t38_is_received(lab):
    received(lab, OPTIONS="-")


@case
def pages_of_other_resolutions_are_received(lab):
    for size, resolution, name in (((1728, 1146), pages.STANDARD, STANDARD), ((1728, 4573), pages.SUPERFINE, SUPERFINE)):
        result, _ = received(lab, pages.drawn(2, size=size), resolution=resolution)
        claim(result["resolution"] == name, "Asterisk sent at", result["resolution"])


@case
def letter_and_legal_pages_are_received_with_their_length(lab):
    for size in (LETTER, LEGAL):
        received(lab, pages.drawn(1, size=size))


@case
def white_and_black_pages_are_received(lab):
    for colour in (1, 0):
        received(lab, pages.plain(colour))


@case
def a_page_under_the_line_of_the_sender_is_received_below_it(lab):
    received(lab, HEADER="Company", skip=32)


@case(first=True)
def ten_pages_are_received_in_one_call(lab):
    received(lab, pages.drawn(10))


@case
def a_caller_that_hangs_up_after_two_seconds_leaves_no_mail(lab):
    number = caller(lab)
    result = lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.office), tiff(LETTER), caller=number, CUT_AFTER=2)
    lab.note("no mail", f"{result['status']} {result['words']}", result["seconds"], int(result["pages"] or 0))
    claim(result["status"] != "SUCCESS", "Asterisk says", result)
    claim(not [mail for mail in lab.office.mailboxes.mails(OFFICE) if number in mail["Subject"]], "there is a mail about it")


@case(first=True)
def a_caller_that_hangs_up_in_its_first_page_is_told_as_incomplete_or_not_at_all(lab):
    number = caller(lab)
    result = lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.office), pages.tiff(pages.three()), caller=number, CUT_AFTER=20)
    claim(result["status"] != "SUCCESS", "Asterisk says", result)
    mails = [mail["Subject"] for mail in lab.office.mailboxes.mails(OFFICE) if number in mail["Subject"]]
    lab.note("no whole page", f"{result['status']}, {mails or 'no mail'}", result["seconds"], int(result["pages"] or 0))
    claim(all("INCOMPLETE" in subject for subject in mails), "the mails are", mails)


@case(first=True)
def forty_calls_at_once_send_every_page(lab: Lab):
    sender, numbers, document = lab.person(), [lab.number("1000") for _ in range(CROWD)], pages.tiff(pages.drawn(2, 4))
    recipients = [lab.at(number) for number in numbers]
    lab.crowd.submit(sender, recipients, mail(sender, recipients, document, "document.tif"))
    lab.crowd.sent(sender, CROWD, CROWD_SECONDS)
    rendered = lab.crowd.rendered(document, "crowd.tif")
    calls = [lab.asterisk.received_once(number) for number in numbers]
    for call in calls:
        same_pages(rendered, call["tiff"])
    lab.note(f"{CROWD} times 2 pages", "all exact", max(call["seconds"] for call in calls), sum(int(call["pages"]) for call in calls))


@case(first=True)
def forty_calls_at_once_are_all_received(lab: Lab):
    images = pages.drawn(2, 4)
    document, callers = pages.tiff(images), [caller(lab) for _ in range(CROWD)]

    def call(number):
        return lab.asterisk.send(f"in-{number[1:]}", lab.uri(lab.crowd), document, caller=number, seconds=CROWD_SECONDS)

    with concurrent.futures.ThreadPoolExecutor(CROWD) as pool:
        results = list(pool.map(call, callers))
    for number, result in zip(callers, results):
        claim(result["status"] == "SUCCESS", "Asterisk says", result)
        mail = mail_of(lab, number, server=lab.crowd)
        same_pages(images, next(part.get_content() for part in mail.iter_attachments() if part.get_content_type() == "image/tiff"))
    lab.note(f"{CROWD} times 2 pages", "all exact", max(result["seconds"] for result in results), 2 * CROWD)


@case(long=True, first=True)
def thirty_pages_arrive_in_one_call(lab):
    delivered(lab, "1000", 14400, "V.17", document=tiff((pages.WIDTH, pages.ROWS), count=30))


@case(long=True, first=True)
def thirty_pages_are_received_in_one_call(lab):
    received(lab, pages.drawn(30), seconds=400)


@case(long=True)
def an_ordinary_fax_without_error_correction_goes_each_way(lab):
    document = pages.tiff(pages.three())
    delivered(lab, "1001", 14400, "V.17", ecm=False, document=document)
    received(lab, pages.three(), ECM="no")


@case(long=True)
def an_ordinary_fax_with_fec_goes_each_way(lab):
    delivered(lab, "4000", 14400, "V.17", document=pages.tiff(pages.three()))
    received(lab, pages.three(), way="fec")


@case(long=True, first=True)
def a_page_of_grey_dots_takes_its_minutes_and_arrives(lab):
    delivered(lab, "1000", 14400, "V.17", document=pages.tiff([pages.dotted()]))


@case(long=True, first=True)
def a_page_of_grey_dots_takes_its_minutes_and_is_received(lab):
    received(lab, [pages.dotted()])
