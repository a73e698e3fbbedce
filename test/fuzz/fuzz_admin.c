/* SPDX-License-Identifier: Apache-2.0
 *
 * config.yaml to the administrator's configuration: refused with the field's name, or within its bounds and read alike again. No
 * configuration allows what it does not name. */
#include <math.h>

#include "api/admin.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "fuzz_json.h"

static void must_be_caps(const struct admin_caps *caps)
{
        must(isfinite(caps->rate_rps) && caps->rate_rps >= 0);
        must(caps->connections >= 0 && caps->workers >= 0 && caps->duration_ms >= 0 && caps->runs >= 0);
}

static bool names_port(const struct admin_allow *allow, int port)
{
        bool named = false;

        must((allow->host || allow->by_range) && allow->ports_len >= 1 && allow->ports_len <= ADMIN_PORTS_MAX && allow->rate_rps >= 0);
        for (size_t i = 0; i < allow->ports_len; i++) {
                must(allow->ports[i] >= 1 && allow->ports[i] <= 65535);
                named = named || allow->ports[i] == port;
        }
        return named;
}

static void must_allow_only_what_it_names(const struct admin *admin)
{
        const struct profile profile = {
                .url = "https://shop.example.com:8443/", .url_host = (char *)"shop.example.com", .url_port = 8443, .peak_rps = 100};
        struct json_object *ranges = NULL;
        struct fail fail = {0};
        bool named = false;

        for (size_t i = 0; i < admin->allow_len; i++)
                named = names_port(&admin->allow[i], profile.url_port) || named;
        if (admin_check_url(admin, &profile, &ranges, &fail))
                must(fail.kind == FAIL_DENIED && fail.text[0] && !ranges);
        else
                must(named && json_object_is_type(ranges, json_type_array));
        json_object_put(ranges);
        for (size_t i = 0; i < admin->deny_len; i++)
                must(admin_denies(admin, &admin->deny[i].first));
}

static void must_be_sound(const struct admin *admin)
{
        must(admin->allow_len <= ADMIN_ALLOW_MAX && admin->deny_len <= ADMIN_DENY_MAX);
        must_be_caps(&admin->run);
        must_be_caps(&admin->namespace);
        must_be_caps(&admin->cluster);
        must_allow_only_what_it_names(admin);
        must(admin->sources_len <= ADMIN_SOURCES_MAX);
        for (size_t i = 0; i < admin->sources_len; i++) {
                const struct admin_source *source = &admin->sources[i];
                must(text_starts(source->url, "http://") || text_starts(source->url, "https://"));
                must((!source->ca && !source->token_file) || text_starts(source->url, "https://"));
                must(admin_find_source(admin, source->name) == source && !strchr(source->url, '@') && !strchr(source->url, '?'));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *text = fuzz_text(data, size);
        auto_json struct json_object *configmap = doc_set(doc_object(), "data", doc_set_text(doc_object(), ADMIN_KEY, text));
        struct admin *admin = NULL, *again = NULL;
        struct fail fail = {0};

        enum fail_kind kind = admin_decode(configmap, &admin, &fail);
        must(kind == fail.kind && kind == admin_decode(configmap, &again, NULL));
        if (kind) {
                must(kind == FAIL_INVALID && fail.text[0] && !admin && !again);
                return 0;
        }
        must_be_sound(admin);
        must(admin->stop_all == again->stop_all && admin->allow_len == again->allow_len && admin->deny_len == again->deny_len);
        must(admin->run.rate_rps == again->run.rate_rps && admin_caps_sums(&admin->cluster) == admin_caps_sums(&again->cluster));
        admin_free(admin);
        admin_free(again);
        return 0;
}
