"""No room grows past what DESIGN gives it without anybody saying so."""

from tests.architecture.sizes import CEILINGS, room_sizes, rooms_over_ceiling
from tests.architecture.source import Source, layers, package

# Room: how many lines of code it may have instead, and why.
LARGER: dict[str, tuple[int, str]] = {
    "accounts": (5600, "second factors, known devices, and an audit log that reads as sentences; many short verbs"),
    "core": (2300, "Markdown takes 760 lines: no text of 100 kB may take a second, and no HTML may come out broken"),
    "https": (4600, "five ways to a certificate, each with what can be wrong about it, and a doctor for home networks"),
    "interop": (1450, "four generators name, date and link their files in four ways; no file may end an import"),
    "jobs": (
        900,
        "web processes reach the engine without loading it, its tables lie in either of two databases, and a job can "
        "be followed step by step",
    ),
    "learn": (
        8400,
        "each lab brings the attacker as well as the attacked, exercises look after a folder of files, the primer, the "
        "x-ray, the request bench and the sandbox show what the rest of the program keeps to itself, and there is a "
        "class to look after",
    ),
    "ops": (
        920,
        "owners are warned once and not twice of a certificate that ends, is missing or is refused, and the service's "
        "unit is shown line by line",
    ),
    "posts": (1700, "every save keeps the text before it, and two people who save at once see both texts"),
    "serving": (
        1060,
        "the cache is never stale on either database, nor are the pages the edge answers with by itself; a process may "
        "be killed, ending it loses no request, the edge's ports are opened here, and it is told of certificates "
        "whatever breaks",
    ),
    "ui": (500, "150 was meant for templates; error pages, form fields, notices and fingerprinted files are Python"),
}


def test_no_room_is_over_its_ceiling() -> None:
    raised = {room: lines for room, (lines, _reason) in LARGER.items()}
    assert rooms_over_ceiling(room_sizes(package()), CEILINGS | raised) == []


def test_a_ceiling_is_raised_only_while_it_has_to_be() -> None:
    sizes = room_sizes(package())
    assert [room for room in LARGER if sizes.get(room, 0) <= CEILINGS[room]] == []


def test_every_room_has_a_ceiling() -> None:
    assert set(CEILINGS) == frozenset().union(*layers()) - {"migrations"}


def test_a_room_over_its_ceiling_is_found() -> None:
    long = Source("src/homeport/posts/x.py", '"""Text.\n\nText."""\n\nx = """\n"""\n# why\ny = 1\n' + "z = 1\n" * 5)
    sizes = room_sizes([long, Source("src/homeport/posts/y.py", "x = 1\n"), Source("src/homeport/app.py", "")])
    assert sizes == {"posts": 9, "app": 0}
    assert rooms_over_ceiling(sizes, {"posts": 9, "app": 0}) == []
    assert len(rooms_over_ceiling(sizes, {"posts": 8, "app": 0})) == 1
