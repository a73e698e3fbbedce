# SPDX-License-Identifier: Apache-2.0
"""The load worker against other generators. The peer is held against itself first: that is what the machine's noise looks like."""
import re
import statistics

from load_peers import PEERS
from load_stage import PAIRS, SECONDS, Nginx, higher, lower, ours, pairs, per_cpu_second, plan_for, prepare, spend, worst


def wrk_per_cpu_second(nginx, path, connections):
    out, cpu_s = spend(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", nginx.url(path)])
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    return int(re.search(r"(\d+) requests in", out).group(1)) / cpu_s


def h2load_per_cpu_second(nginx, connections, streams):
    out, cpu_s = spend(["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{SECONDS}", nginx.url()])
    done, failed = re.search(r"(\d+) done, \d+ succeeded, (\d+) failed", out).groups()
    assert int(failed) == 0, out
    return int(done) / cpu_s


def against_wrk(path="/", tls=False, counts=(32,)):
    prepare()
    nginx, texts, verdicts = Nginx(tls), [], []
    try:
        for connections in counts:
            def us():
                return per_cpu_second(nginx, path, connections)

            def them():
                return wrk_per_cpu_second(nginx, path, connections)
            tail = "" if connections == counts[0] else f"_{connections}"
            _, aa_low, aa_high = pairs(them, them, f"{connections} connections, wrk against itself")
            ratio, low, high = pairs(us, them, f"{connections} connections")
            texts.append(f"ratio{tail}={ratio:.3f} lo{tail}={low:.3f} hi{tail}={high:.3f} aa_lo{tail}={aa_low:.3f} aa_hi{tail}={aa_high:.3f}")
            verdicts.append(higher(low, high, 1.0))
        return f"{' '.join(texts)} peer=wrk connections={','.join(map(str, counts))} pairs={PAIRS} better=higher mark=1.00 verdict={worst(verdicts)}"
    finally:
        nginx.end()


def load_h1():
    """Requests per CPU second of the client, closed loop, answers of 6 bytes."""
    return against_wrk(counts=(32, 256))


def load_h1_tls():
    """The same over TLS 1.3."""
    return against_wrk(tls=True)


def load_h1_1k():
    """The same, answers of 1 KiB."""
    return against_wrk(path="/1k")


def load_h1_64k():
    """The same, answers of 64 KiB."""
    return against_wrk(path="/64k")


def against_h2load(tls, connections=8, streams=32):
    prepare()
    nginx = Nginx(tls, http2=True)
    try:
        def us():
            return per_cpu_second(nginx, "/", connections, streams)

        def them():
            return h2load_per_cpu_second(nginx, connections, streams)
        _, aa_low, aa_high = pairs(them, them, "h2load against itself")
        ratio, low, high = pairs(us, them, f"{connections} connections of {streams} streams")
        return (f"ratio={ratio:.3f} lo={low:.3f} hi={high:.3f} aa_lo={aa_low:.3f} aa_hi={aa_high:.3f} peer=h2load connections={connections} "
                f"streams={streams} pairs={PAIRS} better=higher mark=1.00 verdict={higher(low, high, 1.0)}")
    finally:
        nginx.end()


def load_h2():
    """Requests per CPU second of the client over HTTP/2 and TLS 1.3, closed loop, answers of 6 bytes."""
    return against_h2load(tls=True)


def load_h2c():
    """The same over HTTP/2 without TLS."""
    return against_h2load(tls=False)


def load_h1_tools(connections=32):
    """Requests per CPU second of the client, closed loop, against generators of which more is known than that they are fast."""
    prepare()
    nginx = Nginx()
    try:
        texts, verdicts = [], []
        for name, (peer, mark, _) in PEERS.items():
            if mark is None:
                continue
            command, count = peer(nginx.folder, nginx.url(), connections, SECONDS)

            def us():
                return per_cpu_second(nginx, "/", connections)

            def them():
                out, cpu_s = spend(command)
                return count(out) / cpu_s
            ratio, low, high = pairs(us, them, f"load-h1-tools {name}")
            texts.append(f"ratio_{name}={ratio:.2f} lo_{name}={low:.2f} hi_{name}={high:.2f} mark_{name}={mark}")
            verdicts.append(higher(low, high, mark))
        return f"{' '.join(texts)} connections={connections} pairs={PAIRS} better=higher verdict={worst(verdicts)}"
    finally:
        nginx.end()


def load_open(rate=10000, connections=64):
    """CPU of the client at a fixed rate, coarse pacing: ours/theirs for each peer, and how much of the rate the peer reached with it."""
    prepare()
    nginx = Nginx()
    try:
        cores, texts, verdicts = [], [], []

        def us():
            shape = [{"kind": "hold", "rate": rate, "forMs": SECONDS * 1000}]
            cpu_s = ours(plan_for(nginx, connections=connections, pacing="coarse", shape=shape))[1]
            cores.append(cpu_s / SECONDS)
            return cpu_s
        for name, (peer, _, mark) in PEERS.items():
            command, count = peer(nginx.folder, nginx.url(), connections, SECONDS, rate)
            reached = []

            def them():
                out, cpu_s = spend(command)
                reached.append(count(out) / (rate * SECONDS))
                return cpu_s
            ratio, low, high = pairs(us, them, f"load-open {name}")
            texts.append(f"ratio_{name}={ratio:.3f} lo_{name}={low:.3f} hi_{name}={high:.3f} mark_{name}={mark} reached_{name}={statistics.median(reached):.2f}")
            verdicts.append(lower(low, high, mark))
        return f"{' '.join(texts)} cores={statistics.median(cores):.2f} rate={rate} connections={connections} pairs={PAIRS} better=lower verdict={worst(verdicts)}"
    finally:
        nginx.end()


BENCHMARKS = {"load-h1": load_h1, "load-h1-tools": load_h1_tools, "load-h1-tls": load_h1_tls, "load-h1-1k": load_h1_1k, "load-h1-64k": load_h1_64k,
              "load-h2": load_h2, "load-h2c": load_h2c, "load-open": load_open}
