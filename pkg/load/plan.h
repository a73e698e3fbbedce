/* SPDX-License-Identifier: Apache-2.0
 *
 * What a load worker does, as data. The JSON form (worker.json of a run's plan ConfigMap, or made by a command
 * line) is decoded under stated bounds; every duration is an integer with its unit in the name.
 *
 * {"version":1, "run":{"uid":"…","namespace":"…","name":"…","trial":0},
 *  "workers":2, "seed":1, "scheme":"http", "addresses":["10.96.3.4:8080"], "authority":"checkout.shop:8080",
 *  "sni":"checkout.shop", "tls":{"caFile":"/etc/loadstone/ca/ca.crt","verify":true,
 *         "certificateFile":"/etc/loadstone/tls/tls.crt","keyFile":"/etc/loadstone/tls/tls.key"},
 *  "headersFrom":[["authorization","/etc/loadstone/header/0/value"]], "grpc":{"descriptorFile":"/etc/loadstone/grpc/descriptors"},
 *  "requests":[{"name":"get-cart","weight":3,"method":"GET","path":"/cart","headers":[["accept","application/json"]],
 *               "body":"text" | "bodyBase64":"AAE=" | "bodyFile":"/etc/loadstone/bodies/0", "statuses":[[200,399]], "contains":"\"ok\""}],
 *  "timeoutMs":5000, "connections":64, "streamsPerConnection":1, "whenBusy":"queue",
 *  "reconnectAfterRequests":1000, "reconnectAfterMs":60000, "arrival":"constant"|"poisson", "pacing":"precise",
 *  "warmupMs":5000, "warmupLeastMs":15000, "cooldownMs":0, "readyTimeoutMs":60000, "intervalMs":1000,
 *  "shape":[{"kind":"hold","rate":500.0,"forMs":60000},{"kind":"ramp","from":500.0,"to":2000.0,"forMs":60000},
 *           {"kind":"step","from":500.0,"to":2000.0,"steps":4,"forMs":80000},
 *           {"kind":"spike","base":500.0,"peak":5000.0,"atMs":20000,"widthMs":5000,"forMs":60000},
 *           {"kind":"sine","mean":800.0,"amplitude":300.0,"periodMs":30000,"forMs":120000}] | [{"kind":"closed","forMs":60000}],
 *  "guard":{"allow":["10.20.0.0/16"],"deny":["10.96.0.1"]}, "proxies":[…] (load/proxy.h),
 *  "brake":{"errorRatio":0.5,"forMs":10000}}
 *
 * Optional members and what they default to: run.trial 0, workers 1, seed 0, scheme "http", authority the first address,
 * sni the host of authority, tls.verify true (tls.caFile: the system's store), weight 1, method "GET", statuses
 * [[200,399]], timeoutMs 5000, connections 64, streamsPerConnection 1, whenBusy "queue", arrival "constant", pacing "precise", intervalMs 1000,
 * readyTimeoutMs 60000, warmupMs and cooldownMs 0, and "indexHeader":false. With indexHeader every request carries its
 * global number in "x-loadstone-index" (16 digits; warm-up requests "w" and 15 digits), so that a server's log can be
 * compared with the schedule. Headers the worker sets itself (host, content-length, transfer-encoding, user-agent,
 * x-loadstone-index) are refused.
 *
 * 'scheme' says what is spoken, and nothing else is ever fallen back to:
 *   http   HTTP/1.1                  h2c    HTTP/2 with prior knowledge
 *   https  HTTP/1.1 over TLS         h2     HTTP/2 over TLS, chosen by ALPN
 *   grpc   unary calls over h2c      grpcs  unary calls over h2
 * Over HTTP/2 a connection carries up to streamsPerConnection requests at once, or as many as the server's
 * SETTINGS_MAX_CONCURRENT_STREAMS lets it. Header names go in lower case; those that mean a connection are refused.
 *
 * A gRPC call is a POST of one message, the body, to "/package.Service/Method"; the message's prefix, content-type, te and grpc-timeout
 * (what is left of timeoutMs) are the worker's. Its outcome is the status in the trailers: what counts as success stands in
 * "grpcStatuses" (names, default ["OK"]) instead of "statuses". An answer without one counts by its HTTP status, or as malformed when
 * that is 200; so does OK with anything else than one message. Where "grpc" names a descriptor set (data/proto_set.h), "body" and "bodyFile"
 * are JSON and are encoded as the message that the method takes, before the first connection; "bodyBase64" is the message itself, always.
 *
 * 'headersFrom' names headers of every request whose values are secret: each stands in a file, alone, at most
 * LOAD_SECRET_BYTES_MAX bytes without control characters (one line break at its end is dropped), and is read once before the
 * first connection. None may also stand in a request's own headers.
 *
 * 'contains' is a text that the body of an answer with an expected status must hold, or the answer counts as an error; absent: any
 * body will do. It does not go with HEAD.
 *
 * 'whenBusy' says what becomes of a request that is due while no connection is free: it waits ("queue"), counts as shed ("shed"),
 * or waits while further connections are opened for it ("grow"), up to "connectionsMax" in all, which is wanted then and only then.
 *
 * 'reconnectAfterRequests' and 'reconnectAfterMs' end a connection, and open another in its place, after the answer with which it has
 * carried so many requests or has stood for so long; 0 or absent: never. The first lives are cut short by an even share each, so that
 * connections that were opened together are not renewed together.
 *
 * 'connections' is the total over all workers; worker k of N opens connections/N, the first (connections mod N)
 * workers one more. Worker k takes every request i with i mod N = k of the one global schedule. The warm-up is extra
 * time before the shape at the first piece's starting rate (none at rate 0), with its own request numbers; the start
 * instant is the beginning of the warm-up, shape time 0 begins after it.
 *
 * With 'warmupLeastMs' above 0 the worker ends the warm-up when it has settled (load/settle.h), not before that and not after
 * 'warmupMs'. Several workers would have to agree on an instant: theirs goes on to 'warmupMs'.
 *
 * 'guard' says where load may go, by address, after names were looked up and before the first connection: never to what
 * address_never (data/address.h) names, never into 'deny', and where 'allow' is given, only into that. Without it (a plan made on
 * one's own machine) every address will do. 'brake' is load/brake.h; without it there is none. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "data/address.h"
#include "load/brake.h"
#include "load/match.h"
#include "load/proxy.h"

#define LOAD_REQUESTS_MAX 32
#define LOAD_PIECES_MAX 64
#define LOAD_STEPS_MAX 100
#define LOAD_HEADERS_MAX 32
#define LOAD_SECRET_HEADERS_MAX 16
#define LOAD_SECRET_BYTES_MAX 8192
#define LOAD_ADDRESSES_MAX 256
#define LOAD_RANGES_MAX 4096 /* of a guard's list */
#define LOAD_STATUS_RANGES_MAX 16
#define LOAD_WORKERS_MAX 256
#define LOAD_CONNECTIONS_MAX 65536
#define LOAD_RECONNECT_REQUESTS_MAX 1000000000
#define LOAD_STREAMS_MAX 1024
#define LOAD_FLYING_MAX (1 << 20) /* connections by streams, memory for which is taken before the start */
#define LOAD_RATE_MAX 10000000.0
#define LOAD_SHAPE_MS_MAX (INT64_C(7) * 86400 * 1000)
#define LOAD_TIMEOUT_MS_MAX 600000
#define LOAD_SETTLE_MS_MAX 60000 /* of a warm-up that ends when it has settled */
#define LOAD_HEAD_BYTES_MAX 15360 /* a request's line and headers: one TLS record, one send */
#define LOAD_BODY_BYTES_MAX (16 << 20)

