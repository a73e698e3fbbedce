# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: kubectl, waiting, profiles and runs as Python dictionaries, the audit log."""
import contextlib
import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBECTL = ([str(ROOT / "hack/cluster"), "kubectl"] if not os.environ.get("KUBECONFIG") else ["kubectl"])
if os.environ.get("LOADSTONE_KUBECTL"):
    KUBECTL = os.environ["LOADSTONE_KUBECTL"].split()
GROUP = "loadstone.dev/v1alpha1"
SYSTEM = "loadstone-system"


class Refused(Exception):
    pass


def kubectl(*args, body=None, check=True, timeout=120):
    done = subprocess.run([*KUBECTL, *args], input=body, text=True, capture_output=True, timeout=timeout)
    if check and done.returncode != 0:
        raise Refused(done.stderr.strip())
    return done.stdout


def get(kind, name, namespace):
    """The object, or None."""
    text = kubectl("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found")
    return json.loads(text) if text.strip() else None


def items(kind, namespace, selector=None):
    args = ["get", kind, "-n", namespace, "-o", "json"]
    if selector:
        args += ["-l", selector]
    return json.loads(kubectl(*args))["items"]


def apply(*objects):
    kubectl("apply", "-f", "-", body="\n---\n".join(json.dumps(o) for o in objects))


def delete(kind, name, namespace, wait=True):
    kubectl("delete", kind, name, "-n", namespace, "--ignore-not-found", f"--wait={str(wait).lower()}")


def until(seconds, what, look, pause=0.25):
    """Repeats look() until it returns something true, and returns that; what: words, or a function that finds them at the end."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)


def namespace(name):
    """An empty namespace of that name: what an earlier run of the tests left is removed first."""
    delete("namespace", name, "default")
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})


def server(namespace_name, name, **more):
    """A Deployment and its Service, as server_objects() has them."""
    apply(*server_objects(namespace_name, name, **more))


def server_objects(namespace_name, name, image="localhost/loadstone-nginx:1", args=None, port=8080, replicas=1, labels=None):
    container = {
        "name": "server", "image": image, "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": port}],
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    if args:
        container["args"] = args
    labels, more = {"app": name}, labels or {}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace_name},
         "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
             "metadata": {"labels": {**labels, **more}},
             "spec": {"terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False,
                      "securityContext": {"runAsNonRoot": True, "runAsUser": 65532,
                                          "seccompProfile": {"type": "RuntimeDefault"}},
                      "containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}}}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace_name},
         "spec": {"selector": labels, "ports": [{"name": "http", "port": port, "targetPort": port}]}}]


def server_ready(namespace_name, name):
    kubectl("rollout", "status", f"deployment/{name}", "-n", namespace_name, "--timeout=180s", timeout=200)


def deployer(namespace_name):
    """The account of that name, which may change Deployments and ConfigMaps."""
    group, meta = "rbac.authorization.k8s.io", {"name": "deployer", "namespace": namespace_name}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "patch"]},
             {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]}]
    apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
    apply({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": rules},
          {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": {"apiGroup": group, "kind": "Role", "name": "deployer"},
           "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": namespace_name}]})


def profile(namespace_name, name, service, shape, port="http", path="/", **more):
    spec = {
        "target": {"service": {"name": service, "port": port}},
        "load": {"requests": [{"name": "get", "path": path}], "shape": shape, "timeout": "5s",
                 "concurrency": {"connections": 8}, "warmup": "0s", "cooldown": "0s"},
        # These tests share two cores with the whole cluster: lateness is not what they are about.
        "validity": {"minWindow": "1s", "pacingLateness": "10s", "generatorCPU": "100%", "throttled": "100%"},
        "placement": {"resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}},
    }
    for key, value in more.items():
        if isinstance(value, dict):
            spec.setdefault(key, {}).update(value)
        else:
            spec[key] = value
    return {"apiVersion": GROUP, "kind": "PerformanceProfile",
            "metadata": {"name": name, "namespace": namespace_name}, "spec": spec}


def run(namespace_name, name, profile_name, **more):
    return {"apiVersion": GROUP, "kind": "BenchmarkRun",
            "metadata": {"name": name, "namespace": namespace_name}, "spec": {"profile": profile_name, **more}}


def hold(rate, seconds):
    return {"hold": {"rate": f"{rate}/s", "for": f"{seconds}s"}}


def status_of(namespace_name, name):
    found = get("benchmarkrun", name, namespace_name)
    return found.get("status", {}) if found else {}


def seconds_of(text):
    """Seconds since 1970 of a time in status."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def condition(status, kind):
    for entry in status.get("conditions", []):
        if entry["type"] == kind:
            return entry
    return {}


