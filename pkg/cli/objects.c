/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/flags.h"
#include "data/doc.h"

#define MESSAGE_BYTES_MAX 4096 /* as much as the kubelet keeps */

/* ---- arguments ---- */

struct objects_args {
        const char *steps, *digest, *journal, *message;
        bool help;
};

static const struct flag flags[] = {
        {"--steps", NULL, "FILE", "what to apply and to take back, as the operator wrote it", FLAG_TEXT_AT(objects_args, steps)},
        {"--digest", NULL, "SHA256", "of that file", FLAG_TEXT_AT(objects_args, digest)},
        {"--journal", NULL, "NAME", "ConfigMap that keeps what was there before", FLAG_TEXT_AT(objects_args, journal)},
        {"--message", NULL, "FILE", "where to leave a summary", FLAG_TEXT_AT(objects_args, message)},
        {"--help", "-h", NULL, "this", FLAG_SWITCH_AT(objects_args, help)},
};

static enum fail_kind read_steps(struct objects *objects, const struct objects_args *args, struct fail *fail)
{
        auto_free char *text = NULL;
        size_t size = 0;

        if (!args->steps || !args->digest || !args->journal)
                return fail_set(fail, FAIL_INVALID, "--steps, --digest and --journal are wanted");
        if (text_file_read(args->steps, STEPS_BYTES_MAX, &text, &size, fail))
                return fail->kind;
        if (steps_decode(text, size, args->digest, &objects->steps, fail))
                return fail->kind;
        objects->steps.journal = args->journal;
        return FAIL_NONE;
}

/* ---- where they are served ---- */

static struct json_object *find_resource(struct json_object *list, const char *kind)
{
        struct json_object *resources = doc_at(list, "resources");

        for (size_t i = 0; i < doc_len(resources, ""); i++) {
                const char *name = doc_text(doc_item(resources, i), "name");
                if (name && !strchr(name, '/') && text_equal(doc_text(doc_item(resources, i), "kind"), kind))
                        return doc_item(resources, i);
        }
        return NULL;
}

static enum fail_kind resolve(struct objects *objects, struct object_at *object, struct fail *fail)
{
        const char *version = doc_text(object->manifest, "apiVersion"), *kind = doc_text(object->manifest, "kind"), *slash = strchr(version, '/');
        auto_free char *path = xasprintf("%s/%s", slash ? "/apis" : "/api", version);
        auto_json struct json_object *list = NULL;

        enum fail_kind asked = ask_get_path(&objects->ask, path, &list, fail);
        if (asked && asked != FAIL_MISSING)
                return fail_wrap(fail, "what %.60s serves", version);
        struct json_object *resource = asked ? NULL : find_resource(list, kind);
        if (!resource)
                snprintf(object->problem, sizeof object->problem, "the cluster does not know kind %.50s of %.60s", kind, version);
        else if (!doc_bool(resource, "namespaced", false))
                snprintf(object->problem, sizeof object->problem, "it belongs to no namespace: a workload stays in the run's own");
        if (object->problem[0])
                return FAIL_NONE;
        object->kind = (struct kube_kind){
                .group = slash ? xstrndup(version, (size_t)(slash - version)) : xstrdup(""),
                .version = xstrdup(slash ? slash + 1 : version),
                .plural = xstrdup(doc_text(resource, "name")),
                .name = kind,
                .namespaced = true,
        };
        object->ref = (struct kube_ref){&object->kind, objects->steps.namespace, doc_text(object->manifest, "metadata.name")};
        return FAIL_NONE;
}

enum fail_kind objects_resolve(struct objects *objects, struct fail *fail)
{
        for (size_t i = 0; i < doc_len(objects->steps.manifests, ""); i++) {
                struct object_at *object = &objects->at[i];
                object->manifest = doc_item(objects->steps.manifests, i);
                manifest_name(object->manifest, object->name);
                if (resolve(objects, object, fail))
                        return fail_wrap(fail, "%.120s", object->name);
                objects->len++;
        }
        return FAIL_NONE;
}

