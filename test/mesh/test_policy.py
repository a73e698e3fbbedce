# SPDX-License-Identifier: Apache-2.0
"""Policies that change what the load sees: the run counts what they did, and names the object and the field."""
import datetime
import re
import time

import cluster as c
import meshed as m

NS = "mesh-policy"


def log_lines(app):
    """Requests that the server itself has seen of the flaky page."""
    pods = c.items("pods", NS, f"app={app}")
    text = c.kubectl("logs", pods[0]["metadata"]["name"], "-c", "server", "-n", NS)
    return [line for line in text.splitlines() if '"uri":"/flaky"' in line]


def retries_are_those_that_the_server_saw():
    m.istio("VirtualService", "flaky", NS, m.route("flaky", retries={"attempts": 3, "retryOn": "5xx", "perTryTimeout": "2s"}))
    status = m.run(NS, "flaky")
    requests, lines = status["results"]["requests"], log_lines("flaky")
    mesh = m.full(NS, status)
    made = m.counted(mesh, "client", "envoy_cluster_upstream_rq_retry")
    assert len(lines) == requests + made, (len(lines), requests, made, status["results"])
    assert m.evidence(status, "Retries") == made > requests / 4, (made, requests)
    found = m.explanation(status, "Retries")
    assert found["object"] == "VirtualService mesh-policy/flaky" and found["field"].startswith("spec.http[0].retries"), found
    assert "VirtualService mesh-policy/flaky" in found["text"], found
    failed = m.answers(status).get(503, 0)
    assert failed == sum('"status":503' in line for line in lines) - made, (failed, made)
    assert m.policy(status, "retries.attempts")[0] == "3", status["context"]["mesh"]


