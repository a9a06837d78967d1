"""The documents name what there is: paths, options, variables, series, commands, files."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from support import routes
from support.gateway import program

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md",
                                  "CHANGELOG.md")] + sorted((ROOT / "docs").rglob("*.md"))
# read by the command line, not by the option table
CLI_VARIABLES = {"OTPGATE_KEY", "OTPGATE_PASSPHRASE", "OTPGATE_USER", "OTPGATE_URL", "OTPGATE_CA",
                 "OTPGATE_CONFIG", "OTPGATE_SPLUNK_TOKEN"}


def name_of(path):
    return str(path.relative_to(ROOT))


def blocks(path, language):
    """(first line, text) of each fenced block of that language, its indent taken away."""
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(r"^( *)```%s\n(.*?)^ *```$" % language, text, re.S | re.M):
        lines = [line[len(found[1]):] for line in found[2].splitlines()]
        yield text[:found.start()].count("\n") + 2, "\n".join(lines)


def run(*words):
    return subprocess.run([program(), *words], capture_output=True, text=True, check=False)


def test_every_command_that_is_listed_explains_itself():
    listed = re.findall(r"^  ([a-z-]+(?: [a-z-]+)*)", run("--help").stdout, re.M)
    assert len(listed) > 50
    for words in {tuple(name.split()[:depth]) for name in listed for depth in (1, 2)}:
        told, asked = run("help", *words), run(*words, "--help")
        assert told.returncode == asked.returncode == 0, (words, told.stderr, asked.stderr)
        assert told.stdout == asked.stdout and "sage" in told.stdout, words


@pytest.fixture(scope="module")
def sample():
    done = subprocess.run([program(), "check-config", "--sample"], capture_output=True, text=True,
                          check=True)
    options, section = set(), ""
    for line in done.stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        found = re.match(r"#(\w+) = ", line)
        if found:
            options.add(section + "." + found[1])
    return options, set(re.findall(r"OTPGATE_\w+", done.stdout))


# ---- paths ----

def plain(path):
    """With {id} for whatever stands for an id."""
    path = re.sub(r"(/accounts/|/keys/|/devices/|/verifications/|/stops/|/messages/(?!inbox/))[^/]+",
                  r"\1{id}", path)
    return path[4:] if path.startswith("/api/") else path


def paths_in(text):
    found = re.findall(r"/(?:otp|admin|api/3rdparty|3rdparty|api/mobile|mobile)/v1/[\w/{}$%.-]*",
                       text)
    return {plain(path.rstrip("/.")) for path in found}


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_paths_exist(path):
    known = set(routes.paths()) | {"/otp/v1", "/admin/v1", "/3rdparty/v1", "/mobile/v1"}
    assert paths_in(path.read_text(encoding="utf-8")) <= known


def test_every_call_is_described():
    """Method and path of all that applications and operators may call."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for one in routes.ROUTES:
        if one.path.startswith(("/otp/", "/admin/", "/3rdparty/v1/messages",
                                "/3rdparty/v1/devices")):
            assert "`%s %s`" % (one.method, one.path) in text, one


# ---- options ----

@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_options_exist(path, sample):
    options, variables = sample
    sections = "|".join(sorted({option.split(".")[0] for option in options}))
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:%s)\.[a-z_]+)`" % sections, text)
    named += re.findall(r"--((?:%s)\.[a-z_]+)" % sections, text)
    kinds = set(re.findall(r'"([a-z_]+\.[a-z_.]+)"', (ROOT / "src/audit/event.h").read_text()))
    kinds |= set(re.findall(r'\{"([a-z]+\.[a-z]+)"', (ROOT / "src/core/webhook.c").read_text()))
    files = {"otp.md", "store.md", "message.h", "http.c"}
    assert set(named) - files - kinds <= options
    assert set(re.findall(r"OTPGATE_\w+", text)) <= variables | CLI_VARIABLES


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_configurations_are_right(path, tmp_path):
    for line, text in blocks(path, "toml"):
        assert tomllib.loads(text), line
        file = tmp_path / "otpgate.toml"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run([program(), "check-config", "--config", str(file)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, (name_of(path), line, done.stderr)


def test_every_limit_of_operations_is_an_option(sample):
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    limits = text.split("## Limits")[1].split("\n## ")[0]
    for option in sample[0]:
        if option.endswith("_max"):
            assert "`%s`" % option in limits or option in NOT_LIMITS_OF_PEERS, option


NOT_LIMITS_OF_PEERS = {"lane.batch_max", "number.plan_age_max"}


# ---- series ----

def test_series_are_those_of_metrics(gateway):
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    served = set(re.findall(r"^# TYPE (otpgate_\w+)", gateway.anyone.get("/metrics").body.decode(),
                            re.M))
    assert set(re.findall(r"otpgate_\w+", text)) == served
    for path in DOCS:
        assert set(re.findall(r"otpgate_\w+", path.read_text(encoding="utf-8"))) <= served


# ---- commands ----

def commands_of(path):
    """Words after `otpgate` in shell blocks, each call for itself."""
    call = re.compile(r"(?:^|[ (])otpgate (?!otpgate )([a-z][^|#;&)\n]*)", re.M)
    for line, text in blocks(path, "sh"):
        for found in call.finditer(text.replace("\\\n", " ")):
            yield line, found[1].split()


def test_commands_are_found():
    assert len(list(commands_of(ROOT / "docs" / "operations.md"))) > 10


def help_of(words):
    """The help of the longest command that stands at the beginning."""
    for count in (3, 2, 1):
        if any(word.startswith("-") for word in words[:count]):
            continue
        done = subprocess.run([program()] + words[:count] + ["--help"], capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode == 0 and "Usage: otpgate %s COMMAND" % words[0] not in done.stdout:
            return done.stdout
    return None


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_and_flags_exist(path, sample):
    for line, words in commands_of(path):
        place = (name_of(path), line, words)
        shown = help_of(words)
        assert shown, place
        for word in words[1:]:
            flag = word.split("=")[0]
            if flag.startswith("--") and flag[2:] not in sample[0]:
                assert re.search(re.escape(flag) + r"\b", shown), place


# ---- links ----

def anchors_of(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for title in re.findall(r"^#+ (.*)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = Path(os.path.normpath(path.parent / file)) if file else path
        assert there.exists(), (name_of(path), target)
        if anchor and there.suffix == ".md":
            assert anchor in anchors_of(there), (name_of(path), target)


# ---- what security.md says that tests show ----

def headings(path):
    """As links name them."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            yield re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")


def requirements_with_tests():
    tests = "".join(path.read_text(encoding="utf-8") for end in ("py", "c")
                    for path in (ROOT / "tests").rglob("test_*." + end))
    named = re.findall(r"test_(?:req|requirements?)_(\d+(?:_(?:and_)?\d+)*)", tests)
    return {number for one in named for number in re.findall(r"\d+", one)}


def mapped_rows():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for table in re.findall(r"\| shown by \|\n\|[- |]+\|\n((?:\|.*\|\n)+)", text):
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield cells[0], cells[-1]


@pytest.mark.parametrize("fact, shown", list(mapped_rows()))
def test_each_fact_of_security_has_a_test_or_a_section(fact, shown):
    link = re.fullmatch(r"\[.*\]\((.*)#(.*)\)", shown)
    if link:
        assert link[2] in headings(ROOT / "docs" / (link[1] or "security.md")), shown
    else:
        numbers = set(re.findall(r"\d+", shown))
        assert numbers and numbers <= requirements_with_tests(), numbers - tested_requirements()


def test_both_tables_of_security_were_read():
    assert len(list(mapped_rows())) > 20
