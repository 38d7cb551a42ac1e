# The ways in. Building is CMake's (CMakePresets.json: release, asan, tsan).
.PHONY: all demo run test bench format tidy clean

all:
	@scripts/bootstrap
	@scripts/build release imgmill imgmill-codec

demo: all
	@scripts/demo

run: all
	build/release/imgmill serve

test:
	@scripts/test

bench: all
	@scripts/bench

format:
	@scripts/bootstrap
	git ls-files '*.cpp' '*.h' | xargs clang-format-19 -i

tidy:
	@/usr/bin/python3 -B tests/tidy/tidy.py

clean:
	rm -rf build
