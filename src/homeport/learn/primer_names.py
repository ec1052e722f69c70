"""The experiments of chapter 2: from a name to an address, and what becomes of knocking at a port."""

from homeport.core.net import place_of
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.learn.primer_ports import knock_at_three
from homeport.learn.real_request import host_of, listening_at, looked_up


@experiment("both-ends", title="The two ends of your connection", button="Look")
def both_ends(_form: Fields, seen: Context) -> Outcome:
    """The name, what it is looked up as, and the addresses and ports at both ends."""
    name = next((value for header, value in seen.headers if header == "Host"), "")
    plain = name.rpartition(":")[0] if ":" in name and not name.endswith("]") else name
    known = {host_of(seen.config).partition(":")[0], "localhost"}
    rows = [
        ("The name your browser asked for", name),
        ("What this machine finds under it", ", ".join(looked_up(plain)) if plain in known else "it is not looked up"),
        ("Your address, as the server sees it", f"{seen.address} ({place_of(seen.address)})"),
        ("Where this blog listens", "{}, port {}".format(*listening_at(seen.config))),
        ("The protocol in your address bar", seen.scheme),
    ]
    return "learn/experiments/lines.html", {"rows": rows}


@experiment("three-doors", title="Knock at three ports", button="Knock")
def three_doors(_form: Fields, seen: Context) -> Outcome:
    """The three things that can become of a connection."""
    return "learn/experiments/knocks.html", {"knocks": knock_at_three(seen.config)}
