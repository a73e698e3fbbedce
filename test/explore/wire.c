/* SPDX-License-Identifier: Apache-2.0 */
#include "stranger.h"
#include "wire_internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct wire *wire_new(struct loop *loop, struct apisim *sim, struct faults *faults, const char *operator, uint64_t stale_version,
                      int64_t stale_until_ns)
{
        struct wire *wire = xnew(struct wire);

        *wire = (struct wire){.loop = loop, .sim = sim, .faults = faults, .operator = operator,
                              .stale_version = stale_version, .stale_until_ns = stale_until_ns};
        wire->config.server = xstrdup("http://apisim");
        wire->config.namespace = xstrdup("default");
        return wire;
}

struct wire *wire_free(struct wire *wire)
{
        if (!wire)
                return NULL;
        free(wire->config.server);
        free(wire->config.namespace);
        free(wire);
        return NULL;
}

struct kube_config *wire_config(struct wire *wire)
{
        return &wire->config;
}

enum wire_blow wire_blow(const struct wire *wire)
{
        return wire->blow;
}

void wire_cut(struct wire *wire, bool cut)
{
        wire->cut = cut;
}

void wire_cut_lease(struct wire *wire, bool cut)
{
        wire->lease_cut = cut;
}

static bool is_dead(const struct wire *wire)
{
        return wire->blow == WIRE_KILLED || wire->blow == WIRE_KILLED_STALE;
}

static struct wire *wire_of(struct kube_client *client)
{
        return (struct wire *)client->config;
}

/* ---- requests ---- */

static void refuse(struct call *call, int status, const char *reason, int retry_after_s)
{
        call->request->body_sent = call->request->body_size;
        call->status = status;
        call->retry_after_s = retry_after_s;
        buf_format(&call->body, "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"%s\",\"message\":\"a fault\",\"code\":%d}", reason,
                   status);
}

/* A server that lags behind has only old lists. */
static char *target_of(const struct call *call)
{
        const struct wire *wire = call->wire;
        const char *path = call->request->path;

        if (!call->request->item || loop_now_ns(wire->loop) >= wire->stale_until_ns || strstr(path, "continue="))
                return xstrdup(path);
        return xasprintf("%s&resourceVersion=%" PRIu64 "&resourceVersionMatch=Exact", path, wire->stale_version);
}

static void ask(struct call *call)
{
        struct request *request = call->request;
        auto_free char *target = target_of(call);
        const struct apisim_request question = {
                .method = request->method,
                .target = target,
                .content_type = request->content_type,
                .body = request->body,
                .size = request->body_size,
        };
        struct apisim_answer answer = {0};

        int refused = call->wire->faults->refused(call->wire->faults->owner, request->method, request->path);
        if (refused) {
                refuse(call, refused, refused == 403 ? "Forbidden" : "InternalError", 0);
                return;
        }
        apisim_request(call->wire->sim, &question, &answer);
        request->body_sent = request->body_size;
        call->status = answer.status;
        call->retry_after_s = answer.retry_after_s;
        call->stream = take(answer.stream);
        if (answer.body)
                buf_add(&call->body, answer.body, answer.size);
        apisim_answer_done(&answer);
        if (request->class == CLASS_URGENT && request->body && call->status / 100 == 2)
                call->wire->renewed_ns = call->sent_ns;
}

/* Events tell what was done; everything else that is written needs a Lease. */
static void note_lease_age(struct wire *wire, const struct request *request)
{
        int64_t age_ns = loop_now_ns(wire->loop) - wire->renewed_ns;

        if (!strstr(request->path, "/events") && age_ns > wire->faults->lease_age_max_ns)
                wire->faults->lease_age_max_ns = age_ns;
}

static void suffer(struct call *call, enum fault_kind fault)
{
        switch (fault) {
        case FAULT_KILL_SENT:
                ask(call);
                /* fall through */
        case FAULT_KILL_BEFORE:
                call->wire->blow = WIRE_KILLED;
                call->hangs = true;
                break;
        case FAULT_FREEZE:
                call->wire->faults->lead_lost(call->wire->faults->owner, fault);
                call->wire->blow = WIRE_FROZEN;
                call->in_hands = true;
                break;
        case FAULT_CONFLICT:
                refuse(call, 409, "Conflict", 0);
                break;
        case FAULT_BUSY:
                refuse(call, 429, "TooManyRequests", 1);
                break;
        case FAULT_ERROR_DONE:
                ask(call);
                buf_clear(&call->body);
                refuse(call, 500, "InternalError", 0);
                break;
        case FAULT_ERROR_UNDONE:
                refuse(call, 500, "InternalError", 0);
                break;
        case FAULT_SILENT_DONE:
                ask(call);
                call->hangs = true;
                break;
        case FAULT_SILENT_UNDONE:
                call->request->body_sent = call->request->body_size;
                call->hangs = true;
                break;
        default:
                if (fault_is_of_lease(fault))
                        call->wire->faults->lead_lost(call->wire->faults->owner, fault);
                call->dies = fault == FAULT_KILL_ANSWERED;
                ask(call);
                break;
        }
}

