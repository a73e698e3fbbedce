/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of proxies, as text and as JSON. What a page says is the same twice, is never negative or beyond what counts exactly, and a window
 * over it rises by nothing when the page comes again. */
#include "fuzz.h"
#include "base/mem.h"
#include "mesh/counters.h"
#include "mesh/window.h"

static void must_be_sane(const struct mesh_counters *counters)
{
        struct mesh_window window = {0};

        for (enum mesh_counter i = 0; i < MESH_COUNTERS; i++)
                must(counters->value[i] >= 0 && counters->value[i] <= MESH_COUNTER_SUM_MAX * MESH_PAGE_LINES_MAX);
        must(counters->lines <= MESH_PAGE_LINES_MAX && counters->malformed <= counters->lines);
        mesh_window_add(&window, counters, 1000);
        mesh_window_add(&window, counters, 2000);
        for (enum mesh_counter i = 0; i < MESH_COUNTERS; i++)
                must(mesh_counter_is_gauge(i) || window.increase[i] == 0);
        must(window.resets == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct mesh_scope scopes[] = {
                {.host = "cart.shop.svc.cluster.local", .service = "cart", .namespace = "shop", .port = 80},
                {.host = "cart.shop.svc.cluster.local", .service = "cart", .namespace = "shop", .port = 8080, .server = true},
                {.host = "cart.shop.svc.cluster.local", .service = "cart", .namespace = "shop", .port = 80, .waypoint = true},
        };
        char *text = fuzz_copy(data, size);

        for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
                struct mesh_counters once = {0}, twice = {0};
                if (!mesh_counters_parse(text, size, &scopes[i], &once, NULL)) {
                        must_be_sane(&once);
                        must(!mesh_counters_parse(text, size, &scopes[i], &twice, NULL));
                        must(memcmp(once.value, twice.value, sizeof once.value) == 0);
                }
                if (!mesh_counters_parse_json(text, size, &scopes[i], &once, NULL))
                        must_be_sane(&once);
        }
        free(text);
        return 0;
}
