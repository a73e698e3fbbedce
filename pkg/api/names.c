/* SPDX-License-Identifier: Apache-2.0 */
#include "api/names.h"

#include <stdio.h>
#include <string.h>

/* The UID's first eight hex digits; an API server's UID begins with them. */
static int prefix(const char *run, const char *uid, char name[static NAME_MAX_LEN])
{
        char cut[41];

        snprintf(cut, sizeof cut, "%s", run);
        for (size_t len = strlen(cut); len > 0 && cut[len - 1] == '-'; len--)
                cut[len - 1] = '\0'; /* no "--" in names where the cut falls on a dash */
        return snprintf(name, NAME_MAX_LEN, "%s-%.8s", cut, uid);
}

static void with_suffix(const char *run, const char *uid, const char *suffix, char name[static NAME_MAX_LEN])
{
        int used = prefix(run, uid, name);
        snprintf(name + used, NAME_MAX_LEN - (size_t)used, "-%s", suffix);
}

void name_base(const char *run, const char *uid, char name[static NAME_MAX_LEN])
{
        prefix(run, uid, name);
}

void name_plan(const char *run, const char *uid, char name[static NAME_MAX_LEN])
{
        with_suffix(run, uid, "plan", name);
}

void name_result(const char *run, const char *uid, char name[static NAME_MAX_LEN])
{
        with_suffix(run, uid, "result", name);
}

void name_trial(const char *run, const char *uid, int trial, char name[static NAME_MAX_LEN])
{
        char suffix[12];

        snprintf(suffix, sizeof suffix, "r%d", trial % 10000);
        with_suffix(run, uid, suffix, name);
}

void name_series(const char *run, const char *uid, size_t index, char name[static NAME_MAX_LEN])
{
        char suffix[12];

        snprintf(suffix, sizeof suffix, "s%zu", index % 10000);
        with_suffix(run, uid, suffix, name);
}

void name_job(const char *run, const char *uid, int trial, char name[static NAME_MAX_LEN])
{
        char suffix[12];

        snprintf(suffix, sizeof suffix, "t%d", trial % 10000);
        with_suffix(run, uid, suffix, name);
}

void name_workload(const char *run, const char *uid, char name[static NAME_MAX_LEN])
{
        with_suffix(run, uid, "workload", name);
}

static void of_set(const char *run, const char *uid, const char *what, int set, char name[static NAME_MAX_LEN])
{
        char suffix[16];

        snprintf(suffix, sizeof suffix, set > 0 ? "%s-%d" : "%s", what, set % 10000);
        with_suffix(run, uid, suffix, name);
}

void name_apply(const char *run, const char *uid, int set, char name[static NAME_MAX_LEN])
{
        of_set(run, uid, "apply", set, name);
}

void name_undo(const char *run, const char *uid, int set, char name[static NAME_MAX_LEN])
{
        of_set(run, uid, "undo", set, name);
}
