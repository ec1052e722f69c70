"""Breaking things on purpose, in a copy that is weak, in a sandbox: it breaks there, and nowhere else."""

import ctypes
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.learn import sandbox, sandbox_child, sandbox_relay
from tests.cast import Person
from tests.conftest import Browser
from tests.serving.running import eventually, has_ended

LANDLOCK = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) > 0
"""Whether this kernel has it; else nothing but the account's rights keeps a copy from other files."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ENDLESS = "' AND 1=(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c) --"
HUNGRY = "' UNION SELECT hex(zeroblob(90000000)), 1 --"
Login = Callable[[Person], Browser]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """A blog's settings; whoever had a copy of it has none afterwards."""
    config = Config(data=tmp_path_factory.mktemp("sandbox"))
    yield config
    for user_id in range(1, 20):
        sandbox.end(config, user_id)


def process_of(config: Config, key: str) -> psutil.Process:
    """The process of a copy, as its own socket names it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(sandbox.socket_of(config, key)))
        pid = int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4), sys.byteorder)
    return psutil.Process(pid)


def ask(config: Config, key: str, target: str, body: str = "") -> str:
    answer = sandbox_relay.ask(config, key, target, method="POST" if body else "GET", headers=FORM, body=body.encode())
    return answer.body.decode()


def found(config: Config, key: str, words: str, how: str) -> list[list[str]]:
    rows: list[list[str]] = json.loads(ask(config, key, f"search.json?how={how}&q={words}"))["rows"]
    return rows


def test_pasted_words_show_the_passwords_and_parameters_do_not(place: Config) -> None:
    key = sandbox.start(place, 1)
    words = "'%20UNION%20SELECT%20name,password%20FROM%20people%20--"
    assert ["Mira Holm", "sea-glass-17"] in found(place, key, words, "pasted")
    assert found(place, key, words, "parameters") == []
    assert found(place, key, "lamp", "parameters") == [["A Lamp at Sea", "Jon Reyes"]]
    ask(place, key, "login", "name=Mira+Holm%27+--&password=")
    assert "You are Mira Holm" in ask(place, key, "account")


def test_somebody_elses_copy_is_another_one_and_a_fresh_start_forgets(place: Config) -> None:
    mine, theirs = sandbox.start(place, 1), sandbox.start(place, 2)
    ask(place, mine, "comments", "name=Me&words=Only+here")
    assert "Only here" in ask(place, mine, "comments")
    assert "Only here" not in ask(place, theirs, "comments")
    assert sandbox.mine_or_new(place, 1) == mine
    process = process_of(place, mine)
    fresh = sandbox.start(place, 1)
    assert has_ended(process)
    assert "Only here" not in ask(place, fresh, "comments")
    assert sandbox.mine(place, 2) == theirs


@pytest.mark.parametrize("words", [ENDLESS, HUNGRY], ids=["endless", "hungry"])
def test_what_takes_too_long_or_too_much_ends_the_copy_with_a_sentence(place: Config, words: str) -> None:
    key = sandbox.start(place, 3)
    process = process_of(place, key)
    with pytest.raises(Problem, match=r"The weak copy took too much time or memory, and was ended\."):
        found(place, key, quote(words), "pasted")
    eventually(lambda: has_ended(process), "the end of the copy")
    eventually(lambda: sandbox.mine(place, 3) is None, "the folder's end")
    with pytest.raises(Problem, match="no weak copy here any more"):
        ask(place, key, "")
    assert sandbox.mine_or_new(place, 3) != key


def test_a_copy_that_hangs_is_ended_by_whoever_asks_it(place: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_relay, "PATIENCE", 0.2)
    key = sandbox.start(place, 4)
    process = process_of(place, key)
    process.suspend()
    with pytest.raises(Problem, match=r"did not answer, and was ended\."):
        ask(place, key, "search")
    assert has_ended(process)


def test_a_copy_ends_with_the_process_that_started_it_and_leaves_nothing(tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    script = (
        "import sys; from pathlib import Path; from homeport.core.config import Config;"
        "from homeport.learn import sandbox;"
        "print(sandbox.start(Config(data=Path(sys.argv[1])), 1), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as web:
        assert web.stdout is not None
        key = web.stdout.readline().strip()
        assert "does not exist" in ask(config, key, ""), "another process finds it too"
        assert sandbox.mine(config, 1) == key
        process = process_of(config, key)
        web.send_signal(signal.SIGKILL)
    eventually(lambda: has_ended(process), "the end of the copy")
    eventually(lambda: sandbox.socket_of(config, key) is None, "an empty folder")


ESCAPING = """
import os, socket, sqlite3, subprocess, threading
class Site:
    def __init__(self, file): pass
    def answer(self, **asked):
        def outcome(what):
            try: what()
            except (OSError, RuntimeError) as error: return f"refused: {error}"
            return "worked"
        tried = {
            "connect": lambda: socket.create_connection(("127.0.0.1", 80), 1),
            "listen": lambda: socket.socket(socket.AF_UNIX),
            "program": lambda: subprocess.run(["/bin/true"]),
            "fork": os.fork,
            "kill": lambda: os.kill(os.getppid(), 0),
            "read": lambda: open("/etc/hostname").read(),
            "list": lambda: os.listdir("/etc"),
            "write": lambda: open("../site.py", "a"),
            "large file": lambda: open("large", "wb").write(bytes(9_000_000)),
        }
        lines = [f"{name} {outcome(what)}" for name, what in tried.items()] + sorted(os.environ)
        return 200, {}, chr(10).join(lines)
"""


def test_a_copy_opens_no_connection_no_program_and_no_other_file(tmp_path: Path) -> None:
    """The very box, with a site in it that tries to get out."""
    site = tmp_path / "site.py"
    site.write_text(ESCAPING)
    folder = tmp_path / "box"
    folder.mkdir()
    command = [sys.executable, "-I", "-S", "-B", sandbox_child.__file__, str(site)]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, env={"HOME": str(folder)}) as child:
        eventually((folder / "web.sock").exists, "a box that listens")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(folder / "web.sock"))
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            said = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
        child.communicate()
    assert not folder.exists()
    files = ("read", "list", "write") if LANDLOCK else ()
    for what in ("connect", "listen", "program", "fork", "kill", "large file", *files):
        assert re.search(rf"^{what} refused", said, re.MULTILINE), said
    assert "HOMEPORT" not in said


def test_the_shop_opens_no_other_file(place: Config, tmp_path: Path) -> None:
    key = sandbox.start(place, 5)
    for words in ("'; ATTACH DATABASE '/etc/passwd' AS x --", "' UNION SELECT readfile('/etc/passwd'), 1 --"):
        told = json.loads(ask(place, key, f"search.json?q={quote(words)}"))
        assert told["rows"] == []
        assert told["error"]


def test_only_so_many_run_at_once(place: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    for user_id in range(1, 6):
        sandbox.end(place, user_id)
    monkeypatch.setattr(sandbox, "MOST", 2)
    first, _second = sandbox.start(place, 11), sandbox.start(place, 12)
    with pytest.raises(Problem, match="All weak copies are in use"):
        sandbox.start(place, 13)
    assert sandbox.start(place, 11) != first, "one's own may always begin afresh"
    sandbox.end(place, 11)
    sandbox.start(place, 13)


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    config = Config(data=tmp_path / "data")
    sandbox.end(config, 1)
    (folder,) = tmp_path.glob("homeport-sandbox-*")
    folder.chmod(0o755)
    with pytest.raises(Problem, match="no safe place"):
        sandbox.start(config, 1)
