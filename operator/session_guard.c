/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the load of a session may go: the consent of a Service of another namespace, the administrator's lists, and the addresses
 * behind a Service, which whoever may write EndpointSlices can point anywhere. Looked at before there is a plan and again whenever one
 * of them changes; what is found stands in session->denial. */
#include <stdio.h>
#include <string.h>

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/session.h"

/* The watches of pods and of slices do not keep step: an address may be without its pod for a moment. */
#define STRAY_WAIT_NS (5 * NS_PER_S)

static void deny(struct session *session, const char *text)
{
        if (!session->denial[0])
                snprintf(session->denial, sizeof session->denial, "%s", text);
}

const char *session_target_namespace(const struct session *session)
{
        return session->profile && session->profile->namespace ? session->profile->namespace : session->namespace;
}

static bool is_foreign(const struct session *session)
{
        return session->profile->namespace && !text_equal(session->profile->namespace, session->namespace);
}

/* ---- consent ---- */

static void check_consent(struct session *session)
{
        const struct profile *profile = session->profile;
        struct json_object *service = kube_cache_find(session->consent, profile->namespace, profile->service);

        if (!kube_cache_synced(session->consent) || (!service && !session->plan_loaded))
                return; /* a Service that is not there yet is told by those who look for it */
        if (target_accepts(service, session->namespace))
                return;
        auto_free char *text = xasprintf("Service %s/%s does not accept load from namespace %s: its owner can add the annotation " ANNOTATION_ACCEPT
                                         ": %s", profile->namespace, profile->service, session->namespace, session->namespace);
        deny(session, text);
}

static void consent_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct session *session = owner;

        (void)before;
        (void)after;
        session->guard_due = true;
        session_wake(session);
}

static void watch_consent(struct session *session)
{
        const struct kube_cache_options options = {
                .kind = &kube_services,
                .namespace = session->profile->namespace,
                .name = session->profile->service,
                .changed = consent_changed,
                .owner = session,
        };

        if (!session->consent)
                session->consent = kube_cache_new(session->manager->client, &options);
}

/* ---- endpoints ---- */

struct endpoints_seen {
        struct session *session;
        bool strays;       /* addresses that no pod of the target's namespace has */
        char suspect[160]; /* what is wrong with one of them, "" nothing */
};

static void say_endpoint(const struct session *session, const char *address, const char *why, char *text, size_t size)
{
        snprintf(text, size, "behind Service %s/%s stands %s, which is %s", session_target_namespace(session), session->profile->service, address,
                 why);
}


static bool pod_has(const struct session *session, const char *name, const struct address *address)
{
        struct kube_cache *pods = session->around.caches[CONTEXT_POD];
        struct json_object *pod = pods && name ? kube_cache_find(pods, session_target_namespace(session), name) : NULL;
        struct json_object *ips = doc_at(pod, "status.podIPs");
        struct address own;

        if (address_parse(doc_text(pod, "status.podIP"), &own) && address_equal(&own, address))
                return true;
        for (size_t i = 0; i < doc_len(ips, ""); i++)
                if (address_parse(doc_text(doc_item(ips, i), "ip"), &own) && address_equal(&own, address))
                        return true;
        return false;
}

static void see_endpoint(void *owner, const char *text, const char *pod)
{
        struct endpoints_seen *seen = owner;
        struct session *session = seen->session;
        const struct manager *manager = session->manager;
        struct address address;

        if (!address_parse(text, &address))
                return;
        bool stray = !pod_has(session, pod, &address);
        seen->strays = seen->strays || stray;
        const char *why = address_never(&address);
        if (!why && admin_denies(settings_admin(manager->settings), &address))
                why = "on the administrator's list targets.deny";
        if (why) {
                char problem[SESSION_TEXT_MAX];
                say_endpoint(session, text, why, problem, sizeof problem);
                deny(session, problem);
        }
        why = stray ? forbidden_what(manager->forbidden, &address) : NULL;
        if (why)
                say_endpoint(session, text, why, seen->suspect, sizeof seen->suspect);
}

