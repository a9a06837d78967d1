"""`otpgate demo` does what the README promises."""

import os
import re
import signal
import subprocess
import tempfile

from support.gateway import program
from support.wait import wait_for


def test_oneshot_shows_a_code_arriving_and_ends():
    result = subprocess.run([program(), "demo", "--oneshot", "--listen", "127.0.0.1:0"],
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert re.search(r"\b\d{6} is your Demo code", result.stdout)
    assert result.stdout.rstrip().endswith("approved")
    folder = re.search(r"data in (\S+)", result.stdout).group(1)
    assert not os.path.exists(folder)


def test_oneshot_says_why_it_cannot():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        with open(os.path.join(folder, "master.key"), "wb") as file:
            file.write(b"x" * 32)
        os.chmod(os.path.join(folder, "master.key"), 0o644)
        result = subprocess.run([program(), "demo", "--oneshot", "--listen", "127.0.0.1:0",
                                 "--data", folder], capture_output=True, text=True, timeout=60,
                                check=False)
    assert result.returncode == 1
    assert "master.key" in result.stderr


def test_printed_commands_work_as_they_are():
    log = tempfile.TemporaryFile("w+")
    demo = subprocess.Popen([program(), "demo", "--listen", "127.0.0.1:0"], stdout=log,
                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def printed():
        assert demo.poll() is None
        log.seek(0)
        text = log.read()
        return text if "Ctrl-C ends the demo" in text else None

    try:
        text = wait_for(printed, "the three commands")
        script = text[text.index("# start"):text.index("Ctrl-C")]
        start, look, check = [part for part in script.strip().split("\n\n")]
        # a person looks at the phone before the last command: wait until it shows the new SMS
        pause = ("\nfor i in $(seq 100); do "
                 "curl -sS --cacert {ca} -H '{auth}' {url}/otp/v1/verifications/$ID | "
                 "grep -q '\"event\":\"sent\"' && break; sleep 0.1; done\n").format(
                     ca=re.search(r"--cacert (\S+)", start).group(1),
                     auth=re.search(r"Authorization: Bearer [^']+", start).group(0),
                     url=re.search(r"https://localhost:\d+", start).group(0))
        result = subprocess.run(["bash", "-eu", "-c", start + "\n" + look + pause + check],
                                capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr
        assert '"timeline"' in result.stdout
        assert '"status":"approved"' in result.stdout
    finally:
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(20) == 0
        log.close()
