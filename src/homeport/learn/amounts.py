"""Numbers and times as people say them."""


def amount(number: float) -> str:
    """A number for people: three digits that count, thousands apart."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def duration(seconds: float) -> str:
    """A time for people, in the largest unit that fits."""
    for unit, size in (("years", 31_557_600.0), ("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{amount(seconds / size)} {unit}"
    if seconds < 0.1:
        return f"{amount(seconds * 1000)} ms"
    return "1 second" if amount(seconds) == "1" else f"{amount(seconds)} seconds"
