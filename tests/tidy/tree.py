"""What the tidy checks look at: the tree's own text files, and C++ without comments and strings."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDERS = (
    "src", "tests", "fuzz", "bench", "samples", "scripts", "cmake", "docs", "packaging", "web",
)
CPP_SUFFIXES = {".h", ".cpp"}
TEXT_SUFFIXES = CPP_SUFFIXES | {
    ".py", ".sql", ".cmake", ".sh", ".md", ".txt", ".js", ".mjs", ".css", ".html",
}

_COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    # A quote inside a number (1'000) is a separator and opens nothing.
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


@dataclass(frozen=True)
class Fault:
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


def blank_comments_and_strings(text):
    """The same text with comments and literals emptied; lines stay where they are."""

    def blank(match):
        kept = "\n" * match.group().count("\n")
        return kept if match.group().startswith("/") else f'""{kept}'

    return _COMMENT_OR_STRING.sub(blank, text)


class SourceFile:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.suffix = path.suffix

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code(self):
        return blank_comments_and_strings(self.text)

    @property
    def is_cpp(self):
        return self.suffix in CPP_SUFFIXES

    @property
    def name(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def room(self):
        """The room of src/ it stands in, or None."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    @property
    def is_test(self):
        """Tests, contract suites and fakes may know more rooms than the code they stand beside."""
        if not self.path.startswith("src/"):
            return True
        return bool(re.search(r"(_test|contract_suite|_bench)\.(h|cpp)$|/fake/", self.path))

    def fault(self, line, message):
        return Fault(self.path, line, message)


def _is_ours(path):
    if "node_modules" in path.parts:
        return False
    return path.is_file() and (path.suffix in TEXT_SUFFIXES or path.parent.name == "scripts")


class Tree:
    def __init__(self, root):
        self.root = Path(root).resolve()
        paths = [path for path in self.root.iterdir() if _is_ours(path)]
        for folder in FOLDERS:
            paths += [path for path in (self.root / folder).rglob("*") if _is_ours(path)]
        self.files = [SourceFile(self.root, path) for path in sorted(paths)]

    @property
    def cpp(self):
        return [file for file in self.files if file.is_cpp]
