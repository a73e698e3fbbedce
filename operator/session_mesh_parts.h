/* SPDX-License-Identifier: Apache-2.0
 *
 * What session_mesh.c and session_mesh_pages.c gather for one run and session_mesh_encode.c tells of it. */
#pragma once

#include "mesh/client.h"
#include "mesh/explain.h"
#include "operator/mesh_watch.h"
#include "operator/proxy_pages.h"
#include "operator/session_mesh.h"
#include "probe/samples.h"

struct session_mesh {
        struct session *session;
        struct mesh_watch *watch;
        int64_t opened_ns;
        struct json_object *client;  /* the worker pods' template, then one of them as it was created */
        bool client_is_fact;
        struct json_object *servers; /* of the last question */
        struct json_object *request;
        struct json_object *any;     /* before the load, for a client of any kind: which mesh the target is in */
        struct json_object *before, *start, *now;
        struct json_object *drift;   /* [{"atMs", "sentence"}] since the start */
        char *host;                  /* the target's full name */
        uint64_t client_request;     /* reads of worker pods */
        size_t clients_asked;
        struct proxy_pages *pages;
        struct loop_timer next_page;
        int64_t met_ns;              /* since when all worker pods are ready; 0: they are not */
        bool begun;                  /* each proxy has told once, or was waited for long enough */
        bool ending, last_round, closed;
        struct samples_summary trial_use[2], use[2]; /* of the client's and of the server's proxies: in this trial, in all */
};

/* "proxyCpu", "proxyMemory" and "proxyThrottled", each {"client", "server"}; what is not known is not there. */
void session_mesh_put_use(struct json_object *entry, const struct samples_summary use[static 2]);
/* {"client": {"cpuMilli", "memoryKiB", "throttledPermille"}, "server": …}; NULL: nothing is known. Caller owns. */
struct json_object *session_mesh_encode_use(const struct samples_summary use[static 2]);
/* The same for explanations, and of a baseline's document (may be NULL). */
void session_mesh_use_of(const struct samples_summary use[static 2], struct mesh_use ret_use[static 2]);
void session_mesh_decode_use(struct json_object *doc, struct mesh_use ret_use[static 2]);

int32_t session_mesh_port(const struct session *session); /* of the target; 0: not known */
void session_mesh_add_pages(struct session_mesh *mesh, bool client, struct json_object *pod);
/* Once the snapshot of the start is there. */
void session_mesh_add_pages_between(struct session_mesh *mesh);
