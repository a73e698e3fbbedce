/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const names[FAULT_KINDS] = {
        [FAULT_NONE] = "none",
        [FAULT_KILL_BEFORE] = "kill-before",
        [FAULT_KILL_SENT] = "kill-sent",
        [FAULT_KILL_ANSWERED] = "kill-answered",
        [FAULT_CONFLICT] = "conflict",
        [FAULT_BUSY] = "busy",
        [FAULT_ERROR_DONE] = "error-done",
        [FAULT_ERROR_UNDONE] = "error-undone",
        [FAULT_SILENT_DONE] = "silent-done",
        [FAULT_SILENT_UNDONE] = "silent-undone",
        [FAULT_FREEZE] = "freeze",
        [FAULT_LEASE_FREED] = "lease-freed",
        [FAULT_LEASE_TAKEN] = "lease-taken",
        [FAULT_LEASE_DELETED] = "lease-deleted",
        [FAULT_LEASE_GARBAGE] = "lease-garbage",
        [FAULT_EVENT_LATE] = "event-late",
        [FAULT_EVENT_BEHIND] = "event-behind",
        [FAULT_EVENT_TWICE] = "event-twice",
        [FAULT_EVENT_HIDDEN] = "event-hidden",
        [FAULT_EVENT_CUT] = "event-cut",
        [FAULT_EVENT_EXPIRED] = "event-expired",
        [FAULT_KILL_EVENT] = "kill-event",
        [FAULT_KILL_STALE] = "kill-stale",
        [FAULT_FREEZE_EVENT] = "freeze-event",
};

const char *fault_name(enum fault_kind kind)
{
        return names[kind];
}

enum fault_kind fault_named(const char *name)
{
        enum fault_kind kind = FAULT_KINDS - 1;

        while (kind > FAULT_NONE && !text_equal(names[kind], name))
                kind--;
        return kind;
}

bool fault_is_of_event(enum fault_kind kind)
{
        return kind >= FAULT_EVENT_LATE;
}

bool fault_is_of_lease(enum fault_kind kind)
{
        return kind >= FAULT_LEASE_FREED && kind <= FAULT_LEASE_GARBAGE;
}

void faults_asked(struct faults *faults, const char *operator, const char *method, const char *path, int64_t now_ns)
{
        size_t size = strcspn(path, "?");
        uint64_t what = text_hash(path, size) ^ text_hash(method, strlen(method)) << 1 ^ text_hash(operator, strlen(operator)) << 2;
        struct hot *hot = &faults->hot[what % (sizeof faults->hot / sizeof *faults->hot)];

        faults->requests++;
        snprintf(faults->last_request, sizeof faults->last_request, "%s %s", method, path);
        if (text_equal(method, "POST"))
                return;
        if (hot->what != what)
                *hot = (struct hot){.what = what};
        int64_t *slot = &hot->asked_ns[hot->count++ % HOT_MAX]; /* the oldest of the last HOT_MAX */
        if (hot->count > HOT_MAX && now_ns - *slot < HOT_SPAN_NS && !faults->too_hot[0])
                snprintf(faults->too_hot, sizeof faults->too_hot, "%s %.*s", method, (int)size, path);
        *slot = now_ns;
}

enum fault_kind faults_strike(struct faults *faults, bool event)
{
        unsigned count = event ? ++faults->events : ++faults->writes;

        for (size_t i = 0; i < FAULTS_MAX; i++)
                if (faults->list[i].kind && faults->list[i].at == count && fault_is_of_event(faults->list[i].kind) == event)
                        return faults->list[i].kind;
        return faults->choose ? faults->choose(faults->chooser, event, count) : FAULT_NONE;
}
