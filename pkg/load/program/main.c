/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-load: one load worker. Records go to stdout, complaints about its own arguments to stderr.
 * Exit: 0 finished, 1 could not run, 2 bad arguments or plan, 143 terminated. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/floor.h"
#include "load/worker.h"

#define PLAN_BYTES_MAX (4 << 20)
#define EXIT_BAD_INPUT 2

struct arguments {
        const char *plan_file, *index, *start_file, *message_file, *warmup_ms, *hold;
        bool start_now;
};

static const char usage[] =
        "usage: loadstone-load --plan FILE --index K [--start-file FILE | --start-now] [--message FILE] [--warmup-ms N] [--hold RATE:MS]\n"
        "  --plan FILE        the run's worker plan (JSON)\n"
        "  --index K          which worker this is, from 0 (default: $JOB_COMPLETION_INDEX)\n"
        "  --start-file FILE  holds the start instant as Unix milliseconds, empty until it is known\n"
        "  --start-now        start as soon as connections stand (default without --start-file)\n"
        "  --message FILE     where to leave the summary\n"
        "  --warmup-ms N      how long the warm-up is, instead of what the plan says\n"
        "  --hold RATE:MS     the shape is this many requests a second for this long, instead of the plan's\n";

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
        static const struct option options[] = {
                {"plan", required_argument, NULL, 'p'},    {"index", required_argument, NULL, 'i'},
                {"start-file", required_argument, NULL, 's'}, {"start-now", no_argument, NULL, 'n'},
                {"message", required_argument, NULL, 'm'}, {"warmup-ms", required_argument, NULL, 'w'},
                {"hold", required_argument, NULL, 'h'},    {0},
        };

        arguments->index = getenv("JOB_COMPLETION_INDEX");
        for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                switch (option) {
                case 'p':
                        arguments->plan_file = optarg;
                        break;
                case 'i':
                        arguments->index = optarg;
                        break;
                case 's':
                        arguments->start_file = optarg;
                        break;
                case 'n':
                        arguments->start_now = true;
                        break;
                case 'm':
                        arguments->message_file = optarg;
                        break;
                case 'w':
                        arguments->warmup_ms = optarg;
                        break;
                case 'h':
                        arguments->hold = optarg;
                        break;
                default:
                        return false;
                }
        }
        return optind == argc && arguments->plan_file && !(arguments->start_now && arguments->start_file);
}

static enum fail_kind load_plan_file(const char *path, struct load_plan **ret_plan, struct fail *fail)
{
        auto_free char *text = NULL;
        auto_json struct json_object *doc = NULL;
        size_t size = 0;

        if (text_file_read(path, PLAN_BYTES_MAX, &text, &size, fail) || doc_parse(text, size, &doc, fail))
                return fail_wrap(fail, "plan");
        return load_plan_decode(doc, ret_plan, fail);
}

static enum fail_kind parse_index(const char *text, uint32_t workers, uint32_t *ret_index, struct fail *fail)
{
        char *end = NULL;
        unsigned long value = text ? strtoul(text, &end, 10) : 0;

        if (!text || *text < '0' || *text > '9' || *end != '\0' || value >= workers)
                return fail_set(fail, FAIL_INVALID, "index: an integer from 0 to %u is wanted, by --index or "
                                                    "JOB_COMPLETION_INDEX",
                                workers - 1);
        *ret_index = (uint32_t)value;
        return FAIL_NONE;
}

static enum fail_kind set_warmup(struct load_plan *plan, const char *text, struct fail *fail)
{
        char *end = NULL;
        long long ms = text ? strtoll(text, &end, 10) : 0;

        if (!text)
                return FAIL_NONE;
        if (*text < '0' || *text > '9' || *end != '\0' || ms > LOAD_SHAPE_MS_MAX)
                return fail_set(fail, FAIL_INVALID, "--warmup-ms: a number of milliseconds is wanted");
        load_plan_set_warmup(plan, ms);
        return FAIL_NONE;
}

static enum fail_kind set_hold(struct load_plan *plan, const char *text, struct fail *fail)
{
        char *end = NULL;
        double rate_rps = text && *text >= '0' && *text <= '9' ? strtod(text, &end) : 0;
        long long ms = end && *end == ':' && end[1] >= '0' && end[1] <= '9' ? strtoll(end + 1, &end, 10) : 0;

        if (!text)
                return FAIL_NONE;
        if (!(rate_rps > 0 && rate_rps <= LOAD_RATE_MAX) || ms <= 0 || ms > LOAD_SHAPE_MS_MAX || *end != '\0')
                return fail_set(fail, FAIL_INVALID, "--hold: a rate and a number of milliseconds are wanted, for example 500:30000");
        load_plan_set_hold(plan, rate_rps, ms);
        return FAIL_NONE;
}

int main(int argc, char **argv)
{
        int64_t began_ns = clock_now_ns(clock_system());
        struct arguments arguments = {0};
        struct load_plan *plan = NULL;
        struct fail fail = {0};
        uint32_t index = 0;

        setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* a core would hold credentials */
        if (!parse_arguments(argc, argv, &arguments)) {
                fputs(usage, stderr);
                return EXIT_BAD_INPUT;
        }
        if (load_plan_file(arguments.plan_file, &plan, &fail) ||
            parse_index(arguments.index, plan->workers, &index, &fail) || set_warmup(plan, arguments.warmup_ms, &fail) ||
            set_hold(plan, arguments.hold, &fail)) {
                log_line("cannot run", "error", fail.text, NULL);
                load_plan_free(plan);
                return EXIT_BAD_INPUT;
        }
        /* Who waits for a start instant has the time to look at itself; who starts at once starts at once. */
        int floor_fd = arguments.start_file ? floor_listen() : -1;
        /* The plan is read; what comes next are bytes of the target. The summary is still to be written. */
        if (sandbox_enter(true, &fail))
                log_line(fail.text, NULL);
        const char *pod = getenv("POD_UID");
        enum worker_exit result = worker_run(plan, &(struct worker_options){
                                                           .index = index,
                                                           .start_file = arguments.start_file,
                                                           .message_file = arguments.message_file,
                                                           .pod = pod ? pod : "",
                                                           .began_ns = began_ns,
                                                           .out_fd = STDOUT_FILENO,
                                                           .floor_fd = floor_fd,
                                                   });
        load_plan_free(plan);
        return (int)result;
}
