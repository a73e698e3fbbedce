/* SPDX-License-Identifier: Apache-2.0
 *
 * What observing costs: access log and trace sampling of both proxies. Sources: istio.io, Telemetry (inheritance root, namespace, workload;
 * the narrower overrides the wider), Global Mesh Options (accessLogFile, enableTracing, defaultConfig.tracing, defaultProviders). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define KIND "Telemetry"
#define LAYERS 3

/* One proxy of the pair. */
struct side {
        const char *name, *mode; /* "client" and "CLIENT" */
        const char *namespace;
        struct json_object *pods; /* array */
};

/* Root, namespace, workload: the oldest of each. Borrowed, NULL where there is none. False: one is for some of the pods only. */
static bool layers_of(struct view *view, const struct side *side, struct json_object *layers[static LAYERS])
{
        bool in_root = strcmp(side->namespace, view->root_namespace) == 0;

        for (size_t layer = 0; layer < LAYERS; layer++) {
                layers[layer] = NULL;
                if (layer == 1 && in_root)
                        continue;
                const char *namespace = layer == 0 ? view->root_namespace : side->namespace;
                auto_json struct json_object *all = bag_objects(view->bag, ISTIO_TELEMETRY, KIND, namespace);
                for (size_t i = 0; !layers[layer] && i < doc_len(all, ""); i++) {
                        struct json_object *object = doc_item(all, i), *labels = doc_at(object, "spec.selector.matchLabels");
                        bool selects = labels && select_count(labels) > 0;
                        int fits = selects ? select_pods(labels, side->pods) : 1;
                        if (doc_at(object, "spec.targetRefs") || selects != (layer == 2) || fits == 0)
                                continue;
                        if (fits < 0)
                                return false;
                        layers[layer] = object;
                        put_inventory(view, KIND, object, "effective");
                }
        }
        return true;
}

static bool is_for(struct json_object *entry, const char *mode)
{
        const char *match = doc_text(entry, "match.mode");

        return !match || text_equal(match, mode) || text_equal(match, "CLIENT_AND_SERVER") || text_equal(match, "UNDEFINED");
}

static void key_of(char key[static 96], const char *what, const struct side *side)
{
        snprintf(key, 96, "telemetry.%s.%s", what, side->name);
}

struct answer {
        int64_t value; /* sampling parts, or 0 and 1 for a log */
        struct json_object *object;
        char field[FIELD_MAX];
        const char *config, *reason;
};

static void put_answer(struct view *view, const char *key, const struct answer *answer, bool flag)
{
        char ref[REF_MAX];
        struct origin origin = answer->config ? ORIGIN_CONFIG(answer->config) : ORIGIN_DEFAULT(answer->reason);

        if (answer->object) {
                ref_format(ref, KIND, answer->object);
                origin = (struct origin){.kind = "object", .ref = ref, .field = answer->field};
        }
        if (flag)
                put_bool(view, key, answer->value > 0, origin);
        else
                put_int(view, key, answer->value, origin);
}

static void log_answer(const struct view *view, struct json_object *layers[static LAYERS], const struct side *side, struct answer *answer)
{
        const char *file = doc_text(view->config, "accessLogFile");

        *answer = (struct answer){.value = file && *file, .config = file ? "accessLogFile" : NULL};
        for (size_t layer = 0; layer < LAYERS; layer++)
                if (doc_len(layers[layer], "spec.accessLogging") > 0)
                        *answer = (struct answer){.reason = "a Telemetry takes the place of accessLogFile"};
        if (doc_len(view->config, "defaultProviders.accessLogging") > 0)
                *answer = (struct answer){.value = 1, .config = "defaultProviders.accessLogging"};
        for (size_t layer = 0; layer < LAYERS; layer++) {
                struct json_object *list = doc_at(layers[layer], "spec.accessLogging");
                for (size_t i = 0; i < doc_len(list, ""); i++) {
                        struct json_object *entry = doc_item(list, i);
                        if (!is_for(entry, side->mode))
                                continue;
                        bool says = doc_len(entry, "providers") > 0 || doc_bool(entry, "disabled", false) || answer->value > 0;
                        if (!says)
                                continue; /* a filter alone switches nothing on */
                        answer->value = !doc_bool(entry, "disabled", false);
                        answer->object = layers[layer];
                        snprintf(answer->field, sizeof answer->field, "spec.accessLogging[%zu]", i);
                }
        }
}

