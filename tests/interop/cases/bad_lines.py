"""T.38 and audio over bad lines, both ways: Asterisk and faxramp with a line between them that loses, delays, doubles and reorders packets by a seed.

Each line is for one call. Three pages arrive bit for bit and each is confirmed. A line may cost the identification of either end, which nobody
repeats, and speed.
"""

import json

import pages
from cases import case
from cases.receiving import received
from cases.sending import delivered
from harm import IN, LONG, OUT
from lab import Lab, claim, mail, same_pages


def counts(lab: Lab, name):
    """What a line has done to packets."""
    told = json.loads((lab.folder / "lines.json").read_text())[name]
    return ", ".join(f"{told[side]['lost']} of {told[side]['seen']} lost" for side in ("near", "far"))


def by_chance(name):
    """Whether a line can take all of a signal, whatever is done: such a case is for `--long`."""
    return "bursts" in name or "no protection" in name


def mode(name):
    """How Asterisk has to tell that the fax went over that line."""
    return "audio" if name.startswith("audio") else "T38"


def named(name, way):
    """Gives a case the name of its claim."""

    def take(function):
        function.__name__ = f"three_pages_{way}_asterisk_survive_a_line_with_{name.replace(' ', '_')}"
        return function

    return take


def add(name, way, document, long):
    def out(lab):
        number = list(OUT).index(name)
        try:
            job, _ = delivered(lab, f"{way}9{number:02}", document=pages.tiff(document()), server=lab.far, mode=mode(name))
            claim(job["calls"][0]["trunk"] == f"line {number}", "the call went over", job["calls"][0]["trunk"])
        finally:
            lab.note("the line", counts(lab, f"to {name}"))

    case(named(name, "to")(out), long=long, first=True)


def add_in(name, way, document, long):
    def into(lab):
        try:
            received(lab, document(), way, identified=False, address=lab.lines[f"from {name}"]["back"], server=lab.far, mode=mode(name))
        finally:
            lab.note("the line", counts(lab, f"from {name}"))

    case(named(name, "from")(into), long=long, first=True)


def add_unprotected(name, way, document):
    """Without protection a PPR of 40 packets comes whole two times in three at best, and the fax ends when three in a row do not."""

    def out(lab):
        sender, number = lab.person(), lab.number(f"{way}9{list(OUT).index(name):02}")
        lab.far.submit(sender, [lab.at(number)], mail(sender, [lab.at(number)], document, "document.tif"))
        job = lab.far.show(lab.far.wait(sender, lambda job: job["state"] == "reported" or job["failed_calls"], "over", 240)[0])
        cause, count = job["calls"][0]["cause"], job["calls"][0]["pages_confirmed"]
        lab.note("told truly", cause, None, count)
        lab.note("the line", counts(lab, f"to {name}"))
        claim(cause in ("sent", "last-confirmation-lost", "no-response"), "the call ended with", cause)
        claim((cause == "sent") == (count == 3), count, "pages are confirmed, and the call ended with", cause)
        came = pages.decoded(lab.asterisk.received(number)[0]["tiff"])
        same_pages(pages.decoded(lab.far.rendered(document, f"{number}.tif"))[:count], came[:count])

    out.__name__ = f"of_three_pages_to_asterisk_over_a_line_with_{name.replace(' ', '_')}_those_confirmed_are_there"
    case(out, long=True, first=True)


for name, (_, way) in OUT.items():
    if "no protection" in name:
        add_unprotected(name, way, pages.tiff(pages.drawn()))
        continue
    add(name, way, pages.three if name in LONG else pages.drawn, name in LONG or by_chance(name))
for name, (_, way) in IN.items():
    add_in(name, way, pages.three if name in LONG else pages.drawn, name in LONG or by_chance(name))
