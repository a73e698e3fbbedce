/* SPDX-License-Identifier: Apache-2.0
 *
 * What is served: built-in kinds by table, custom resources from their definitions. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/yaml.h"
#include "sim.h"

static const struct kind built_in[] = {
        /* group, version, plural, name, short name, namespaced, status, generation */
        {"", "v1", "namespaces", "Namespace", "ns", false, true, false},
        {"", "v1", "nodes", "Node", "no", false, true, false},
        {"", "v1", "pods", "Pod", "po", true, true, true, .in_all = true},
        {"", "v1", "configmaps", "ConfigMap", "cm", true, false, false},
        {"", "v1", "secrets", "Secret", NULL, true, false, false},
        {"", "v1", "services", "Service", "svc", true, true, false, .in_all = true},
        {"", "v1", "serviceaccounts", "ServiceAccount", "sa", true, false, false},
        {"", "v1", "events", "Event", "ev", true, false, false, .create_on_update = true},
        {"admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", NULL, false, true, true},
        {"admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", NULL, false, false, true},
        {"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", NULL, false, false, true},
        {"apps", "v1", "daemonsets", "DaemonSet", "ds", true, true, true, .in_all = true},
        {"apps", "v1", "deployments", "Deployment", "deploy", true, true, true, .in_all = true},
        {"apps", "v1", "replicasets", "ReplicaSet", "rs", true, true, true, .in_all = true},
        {"apps", "v1", "statefulsets", "StatefulSet", "sts", true, true, true, .in_all = true},
        {"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", true, true, false, .in_all = true},
        {"batch", "v1", "jobs", "Job", NULL, true, true, true, .in_all = true},
        {"coordination.k8s.io", "v1", "leases", "Lease", NULL, true, false, false, .by_version_only = true, .create_on_update = true},
        {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", NULL, true, false, true},
        {"events.k8s.io", "v1", "events", "Event", "ev", true, false, false, .create_on_update = true},
};

struct kind *kind_find(struct apisim *sim, const char *group, const char *version, const char *plural)
{
        for (size_t i = 0; i < sim->kinds_len; i++) {
                struct kind *kind = &sim->kinds[i];
                if (text_equal(kind->group, group) && text_equal(kind->version, version) && text_equal(kind->plural, plural))
                        return kind;
        }
        return NULL;
}

struct kind *kind_core(struct apisim *sim, const char *plural)
{
        return kind_find(sim, "", "v1", plural);
}

bool kind_is(const struct kind *kind, const char *group, const char *plural)
{
        return text_equal(kind->group, group) && text_equal(kind->plural, plural);
}

char *kind_api_version(const struct kind *kind)
{
        return xasprintf("%s%s%s", kind->group, kind->group[0] ? "/" : "", kind->version);
}

char *kind_qualified(const struct kind *kind, const char *word)
{
        return xasprintf("%s%s%s", word, kind->group[0] ? "." : "", kind->group);
}

static struct json_object *served_version(struct json_object *definition)
{
        struct json_object *versions = doc_at(definition, "spec.versions");

        for (size_t i = 0; i < doc_len(versions, ""); i++)
                if (doc_bool(doc_item(versions, i), "storage", false))
                        return doc_item(versions, i);
        return NULL;
}

static enum fail_kind add_definition(struct apisim *sim, struct json_object *definition, struct fail *fail)
{
        struct json_object *version = served_version(definition);
        struct json_object *schema = doc_at(version, "schema.openAPIV3Schema");

        if (!text_equal(doc_text(definition, "kind"), "CustomResourceDefinition"))
                return FAIL_NONE;
        if (!schema || sim->kinds_len == SIM_KINDS_MAX)
                return fail_set(fail, FAIL_INVALID, "definition %s: no stored version with a schema", doc_text(definition, "metadata.name"));
        sim->kinds[sim->kinds_len++] = (struct kind){
                .group = doc_text(definition, "spec.group"),
                .version = doc_text(version, "name"),
                .plural = doc_text(definition, "spec.names.plural"),
                .name = doc_text(definition, "spec.names.kind"),
                .names = doc_at(definition, "spec.names"),
                .namespaced = text_equal(doc_text(definition, "spec.scope"), "Namespaced"),
                .status = doc_at(version, "subresources.status") != NULL,
                .generation = true,
                .by_version_only = true,
                .schema = schema,
        };
        return FAIL_NONE;
}

static enum fail_kind read_file(struct apisim *sim, const char *path, struct fail *fail)
{
        auto_free char *text = NULL;
        auto_json struct json_object *docs = NULL;
        size_t size;

        if (text_file_read(path, YAML_BYTES_MAX, &text, &size, fail) || yaml_parse_all(text, size, &docs, fail))
                return fail_wrap(fail, "%s", path);
        for (size_t i = 0; i < doc_len(docs, ""); i++) {
                struct json_object *definition = doc_item(docs, i);
                doc_push(sim->definitions, json_object_get(definition));
                if (add_definition(sim, definition, fail))
                        return fail_wrap(fail, "%s", path);
        }
        return FAIL_NONE;
}

static int is_yaml(const struct dirent *entry)
{
        const char *dot = strrchr(entry->d_name, '.');

        return dot && strcmp(dot, ".yaml") == 0;
}

static enum fail_kind read_directory(struct apisim *sim, const char *crds, struct fail *fail)
{
        struct dirent **entries = NULL;
        int len = scandir(crds, &entries, is_yaml, alphasort);
        enum fail_kind kind = FAIL_NONE;

        if (len <= 0)
                kind = fail_set(fail, FAIL_MISSING, "%s: no directory with .yaml files", crds);
        for (int i = 0; i < len; i++) {
                auto_free char *path = xasprintf("%s/%s", crds, entries[i]->d_name);
                if (!kind)
                        kind = read_file(sim, path, fail);
                free(entries[i]);
        }
        free(entries);
        return kind;
}

enum fail_kind kinds_init(struct apisim *sim, const char *const crds[static APISIM_CRDS_MAX], struct fail *fail)
{
        sim->definitions = doc_array();
        memcpy(sim->kinds, built_in, sizeof built_in);
        sim->kinds_len = ARRAY_LEN(built_in);
        for (size_t i = 0; i < APISIM_CRDS_MAX; i++)
                if (crds[i] && read_directory(sim, crds[i], fail))
                        return fail->kind;
        for (size_t i = 0; i < sim->kinds_len; i++)
                sim->kinds[i].storage = &sim->kinds[i];
        kind_find(sim, "events.k8s.io", "v1", "events")->storage = kind_core(sim, "events");
        return FAIL_NONE;
}
