"""The table of clients, from what the last `make clients` saw: printed, or with --write put between the marks in
docs/clients.md, or with --check compared with it."""

import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEN = pathlib.Path(os.environ.get("MATRIX", ROOT / ".build" / "matrix"))
PAGE = ROOT / "docs" / "clients.md"
FEATURES = [
    "answer", "stream", "history", "function call", "streamed call", "parallel calls", "forced call",
    "structured output", "image", "errors", "usage"]
BEGIN, END = "<!-- matrix: made by `make matrix` -->\n", "<!-- /matrix -->\n"


def table(results):
    """A row per client and a column per feature: ✓ where there were tests and all of them passed."""
    cells = {}
    for result in results:
        assert result["feature"] in FEATURES, result
        cells.setdefault(result["client"], {}).setdefault(result["feature"], []).append(result["passed"])
    lines = [["client", *FEATURES], ["---", *[":-:"] * len(FEATURES)]]
    for client, row in sorted(cells.items(), key=lambda cell: cell[0].lower()):
        lines.append([client, *["✓" if all(row.get(feature, [False])) else "–" for feature in FEATURES]])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def split(text):
    head, begin, rest = text.partition(BEGIN)
    old, end, tail = rest.partition(END)
    assert begin and end, f"{PAGE.name} has lost the marks of the table"
    return head + begin, old, end + tail


def main(way):
    results = [json.loads(line) for file in sorted(SEEN.glob("*.jsonl")) for line in file.read_text().splitlines()]
    if not results:
        sys.exit(f"nothing in {SEEN}: run `make clients` first")
    new = table(results)
    head, old, tail = split(PAGE.read_text())
    if way == "--write":
        PAGE.write_text(head + new + tail)
    elif way == "--check" and old != new:
        sys.exit(f"the table in docs/clients.md is not what was seen; `make matrix` writes it:\n\n{new}")
    elif way != "--check":
        print(new, end="")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
