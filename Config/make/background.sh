#!/usr/bin/env bash
# start, stop, status and logs of a server in the background. Its pid and log lie in .run.
set -euo pipefail
pid_file=.run/server.pid
log=.run/server.log
is_running() {
  # The id may have a new owner by now: only a claude-code-server counts.
  [ -f "$pid_file" ] && [ "$(basename "$(readlink "/proc/$(cat "$pid_file")/exe" 2>/dev/null)")" = claude-code-server ]
}
case "$1" in
start)
  if is_running; then echo "already running (pid $(cat "$pid_file"))"; exit 0; fi
  mkdir -p .run
  nohup Config/make/run.sh >"$log" 2>&1 </dev/null &
  echo $! >"$pid_file"
  for _ in $(seq 50); do
    if grep -q 'listening' "$log"; then grep -m1 'listening' "$log"; exit 0; fi
    kill -0 "$(cat "$pid_file")" 2>/dev/null || break
    sleep 0.1
  done
  echo "it did not start:" >&2
  cat "$log" >&2
  exit 1
  ;;
stop)
  if ! is_running; then echo "not running"; exit 0; fi
  pid=$(cat "$pid_file")
  kill "$pid"
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || { rm -f "$pid_file"; echo "stopped"; exit 0; }
    sleep 0.1
  done
  echo "pid $pid does not stop" >&2
  exit 1
  ;;
status)
  if ! is_running; then echo "not running"; exit 1; fi
  echo "running (pid $(cat "$pid_file"))"
  url=$(grep -oE 'https?://[^ "]+' "$log" | head -1)
  # Where there are keys, the details need one.
  details=$(curl -sS --max-time 5 -w '\n%{http_code}' "$url/health")
  if [ "${details##*$'\n'}" = 401 ]; then
    curl -sS --max-time 5 "$url/health/ready" && echo
  else
    echo "${details%$'\n'*}"
  fi
  ;;
logs) exec tail -n 100 -F "$log" ;;
esac
