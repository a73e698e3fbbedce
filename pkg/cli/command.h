/* SPDX-License-Identifier: Apache-2.0
 *
 * What the program "loadstone" can do: one row of a table, one file, per command. Commands print for people on stdout, complain
 * on stderr, and answer by their exit code. */
#pragma once

enum cli_exit {
        CLI_FINE = 0,         /* passed, or there was nothing to judge */
        CLI_FAILED = 1,       /* an objective was missed, or nothing succeeded */
        CLI_BAD_INPUT = 2,    /* arguments or files; nothing was sent */
        CLI_INCONCLUSIVE = 3, /* an objective could not be judged */
        CLI_INVALID = 4,      /* the figures say nothing about the target: see the reasons */
        CLI_INTERRUPTED = 130,
};

struct command {
        const char *name, *summary;
        /* argv[0] is the command's own name. */
        enum cli_exit (*run)(int argc, char **argv);
};

extern const struct command command_apply, command_report, command_run, command_undo;
