# SPDX-License-Identifier: Apache-2.0
"""What becomes of a run that is compared with an earlier one, and of a warm-up that ends by itself."""
import cluster as c

NS = "e2e-compare"
QUIET = ["/etc/nginx/nginx-quiet.conf"]


def change_column(name):
    """What kubectl get shows under CHANGE."""
    head, line = c.kubectl("get", "benchmarkrun", name, "-n", NS).splitlines()
    start = head.index("CHANGE")
    end = head.index(head[start:].split()[1], start)  # whatever column comes next
    return line[start:end].strip()


def a_first_run_has_nothing_before_it_and_the_second_has():
    c.apply(c.profile(NS, "web", "quiet", [c.hold(200, 6)], baseline={"from": "previous", "primary": "latency.p50"},
                      objectives=[{"metric": "errors.ratio", "max": "1%"}]), c.run(NS, "web-1", "web"))
    first = c.finished(NS, "web-1")
    assert first["verdict"] == "Pass", first["message"]
    assert change_column("web-1") == "nothing to compare with yet", change_column("web-1")
    c.apply(c.run(NS, "web-2", "web"))
    second = c.finished(NS, "web-2")
    assert second["comparison"]["baseline"]["run"] == "web-1", second["comparison"]
    assert second["comparison"]["baseline"]["digest"] == first["resultRef"]["digest"], second["comparison"]
    # Six seconds do not know how sure they are, and say so.
    assert change_column("web-2").endswith("than web-1, interval unknown"), change_column("web-2")
    assert second["verdict"] == "Inconclusive" and "a window of at least 100s" in second["message"], second["message"]
    assert c.condition(second, "Ready")["status"] == "True", second["conditions"]


def inconclusive_fails_where_that_is_wanted():
    c.apply(c.profile(NS, "strict", "quiet", [c.hold(200, 3)], baseline={"from": "pinned", "run": "nobody", "onInconclusive": "fail"}),
            c.run(NS, "strict-1", "strict"))
    status = c.finished(NS, "strict-1")
    assert status["verdict"] == "Inconclusive", status["message"]
    assert "not compared with nobody: there is no BenchmarkRun of this name" in status["message"], status["message"]
    assert c.condition(status, "Stalled")["reason"] == "VerdictInconclusive", status["conditions"]
    assert c.kstatus("benchmarkrun", "strict-1", NS) == "Failed"


def another_load_is_not_compared():
    c.apply(c.profile(NS, "other", "quiet", [c.hold(100, 3)]), c.run(NS, "other-1", "other", baseline={"run": "web-1"}))
    status = c.finished(NS, "other-1")
    assert "only runs with the same spec.load can be compared" in status["message"], status["message"]
    assert change_column("other-1") == "not compared", change_column("other-1")


def a_baseline_whose_result_is_gone_is_a_sentence():
    c.kubectl("delete", "configmap", c.status_of(NS, "web-1")["resultRef"]["configMap"], "-n", NS)
    c.apply(c.run(NS, "web-3", "web", baseline={"run": "web-1"}))
    status = c.finished(NS, "web-3")
    assert status["phase"] == "Succeeded" and "not compared with web-1: its result was deleted meanwhile" in status["message"], status["message"]


def long_windows_have_intervals():
    for name in ("long-1", "long-2"):
        c.apply(c.profile(NS, "long", "quiet", [c.hold(500, 105)], baseline={"from": "previous", "primary": "latency.p50"}),
                c.run(NS, name, "long"))
    c.finished(NS, "long-1", 200)
    status = c.finished(NS, "long-2", 200)
    low, high = status["results"]["interval95"]["p50"]
    assert low <= status["results"]["latencyMicros"]["p50"] <= high, status["results"]
    assert "(" in change_column("long-2") and "long-1" in change_column("long-2"), change_column("long-2")
    assert status["comparison"]["confirmation"] == "none" and status["comparison"]["method"] == "sections", status["comparison"]
    assert status["verdict"] != "Fail", status["message"]


def a_warm_up_ends_by_itself_and_is_no_part_of_the_results():
    """It takes 15 s at least, and no more than half of the shape: 16 s."""
    c.apply(c.profile(NS, "warm", "warm", [c.hold(50, 32)], load={"warmup": "auto"}), c.run(NS, "warm-1", "warm"))
    c.in_phase(NS, "warm-1", "Warming")
    results = c.finished(NS, "warm-1", 150)["results"]
    assert results["warmupEnd"] in ("Settled", "LimitReached"), results
    assert 15 <= float(results["warmupTrimmed"].rstrip("s")) <= 16, results
    assert results["requests"] == 50 * 32, results


def all_tests(suite):
    c.namespace(NS)
    for name in ("quiet", "warm"):
        c.server(NS, name, args=QUIET)
    for name in ("quiet", "warm"):
        c.server_ready(NS, name)
    suite.side_by_side((a_first_run_has_nothing_before_it_and_the_second_has,), (a_warm_up_ends_by_itself_and_is_no_part_of_the_results,))
    suite.one(inconclusive_fails_where_that_is_wanted)
    suite.one(another_load_is_not_compared)
    suite.one(a_baseline_whose_result_is_gone_is_a_sentence)
    if suite.long:
        suite.one(long_windows_have_intervals)
