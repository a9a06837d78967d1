"""The programs of docs/otp.md, taken from the page and run against a gateway."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from support.gateway import clean_environment

PAGE = (Path(__file__).parents[2] / "docs" / "otp.md").read_text(encoding="utf-8")
NUMBER, CODE = "+447700900123", "123456"
FLAGS = ["--otp.environment", "test", "--otp.test_numbers",
         "%s=%s@2099-01-01T00:00:00Z" % (NUMBER, CODE)]


def program_of(language):
    return re.search(r"^```%s\n(.*?)^```$" % language, PAGE, re.S | re.M)[1]


def trust_store(gateway, folder):
    path = str(folder / "trust.p12")
    subprocess.run(["keytool", "-importcert", "-noprompt", "-file", gateway.ca, "-keystore", path,
                    "-storepass", "changeit"], check=True, capture_output=True)
    return ["-Djavax.net.ssl.trustStore=" + path, "-Djavax.net.ssl.trustStorePassword=changeit"]


# language of the block, file, command before file and number
PROGRAMS = [
    ("sh", "otp.sh", lambda gateway, folder: ["sh"]),
    ("python", "otp.py", lambda gateway, folder: ["python3"]),
    ("javascript", "otp.mjs", lambda gateway, folder: ["node"]),
    ("java", "Otp.java", lambda gateway, folder: ["java"] + trust_store(gateway, folder)),
    ("go", "otp.go", lambda gateway, folder: ["go", "run"]),
    ("php", "otp.php", lambda gateway, folder: ["php"]),
]


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account()
    made.add_phone()
    return made


@pytest.mark.parametrize("language,name,command", PROGRAMS, ids=[p[0] for p in PROGRAMS])
def test_program(gateway, account, tmp_path, language, name, command):
    path = tmp_path / name
    path.write_text(program_of(language), encoding="utf-8")
    env = clean_environment({
        "OTPGATE_URL": "https://localhost:%d" % gateway.port, "OTPGATE_CA": gateway.ca,
        "OTPGATE_KEY": account.make_key(["otp:start", "otp:check"])["key"],
        "NODE_EXTRA_CA_CERTS": gateway.ca, "SSL_CERT_FILE": gateway.ca,
        "GOCACHE": os.environ.get("GOCACHE", str(Path.home() / ".cache" / "go-build"))})
    words = command(gateway, tmp_path) + [str(path), NUMBER]
    for typed in ("000000", CODE):
        done = subprocess.run(words, input=typed + "\n", capture_output=True, text=True, env=env,
                              timeout=120, check=False, cwd=tmp_path)
        assert (done.stdout.strip() == "approved") == (typed == CODE), (done.stdout, done.stderr)
