"""What runs a learner's file and its check: a program of its own, with limits, that knows nothing of the blog.

`python -I practice_child.py JOB RESULT`: JOB is a JSON file with `file`, `check` and `seconds`; RESULT is where the
answer is written. It uses Python's own library only, and starts in a few milliseconds.

A check is plain Python. So that it can stay so, `assert a == b` is watched here: where the two differ, both are told.
"""

import ast
import contextlib
import errno
import json
import os
import re
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

MEMORY = 1024**3  # bytes
FILE = 256 * 1024  # bytes that may be written to one file, printing included
LONGEST = 300  # characters of a value that are shown

ENDLESS = "Is there a loop that never stops?"
ADVICE: dict[type[BaseException], str] = {
    AssertionError: "What stands behind this assert is not true.",
    NameError: "Python does not know this name. Is it spelled as where it was given its value, and stands that above?",
    UnboundLocalError: "The name gets its value further down in the same function. Give it one before this line.",
    ZeroDivisionError: "Nothing can be divided by 0. What should happen in this case?",
    IndexError: "The list, or the string, has no such place. The first one is 0, and the last one is -1.",
    KeyError: "The dictionary has no such key. With .get(key) you would get None instead.",
    AttributeError: "A value of this kind has nothing of this name after the dot.",
    ModuleNotFoundError: "There is no module of this name to import. Look at its spelling.",
    RecursionError: "A function calls itself again and again, and never comes to an end.",
    MemoryError: "Your program took more than 1 GB of memory. Is there something that grows without end?",
    EOFError: "The program waits for somebody to type something, and nobody does. Use what the function is given.",
    FileNotFoundError: "There is no such file. Files are looked for from the folder that the program runs in.",
    UnicodeError: 'The bytes and the encoding do not fit together. Name the encoding: encoding="utf-8".',
    TypeError: "The values do not fit what is done with them. Which kinds are they?",
    ValueError: "The kind of the value is right, but not what it says.",
}


class TooLong(BaseException):
    """The time is over. No Exception, so that a learner's `except Exception` does not catch it."""


class Different(AssertionError):
    """Two values that should be equal are not."""


class Learner:
    """The learner's file: its text, and which line is whose."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.text = Path(path).read_bytes().decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")
        self.lines = self.text.splitlines()

    def line(self, number: int | None) -> dict[str, Any]:
        """A line as the answer carries it."""
        inside = number is not None and 0 < number <= len(self.lines)
        return {"line": number if inside else None, "source": self.lines[number - 1] if number and inside else ""}

    def line_of(self, error: BaseException) -> int | None:
        """The last line of the learner's own that an error came through."""
        own = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == self.path]
        return own[-1] if own else None

    def defined(self, expression: str, check: str) -> int | None:
        """The line where the first of the learner's names that an expression of the check is about got its meaning."""
        try:
            tree, asked = ast.parse(self.text), ast.parse(expression)
        except SyntaxError:
            tree, asked = ast.parse(self.text), ast.parse("")
        lines: dict[str, int] = {}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                lines[node.name] = node.lineno
            lines |= dict.fromkeys(_stored(node), node.lineno)
        return next((lines[name] for name in _about(asked, ast.parse(check)) if name in lines), None)


def _stored(node: ast.stmt) -> list[str]:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def _about(asked: ast.AST, check: ast.Module) -> list[str]:
    """The names in an expression, then those that the check made them from; last what it imports, if that is one."""
    made: dict[str, ast.AST] = {}
    imported: list[str] = []
    for node in check.body:
        if isinstance(node, ast.Assign):
            made |= dict.fromkeys(_stored(node), node.value)
        elif isinstance(node, ast.ImportFrom) and node.module == "exercise":
            imported = [alias.name for alias in node.names]
    names: list[str] = []
    waiting = [asked]
    while waiting:
        for part in ast.walk(waiting.pop(0)):
            name = part.attr if isinstance(part, ast.Attribute) else part.id if isinstance(part, ast.Name) else ""
            if name and name not in names:
                names.append(name)
                waiting += [made[name]] if name in made else []
    return names + (imported if len(imported) == 1 else [])


