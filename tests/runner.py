#!/usr/bin/env python3
"""Runs areas of tests and ends with 'N passed, N failed, N skipped'. Called by ./test, which has installed and built."""
import argparse
import fnmatch
import sys
import time

import areas

parser = argparse.ArgumentParser(prog="./test", description=__doc__.splitlines()[0])
parser.add_argument("area", nargs="*", help="run these only")
parser.add_argument("--list", action="store_true", help="name the areas")
parser.add_argument("--long", action="store_true", help="add the long ones")
parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
parser.add_argument("--verbose", action="store_true", help="print everything that the tests print")
options = parser.parse_args()

if options.list:
    for area in areas.AREAS:
        print(f"  {area.name:12} {area.doc}{' (only with --long)' if area.long else ''}")
    sys.exit(0)

chosen = areas.find(options.area) if options.area else [a for a in areas.AREAS if options.long or not a.long]
if options.needs:
    print(" ".join(sorted({need for area in chosen for need in area.needs})))
    sys.exit(0)


def allowed_skips():
    """tests/skips: 'pattern: reason' per line."""
    out = []
    for line in (areas.ROOT / "tests/skips").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = line.partition(": ")
            if not reason.strip():
                sys.exit(f"tests/skips: no reason given for {pattern}")
            out.append(pattern.strip())
    return out


patterns = allowed_skips()
passed = failed = skipped = 0
for area in chosen:
    print(f"{area.name:12} {area.doc} …", flush=True)
    started = time.monotonic()
    result = area.run(options)
    unlisted = [s for s in result.skipped if not any(fnmatch.fnmatchcase(s, p) for p in patterns)]
    for name in unlisted:
        result.output += f"skipped but not listed in tests/skips: {name}\n"
    result.failed += len(unlisted)
    if result.passed + result.failed == 0:
        result.failed, result.output = 1, result.output + "no test ran\n"
    if result.failed or options.verbose:
        print(result.output[-20000:])
    word = "ok" if result.failed == 0 else "FAILED"
    print(f"{'':12} {word}: {result.passed} passed, {result.failed} failed, {len(result.skipped) - len(unlisted)} skipped"
          f" in {time.monotonic() - started:.0f} s", flush=True)
    passed += result.passed
    failed += result.failed
    skipped += len(result.skipped) - len(unlisted)

print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
