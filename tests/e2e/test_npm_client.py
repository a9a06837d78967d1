"""The published npm client, unmodified, over TLS with our CA, and the virtual phone."""

import json
import os
import subprocess

from support.gateway import T, Gateway
from support.routes import ROUTES
from support.virtual import VirtualPhone

HERE = os.path.dirname(os.path.abspath(__file__))


def test_check_81_every_call_of_the_npm_client():
    logs = next(one for one in ROUTES if one.path == "/3rdparty/v1/logs")
    with Gateway() as gateway:
        account = gateway.account()
        with VirtualPhone(account, "--perfect") as phone:
            phone.wait_connected()
            result = subprocess.run(
                ["node", os.path.join(HERE, "npm_client.mjs"), gateway.url + T, account.login,
                 account.password, str(logs.success)],
                env=dict(os.environ, NODE_EXTRA_CA_CERTS=gateway.ca), capture_output=True,
                text=True, timeout=60, check=False)
            assert result.returncode == 0, result.stderr
            sent = json.loads(result.stdout)
            assert sent["state"] == "Delivered"
            aired = [line for line in phone.aired() if line["id"] == sent["id"]]
            assert [line["text"] for line in aired] == ["Hello from the npm client"]
