/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/traffic.h"

#include <assert.h>

#include "base/mem.h"
#include "base/text.h"

static const char *const names[TRAFFIC_METHODS] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
/* Those of client-go's rest_client_request_duration_seconds. */
static const double bounds_s[] = {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60};

void traffic_init(struct traffic *traffic)
{
        *traffic = (struct traffic){0};
        for (size_t i = 0; i < TRAFFIC_METHODS; i++) {
                traffic->methods[i].name = names[i];
                traffic->methods[i].durations = (struct buckets){.bounds_s = bounds_s, .len = ARRAY_LEN(bounds_s)};
        }
}

static void count(struct traffic_method *method, int code)
{
        size_t at = 0;

        while (at < method->len && method->counts[at].code != code)
                at++;
        if (at == TRAFFIC_CODES_MAX - 1 && at == method->len)
                code = TRAFFIC_CODE_OTHER; /* the last place is for all that have none */
        else if (at == TRAFFIC_CODES_MAX)
                at--;
        if (at == method->len)
                method->counts[method->len++].code = code;
        method->counts[at].count++;
}

void traffic_record(struct traffic *traffic, const char *name, int code, int64_t duration_ns)
{
        size_t at = 0;

        while (at < TRAFFIC_METHODS && !text_equal(traffic->methods[at].name, name))
                at++;
        assert(at < TRAFFIC_METHODS);
        count(&traffic->methods[at], code);
        buckets_record(&traffic->methods[at].durations, duration_ns);
}
