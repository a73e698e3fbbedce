/* SPDX-License-Identifier: Apache-2.0
 *
 * What the administrator allows: the ConfigMap loadstone-config of the operator's own namespace, key config.yaml. docs/config.md
 * describes it. Without it there are the defaults below: Services only, and caps that a mistake runs into first. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/profile.h"
#include "base/fail.h"
#include "data/address.h"

#define ADMIN_CONFIGMAP "loadstone-config"
#define ADMIN_KEY "config.yaml"
#define ADMIN_ALLOW_MAX 64
#define ADMIN_DENY_MAX 256
#define ADMIN_PORTS_MAX 16
#define ADMIN_SOURCES_MAX 8
#define ADMIN_SOURCE_NAMESPACES_MAX 64

/* One entry of targets.allow: where a URL may lead. */
struct admin_allow {
        const char *host;           /* "shop.example.com", "*.example.com" (any depth below), NULL: any name or none */
        struct address_range range; /* where its addresses must lie; valid with by_range */
        const char *range_text;
        bool by_range;
        int ports[ADMIN_PORTS_MAX];
        size_t ports_len;
        double rate_rps;            /* at most; 0: caps alone */
};

/* 0: no such cap. */
struct admin_caps {
        double rate_rps;
        int64_t connections, workers, duration_ms, runs; /* duration of one run only, runs of a sum only */
};

/* One entry of prometheus: who can be asked for series, and for whom. */
struct admin_source {
        const char *name;
        const char *url;        /* "https://prometheus.monitoring:9090", with the path below which its API is */
        const char *ca;         /* PEM; NULL: the image's */
        const char *token_file; /* of the operator's pod; NULL: no token is shown */
        struct json_object *namespaces; /* whose profiles may ask; "*": all */
};

struct admin {
        struct json_object *document; /* that the strings are borrowed from; owned */
        bool stop_all, allow_secrets_without_policy;
        struct admin_allow allow[ADMIN_ALLOW_MAX];
        size_t allow_len;
        struct address_range deny[ADMIN_DENY_MAX];
        const char *deny_texts[ADMIN_DENY_MAX];
        size_t deny_len;
        struct admin_source sources[ADMIN_SOURCES_MAX];
        size_t sources_len;
        struct admin_caps run, namespace, cluster; /* of each run; of all that run in a namespace, in the cluster */
};

/* Decodes the ConfigMap; NULL means the defaults. Strict: what is not known is refused, not left out. *ret_admin is new.
 * FAIL_INVALID names the field and says what to write. */
enum fail_kind admin_decode(struct json_object *configmap, struct admin **ret_admin, struct fail *fail);
struct admin *admin_free(struct admin *admin);

/* What a run asks for (the most that any of its variants does), or several together. */
struct admin_load {
        double rate_rps; /* the shape's highest */
        int64_t connections, workers, duration_ms, runs;
};
struct admin_load admin_load_of(const struct profile *profile);
void admin_load_add(struct admin_load *into, const struct admin_load *load);

/* Is one run within caps.run, and could it ever fit into the sums? FAIL_DENIED names the field of the profile, the cap and both
 * values. A closed loop has no rate: its connections bound it. */
enum fail_kind admin_check_run(const struct admin *admin, const struct profile *profile, struct fail *fail);
/* Do the runs under way ('sum') leave room for one more? FAIL_BUSY names the cap. 'where' is "namespace" or "cluster". */
enum fail_kind admin_check_sum(const struct admin_caps *caps, const char *where, const struct admin_load *sum, const struct admin_load *more,
                               struct fail *fail);
/* Does the allow list let a profile with a url go there? Its rate is held against maxRate too. FAIL_DENIED says which part is not
 * allowed and whom to ask. *ret_allow (may be NULL): new array of the ranges in which its addresses must lie, as texts; empty when
 * the host is allowed wherever it is. */
enum fail_kind admin_check_url(const struct admin *admin, const struct profile *profile, struct json_object **ret_allow, struct fail *fail);
/* Is this address among targets.deny? */
bool admin_denies(const struct admin *admin, const struct address *address);
/* The source of that name; NULL: the administrator has none. */
const struct admin_source *admin_find_source(const struct admin *admin, const char *name);
/* May profiles of this namespace ask it? */
bool admin_source_serves(const struct admin_source *source, const char *namespace);
/* True when sums are capped at all. */
bool admin_caps_sums(const struct admin_caps *caps);
