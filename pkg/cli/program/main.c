/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone: what a person types. */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"

static const struct command *const commands[] = {&command_run, &command_report, &command_apply, &command_undo};

static void print_help(FILE *out)
{
        fputs("usage: loadstone COMMAND …\n\n", out);
        for (size_t i = 0; i < ARRAY_LEN(commands); i++)
                fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
        fputs("\nloadstone COMMAND --help says more; loadstone --version says which one this is\n", out);
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : NULL;

        if (text_equal(name, "--version"))
                return printf("loadstone %s\n", LOADSTONE_VERSION) > 0 ? CLI_FINE : CLI_BAD_INPUT;
        if (text_equal(name, "--help") || text_equal(name, "help")) {
                print_help(stdout);
                return CLI_FINE;
        }
        for (size_t i = 0; i < ARRAY_LEN(commands); i++)
                if (text_equal(name, commands[i]->name))
                        return (int)commands[i]->run(argc - 1, argv + 1);
        if (name)
                fprintf(stderr, "there is no command '%s'\n", name);
        print_help(stderr);
        return CLI_BAD_INPUT;
}
