/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone report: a finished run, from a cluster or from a file, as something to hand on. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/flags.h"
#include "cli/make_report.h"
#include "data/doc.h"

#define RESULT_BYTES_MAX (32u << 20)

struct report_args {
        const char *run, *file, *out, *as, *namespace, *kubeconfig, *context;
        bool help;
};

static const struct flag flags[] = {
        {"a run", NULL, NULL, NULL, FLAG_WORD_AT(report_args, run)},
        {"--namespace", "-n", "NAMESPACE", "where the run is (default: the kubeconfig's)", FLAG_TEXT_AT(report_args, namespace)},
        {"--file", "-f", "RESULT", "no cluster: a file of \"loadstone run\" or of --as raw", FLAG_TEXT_AT(report_args, file)},
        {"--output", "-o", "FILE", "what to write (default report.html; - is stdout)", FLAG_TEXT_AT(report_args, out)},
        {"--as", NULL, "FORMAT", "where the file's name does not say it", FLAG_TEXT_AT(report_args, as)},
        {"--kubeconfig", NULL, "FILE", "the cluster (default: $KUBECONFIG, ~/.kube/config)", FLAG_TEXT_AT(report_args, kubeconfig)},
        {"--context", NULL, "NAME", "of the kubeconfig (default: the current one)", FLAG_TEXT_AT(report_args, context)},
        {"--help", "-h", NULL, "this", FLAG_SWITCH_AT(report_args, help)},
};

static void print_help(void)
{
        puts("usage: loadstone report RUN [-n NAMESPACE] [-o FILE]\n"
             "       loadstone report -f result.json [-o FILE]\n\n"
             "Makes of a finished run something to hand on. What a run wrote is checked against its digests first.\n");
        flags_print(flags, ARRAY_LEN(flags));
        puts("\nformats:");
        for (size_t i = 0; report_exporter_at(i); i++)
                printf("  %-18s %-24s %s\n", report_exporter_at(i)->name, report_exporter_at(i)->suffix, report_exporter_at(i)->summary);
}

static enum fail_kind check_args(const struct report_args *args, struct fail *fail)
{
        if (!args->run == !args->file)
                return fail_set(fail, FAIL_INVALID, "of which run? Either its name, or --file with a result");
        if (args->file && (args->namespace || args->kubeconfig || args->context))
                return fail_set(fail, FAIL_INVALID, "--file needs no cluster: leave the flags about it out");
        return FAIL_NONE;
}

/* The ConfigMaps stand in the file beside the run. */
static enum fail_kind read_file(const char *path, struct json_object **ret_run, struct json_object **ret_maps, struct fail *fail)
{
        auto_free char *text = NULL;
        size_t size;

        if (text_file_read(path, RESULT_BYTES_MAX, &text, &size, fail) || doc_parse(text, size, ret_run, fail))
                return fail_wrap(fail, "%s", path);
        *ret_maps = json_object_get(doc_at(*ret_run, "configMaps"));
        if (!*ret_maps)
                *ret_maps = doc_array();
        if (json_object_is_type(*ret_run, json_type_object))
                json_object_object_del(*ret_run, "configMaps");
        return FAIL_NONE;
}

static enum fail_kind make(const struct report_args *args, struct fail *fail)
{
        const char *path = args->out ? args->out : "report.html";
        const struct fetch_spec spec = {.kubeconfig = args->kubeconfig, .context = args->context, .namespace = args->namespace, .run = args->run};
        const struct report_exporter *exporter = make_report_exporter(path, args->as, fail);
        struct json_object *run = NULL, *maps = NULL;
        bool gone = false;

        if (!exporter)
                return fail->kind;
        if (args->file ? read_file(args->file, &run, &maps, fail) : fetch_run(&spec, &run, &maps, &gone, fail)) {
                json_object_put(run);
                return fail->kind;
        }
        if (gone)
                fprintf(stderr, "run %s is gone: this is made of what it stored\n", args->run);
        return make_report(run, maps, exporter, path, fail);
}

static enum cli_exit report_main(int argc, char **argv)
{
        struct report_args args = {0};
        struct fail fail = {0};

        if (!flags_parse(flags, ARRAY_LEN(flags), argc, argv, &args, &fail) && args.help) {
                print_help();
                return CLI_FINE;
        }
        if (!fail.kind && !check_args(&args, &fail) && !make(&args, &fail))
                return CLI_FINE;
        fprintf(stderr, "loadstone report: %s\n", fail.text);
        return CLI_BAD_INPUT;
}

const struct command command_report = {"report", "a finished run as a page, a table or data, to hand on", report_main};
