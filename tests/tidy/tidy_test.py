#!/usr/bin/python3
"""The tidy checks find a planted fault each, and leave alone what is right."""

import tempfile
import unittest
from pathlib import Path

import sizes
import tidy
from tree import Tree, blank_comments_and_strings

HEADER = "// What it is for.\n#pragma once\n"


class PlantedFaults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def write_source(self, path, text):
        """A .cpp that its CMakeLists.txt lists."""
        self.write(path, text)
        place = self.root / path
        self.write(str(place.parent.relative_to(self.root) / "CMakeLists.txt"), place.name)

    def messages(self):
        return [str(fault) for fault in tidy.faults_of(self.root)]

    def assert_fault(self, *words):
        messages = self.messages()
        for word in words:
            self.assertTrue(any(word in message for message in messages), (word, messages))

    def assert_clean(self):
        self.assertEqual([], self.messages())

    def test_forbidden_edge(self):
        self.write_source("src/intake/a.cpp", '#include "db/db.h"\n')
        self.assert_fault("src/intake/a.cpp:1: intake may not include db")

    def test_base_includes_nothing_of_ours(self):
        self.write_source("src/base/a.cpp", '#include "model/recipe.h"\n')
        self.assert_fault("base may not include model")

    def test_inner_header_of_another_room(self):
        self.write_source("src/http/a.cpp", '#include "db/sqlite/engine.h"\n')
        self.assert_fault("inside db")

    def test_only_the_wire_of_codec(self):
        self.write_source("src/codec_worker/a.cpp", '#include "codec/codec.h"\n')
        self.assert_fault("only codec/wire.h")

    def test_allowed_edges(self):
        self.write_source("src/http/a.cpp", '#include "db/db.h"\n#include "base/error.h"\n')
        self.write_source("src/codec_worker/b.cpp", '#include "codec/wire.h"\n')
        self.write_source("src/app/c.cpp", '#include "db/sqlite/engine.h"\n')
        self.assert_clean()

    def test_tests_may_include_anything(self):
        self.write_source("src/work/a_test.cpp", '#include "db/fake/db.h"\n#include "http/edge.h"\n')
        self.assert_clean()

    def test_unknown_room(self):
        self.write_source("src/attic/a.cpp", '#include "base/error.h"\n')
        self.assert_fault("unknown room attic")

    def test_library_outside_its_room(self):
        self.write_source("src/http/a.cpp", "#include <sqlite3.h>\n")
        self.write_source("src/db/b.cpp", "#include <sqlite3.h>\n")
        self.write_source("src/work/c.cpp", "#include <boost/beast/core.hpp>\n")
        self.assert_fault("src/http/a.cpp:1: <sqlite3.h>", "src/db/b.cpp:1: <sqlite3.h>",
                          "src/work/c.cpp:1: <boost/beast")

    def test_library_at_home(self):
        self.write_source("src/db/sqlite/a.cpp", "#include <sqlite3.h>\n")
        self.write_source("src/http/b.cpp", "#include <boost/beast/core.hpp>\n")
        self.write_source("src/base/log.cpp", "#include <spdlog/spdlog.h>\n")
        self.assert_clean()

    def test_long_file(self):
        self.write_source("src/base/a.cpp", "\n" * 501)
        self.assert_fault("501 lines")

    def test_long_function(self):
        body = "  x();\n" * 70
        self.write_source("src/base/a.cpp", f"namespace a {{\nvoid f() {{\n{body}}}\n}}\n")
        self.assert_fault("src/base/a.cpp:2: f has 72 lines")

    def test_long_python_function(self):
        self.write("scripts/a.py", "def f():\n" + "    x()\n" * 70)
        self.assert_fault("f has 71 lines")

    def test_packages_are_not_ours(self):
        self.write("web/node_modules/a/a.js", "x" * 101)
        self.assert_clean()
        self.write("web/a.js", "x" * 101)
        self.assert_fault("web/a.js:1: 101 columns")

    def test_long_line(self):
        self.write("src/base/a.h", HEADER + "// " + "x" * 98 + "\n")
        self.assert_fault("101 columns")

    def test_banned_calls(self):
        self.write_source("src/work/a.cpp", "\n".join((
            "auto a = std::chrono::system_clock::now();",
            "std::this_thread::sleep_for(1s);",
            "int b = rand();",
            'printf("x");',
            'std::cout << "x";',
            "strcpy(c, d);",
            "int e = atoi(f);",
            "std::regex g;",
            "auto* h = new Thing();",
            "delete h;",
        )))
        self.assert_fault(*(f"src/work/a.cpp:{line}: " for line in range(1, 11)))

    def test_banned_words_that_are_none(self):
        self.write_source("src/work/a.cpp", "\n".join((
            "// Do not call rand() or sleep(1) here; a new word.",
            'log::info("atoi(x) printf(y) new Thing");',
            "Thing(const Thing&) = delete;",
            "auto a = std::unique_ptr<Thing>(new Thing(1));",
            "timer.sleep(1);",
            "auto b = brand(1);",
            "void free_thing(void* c) { delete static_cast<Thing*>(c); }",
        )))
        self.assert_clean()

    def test_source_that_is_never_built(self):
        self.write("src/base/CMakeLists.txt", "other_a.cpp a.cppx")
        self.write("src/base/a.cpp", "")
        self.assert_fault("src/base/a.cpp:1: is listed in no CMakeLists.txt")

    def test_source_listed_one_folder_up(self):
        self.write("src/db/CMakeLists.txt", "sqlite/a.cpp")
        self.write("src/db/sqlite/a.cpp", "")
        self.assert_clean()

    def test_source_listed_one_folder_down(self):
        self.write("src/codec/formats/CMakeLists.txt", "../a.cpp b.cpp")
        self.write("src/codec/a.cpp", "")
        self.write("src/codec/formats/b.cpp", "")
        self.assert_clean()

    def test_header_without_opening(self):
        self.write("src/base/a.h", "#pragma once\n")
        self.assert_fault("a header opens with a comment")

    def test_dead_link(self):
        self.write("README.md", "[here](docs/gone.md) [out](https://example.com) [x](#y)\n")
        self.assert_fault("README.md:1: the link docs/gone.md")
        self.assertEqual(1, len(self.messages()))

    def test_query_missing_in_one_dialect(self):
        self.write("src/db/sqlite/sql/a.sql", "-- name: lease\nSELECT 1;\n-- name: only_here\n")
        self.write("src/db/postgres/sql/a.sql", "-- name: lease\nSELECT 1;\n")
        self.assert_fault("src/db/sqlite/sql/a.sql:3: query only_here is missing in postgres")


