"""Things that must agree: sources with build files, links with files, SQL with SQL."""

import posixpath
import re

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_SOURCE = re.compile(r"[\w./-]+\.cpp(?![\w.])")
_QUERY_NAME = re.compile(r"^\s*--\s*name:\s*(\S+)", re.MULTILINE)


def check_built(tree):
    """Every .cpp of src/ is named by a CMakeLists.txt of src/."""
    listed = set()
    for file in tree.files:
        if file.name == "CMakeLists.txt":
            for source in _SOURCE.findall(file.text):
                listed.add(posixpath.normpath(posixpath.join(posixpath.dirname(file.path), source)))
    for file in tree.cpp:
        if file.path.startswith("src/") and file.suffix == ".cpp" and file.path not in listed:
            yield file.fault(1, "is listed in no CMakeLists.txt, so it is never built")


def check_header_openings(tree):
    for file in tree.cpp:
        if file.suffix == ".h" and file.path.startswith("src/"):
            if not file.text.startswith("//"):
                yield file.fault(1, "a header opens with a comment: its purpose, threads, errors")
            if "#pragma once" not in file.text:
                yield file.fault(1, "a header has #pragma once")


def check_links(tree):
    for file in tree.files:
        if file.suffix != ".md":
            continue
        for number, line in enumerate(file.lines, 1):
            for match in _LINK.finditer(line):
                target = (match[1] or match[2]).split("#")[0]
                if target and "://" not in target and not target.startswith("mailto:"):
                    base = tree.root if target.startswith("/") else (tree.root / file.path).parent
                    if not (base / target.lstrip("/")).exists():
                        yield file.fault(number, f"the link {target} points at nothing")


def check_query_names(tree):
    """The named queries of both SQL dialects are the same."""
    names = {name: _query_names(tree, f"src/db/{name}/") for name in ("sqlite", "postgres")}
    if not all(names.values()):
        return
    for here, there in (("sqlite", "postgres"), ("postgres", "sqlite")):
        for name, (file, line) in sorted(names[here].items()):
            if name not in names[there]:
                yield file.fault(line, f"query {name} is missing in {there}")


def _query_names(tree, folder):
    found = {}
    for file in tree.files:
        if file.suffix == ".sql" and file.path.startswith(folder):
            for match in _QUERY_NAME.finditer(file.text):
                found[match[1]] = (file, file.text.count("\n", 0, match.start()) + 1)
    return found
