"""Our numbers: sizes of files and functions, comments, tests beside sources, unsafe escapes."""

import pathlib
import re
import statistics

FUNCTION = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public |private |fileprivate |internal |static |mutating "
                      r"|nonisolated |override |final )*(?:func \S|init[?(<])")


def spread(values):
    values = sorted(values)
    return f"{statistics.median(values):.0f} / {values[int(len(values) * 0.9)]} / {values[-1]}" if values else "-"


def functions(lines):
    """Lengths of function bodies, by brace depth."""
    lengths, index = [], 0
    while index < len(lines):
        if FUNCTION.match(lines[index]):
            depth, opened, start = 0, None, index
            while index < len(lines):
                code = re.sub(r'"(?:\\.|[^"\\])*"', '""', lines[index].split("//")[0])
                depth += code.count("{") - code.count("}")
                if opened is None and "{" in code:
                    opened = index
                if opened is None and index - start > 8:
                    break
                if opened is not None and depth <= 0:
                    lengths.append(max(1, index - opened - 1))
                    break
                index += 1
        index += 1
    return lengths


def measure(folder):
    files = [path.read_text().splitlines() for path in pathlib.Path(folder).rglob("*.swift")]
    lines = [line for file in files for line in file]
    bodies = [length for file in files for length in functions(file)]
    return files, lines, bodies


sources, source_lines, bodies = measure("Sources")
tests, test_lines, _ = measure("Tests")
clients = [line for path in pathlib.Path("Tests").rglob("*.py") for line in path.read_text().splitlines()]
docs = sum(1 for line in source_lines if line.lstrip().startswith("///"))
code = sum(1 for line in source_lines if line.strip())
escapes = sum(len(re.findall(r"@unchecked Sendable|nonisolated\(unsafe\)", line)) for line in source_lines)
sleeps = sum(len(re.findall(r"Task\.sleep|usleep\(|time\.sleep\(", line)) for line in test_lines + clients)
print(f"source files                       {len(sources)}")
print(f"source lines                       {len(source_lines)}")
print(f"file lines, median / p90 / max     {spread([len(file) for file in sources])}")
print(f"function lines, median / p90 / max {spread(bodies)}")
print(f"doc-comment lines                  {100 * docs / max(1, code):.0f} %")
print(f"tests / sources                    {(len(test_lines) + len(clients)) / max(1, len(source_lines)):.2f}")
print(f"unsafe escapes                     {escapes}")
print(f"sleeps in tests                    {sleeps}")
