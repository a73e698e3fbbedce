/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone run: load from this machine, without a cluster, measured and judged as the operator does. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/local.h"
#include "cli/local_plan.h"
#include "cli/local_result.h"
#include "cli/make_report.h"
#include "cli/output.h"
#include "cli/run_args.h"
#include "cli/run_print.h"
#include "data/address.h"
#include "data/doc.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/verdict.h"

#define RESULT_FILE "result.json"

static enum cli_exit complain(const struct fail *fail)
{
        fprintf(stderr, "loadstone run: %s\n", fail->text);
        return CLI_BAD_INPUT;
}

/* ---- before ---- */

/* Is load welcome where it would go? */
static enum fail_kind confirm(const struct run_args *args, const struct url *url, struct fail *fail)
{
        char address[ADDRESS_TEXT_MAX] = "";
        bool own = false;

        if (confirm_look(url, &own, address, sizeof address, fail))
                return fail->kind;
        if (own || args->yes || confirm_ask(url, address))
                return FAIL_NONE;
        return fail_set(fail, FAIL_DENIED, "%s is %s, neither this machine's nor a private address: say --yes if load is welcome there",
                        url->host, address);
}

/* ---- after ---- */

static enum cli_exit exit_of(const struct gates *gates, const struct verdict_judged *judged, bool interrupted)
{
        static const enum cli_exit of_verdict[] = {
                [VERDICT_NONE] = CLI_FINE, [VERDICT_PASS] = CLI_FINE,
                [VERDICT_FAIL] = CLI_FAILED, [VERDICT_INCONCLUSIVE] = CLI_INCONCLUSIVE,
        };

        if (interrupted)
                return CLI_INTERRUPTED;
        return gates->validity == VALIDITY_INVALID ? CLI_INVALID : of_verdict[judged->verdict];
}

static enum fail_kind hand_on(const struct run_args *args, struct json_object *result, struct fail *fail)
{
        struct json_object *maps = json_object_get(doc_at(result, "configMaps"));

        return make_report(json_object_get(result), maps, make_report_exporter(args->report, NULL, fail), args->report, fail);
}

static enum cli_exit judge(const struct run_args *args, const struct local_plan *plan, const struct harvest *harvest, bool interrupted)
{
        const struct profile *profile = plan->profile;
        const struct gates_limits limits = gates_limits_of(profile, plan->load->interval_ms);
        const char *path = args->result ? args->result : RESULT_FILE;
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        auto_free struct estimates *estimates = xnew(struct estimates);
        struct fold *fold = fold_new(harvest, plan->load);
        struct gates gates = gates_judge(fold, &limits, &(struct gates_facts){.cancelled = interrupted});
        struct fail fail = {0};

        estimates_of(fold, estimates);
        verdict_judge(&(struct verdict_case){.fold = fold, .gates = &gates, .objectives = profile->objectives,
                                             .len = profile->objectives_len, .estimates = estimates}, judged);
        const struct local_result made = {
                .plan = plan, .harvest = harvest, .fold = fold, .gates = &gates, .judged = judged, .estimates = estimates,
                .interrupted = interrupted, .finish_wall_ms = clock_wall_ms(clock_system()),
        };
        auto_json struct json_object *result = local_result_encode(&made);
        run_print_summary(text_equal(path, "-") ? stderr : stdout, fold, &gates, judged);
        fold_free(fold);
        const char *text = json_object_to_json_string_ext(result, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
        if (output_write(path, text, strlen(text), &fail) || (args->report && hand_on(args, result, &fail)))
                return complain(&fail);
        if (!text_equal(path, "-"))
                printf("result    %s\n", path);
        if (args->report && !text_equal(path, "-"))
                printf("report    %s\n", args->report);
        return exit_of(&gates, judged, interrupted);
}

/* ---- the command ---- */

static enum cli_exit run_it(const struct run_args *args, const struct local_plan *plan)
{
        struct run_live live = {.out = stderr, .moves = isatty(STDERR_FILENO)};
        struct harvest *harvest = NULL;
        struct fail fail = {0};
        bool interrupted = false;
        const struct local_spec spec = {.plan = plan->load, .look = args->quiet ? run_print_nothing : run_print_live, .owner = &live};

        if (local_run(&spec, &harvest, &interrupted, &fail))
                return complain(&fail);
        enum cli_exit result = judge(args, plan, harvest, interrupted);
        harvest_free(harvest);
        return result;
}

static enum cli_exit run_main(int argc, char **argv)
{
        struct run_args args = {0};
        auto_local_plan struct local_plan plan = {0};
        struct fail fail = {0};

        if (run_args_parse(argc, argv, &args, &fail))
                return complain(&fail);
        if (args.help) {
                run_args_print_help();
                return CLI_FINE;
        }
        if (args.report && !make_report_exporter(args.report, NULL, &fail))
                return complain(&fail);
        if (local_plan_init(&plan, &args, &fail) || confirm(&args, &plan.url, &fail))
                return complain(&fail);
        if (args.save) {
                auto_free char *profile = local_plan_format_profile(&plan);
                if (output_write(args.save, profile, strlen(profile), &fail))
                        return complain(&fail);
        }
        if (local_plan_left_out(&plan))
                fprintf(stderr, "loadstone run: %s\n", local_plan_left_out(&plan));
        return run_it(&args, &plan);
}

const struct command command_run = {"run", "send load from this machine and measure, without a cluster", run_main};
