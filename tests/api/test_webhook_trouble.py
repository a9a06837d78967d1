"""Webhooks whose receiver fails, stalls, resets, answers slowly or rubbish, and a gateway that is
restarted or killed meanwhile: each event arrives, with the same id, in order for its message."""

import threading
import time

import pytest

from support.gateway import Gateway
from support.receiver import Receiver, hook, send
from support.wait import wait_for

OK = b"HTTP/1.1 200 OK\r\n"
TROUBLES = [302, 400, 404, 500, 503, None, b"hello\r\n\r\n", b"", b"HTTP/1.1 2",
            OK + b"Content-Length: 10\r\n\r\nab", OK + b"X-Much: " + 300000 * b"x" + b"\r\n\r\n"]


def flags(certificate):
    return ["--webhook.allow_private", "--webhook.ca_file", certificate[0],
            "--webhook.first_retry", "100ms"]


@pytest.fixture(scope="module")
def gateway(certificate):
    with Gateway(*flags(certificate)) as running:
        yield running


def told(receiver):
    """(message, event): id of the event, for all that arrived; one id each, however often."""
    ids = {}
    for call in receiver.at():
        what = call.json["payload"]["messageId"], call.json["event"]
        assert ids.setdefault(what, call.json["id"]) == call.json["id"]
    return ids


def check_order(receiver):
    """Nothing is told of a message after what came later in its life."""
    seen = {}
    for call in receiver.at():
        seen.setdefault(call.json["payload"]["messageId"], []).append(call.json["event"])
    for events in seen.values():
        assert events == sorted(events, key=["sms:sent", "sms:delivered"].index)


def test_again_in_order_with_the_same_id(account, receiver):
    """A receiver for each kind of trouble, which each takes the third call."""
    def twice(bad):
        return lambda count: bad if count <= 2 else 200
    for number, bad in enumerate(TROUBLES):
        receiver.answers["/%d" % number] = twice(bad)
        hook(account, receiver.url("/%d" % number), "sms:sent", "sms:delivered")
    phone = account.add_phone()
    send(account)
    phone.deliver(phone.wait_pull()[0])
    for number, bad in enumerate(TROUBLES):
        calls = receiver.wait(4, "/%d" % number)
        assert [call.json["event"] for call in calls] == 3 * ["sms:sent"] + ["sms:delivered"], bad
        assert len({call.body for call in calls}) == 2
    assert not receiver.at("/elsewhere")


def test_one_message_that_nobody_takes_holds_up_no_other(account, receiver):
    hook(account, receiver.url(), "sms:sent", "sms:delivered")
    phone = account.add_phone()
    first = send(account)
    receiver.answers["/hook"] = lambda count: (
        500 if receiver.at()[-1].json["payload"]["messageId"] == first else 200)
    phone.deliver(phone.wait_pull()[0])
    receiver.wait(1)
    second = send(account)
    phone.deliver(phone.wait_pull()[0])
    wait_for(lambda: (second, "sms:delivered") in told(receiver), "the second message's events")
    assert (first, "sms:delivered") not in told(receiver)
    receiver.answers["/hook"] = 200
    wait_for(lambda: len(told(receiver)) == 4, "the first message's events")
    check_order(receiver)


def test_a_slow_answer_is_an_answer(account, receiver):
    receiver.answers["/hook"] = lambda count: time.sleep(0.5) or 204
    hook(account, receiver.url(), "sms:sent", "sms:delivered")
    phone = account.add_phone()
    send(account)
    phone.deliver(phone.wait_pull()[0])
    calls = receiver.wait(2)
    assert [call.json["event"] for call in calls] == ["sms:sent", "sms:delivered"]
    assert len(receiver.at()) == 2


def test_a_receiver_that_comes_back(account, certificate):
    """Nobody listens at first: a refused connection is a failure like another."""
    away = Receiver(*certificate)
    away.close()
    hook(account, away.url(), "sms:sent", "sms:delivered")
    phone = account.add_phone()
    messages = {send(account) for _ in range(5)}
    for message in phone.wait_pull(5):
        phone.deliver(message)
    no_answer = 'otpgate_webhook_tries_total{result="no_answer"}'
    before = account.gateway.metric(no_answer)
    wait_for(lambda: account.gateway.metric(no_answer) >= before + 5, "tries")
    back = Receiver(*certificate, port=away.port)
    wait_for(lambda: len(told(back)) == 10, "all events")
    assert {message for message, _ in told(back)} == messages
    check_order(back)
    back.close()


@pytest.mark.parametrize("end", ["kill", "restart"])
def test_ended_in_the_middle(certificate, receiver, end):
    """The receiver is slow, breaks some calls, and stalls one for ever when the gateway ends."""
    release = threading.Event()

    def answer(count):
        if count == 12:
            release.wait(60)
        if count % 4 == 0:
            return 500 if count % 8 else None
        time.sleep(0.02)
        return 200

    with Gateway(*flags(certificate)) as gateway:
        account = gateway.account()
        hook(account, receiver.url(), "sms:sent", "sms:delivered")
        phone = account.add_phone()
        receiver.answers["/hook"] = answer
        sent = {send(account) for _ in range(20)}
        for message in phone.wait_pull(20):
            phone.deliver(message)
        receiver.wait(15)
        gateway.kill() if end == "kill" else gateway.end()
        release.set()
        gateway.start()
        wait_for(lambda: len(told(receiver)) == 40, "all events")
        assert {message for message, _ in told(receiver)} == sent
        check_order(receiver)
