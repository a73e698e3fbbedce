/* SPDX-License-Identifier: Apache-2.0
 *
 * What session_mesh.c gathers for one run and session_mesh_encode.c tells of it. */
#pragma once

#include "mesh/client.h"
#include "operator/mesh_watch.h"
#include "operator/proxy_pages.h"
#include "operator/session_mesh.h"

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
        bool ending, last_round, closed;
};
