# SPDX-License-Identifier: Apache-2.0
"""Definitions of Linkerd's, Consul's and Kuma's kinds as far as pkg/mesh reads them, for an API server that has none of these meshes: their
modules cannot be had. Written after the reference pages, with their names, types, enumerations and what they require:
 linkerd.io/reference: service-profiles, authorization-policy, rate-limiting, httproute
 developer.hashicorp.com/consul/docs/reference/config-entry: service-router, -splitter, -resolver, -defaults, proxy-defaults, mesh
 kuma.io/docs/policies: introduction, meshtimeout, meshretry, meshcircuitbreaker, meshloadbalancingstrategy, meshratelimit, meshfaultinjection,
 meshtls; and mutual-tls for Mesh.
Fields that nothing here reads are left out: an object that has one is refused, and then belongs into this table or not into a case."""

TEXT, INT, NUMBER, BOOL = ({"type": word} for word in ("string", "integer", "number", "boolean"))
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
INT_OR_TEXT = {"x-kubernetes-int-or-string": True, "anyOf": [INT, TEXT]}
TEXTS = {"type": "object", "additionalProperties": TEXT}


def thing(required=(), **members):
    """An object with these members; a name that Python keeps for itself is written with a line at its end."""
    made = {"type": "object", "properties": {name.rstrip("_"): schema for name, schema in members.items()}}
    return made | ({"required": list(required)} if required else {})


def listed(items, **more):
    return {"type": "array", "items": items} | more


def one_of(*words):
    return {"type": "string", "enum": list(words)}


def definition(group, version, kind, plural, spec, required=False, scope="Namespaced", status=ANY):
    """required: an object without a spec is refused."""
    schema = thing(["spec"] if required else [], spec=spec, status=status)
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": scope, "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
                     "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}}


def linkerd():
    selector = thing(matchLabels=ANY, matchExpressions=listed(thing(
        ["key", "operator"], key=TEXT, operator=one_of("In", "NotIn", "Exists", "DoesNotExist"), values=listed(TEXT))))
    condition = thing(pathRegex=TEXT, method=TEXT, all=listed(ANY), any=listed(ANY), not_=listed(ANY))
    route = thing(["name", "condition"], name=TEXT, condition=condition, isRetryable=BOOL, timeout=TEXT, responseClasses=listed(ANY))
    budget = thing(["minRetriesPerSecond", "retryRatio", "ttl"], minRetriesPerSecond=INT, retryRatio=NUMBER, ttl=TEXT)
    weight = INT_OR_TEXT | {"pattern": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i)?$"}
    reference = thing(["kind", "name"], group=TEXT, kind=TEXT, name=TEXT, namespace=TEXT)
    limit = thing(["requestsPerSecond"], requestsPerSecond=INT)
    path = thing(type=one_of("Exact", "PathPrefix", "RegularExpression"), value=TEXT)
    match = thing(path=path, method=TEXT, headers=listed(thing(["name", "value"], name=TEXT, value=TEXT, type=TEXT)), queryParams=listed(ANY))
    backend = thing(["name"], group=TEXT, kind=TEXT, name=TEXT, namespace=TEXT, port=INT, weight=INT)
    rule = thing(matches=listed(match), filters=listed(ANY), backendRefs=listed(backend), timeouts=thing(request=TEXT, backendRequest=TEXT))
    parent = thing(["name"], group=TEXT, kind=TEXT, name=TEXT, namespace=TEXT, sectionName=TEXT, port=INT)
    server = thing(["port"], podSelector=selector, externalWorkloadSelector=selector, port=INT_OR_TEXT, proxyProtocol=TEXT, accessPolicy=TEXT)
    server["oneOf"] = [{"required": ["podSelector"]}, {"required": ["externalWorkloadSelector"]}]
    policy = "policy.linkerd.io"
    return [
        definition("linkerd.io", "v1alpha2", "ServiceProfile", "serviceprofiles", thing(
            routes=listed(route), retryBudget=budget, dstOverrides=listed(thing(authority=TEXT, weight=weight)), opaquePorts=listed(TEXT))),
        definition(policy, "v1beta3", "Server", "servers", server, required=True),
        definition(policy, "v1beta3", "HTTPRoute", "httproutes", thing(parentRefs=listed(parent), hostnames=listed(TEXT), rules=listed(rule)), True),
        definition(policy, "v1alpha1", "AuthorizationPolicy", "authorizationpolicies", thing(
            ["targetRef", "requiredAuthenticationRefs"], targetRef=reference, requiredAuthenticationRefs=listed(reference)), True),
        definition(policy, "v1alpha1", "HTTPLocalRateLimitPolicy", "httplocalratelimitpolicies", thing(
            ["targetRef"], targetRef=reference, total=limit, identity=limit,
            overrides=listed(thing(["requestsPerSecond", "clientRefs"], requestsPerSecond=INT, clientRefs=listed(reference)))), True),
    ]


