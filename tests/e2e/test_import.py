"""`otpgate import sms-gate`: after it, clients log in with the passwords that they had and phones go
on with the tokens that they have, as if nothing had happened."""

import contextlib
import gzip
import os
import pathlib
import sqlite3
import subprocess

import pytest

from support.client import basic, bearer
from support.gateway import M, T, Gateway, clean_environment, program
from support.wait import wait_for

FIXTURE = os.path.join(os.path.dirname(__file__), "../unit/import/data/sms-gate.sql")
REAL_DUMP = os.path.join(os.path.dirname(FIXTURE), "mariadb-dump.sql")
SCHEMA = pathlib.Path(__file__).parents[2] / "src/store/schema"
LOGIN, PASSWORD = "VQ4GII", "cp2pydvxd2zwpx"
DEVICE, TOKEN = "PyDmBQZZXYmyxMwED8Fzy", "bP0ZdK6rC6hCYZSjzmqhQ"


def import_dump(data, dump, *flags):
    return subprocess.run(
        [program(), "import", "sms-gate", "--dump", str(dump), "--data", str(data), *flags],
        capture_output=True, text=True, env=clean_environment({}), cwd=os.path.dirname(data),
        check=False)


def fixture_text():
    with open(FIXTURE, encoding="utf-8") as file:
        return file.read()


def stored_hash(gateway, login):
    with sqlite3.connect("file:%s/otpgate.db?mode=ro" % gateway.data, uri=True) as database:
        return database.execute("SELECT secret FROM credentials WHERE login = ?",
                                (login,)).fetchone()[0]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    root = tmp_path_factory.mktemp("import")
    done = import_dump(root / "data", FIXTURE)
    assert done.returncode == 0, done.stderr
    with Gateway(root=str(root)) as running:
        yield running


