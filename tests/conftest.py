"""Makes the package `support` known to all tests, and gives each module its gateway."""

import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from support.gateway import Gateway  # noqa: E402
from support.receiver import Receiver, make_certificate  # noqa: E402


@pytest.fixture(scope="module")
def gateway(request):
    """One server for a module, with the flags that the module names in FLAGS."""
    with Gateway(*getattr(request.module, "FLAGS", ())) as running:
        yield running


@pytest.fixture
def account(gateway):
    return gateway.account()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(certificate, key): files of a receiver on loopback, for who is to trust it."""
    return make_certificate(str(tmp_path_factory.mktemp("receiver")))


@pytest.fixture
def receiver(certificate):
    running = Receiver(*certificate)
    yield running
    running.close()