def finished(namespace_name, name, seconds=90):
    """Waits for the end and returns the status."""
    def look():
        status = status_of(namespace_name, name)
        return status if condition(status, "Finished").get("status") == "True" else None
    return until(seconds, lambda: f"run {namespace_name}/{name} to finish: {json.dumps(status_of(namespace_name, name))}", look)


def kstatus(kind, name, namespace_name):
    """What the library that Flux uses makes of the object: InProgress, Current, Failed."""
    program = os.environ.get("LOADSTONE_KSTATUS", "kstatus")
    return subprocess.run([program], input=json.dumps(get(kind, name, namespace_name)), text=True, capture_output=True,
                          check=True).stdout.strip()


def in_phase(namespace_name, name, *phases, seconds=60):
    return until(seconds, f"run {name} in {phases}", lambda: status_of(namespace_name, name).get("phase") in phases, 0.1)


def in_network(*command):
    """What a command prints that runs in the cluster's network."""
    return subprocess.run([str(ROOT / "hack/cluster"), "exec", *command], text=True, capture_output=True, check=True).stdout


def operator_pods():
    return [p for p in items("pods", SYSTEM, "app.kubernetes.io/name=loadstone-operator")
            if not p["metadata"].get("deletionTimestamp")]


class Operator:
    """The operator as a process of this machine, with the rights of its service account; killed and started again at will."""

    last = None  # whose log a failed test shows
    users, guard = 0, threading.RLock()

    @classmethod
    @contextlib.contextmanager
    def borrowed(cls):
        """The one that all chapters share which are run side by side: killed for one, it is killed for all."""
        with cls.guard:
            cls.users += 1
            operator = cls.last if cls.users > 1 else cls()
        try:
            yield operator
        finally:
            with cls.guard:
                cls.users -= 1
                if not cls.users:
                    operator.end()

    def __init__(self):
        Operator.last = self
        kubectl("scale", "deployment/loadstone-operator", "-n", SYSTEM, "--replicas=0")
        until(30, "the installed operator to be gone", lambda: not items("pods", SYSTEM, "app.kubernetes.io/name=loadstone-operator"))
        token = kubectl("create", "token", "loadstone-operator", "-n", SYSTEM, "--duration=1h").strip()
        path = subprocess.run([str(ROOT / "hack/cluster"), "kubeconfig"], text=True, capture_output=True, check=True).stdout.strip()
        admin = json.loads(kubectl("config", "view", "--raw", "-o", "json", "--kubeconfig", path))
        cluster = admin["clusters"][0]["cluster"]
        self.folder = tempfile.mkdtemp(prefix="loadstone-e2e.")
        self.kubeconfig = pathlib.Path(self.folder) / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": {"token": token}}]}))
        self.log = open(pathlib.Path(self.folder) / "operator.log", "w")
        self.process = None
        self.start()

    def start(self):
        self.process = self.second()

    def second(self, preset="release"):
        """One more of them; the caller ends it."""
        return subprocess.Popen(
            [str(ROOT / f"build/{preset}/bin/loadstone-operator"), "--kubeconfig", str(self.kubeconfig), "--port", "0", "--metrics-port", "0"],
            stdout=self.log, stderr=self.log)

    def pause(self):
        self.process.kill()
        self.process.wait()

    def kill(self):
        with self.guard:
            self.pause()
            self.start()

    def log_tail(self, lines):
        return (pathlib.Path(self.folder) / "operator.log").read_text().splitlines()[-lines:]

    def end_process(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def end(self):
        self.end_process()
        kubectl("scale", "deployment/loadstone-operator", "-n", SYSTEM, "--replicas=1")
        kubectl("rollout", "status", "deployment/loadstone-operator", "-n", SYSTEM, "--timeout=60s")


def another_operator():
    """The operator is killed, be it a process or a pod, and another one goes on."""
    with Operator.guard:
        if Operator.users:
            Operator.last.kill()
            return
        names = [pod["metadata"]["name"] for pod in operator_pods()]
        assert names, "no operator that could be killed"
        kubectl("delete", "pod", *names, "-n", SYSTEM, "--grace-period=0", "--force")


def audit(since_wall):
    """Write requests in the API server's audit log since that time, as dictionaries."""
    path = subprocess.run([str(ROOT / "hack/cluster"), "audit-log"], text=True, capture_output=True, check=True).stdout.strip()
    found = []
    with open(path) as log:
        for line in log:
            entry = json.loads(line)
            if entry.get("stageTimestamp", "") >= since_wall:
                found.append(entry)
    return found


def install():
    """The operator as a user installs it, from the image that is on the node."""
    kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "deploy/base"))
    kubectl("wait", "--for=condition=Established", "crd/benchmarkruns.loadstone.dev",
              "crd/performanceprofiles.loadstone.dev", "--timeout=30s")
    kubectl("scale", "deployment/loadstone-operator", "-n", SYSTEM, "--replicas=1")
    kubectl("rollout", "restart", "deployment/loadstone-operator", "-n", SYSTEM)
    kubectl("rollout", "status", "deployment/loadstone-operator", "-n", SYSTEM, "--timeout=120s")
    # What is written in its first five seconds does not count as checked (operator/authors.c).
    made = [get(kind, "loadstone-authors", "default") for kind in ("validatingadmissionpolicy", "validatingadmissionpolicybinding")]
    in_force = max(seconds_of(one["metadata"]["creationTimestamp"]) for one in made) + 6
    until(10, "the policy on authors to be in force", lambda: time.time() > in_force)


