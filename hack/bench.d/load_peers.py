# SPDX-License-Identifier: Apache-2.0
"""The generators written in Go that the load worker is held against: how each is had, what it is told, and how its count is read."""
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODULES = {"fortio": "fortio.org/fortio@v1.68.2", "vegeta": "github.com/tsenart/vegeta/v12@v12.12.0", "k6": "go.k6.io/k6@v1.8.1"}


def go_program(name):
    """Built from its module once and kept outside the tree, by module and version. A peer that cannot be had ends the benchmark: a figure
    without it would look like one with it."""
    module = MODULES[name]
    command = f""". hack/lib/common.sh; folder=$CACHE/go/peers/{module.replace("/", "_")}
if [ ! -x "$folder/{name}" ]; then
        say "building {module}"
        need_go >&2
        (cd /tmp && GOBIN=$folder CGO_ENABLED=0 retry 3 go install {module}) >&2 || exit 1
fi
printf %s "$folder"/{name}"""
    return subprocess.run(["bash", "-c", command], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout


def found(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise RuntimeError(f"no {pattern} in {text[-2000:]}")
    return int(match.group(1))


def hey(folder, url, connections, seconds, rate=0):
    """hey of Debian; its rate is that of each connection."""
    pace = ["-q", rate / connections] if rate else []
    return ["hey", "-z", f"{seconds}s", "-c", connections, *pace, url], lambda out: found(r"\[200\]\s+(\d+) responses", out)


def fortio(folder, url, connections, seconds, rate=0):
    command = [go_program("fortio"), "load", "-quiet", "-qps", rate, "-c", connections, "-t", f"{seconds}s", "-json", folder / "fortio.json", url]
    return command, lambda out: json.loads((folder / "fortio.json").read_text())["RetCodes"]["200"]


def vegeta(folder, url, connections, seconds, rate):
    (folder / "targets").write_text(f"GET {url}\n")
    results = folder / "vegeta.bin"
    program = go_program("vegeta")
    command = [program, "attack", f"-rate={rate}", f"-duration={seconds}s", f"-connections={connections}", f"-workers={connections}",
               f"-max-workers={connections}", f"-targets={folder}/targets", f"-output={results}"]

    def count(_):
        report = subprocess.run([program, "report", "-type=json", results], check=True, capture_output=True, text=True).stdout
        return json.loads(report)["status_codes"]["200"]
    return command, count


def k6(folder, url, connections, seconds, rate=0):
    if rate:
        scenario = {"executor": "constant-arrival-rate", "rate": rate, "timeUnit": "1s", "duration": f"{seconds}s",
                    "preAllocatedVUs": connections, "maxVUs": connections}
    else:
        scenario = {"executor": "constant-vus", "vus": connections, "duration": f"{seconds}s"}
    (folder / "k6.js").write_text(
        f"import http from 'k6/http'; export const options = {{discardResponseBodies: true, scenarios: {{s: {json.dumps(scenario)}}}}};"
        f"export default () => http.get('{url}');")
    command = [go_program("k6"), "run", "--quiet", "--no-usage-report", "--summary-export", folder / "k6.json", folder / "k6.js"]
    return command, lambda _: json.loads((folder / "k6.json").read_text())["metrics"]["http_reqs"]["count"]


# name -> (how it is run, mark of the closed loop: requests per CPU second ours/theirs at least; of the open loop: CPU ours/theirs at most)
PEERS = {"fortio": (fortio, 1.0, 0.75), "hey": (hey, 2.5, 0.5), "vegeta": (vegeta, None, 0.35), "k6": (k6, 6.0, 0.25)}