enum load_piece_kind { LOAD_HOLD, LOAD_RAMP, LOAD_STEP, LOAD_SPIKE, LOAD_SINE, LOAD_CLOSED, LOAD_PIECE_KINDS };
extern const char *const load_piece_names[LOAD_PIECE_KINDS];

struct load_piece { /* load/shape.h says what each kind means */
        enum load_piece_kind kind;
        double from_rps, to_rps;   /* first and last of ramp and step; else equal: hold, base of a spike, mean of a sine; 0 closed */
        int64_t for_ms;
        double peak_rps;           /* of a spike; of a sine, its mean and amplitude together */
        uint32_t steps;            /* of a step, at least 2 */
        int64_t at_ms, width_ms;   /* of a spike, together at most for_ms */
        int64_t period_ms;         /* of a sine */
};

struct load_request {
        char *name, *method, *path;
        uint32_t weight;
        char *headers[LOAD_HEADERS_MAX][2];
        size_t headers_len;
        char *body, *body_file; /* at most one; both may be NULL */
        size_t body_size;       /* of body, which may hold any bytes */
        bool body_is_json;      /* is yet to be encoded, see load/message.h; of no body, too */
        char *contains;         /* 1..MATCH_BYTES_MAX bytes; NULL: any body */
        struct { int low, high; } statuses[LOAD_STATUS_RANGES_MAX]; /* what counts as success; of gRPC, codes from RECORD_GRPC_OK on */
        size_t statuses_len;
};

