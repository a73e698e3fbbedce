# SPDX-License-Identifier: Apache-2.0
"""Runs the worker and reads what it says, with decoders of its own (CRC-32C, HDR V2) that share nothing with it."""
import base64, hashlib, json, os, signal, struct, subprocess, time, zlib


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 if value & 1 else value >> 1
        table.append(value)
    return table


CRC_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class Hist:
    """Buckets of a decoded histogram: {highest equivalent value: count}, and the exact extremes beside it."""

    def __init__(self, digits=3):
        self.digits, self.counts, self.count, self.min, self.max, self.sum = digits, {}, 0, None, 0, 0

    @staticmethod
    def decode(h):
        wrapped = base64.b64decode(h["hdr"], validate=True)
        cookie, length = struct.unpack(">II", wrapped[:8])
        assert cookie == 0x1C849314 and length == len(wrapped) - 8
        payload = zlib.decompress(wrapped[8:])
        cookie, length, offset, digits, low, high, ratio = struct.unpack(">IIiIqqd", payload[:40])
        assert (cookie, offset, low, high, ratio) == (0x1C849313, 0, 1, 3600000000000, 1.0)
        assert length == len(payload) - 40
        hist = Hist(digits)
        half_bits = {2: 7, 3: 10}[digits]
        at, index = 40, 0
        while at < len(payload):
            bits = shift = 0
            for i in range(9):
                byte = payload[at]
                at += 1
                bits |= (byte if i == 8 else byte & 127) << shift
                shift += 7
                if i == 8 or byte < 128:
                    break
            value = bits >> 1 ^ -(bits & 1)
            if value < 0:
                index -= value
                continue
            if value:
                half = 1 << half_bits
                bucket = max((index >> half_bits) - 1, 0)
                sub = index - (bucket << half_bits)
                hist.counts[((sub + 1) << bucket) - 1] = value
                hist.count += value
            index += 1
        assert hist.count == h["count"]
        hist.min, hist.max, hist.sum = h["min"], h["max"], h["sum"]
        return hist

    def add(self, other):
        for value, count in other.counts.items():
            self.counts[value] = self.counts.get(value, 0) + count
        self.count += other.count
        self.sum += other.sum
        self.max = max(self.max, other.max)
        self.min = other.min if self.min is None else min(self.min, other.min)

    def at_rank(self, rank):
        seen = 0
        for value in sorted(self.counts):
            seen += self.counts[value]
            if seen >= rank:
                return min(value, self.max)

    def quantile(self, q):
        return self.at_rank(max(1, -int(-q * self.count // 1)))


def add_counters(into, counters):
    for name, value in counters.items():
        if isinstance(value, dict):
            add_counters(into.setdefault(name, {}), value)
        else:
            into[name] = into.get(name, 0) + value
    return into


class Result:
    """What one worker said, checked: frames, numbers, digest, and that parts and whole agree."""

    def __init__(self, code, out, err, message):
        self.code, self.out, self.err = code, out, err
        self.records, self.hists = [], {}
        digest = hashlib.sha256()
        for seq, line in enumerate(out.split(b"\n")[:-1]):
            assert len(line) <= 16 * 1024 - 256, len(line)
            tail = b',"crc":"%08x"}' % crc32c(line[:-18])
            assert line.endswith(tail), line[-60:]
            record = json.loads(line)
            assert record["seq"] == seq, (record["seq"], seq)
            if record["type"] == "end":
                assert record["records"] == seq and record["sha256"] == digest.hexdigest()
            digest.update(line + b"\n")
            self.records.append(record)
        assert not out or out.endswith(b"\n")
        self.end = self.one("end") if self.records else None
        self.message = None
        if message is not None:
            text = open(message, "rb").read()
            assert len(text) <= 4096 and text.endswith(b',"crc":"%08x"}' % crc32c(text[:-18]))
            self.message = json.loads(text)
            if self.end:
                assert self.message["total"] == self.end["C"]
                assert self.message["sha256"] == self.end["sha256"]
        if self.all("start") and self.end:
            self.check_sums()

    def all(self, kind):
        return [r for r in self.records if r["type"] == kind]

    def one(self, kind):
        records = self.all(kind)
        assert len(records) == 1, (kind, len(records))
        return records[0]

    def whole(self, kind, name):
        """A shape-wide histogram, added from the records of this kind."""
        hist = Hist()
        for record in self.all(kind):
            if record.get("phase") != "warmup" and name in record.get("hists", {}):
                hist.add(Hist.decode(record["hists"][name]))
        return hist

    def check_sums(self):
        total = self.end["C"]
        shape = [r for r in self.all("interval") if r["phase"] == "shape"]
        for kind, records in (("interval", shape), ("piece", self.all("piece")), ("request", self.all("request"))):
            counters = {}
            for record in records:
                if "C" in record:
                    add_counters(counters, record["C"])
            assert counters == total, (kind, counters, total)
            for name, member in (("latency", "ok"), ("error", "missed"), ("censored", "censored")):
                assert self.whole(kind, name).count == total.get(member, 0), (kind, name)
        for a, b in zip(self.all("interval"), self.all("interval")[1:]):
            cut = a["phase"] == "warmup" and b["fromMs"] == 0 and self.all("warmup") and self.one("warmup")["settled"]
            assert (a["toMs"] == b["fromMs"] or cut) and a["index"] + 1 == b["index"], (a, b)
        if self.end["reason"] == "finished":
            assert total.get("done", 0) == total.get("offered", 0) - self.end["skipped"]
        assert sum(total.get("errors", {}).values()) == total.get("missed", 0) + total.get("censored", 0), total
        assert total.get("ok", 0) + total.get("missed", 0) + total.get("censored", 0) == total.get("done", 0)


def at_once():
    """For a process about to begin: it runs as soon as it can, whatever else the machine does; where that is not allowed, as ever."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    except PermissionError:
        pass


class Worker:
    def __init__(self, program, folder, plan, index=0, start=None, extra=(), prepare=None):
        name = "%s/worker-%d-%d" % (folder, index, time.monotonic_ns())
        self.message = name + ".message"
        with open(name + ".plan", "w") as file:
            json.dump(plan, file)
        self.out, self.err = open(name + ".out", "w+b"), open(name + ".err", "w+b")
        arguments = [program, "--plan", name + ".plan", "--index", str(index), "--message", self.message]
        arguments += ["--start-file", start] if start else ["--start-now"]
        self.process = subprocess.Popen(arguments + list(extra), stdout=self.out, stderr=self.err, preexec_fn=prepare)

    def said(self, kind):
        return b'"type":"%s"' % kind.encode() in open(self.out.name, "rb").read()

    def wait_for(self, kind, seconds=10):
        until = time.monotonic() + seconds
        while not self.said(kind):
            assert time.monotonic() < until, "no %s record" % kind
            time.sleep(0.01)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def result(self, seconds=60):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the worker hangs")
        out, err = open(self.out.name, "rb").read(), open(self.err.name, "rb").read()
        assert b"Sanitizer" not in err and b"runtime error" not in err, err.decode(errors="replace")[:4000]
        return Result(code, out, err.decode(), self.message if os.path.exists(self.message) else None)


def plan_for(address, **changes):
    plan = {
        "version": 1, "run": {"uid": "uid-1", "namespace": "shop", "name": "run-1", "trial": 0}, "workers": 1, "seed": 7,
        "scheme": "http", "addresses": [address], "requests": [{"name": "hello", "path": "/hello"}],
        "timeoutMs": 2000, "connections": 16, "indexHeader": True,
        "shape": [{"kind": "hold", "rate": 500, "forMs": 1000}],
    }
    plan.update(changes)
    return plan
