#!/usr/bin/env bash
# Runs the real clients against the real CLI, then compares the table in docs/clients.md with what was seen.
set -euo pipefail
export MATRIX=$PWD/.build/matrix
rm -rf "$MATRIX"
alone=$PWD/Config/make/loopback.sh

# $1: the list of libraries; then the files.
run() {
  local python=$VENVS/$1/bin/python
  shift
  "$alone" "$python" -m pytest -q -p no:cacheprovider "$@"
}

cd Tests/Clients
run requirements . --ignore test_matrix_instructor.py --ignore test_matrix_litellm.py --ignore test_codex.py \
  --ignore test_claude_clients.py
run requirements-openai2 test_matrix_openai.py test_matrix_instructor.py test_matrix_litellm.py
run requirements-openai1 test_matrix_openai.py
run requirements-clis test_codex.py test_claude_clients.py
cd ../..
python3 Config/make/matrix.py --check
