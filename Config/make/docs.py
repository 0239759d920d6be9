"""Checks that what the documentation names exists: links and their anchors, words of the Makefile, the files in the
README's map, and the tests that the CLI contract names."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/*.md")])
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
# `Suite/function` of Swift Testing, or `file.py::test` of pytest.
TEST = re.compile(r"`(\w+Tests)/(\w+)`|`(test_\w+\.py)::(\w+)`")


def anchors(page):
    """The anchors that a page's headings have on GitHub."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(page, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in path or target.startswith("mailto:"):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or anchor and anchor not in anchors(file):
            yield f"no {target}"


def words(text):
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    return (f"no make {word}" for word in re.findall(r"\bmake ([a-z]+)`", text) if word not in known)


def mapped():
    """The names in the README's map that are no files."""
    block = re.search(r"## Map\n.*?```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    names = re.findall(r"[A-Z][\w+]+", block[1]) if block else []
    return (f"no {name}.swift" for name in names or ["map"] if not [*ROOT.glob(f"Sources/**/{name}.swift")])


def suites():
    """The test functions of each suite. A suite may have extensions."""
    found = {}
    for file in ROOT.glob("Tests/**/*.swift"):
        for part in re.split(r"^(?=(?:@\w.*\n)*(?:final class|struct|class|extension) )", file.read_text(), flags=re.M):
            if name := re.search(r"(?:class|struct|extension) (\w+)", part):
                found.setdefault(name[1], set()).update(re.findall(r"func (\w+)\(", part))
    return found


def tests(text, known):
    for suite, function, file, test in TEST.findall(text):
        path = ROOT / "Tests" / "Clients" / file
        if suite and function not in known.get(suite, ()) or file and not (
                path.exists() and f"\ndef {test}(" in path.read_text()):
            yield f"no test {suite or file} {function or test}"


known = suites()
mistakes = [f"README.md: {mistake}" for mistake in mapped()]
for page in PAGES:
    text = page.read_text()
    found = [*links(page, FENCE.sub("", text)), *words(text), *tests(text, known)]
    mistakes += [f"{page.relative_to(ROOT)}: {mistake}" for mistake in found]
sys.exit("\n".join(mistakes) or None)