def a_connection_limit_is_named_and_its_overflows_counted():
    m.istio("DestinationRule", "narrow", NS, {"host": "narrow", "trafficPolicy": {"connectionPool": {
        "tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}}})
    status = m.run(NS, "narrow")
    refused = m.answers(status).get(503, 0)
    assert refused > status["results"]["requests"] / 4, status["results"]["byStatus"]
    assert m.evidence(status, "PendingLimit") == refused, (status["explanations"], refused)
    assert m.explanation(status, "ConnectionLimit")["object"] == "DestinationRule mesh-policy/narrow", status["explanations"]
    value, origin = m.policy(status, "circuit.maxConnections")
    assert value == "1" and origin.startswith("DestinationRule mesh-policy/narrow"), \
        status["context"]["mesh"]


def a_timeout_is_named_and_counted():
    m.istio("VirtualService", "slow", NS, m.route("slow", timeout="0.1s", retries={"attempts": 0}))
    status = m.run(NS, "slow")
    late = m.answers(status).get(504, 0)
    assert late == status["results"]["requests"] > 0, status["results"]
    assert m.evidence(status, "Timeout") == late, (status["explanations"], late)
    found = m.explanation(status, "Timeout")
    assert (found["object"], found["field"]) == ("VirtualService mesh-policy/slow", "spec.http[0].timeout"), found


def an_injected_delay_is_named_and_counted():
    m.istio("VirtualService", "delayed", NS, m.route("delayed", fault={"delay": {"fixedDelay": "0.05s", "percentage": {"value": 100}}}))
    status = m.run(NS, "delayed")
    assert status["results"]["latencyMicros"]["p50"] >= 50000, status["results"]["latencyMicros"]
    assert m.evidence(status, "FaultDelay") == status["results"]["requests"], status["explanations"]
    found = m.explanation(status, "FaultDelay")
    assert found["object"] == "VirtualService mesh-policy/delayed" and found["field"].startswith("spec.http[0].fault"), found


def into_the_server_of(app, name, filter_name, config):
    """An EnvoyFilter that puts a filter before the others of that app's proxies."""
    c.apply({"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": {"name": name, "namespace": NS}, "spec": {
        "workloadSelector": {"labels": {"app": app}}, "configPatches": [{
            "applyTo": "HTTP_FILTER", "match": {"context": "SIDECAR_INBOUND", "listener": {"filterChain": {
                "filter": {"name": "envoy.filters.network.http_connection_manager"}}}},
            "patch": {"operation": "INSERT_BEFORE", "value": {"name": filter_name, "typed_config": config}}}]}})
    m.proxies_have(NS, app, filter_name)


LIMITER = {  # five requests a second, told by the filter that upstream Envoy has for it
    "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
    "type_url": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    "value": {"stat_prefix": "http_local_rate_limiter",
              "token_bucket": {"max_tokens": 5, "tokens_per_fill": 5, "fill_interval": "1s"},
              **{key: {"runtime_key": key, "default_value": {"numerator": 100, "denominator": "HUNDRED"}}
                 for key in ("filter_enabled", "filter_enforced")}}}


def a_rate_limit_by_envoyfilter_is_named_and_counted():
    into_the_server_of("limited", "limited", "envoy.filters.http.local_ratelimit", LIMITER)
    status = m.run(NS, "limited")
    refused = m.answers(status).get(429, 0)
    assert refused > status["results"]["requests"] / 4, status["results"]["byStatus"]
    assert m.evidence(status, "RateLimit") == refused, (status["explanations"], refused)
    assert m.explanation(status, "RateLimit")["object"] == "EnvoyFilter mesh-policy/limited", status["explanations"]


def loaded(name, seconds):
    """Starts the run of that profile, and returns when its load has lasted that long."""
    c.apply(c.run(NS, name, name))
    c.in_phase(NS, name, "Running", seconds=m.PATIENCE_S)
    time.sleep(seconds)


def a_policy_that_is_edited_under_way_is_told_with_its_second():
    m.istio("VirtualService", "edited", NS, m.route("edited", retries={"attempts": 1}))
    loaded("edited", 2)
    began = time.time()
    m.istio("VirtualService", "edited", NS, m.route("edited", retries={"attempts": 5}))
    edited = time.time()
    status = c.finished(NS, "edited", m.PATIENCE_S)
    changes = [change for change in status["context"]["changes"] if change["kind"] == "mesh"]
    assert changes, (edited - began, c.seconds_of(status["workers"]["startAt"]) - began, status["context"])
    change = changes[0]
    assert change["object"] == "VirtualService mesh-policy/edited" and "1 " in change["text"] and "-> 5 " in change["text"], change
    at = c.seconds_of(change["at"])  # in whole seconds
    assert began - 1 <= at <= edited + 2, (change, datetime.datetime.fromtimestamp(began, datetime.timezone.utc).isoformat(), edited - began)
    assert re.fullmatch("sha256:[0-9a-f]{64}", status["context"]["mesh"]["effective"]), status["context"]["mesh"]


def what_slows_the_load_under_way_coincides_with_it():
    m.istio("VirtualService", "slowed", NS, m.route("slowed"))
    loaded("slowed", 10)
    m.istio("VirtualService", "slowed", NS, m.route("slowed", fault={"delay": {"fixedDelay": "0.1s", "percentage": {"value": 100}}}))
    status = c.finished(NS, "slowed", m.PATIENCE_S)
    found = m.explanation(status, "Coincidence")
    assert found["confidence"] == "medium", found
    assert found["text"].startswith("latency rose by ") and "VirtualService mesh-policy/slowed" in found["text"], found


BURN = {  # CPU for each request, many times what trials differ by
    "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
    "default_source_code": {"inline_string": "function envoy_on_request(h) local x = 0 for i = 1, 4000000 do x = (x + i) % 1000003 end "
                                             "h:headers():add('x-burnt', tostring(x)) end"}}


def a_filter_that_burns_cpu_is_what_changed_since_the_run_before():
    c.apply(c.run(NS, "before", "burnt"))
    first = c.finished(NS, "before", m.PATIENCE_S)
    m.all_answered(first)
    into_the_server_of("burnt", "burn", "envoy.filters.http.lua", BURN)
    c.apply(c.run(NS, "after", "burnt"))
    status = c.finished(NS, "after", m.PATIENCE_S)
    m.all_answered(status)
    found = m.explanation(status, "ChangedSince")
    assert found["object"] == "EnvoyFilter mesh-policy/burn" and found["confidence"] == "medium", (found, status["comparison"])
    assert "EnvoyFilter mesh-policy/burn added" in found["text"], found
    # A machine whose other work comes and goes can make trials differ by more than the filter does.
    verdict = status["comparison"]["verdict"]
    assert verdict == "inconclusive" or (verdict == "worse" and "slower than before" in found["text"]), (verdict, found)
    assert found["text"] in status["message"], status["message"]
    was, burns = m.proxy_cpu(first, "server"), m.proxy_cpu(status, "server")
    assert burns >= 3 * was and f"CPU of the server's proxy {was}m -> {burns}m" in found["text"], (found, was, burns)
    assert burns >= 3 * m.proxy_cpu(status, "client"), status["context"]["mesh"]


def a_requirement_that_ends_under_way_is_told():
    m.istio("PeerAuthentication", "loosened", NS, {"selector": {"matchLabels": {"app": "loosened"}}, "mtls": {"mode": "STRICT"}}, "security")
    loaded("loosened", 2)
    m.istio("PeerAuthentication", "loosened", NS, {"selector": {"matchLabels": {"app": "loosened"}}, "mtls": {"mode": "PERMISSIVE"}}, "security")
    said = m.unmet(c.finished(NS, "loosened", m.PATIENCE_S))
    assert said.startswith("required mesh.mtls strict was not in effect at the end: mTLS of the server is PERMISSIVE "
                           "(PeerAuthentication mesh-policy/loosened"), said


def all_tests(suite):
    m.namespace(NS)
    quiet, delay = ["/etc/nginx/nginx-quiet.conf"], {"image": "localhost/loadstone-fortio:1"}
    c.server(NS, "flaky")
    c.server(NS, "narrow", **delay)
    c.server(NS, "slow", **delay)
    c.server(NS, "web", args=quiet)
    c.server(NS, "limited", args=quiet)
    c.server(NS, "loosened", args=quiet)
    c.server(NS, "burnt", args=quiet)
    for name in ("delayed", "edited", "slowed"):
        c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NS},
                 "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 8080, "targetPort": 8080}]}})
    for name in ("flaky", "narrow", "slow", "web", "limited", "loosened", "burnt"):
        c.server_ready(NS, name)
    c.apply(m.profile(NS, "flaky", "flaky", path="/flaky"), m.profile(NS, "narrow", "narrow", path="/?delay=500ms"),
            m.profile(NS, "slow", "slow", path="/?delay=300ms"), m.profile(NS, "delayed", "delayed"), m.profile(NS, "limited", "limited"),
            m.profile(NS, "edited", "edited", seconds=20),
            m.profile(NS, "slowed", "slowed", seconds=24),
            m.profile(NS, "burnt", "burnt", rate=5, trials={"repeats": {"min": 3}, "pause": "0s"},
                      baseline={"from": "previous", "primary": "latency.p50", "onRegression": "warn"}),
            m.profile(NS, "loosened", "loosened", seconds=20, require=[{"mesh.mtls": "strict"}]))
    suite.side_by_side((retries_are_those_that_the_server_saw,), (a_connection_limit_is_named_and_its_overflows_counted,),
                       (a_timeout_is_named_and_counted,))
    suite.side_by_side((an_injected_delay_is_named_and_counted,), (a_rate_limit_by_envoyfilter_is_named_and_counted,),
                       (a_policy_that_is_edited_under_way_is_told_with_its_second,), (a_requirement_that_ends_under_way_is_told,))
    suite.side_by_side((what_slows_the_load_under_way_coincides_with_it,), (a_filter_that_burns_cpu_is_what_changed_since_the_run_before,))
