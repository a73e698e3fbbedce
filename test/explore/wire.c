/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <string.h>

#include "base/mem.h"
#include "kube/request.h"

#define LATENCY_NS NS_PER_MS
#define LATE_NS (7 * NS_PER_S)

struct call {
        struct call *next;
        struct wire *wire;
        struct request *request;
        struct apisim_stream *stream;
        struct buf held;        /* read from the stream, not handed on */
        int64_t from_ns;        /* not before */
        int status, retry_after_s;
        bool hangs;             /* no answer will come */
        bool dies;              /* the operator does when this has been dealt with */
        bool watch;
        struct buf body;
};

struct wire {
        struct kube_config config; /* first: the client knows the wire by it */
        struct loop *loop;
        struct apisim *sim;
        struct faults *faults;
        struct call *calls;
        bool killed, cut, lease_cut;
        int64_t renewed_ns; /* when the last write of the Lease that was done was sent; 0: never */
};

const char *fault_name(enum fault_kind kind)
{
        static const char *const names[FAULT_KINDS] = {
                "none", "kill-before", "kill-sent", "kill-answered", "conflict", "busy", "error-done", "error-undone", "silent-done",
                "silent-undone", "event-late", "event-twice", "event-cut", "event-expired", "kill-event",
        };
        return names[kind];
}

bool fault_is_of_event(enum fault_kind kind)
{
        return kind >= FAULT_EVENT_LATE;
}

struct wire *wire_new(struct loop *loop, struct apisim *sim, struct faults *faults)
{
        struct wire *wire = xnew(struct wire);

