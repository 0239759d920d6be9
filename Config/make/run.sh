#!/usr/bin/env bash
# Serves in the foreground. Without a CLI it serves the simulator, and says so.
set -euo pipefail
server=.build/release/claude-code-server
if "$server" --config-check | grep -q '^Claude Code CLI: none'; then
  cat <<'TXT'

  ############################################################################
  #                                                                          #
  #   NO CLAUDE CODE CLI WAS FOUND. Answers below come from a SIMULATOR.     #
  #   Install the CLI (or set CLAUDE_CLI_PATH) and run this again.           #
  #                                                                          #
  ############################################################################

TXT
  exec "$server" --simulate
fi
exec "$server"
