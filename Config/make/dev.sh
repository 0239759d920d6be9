#!/usr/bin/env bash
# Rebuilds and restarts the server whenever a source changes. Ctrl-C ends both.
set -euo pipefail
server=""
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=""; }; }
trap 'stop; exit 0' INT TERM
stamp=$(mktemp)
trap 'stop; rm -f "$stamp"' EXIT
while true; do
  touch "$stamp"
  if swift build --product claude-code-server && swift build --product claude-simulator; then
    stop
    flags=""
    .build/debug/claude-code-server --config-check | grep -q '^Claude Code CLI: none' && flags=--simulate
    .build/debug/claude-code-server $flags &
    server=$!
  fi
  while [ -z "$(find Package.swift Sources -newer "$stamp" -print -quit)" ]; do sleep 1; done
done
