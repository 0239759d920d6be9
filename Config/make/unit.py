"""Runs the tests, prints how long they took and which were slow, and fails over the limit.

Everything after the script's name goes to `swift test`. The build is not counted: it has to be done before. All tests
start together, so a test's time includes its wait for the others."""
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as XML

LIMIT = 120  # seconds
SLOWEST = 10


def slowest(report):
    """The slowest tests of a report, as (seconds, name)."""
    try:
        cases = XML.parse(report).getroot().iter("testcase")
    except (OSError, XML.ParseError):
        return []
    times = [(float(case.get("time") or 0), f'{case.get("classname")} {case.get("name")}') for case in cases]
    return sorted(times, reverse=True)[:SLOWEST]


def main():
    with tempfile.TemporaryDirectory() as directory:
        report = f"{directory}/tests.xml"
        start = time.monotonic()
        status = subprocess.call(
            ["swift", "test", "--skip-build", "--parallel", f"--xunit-output={report}", *sys.argv[1:]])
        seconds = time.monotonic() - start
        # Swift Testing writes a report of its own beside that of XCTest.
        found = slowest(re.sub(r"\.xml$", "-swift-testing.xml", report)) or slowest(report)
    print(f"the tests took {seconds:.0f} s; the slowest:")
    for time_taken, name in found:
        print(f"{time_taken:8.1f} s  {name}")
    if status == 0 and seconds > LIMIT:
        print(f"that is more than {LIMIT} s", file=sys.stderr)
        return 1
    return status


sys.exit(main())
