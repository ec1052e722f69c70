"""Looking over the way from the internet to this blog: everything that can be found out, side by side, then judged."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.findings import Mark, Row, Way, look, mend
from homeport.https import (
    attempts,
    authority,
    certificates,
    holders,
    home_verdicts,
    names,
    network,
    port_verdicts,
    refusals,
    router,
    router_verdicts,
    trial,
    verdicts,
)
from homeport.https.authority import Authority, Contact
from homeport.https.facts import HTTP, HTTPS, Facts
from homeport.https.holders import Port, State
from homeport.https.names import Names
from homeport.https.reasons import Outcome
from homeport.https.trial import Tried

Tell = Callable[[int, int, str], None]
"""Told how many of how many parts are done, and what was done last."""
NO_DOMAIN = 'domain = "blog.example.com"'


class Finding(NamedTuple):
    """A row, and the stable name of the check it comes from."""

    check: str
    row: Row


def without_domain() -> list[Finding]:
    """What there is to say before the blog has a name."""
    meaning = "The blog has no public name yet, so nothing leads to it. Buy one, let it lead here, and set it."
    return [Finding("domain", mend("Domain", meaning, Way("How to go about it", "/admin/https"), NO_DOMAIN))]


def examine(config: Config, tell: Tell) -> list[Finding]:
    """Find out and judge. Takes a few seconds where all is well, and up to a minute where nothing comes back."""
    if not config.domain:
        return without_domain()
    if config.https_method == "off":
        return _behind_a_proxy(config)
    return judge(gather(config, tell))


def gather(config: Config, tell: Tell) -> Facts:
    """Ask everybody who knows something, at the same time."""
    steps = _Steps(tell, 6)
    https, http = holders.examine(config.https_port, config), holders.examine(config.http_port, config)
    steps.done("ports of this computer")
    with ThreadPoolExecutor(8) as pool:
        asked = pool.submit(names.examine, config.domain)
        trying = authority.staging(config)
        staging = pool.submit(authority.examine, trying, config.https_acme_root, now())
        signing = pool.submit(authority.examine, config.https_acme_directory, config.https_acme_root, now())
        found = steps.result(asked, "names")
        way = pool.submit(router.examine, [config.https_port, HTTP], names.address_of(trying))
        first = steps.result(staging, "staging authority")
        untried = dict(_untried(config, found, first, https, http))
        tried = _try(config, pool, [port for port in (HTTPS, HTTP) if port not in untried], https, http)
        steps.done("ports from outside")
        untried |= {each.port: _could_not(each) for each in tried if each.outcome is Outcome.NOT_TRIED}
        return Facts(
            config,
            now(),
            found,
            https,
            http,
            steps.result(way, "router"),
            first,
            steps.result(signing, "authority"),
            network.own_ipv6(),
            tuple(filter(network.is_own, (*found.a.values, *found.aaaa.values))),
            certificates.current(config),
            attempts.last(config),
            {each.port: each for each in tried if each.outcome is not Outcome.NOT_TRIED},
            untried,
            refusals.sentence(config),
        )


class _Steps:
    """Counts what is done, and tells."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell, self._total, self._count = tell, total, 0

    def done(self, what: str) -> None:
        self._count += 1
        self._tell(self._count, self._total, what)

    def result(self, future: "Future[Any]", what: str) -> Any:
        found = future.result()
        self.done(what)
        return found


_KINDS = {HTTPS: "tls-alpn-01", HTTP: "http-01"}


def _try(config: Config, pool: ThreadPoolExecutor, numbers: list[int], https: Port, http: Port) -> list[Tried]:
    if not numbers:
        return []
    with trial.the_only_one(config) as mine:
        if not mine:
            busy = "another examination is trying it right now"
            return [Tried(number, Outcome.NOT_TRIED, busy) for number in numbers]
        by_edge = {HTTPS: https.is_edge, HTTP: http.is_edge}
        running = [pool.submit(_attempt, config, _KINDS[number], by_edge=by_edge[number]) for number in numbers]
        return [future.result() for future in running]


