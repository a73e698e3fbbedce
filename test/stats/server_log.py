# SPDX-License-Identifier: Apache-2.0
"""What the servers of a Deployment log of themselves while its pods come and go: when each answer was given, and how long it took there."""
import json
import statistics
import subprocess
import threading
import time

import cluster as c

# Fortio's own words: one line for each request, with what it took.
VERBOSE = [{"name": "LOGGER_LEVEL", "value": "verbose"}, {"name": "LOGGER_COMBINE_REQUEST_AND_RESPONSE", "value": "true"}]


class ServerLog:
    def __init__(self, namespace, app):
        self.namespace, self.answers, self.seen, self.processes, self.over = namespace, [], set(), [], False
        watching = self.start("get", "pods", "-l", f"app={app}", "-o", "name", "--watch")
        threading.Thread(target=self.watch, args=(watching,), daemon=True).start()

    def start(self, *args):
        process = subprocess.Popen([*c.KUBECTL, *args, "-n", self.namespace], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def watch(self, watching):
        for line in watching.stdout:
            if line.strip() not in self.seen:
                self.seen.add(line.strip())
                threading.Thread(target=self.follow, args=(line.strip(),), daemon=True).start()

    def follow(self, pod):
        """Until the pod's log has an end; while its container does not run yet there is none."""
        begun = False
        while not self.over and not begun:
            for line in self.start("logs", "-f", pod).stdout:
                begun = True
                if '"microsec"' in line:
                    said = json.loads(line)
                    self.answers.append((said["ts"], said["microsec"]))
            time.sleep(0.5)

    def end(self):
        self.over = True
        for process in self.processes:
            process.terminate()
            process.wait()

    def of(self, begin, end):
        """How long the answers took that were given between two times, seconds since 1970."""
        took = [micros for at, micros in self.answers if begin <= at < end]
        return {"requests": len(took), "p50Micros": statistics.median(took), "meanMicros": round(statistics.fmean(took), 1)} if took else None
