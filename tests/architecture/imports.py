"""Rules about who imports what. import-linter keeps the layers; these keep the doors."""

import ast
from collections.abc import Iterator

from tests.architecture.source import PACKAGE, Source, features

FACES = frozenset({"models", "queries", "service"})
ASSEMBLY = frozenset({"app", "cli"})  # the two files that put features together by name

# Who may open a connection, with what, and why. Everybody else's requests could reach the home network behind a blog.
NETWORK = ("urllib3", "requests", "httpx", "aiohttp", "urllib.request", "http.client", "smtplib", "ftplib", "socket")
NETWORK_DOORS = {
    f"{PACKAGE}/core/net.py": "the one client for other people's servers; refuses private addresses",
    f"{PACKAGE}/core/mail.py": "hands mail to the operator's own mail server",
    f"{PACKAGE}/https/": "speaks with its Caddy by a socket, with certificate authorities, and with the router",
    f"{PACKAGE}/serving/": "listens, and asks its own children whether they are well",
    f"{PACKAGE}/https/dns01.py": "asks the certificate authority of the settings",
    f"{PACKAGE}/https/providers.py": "has the domain's provider of the settings write a record",
    f"{PACKAGE}/learn/labs_wire.py": "what labs connect to and listen at; refuses every address but the loopback's",
    f"{PACKAGE}/learn/practice_send.py": "a learner's own program tells the blog they named; plain http stays at home",
    f"{PACKAGE}/learn/primer_ports.py": "knocks at this blog's own port and at two that it opens itself",
    f"{PACKAGE}/learn/real_request.py": "asks this very server, at the address of its settings, for an experiment",
    f"{PACKAGE}/learn/sandbox_relay.py": "speaks with readers' weak copies, by sockets in a folder",
    f"{PACKAGE}/learn/labs_weak_mailer.py": "a program as it should not be written, for a lab, on the loopback",
    f"{PACKAGE}/ops/": "the doctor asks its own server whether it can be reached",
}


def imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every module named in an import, in full: `from homeport.posts import queries` names `homeport.posts.queries`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{_base(source, node)}.{alias.name}") for alias in node.names)


def _base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    folder = source.path.removeprefix("src/").split("/")[: -node.level]
    return ".".join([*folder, node.module] if node.module else folder)


def imports_stand_at_the_top(source: Source) -> Iterator[str]:
    """An import inside a function hides what a module depends on; only app.py and cli.py load features by name."""
    if source.room in ASSEMBLY:
        return
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield source.at(node, f"import inside {function.name}()")
    for call in ast.walk(source.tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in {"import_module", "__import__"}:
            named = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
            # A feature may put off loading a heavy part of its own; what it imports from others must be seen.
            if not str(named).startswith(f"homeport.{source.room}."):
                yield source.at(call, f"{ast.unparse(call)} imports behind the layers' back")


def others_use_a_features_face(source: Source) -> Iterator[str]:
    """From another feature only `models`, `queries` and `service` may be imported: the rest is its own affair."""
    if source.room in ASSEMBLY:
        return
    for node, name in imported(source):
        parts = name.split(".")
        if parts[0] != "homeport" or len(parts) < 2 or parts[1] not in features() - {source.room}:
            continue
        if len(parts) < 3 or parts[2] not in FACES:
            yield source.at(node, f"{name} is inside {parts[1]}; its models, queries and service are not")


def few_doors_to_the_network(source: Source) -> Iterator[str]:
    """Only core/net, core/mail, serving and ops open connections, each for a reason of its own."""
    if source.path.startswith(tuple(NETWORK_DOORS)):
        return
    for node, name in imported(source):
        for module in NETWORK:
            if f"{name}.".startswith(f"{module}."):
                yield source.at(node, f"{name}: use homeport.core.net or homeport.core.mail")


def no_drawer_for_everything(source: Source) -> Iterator[str]:
    """A module is named after what it knows; `utils` and `helpers` are where knowledge goes to be forgotten."""
    for part in source.path.removesuffix(".py").split("/"):
        if part in {"utils", "util", "helpers", "helper"}:
            yield source.at(1, f"a module called {part}")


IMPORT_RULES = (
    imports_stand_at_the_top,
    others_use_a_features_face,
    few_doors_to_the_network,
    no_drawer_for_everything,
)
