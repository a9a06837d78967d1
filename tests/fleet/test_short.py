"""The short form of the fleet test: two hours, run again.

usage: test_short.py FLEET
"""
import json
import pathlib
import subprocess
import sys
import tempfile

MEMBERS = {
    "codes", "codes_with_live_route", "radio_2s", "radio_5s", "radio_10s", "radio_30s",
    "possible_duplicates", "dead_codes_sent", "limits_exceeded", "non_final",
    "otp_delay_p99_ms_idle", "otp_delay_p99_ms_bulk",
}
DAY = ["--hours", "2", "--codes", "600", "--bulk", "1500", "--phones", "30"]


def run(fleet, folder, *flags):
    path = pathlib.Path(folder) / "fleet.json"
    shown = subprocess.run([fleet, *DAY, *flags, "--json", path], check=True, text=True,
                           capture_output=True).stdout
    print(shown)
    return json.loads(path.read_bytes())


def main():
    fleet = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        figures = run(fleet, folder, "--seed", "7")
        again = run(fleet, folder, "--seed", "7", "--only", "on")
        other = run(fleet, folder, "--seed", "8", "--only", "on")
    assert again["on"] == figures["on"], "the same seed must give the same day"
    assert other["on"] != figures["on"], "another seed must give another day"
    assert set(figures) == {"on", "off"}, figures
    for column in figures.values():
        assert set(column) == MEMBERS, column
        assert column["codes"] == 600
        assert 0 < column["codes_with_live_route"] <= column["codes"]
        assert column["non_final"] == 0, "a message has no end"
    assert figures["on"]["dead_codes_sent"] == 0
    assert figures["on"]["limits_exceeded"] == 0
    assert figures["on"]["radio_5s"] >= 0.98, "two hours have a cut and a fifth of the phones fail"
    assert figures["on"]["radio_5s"] > figures["off"]["radio_5s"]


if __name__ == "__main__":
    main()
