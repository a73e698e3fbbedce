# SPDX-License-Identifier: Apache-2.0
"""What pkg/mesh resolves is what the client's real proxy was told: /config_dump of Envoy is the referee.

Each case is a Service of its own with policies for it. The resolver (loadstone-mesh-resolve) reads the same objects from the API server
that istiod reads, and the proxy's clusters and routes are compared with what it says, value by value."""
import json
import re
import subprocess

import cluster as c
import meshed as m

NS = "mesh-referee"
RESOLVE = c.ROOT / "build/debug/bin/loadstone-mesh-resolve"
UNLIMITED = 2**32 - 1


def rule(host, **policy):
    return {"host": host, "trafficPolicy": policy}


def pool(**http):
    return {"connectionPool": {"http": http}}


# name: (spec of the VirtualService without hosts and route, trafficPolicy of the DestinationRule); None: there is none
CASES = {
    "bare": (None, None),
    "timeout": ({"timeout": "1.5s"}, None),
    "timeout-long": ({"timeout": "90s"}, None),
    "retries": ({"retries": {"attempts": 3, "retryOn": "5xx"}}, None),
    "retries-off": ({"retries": {"attempts": 0}}, None),
    "retries-default-on": ({"retries": {"attempts": 4}}, None),
    "retries-per-try": ({"retries": {"attempts": 2, "perTryTimeout": "250ms", "retryOn": "gateway-error,reset"}}, None),
    "retries-codes": ({"retries": {"attempts": 2, "retryOn": "503,connect-failure"}}, None),
    "retries-and-timeout": ({"timeout": "3s", "retries": {"attempts": 5, "perTryTimeout": "1s", "retryOn": "5xx,retriable-4xx"}}, None),
    "delay": ({"fault": {"delay": {"fixedDelay": "0.05s", "percentage": {"value": 50}}}}, None),
    "abort": ({"fault": {"abort": {"httpStatus": 418, "percentage": {"value": 12.5}}}}, None),
    "max-connections": (None, {"connectionPool": {"tcp": {"maxConnections": 7}}}),
    "max-pending": (None, pool(http1MaxPendingRequests=3)),
    "max-requests": (None, pool(http2MaxRequests=11)),
    "max-retries": (None, pool(maxRetries=2)),
    "per-connection": (None, pool(maxRequestsPerConnection=1)),
    "all-limits": (None, {"connectionPool": {"tcp": {"maxConnections": 5}, "http": {
        "http1MaxPendingRequests": 6, "http2MaxRequests": 8, "maxRetries": 4, "maxRequestsPerConnection": 9}}}),
    "connect-timeout": (None, {"connectionPool": {"tcp": {"connectTimeout": "2.5s"}}}),
    "idle": (None, pool(idleTimeout="30s")),
    "outlier": (None, {"outlierDetection": {"consecutive5xxErrors": 3, "interval": "5s", "baseEjectionTime": "15s", "maxEjectionPercent": 50}}),
    "outlier-defaults": (None, {"outlierDetection": {}}),
    "outlier-gateway": (None, {"outlierDetection": {"consecutiveGatewayErrors": 4, "consecutive5xxErrors": 0, "minHealthPercent": 30}}),
    "round-robin": (None, {"loadBalancer": {"simple": "ROUND_ROBIN"}}),
    "random": (None, {"loadBalancer": {"simple": "RANDOM"}}),
    "hash": (None, {"loadBalancer": {"consistentHash": {"httpHeaderName": "x-user"}}}),
    "plaintext": (None, {"tls": {"mode": "DISABLE"}}),
    "mutual": (None, {"tls": {"mode": "ISTIO_MUTUAL"}}),
    "simple": (None, {"tls": {"mode": "SIMPLE"}}),
    "port-level": (None, {"connectionPool": {"tcp": {"maxConnections": 50}}, "portLevelSettings": [
        {"port": {"number": 8080}, "connectionPool": {"http": {"http1MaxPendingRequests": 2}}}]}),
    "port-level-other": (None, {"connectionPool": {"tcp": {"maxConnections": 51}}, "portLevelSettings": [
        {"port": {"number": 9999}, "connectionPool": {"http": {"http1MaxPendingRequests": 2}}}]}),
    "everything": ({"timeout": "4s", "retries": {"attempts": 1, "retryOn": "reset"}}, {
        "connectionPool": {"tcp": {"maxConnections": 12, "connectTimeout": "750ms"}, "http": {"maxRequestsPerConnection": 100}},
        "outlierDetection": {"consecutive5xxErrors": 9, "baseEjectionTime": "1m"}, "loadBalancer": {"simple": "LEAST_REQUEST"}}),
}


