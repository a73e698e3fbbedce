/* SPDX-License-Identifier: Apache-2.0
 *
 * Series of the administrator's sources are asked for when the load is over. Whatever a source does, the run ends as it would without. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

#define CONFIG "/api/v1/namespaces/loadstone-system/configmaps"
#define SOURCES                                                                                                           \
        "{\"metadata\":{\"name\":\"loadstone-config\"},\"data\":{\"config.yaml\":\"prometheus: ["                             \
        "{name: truth, url: 'http://truth', namespaces: [shop]}, {name: liar, url: 'http://liar', namespaces: ['*']}, "      \
        "{name: silent, url: 'http://silent', namespaces: [shop]}, {name: others, url: 'http://truth', namespaces: [pay]}]\"}}"

/* The argument names the sources, between commas. */
static void begin(struct world *world)
{
        auto_buf struct buf body = {0};
        auto_free char *names = xstrdup(world_argument(world));
        char *state = NULL;
        int count = 0;

        world_server(world, "web");
        world_ask(world, "POST", CONFIG, SOURCES);
        world_profile(world, "web", "web", WORLD_LOAD);
        buf_text(&body, "{\"spec\":{\"context\":{\"metrics\":[");
        for (char *name = strtok_r(names, ",", &state); name; name = strtok_r(NULL, ",", &state), count++)
                buf_format(&body, "%s{\"name\":\"m%d\",\"query\":\"up\",\"source\":\"%s\"}", count ? "," : "", count, name);
        buf_text(&body, "]}}}");
        world_ask(world, "PATCH", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web", body.data);
        world_run_new(world, "asked", "web", "");
}

/* The configuration goes while it may be asked for; who is under way goes on, and who is not hears that there is none. */
static void act(struct world *world)
{
        if (*world_step_of(world) == 0 && text_equal(world_phase(world, "asked"), "Collecting")) {
                world_ask(world, "DELETE", CONFIG "/loadstone-config", NULL);
                (*world_step_of(world))++;
        }
}

const struct workload workload_metrics[] = {
        {
                .name = "metrics",
                .what = "series of a source that answers",
                .argument = "truth",
                .begin = begin,
                .ends = "asked=Succeeded/Valid",
        },
        {
                .name = "metrics_silent",
                .what = "sources that are silent, lie, are not for this namespace or not there: the run is what it is without",
                .argument = "silent,liar,others,nobody",
                .begin = begin,
                .ends = "asked=Succeeded/Valid",
        },
        {
                .name = "metrics_taken_away",
                .what = "the configuration goes while its sources are asked",
                .argument = "silent,truth,silent,truth",
                .begin = begin,
                .act = act,
                .ends = "asked=Succeeded/Valid",
        },
        {0},
};
