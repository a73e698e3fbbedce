# SPDX-License-Identifier: Apache-2.0
"""The objects of the cases in test/mesh are what the definitions of their kinds take: a case about an object that no API server would store
proves nothing. Those of Istio, Cilium and the Gateway API are the projects' own, from their Go modules; those of Linkerd, Consul and Kuma
are trimmed.py."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.path.insert(0, str(HERE.parent / "contract"))
import client  # noqa: E402
import cluster as c  # noqa: E402
import trimmed  # noqa: E402

NS = "golden-meshes"
MODULES = {  # module: the group of its definitions, and where they are
    "istio.io/api@v1.31.1": (".istio.io", "kubernetes/customresourcedefinitions.gen.yaml"),
    "sigs.k8s.io/gateway-api@v1.5.0": (".gateway.networking.k8s.io", "config/crd/experimental/gateway.networking.k8s.io_*.yaml"),
    "github.com/cilium/cilium@v1.20.2": (".cilium.io", "pkg/k8s/apis/cilium.io/client/crds/v2/*.yaml"),
}
GROUPS = tuple(group for group, _ in [*MODULES.values(), *trimmed.BY_MESH.values()])


def folder_of(module):
    done = subprocess.run(["go", "mod", "download", "-json", module], cwd="/tmp", capture_output=True, text=True)
    said = json.loads(done.stdout or "{}")
    assert "Dir" in said, f"{module}: {said.get('Error', done.stderr)}"
    return pathlib.Path(said["Dir"])


def define(here):
    """Those that are not in the cluster: a mesh that is installed brings its own, and keeps them."""
    def has(group):
        return any(name.endswith(group) for name in here)
    for module, (group, pattern) in MODULES.items():
        for path in sorted(folder_of(module).glob(pattern)) if not has(group) else []:
            c.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(path))
    for group, made in trimmed.BY_MESH.values():
        if not has(group):
            c.apply(*made())


def files():
    return sorted(path for path in (c.ROOT / "test/mesh").glob("*-*.yaml") if not path.name.startswith("world-"))


def cases(path):
    done = subprocess.run([c.ROOT / "build/debug/bin/loadstone-mesh-resolve", "--cases"], stdin=path.open(), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def objects():
    """Name of an object of its own -> (the rule it is in, whether it is there to be wrong, the object)."""
    found = {}
    for path in files():
        for one in cases(path):
            for item in one.get("objects", []):
                if not ("." + item["apiVersion"].split("/")[0]).endswith(GROUPS):
                    continue
                name = f"case-{len(found)}"
                item["metadata"] = {key: value for key, value in item["metadata"].items() if key in ("labels", "annotations")} | {"name": name}
                found[name] = (f"{path.stem}: {one['rule']}", one.get("absurd", False), item)
    return found


def refused(all_objects):
    """Name -> what the API server says against it. kubectl would check for itself, and stop at the first."""
    server = client.Server(None, subprocess.run([c.ROOT / "hack/cluster", "kubeconfig"], capture_output=True, text=True, check=True).stdout.strip())
    plural = {(item["spec"]["group"], item["spec"]["names"]["kind"]): (item["spec"]["names"]["plural"], item["spec"]["scope"])
              for item in c.items("crd", "default")}
    said = {}
    for name, (_, _, item) in all_objects.items():
        group = item["apiVersion"].split("/")[0]
        if (group, item["kind"]) not in plural:
            said[name] = f"there is no definition of {item['kind']}"
            continue
        kinds, scope = plural[group, item["kind"]]
        place = ""
        if scope == "Namespaced":
            place, item["metadata"]["namespace"] = f"/namespaces/{NS}", NS
        answer = server.request("POST", f"/apis/{item['apiVersion']}{place}/{kinds}?dryRun=All&fieldValidation=Strict", item)
        if answer.code != 201:
            said[name] = f"{answer.code} {answer.at('message')}"
    return said


def defined():
    """Names of the definitions that are there to stay. One that an earlier turn gave back is waited for: to clean up after all of them has
    taken a busy API server minutes."""
    def none_goes():
        found = {item["metadata"]["name"]: "deletionTimestamp" in item["metadata"] for item in c.items("crd", "default")}
        return None if any(found.values()) else set(found)
    return c.until(300, "definitions that were deleted are gone", none_goes, 1)


def tests(suite):
    here = defined()
    define(here)
    made = [item["metadata"]["name"] for item in c.items("crd", "default") if item["metadata"]["name"] not in here]
    if made:
        c.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", *made)
    c.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}})
    try:
        all_objects = objects()
        said = refused(all_objects)
    finally:
        c.delete("namespace", NS, "default", wait=False)
        if made:
            c.kubectl("delete", "crd", *made, "--wait=false")

    def objects_of_the_cases_are_what_their_definitions_take():
        wrong = [f"{all_objects[name][0]}: {text}" for name, text in said.items() if not all_objects[name][1]]
        assert not wrong, "\n".join(wrong)

    def absurd_ones_are_refused():
        wanted = {rule for rule, absurd, _ in all_objects.values() if absurd}
        taken = wanted - {all_objects[name][0] for name in said}
        assert wanted and not taken, taken

    def there_are_many():
        assert len(all_objects) > 300, len(all_objects)
    for test in (objects_of_the_cases_are_what_their_definitions_take, absurd_ones_are_refused, there_are_many):
        suite.one(test)