enum fail_kind transfer_start(struct request *request, struct fail *fail)
{
        if (stranger_is(request->client)) {
                stranger_start(request);
                return FAIL_NONE;
        }
        struct wire *wire = wire_of(request->client);
        struct call *call = xnew(struct call);
        bool counted = request->body && request->class != CLASS_URGENT;

        (void)fail;
        *call = (struct call){.next = wire->calls, .wire = wire, .request = request};
        wire->calls = call;
        request_lane(request)->running++;
        request->easy = (CURL *)call;
        request->finished = request->overdue = request->opened = request->opened_told = false;
        request->body_sent = 0;
        request->code = CURLE_OK;
        buf_clear(&request->answer);
        request->answer.size_max = 0;
        call->watch = strstr(request->path, "watch=true") != NULL;
        call->sent_ns = loop_now_ns(wire->loop);
        call->from_ns = call->sent_ns + WIRE_LATENCY_NS;
        if (counted)
                note_lease_age(wire, request);
        /* Of policies no watch tells: they are asked for again and again. */
        if (!call->watch && request->class != CLASS_URGENT && !strstr(request->path, "/admissionregistration.k8s.io/"))
                faults_asked(wire->faults, wire->operator, request->method, request->path, call->sent_ns);
        call->in_hands = wire->blow == WIRE_FROZEN;
        if (is_dead(wire) || wire->cut || (wire->lease_cut && request->class == CLASS_URGENT))
                call->hangs = true;
        else if (!call->in_hands)
                suffer(call, counted ? faults_strike(wire->faults, false) : FAULT_NONE);
        return FAIL_NONE;
}

void transfer_stop(struct request *request)
{
        if (stranger_is(request->client)) {
                stranger_stop(request);
                return;
        }
        struct call *call = (struct call *)request->easy;

        if (!call)
                return;
        struct call **slot = &call->wire->calls;
        while (*slot != call)
                slot = &(*slot)->next;
        *slot = call->next;
        request_lane(request)->running--;
        if (call->dies && request->finished)
                call->wire->blow = WIRE_KILLED;
        apisim_stream_free(call->stream);
        buf_done(&call->held);
        buf_done(&call->body);
        free(call);
        request->easy = NULL;
}

enum fail_kind transfer_result(struct request *request, struct json_object **ret_object, struct fail *fail)
{
        const struct call *call = (const struct call *)request->easy;

        if (request->overdue)
                return fail_set(fail, request->body_sent ? FAIL_UNKNOWN : FAIL_TIMEOUT, "no answer in time");
        if (request->opened)
                return FAIL_NONE;
        return client_answer(request, call->status, call->retry_after_s, ret_object, fail);
}

enum fail_kind transfer_prepare(struct kube_client *client, struct fail *fail)
{
        (void)fail;
        client->base_url = xstrdup(client->config->server);
        return FAIL_NONE;
}

/* ---- answers ---- */

static bool pump_call(struct call *call)
{
        struct request *request = call->request;

        if (call->hangs || request->finished || loop_now_ns(call->wire->loop) < call->from_ns)
                return false;
        if (call->stream)
                return wire_pump_stream(call);
        if (call->body.size)
                buf_add(&request->answer, call->body.data, call->body.size);
        request->finished = true;
        request->heard_ns = loop_now_ns(call->wire->loop);
        client_ready(request);
        return true;
}

bool wire_pump(struct wire *wire)
{
        bool moved = false;

        if (wire->blow || wire->cut)
                return false;
        for (struct call *call = wire->calls; call && !wire->blow; call = call->next)
                if (pump_call(call)) {
                        wire->owed = call->request->client;
                        moved = true;
                }
        if (wire->owed && !wire->blow)
                client_deliver(take(wire->owed));
        return moved;
}

/* Oldest first: that is how they stand in the hands. */
static void send_from_hands(struct call *call)
{
        if (!call)
                return;
        send_from_hands(call->next);
        if (!call->in_hands)
                return;
        call->in_hands = false;
        call->from_ns = loop_now_ns(call->wire->loop) + WIRE_LATENCY_NS;
        ask(call);
}

void wire_thaw(struct wire *wire)
{
        wire->blow = WIRE_FINE;
        send_from_hands(wire->calls);
}

int64_t wire_wake_ns(const struct wire *wire)
{
        int64_t wake_ns = INT64_MAX;

        if (wire->cut || wire->blow)
                return wake_ns;
        for (const struct call *call = wire->calls; call; call = call->next) {
                if (call->hangs || call->request->finished)
                        continue;
                int64_t at_ns = call->stream ? wire_stream_wake_ns(call) : call->from_ns;
                if (at_ns < wake_ns)
                        wake_ns = at_ns;
        }
        return wake_ns;
}

/* ---- lanes: nothing to keep between calls ---- */

void lane_init(struct lane *lane, struct kube_client *client, int peer_timeout_ms)
{
        *lane = (struct lane){.client = client, .peer_timeout_ms = peer_timeout_ms};
}

void lane_done(struct lane *lane)
{
        (void)lane;
}

void lane_drop_suspect(struct lane *lane)
{
        lane->suspect = false;
}

struct lane *request_lane(struct request *request)
{
        return &request->client->lanes[request->class == CLASS_URGENT ? LANE_URGENT : LANE_ORDINARY];
}
