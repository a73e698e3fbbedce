/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "wire_internal.h"

#define LATE_NS (7 * NS_PER_S)
#define BEHIND_NS (100 * NS_PER_MS)    /* time enough for the operator to act on what came first */
#define BEHIND_MAX_NS (5 * NS_PER_S)   /* when nothing else comes */

static const char expired[] = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                              "\"reason\":\"Expired\",\"message\":\"a fault\",\"code\":410}}\n";

/* Whoever waits for an event of another kind has seen one. */
static void release_others(const struct call *mine)
{
        for (struct call *call = mine->wire->calls; call; call = call->next) {
                if (!call->behind || call == mine)
                        continue;
                call->behind = false;
                call->from_ns = loop_now_ns(call->wire->loop) + BEHIND_NS;
        }
}

static void hold_back(struct call *call, int64_t delay_ns)
{
        call->from_ns = loop_now_ns(call->wire->loop) + delay_ns;
}

static void forget_past(struct wire *wire)
{
        wire->faults->compacting(wire->faults->owner);
        apisim_compact(wire->sim);
}

enum fate { ARRIVES, TWICE, NEVER, NOT_NOW, ENDS };

static enum fate suffer(struct call *call, enum fault_kind fault)
{
        struct wire *wire = call->wire;

        switch (fault) {
        case FAULT_EVENT_LATE:
                hold_back(call, LATE_NS);
                return NOT_NOW;
        case FAULT_EVENT_BEHIND:
                call->behind = true;
                hold_back(call, BEHIND_MAX_NS);
                return NOT_NOW;
        case FAULT_EVENT_TWICE:
                return TWICE;
        case FAULT_EVENT_HIDDEN:
                call->expires_ns = loop_now_ns(wire->loop) + LATE_NS;
                return NEVER;
        case FAULT_EVENT_EXPIRED:
                forget_past(wire);
                return ENDS;
        case FAULT_EVENT_CUT:
                return ENDS;
        case FAULT_KILL_EVENT:
                wire->blow = WIRE_KILLED;
                return NOT_NOW;
        case FAULT_KILL_STALE:
                wire->blow = WIRE_KILLED_STALE;
                return NOT_NOW;
        case FAULT_FREEZE_EVENT:
                wire->faults->lead_lost(wire->faults->owner, fault);
                wire->blow = WIRE_FROZEN;
                return NOT_NOW;
        default:
                return ARRIVES;
        }
}

/* Hands on one line of a watch. False: the stream stops here. */
static bool hand_on(struct call *call, const char *line, size_t size)
{
        struct request *request = call->request;
        bool bookmark = memmem(line, size < 64 ? size : 64, "\"BOOKMARK\"", 10) != NULL;
        enum fate fate = suffer(call, bookmark ? FAULT_NONE : faults_strike(call->wire->faults, true));

        request->finished = fate == ENDS;
        if (fate == NOT_NOW || fate == ENDS)
                return false;
        for (int times = fate == TWICE ? 2 : fate == ARRIVES; times > 0; times--)
                buf_add(&request->answer, line, size);
        if (!bookmark && fate != NEVER)
                release_others(call);
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
        if (!call->held.size)
                buf_done(&call->held); /* what once came in one piece is not kept for ever */
}

/* False: nothing follows. */
static bool read_on(struct call *call)
{
        struct request *request = call->request;
        int64_t now_ns = loop_now_ns(call->wire->loop);
        bool open = apisim_stream_read(call->stream, &call->held);

        if (!call->watch && call->wire->faults->refused(call->wire->faults->owner, request->method, request->path))
                return false;
        if (call->watch && call->held.size) {
                hand_on_lines(call);
        } else if (call->held.size) {
                buf_add(&request->answer, call->held.data, call->held.size);
                buf_clear(&call->held);
        }
        if (!call->expires_ns || now_ns < call->expires_ns)
                return open || call->held.size;
        buf_text(&request->answer, expired);
        return false;
}

static bool lags(const struct call *call)
{
        return call->watch && loop_now_ns(call->wire->loop) < call->wire->stale_until_ns;
}

bool wire_pump_stream(struct call *call)
{
        struct request *request = call->request;
        size_t before = request->answer.size;
        bool told = request->opened;

        if (!lags(call) && !read_on(call))
                request->finished = true;
        request->opened = true;
        if (request->answer.size == before && !request->finished && told)
                return false;
        request->heard_ns = loop_now_ns(call->wire->loop);
        client_ready(request);
        return true;
}

int64_t wire_stream_wake_ns(const struct call *call)
{
        int64_t wake_ns = call->from_ns;

        if (call->request->opened && lags(call))
                return call->wire->stale_until_ns;
        if (call->request->opened && !call->held.size)
                wake_ns = apisim_stream_wake_ns(call->stream);
        int64_t ends_ns = call->expires_ns > call->from_ns ? call->expires_ns : call->from_ns;
        return call->expires_ns && ends_ns < wake_ns ? ends_ns : wake_ns;
}
