/* SPDX-License-Identifier: Apache-2.0
 *
 * The mesh between the generator and the target of one run: resolved before the load for what the generator pods will be, at its
 * start for what they are, and again whenever a policy changes under way; and what the proxies counted from the start to the end. */
#pragma once

#include "mesh/explain.h"
#include "operator/session.h"

struct session_mesh;

/* Begins to read the cluster, once. Nothing when the profile does not want it. */
void session_mesh_open(struct session *session, const struct run *run);
struct session_mesh *session_mesh_free(struct session_mesh *mesh);

/* What is wanted has been read, or was waited for long enough. True when nothing is wanted. */
bool session_mesh_settled(const struct session *session);
/* Before there is a plan, once settled: the snapshot for the pods that will be made. */
void session_mesh_mark_before(struct session *session, const struct run *run);

/* Another trial, with a client that may be of another kind: what was seen of the last one's is forgotten. Needs the plan. */
void session_mesh_begin_trial(struct session *session);

/* In every pass while there are worker pods: all of them are ready, the load's start is known, all workers have ended. */
void session_mesh_look(struct session *session, bool ready, bool started, bool ended);
/* What the proxies had counted before the load is known, or was waited for long enough: what they count from now on is the load's. */
bool session_mesh_begun(const struct session *session);
/* What the proxies counted until the end is known, or will not be. */
bool session_mesh_closed(const struct session *session);

/* For the plan; borrowed, NULL when there is none. */
struct json_object *session_mesh_before(const struct session *session);
/* What the pods of an arm need (mesh/client.h); caller owns. */
struct json_object *session_mesh_encode_pod(const struct session *session, uint32_t arm);

/* Once per trial, when its window is known: what the proxies used in it. */
void session_mesh_judge(struct session *session, int64_t from_wall_ms, int64_t to_wall_ms);
/* Of the trial that was judged last: the proxies beside the target; nothing is known where there are none. */
struct samples_summary session_mesh_server_use(const struct session *session);

/* What the profile requires (spec.context.require) and was not in effect at the start or is not now: a sentence, new. NULL: all of it is and
 * was. */
char *session_mesh_unmet(const struct session *session);

/* status.context.mesh; NULL when nothing is known. 'load_us' is the mean of the load's 'requests' that were
 * answered. Caller owns. */
struct json_object *session_mesh_encode_status(const struct session *session, double load_us, int64_t requests);
/* What stood between this trial's client and the target, in short: {"summary", "effective", "type", "mode", "version", "clientMeshed",
 * "serverMeshed", "mtls", "use"} (result/arms_mesh.h). NULL when nothing is known. Caller owns. */
struct json_object *session_mesh_encode_trial(const struct session *session);
/* What mesh/explain.h makes of it and of the load, the changes and the baseline that 'around' brings. Caller owns. */
struct json_object *session_mesh_explain(const struct session *session, const struct mesh_case *around);
/* The mesh of a run by the context of its result: {"snapshot", "use"}; new, NULL: it does not tell. */
struct json_object *session_mesh_of_result(struct json_object *context);
/* For the result: {"before", "start", "end", "drift", "proxies", "use"}. NULL when nothing is known. Caller owns. */
struct json_object *session_mesh_encode_full(const struct session *session);