def at_once(function, calls):
    """Calls the function with each of these arguments, all at the same time, until the last comes back."""
    threads = [threading.Thread(target=function, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Suite:
    """Runs functions as tests, some side by side, and counts."""

    def __init__(self):
        self.passed, self.failed, self.lock = 0, 0, threading.Lock()

    def one(self, test, *args):
        name, start = " ".join([test.__name__.replace("_", " "), *(str(a) for a in args if isinstance(a, (str, int)))]), time.monotonic()
        try:
            test(*args)
            problem = None
        except Exception as error:  # noqa: BLE001 a test may fail in any way
            problem = f"{type(error).__name__}: {error}"
        with self.lock:
            if problem is None:
                self.passed += 1
                print(f"ok     {name} ({time.monotonic() - start:.1f} s)", flush=True)
            else:
                self.failed += 1
                print(f"not ok {name} ({time.monotonic() - start:.1f} s)\n       {problem}", flush=True)
                for line in Operator.last.log_tail(40) if Operator.last else []:
                    print(f"       | {line}", flush=True)

    def side_by_side(self, *calls):
        """Each call is (test, *args)."""
        at_once(self.one, calls)

    def chapters(self, *chapters):
        """Each is a function that has tests made, of this suite; they go on side by side. What breaks off outside of a test fails, too."""
        def chapter(tests):
            try:
                tests(self)
            except Exception as error:  # noqa: BLE001 as above
                def to_its_end():
                    raise error
                to_its_end.__name__ = f"{tests.__module__} comes to its end"
                self.one(to_its_end)
        at_once(chapter, [(tests,) for tests in chapters])

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0