def limit(seconds: float) -> None:
    """Take away what a program that went wrong could hold up the machine with. `seconds`: of time, not of work."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # a system that has no such limit
            resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGALRM, _over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)  # again and again: a bare `except:` may catch the first


def _over(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def watched(check: str) -> CodeType:
    """A check as code in which each `assert a == b` and `assert a is b` tells both values where it fails."""
    tree = ast.parse(check)
    for node in ast.walk(tree):
        for name, block in ast.iter_fields(node):
            if name in {"body", "orelse", "finalbody"} and isinstance(block, list):
                block[:] = [_telling(statement, check) for statement in block]
    return compile(ast.fix_missing_locations(tree), "check", "exec")


def _telling(statement: ast.stmt, check: str) -> ast.stmt:
    if not isinstance(statement, ast.Assert) or not isinstance(statement.test, ast.Compare):
        return statement
    test = statement.test
    if len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq | ast.Is):
        return statement
    source = ast.Constant((ast.get_source_segment(check, test.left) or "").replace("exercise.", ""))
    exactly = ast.Constant(isinstance(test.ops[0], ast.Is))
    why = statement.msg or ast.Constant("")
    call = ast.Call(ast.Name("_same", ast.Load()), [test.left, test.comparators[0], source, exactly, why], [])
    return ast.copy_location(ast.Expr(call), statement)


def same(came: object, expected: object, source: str, exactly: bool, why: str) -> None:
    """Raises Different, with what was expected and what came, where the two are not the same."""
    if came is expected if exactly else came == expected:
        return
    one, other = shown(expected), shown(came)
    apart = "\n    " if len(source) + len(one) + len(other) > 60 else " "
    kinds = f" ({kind(expected)}, not {kind(came)})" if type(came) is not type(expected) and one == other else ""
    text = f"{source} should be{apart}{one}{kinds},\nbut it is{apart}{other}."
    if came is None:
        text += "\nA function that has no `return`, or comes past it, gives None."
    raise Different(text if apart != " " or came is None else text.replace("\n", " "), source, why)


def shown(value: object) -> str:
    """A value as Python writes it, and not too much of it."""
    text = repr(value).replace("PosixPath(", "Path(").replace("datetime.timezone.utc", "UTC")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def kind(value: object) -> str:
    """What a value is, for a person: `a str`, `an int`."""
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeio" else f"a {name}"


def failed(sentence: str, advice: str, learner: Learner, line: int | None) -> dict[str, Any]:
    """The answer to an exercise that is not solved."""
    return {"passed": False, "sentence": sentence, "advice": advice, **learner.line(line)}


def of_error(error: BaseException, learner: Learner, check: str) -> dict[str, Any]:
    """The answer where something was raised, by the learner's file or by the check."""
    line = learner.line_of(error)
    if ended := _ended(error):
        return failed(*ended, learner, line)
    if isinstance(error, Different):
        text, source, why = error.args
        return failed(text, why, learner, learner.defined(source, check))
    if isinstance(error, SyntaxError) and error.filename == learner.path:
        return failed(f"Python can't read this line: {error.msg}.", _reading(error), learner, error.lineno)
    if line is None:
        return _of_check(error, learner, check)
    advice = next((ADVICE[kind] for kind in type(error).__mro__ if kind in ADVICE), "")
    return failed(f"This line stops with {_named(error)}", advice, learner, line)


def _ended(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, TooLong):
        return "Your program did not come to an end, and was ended.", ENDLESS
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "Your program wrote or printed without end, and was ended.", ENDLESS
    if isinstance(error, SystemExit):
        return "Your program ended itself before the check was through.", "Leave exit() out."
    return None


def _of_check(error: BaseException, learner: Learner, check: str) -> dict[str, Any]:
    # Nothing of the learner's was running: the check asked for what is not there, or called it as it can't be called.
    missing = re.match(r"cannot import name '(\w+)' from 'exercise'", str(error))
    if isinstance(error, ImportError) and missing:
        return failed(f"Your file has nothing called {missing[1]}.", "Look at the spelling.", learner, None)
    if isinstance(error, AssertionError):
        return failed(str(error), "", learner, learner.defined(_tried(error, check), check))
    tried = _tried(error, check)
    return failed(f"{tried}\nstops with {_named(error)}", "", learner, learner.defined(tried, check))


def _tried(error: BaseException, check: str) -> str:
    numbers = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == "check"]
    line = check.splitlines()[(numbers[-1] or 1) - 1].strip() if numbers else "The check"
    return re.sub(r"^assert (.+?)(, f?\".*)?$", r"\1", line)


def _named(error: BaseException) -> str:
    name, text = type(error).__name__, str(error).rstrip(".")
    if isinstance(error, OSError) and error.strerror:  # without the number in front
        text = f"{error.strerror}: {error.filename!r}" if error.filename else error.strerror
    return f"{name}: {text}." if text else f"{name}."


def _reading(error: SyntaxError) -> str:
    if isinstance(error, IndentationError):
        return "Lines that belong together begin at the same column; a block stands four spaces to the right."
    return "Is a bracket, a quote or a colon missing, here or on the line before?"


def run(learner: Learner, check: str, start: Callable[[], None]) -> dict[str, Any]:
    """Run the file, then the check on it. `start` is called just before."""
    module = ModuleType("exercise")
    module.__file__ = learner.path
    sys.modules["exercise"] = module
    try:
        start()
        exec(compile(learner.text, learner.path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        exec(watched(check), {"__name__": "check", "_same": same})  # noqa: S102 (what this program is for)
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        return of_error(error, learner, check)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return {"passed": True, "sentence": "", "advice": "", "line": None, "source": ""}


def main() -> None:
    """Read the job, run it, write the answer; and end, whatever threads are left."""
    job, result = (Path(place) for place in sys.argv[1:3])
    told = json.loads(job.read_text(encoding="utf-8"))
    answer = run(Learner(told["file"]), told["check"], lambda: limit(told["seconds"]))
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    result.write_text(json.dumps(answer), encoding="utf-8")
    os._exit(0)


if __name__ == "__main__":
    main()
