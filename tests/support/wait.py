"""Waiting for a condition, never for a time."""

import os
import threading
import time

# A gateway under a sanitizer on a busy machine is slow; what takes so long has failed anyway.
PATIENCE_S = float(os.environ.get("TEST_PATIENCE", "20"))


def wait_for(condition, what="the condition", timeout_s=None):
    """The first true value of condition(), which is asked every few milliseconds."""
    limit_s = PATIENCE_S if timeout_s is None else timeout_s
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "%s did not come within %g s" % (what, limit_s)
        time.sleep(0.01)


def in_parallel(calls):
    """Run the functions at once, each in a thread of its own; their results in order."""
    results = [None] * len(calls)
    failures = []
    gate = threading.Barrier(len(calls))

    def run(index):
        try:
            gate.wait(PATIENCE_S)
            results[index] = calls[index]()
        except Exception as error:  # told below, by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
