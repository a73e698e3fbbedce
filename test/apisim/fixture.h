/* SPDX-License-Identifier: Apache-2.0
 *
 * A server with a clock that the test moves, and requests in one line. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apisim.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "pod_script.h"

#define FIXTURE_WALL_MS INT64_C(1790000000000)

struct world {
        struct clock clock;
        int64_t now_ns;
        struct apisim *sim;
        struct pod_script scripts[8]; /* of pods by completion index, the first for all others */
        int status;                   /* of the last answer */
        int retry_after_s;
};

static inline int64_t world_now_ns(const struct clock *clock)
{
        return ((const struct world *)clock)->now_ns;
}

static inline int64_t world_wall_ms(const struct clock *clock)
{
        return FIXTURE_WALL_MS + ((const struct world *)clock)->now_ns / NS_PER_MS;
}

static inline void world_script(void *owner, struct json_object *pod, struct pod_script *script)
{
        const struct world *world = owner;
        const char *index = doc_text(pod, "metadata.annotations[\"batch.kubernetes.io/job-completion-index\"]");

        *script = world->scripts[index ? atoi(index) % 8 : 0];
}

static inline int world_begin(void **state)
{
        struct world *world = xnew(struct world);
        struct fail fail = {0};

        world->clock = (struct clock){world_now_ns, world_wall_ms};
        struct apisim_options options = {
                .clock = &world->clock, .seed = 7, .crds = {SOURCE_DIR "/crds"}, .script = world_script, .script_owner = world};
        if (apisim_new(&options, &world->sim, &fail)) {
                fprintf(stderr, "%s\n", fail.text);
                return -1;
        }
        *state = world;
        return 0;
}

static inline int world_end(void **state)
{
        struct world *world = *state;

        apisim_free(world->sim);
        free(world);
        return 0;
}

/* The whole answer; apisim_answer_done() it. 'body' may be NULL. */
static inline struct apisim_answer ask_raw(struct world *world, const char *method, const char *target, const char *type, const char *body)
{
        struct apisim_answer answer;
        struct apisim_request request = {method, target, body ? type : NULL, body, body ? strlen(body) : 0};

        apisim_request(world->sim, &request, &answer);
        world->status = answer.status;
        world->retry_after_s = answer.retry_after_s;
        return answer;
}

/* The JSON of the answer, which the caller owns. */
static inline struct json_object *ask(struct world *world, const char *method, const char *target, const char *body)
{
        const char *type = strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json";
        struct apisim_answer answer = ask_raw(world, method, target, type, body);
        struct json_object *json = NULL;

        assert_null(answer.stream);
        doc_parse(answer.body, answer.size, &json, NULL);
        apisim_answer_done(&answer);
        return json;
}

/* Only whether it went through. */
static inline int tell(struct world *world, const char *method, const char *target, const char *body)
{
        json_object_put(ask(world, method, target, body));
        return world->status;
}

static inline struct apisim_stream *open_stream(struct world *world, const char *target)
{
        struct apisim_answer answer = ask_raw(world, "GET", target, NULL, NULL);

        assert_non_null(answer.stream);
        return answer.stream;
}

static inline char *read_stream(struct apisim_stream *stream, bool *ret_more)
{
        struct buf text = {0};

        *ret_more = apisim_stream_read(stream, &text);
        return buf_take(&text);
}

static inline void settle(struct world *world)
{
        for (int i = 0; apisim_step(world->sim); i++)
                assert_true(i < 100); /* controllers that never come to rest */
}

/* Lets time pass, from one thing that is due to the next. */
static inline void pass(struct world *world, int64_t ms)
{
        int64_t until_ns = world->now_ns + ms * NS_PER_MS;

        for (settle(world); apisim_wake_ns(world->sim) <= until_ns; settle(world))
                if (apisim_wake_ns(world->sim) > world->now_ns)
                        world->now_ns = apisim_wake_ns(world->sim);
        world->now_ns = until_ns;
        settle(world);
}

static inline char *text_at(struct world *world, const char *target, const char *path)
{
        auto_json struct json_object *json = ask(world, "GET", target, NULL);
        struct json_object *at = doc_at(json, path);

        return at ? xstrdup(json_object_get_string(at)) : NULL;
}

static inline void assert_text_at(struct world *world, const char *target, const char *path, const char *expected)
{
        auto_free char *text = text_at(world, target, path);

        if (!text_equal(text, expected))
                fail_msg("%s of %s is %s, not %s", path, target, text ? text : "absent", expected ? expected : "absent");
}
