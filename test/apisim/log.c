/* SPDX-License-Identifier: Apache-2.0
 *
 * pods/log: what a container has written so far, or as it writes. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "kubelet.h"
#include "stream.h"

struct log_stream {
        struct apisim_stream stream;
        struct pod_log *log;
        size_t at;
};

static bool read_log(struct apisim_stream *stream, struct buf *out)
{
        struct log_stream *reader = (struct log_stream *)stream;
        const struct buf *text = &reader->log->text;

        if (text->size > reader->at)
                buf_add(out, text->data + reader->at, text->size - reader->at);
        reader->at = text->size;
        return !reader->log->ended;
}

static int64_t wake_log(const struct apisim_stream *stream)
{
        (void)stream;
        return INT64_MAX;
}

static void done_log(struct apisim_stream *stream)
{
        pod_log_leave(((struct log_stream *)stream)->log);
}

/* False when it was answered. */
static bool container_known(struct call *call, struct json_object *pod)
{
        struct json_object *containers = doc_at(pod, "spec.containers");
        const char *wanted = call_query(call, "container");

        if (!wanted && doc_len(containers, "") == 1)
                return true;
        for (size_t i = 0; i < doc_len(containers, ""); i++)
                if (text_equal(doc_text(doc_item(containers, i), "name"), wanted))
                        return true;
        if (wanted)
                refuse_bad_request(call, "container %s is not valid for pod %s", wanted, call->name);
        else
                refuse_bad_request(call, "a container name must be specified for pod %s", call->name);
        return false;
}

static void refuse_waiting(struct call *call, struct json_object *pod)
{
        const char *reason = doc_text(pod, "status.containerStatuses[0].state.waiting.reason");
        const char *container = doc_text(pod, "spec.containers[0].name");

        if (reason)
                refuse_bad_request(call, "container \"%s\" in pod \"%s\" is waiting to start: %s", container, call->name, reason);
        else
                refuse_bad_request(call, "pod %s does not have a host assigned", call->name);
}

void verb_log(struct call *call)
{
        struct object *pod = sim_store_find(call->kind, call->namespace, call->name);

        if (!pod) {
                refuse_not_found(call, call->kind, call->name);
                return;
        }
        if (!container_known(call, pod->json))
                return;
        const char *uid = doc_text(pod->json, "metadata.uid");
        struct life *life = life_find(call->sim, uid);
        if (!life || life->stage < LIFE_RUNNING) {
                refuse_waiting(call, pod->json);
        } else if (call_query_true(call, "follow")) {
                struct log_stream *reader = xnew(struct log_stream);
                *reader = (struct log_stream){{read_log, wake_log, done_log}, life->log, 0};
                life->log->readers++;
                call->answer->status = 200;
                call->answer->content_type = "text/plain";
                call->answer->stream = &reader->stream;
        } else {
                answer_text(call, 200, life->log->text.data ? life->log->text.data : "");
                call->answer->content_type = "text/plain";
        }
}
