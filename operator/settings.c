/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/settings.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "kube/cache.h"

struct settings {
        struct kube_cache *cache;
        struct event_sink *events;
        struct admin *admin;
        bool refused, read; /* read: once at least */
        void (*changed)(void *owner);
        void *owner;
};

static void configmap_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct settings *settings = owner;
        struct admin *admin = NULL;
        struct fail fail = {0};

        (void)before;
        settings->refused = admin_decode(after, &admin, &fail) != FAIL_NONE;
        if (settings->refused) {
                log_line("configuration refused", "configmap", ADMIN_CONFIGMAP, "error", fail.text, NULL);
                event_emit(settings->events, after, true, "ConfigurationRefused", "load-configuration", fail.text);
                return;
        }
        log_line("configuration in force", "configmap", after ? ADMIN_CONFIGMAP : "(none)", "stopAll", admin->stop_all ? "true" : "false", NULL);
        admin_free(settings->admin);
        settings->admin = admin;
        settings->read = true;
        settings->changed(settings->owner);
}

struct settings *settings_new(struct kube_client *client, struct event_sink *events, const char *namespace, void (*changed)(void *owner),
                              void *owner)
{
        struct settings *settings = xnew(struct settings);
        const struct kube_cache_options options = {
                .kind = &kube_configmaps,
                .namespace = namespace,
                .name = ADMIN_CONFIGMAP,
                .changed = configmap_changed,
                .owner = settings,
        };

        *settings = (struct settings){.events = events, .changed = changed, .owner = owner};
        if (admin_decode(NULL, &settings->admin, NULL))
                abort(); /* the defaults are ours */
        settings->cache = kube_cache_new(client, &options);
        return settings;
}

struct settings *settings_free(struct settings *settings)
{
        if (!settings)
                return NULL;
        kube_cache_free(settings->cache);
        admin_free(settings->admin);
        free(settings);
        return NULL;
}

bool settings_synced(const struct settings *settings)
{
        return kube_cache_synced(settings->cache);
}

const char *settings_problem(const struct settings *settings)
{
        return kube_cache_problem(settings->cache);
}

const struct admin *settings_admin(const struct settings *settings)
{
        return settings->admin;
}

bool settings_refused(const struct settings *settings)
{
        return settings->refused;
}

bool settings_unknown(const struct settings *settings)
{
        return settings->refused && !settings->read;
}
