"""Check 30 of the sms-gate.app checklist: limits on what waits for one phone."""

import re
import time

import pytest

from support.gateway import T, Gateway
from support.phone import date
from support.wait import wait_for

BODY = {"phoneNumbers": ["+4915112345678"], "textMessage": {"text": "x"}}


def send(account, status=202, **changes):
    return account.app.post(T + "/messages", dict(BODY, **changes)).expect(status)


def check_refused(account, reason, **changes):
    answer = send(account, 503, **changes)
    assert re.fullmatch("failed to enqueue message: queue limits exceeded: " + reason,
                        answer.json["message"])
    assert int(answer.headers["Retry-After"]) > 0


@pytest.fixture(scope="module")
def strict():
    with Gateway("--message.queue_max_pending", "3", "--message.queue_max_failed", "2") as gateway:
        yield gateway


def test_check_30_count(strict):
    account = strict.account()
    phone, another = account.add_phone(), account.add_phone()
    for _ in range(3):
        send(account, deviceId=phone.id)
    check_refused(account, "too many pending messages: 3 / 3", deviceId=phone.id, id="refused")
    assert int(account.app.get(T + "/messages").headers["X-Total-Count"]) == 3
    send(account, deviceId=another.id)
    phone.pull()
    check_refused(account, "too many pending messages: 3 / 3", deviceId=phone.id)
    phone.report(phone.pull()[0], "Sent")
    send(account, deviceId=phone.id, id="refused")  # its id was not used up


def test_check_30_messages_for_later_do_not_count(strict):
    account = strict.account()
    account.add_phone()
    for _ in range(5):
        send(account, scheduleAt=date(3600))
    for _ in range(3):
        send(account)
    check_refused(account, "too many pending messages: 3 / 3")


def test_check_30_failed_in_a_row(strict):
    account = strict.account()
    phone = account.add_phone()
    for state in ("Failed", "Delivered", "Failed", "Failed"):
        send(account)
        phone.report(phone.pull()[0], state, error="RESULT_ERROR" if state == "Failed" else None)
    check_refused(account, "too many failed messages")
    other = strict.account()
    other.add_phone()
    send(other)


def test_check_30_age():
    with Gateway("--message.queue_max_pending_age", "1s") as gateway:
        account = gateway.account()
        phone = account.add_phone()
        send(account)
        started = time.monotonic()
        answer = wait_for(lambda: (lambda a: a.status == 503 and a)(
            account.app.post(T + "/messages", BODY)))
        assert time.monotonic() - started > 0.5
        assert re.fullmatch(r"failed to enqueue message: queue limits exceeded: "
                            r"too old pending message: \d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z",
                            answer.json["message"])
        for message in phone.pull():
            phone.report(message, "Sent")
        send(account)
