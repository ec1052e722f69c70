"""What differs between two texts is shown line by line: all of it, and not more than it has to be."""

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from homeport.posts.differences import Part, changes, compare
from homeport.posts.service import Draft

TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=14).map("\n".join)


def lines(parts: list[Part], *kinds: str) -> list[str]:
    return [line for part in parts if part.kind in kinds for line in part.lines]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_it(before: str, after: str) -> None:
    parts = list(compare(before, after))
    assert lines(parts, "same", "skipped", "removed") == before.splitlines()
    assert lines(parts, "same", "skipped", "added") == after.splitlines()


@given(TEXTS, TEXTS)
def test_nobody_finds_fewer_changed_lines(before: str, after: str) -> None:
    old, new = before.splitlines(), after.splitlines()
    equal = sum(block.size for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
    changed = len(lines(list(compare(before, after)), "removed", "added"))
    assert changed <= len(old) + len(new) - 2 * equal


def test_long_runs_of_equal_lines_are_left_out() -> None:
    text = [f"line {number}" for number in range(100)]
    parts = list(compare("\n".join(text), "\n".join([*text[:50], "new", *text[51:]])))
    assert [(part.kind, len(part.lines)) for part in parts] == [
        ("skipped", 48),
        ("same", 2),
        ("removed", 1),
        ("added", 1),
        ("same", 2),
        ("skipped", 47),
    ]


def test_only_the_fields_that_differ_are_shown() -> None:
    before = Draft("Title", "Text", "Summary", ("one", "two"), "posts/a")
    after = Draft("Title", "Text", "Other", ("two", "one"), "posts/b")
    assert [change.label for change in changes(before, after)] == ["Summary", "Address"]
