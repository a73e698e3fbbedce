/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of kube/client.h: each says what goes out, and hands it over. */
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "kube/request.h"

static uint64_t submit_write(struct kube_client *client, struct request *request, struct json_object *body)
{
        const char *text = doc_print(body);

        request->body_size = strlen(text);
        request->body = xstrdup(text);
        return client_submit(client, request);
}

uint64_t kube_get(struct kube_client *client, const struct kube_ref *ref, kube_done_fn *done, void *owner)
{
        return client_submit(client, &(struct request){.class = CLASS_READ,
                                                       .method = "GET",
                                                       .path = kube_path(ref),
                                                       .done = done,
                                                       .owner = owner});
}

uint64_t kube_get_path(struct kube_client *client, const char *path, bool urgent, kube_done_fn *done, void *owner)
{
        return client_submit(client, &(struct request){.class = urgent ? CLASS_URGENT : CLASS_READ,
                                                       .method = "GET",
                                                       .path = xstrdup(path),
                                                       .done = done,
                                                       .owner = owner});
}

uint64_t kube_create(struct kube_client *client, const struct kube_ref *ref, struct json_object *object,
                     kube_done_fn *done, void *owner)
{
        struct kube_ref collection = {.kind = ref->kind, .namespace = ref->namespace};
        /* The one create that must not wait behind others is that of a Lease. */
        bool urgent = ref->kind == &kube_leases;

        return submit_write(client,
                            &(struct request){.class = urgent ? CLASS_URGENT : CLASS_WRITE,
                                              .method = "POST",
                                              .content_type = "application/json",
                                              .path = kube_path(&collection),
                                              .done = done,
                                              .owner = owner},
                            object);
}

uint64_t kube_patch(struct kube_client *client, const struct kube_ref *ref, const char *subresource,
                    enum kube_patch type, struct json_object *patch, kube_done_fn *done, void *owner)
{
        static const char *const content_types[] = {[KUBE_PATCH_MERGE] = "application/merge-patch+json",
                                                    [KUBE_PATCH_JSON] = "application/json-patch+json",
                                                    [KUBE_PATCH_APPLY] = "application/apply-patch+yaml"};
        auto_free char *path = kube_path(ref);

        return submit_write(client,
                            &(struct request){.class = CLASS_WRITE,
                                              .method = "PATCH",
                                              .content_type = content_types[type],
                                              .path = xasprintf("%s%s%s?fieldManager=loadstone%s", path,
                                                                subresource ? "/" : "",
                                                                subresource ? subresource : "",
                                                                type == KUBE_PATCH_APPLY ? "&force=true" : ""),
                                              .done = done,
                                              .owner = owner},
                            patch);
}

uint64_t kube_replace(struct kube_client *client, const struct kube_ref *ref, struct json_object *object, bool urgent,
                      kube_done_fn *done, void *owner)
{
        return submit_write(client,
                            &(struct request){.class = urgent ? CLASS_URGENT : CLASS_WRITE,
                                              .method = "PUT",
                                              .content_type = "application/json",
                                              .path = kube_path(ref),
                                              .done = done,
                                              .owner = owner},
                            object);
}

uint64_t kube_delete(struct kube_client *client, const struct kube_ref *ref, const char *uid, kube_done_fn *done,
                     void *owner)
{
        auto_json struct json_object *options = doc_object();

        /* Said explicitly: the default for a Job orphans its pods. */
        doc_set_text(options, "propagationPolicy", "Background");
        if (uid)
                doc_set(options, "preconditions", doc_set_text(doc_object(), "uid", uid));
        return submit_write(client,
                            &(struct request){.class = CLASS_WRITE,
                                              .method = "DELETE",
                                              .content_type = "application/json",
                                              .path = kube_path(ref),
                                              .done = done,
                                              .owner = owner},
                            options);
}

/* Without 'item' they are gathered and 'done' gets them all. */
static uint64_t submit_list(struct kube_client *client, const struct kube_ref *ref, const char *selector,
                            const struct sift *sift, kube_item_fn *item, kube_done_fn *done, void *owner)
{
        struct kube_ref collection = {.kind = ref->kind, .namespace = ref->namespace};
        auto_free char *bare = kube_path(&collection);
        auto_free char *path = ref->name ? xasprintf("%s?fieldSelector=metadata.name%%3D%s", bare, ref->name) : xstrdup(bare);
        struct pages *pages = pages_new(path, selector, !item);

        return client_submit(client, &(struct request){.class = CLASS_READ,
                                                       .method = "GET",
                                                       .path = pages_path(pages),
                                                       .pages = pages,
                                                       .sift = sift,
                                                       .item = item,
                                                       .done = done,
                                                       .owner = owner});
}

uint64_t kube_list(struct kube_client *client, const struct kube_ref *ref, const char *selector, kube_done_fn *done,
                   void *owner)
{
        return submit_list(client, ref, selector, NULL, NULL, done, owner);
}

uint64_t kube_list_each(struct kube_client *client, const struct kube_ref *ref, const char *selector, const struct sift *sift,
                        kube_item_fn *item, kube_done_fn *done, void *owner)
{
        return submit_list(client, ref, selector, sift, item, done, owner);
}

uint64_t kube_stream(struct kube_client *client, const char *path, int silence_s, kube_data_fn *data,
                     kube_closed_fn *closed, void *owner)
{
        return client_submit(client, &(struct request){.class = CLASS_STREAM,
                                                       .method = "GET",
                                                       .path = xstrdup(path),
                                                       .silence_s = silence_s,
                                                       .data = data,
                                                       .closed = closed,
                                                       .owner = owner});
}