def consul():
    group, version = "consul.hashicorp.com", "v1alpha1"
    synced = thing(lastSyncedTime=TEXT, conditions=listed(thing(
        ["type", "status"], type=TEXT, status=TEXT, reason=TEXT, message=TEXT, lastTransitionTime=TEXT)))
    word = thing(["name"], name=TEXT, exact=TEXT, prefix=TEXT, suffix=TEXT, regex=TEXT, present=BOOL, invert=BOOL)
    http = thing(pathExact=TEXT, pathPrefix=TEXT, pathRegex=TEXT, methods=listed(TEXT), header=listed(word),
                 queryParam=listed(thing(["name"], name=TEXT, exact=TEXT, regex=TEXT, present=BOOL)))
    destination = thing(service=TEXT, serviceSubset=TEXT, namespace=TEXT, partition=TEXT, prefixRewrite=TEXT, requestTimeout=TEXT,
                        idleTimeout=TEXT, numRetries=INT, retryOnConnectFailure=BOOL, retryOn=listed(TEXT), retryOnStatusCodes=listed(INT))
    limits = thing(maxConnections=INT, maxPendingRequests=INT, maxConcurrentRequests=INT)
    health = thing(interval=TEXT, maxFailures=INT, enforcingConsecutive5xx=INT, maxEjectionPercent=INT, baseEjectionTime=TEXT)
    upstream = thing(name=TEXT, namespace=TEXT, partition=TEXT, peer=TEXT, protocol=TEXT, connectTimeoutMs=INT, limits=limits,
                     passiveHealthCheck=health, envoyListenerJSON=TEXT, envoyClusterJSON=TEXT)
    extensions = listed(thing(name=TEXT, required=BOOL, arguments=ANY))
    rate = thing(instanceLevel=thing(requestsPerSecond=INT, requestsMaxBurst=INT, routes=listed(ANY)))
    kinds = {
        ("ServiceRouter", "servicerouters"): thing(routes=listed(thing(match=thing(http=http), destination=destination))),
        ("ServiceSplitter", "servicesplitters"): thing(
            splits=listed(thing(weight=NUMBER, service=TEXT, serviceSubset=TEXT, namespace=TEXT, partition=TEXT))),
        ("ServiceResolver", "serviceresolvers"): thing(
            defaultSubset=TEXT, connectTimeout=TEXT, requestTimeout=TEXT, subsets={"type": "object", "additionalProperties": ANY}, redirect=ANY,
            failover={"type": "object", "additionalProperties": ANY}, loadBalancer=thing(
                policy=TEXT, hashPolicies=listed(ANY), leastRequestConfig=thing(choiceCount=INT),
                ringHashConfig=thing(minimumRingSize=INT, maximumRingSize=INT))),
        ("ServiceDefaults", "servicedefaults"): thing(
            protocol=TEXT, mutualTLSMode=TEXT, maxInboundConnections=INT, localConnectTimeoutMs=INT, localRequestTimeoutMs=INT,
            balanceInboundConnections=TEXT, rateLimits=rate, upstreamConfig=thing(defaults=upstream, overrides=listed(upstream)),
            envoyExtensions=extensions),
        ("ProxyDefaults", "proxydefaults"): thing(
            config=ANY, mutualTLSMode=TEXT, mode=one_of("", "direct", "transparent"), envoyExtensions=extensions,
            accessLogs=thing(enabled=BOOL, disableListenerLogs=BOOL, type=TEXT, path=TEXT, jsonFormat=TEXT, textFormat=TEXT)),
        ("Mesh", "meshes"): thing(allowEnablingPermissiveMutualTLS=BOOL, transparentProxy=thing(meshDestinationsOnly=BOOL), tls=ANY, http=ANY),
    }
    return [definition(group, version, kind, plural, spec, status=synced) for (kind, plural), spec in kinds.items()]


