#!/usr/bin/python3
"""clang_tidy.py BUILD [FILE …]: clang-tidy over the sources that the latest changes touched, with
the checks of .clang-tidy; exits 1 when it finds something. With FILEs over these instead.

Which ones is told by the history alone, so that every clone of one commit looks at the same: what
is not committed yet, then commit by commit, newest first, until there are FILES_MAX. Whatever is
left out then was looked at when it was new."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "clang-tidy-19"
COMMITS_MAX = 20
FILES_MAX = 10  # at 5 to 25 s each: below four minutes on two cores that have other work too


def git(*arguments):
    """The lines of its answer; none where there is no repository (a tarball)."""
    command = ["git", "-C", str(ROOT), *arguments]
    reply = subprocess.run(command, capture_output=True, text=True)
    return reply.stdout.splitlines() if reply.returncode == 0 else []


def changed_files():
    """Paths, the latest change first; some stand there twice, some are gone."""
    yield from git("diff", "--name-only", "HEAD")
    yield from git("ls-files", "--others", "--exclude-standard")
    yield from git("log", f"-{COMMITS_MAX}", "--no-merges", "--format=", "--name-only")


def compiled_files(build):
    """What this build knows how to compile, by its path below the root."""
    commands = json.loads((build / "compile_commands.json").read_text())
    files = {(Path(each["directory"]) / each["file"]).resolve() for each in commands}
    return {file.relative_to(ROOT).as_posix() for file in files if file.is_relative_to(ROOT)}


def chosen_files(build):
    compiled = compiled_files(build)
    candidates = dict.fromkeys(changed_files())  # each once, in order
    return [path for path in candidates if path in compiled and (ROOT / path).exists()][:FILES_MAX]


def look_at(build, path):
    """What clang-tidy has to say: empty when all is well."""
    command = [PROGRAM, "-p", str(build), "--quiet", path]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return said.stdout + said.stderr if said.returncode else ""


def main():
    build = Path(sys.argv[1]).resolve()
    files = sys.argv[2:] or chosen_files(build)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        findings = list(threads.map(lambda path: look_at(build, path), files))
    for path, finding in zip(files, findings):
        print(f"{'FAULTS' if finding else 'fine':6} {path}\n{finding}", end="")
    print(f"clang-tidy: {sum(map(bool, findings))} of {len(files)} files have faults")
    return 1 if any(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
