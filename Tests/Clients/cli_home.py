"""A home of the CLI with settings and a command in it, and what has become of them."""

import json

COMMAND = """---
description: makes a file
allowed-tools: Bash(touch:*)
---
!`touch {mark}`

Say that it is there.
"""


class Home:
    """Planted before the server starts. `settings` are the user's, `mark` is the file that the command /mark makes."""

    def __init__(self, folder, settings):
        self.path = folder / "planted"
        self.configuration = self.path / ".claude"
        self.mark = folder / "mark"
        (self.configuration / "commands").mkdir(parents=True)
        (self.configuration / "commands" / "mark.md").write_text(COMMAND.format(mark=self.mark))
        # Not as the CLI would write it, so that writing the same again is seen, too.
        self.before = {"settings.json": json.dumps(settings, separators=(" ,", " : ")).encode() + b"\n\n"}
        self.restore()

    def restore(self):
        for path in self.configuration.glob("settings*.json"):
            path.unlink()
        for name, content in self.before.items():
            (self.configuration / name).write_bytes(content)
        self.mark.unlink(missing_ok=True)

    def settings(self):
        """The bytes of each settings file of the CLI in this home."""
        return {path.name: path.read_bytes() for path in self.path.rglob("settings*.json")}

    def grants(self):
        """What the CLI's state file, which it writes all the time, says of permissions."""
        path = self.path / ".claude.json"
        return sorted(granted(json.loads(path.read_text()))) if path.exists() else []

    def is_untouched(self):
        assert self.settings() == self.before
        assert self.grants() == []
        assert not self.mark.exists()
        return True


def granted(value, key=""):
    """Each entry in which something is allowed, or a mode of permissions is kept."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from granted(inner, f"{key}.{name}")
    elif value and any(word in key.lower() for word in ["permission", "allowedtools", "defaultmode"]):
        yield f"{key}={value}"
