/* SPDX-License-Identifier: Apache-2.0
 *
 * A watch stream means the same whole, byte by byte and in any pieces: the same events in the same order, the same position
 * and the same state at its end. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "kube/watch.h"

#define NOW_NS (1000 * NS_PER_S)

struct trace {
        uint64_t events;
        uint64_t hash;
};

static void on_event(void *owner, enum watch_event event, struct json_object *object)
{
        struct trace *trace = owner;
        const char *text = doc_print(object);

        must(object && doc_text(object, "metadata.resourceVersion") && event <= WATCH_DELETED);
        trace->events++;
        trace->hash = (trace->hash ^ text_hash(text, strlen(text)) ^ event) * UINT64_C(0x100000001b3);
        json_object_object_del(object, "metadata"); /* allowed: the receiver may change it */
}

static void begin(struct watch *watch, const struct scan_keep *keep)
{
        watch_init(watch, keep, 1, NOW_NS);
        must(watch_run(watch, NOW_NS) == WATCH_LIST);
        watch_listed(watch, "1", NOW_NS);
        must(watch_run(watch, NOW_NS) == WATCH_STREAM);
        watch_data(watch, NULL, 0, NOW_NS, on_event, NULL);
}

static struct trace stream(struct watch *watch, const struct scan_keep *keep, const uint8_t *data, size_t size, uint64_t seed)
{
        struct trace trace = {0};

        begin(watch, keep);
        for (size_t at = 0, length; at < size; at += length) {
                length = !seed ? size : seed == 1 ? 1 : fuzz_piece(&seed, size - at);
                char *piece = fuzz_copy(data + at, length);
                watch_data(watch, piece, length, NOW_NS, on_event, &trace);
                free(piece);
                must(watch->line.size <= WATCH_LINE_BYTES_MAX && watch->line.size <= size);
        }
        struct fail none = {0};
        watch_closed(watch, &none, NOW_NS + 2 * NS_PER_S);
        return trace;
}

static void must_be_sound(struct watch *watch)
{
        must(watch->state == WATCH_WAITING && watch_version(watch) && watch_version(watch)[0]);
        must(watch->wake_ns >= NOW_NS && watch->wake_ns <= NOW_NS + 70 * NS_PER_S);
        fuzz_must_be_utf8(watch_problem(watch));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const paths[] = {"status.phase", NULL};
        struct scan_keep *keep = size % 2 ? scan_keep_new(paths) : NULL;
        const uint64_t seeds[] = {0, 1, size + 2};
        struct watch watches[ARRAY_LEN(seeds)];
        struct trace traces[ARRAY_LEN(seeds)];

        for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
                traces[i] = stream(&watches[i], keep, data, size, seeds[i]);
                must_be_sound(&watches[i]);
                must(traces[i].events == traces[0].events && traces[i].hash == traces[0].hash);
                must(text_equal(watch_version(&watches[i]), watch_version(&watches[0])));
                must(watches[i].list_next == watches[0].list_next && watches[i].drop == watches[0].drop &&
                     watches[i].wake_ns == watches[0].wake_ns && watches[i].fruitless == watches[0].fruitless);
                must(text_equal(watch_problem(&watches[i]), watch_problem(&watches[0])));
        }
        for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
                watch_done(&watches[i]);
        scan_keep_free(keep);
        return 0;
}
