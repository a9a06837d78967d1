"""Retention at work: how long its steps hold the write lane, and what a sender notices of it."""

import re
import time

FIRST_ROUND_S = 60  # after the start
LONGEST_S = 1800


def metrics(gateway):
    return gateway.call("GET", "/metrics", parse=bytes.decode)


def purged(text, word):
    return int(re.search(r'otpgate_purged_rows_total\{class="%s"\} (\d+)' % word, text)[1])


def steps(gateway):
    """How many there were, how many of them held the lane for more than 20 ms, and a bound of the longest."""
    buckets = {float(bound): int(count) for bound, count in re.findall(
        r'otpgate_purge_step_seconds_bucket\{le="([^"]+)"\} (\d+)', metrics(gateway))}
    count = max(buckets.values())
    return {"purge_steps": count, "purge_steps_over": count - buckets[0.02],
            "purge_step_most_ms": min(b for b in buckets if buckets[b] == count) * 1e3}


def watch(gateway, message, rows):
    """Send a message every 20 ms until all rows are gone; how long that was, and how long the accepts took."""
    headers, path = [("Authorization", gateway.basic)], "/api/3rdparty/v1/messages"
    took, began, text = [], None, metrics(gateway)
    end = time.monotonic() + FIRST_ROUND_S + LONGEST_S
    while purged(text, "messages") < rows and time.monotonic() < end:
        for _ in range(20):
            sent = time.perf_counter()
            gateway.call("POST", path, message, headers)
            if began:
                took.append((time.perf_counter() - sent) * 1e3)
            time.sleep(0.02)
        text = metrics(gateway)
        if not began and purged(text, "texts") + purged(text, "messages"):
            began = time.monotonic() - 0.4
    took.sort()
    return {"purge_s": time.monotonic() - began, "purge_send_p50_ms": took[len(took) // 2],
            "purge_send_p99_ms": took[len(took) * 99 // 100]}