        *wire = (struct wire){.loop = loop, .sim = sim, .faults = faults};
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

bool wire_killed(const struct wire *wire)
{
        return wire->killed;
}

void wire_cut(struct wire *wire, bool cut)
{
        wire->cut = cut;
}

void wire_cut_lease(struct wire *wire, bool cut)
{
        wire->lease_cut = cut;
}

static struct wire *wire_of(struct kube_client *client)
{
        return (struct wire *)client->config;
}

static enum fault_kind strike(const struct faults *faults, bool event, unsigned count)
{
        for (size_t i = 0; i < FAULTS_MAX; i++)
                if (faults->list[i].kind && faults->list[i].at == count && fault_is_of_event(faults->list[i].kind) == event)
                        return faults->list[i].kind;
        return faults->choose ? faults->choose(faults->chooser, event, count) : FAULT_NONE;
}

/* ---- requests ---- */

static void ask(struct call *call)
{
        struct request *request = call->request;
        const struct apisim_request question = {
                .method = request->method,
                .target = request->path,
                .content_type = request->content_type,
                .body = request->body,
                .size = request->body_size,
        };
        struct apisim_answer answer = {0};

        apisim_request(call->wire->sim, &question, &answer);
        request->body_sent = request->body_size;
        call->status = answer.status;
        call->retry_after_s = answer.retry_after_s;
        call->stream = take(answer.stream);
        if (answer.body)
                buf_add(&call->body, answer.body, answer.size);
        apisim_answer_done(&answer);
        if (request->class == CLASS_URGENT && request->body && call->status / 100 == 2)
                call->wire->renewed_ns = loop_now_ns(call->wire->loop);
}

/* Events tell what was done; everything else that is written needs a Lease. */
static void note_lease_age(struct wire *wire, const struct request *request)
{
        int64_t age_ns = loop_now_ns(wire->loop) - wire->renewed_ns;

        if (!strstr(request->path, "/events") && age_ns > wire->faults->lease_age_max_ns)
                wire->faults->lease_age_max_ns = age_ns;
}

static void refuse(struct call *call, int status, const char *reason, int retry_after_s)
{
        call->request->body_sent = call->request->body_size;
        call->status = status;
        call->retry_after_s = retry_after_s;
        buf_format(&call->body, "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"%s\",\"message\":\"a fault\",\"code\":%d}", reason,
                   status);
}

static void suffer(struct call *call, enum fault_kind fault)
{
        switch (fault) {
        case FAULT_KILL_BEFORE:
                call->wire->killed = call->hangs = true;
                break;
        case FAULT_KILL_SENT:
                ask(call);
                call->wire->killed = call->hangs = true;
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
                call->dies = fault == FAULT_KILL_ANSWERED;
                ask(call);
                break;
        }
}

enum fail_kind transfer_start(struct request *request, struct fail *fail)
{
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
        call->from_ns = loop_now_ns(wire->loop) + LATENCY_NS;
        if (counted)
                note_lease_age(wire, request);
        if (wire->killed || wire->cut || (wire->lease_cut && request->class == CLASS_URGENT))
                call->hangs = true;
        else
                suffer(call, counted ? strike(wire->faults, false, ++wire->faults->writes) : FAULT_NONE);
        return FAIL_NONE;
}

void transfer_stop(struct request *request)
{
        struct call *call = (struct call *)request->easy;

        if (!call)
                return;
        struct call **slot = &call->wire->calls;
        while (*slot != call)
                slot = &(*slot)->next;
        *slot = call->next;
        request_lane(request)->running--;
        call->wire->killed = call->wire->killed || (call->dies && request->finished);
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

/* ---- streams ---- */

/* Hands on one line of a watch. False: the stream stops here. */
static bool hand_on(struct call *call, const char *line, size_t size)
{
        struct wire *wire = call->wire;
        struct request *request = call->request;
        bool bookmark = memmem(line, size < 64 ? size : 64, "\"BOOKMARK\"", 10) != NULL;
        enum fault_kind fault = bookmark ? FAULT_NONE : strike(wire->faults, true, ++wire->faults->events);

        switch (fault) {
        case FAULT_EVENT_LATE:
                call->from_ns = loop_now_ns(wire->loop) + LATE_NS;
                return false;
        case FAULT_KILL_EVENT:
                wire->killed = true;
                return false;
        case FAULT_EVENT_EXPIRED:
                wire->faults->compacting(wire->faults->owner);
                apisim_compact(wire->sim);
                request->finished = true;
                return false;
        case FAULT_EVENT_CUT:
                request->finished = true;
                return false;
        case FAULT_EVENT_TWICE:
                buf_add(&request->answer, line, size);
                break;
        default:
                break;
        }
        buf_add(&request->answer, line, size);
        return true;
}

static void hand_on_lines(struct call *call)
{
        size_t at = 0;
        const char *end;

        while (at < call->held.size && (end = memchr(call->held.data + at, '\n', call->held.size - at))) {
                size_t size = (size_t)(end - call->held.data) + 1 - at;
                if (!hand_on(call, call->held.data + at, size))
                        break; /* a late line stays, and is counted once more when its time comes: it is not struck again */
                at += size;
        }
        memmove(call->held.data, call->held.data + at, call->held.size - at);
        call->held.size -= at;
}

static bool pump_stream(struct call *call)
{
        struct request *request = call->request;
        size_t before = request->answer.size;
        bool open = apisim_stream_read(call->stream, &call->held);
        bool told = request->opened;

        if (call->watch && call->held.size) {
                hand_on_lines(call);
        } else if (call->held.size) {
                buf_add(&request->answer, call->held.data, call->held.size);
                buf_clear(&call->held);
        }
        request->opened = true;
        if (!open && !call->held.size)
                request->finished = true;
        if (request->answer.size == before && !request->finished && told)
                return false;
        request->heard_ns = loop_now_ns(call->wire->loop);
        client_ready(request);
        return true;
}

static bool pump_call(struct call *call)
{
        struct request *request = call->request;

        if (call->hangs || request->finished || loop_now_ns(call->wire->loop) < call->from_ns)
                return false;
        if (call->stream)
                return pump_stream(call);
        if (call->body.size)
                buf_add(&request->answer, call->body.data, call->body.size);
        request->finished = true;
        request->heard_ns = loop_now_ns(call->wire->loop);
        client_ready(request);
        return true;
}

bool wire_pump(struct wire *wire)
{
        struct kube_client *client = NULL;

        if (wire->killed || wire->cut)
                return false;
        for (struct call *call = wire->calls; call && !wire->killed; call = call->next)
                if (pump_call(call))
                        client = call->request->client;
        if (client && !wire->killed)
                client_deliver(client);
        return client != NULL;
}

int64_t wire_wake_ns(const struct wire *wire)
{
        int64_t wake_ns = INT64_MAX;

        if (wire->cut)
                return wake_ns;
        for (const struct call *call = wire->calls; call; call = call->next) {
                if (call->hangs || call->request->finished)
                        continue;
                int64_t at_ns = call->from_ns;
                if (call->stream && call->request->opened && !call->held.size)
                        at_ns = apisim_stream_wake_ns(call->stream);
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
