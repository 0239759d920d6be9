#!/usr/bin/env bash
# Runs the real clients against the real CLI; where the system allows it, in a network that has only loopback, so that
# nothing can leave.
set -euo pipefail
tests=("$VENV/bin/python" -m pytest -q -p no:cacheprovider Tests/Clients)
if unshare -n true 2>/dev/null && command -v ip >/dev/null; then
  exec unshare -n bash -c 'ip link set lo up && exec "$@"' - "${tests[@]}"
fi
exec "${tests[@]}"
