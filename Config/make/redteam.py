"""Attacks a server on the simulator in the ways of the security review: floods, starves it, makes it plan, lies to it.
Prints latency and memory beside their limits, and fails on a miss. BIN names the directory of the binaries.

    python3 Config/make/redteam.py [--quick] [group …]"""

import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from attacks import abandoned, bodies, floods, lies, memory, planning, responses, rules, state
from attacks.ground import HEADER, Server

GROUPS = {"rules": rules, "lies": lies, "state": state, "floods": floods, "bodies": bodies, "planning": planning,
          "responses": responses, "memory": memory, "abandoned": abandoned}
# Of the counts and times of a full run.
QUICK = 0.25
# Above the other programs of the machine, where that is allowed: what they cost the server is not the attack's doing.
PRIORITY = -10


class Ground:
    """What all attacks share: a directory, and the table."""

    def __init__(self, folder):
        self.folder = folder
        self.count = self.missed = 0

    def report(self, row):
        self.count += 1
        self.missed += bool(row.misses or row.late)
        print(row.text(), flush=True)


def rise():
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    except PermissionError:
        pass


def main():
    # Ends as after a mistake, so that no server is left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rise()
    is_quick = "--quick" in sys.argv
    chosen = [name for name in sys.argv[1:] if name != "--quick"] or list(GROUPS)
    begun = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="claude-code-server-redteam-"))
    ground = Ground(folder)
    print(HEADER, flush=True)
    try:
        trickle = bodies.Trickle(ground) if "bodies" in chosen else None
        for name in chosen:
            GROUPS[name].run(ground, QUICK if is_quick else 1)
        if trickle:
            trickle.harvest()
    finally:
        for server in Server.all:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{ground.count} attacks, {ground.missed} missed, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if ground.missed else 0)


main()