class ReadingCpp(unittest.TestCase):
    def test_comments_and_strings_are_blanked(self):
        code = blank_comments_and_strings("a /* b\nc */ \"d//e\" f // g\n'h' 1'000 R\"(i\n)\" j")
        self.assertEqual(3, code.count("\n"))
        for word in "bcdeghi":
            self.assertNotIn(word, code)
        for word in ("a", "f", "1'000", "j"):
            self.assertIn(word, code)

    def test_functions_are_found(self):
        code = """
#define M(x) { \\
  x
namespace a {
struct S {
  int f() const {
    if (x) { y(); }
    auto z = [] { return 1; };
  }
  int v{3};
};
std::array<int, 2> t{{1, 2}};
Result<int> S::g(int a,
                 int b) noexcept {
  h();
}
}
"""
        self.assertEqual([("f", 6, 9), ("S::g", 13, 16)], list(sizes.cpp_functions(code)))


class TheRealTree(unittest.TestCase):
    def test_is_seen(self):
        tree = Tree(Path(__file__).resolve().parents[2])
        self.assertIn("src/base/error.h", [file.path for file in tree.files])
        names = [name for file in tree.cpp for name, _, _ in sizes.cpp_functions(file.code)]
        self.assertIn("random_uuid", names)


if __name__ == "__main__":
    unittest.main()
