/* SPDX-License-Identifier: Apache-2.0
 *
 * Which DestinationRules speak for a host, and which of their blocks count for a subset and port. Inside of pkg/mesh. */
#pragma once

#include "mesh/istio.h"

#define RULES_MAX 16

/* The rules of one host in one namespace, merged the way istiod does: oldest first. */
struct rule_set {
        struct json_object *rules[RULES_MAX]; /* borrowed */
        size_t len;
        const char *unknown; /* NULL, or why nobody can tell */
};

/* One block of a traffic policy ("connectionPool", "outlierDetection", "loadBalancer", "tls", "retryBudget") and where it stands. */
struct rule_block {
        struct json_object *value; /* NULL: nothing is set */
        char ref[REF_MAX], field[FIELD_MAX];
        bool config; /* from the mesh config */
};

/* 'note' names those that lose. */
void rules_find(struct istio *istio, const char *host, bool note, struct rule_set *set);
/* False: the subset does not exist. */
bool rules_block(const struct istio *istio, const struct rule_set *set, const char *subset, int64_t port, const char *name,
                 struct rule_block *block);
