"""Files, functions and lines that fit on a page."""

import ast
import re

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# Prose, data and what the formatter of another language decides.
_COLUMNS_FREE = {".md", ".html", ".css"}
_SCOPE = re.compile(r'\b(namespace|class|struct|enum|union)\b|extern\s*""\s*$')


def check_files(tree):
    for file in tree.files:
        if len(file.lines) > FILE_LINES_MAX and file.suffix != ".md":
            yield file.fault(1, f"{len(file.lines)} lines; {FILE_LINES_MAX} at most: split it")


def check_columns(tree):
    for file in tree.files:
        if file.suffix in _COLUMNS_FREE:
            continue
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS_MAX and "http" not in line:
                yield file.fault(number, f"{len(line)} columns; {COLUMNS_MAX} at most")


def check_functions(tree):
    for file in tree.files:
        if file.is_cpp:
            found = cpp_functions(file.code)
        elif file.suffix == ".py":
            found = python_functions(file.text)
        else:
            continue
        for name, first, last in found:
            length = last - first + 1
            if length > FUNCTION_LINES_MAX:
                yield file.fault(first, f"{name} has {length} lines; {FUNCTION_LINES_MAX} at most")


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def cpp_functions(code):
    """(name, first line, last line) of outermost function bodies in text without comments."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", _keep_lines, code, flags=re.MULTILINE)
    open_braces = []  # (is_scope, name, line); inside a function, everything belongs to it
    line, head_start = 1, 0
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            open_braces.append(_classify(code[head_start:at], line))
            head_start = at + 1
        elif char == "}":
            is_scope, name, first = open_braces.pop() if open_braces else (True, "", line)
            if not is_scope and name and all(brace[0] for brace in open_braces):
                yield name, first, line
            head_start = at + 1
        elif char == ";":
            head_start = at + 1


def _keep_lines(match):
    return "\n" * match.group().count("\n")


def _classify(head, line):
    """What a brace after `head` opens: a scope, a function (it has a name), or something else."""
    if _SCOPE.search(head) and "(" not in head.split("=")[0]:
        return True, "", line
    call = re.search(r"([\w:~]+|operator\S+)\s*\(", head)
    first = line - head.lstrip().count("\n")
    return False, call.group(1) if call else "", first
