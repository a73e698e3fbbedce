# SPDX-License-Identifier: Apache-2.0
"""What must hold of the CRDs as a whole: bounds everywhere, one text for profile and template, no defaults under overrides, the
defaults that pkg/api fills in, and a documentation that names every field."""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import cluster as c  # noqa: E402

FREE = {"apiVersion", "kind", "metadata"}  # the API server's own
BYTES_MAX = 256 * 1024  # of an object that kubectl apply remembers in an annotation


def crds():
    """Name of the kind -> the CRD, anchors resolved."""
    text = c.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-k", str(c.ROOT / "crds"))
    decoder, at, found = json.JSONDecoder(), 0, {}
    while at < len(text.rstrip()):
        crd, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        for item in crd.get("items", [crd]):
            found[item["spec"]["names"]["kind"]] = item
    return found


CRDS = crds()


def root(kind):
    return CRDS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


PROFILE = root("PerformanceProfile")["spec"]
RUN = root("BenchmarkRun")["spec"]["properties"]


def walk(schema, path):
    """Every schema below, with its path; additionalProperties as '*', items as '[]'."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from walk(schema["additionalProperties"], f"{path}.*")
    if "items" in schema:
        yield from walk(schema["items"], f"{path}[]")


def every_text_list_and_map_is_bounded():
    for kind in CRDS:
        for name, schema in root(kind).items():
            for path, part in walk(schema, name):
                if name in FREE:
                    continue
                is_text = part.get("type") == "string" or part.get("x-kubernetes-int-or-string")
                assert not is_text or "maxLength" in part or "enum" in part, f"{kind} {path} has no maxLength"
                assert part.get("type") != "array" or "maxItems" in part, f"{kind} {path} has no maxItems"
                assert "additionalProperties" not in part or "maxProperties" in part, f"{kind} {path} has no maxProperties"
                whole_object = part.get("x-kubernetes-embedded-resource")  # of the user's; bounded by the API server and by pkg/api
                whole_object = whole_object or re.search(r"[.]apply\[\][.]patch[.]value([.]metadata|[.]status)?$", path)  # of such an object
                assert whole_object or not part.get("x-kubernetes-preserve-unknown-fields"), f"{kind} {path} takes anything"


def the_template_of_a_run_is_the_spec_of_a_profile():
    assert RUN["template"] == PROFILE


def every_overrides():
    """Of a run, and of each variant of a profile."""
    variant = PROFILE["properties"]["variants"]["items"]["properties"]["overrides"]
    return {"overrides": RUN["overrides"], "variants[].overrides": variant}


def no_default_stands_under_overrides():
    for name, schema in every_overrides().items():
        for path, part in walk(schema, name):
            bare = re.search(r"overrides\.(load\.shape|objectives)\b", path)  # lists are replaced whole
            assert "default" not in part, f"{path} has a default"
            assert bare or "required" not in part, f"{path} requires something"


def only_the_safe_list_can_be_overridden():
    names = {path for path, _ in walk(RUN["overrides"], "") if re.fullmatch(r"\.(load|limits)\.\w+|\.objectives|\.trials", path)}
    assert names == {".objectives", ".trials", ".load.shape", ".load.workers", ".load.concurrency", ".load.warmup",
                     ".limits.deadline", ".limits.total", ".limits.readyTimeout", ".limits.queueTimeout", ".limits.brake"}, names
    variant = every_overrides()["variants[].overrides"]
    leaves = {path for path, part in walk(variant, "") if re.fullmatch(r"\.load\.\w+|\.context(\.\w+)*", path) and path not in (".context", ".context.mesh")}
    assert leaves == {".load.shape", ".load.workers", ".load.concurrency", ".load.warmup", ".context.mesh.client"}, leaves


def crds_fit_into_client_side_apply():
    for kind, crd in CRDS.items():
        assert len(json.dumps(crd)) < BYTES_MAX, f"{kind}: {len(json.dumps(crd))} bytes"


def status_is_there_before_anybody_wrote_it():
    for kind in CRDS:
        assert root(kind)["status"]["default"] == {"observedGeneration": -1}, kind


def filled_in(schema):
    """What the API server fills into an empty object."""
    filled = dict(schema.get("default", {})) if isinstance(schema.get("default", {}), dict) else schema["default"]
    for name, child in schema.get("properties", {}).items():
        if "default" in child and not isinstance(child["default"], dict):
            filled[name] = child["default"]
        elif child.get("type") == "object" and ("default" in child or name in ("target", "load")):
            inner = filled_in(child)
            if inner:
                filled[name] = inner
    return filled


def defaults_in_c_are_those_of_the_schema():
    source = (c.ROOT / "pkg/api/profile_merge.c").read_text()

    def literal(name):
        lines = re.search(name + r"\[\] =\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+);", source).group(1)
        return json.loads("".join(json.loads(part) for part in re.findall(r"\"(?:[^\"\\]|\\.)*\"", lines)))
    in_schema = filled_in(PROFILE)
    assert literal("defaults_text") == in_schema, f"\nC:      {literal('defaults_text')}\nschema: {in_schema}"
    request = PROFILE["properties"]["load"]["properties"]["requests"]["items"]["properties"]
    assert literal("request_defaults_text") == {n: s["default"] for n, s in request.items() if "default" in s}


def docs_name_every_field_of_the_specs():
    text = (c.ROOT / "docs/fields.md").read_text()
    known = set(re.findall(r"`([A-Za-z][A-Za-z0-9.\[\]*]*)`", text))
    missing = []
    for schema, prefix in ((PROFILE, ""), ({"properties": {k: v for k, v in RUN.items() if k not in ("template", "overrides")}}, "")):
        for path, part in walk(schema, prefix):
            path = path.lstrip(".").removeprefix("variants[].overrides.")  # the profile's own fields
            inside_pod = re.match(r"placement\.(affinity|tolerations|resources)[.\[]", path)
            if path and "properties" not in part and not path.endswith(("[]", "*")) and not inside_pod and path not in known:
                missing.append(path)
    assert not missing, f"not in docs/fields.md: {missing}"


def tests(suite):
    for test in (every_text_list_and_map_is_bounded, the_template_of_a_run_is_the_spec_of_a_profile,
                 no_default_stands_under_overrides, only_the_safe_list_can_be_overridden, crds_fit_into_client_side_apply,
                 status_is_there_before_anybody_wrote_it, defaults_in_c_are_those_of_the_schema,
                 docs_name_every_field_of_the_specs):
        suite.one(test)
