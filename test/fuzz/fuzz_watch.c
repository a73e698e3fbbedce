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

static void on_event(void *owner, enum watch_event event, const struct sifted *object)
{
        struct trace *trace = owner;

        must(object && object->version[0] && event <= WATCH_DELETED);
        trace->events++;
        trace->hash = (trace->hash ^ text_hash(object->text.data, object->text.size) ^ text_hash(object->version, strlen(object->version)) ^ event) *
                      UINT64_C(0x100000001b3);
}

static void begin(struct watch *watch, const struct sift *sift)
{
        watch_init(watch, sift, 1, NOW_NS);
        must(watch_run(watch, NOW_NS) == WATCH_LIST);
        watch_listed(watch, "1", NOW_NS);
        must(watch_run(watch, NOW_NS) == WATCH_STREAM);
        watch_data(watch, NULL, 0, NOW_NS, on_event, NULL);
}

static struct trace stream(struct watch *watch, const struct sift *sift, const uint8_t *data, size_t size, uint64_t seed)
{
        struct trace trace = {0};

        begin(watch, sift);
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
        struct sift *sift = sift_new(size % 2 ? paths : NULL);
        const uint64_t seeds[] = {0, 1, size + 2};
        struct watch watches[ARRAY_LEN(seeds)];
        struct trace traces[ARRAY_LEN(seeds)];

        for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
                traces[i] = stream(&watches[i], sift, data, size, seeds[i]);
                must_be_sound(&watches[i]);
                must(traces[i].events == traces[0].events && traces[i].hash == traces[0].hash);
                must(text_equal(watch_version(&watches[i]), watch_version(&watches[0])));
                must(watches[i].list_next == watches[0].list_next && watches[i].drop == watches[0].drop &&
                     watches[i].wake_ns == watches[0].wake_ns && watches[i].fruitless == watches[0].fruitless);
                must(text_equal(watch_problem(&watches[i]), watch_problem(&watches[0])));
        }
        for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
                watch_done(&watches[i]);
        sift_free(sift);
        return 0;
}