def _attempt(config: Config, kind: str, *, by_edge: bool) -> Tried:
    found = trial.attempt(config, kind, by_edge=by_edge)
    if by_edge and found.outcome in {Outcome.OTHER, Outcome.UNMET}:
        # Caddy may have been showing a challenge of its own just then.
        return trial.attempt(config, kind, by_edge=by_edge)
    return found


def _could_not(found: Tried) -> str:
    return f"It was not tried: {found.words}."


def _untried(config: Config, found: Names, staging: Authority, https: Port, http: Port) -> Iterator[tuple[int, str]]:
    """The ports that are not to be tried, each with a sentence why."""
    reason = _nothing_to_try(config, found, staging)
    for number, port, own in ((HTTPS, https, config.https_port == HTTPS), (HTTP, http, True)):
        if reason:
            yield number, reason
        elif not own:
            yield number, f"Readers come by port {config.https_port} here. An authority tries 443 and 80 alone."
        elif port.state is State.FORBIDDEN or (port.state is State.TAKEN and not port.is_edge):
            yield number, f"It cannot be tried while the blog cannot have port {port.number} here."
        elif number == HTTPS and port.is_edge and config.https_method != "auto":
            yield (
                number,
                f"With the method {config.https_method} the running blog shows no challenges on this port.",
            )


def _nothing_to_try(config: Config, found: Names, staging: Authority) -> str:
    if config.https_method == "internal":
        return "The method internal is for a home network; nobody outside has to come through."
    if staging.contact is not Contact.ANSWERS:
        return f"{staging.host}, which would try it, cannot be asked."
    if found.a.heard not in {names.Heard.FOUND, names.Heard.NONE} or not (found.a.values or found.aaaa.values):
        return "The name leads nowhere, so there is nothing to try."
    return ""


def judge(facts: Facts) -> list[Finding]:
    """A row for each thing that was looked at."""
    found = list(_rows(facts))
    explained = any(each.row.mark is Mark.MEND for each in found)
    return [*found, Finding("certificate", port_verdicts.certificate(facts, explained=explained))]


def _rows(facts: Facts) -> Iterator[Finding]:
    clock = verdicts.clock(facts)
    yield Finding("clock", clock)
    if facts.config.https_method == "internal":
        yield from _rows_at_home(facts)
        return
    yield Finding("address", verdicts.address(facts))
    yield Finding("ipv6", verdicts.ipv6(facts))
    if facts.config.https_method in {"auto", "dns"}:
        yield Finding("caa", verdicts.signers(facts))
        yield Finding("authority", verdicts.authority(facts, clock_wrong=verdicts.clock_is_wrong(clock)))
    yield from _rows_of_ports(facts)
    yield Finding("router", router_verdicts.router(facts))
    forwarding = router_verdicts.forwarding(facts)
    if forwarding:
        yield Finding("forwarding", forwarding)
    for number in (HTTPS, HTTP):
        yield Finding(f"port_{number}_outside", port_verdicts.outside(number, facts))
    yield Finding("way", port_verdicts.way(facts))


def _rows_at_home(facts: Facts) -> Iterator[Finding]:
    """For the method internal: nobody comes from outside, so neither the router nor an authority matters."""
    yield Finding("address", home_verdicts.address(facts))
    yield from _rows_of_ports(facts)
    yield Finding("way", port_verdicts.way(facts))


def _rows_of_ports(facts: Facts) -> Iterator[Finding]:
    yield Finding("https_port_here", port_verdicts.here(facts.https, needed=True))
    yield Finding("http_port_here", port_verdicts.here(facts.http, needed=False))


def _behind_a_proxy(config: Config) -> list[Finding]:
    meaning = f"Another program does the HTTPS for {config.domain} (method off): ports and certificate are its affair."
    rows = [Finding("way", look("Way to a certificate", f"{meaning} docs/https.md shows how proxies are set."))]
    found = names.examine(config.domain)
    if found.a.heard is names.Heard.NO_NAME:
        rows.append(Finding("address", mend(f"Address of {config.domain}", "There is no such name.")))
    return rows
