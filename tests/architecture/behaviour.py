"""Rules about what code does: who may print, look at the request, commit, or ask for a post's status."""

import ast
from collections.abc import Iterator

from tests.architecture.imports import imported
from tests.architecture.source import PACKAGE, Source, features

# Where a request, a command or a job begins and ends. Everything else is called by all three, and by tests.
HANDLES_REQUESTS = (
    "routes.py",
    "/__init__.py",
    "/accounts/presence.py",
    "/accounts/bearer.py",
    "/learn/xray_facts.py",  # what the request tells of itself is what these two look at
    "/learn/xray_watch.py",
    "/serving/application.py",
)
ENDS_TRANSACTIONS = ("/cli.py", "/jobs/worker.py", "/serving/prepare.py")
OF_THE_REQUEST = frozenset({"flask.request", "flask.g", "flask.session", "homeport.core.http.viewer"})

# Who may look at a post's status. Everybody else asks posts.queries, so that "who sees what" has one answer.
STATUS_DOORS = frozenset({f"{PACKAGE}/posts/models.py", f"{PACKAGE}/posts/queries.py", f"{PACKAGE}/posts/service.py"})
STATUS_COLUMNS = frozenset({"status", "status_before_trash"})
OTHERS_WITH_A_STATUS = frozenset({"problem", "error", "response", "answer", "mail", "job"})


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call, with the dotted name of what is called as far as it is one."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.expr) -> str:
    """`a.b.c` for an attribute of an attribute of a name; what is in front of that is left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def only_commands_print(source: Source) -> Iterator[str]:
    """What runs in a server logs; only commands speak to a terminal."""
    if source.name == "cli.py":
        return
    for node, name in calls(source):
        if name in {"print", "pprint", "pprint.pprint", "sys.stdout.write", "sys.stderr.write"}:
            yield source.at(node, f"{name}(): log it, or say it from cli.py")


def no_assert(source: Source) -> Iterator[str]:
    """`python -O` takes assert away: a check that matters raises, one that does not is for the tests."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield source.at(node, "assert")


def inner_layers_know_no_request(source: Source) -> Iterator[str]:
    """What is behind the routes takes actor, time and settings as arguments, so that jobs and commands can call it."""
    if source.room not in features() or source.path.endswith(HANDLES_REQUESTS):
        return
    for node, name in imported(source):
        if name in OF_THE_REQUEST:
            yield source.at(node, f"{name}: take what you need from it as an argument")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and dotted(node) in OF_THE_REQUEST:
            yield source.at(node, f"{dotted(node)}: take what you need from it as an argument")


def the_edge_commits(source: Source) -> Iterator[str]:
    """One commit for one request, command or job, made at its edge: half a change is never kept."""
    if source.room not in features() or source.path.endswith(ENDS_TRANSACTIONS):
        return
    for node, name in calls(source):
        if name in {"commit", "db.commit", "session.commit", "db.session.commit"}:
            yield source.at(node, f"{name}(): the edge commits; core.http does it for routes")


def one_door_to_visibility(source: Source) -> Iterator[str]:
    """Only posts.queries (and the verbs that change it) look at a post's status; ask `visible_to` and its like."""
    if source.path in STATUS_DOORS or source.room == "migrations":
        return
    knows_posts = source.room == "posts" or any(name.startswith("homeport.posts") for _node, name in imported(source))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in STATUS_COLUMNS:
            owner = dotted(node.value).rpartition(".")[2].lower()
            # Elsewhere a status is a mail's; in a file that knows posts nobody should have to guess whose it is.
            if owner.endswith("post") or (knows_posts and owner not in OTHERS_WITH_A_STATUS):
                yield source.at(node, f"{dotted(node)}: ask posts.queries")
        # To name a status for a verb is not to look at one; to compare with it is.
        if isinstance(node, ast.Compare | ast.MatchValue):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Attribute) and dotted(inner.value).rpartition(".")[2] == "Status":
                    yield source.at(inner, f"a comparison with {dotted(inner)}: ask posts.queries")


BEHAVIOUR_RULES = (
    only_commands_print,
    no_assert,
    inner_layers_know_no_request,
    the_edge_commits,
    one_door_to_visibility,
)
