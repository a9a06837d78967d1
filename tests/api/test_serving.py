"""What an operator expects of a running gateway: reload, addresses, limits of the configuration."""

import os
import signal

from support.client import basic, bearer
from support.gateway import Gateway, program
from support.wait import PATIENCE_S, wait_for


class Configured(Gateway):
    """A gateway with the log's level in its file: a flag would win over what a reload reads."""

    def command(self):
        path = self.write("otpgate.toml", '[log]\nlevel = "info"\n')
        return [program(), "serve", "--data", self.data, "--config", path,
                "--listen", "127.0.0.1:0"]


def test_sighup_takes_the_log_level_and_names_what_it_cannot_take():
    with Configured() as gateway:
        gateway.write("otpgate.toml", '[log]\nlevel = "error"\n[otp]\nttl = "2m"\n')
        gateway.signal(signal.SIGHUP)
        line = "changed, but takes effect at the next start only option=otp.ttl"
        wait_for(lambda: line in gateway.log(), line)
        gateway.write("otpgate.toml", "[otp]\nttl = 9\n")
        gateway.signal(signal.SIGHUP)
        wait_for(lambda: "the old one stays" in gateway.log(), "a refusal of the wrong file")
        gateway.account()
        assert "account made" not in gateway.log()


def test_a_database_is_not_opened_without_its_own_key():
    with Gateway() as gateway:
        account = gateway.account()
        assert gateway.end() == 0
        key = os.path.join(gateway.data, "master.key")
        os.rename(key, key + ".away")
        gateway.spawn()
        assert gateway.process.wait(PATIENCE_S) == 1
        assert "restore" in gateway.log() and not os.path.exists(key)
        with open(key, "wb") as file:
            file.write(os.urandom(32))
        os.chmod(key, 0o600)
        gateway.spawn()
        assert gateway.process.wait(PATIENCE_S) == 1
        assert "was made with another key" in gateway.log()
        os.replace(key + ".away", key)
        gateway.start()
        assert gateway.client(basic(account.login, account.password)).get(
            "/3rdparty/v1/devices").expect(200).json == []


def test_a_lost_operator_credential_is_made_anew_at_a_start():
    with Gateway() as gateway:
        before = gateway.operator_token
        assert gateway.end() == 0
        os.unlink(os.path.join(gateway.data, "operator.token"))
        gateway.start()
        assert gateway.operator_token != before
        gateway.admin.get("/admin/v1/accounts").expect(200)
        gateway.client(bearer(before)).get("/admin/v1/accounts").expect(401)


def test_urls_name_the_address_that_is_listened_on(gateway, account):
    assert account.pair()["url"] == "https://localhost:%d/api/mobile/v1" % gateway.port
    with Gateway("--http.public_url", "https://sms.example:444") as named:
        assert named.account().pair()["url"] == "https://sms.example:444/api/mobile/v1"


def test_a_key_in_the_environment_does_not_take_the_operators_place(gateway, account):
    key = account.make_key(["messages:read"])["key"]
    done = gateway.cli("account", "list", env={"OTPGATE_KEY": key})
    assert done.returncode == 0 and account.name in done.stdout, done.stderr
    done = gateway.cli("account", "list", "--key", key)
    assert done.returncode == 2 and "scope required: admin" in done.stderr


def test_the_operators_limit_of_a_text():
    with Gateway("--message.text_max", "160") as gateway:
        account = gateway.account()
        account.add_phone()
        app = gateway.client(bearer(account.make_key()["key"]))
        ask = {"phoneNumbers": ["+4915112345678"], "textMessage": {"text": "ü" * 160}}
        app.post("/3rdparty/v1/messages", ask).expect(202)
        for over in ({"textMessage": {"text": "ü" * 161}}, {"message": "x" * 161}):
            ask = dict(over, phoneNumbers=["+4915112345678"])
            said = app.post("/3rdparty/v1/messages", ask).expect(400).json["message"]
            assert said.endswith("must have at most 160 characters")