def put_cases():
    objects = []
    for name, (virtual, policy) in CASES.items():
        objects.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NS}, "spec": {
            "selector": {"app": "web"}, "ports": [{"name": "http", "port": 8080, "targetPort": 8080}]}})
        if virtual is not None:
            objects.append({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": name, "namespace": NS},
                            "spec": m.route(name, **virtual)})
        if policy is not None:
            objects.append({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": name, "namespace": NS},
                            "spec": {"host": name, "trafficPolicy": policy}})
    c.apply(*objects)


# ---- what the resolver says ----

def raw(path):
    try:
        return json.loads(c.kubectl("get", "--raw", path))
    except c.Refused:
        return {"items": []}


def read(want):
    group = f"/apis/{want['group']}/{want['version']}" if want["group"] else f"/api/{want['version']}"
    place = f"/namespaces/{want['namespace']}" if want["namespace"] else ""
    query = [f"labelSelector={want['selector']}"] if want["selector"] else []
    query += [f"fieldSelector=metadata.name%3D{want['name']}"] if want["name"] else []
    return {**want, "items": raw(f"{group}{place}/{want['plural']}?{'&'.join(query)}").get("items", [])}


def resolved(client):
    """Name of the case -> {key: value} of the snapshot for a client like this pod."""
    pods = c.items("pods", NS, "app=web")
    services = {s["metadata"]["name"]: s for s in c.items("services", NS)}
    asking = {"groups": raw("/apis"), "answers": [], "questions": [
        {"clientNamespace": NS, "client": client, "targetNamespace": NS, "service": services[name], "port": 8080, "serverPods": pods,
         "request": {"method": "GET", "path": "/", "headers": {}}} for name in CASES]}
    for _ in range(8):
        done = subprocess.run([RESOLVE], input=json.dumps(asking), text=True, capture_output=True, check=True)
        said = json.loads(done.stdout)
        if "snapshots" in said:
            return {name: {p["key"]: p["value"] for p in snapshot["policies"]} for name, snapshot in zip(CASES, said["snapshots"])}
        asking["answers"] += [read(want) for want in {json.dumps(w, sort_keys=True): w for w in said["wants"]}.values()]
    raise AssertionError(f"the resolver wants ever more: {said['wants']}")


# ---- what the proxy was told ----

def micros(text):
    return None if text is None else round(float(text.rstrip("s")) * 1e6)


def limit(value):
    return None if value in (None, UNLIMITED) else value


def dump(pod):
    text = c.kubectl("exec", pod, "-n", NS, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "config_dump")
    clusters, hosts = {}, {}
    for part in json.loads(text)["configs"]:
        for entry in part.get("dynamic_active_clusters", []):
            clusters[entry["cluster"]["name"].rstrip(";")] = entry["cluster"]
        for entry in part.get("dynamic_route_configs", []):
            if entry["route_config"].get("name") == "8080":
                for host in entry["route_config"]["virtual_hosts"]:
                    hosts[host["name"].split(":")[0]] = host
    return clusters, hosts


def of_cluster(cluster):
    threshold = cluster.get("circuit_breakers", {}).get("thresholds", [{}])[0]
    options = cluster.get("typed_extension_protocol_options", {}).get("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", {})
    common, outlier = options.get("common_http_protocol_options", {}), cluster.get("outlier_detection")
    # Envoy 1.40 takes the policy from load_balancing_policy where it is given, else from lb_policy.
    policy = cluster.get("lb_policy", "ROUND_ROBIN").lower()
    said = {
        "circuit.maxConnections": limit(threshold.get("max_connections")),
        "circuit.maxPending": limit(threshold.get("max_pending_requests")),
        "circuit.maxRequests": limit(threshold.get("max_requests")),
        "circuit.maxRetries": limit(threshold.get("max_retries")),
        "timeout.connectUs": micros(cluster.get("connect_timeout")),
        "http.maxRequestsPerConnection": limit(common.get("max_requests_per_connection")),
        "lb.policy": policy,
        "mtls.client": tls_of(cluster),
    }
    if "idle_timeout" in common:
        said["timeout.idleUs"] = micros(common["idle_timeout"])
    if outlier is not None:
        said.update({"outlier.intervalUs": micros(outlier.get("interval", "10s")),
                     "outlier.baseEjectionUs": micros(outlier.get("base_ejection_time", "30s")),
                     "outlier.maxEjectionPercentE4": outlier.get("max_ejection_percent", 10) * 10000})
        if outlier.get("enforcing_consecutive_5xx") != 0:
            said["outlier.consecutive5xx"] = outlier.get("consecutive_5xx", 5)
        if outlier.get("enforcing_consecutive_gateway_failure", 0) != 0:
            said["outlier.consecutiveGateway"] = outlier["consecutive_gateway_failure"]
    else:
        said["outlier.consecutive5xx"] = None
    return said


