/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/authors.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define SERVES_NS (10 * NS_PER_S)
#define AGAIN_NS (1 * NS_PER_S)
#define IN_FORCE_MS INT64_C(5000) /* the API server takes a new policy up within about a second */

static const struct kube_kind policies = {"admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false};
static const struct kube_kind bindings = {"admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings",
                                          "ValidatingAdmissionPolicyBinding", false};

struct authors {
        struct kube_client *client;
        void (*changed)(void *owner);
        void *owner;
        uint64_t request;         /* 0: none */
        enum authors_state state; /* CHECKED: for what is younger than since_wall_ms */
        int64_t since_wall_ms;    /* of the policy, while its binding is asked for */
        int64_t answered_ns;      /* 0: never */
        char text[AUTHORS_TEXT_MAX];
};

static int64_t now_ns(const struct authors *authors)
{
        return loop_now_ns(kube_client_loop(authors->client));
}

static void answer(struct authors *authors, enum authors_state state, const char *text)
{
        authors->request = 0;
        authors->state = state;
        authors->answered_ns = now_ns(authors);
        snprintf(authors->text, sizeof authors->text, "%s", text);
        authors->changed(authors->owner);
}

static void answer_failure(struct authors *authors, const char *what, const struct fail *fail)
{
        auto_free char *text = NULL;

        if (fail->kind == FAIL_MISSING)
                text = xasprintf("%s " AUTHORS_POLICY " is not installed (deploy/policies)", what);
        else if (fail->kind == FAIL_DENIED)
                text = xasprintf("the operator may not see whether %s " AUTHORS_POLICY " is installed (deploy/policies)", what);
        else
                text = xasprintf("whether %s " AUTHORS_POLICY " is installed is not known: %s", what, fail->text);
        answer(authors, fail->kind == FAIL_MISSING || fail->kind == FAIL_DENIED ? AUTHORS_UNCHECKED : AUTHORS_UNKNOWN, text);
}

/* When an object was made; one that is being deleted, or has no time, is as good as none. */
static int64_t created_wall_ms(struct json_object *object)
{
        const char *text = doc_text(object, "metadata.creationTimestamp");

        return text && !doc_at(object, "metadata.deletionTimestamp") ? clock_parse(text) : INT64_MAX;
}

static bool denies(struct json_object *binding)
{
        struct json_object *actions = doc_at(binding, "spec.validationActions");

        for (size_t i = 0; i < doc_len(actions, ""); i++)
                if (text_equal(json_object_get_string(doc_item(actions, i)), "Deny"))
                        return true;
        return false;
}

/* The API server fills in selectors that choose everything. */
static bool binds_everything(struct json_object *binding)
{
        struct json_object *match = doc_at(binding, "spec.matchResources");
        static const char *const narrowing[] = {"namespaceSelector", "objectSelector", "resourceRules", "excludeResourceRules"};

        for (size_t i = 0; i < ARRAY_LEN(narrowing); i++) {
                struct json_object *part = doc_at(match, narrowing[i]);
                bool empty = json_object_is_type(part, json_type_array) ? json_object_array_length(part) == 0
                                                                        : !part || json_object_object_length(part) == 0;
                if (!empty)
                        return false;
        }
        return true;
}

bool authors_binding_denies(struct json_object *binding)
{
        return text_equal(doc_text(binding, "spec.policyName"), AUTHORS_POLICY) && denies(binding) && binds_everything(binding);
}

static void binding_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct authors *authors = owner;
        int64_t since_wall_ms = created_wall_ms(object);

        if (fail->kind) {
                answer_failure(authors, "ValidatingAdmissionPolicyBinding", fail);
                return;
        }
        if (!authors_binding_denies(object)) {
                answer(authors, AUTHORS_UNCHECKED, "ValidatingAdmissionPolicyBinding " AUTHORS_POLICY " does not deny everywhere (deploy/policies)");
                return;
        }
        if (since_wall_ms > authors->since_wall_ms)
                authors->since_wall_ms = since_wall_ms;
        answer(authors, AUTHORS_CHECKED, "");
}

static void policy_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct authors *authors = owner;

        if (fail->kind) {
                answer_failure(authors, "ValidatingAdmissionPolicy", fail);
                return;
        }
        authors->since_wall_ms = created_wall_ms(object);
        authors->request = kube_get(authors->client, &(struct kube_ref){&bindings, NULL, AUTHORS_POLICY}, binding_arrived, authors);
}

struct authors *authors_new(struct kube_client *client, void (*changed)(void *owner), void *owner)
{
        struct authors *authors = xnew(struct authors);

        *authors = (struct authors){.client = client, .changed = changed, .owner = owner};
        return authors;
}

struct authors *authors_free(struct authors *authors)
{
        if (!authors)
                return NULL;
        kube_cancel(authors->client, authors->request);
        free(authors);
        return NULL;
}

enum authors_state authors_look(struct authors *authors, int64_t created_wall_ms, char text[static AUTHORS_TEXT_MAX])
{
        int64_t age_ns = now_ns(authors) - authors->answered_ns;
        bool known = authors->answered_ns && authors->state != AUTHORS_UNKNOWN && age_ns < SERVES_NS;

        text[0] = '\0';
        if (!known && !authors->request && (!authors->answered_ns || age_ns >= AGAIN_NS))
                authors->request = kube_get(authors->client, &(struct kube_ref){&policies, NULL, AUTHORS_POLICY}, policy_arrived, authors);
        if (!known && authors->state != AUTHORS_UNKNOWN)
                return AUTHORS_ASKED;
        snprintf(text, AUTHORS_TEXT_MAX, "%s", authors->text);
        if (authors->state != AUTHORS_CHECKED || created_wall_ms >= authors->since_wall_ms + IN_FORCE_MS)
                return authors->state;
        snprintf(text, AUTHORS_TEXT_MAX, "it was written before policy " AUTHORS_POLICY " was in force, when nobody checked that its author may "
                                         "use what it names: delete it and apply it again");
        return AUTHORS_UNCHECKED;
}
