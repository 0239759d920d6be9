"""Runs the tests, prints how long they took and which were slow, and fails over the limit.

Everything after the script's name goes to `swift test`. The build is not counted: it has to be done before.

All unit tests start together and share one loop, so a unit test's time includes its wait for the others: of their targets
only the end is shown. The integration tests have processes of their own, and their times are their own."""
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as XML

LIMIT = 120  # seconds
SLOWEST = 10


def times(report):
    """The tests of a report, as (seconds, target, name)."""
    try:
        cases = XML.parse(report).getroot().iter("testcase")
    except (OSError, XML.ParseError):
        return []
    return [
        (float(case.get("time") or 0), *(case.get("classname", "").split(".", 1) + [""])[:2], case.get("name", ""))
        for case in cases]


def show(found):
    ends = {}
    for seconds, target, _, _ in found:
        ends[target] = max(seconds, ends.get(target, 0))
    for target, seconds in sorted(ends.items(), key=lambda item: -item[1]):
        print(f"{seconds:8.1f} s  until the longest test of {target} was over")
    slow = sorted((row for row in found if row[1] == "IntegrationTests"), reverse=True)[:SLOWEST]
    if slow:
        print("the slowest integration tests:")
    for seconds, _, suite, name in slow:
        print(f"{seconds:8.1f} s  {suite} {name}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        report = f"{directory}/tests.xml"
        start = time.monotonic()
        status = subprocess.call(
            ["swift", "test", "--skip-build", "--parallel", f"--xunit-output={report}", *sys.argv[1:]])
        seconds = time.monotonic() - start
        # Swift Testing writes a report of its own beside that of XCTest.
        show(times(re.sub(r"\.xml$", "-swift-testing.xml", report)) or times(report))
    print(f"the tests took {seconds:.0f} s")
    if status == 0 and seconds > LIMIT:
        print(f"that is more than {LIMIT} s", file=sys.stderr)
        return 1
    return status


sys.exit(main())
