#!/usr/bin/env bash
# Runs a command that speaks to the real CLI; where the system allows it, in a network that has only loopback, so that
# nothing can leave.
set -euo pipefail
if unshare -n true 2>/dev/null && command -v ip >/dev/null; then
  exec unshare -n bash -c 'ip link set lo up && exec "$@"' - "$@"
fi
exec "$@"
