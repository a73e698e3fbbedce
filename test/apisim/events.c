/* SPDX-License-Identifier: Apache-2.0
 *
 * Events have two faces over one store: v1 and events.k8s.io/v1 differ by names of members. Stored is the old form, as the
 * real server does; and controllers write it. */
#include <stdio.h>
#include <string.h>

#include "controllers.h"

static const struct {
        const char *core, *fresh;
} names[] = {
        {"involvedObject", "regarding"},
        {"message", "note"},
        {"source", "deprecatedSource"},
        {"firstTimestamp", "deprecatedFirstTimestamp"},
        {"lastTimestamp", "deprecatedLastTimestamp"},
        {"count", "deprecatedCount"},
        {"reportingComponent", "reportingController"},
};

static const char *renamed(const char *key, bool fresh)
{
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (strcmp(key, fresh ? names[i].core : names[i].fresh) == 0)
                        return fresh ? names[i].fresh : names[i].core;
        return key;
}

static struct json_object *rename_all(struct json_object *event, bool fresh, const char *api_version)
{
        struct json_object *out = doc_object();

        json_object_object_foreach(event, key, value)
                json_object_object_add(out, renamed(key, fresh), json_object_get(value));
        return doc_set_text(out, "apiVersion", api_version);
}

struct json_object *event_shown(const struct kind *kind, struct json_object *json)
{
        if (kind->storage == kind)
                return json_object_get(json);
        return rename_all(json, true, "events.k8s.io/v1");
}

struct json_object *event_stored(const struct kind *kind, struct json_object *json)
{
        if (kind->storage == kind)
                return json;
        struct json_object *out = rename_all(json, false, "v1");
        json_object_put(json);
        return out;
}

static struct json_object *reference_to(struct json_object *object)
{
        struct json_object *reference = doc_object();

        doc_set_text(reference, "kind", doc_text(object, "kind"));
        doc_set_text(reference, "namespace", doc_text(object, "metadata.namespace"));
        doc_set_text(reference, "name", doc_text(object, "metadata.name"));
        doc_set_text(reference, "uid", doc_text(object, "metadata.uid"));
        doc_set_text(reference, "apiVersion", doc_text(object, "apiVersion"));
        return doc_set_text(reference, "resourceVersion", doc_text(object, "metadata.resourceVersion"));
}

static struct json_object *metadata_for(struct apisim *sim, struct json_object *regarding)
{
        auto_free char *uid = sim_uuid(sim);
        auto_free char *name = xasprintf("%s.%.8s", doc_text(regarding, "metadata.name"), uid);
        struct json_object *metadata = doc_set_text(doc_object(), "name", name);

        doc_set_text(metadata, "namespace", doc_text(regarding, "metadata.namespace"));
        doc_set_text(metadata, "uid", uid);
        doc_set_text(metadata, "resourceVersion", "");
        return doc_set(metadata, "creationTimestamp", sim_time(sim));
}

void event_write(struct apisim *sim, struct json_object *regarding, const char *component, const char *type,
                 const char *reason, const char *message)
{
        struct json_object *event = doc_object();

        doc_set_text(doc_set_text(event, "kind", "Event"), "apiVersion", "v1");
        doc_set(event, "metadata", metadata_for(sim, regarding));
        doc_set(event, "involvedObject", reference_to(regarding));
        doc_set_text(doc_set_text(event, "reason", reason), "message", message);
        doc_set(event, "source", doc_set_text(doc_object(), "component", component));
        doc_set(event, "firstTimestamp", sim_time(sim));
        doc_set(event, "lastTimestamp", sim_time(sim));
        doc_set_text(doc_set_int(event, "count", 1), "type", type);
        doc_set_text(doc_set_text(event, "reportingComponent", component), "reportingInstance", "");
        sim_store_put(sim, kind_core(sim, "events"), event);
}
