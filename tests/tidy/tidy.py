#!/usr/bin/python3
"""tidy.py [ROOT]: prints each fault of the tree as file:line: what; exits 1 when there is one."""

import sys
from pathlib import Path

import banned
import listings
import rooms
import sizes
from tree import Tree

CHECKS = (
    rooms.check_edges,
    rooms.check_libraries,
    sizes.check_files,
    sizes.check_columns,
    sizes.check_functions,
    banned.check,
    listings.check_built,
    listings.check_header_openings,
    listings.check_links,
    listings.check_query_names,
)


def faults_of(root):
    tree = Tree(root)
    return [fault for check in CHECKS for fault in check(tree)]


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    faults = faults_of(root)
    for fault in faults:
        print(fault)
    print(f"tidy: {len(faults)} faults in {len(Tree(root).files)} files", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