def kuma():
    group, version = "kuma.io", "v1alpha1"
    reference = thing(["kind"], kind=one_of("Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshExternalService", "MeshMultiZoneService",
                                            "MeshServiceSubset", "MeshHTTPRoute", "Dataplane"),
                      name=TEXT, namespace=TEXT, sectionName=TEXT, mesh=TEXT, labels=TEXTS, tags=TEXTS,
                      proxyTypes=listed(one_of("Sidecar", "Gateway"), minItems=1))

    def outbound(default):
        return thing(targetRef=reference, to=listed(thing(["targetRef"], targetRef=reference, default=default)))

    def inbound(default):
        return thing(targetRef=reference, rules=listed(thing(default=default)),
                     from_=listed(thing(["targetRef"], targetRef=reference, default=default)))
    times = thing(requestTimeout=TEXT, streamIdleTimeout=TEXT, maxStreamDuration=TEXT, maxConnectionDuration=TEXT, requestHeadersTimeout=TEXT)
    backoff = thing(baseInterval=TEXT, maxInterval=TEXT)
    again = thing(numRetries=INT, perTryTimeout=TEXT, backOff=backoff, retryOn=listed(TEXT))
    failures = thing(consecutive=INT)
    detection = thing(disabled=BOOL, interval=TEXT, baseEjectionTime=TEXT, maxEjectionPercent=INT, splitExternalAndLocalErrors=BOOL,
                      detectors=thing(totalFailures=failures, gatewayFailures=failures, localOriginFailures=failures))
    limits = thing(maxConnections=INT, maxPendingRequests=INT, maxRequests=INT, maxRetries=INT, maxConnectionPools=INT)
    balancer = thing(["type"], type=one_of("RoundRobin", "LeastRequest", "RingHash", "Random", "Maglev"))
    rate = thing(["num", "interval"], num=INT, interval=TEXT)
    fault = thing(abort=thing(["httpStatus", "percentage"], httpStatus=INT, percentage=INT_OR_TEXT),
                  delay=thing(["value", "percentage"], value=TEXT, percentage=INT_OR_TEXT),
                  responseBandwidth=thing(["limit", "percentage"], limit=TEXT, percentage=INT_OR_TEXT))
    kinds = {
        ("MeshTimeout", "meshtimeouts"): outbound(thing(connectionTimeout=TEXT, idleTimeout=TEXT, http=times)),
        ("MeshRetry", "meshretries"): outbound(thing(http=again, grpc=again, tcp=thing(maxConnectAttempt=INT))),
        ("MeshCircuitBreaker", "meshcircuitbreakers"): outbound(thing(connectionLimits=limits, outlierDetection=detection)),
        ("MeshLoadBalancingStrategy", "meshloadbalancingstrategies"): outbound(thing(loadBalancer=balancer, localityAwareness=ANY)),
        ("MeshRateLimit", "meshratelimits"): inbound(thing(local=thing(http=thing(disabled=BOOL, requestRate=rate, onRateLimit=ANY)))),
        ("MeshFaultInjection", "meshfaultinjections"): inbound(thing(http=listed(fault))),
        ("MeshTLS", "meshtlses"): inbound(thing(mode=one_of("Permissive", "Strict"), tlsCiphers=listed(TEXT), tlsVersion=ANY)),
    }
    return [definition(group, version, kind, plural, spec) for (kind, plural), spec in kinds.items()] + [
        definition(group, version, "Mesh", "meshes", ANY, scope="Cluster")]


BY_MESH = {"linkerd": (".linkerd.io", linkerd), "consul": (".consul.hashicorp.com", consul), "kuma": (".kuma.io", kuma)}
