/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include <string.h>

#include "base/mem.h"

/* One question at a time. */
struct question {
        bool answered;
        struct json_object *object; /* owned */
        struct fail fail;
};

static enum fail_kind open_client(struct ask *ask, struct fail *fail)
{
        ask->loop = loop_new(clock_system());
        return kube_client_new(ask->loop, ask->config, &ask->client, fail);
}

enum fail_kind ask_init(struct ask *ask, const char *kubeconfig, const char *context, struct fail *fail)
{
        *ask = (struct ask){0};
        if (kube_config_load(kubeconfig, context, &ask->config, fail))
                return fail->kind;
        return open_client(ask, fail);
}

enum fail_kind ask_init_here(struct ask *ask, struct fail *fail)
{
        *ask = (struct ask){0};
        enum fail_kind kind = kube_config_in_cluster(&ask->config, fail);
        if (kind == FAIL_MISSING)
                return ask_init(ask, NULL, NULL, fail);
        return kind ? kind : open_client(ask, fail);
}

void ask_done(struct ask *ask)
{
        kube_client_free(ask->client);
        loop_free(ask->loop);
        kube_config_free(ask->config);
        *ask = (struct ask){0};
}

static void answer(void *owner, struct json_object *object, const struct fail *fail)
{
        struct question *question = owner;

        question->answered = true;
        question->fail = *fail;
        question->object = json_object_get(object);
}

static enum fail_kind wait_for(struct ask *ask, struct question *question, struct json_object **ret_object, struct fail *fail)
{
        while (!question->answered)
                loop_step(ask->loop, -1);
        *fail = question->fail;
        if (ret_object && !question->fail.kind)
                *ret_object = take(question->object);
        json_object_put(question->object);
        return question->fail.kind;
}

/* What the API server says of a missing right is long, and is cut where it matters most. */
static enum fail_kind name_right(const struct kube_ref *ref, const char *verb, struct fail *fail)
{
        if (fail->status != 403 || !strstr(fail->text, "is forbidden: User"))
                return fail->kind;
        int status = fail->status;
        fail_set(fail, FAIL_DENIED, "no right to %s %.63s%s%.80s in namespace %.63s", verb, ref->kind->plural, *ref->kind->group ? "." : "",
                 ref->kind->group, ref->namespace ? ref->namespace : "(all)");
        fail->status = status;
        return FAIL_DENIED;
}

enum fail_kind ask_get(struct ask *ask, const struct kube_ref *ref, struct json_object **ret_object, struct fail *fail)
{
        struct question question = {0};

        kube_get(ask->client, ref, answer, &question);
        return wait_for(ask, &question, ret_object, fail) ? name_right(ref, "get", fail) : FAIL_NONE;
}

enum fail_kind ask_get_path(struct ask *ask, const char *path, struct json_object **ret_object, struct fail *fail)
{
        struct question question = {0};

        kube_get_path(ask->client, path, false, answer, &question);
        return wait_for(ask, &question, ret_object, fail);
}

enum fail_kind ask_list(struct ask *ask, const struct kube_ref *ref, const char *selector, struct json_object **ret_list, struct fail *fail)
{
        struct question question = {0};

        kube_list(ask->client, ref, selector, answer, &question);
        return wait_for(ask, &question, ret_list, fail) ? name_right(ref, "list", fail) : FAIL_NONE;
}

struct walk {
        struct question question;
        kube_item_fn *item;
        void *owner;
};

static void pass_item(void *owner, const struct sifted *item)
{
        struct walk *walk = owner;

        walk->item(walk->owner, item);
}

static void end_walk(void *owner, struct json_object *object, const struct fail *fail)
{
        answer(&((struct walk *)owner)->question, object, fail);
}

enum fail_kind ask_list_each(struct ask *ask, const struct kube_ref *ref, const char *selector, kube_item_fn *item, void *owner, struct fail *fail)
{
        struct walk walk = {.item = item, .owner = owner};
        struct sift *all = sift_new(NULL);

        kube_list_each(ask->client, ref, selector, all, pass_item, end_walk, &walk);
        enum fail_kind kind = wait_for(ask, &walk.question, NULL, fail);
        sift_free(all);
        return kind ? name_right(ref, "list", fail) : FAIL_NONE;
}

enum fail_kind ask_create(struct ask *ask, const struct kube_ref *ref, struct json_object *object, struct fail *fail)
{
        struct question question = {0};

        kube_create(ask->client, ref, object, answer, &question);
        return wait_for(ask, &question, NULL, fail) ? name_right(ref, "create", fail) : FAIL_NONE;
}

enum fail_kind ask_patch(struct ask *ask, const struct kube_ref *ref, enum kube_patch type, struct json_object *patch, struct fail *fail)
{
        struct question question = {0};
        const char *verb = type == KUBE_PATCH_APPLY ? "patch and create" : "patch";

        kube_patch(ask->client, ref, NULL, type, patch, answer, &question);
        return wait_for(ask, &question, NULL, fail) ? name_right(ref, verb, fail) : FAIL_NONE;
}

enum fail_kind ask_delete(struct ask *ask, const struct kube_ref *ref, const char *uid, struct fail *fail)
{
        struct question question = {0};

        kube_delete(ask->client, ref, uid, answer, &question);
        return wait_for(ask, &question, NULL, fail) ? name_right(ref, "delete", fail) : FAIL_NONE;
}

int64_t ask_now_ns(const struct ask *ask)
{
        return loop_now_ns(ask->loop);
}

void ask_pause(struct ask *ask, int64_t pause_ns)
{
        int64_t end_ns = ask_now_ns(ask) + pause_ns;

        for (int64_t left_ns = pause_ns; left_ns > 0; left_ns = end_ns - ask_now_ns(ask))
                loop_step(ask->loop, left_ns);
}
