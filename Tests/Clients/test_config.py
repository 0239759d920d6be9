"""The examples in Config, as far as they can be checked without Docker and systemd running."""

import re

import pytest
import yaml

from conftest import ROOT

CONFIG = ROOT / "Config"
FILES = sorted(path for path in CONFIG.iterdir() if path.is_file())
# The CLI's, not ours.
FOREIGN = {"ANTHROPIC_API_KEY"}


def variables():
    """name: default, of each variable that .env.example explains."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = [re.fullmatch(r"# ([A-Z][A-Z_]+)=(.*)", line) for line in lines]
    return dict(match.groups() for match in found if match)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_variable_named_is_one_of_ours(path):
    text = path.read_text()
    # Names of two words, and whatever is set; `HOST=` but not the `mode=1777` of others.
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)) | set(re.findall(r"\b([A-Z]{2,})=", text))
    # make's own.
    named -= {"CACHE"} if path.name == "Dockerfile" else set()
    assert named - FOREIGN <= variables().keys()


def test_compose():
    compose = yaml.safe_load((CONFIG / "compose.yaml").read_text())
    services = compose["services"]
    assert services["server"]["environment"].keys() <= variables().keys()
    assert (CONFIG / services["server"]["build"]["context"] / services["server"]["build"]["dockerfile"]).is_file()
    assert all(isinstance(value, str) for value in services["server"]["environment"].values())
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (CONFIG / source).is_file() if source.startswith(".") else source in compose["volumes"]
    assert services["nginx"]["network_mode"] == "service:server"
    # nginx looks for the server where the example says, and is reached where the example listens.
    example = (CONFIG / "nginx.conf.example").read_text()
    environment = services["server"]["environment"]
    assert f"server {environment['HOST']}:{environment['PORT']};" in example
    assert f"listen {services['server']['ports'][0].rsplit(':', 1)[1]};" in example


def seconds(text):
    """The number of seconds in a default of .env.example."""
    return int(text) / 1000


def test_times_fit_each_other():
    defaults = variables()
    needed = seconds(defaults["SHUTDOWN_GRACE_MS"]) + 2 * seconds(defaults["PROCESS_KILL_TIMEOUT_MS"])
    unit = (CONFIG / "claude-code-server.service").read_text()
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1]) > needed
    assert int(re.search(r"^LimitNOFILE=(\d+)$", unit, re.M)[1]) > int(defaults["MAX_CONNECTIONS"])
    compose = yaml.safe_load((CONFIG / "compose.yaml").read_text())
    assert int(compose["services"]["server"]["stop_grace_period"].rstrip("s")) > needed
    nginx = (CONFIG / "nginx.conf.example").read_text()
    assert int(re.search(r"proxy_read_timeout (\d+)s;", nginx)[1]) > seconds(defaults["CLAUDE_TOTAL_TIMEOUT_MS"])


def test_the_dockerfile_copies_what_is_there():
    text = (CONFIG / "Dockerfile").read_text()
    sources = [source for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M) for source in line.split()[:-1]]
    assert sources and all((ROOT / source).exists() for source in sources)
    admitted = re.findall(r"^!(.+)$", (CONFIG / "Dockerfile.dockerignore").read_text(), re.M)
    assert {source.split("/")[0] for source in sources} == set(admitted)
    assert re.search(r"^USER (?!root)", text, re.M)


def test_caddy_lets_go_of_a_client_that_leaves():
    text = (CONFIG / "Caddyfile.example").read_text()
    # Measured with Caddy 2.6: with that line the agent ran on after its client had left.
    assert not re.search(r"^\s*flush_interval\s+-1", text, re.M)
