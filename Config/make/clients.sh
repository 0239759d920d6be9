#!/usr/bin/env bash
# Runs the real clients against the real CLI.
set -euo pipefail
exec Config/make/loopback.sh "$VENV/bin/python" -m pytest -q -p no:cacheprovider Tests/Clients