/* False while something has to be asked first, or seen once more. */
static bool check_endpoints(struct session *session)
{
        struct endpoints_seen seen = {.session = session};
        auto_json struct json_object *slices = session_slices(session);
        int64_t now_ns = loop_now_ns(session->manager->loop);

        if (!session_around_settled(session))
                return false;
        target_each_endpoint(slices, see_endpoint, &seen);
        /* Nodes are readable in the cluster-wide install only; without, the rules that need no cluster hold. */
        if (!seen.strays || session->manager->options->namespace) {
                session->suspect_since_ns = 0;
                return true;
        }
        if (!forbidden_ask(session->manager->forbidden))
                return false;
        target_each_endpoint(slices, see_endpoint, &seen); /* now that it is known what they may be */
        if (!seen.suspect[0]) {
                session->suspect_since_ns = 0;
                return true;
        }
        if (!session->suspect_since_ns)
                session->suspect_since_ns = now_ns;
        if (now_ns - session->suspect_since_ns < STRAY_WAIT_NS)
                return false;
        deny(session, seen.suspect);
        return true;
}

/* ---- URLs ---- */

static void check_url(struct session *session)
{
        const struct manager *manager = session->manager;
        struct address address;
        struct fail fail = {0};

        if (admin_check_url(settings_admin(manager->settings), session->profile, NULL, &fail)) {
                deny(session, fail.text);
                return;
        }
        if (!address_parse(session->profile->url_host, &address))
                return; /* names are looked up, and checked, by the workers */
        const char *why = address_never(&address);
        if (!why && admin_denies(settings_admin(manager->settings), &address))
                why = "on the administrator's list targets.deny";
        if (!why)
                why = forbidden_what(manager->forbidden, &address);
        if (!why)
                return;
        auto_free char *text = xasprintf("spec.target.url: %s is %s, which is never loaded", session->profile->url_host, why);
        deny(session, text);
}

/* ---- all of it ---- */

/* False while something has to be known first. */
static bool look(struct session *session)
{
        if (session->profile->url) {
                bool known = forbidden_ask(session->manager->forbidden);
                check_url(session);
                return known;
        }
        if (!is_foreign(session))
                return check_endpoints(session);
        if (session->manager->options->namespace) {
                auto_free char *text = xasprintf("this operator is installed for namespace %s alone: spec.target.service.namespace cannot be %s",
                                                 session->manager->options->namespace, session->profile->namespace);
                deny(session, text);
                return true;
        }
        watch_consent(session);
        check_consent(session);
        return kube_cache_synced(session->consent) && check_endpoints(session);
}

bool session_guard(struct session *session)
{
        if (!session->profile)
                return false;
        if (!session->guard_due)
                return true;
        session->denial[0] = '\0';
        session->guard_due = !look(session);
        return !session->guard_due;
}

/* ---- what the workers are told ---- */

static bool in_ranges(struct json_object *ranges, const struct address *address)
{
        struct address_range range;

        for (size_t i = 0; i < doc_len(ranges, ""); i++)
                if (!address_parse_range(json_object_get_string(doc_item(ranges, i)), &range, NULL) && address_within(address, &range))
                        return true;
        return doc_len(ranges, "") == 0;
}

static enum fail_kind add_forbidden(const struct forbidden *forbidden, struct json_object *allow, struct json_object *into, struct fail *fail)
{
        for (size_t i = 0; i < forbidden_len(forbidden); i++) {
                char text[ADDRESS_TEXT_MAX];
                if (!in_ranges(allow, forbidden_at(forbidden, i)))
                        continue; /* cannot be reached anyhow */
                if (doc_len(into, "") >= LOAD_RANGES_MAX)
                        return fail_set(fail, FAIL_DENIED, "this cluster has more than %d addresses of its own: add a cidr to the entry of "
                                                           "targets.allow, so that only those in it count", LOAD_RANGES_MAX);
                address_format(forbidden_at(forbidden, i), text);
                doc_push_text(into, text);
        }
        return FAIL_NONE;
}

enum fail_kind session_encode_guard(const struct session *session, struct json_object **ret_guard, struct fail *fail)
{
        const struct admin *admin = settings_admin(session->manager->settings);
        auto_json struct json_object *allow = NULL, *refused = doc_array();

        for (size_t i = 0; i < admin->deny_len; i++)
                doc_push_text(refused, admin->deny_texts[i]);
        if (session->profile->url &&
            (admin_check_url(admin, session->profile, &allow, fail) || add_forbidden(session->manager->forbidden, allow, refused, fail)))
                return fail->kind;
        struct json_object *guard = doc_object();
        doc_set(guard, "allow", take(allow));
        *ret_guard = doc_set(guard, "deny", take(refused));
        return FAIL_NONE;
}