/* ---- the journal ---- */

static struct kube_ref journal_ref(const struct objects *objects)
{
        return (struct kube_ref){&kube_configmaps, objects->steps.namespace, objects->steps.journal};
}

enum fail_kind objects_get_journal(struct objects *objects, struct json_object **ret_configmap, struct fail *fail)
{
        struct kube_ref ref = journal_ref(objects);

        return ask_get(&objects->ask, &ref, ret_configmap, fail);
}

enum fail_kind objects_create_journal(struct objects *objects, struct json_object *configmap, struct fail *fail)
{
        struct kube_ref ref = journal_ref(objects);

        return ask_create(&objects->ask, &ref, configmap, fail);
}

enum fail_kind objects_move_journal(struct objects *objects, struct json_object *configmap, enum journal_state state, struct json_object *applied,
                                    struct fail *fail)
{
        auto_json struct json_object *patch = journal_move(configmap, state, applied);
        struct kube_ref ref = journal_ref(objects);

        return ask_patch(&objects->ask, &ref, KUBE_PATCH_MERGE, patch, fail);
}

/* ---- the command ---- */

static enum cli_exit end(const struct objects *objects, const char *command, size_t did, const struct fail *fail)
{
        auto_json struct json_object *summary = doc_set_int(doc_object(), "did", (int64_t)did);
        FILE *out = objects->message_file ? fopen(objects->message_file, "we") : NULL;

        doc_set_bool(summary, "touched", objects->touched);
        if (fail->kind)
                doc_set_text(summary, "failed", fail->text);
        if (out) {
                fprintf(out, "%.*s", MESSAGE_BYTES_MAX, doc_print(summary));
                fclose(out);
        }
        if (!fail->kind)
                return printf("loadstone %s: %zu objects\n", command, did) > 0 ? CLI_FINE : CLI_FAILED;
        fprintf(stderr, "loadstone %s: %s\n", command, fail->text);
        return fail->kind == FAIL_INVALID ? CLI_BAD_INPUT : CLI_FAILED;
}

/* False: the command ends with *ret_exit (help was wanted, or the arguments are wrong). */
static bool begin(struct objects *objects, int argc, char **argv, enum cli_exit *ret_exit)
{
        struct objects_args args = {0};
        struct fail fail = {0};

        if (!flags_parse(flags, ARRAY_LEN(flags), argc, argv, &args, &fail) && args.help) {
                printf("usage: loadstone %s --steps FILE --digest SHA256 --journal NAME\n\n"
                       "Runs in a Job that the operator makes, as the profile's service account.\n\n", argv[0]);
                flags_print(flags, ARRAY_LEN(flags));
                *ret_exit = CLI_FINE;
                return false;
        }
        objects->message_file = args.message;
        if (!fail.kind && !read_steps(objects, &args, &fail) && !ask_init_here(&objects->ask, &fail))
                return true;
        *ret_exit = end(objects, argv[0], 0, &fail);
        return false;
}

static void done(struct objects *objects)
{
        for (size_t i = 0; i < objects->len; i++) {
                free((char *)objects->at[i].kind.group);
                free((char *)objects->at[i].kind.version);
                free((char *)objects->at[i].kind.plural);
        }
        ask_done(&objects->ask);
        steps_done(&objects->steps);
}

enum cli_exit objects_main(int argc, char **argv, objects_fn *action)
{
        __attribute__((cleanup(done))) struct objects objects = {0};
        enum cli_exit ended = CLI_FINE;
        struct fail fail = {0};
        size_t did = 0;

        if (!begin(&objects, argc, argv, &ended))
                return ended;
        if (!action(&objects, &did, &fail))
                fail = (struct fail){0}; /* of a question whose failure was an answer */
        return end(&objects, argv[0], did, &fail);
}
