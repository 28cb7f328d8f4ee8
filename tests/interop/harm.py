"""The bad lines of a run, which `bad_line.py` makes: one for each call that `cases/bad_lines.py` sends over it."""

# What a line does, the way of the call and the variant of the called machine: see asterisk/extensions.conf.in.
OUT = {
    "five per cent": ({"loss": 5}, "1"),
    "ten per cent": ({"loss": 10}, "1"),
    "fifteen per cent": ({"loss": 15}, "1"),
    # Two Asterisks: nearly empty pages arrive, others do not.
    "twenty per cent": ({"loss": 20}, "1"),
    "bursts of four": ({"loss": 5, "burst": 4}, "1"),
    "bursts of eight": ({"loss": 5, "burst": 8, "seed": 1}, "1"),
    "fec and ten per cent": ({"loss": 10}, "4"),
    "fec and bursts of four": ({"loss": 5, "burst": 4}, "4"),
    "no protection and one per cent": ({"loss": 1}, "6"),
    "reordering": ({"reorder": 5, "late": 70}, "1"),
    "doubles and jitter": ({"double": 5, "delay": 50, "jitter": 60}, "1"),
    "half a second": ({"delay": 500}, "1"),
    "a second": ({"delay": 1000}, "1"),
}
IN = {
    "five per cent": ({"loss": 5}, "t38"),
    "ten per cent": ({"loss": 10}, "t38"),
    "fifteen per cent": ({"loss": 15}, "t38"),
    "twenty per cent": ({"loss": 20}, "t38"),
    "bursts of four": ({"loss": 5, "burst": 4}, "t38"),
    "bursts of eight": ({"loss": 5, "burst": 8}, "t38"),
    "fec and ten per cent": ({"loss": 10}, "fec"),
    "fec and bursts of four": ({"loss": 5, "burst": 4}, "fec"),
    "no protection and one per cent": ({"loss": 1}, "plain"),
    "reordering": ({"reorder": 5, "late": 70}, "t38"),
    "doubles and jitter": ({"double": 5, "delay": 50, "jitter": 60}, "t38"),
    "half a second": ({"delay": 500}, "t38"),
    "a second": ({"delay": 1000}, "t38"),
}
# Lines for an ordinary fax of a minute each way, in long runs only.
LONG = {
    "five per cent for a minute": {"loss": 5},
    "fifteen per cent for a minute": {"loss": 15},
    # Two Asterisks lose the fax.
    "twenty per cent for a minute": {"loss": 20},
    "bursts of eight for a minute": {"loss": 5, "burst": 8, "seed": 1},
    "a second for a minute": {"delay": 1000},
}
# Lines for faxes over audio, of which the packets towards us suffer: see `bad_line.py`.
AUDIO = {
    "half a per cent": {"loss": 0.5},
    "two per cent": {"loss": 2},
    "jitter": {"jitter": 60},
    "one per cent out of order": {"reorder": 1, "late": 30},
    "half a second and echoes": {"delay": 500},
    "half a per cent both ways": {"loss": 0.5, "both": True},
}
OUT |= {f"audio and {name}": ({"audio": True, **harm}, "2") for name, harm in AUDIO.items()}
IN |= {f"audio and {name}": ({"audio": True, **harm}, "audio") for name, harm in AUDIO.items()}
OUT |= {name: (harm, "1") for name, harm in LONG.items()}
IN |= {name: (harm, "t38") for name, harm in LONG.items()}
# A run is like the one before. A seed is for a call in which the confirmation of the last page is not lost: SpanDSP, once it has confirmed it,
# does not know the end of the page any more when it is asked again, so the sender must take it for lost.
SEED = 4


def lines(near, far, network):
    """All lines as `bad_line.py` takes them, by name and in order."""
    found = {}
    for index, (name, (harm, _)) in enumerate([*((f"to {name}", row) for name, row in OUT.items()), *((f"from {name}", row) for name, row in IN.items())]):
        ends = {"near": near, "far": far, "front": f"{network}.{100 + index}", "back": f"{network}.{180 + index}"}
        found[name] = {**ends, "seed": SEED, **harm}
    return found
