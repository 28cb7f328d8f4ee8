"""The cases. Each is a function whose name is its claim; it ends without a fault when the claim holds."""

CASES = []


def case(function):
    """Makes a function a case. Longer cases are marked by `seconds`, so that they begin first."""
    CASES.append(function)
    return function
