"""Reads a Containerfile, as far as ours goes: stages, and in each its instructions in order."""

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One stage: the image it begins with, its name, and its instructions as pairs of word and text."""

    image: str
    name: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)

    def texts(self, word: str) -> list[str]:
        """The text of each instruction of a kind."""
        return [text for found, text in self.steps if found == word]


def read(path: Path) -> list[Stage]:
    """Its stages. Raises ValueError for a line that begins with no instruction."""
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
    stages: list[Stage] = []
    for line in filter(None, (line.strip() for line in re.sub(r"\\\n\s*", " ", text).splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image, name))
        elif word.isupper():
            stages[-1].steps.append((word, rest))
        else:
            raise ValueError(line)
    return stages
