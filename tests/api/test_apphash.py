"""`otpgate apphash` as people call it: files, passwords, answers (requirements 58 to 60)."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import termios
import zipfile
from pathlib import Path

import pytest

from support.gateway import clean_environment, program
from support.wait import wait_for

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "unit" / "apphash" / "data"
APP = str(DATA / "apk" / "v1-v2-v3.apk")
ROTATED = str(DATA / "apk" / "v2-v3-rotated.apk")
TWO_SIGNERS = str(DATA / "apk" / "v2-two-signers.apk")
JKS = str(DATA / "keystore" / "multi.jks")
P12 = str(DATA / "keystore" / "java17.p12")
PACKAGE, HASH = "com.example.myapp", "OjvCiOzMEvS"
PASSWORD = "changeit"


@pytest.fixture(name="home")
def a_home_of_its_own(tmp_path):
    """So that no debug key of whoever runs this is looked at."""
    return tmp_path


def run(home, *arguments, stdin=None):
    return subprocess.run([program(), "apphash", *arguments], capture_output=True, check=False,
                          input=stdin, timeout=60, env=clean_environment({"HOME": str(home)}),
                          **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))


def facts(home, *arguments):
    done = run(home, *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def secret_file(home, text, mode=0o600):
    path = home / ("secret-%o" % mode)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


# ---- what is printed ----

def test_the_report_tells_hash_certificate_reason_and_sample(home):
    done = run(home, PACKAGE, APP)
    text = done.stdout.decode()
    assert done.returncode == 0 and done.stderr == b""
    assert text.splitlines()[0] == HASH
    for part in ("CN=Example Release,O=Example,C=DE", "9C:66:AE:A8:06:6A", "v1, v2, v3",
                 "Play Console", "482913"):
        assert part in text, part
    assert text.rstrip("\n").splitlines()[-1] == HASH


def test_the_sample_fits_and_ends_with_the_hash(home):
    for file in (APP, ROTATED):
        _, found = facts(home, PACKAGE, file)
        sample = found["sample"]
        assert len(sample.encode()) == found["sample_bytes"] <= 140
        assert sample.startswith("482913 ") and HASH in sample.split("\n")[1:]


def test_requirement_60_rotation_gives_oldest_and_newest(home):
    _, found = facts(home, PACKAGE, ROTATED)
    assert found["app_hash"] == HASH
    assert [(one["role"], one["app_hash"]) for one in found["certificates"]] == [
        ("signer", HASH), ("newest", "Cb3ViKLaPO0")]


def test_requirement_60_two_signers_print_no_hash(home):
    done = run(home, PACKAGE, TWO_SIGNERS)
    assert done.returncode == 1 and done.stdout == b""
    assert b"several certificates" in done.stderr


def test_only_the_hash_for_scripts(home):
    assert run(home, PACKAGE, APP, "--only-hash").stdout == HASH.encode() + b"\n"
    done = run(home, PACKAGE, JKS, "--only-hash")
    assert done.returncode == 1 and done.stdout == b"" and b"--alias" in done.stderr
    done = run(home, PACKAGE, JKS, "--only-hash", "--alias", "PlayDeploymentCert")
    assert done.stdout == HASH.encode() + b"\n"


def test_standard_input_is_a_file_too(home):
    app = Path(APP).read_bytes()
    assert run(home, PACKAGE, "-", "--only-hash", stdin=app).stdout == HASH.encode() + b"\n"
    done = run(home, PACKAGE, "-", stdin=b"")
    assert done.returncode == 1 and b"keytool prints nothing" in done.stderr


# ---- package and kind of file ----

def remade(home, name, manifest=None, more=()):
    """The signed app with another manifest and further entries: its JAR signature stays."""
    path = home / name
    with zipfile.ZipFile(DATA / "apk" / "v1.apk") as old, zipfile.ZipFile(path, "w") as new:
        for one in old.infolist():
            is_replaced = manifest and one.filename == "AndroidManifest.xml"
            new.writestr(one.filename, manifest if is_replaced else old.read(one),
                         zipfile.ZIP_DEFLATED)
        for entry in more:
            new.writestr(entry, b"x")
    return str(path)


def test_an_app_tells_its_package(home):
    for form in ("utf8", "utf16"):
        manifest = (ROOT / "tests" / "fuzz" / "corpus" / "manifest" / form).read_bytes()
        app = remade(home, form + ".apk", manifest)
        _, found = facts(home, app)
        assert (found["package"], found["app_hash"]) == (PACKAGE, HASH)
        done = run(home, "com.example.other", app)
        assert done.returncode == 1 and PACKAGE.encode() in done.stderr
        assert HASH.encode() not in done.stdout
    done = run(home, APP)
    assert done.returncode == 1 and b"package is missing" in done.stderr


def test_requirement_60_a_bundle_is_warned_of(home):
    bundle = remade(home, "app.aab", more=["BundleConfig.pb"])
    _, found = facts(home, PACKAGE, bundle)
    assert found["file"] == "aab" and "Google Play signs" in found["warnings"][0]
    assert "upload key" in found["why"]
    assert b"warning: this is a bundle" in run(home, PACKAGE, bundle).stderr


def test_debug_keys_are_warned_of(home):
    subject = "/CN=Android Debug/O=Android/C=US"
    der = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null", "-subj",
                          subject, "-outform", "DER"], capture_output=True, check=True).stdout
    file = home / "debug.der"
    file.write_bytes(der)
    _, found = facts(home, PACKAGE, str(file))
    assert found["certificates"][0]["debug"] and "debug key" in found["warnings"][0]


# ---- passwords ----

def test_requirement_59_key_stores_and_passwords(home):
    good = secret_file(home, PASSWORD + "\n")
    for store in sorted((DATA / "keystore").iterdir()):
        code, found = facts(home, PACKAGE, str(store), "--storepass-file", good)
        assert code == 0 and found["certificates"], store
        assert not found["warnings"], store
    wrong = secret_file(home, "changed\n", 0o400)
    for store in sorted((DATA / "keystore").iterdir()):
        done = run(home, PACKAGE, str(store), "--storepass-file", wrong)
        assert done.returncode == 1 and done.stdout == b"", store
        assert b"password is wrong" in done.stderr and b"changed" not in done.stderr.split(b",")[0]


def test_requirement_59_without_a_password(home):
    done = run(home, PACKAGE, P12)
    assert done.returncode == 1 and done.stdout == b"" and b"--storepass-file" in done.stderr
    _, found = facts(home, PACKAGE, JKS, "--alias", "keyone")
    assert found["app_hash"] == "Cb3ViKLaPO0" and "integrity" in found["warnings"][0]


def test_passwords_of_others_are_refused(home):
    done = run(home, PACKAGE, P12, "--storepass-file", secret_file(home, PASSWORD, 0o644))
    assert done.returncode == 1 and b"chmod 600" in done.stderr
    done = run(home, PACKAGE, P12, "--storepass", "x", "--storepass-file", "y")
    assert done.returncode == 1 and b"not both" in done.stderr
    done = run(home, PACKAGE, P12, "--storepass", "x" * 300)
    assert done.returncode == 1 and b"too long" in done.stderr


def test_a_password_argument_is_warned_of_and_overwritten(home):
    """The file is a pipe, so that the program stands still while its arguments are read."""
    pipe = str(home / "pipe")
    os.mkfifo(pipe)
    process = subprocess.Popen([program(), "apphash", PACKAGE, pipe, "--storepass", PASSWORD],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL)
    arguments = Path("/proc/%d/cmdline" % process.pid)
    wait_for(lambda: b"--storepass\0\0" in arguments.read_bytes())
    assert PASSWORD.encode() not in arguments.read_bytes()
    Path(pipe).write_bytes(Path(P12).read_bytes())
    out, err = process.communicate(timeout=60)
    assert out.startswith(HASH.encode()) and b"warning: other users" in err
    assert PASSWORD.encode() not in out + err


def asked(typed):
    """What a person sees who is asked for the password and types."""
    master, slave = os.openpty()
    process = subprocess.Popen([program(), "apphash", PACKAGE, P12], stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    shown = b""
    while b": " not in shown:
        shown += os.read(master, 1000)
    before = termios.tcgetattr(master)[3]
    os.write(master, typed)
    try:
        while True:
            shown += os.read(master, 1000)
    except OSError:
        pass  # it has ended
    os.close(master)
    return process.wait(20), shown, before


def test_a_person_is_asked_for_the_password():
    code, shown, flags = asked(b"changed\x15changeir\x7ft\n")
    assert code == 0 and HASH.encode() in shown
    assert b"change" not in shown and not flags & termios.ECHO
    for broken_off in (b"chan\x03", b"\x04"):
        code, shown, _ = asked(broken_off)
        assert code == 1 and HASH.encode() not in shown and b"chan" not in shown


# ---- wrong hashes ----

WRONG = {
    "nGauqAZq6a8=": ["der-alone", "eight-bytes"],
    "InzWXO8k3Xw": ["upper-case-hex"],
    "JwS38KYUbP8": ["colon-hex"],
    "r+Yddiafipk": ["no-space"],
    "GZzsH+yAxra": ["two-spaces"],
    "VGzWWzkDxc8": ["trailing-newline"],
    "UD419OWiiF/": ["binary-der"],
    "TRCWvYqLDq4": ["public-key"],
    "jXm3TSnSojy": ["cert-sha256"],
    "1k1aqnGr09L": ["sha1"],
    "M2EzYmMyODh": ["base64-of-hex-digest"],
    "OjvCiOzMEvSQ": ["twelve-chars"],
    "HDoiDI7gXr0": ["keytool-password-prompt"],
    "GwnR/7oVNam": ["other-package"],
    "FA+9qCX9VSu": ["unknown"],
    "FA+9qCX9VSu=": ["form", "unknown"],
    "": ["form", "unknown"],
}


@pytest.mark.parametrize("given", WRONG)
def test_requirement_58_wrong_hashes_are_named(home, given):
    code, found = facts(home, PACKAGE, APP, "--diagnose", given)
    assert code == 2 and found["verdict"] != "right" and found["app_hash"] == HASH
    assert [one["id"] for one in found["findings"]] == WRONG[given]
    text = run(home, PACKAGE, APP, "--diagnose", given).stdout.decode()
    assert text.startswith("Wrong.") and HASH in text


def test_requirement_58_other_keys_are_named(home):
    code, found = facts(home, "com.awesomeproject", APP, "--diagnose", "kFUwfusCq_-")
    assert code == 2 and [one["id"] for one in found["findings"]] == ["base64url",
                                                                      "other-certificate"]
    assert "React Native" in found["certificate"]
    code, found = facts(home, PACKAGE, APP, "--diagnose", "r9XXkvK5QlH", "--other", JKS)
    assert (code, found["verdict"]) == (2, "other-certificate") and "keytwo" in found["certificate"]
    android = home / ".android"
    android.mkdir()
    shutil.copy(DATA / "keystore" / "one-key.jks", android / "debug.keystore")
    code, found = facts(home, PACKAGE, APP, "--diagnose", "jnnM7M3bgwl")
    assert (code, found["verdict"]) == (2, "other-certificate")
    assert "debug.keystore" in found["certificate"]


def test_a_right_hash_is_called_right(home):
    assert facts(home, PACKAGE, APP, "--diagnose", HASH)[1]["verdict"] == "right"
    done = run(home, PACKAGE, APP, "--diagnose", ' "%s"\n' % HASH)
    assert done.returncode == 0 and done.stdout.startswith(b"Right:")
    # several entries: any of them may be meant
    assert facts(home, PACKAGE, JKS, "--diagnose", "r9XXkvK5QlH")[0] == 0
    assert facts(home, PACKAGE, JKS, "--diagnose", "r9XXkvK5QlH", "--alias", "keyone")[0] == 2


def test_no_hash_is_right_for_two_signers(home):
    for given, first in (("fLzH4/oENFH", "several-signers"), (HASH, "several-signers")):
        code, found = facts(home, PACKAGE, TWO_SIGNERS, "--diagnose", given)
        assert code == 2 and found["verdict"] == "mistake" and found["app_hash"] is None
        assert found["findings"][0]["id"] == first


# ---- the guide ----

def test_the_guide_shows_what_is_printed(home):
    """Each command of the guide that is followed by its output prints exactly that."""
    text = (ROOT / "docs" / "sms-retriever.md").read_text(encoding="utf-8")
    manifest = (ROOT / "tests" / "fuzz" / "corpus" / "manifest" / "utf8").read_bytes()
    remade(home, "app-release.apk", manifest)
    subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-print_certs", "-out",
                    str(home / "deployment_cert.pem")], check=True,
                   input=zipfile.ZipFile(APP).read("META-INF/RELEASE.RSA"))
    shown = re.findall(r"^```text\n\$ otpgate (apphash [^\n]*)\n(.*?)^```$", text, re.S | re.M)
    assert len(shown) == 2
    for command, output in shown:
        done = subprocess.run([program(), *command.split()], cwd=home, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL,
                              env=clean_environment({"HOME": str(home)}))
        assert done.stdout == output, command
