"""The cases. Each is a function whose name is its claim; it ends without a fault when the claim holds."""

CASES = []


def case(function=None, *, long=False, first=False):
    """Makes a function a case. A long one is for `--long` only; one that takes more than a minute should begin first."""

    def take(function):
        function.long, function.first = long, first
        CASES.append(function)
        return function

    return take(function) if function else take