enum load_protocol { LOAD_HTTP1, LOAD_HTTP2, LOAD_GRPC };

enum load_busy { LOAD_QUEUE, LOAD_SHED, LOAD_GROW };

struct load_guard {
        bool given;
        struct address_range *allow, *deny; /* owned; allow_len 0: everything that is not denied */
        size_t allow_len, deny_len;
};

struct load_plan {
        char *run_uid, *run_namespace, *run_name;
        int trial;
        uint32_t workers;
        uint64_t seed;
        enum load_protocol protocol;
        bool tls, tls_verify;
        char *ca_file, *sni, *authority;
        char *descriptor_file; /* of gRPC messages; NULL: bodies are messages */
        char *certificate_file, *key_file; /* both or neither: what this client shows of itself */
        char *addresses[LOAD_ADDRESSES_MAX]; /* "host:port", "[v6]:port" */
        size_t addresses_len;
        struct load_guard guard;
        struct load_proxy proxies[LOAD_PROXIES_MAX]; /* that may be in this pod */
        size_t proxies_len;
        struct brake brake; /* as it begins; for_ms 0: none */
        struct load_request requests[LOAD_REQUESTS_MAX];
        size_t requests_len;
        struct { char *name, *file; } secret_headers[LOAD_SECRET_HEADERS_MAX]; /* of every request; the value stands in the file */
        size_t secret_headers_len;
        struct load_piece shape[LOAD_PIECES_MAX];
        size_t shape_len;
        bool closed;  /* the shape is one LOAD_CLOSED piece */
        bool poisson; /* arrivals: independent, from the seed; else evenly spaced */
        bool index_header;
        bool precise; /* pacing: sleep, then poll; else sends are grouped to <= 1 ms */
        enum load_busy when_busy;
        uint32_t connections, connections_max; /* the latter: equal but with LOAD_GROW */
        int64_t reconnect_requests, reconnect_ms; /* 0: never */
        uint32_t streams; /* of a connection; 1 with LOAD_HTTP1 */
        int64_t timeout_ms, warmup_ms, warmup_least_ms /* 0: warmup_ms it is */, cooldown_ms, ready_timeout_ms, interval_ms;
        int64_t shape_ms; /* sum of the pieces */
};

/* On success *ret_plan is new; files it names are not opened. FAIL_INVALID names the field by its path. */
enum fail_kind load_plan_decode(struct json_object *doc, struct load_plan **ret_plan, struct fail *fail);
/* For one trial of several: its warm-up is this long, whatever the plan says. */
void load_plan_set_warmup(struct load_plan *plan, int64_t warmup_ms);
/* For one probe of a search: its shape is one hold, whatever the plan says. 0 < rate_rps <= LOAD_RATE_MAX, 0 < for_ms <= LOAD_SHAPE_MS_MAX. */
void load_plan_set_hold(struct load_plan *plan, double rate_rps, int64_t for_ms);
struct load_plan *load_plan_free(struct load_plan *plan); /* NULL is fine; returns NULL */

/* "host:port" or "[v6]:port" into new strings (each ret_ may be NULL); false when it is neither. */
bool load_address_split(const char *address, char **ret_host, char **ret_port);
