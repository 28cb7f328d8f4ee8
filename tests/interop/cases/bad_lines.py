"""T.38 over bad lines, both ways: Asterisk and faxramp with a line between them that loses, delays, doubles and reorders packets by a seed.

Each line is for one call. Three pages arrive bit for bit and each is confirmed. A line may cost the identification of either end, which nobody
repeats, and speed.
"""

import json

import pages
from cases import case
from cases.receiving import received
from cases.sending import delivered
from harm import IN, LONG, OUT
from lab import Lab, claim


def counts(lab: Lab, name):
    """What a line has done to packets."""
    told = json.loads((lab.folder / "lines.json").read_text())[name]
    return ", ".join(f"{told[side]['lost']} of {told[side]['seen']} lost" for side in ("near", "far"))


def by_chance(name):
    """Whether a line can take all of the last signal, whatever is done: such a case is looked at by a person, with `--long`."""
    return "bursts" in name or "no protection" in name


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
            job, _ = delivered(lab, f"{way}9{number:02}", document=pages.tiff(document()), server=lab.far)
            claim(job["calls"][0]["trunk"] == f"line {number}", "the call went over", job["calls"][0]["trunk"])
        finally:
            lab.note("the line", counts(lab, f"to {name}"))

    case(named(name, "to")(out), long=long, first=True)


def add_in(name, way, document, long):
    def into(lab):
        try:
            received(lab, document(), way, identified=False, address=lab.lines[f"from {name}"]["back"], server=lab.far)
        finally:
            lab.note("the line", counts(lab, f"from {name}"))

    case(named(name, "from")(into), long=long, first=True)


for name, (_, way) in OUT.items():
    add(name, way, pages.three if name in LONG else pages.drawn, name in LONG or by_chance(name))
for name, (_, way) in IN.items():
    add_in(name, way, pages.three if name in LONG else pages.drawn, name in LONG or by_chance(name))
