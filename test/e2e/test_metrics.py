# SPDX-License-Identifier: Apache-2.0
"""Who gets the operator's metrics when a real API server is asked, and what the installed operator has given up."""
import json
import pathlib
import ssl
import urllib.error
import urllib.request

import cluster as c

NS = "e2e-metrics"
READER = "e2e-metrics-reader"


def installed_operator():
    """The process of the installed operator: its status as the kernel tells it."""
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            if (status.parent / "cmdline").read_bytes().split(b"\0")[0] == b"/usr/bin/loadstone-operator":
                return dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
    return None


def the_installed_operator_has_a_filter_of_its_own_in_the_runtimes():
    status = c.until(30, "the installed operator", installed_operator)
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2" and status["Seccomp_filters"] == "2", status
    log = c.kubectl("logs", "deployment/loadstone-operator", "-n", c.SYSTEM)
    assert "no system call filter" not in log, log


def scrape(operator, account=None):
    """(status, body) of GET /metrics with a token of that account."""
    lines = [json.loads(line) for line in operator.log_tail(1000) if '"listening"' in line]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(f"https://127.0.0.1:{lines[-1]['metrics']}/metrics")
    if account:
        request.add_header("Authorization", "Bearer " + c.kubectl("create", "token", account, "-n", NS).strip())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=15) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def readers_are_those_whom_the_api_server_lets(operator):
    c.until(20, "the operator to listen", lambda: any('"listening"' in line for line in operator.log_tail(1000)))
    assert scrape(operator)[0] == 401
    status, body = scrape(operator, "stranger")
    assert status == 403 and "loadstone-metrics-reader" in body, (status, body)
    status, body = scrape(operator, "reader")
    assert status == 200 and "rest_client_requests_total" in body, (status, body[:300])


def a_right_that_is_given_counts_within_half_a_minute(operator):
    c.apply(binding(["reader", "stranger"]))
    c.until(40, "the new right", lambda: scrape(operator, "stranger")[0] == 200, 2)


def binding(accounts):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": READER},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "loadstone-metrics-reader"},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": NS} for account in accounts]}


def all_tests(suite):
    c.namespace(NS)
    c.apply(*({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NS}} for name in ("reader", "stranger")),
            binding(["reader"]))
    suite.one(the_installed_operator_has_a_filter_of_its_own_in_the_runtimes)
    operator = c.Operator()
    suite.one(readers_are_those_whom_the_api_server_lets, operator)
    suite.one(a_right_that_is_given_counts_within_half_a_minute, operator)
    operator.end()
    c.kubectl("delete", "clusterrolebinding", READER)
    c.delete("namespace", NS, "default", wait=False)