def test_the_table_tells_what_came(tmp_path):
    done = import_dump(tmp_path / "data", FIXTURE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["vq4gii", "VQ4GII", "2", "2", "yes", "2026-01-04T05:06:07"]
    assert lines[2].split() == ["o-brien", "O'Brien", "0", "0", "-", "-"]
    assert lines[-1] == ("Imported: accounts 2, phones 2, webhooks 2, settings 1; "
                         "deleted rows left out: 5")


def rows_of(data):
    """What was imported, but for ids that are made anew and for what is sealed."""
    with contextlib.closing(sqlite3.connect(data / "otpgate.db")) as database:
        return [database.execute(statement).fetchall() for statement in (
            "SELECT login, secret FROM credentials WHERE login IS NOT NULL "
            "ORDER BY login",
            "SELECT id, name, sims, created_at, last_seen_at "
            "FROM devices ORDER BY id",
            "SELECT id, device_id, url, event FROM webhooks ORDER BY id",
            "SELECT count(*) FROM phone_settings")]


def test_a_real_dump_is_read_as_the_one_by_hand(tmp_path):
    """The same rows, loaded into MariaDB 10.11 and written by its mariadb-dump."""
    for name, dump in (("hand", FIXTURE), ("real", REAL_DUMP)):
        done = import_dump(tmp_path / name, dump)
        assert done.returncode == 0, done.stderr
    assert rows_of(tmp_path / "real") == rows_of(tmp_path / "hand")


def test_old_passwords_work_and_are_hashed_anew(gateway):
    assert stored_hash(gateway, LOGIN).startswith("$2a$10$")
    assert gateway.client(basic(LOGIN, "wrong")).get(T + "/devices").status == 401
    assert stored_hash(gateway, LOGIN).startswith("$2a$10$")
    client = gateway.client(basic(LOGIN, PASSWORD))
    listed = client.get(T + "/devices").expect(200).json
    assert sorted(device["id"] for device in listed) == sorted([DEVICE, "Q1w2E3r4T5y6U7i8O9p0a"])
    wait_for(lambda: stored_hash(gateway, LOGIN).startswith("$argon2id$"))
    gateway.client(basic(LOGIN, PASSWORD)).get(T + "/devices").expect(200)
    assert gateway.client(basic(LOGIN, "wrong")).get(T + "/devices").status == 401
    gateway.client(basic("O'Brien", "Grüße aus Köln")).get(T + "/devices").expect(200)


def test_phones_go_on_with_their_tokens(gateway):
    phone = gateway.client(bearer(TOKEN))
    phone.patch(M + "/device", {"id": DEVICE}).expect(204)
    assert phone.get(M + "/device").expect(200).json["device"]["id"] == DEVICE
    client = gateway.client(basic(LOGIN, PASSWORD))
    sent = client.post(T + "/messages", {
        "deviceId": DEVICE, "phoneNumbers": ["+4915112345678"],
        "textMessage": {"text": "hello again"}}).expect(202).json
    assert [m["id"] for m in phone.get(M + "/message").expect(200).json] == [sent["id"]]
    gone = gateway.client(bearer("token_of_deleted_0001"))
    assert gone.patch(M + "/device", {"id": "x"}).status == 401


def test_settings_and_webhooks_come_along(gateway):
    client = gateway.client(basic(LOGIN, PASSWORD))
    settings = client.get(T + "/settings").expect(200).json
    assert settings == {"messages": {"limit_value": 5, "limit_period": "PerHour"},
                        "ping": {"interval_seconds": 60}}
    hooks = client.get(T + "/webhooks").expect(200).json
    assert sorted((hook["id"], hook["event"], hook["deviceId"]) for hook in hooks) == [
        ("LreFUt-Z3sSq0JufY9uWB", "sms:received", None),
        ("for-one-phone", "sms:delivered", DEVICE)]
    seen = gateway.client(bearer(TOKEN)).get(M + "/webhooks").expect(200).json
    seen = [hook for hook in seen if "/mobile/v1/inbox/" not in hook["url"]]
    assert len(seen) == 2  # phones tell of states too, as they did
    other = gateway.client(basic("O'Brien", "Grüße aus Köln"))
    assert other.get(T + "/webhooks").expect(200).json == []


def test_the_audit_log_tells_of_it(gateway):
    with sqlite3.connect("file:%s/otpgate.db?mode=ro" % gateway.data, uri=True) as database:
        lines = [str(row) for row in database.execute("SELECT * FROM audit")]
    told = [line for line in lines if "imported" in line]
    assert sum("admin.account" in line for line in told) == 2
    assert sum("admin.device" in line for line in told) == 2
    assert TOKEN not in "".join(lines) and "$2a$" not in "".join(lines)


def test_a_running_server_is_left_alone(gateway):
    done = import_dump(gateway.data, FIXTURE)
    assert done.returncode == 2 and str(gateway.process.pid) in done.stderr, done.stderr


def test_a_dry_run_changes_nothing(tmp_path):
    done = import_dump(tmp_path / "data", FIXTURE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "To import: accounts 2," in done.stdout and "Nothing was changed." in done.stdout
    assert not (tmp_path / "data").exists()
    assert import_dump(tmp_path / "data", FIXTURE).returncode == 0
    before = (tmp_path / "data" / "otpgate.db").read_bytes()
    done = import_dump(tmp_path / "data", FIXTURE, "--dry-run")
    assert done.returncode == 2 and "exists here already" in done.stderr
    assert (tmp_path / "data" / "otpgate.db").read_bytes() == before


def older_database(path, last):
    """As a program of the time wrote it that knew the schema up to this number."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, "
                         "name TEXT NOT NULL, applied_at BIGINT NOT NULL)")
        for file in sorted(SCHEMA.glob("*.sql"))[:last]:
            script = file.read_text(encoding="utf-8")
            for word, meant in (("{blob}", "BLOB"), ("{without_rowid}", "WITHOUT ROWID")):
                script = script.replace(word, meant)
            database.executescript(script)
            database.execute("INSERT INTO schema_migrations VALUES (?, ?, 1)",
                             (int(file.stem[:4]), file.stem[5:]))
        database.commit()


def contents(data):
    """Of all files but the lock, which names its last holder."""
    return {file.name: file.read_bytes() for file in data.iterdir() if file.suffix != ".lock"}


def test_a_dry_run_leaves_an_older_database_as_it_was(tmp_path):
    """It is brought forward for the look, and that is undone."""
    data = tmp_path / "data"
    assert import_dump(data, FIXTURE).returncode == 0
    (data / "otpgate.db").unlink()  # the key stays
    older_database(data / "otpgate.db", 5)
    before = contents(data)
    done = import_dump(data, FIXTURE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "To import: accounts 2, phones 2, webhooks 2, settings 1" in done.stdout
    assert contents(data) == before
    done = import_dump(data, FIXTURE)
    assert done.returncode == 0 and "Imported: accounts 2" in done.stdout, done.stderr
    with contextlib.closing(sqlite3.connect(data / "otpgate.db")) as database:
        newest = database.execute("SELECT max(number) FROM schema_migrations").fetchone()[0]
    assert newest == len(list(SCHEMA.glob("*.sql")))


def test_one_bad_row_and_nothing_is_imported(tmp_path):
    dump = tmp_path / "bad.sql"
    dump.write_text(fixture_text().replace("(_binary 'O\\'Brien','$2b$04$", "('O','$9$04$"),
                    encoding="utf-8")
    line = dump.read_text(encoding="utf-8").split("('O','$9$04$")[0].count("\n") + 1
    done = import_dump(tmp_path / "data", dump)
    assert done.returncode == 2 and done.stdout == ""
    assert "line %d, users: password_hash is no bcrypt hash" % line in done.stderr
    assert "1 row cannot be taken, so nothing was imported" in done.stderr
    with sqlite3.connect(tmp_path / "data" / "otpgate.db") as database:
        for table in ("accounts", "credentials", "devices", "webhooks"):
            assert database.execute("SELECT count(*) FROM " + table).fetchone() == (0,)


def test_compressed_cut_off_and_foreign_dumps(tmp_path):
    packed = tmp_path / "dump.sql.gz"
    packed.write_bytes(gzip.compress(fixture_text().encode()))
    assert import_dump(tmp_path / "data", packed, "--dry-run").returncode == 0
    cut = tmp_path / "cut.sql"
    cut.write_text(fixture_text()[:3000], encoding="utf-8")
    other = tmp_path / "other.sql"
    other.write_text("CREATE TABLE `x` (`id` int);\n", encoding="utf-8")
    cases = [(cut, "the dump ends"), (other, "no account in this dump"),
             (tmp_path / "none.sql", "cannot open")]
    for dump, why in cases:
        done = import_dump(tmp_path / "data", dump)
        assert done.returncode == 2 and why in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()


def test_help_and_wrong_words(tmp_path):
    for words, status, text in [
            (["--help"], 0, "--dry-run"), ([], 1, "sms-gate"), (["twilio"], 1, "sms-gate"),
            (["sms-gate"], 1, "--dump FILE is missing"),
            (["sms-gate", "--dump"], 1, "needs a file"),
            (["sms-gate", "--dump", "x", "--dry"], 1, "unknown flag")]:
        done = subprocess.run([program(), "import", *words], capture_output=True, text=True,
                              cwd=tmp_path, env=clean_environment({}), check=False)
        assert done.returncode == status and text in done.stdout + done.stderr, (words, done)