#define SAMPLING_E4 10000 /* istiod's 1 % */

/* Without a Telemetry: the mesh config's sampling, else istiod's own. */
static void sampling_fallback(const struct view *view, struct answer *answer)
{
        struct json_object *own = doc_at(view->config, "defaultConfig.tracing.sampling");
        const char *pilot = istio_pilot_env(view, "PILOT_TRACE_SAMPLING");
        double percent = own ? json_object_get_double(own) : 0;

        *answer = (struct answer){.value = SAMPLING_E4};
        if (percent > 0 && percent <= 100)
                *answer = (struct answer){.value = (int64_t)(percent * 1e4 + 0.5), .config = "defaultConfig.tracing.sampling"};
        else if (percent > 100)
                *answer = (struct answer){.value = SAMPLING_E4, .config = "defaultConfig.tracing.sampling"}; /* istiod takes it for 1 % */
        else if (pilot && atof(pilot) >= 0 && atof(pilot) <= 100)
                *answer = (struct answer){.value = (int64_t)(atof(pilot) * 1e4 + 0.5), .reason = "PILOT_TRACE_SAMPLING of istiod"};
}

static void sampling_answer(const struct view *view, struct json_object *layers[static LAYERS], const struct side *side, struct answer *answer)
{
        bool telemetry = doc_len(view->config, "defaultProviders.tracing") > 0, disabled = false;
        struct json_object *off = NULL;

        sampling_fallback(view, answer);
        for (size_t layer = 0; layer < LAYERS; layer++) {
                struct json_object *list = doc_at(layers[layer], "spec.tracing");
                for (size_t i = 0; i < doc_len(list, ""); i++) {
                        struct json_object *entry = doc_item(list, i), *percent = doc_at(entry, "randomSamplingPercentage");
                        telemetry = true;
                        if (!is_for(entry, side->mode))
                                continue;
                        if (doc_at(entry, "disableSpanReporting")) {
                                disabled = doc_bool(entry, "disableSpanReporting", false);
                                off = layers[layer];
                        }
                        if (!percent || !quantity_scaled(percent, 1e4, &answer->value))
                                continue;
                        answer->object = layers[layer];
                        snprintf(answer->field, sizeof answer->field, "spec.tracing[%zu].randomSamplingPercentage", i);
                }
        }
        if (disabled) {
                *answer = (struct answer){.object = off};
                snprintf(answer->field, sizeof answer->field, "spec.tracing");
        } else if (!telemetry && !doc_bool(view->config, "enableTracing", true)) {
                *answer = (struct answer){.config = "enableTracing"};
        }
}

static void resolve_side(struct view *view, const struct side *side, bool known, const char *none)
{
        char log[96], sampling[96];
        const char *reason = NULL;
        struct json_object *layers[LAYERS];
        struct answer answer;

        key_of(log, "accessLog", side);
        key_of(sampling, "tracingE4", side);
        if (known && none) {
                put_policy(view, log, NULL, ORIGIN_DEFAULT(none));
                put_policy(view, sampling, NULL, ORIGIN_DEFAULT(none));
                return;
        }
        if (!known || !view->config)
                reason = known ? "mesh config not read" : none;
        else if (istio_was_read(view, KIND, side->namespace, &reason) && istio_was_read(view, KIND, view->root_namespace, &reason))
                reason = NULL;
        if (!reason && !layers_of(view, side, layers))
                reason = ISTIO_SOME_PODS;
        if (reason) {
                put_unknown(view, log, reason);
                put_unknown(view, sampling, reason);
                return;
        }
        log_answer(view, layers, side, &answer);
        put_answer(view, log, &answer, true);
        sampling_answer(view, layers, side, &answer);
        put_answer(view, sampling, &answer, false);
}

void istio_telemetry(struct istio *istio)
{
        struct view *view = istio->view;
        auto_json struct json_object *clients = doc_push(doc_array(), json_object_get(view->question->client));
        const struct side client = {"client", "CLIENT", view->client_namespace, clients};
        const struct side server = {"server", "SERVER", view->target_namespace, view->question->server_pods};

        bool known;
        const char *server_reason = istio_server_reason(istio, &known);

        resolve_side(view, &client, istio->ambient || istio->client != ISTIO_SIDE_UNKNOWN, istio_client_reason(istio));
        resolve_side(view, &server, known, server_reason);
}