def tls_of(cluster):
    """The client's mode by what its cluster does: auto is a choice per endpoint."""
    if "transport_socket_matches" in cluster:
        return "auto"
    socket = json.dumps(cluster.get("transport_socket", {}))
    if "UpstreamTlsContext" not in socket:
        return "DISABLE"
    return "ISTIO_MUTUAL" if "tls_certificate_sds_secret_configs" in socket else "SIMPLE"


def of_route(host):
    route = host["routes"][0]["route"]
    retry = route.get("retry_policy")
    said = {"timeout.requestUs": micros(route.get("timeout", "15s")) or None,
            "retries.attempts": retry.get("num_retries", 1) if retry else 0}
    if retry:
        words = [word for word in retry.get("retry_on", "").split(",") if word != "retriable-status-codes"]
        said["retries.on"] = sorted(words + [str(code) for code in retry.get("retriable_status_codes", [])])
        said["timeout.perTryUs"] = micros(retry.get("per_try_timeout"))
    fault = host["routes"][0].get("typed_per_filter_config", {}).get("envoy.filters.http.fault")
    said["faults"] = [] if fault is None else faults_of(fault)
    return said


def faults_of(fault):
    scale = {"HUNDRED": 10000, "TEN_THOUSAND": 100, "MILLION": 1}
    share = lambda part: part["percentage"].get("numerator", 0) * scale[part["percentage"].get("denominator", "HUNDRED")]
    found = []
    if "delay" in fault:
        found.append(("delay", micros(fault["delay"]["fixed_delay"]), share(fault["delay"])))
    if "abort" in fault:
        found.append(("abort", fault["abort"]["http_status"], share(fault["abort"])))
    return found


def normal(key, value):
    """The resolver's value in the words of this file."""
    if key == "faults":
        return [(f["type"], f.get("us", f.get("status", f.get("httpStatus"))), f["percentE4"]) for f in value or []]
    if key == "retries.on" and isinstance(value, list):
        return sorted(word for word in value if word != "retriable-status-codes")
    return value


def differences(name, mine, clusters, hosts):
    full = f"{name}.{NS}.svc.cluster.local"
    cluster, host = clusters.get(f"outbound|8080||{full}"), hosts.get(full)
    if cluster is None or host is None:
        return [f"{name}: the proxy has no {'cluster' if cluster is None else 'route'} for it"]
    told = {**of_cluster(cluster), **of_route(host)}
    return [f"{name} {key}: resolved {normal(key, mine.get(key))!r}, the proxy has {value!r}"
            for key, value in told.items() if normal(key, mine.get(key)) != value]


class Comparison:
    """Everything once; the cases then only look."""

    def __init__(self):
        pod = c.items("pods", NS, "app=client")[0]
        name, self.pod = pod["metadata"]["name"], pod

        def arrived():
            self.clusters, self.hosts = dump(name)
            return all(f"outbound|8080||{case}.{NS}.svc.cluster.local" in self.clusters and f"{case}.{NS}.svc.cluster.local" in self.hosts
                       for case in CASES)
        c.until(60, "the proxy to know every case", arrived, 1)
        self.mine = resolved(pod)
        # istiod sends policies after the Services that they are about.
        c.until(60, lambda: "; ".join(self.all())[:2000], lambda: not self.all() or not self.look_again(name), 1)

    def look_again(self, name):
        self.clusters, self.hosts = dump(name)
        return True

    def all(self):
        return [d for case in CASES for d in differences(case, self.mine[case], self.clusters, self.hosts)]


def the_resolver_agrees_with_the_proxy_about(case, seen):
    found = differences(case, seen.mine[case], seen.clusters, seen.hosts)
    assert not found, "; ".join(found)


def any_other_value_is_found(seen):
    """A referee that calls nothing a foul would agree with everybody."""
    for case in CASES:
        full = f"{case}.{NS}.svc.cluster.local"
        for key in {**of_cluster(seen.clusters[f"outbound|8080||{full}"]), **of_route(seen.hosts[full])}:
            wrong = {**seen.mine[case], key: [{"type": "delay", "us": 1, "percentE4": 1}] if key == "faults" else "wrong"}
            assert differences(case, wrong, seen.clusters, seen.hosts), (case, key)


def all_tests(suite):
    m.namespace(NS)
    c.server(NS, "web", args=["/etc/nginx/nginx-quiet.conf"])
    c.server(NS, "client", args=["/etc/nginx/nginx-quiet.conf"])
    put_cases()
    c.server_ready(NS, "web")
    c.server_ready(NS, "client")
    seen = Comparison()
    for case in CASES:
        suite.one(the_resolver_agrees_with_the_proxy_about, case, seen)
    suite.one(any_other_value_is_found, seen)
