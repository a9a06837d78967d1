"""Does the time of a check tell whether its verification exists? Wrong codes for an id that exists and for
one that does not, over one connection, in pairs whose order is up to dice: what else the machine does then
changes both of a pair alike, and the median of their differences is the figure."""

import http.client
import json
import random
import statistics
import time

WRONG = {"code": "000000", "purpose": "login"}


class Caller:
    def __init__(self, gateway):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        self.headers = {"Authorization": gateway.bearer, "Content-Type": "application/json"}

    def post(self, path, body):
        """The answer, and microseconds until it was read."""
        text = json.dumps(body)
        began = time.perf_counter()
        self.connection.request("POST", path, text, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        return json.loads(content), answer.status, (time.perf_counter() - began) * 1e6


def measure(gateway, count):
    caller, dice = Caller(gateway), random.Random(1)
    known = [caller.post("/otp/v1/verifications",
                         {"to": "+49151%08d" % i, "purpose": "login", "code": "482913"})[0]["id"]
             for i in range(count)]
    unknown = [one[:8] + "".join(dice.sample(one[8:], len(one) - 8)) for one in known]
    dice.shuffle(unknown)
    took = {200: [], 404: []}
    for pair in zip(known, unknown):
        for one in dice.sample(pair, 2):
            _, status, us = caller.post("/otp/v1/verifications/%s/check" % one, WRONG)
            took[status].append(us)
    known_us, unknown_us = statistics.median(took[200]), statistics.median(took[404])
    apart_us = statistics.median(b - a for a, b in zip(took[200], took[404]))
    return {"timing_known_us": known_us, "timing_unknown_us": unknown_us,
            "timing_difference": abs(apart_us) / known_us * 100}
