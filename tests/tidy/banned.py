"""Calls that have a better replacement, each with it."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ban:
    pattern: str
    instead: str
    allowed: tuple = field(default=())  # paths, or folders ending in /
    in_tests: bool = True


CONSOLE = ("src/cli/", "src/app/")

BANS = (
    Ban(r"\b(system_clock|high_resolution_clock)::now\b", "Clock::now()", ("src/base/clock.cpp",)),
    # libcurl's timers are real ones, and a progress bar is for people.
    Ban(r"\bsteady_clock::now\b", "Clock::steady_now()",
        ("src/base/clock.cpp", "src/fetch/curl_loop.cpp", "src/cli/"), in_tests=False),
    Ban(r"\b(gettimeofday|std::time|localtime(_r)?|gmtime(_r)?)\s*\(", "Clock and format_time()",
        ("src/base/clock.cpp",)),
    Ban(r"\bsleep_(for|until)\b|(?<![\w.>])u?sleep\s*\(", "a timer, or wait for the event",
        ("bench/",)),
    Ban(r"(?<![\w.>])(s?rand|rand_r)\s*\(", "random_bytes(), or a seeded engine in tests"),
    Ban(r"\bf?printf\s*\(", "log::…", CONSOLE + ("src/base/check.cpp",), in_tests=False),
    Ban(r"\bstd::(cout|cerr|clog)\b", "log::…", CONSOLE, in_tests=False),
    Ban(r"\b(strn?cpy|strn?cat|v?sprintf|gets)\s*\(", "std::string or fmt::format"),
    Ban(r"\bstrtok\s*\(", "std::string_view::find"),
    Ban(r"\bstd::regex\b|#\s*include\s*<regex>", "a parser: it recurses on input"),
    Ban(r"\b(ato(i|l|ll|f)|sto(i|l|ul|ll|ull|f|d))\s*\(", "std::from_chars",
        ("src/base/test_point.cpp",), in_tests=False),
    Ban(r"\bsystem\s*\(|\bpopen\s*\(", "posix_spawn"),
    Ban(r"(?<!operator )\bnew\s+(?!\()[A-Za-z_:]", "std::make_unique or a container"),
    # A C library's callback gives back what it was given: delete static_cast<Thing*>(pointer).
    Ban(r"(?<!= )(?<!=)(?<!operator )\bdelete(\[\])?\s+(?!static_cast)[A-Za-z_*(]",
        "an owner: std::unique_ptr"),
    Ban(r"\busing\s+namespace\s+std\b(?!::)", "the names themselves"),
)

# A private constructor cannot be reached by make_unique: the owner on the same statement will do.
_OWNED_AT_ONCE = re.compile(r"(unique_ptr|shared_ptr)\s*<[^;]*$|std::unexpected")


def check(tree):
    for file in tree.cpp:
        for ban in BANS:
            if file.is_test and not ban.in_tests:
                continue
            if any(_is_at(file.path, place) for place in ban.allowed):
                continue
            yield from _hits(file, ban)


def _is_at(path, place):
    return path.startswith(place) if place.endswith("/") else path == place


def _hits(file, ban):
    for match in re.finditer(ban.pattern, file.code):
        statement = file.code[max(0, match.start() - 200):match.start()].rpartition(";")[2]
        if match.group().startswith("new") and _OWNED_AT_ONCE.search(statement):
            continue
        line = file.code.count("\n", 0, match.start()) + 1
        yield file.fault(line, f"{match.group().strip()}: use {ban.instead}")
