/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

static struct access_entry *find(const struct access *access, const struct access_key *key)
{
        for (size_t i = 0; i < ACCESS_ENTRIES; i++)
                if (access->entries[i].used && memcmp(&access->entries[i].key, key, sizeof *key) == 0)
                        return (struct access_entry *)&access->entries[i];
        return NULL;
}

static void clear(struct access_entry *entry)
{
        free(entry->user);
        *entry = (struct access_entry){0};
}

/* Whose place a newcomer takes: a free one, else a stranger's, else that of who has not come for longest. Never one about
 * which an answer is under way. */
static struct access_entry *place(struct access *access)
{
        struct access_entry *best = NULL;

        for (size_t i = 0; i < ACCESS_ENTRIES; i++) {
                struct access_entry *entry = &access->entries[i];
                if (!entry->used)
                        return entry;
                if (entry->asked)
                        continue;
                if (!best || (best->user && !entry->user) || (!best->user == !entry->user && entry->seen_ns < best->seen_ns))
                        best = entry;
        }
        return best;
}

static bool may_ask_about_stranger(struct access *access, int64_t now_ns)
{
        double passed_s = access->started ? (double)(now_ns - access->strangers_ns) / NS_PER_S : ACCESS_STRANGERS_BURST;

        access->started = true;
        access->strangers_ns = now_ns;
        access->strangers += passed_s * ACCESS_STRANGERS_PER_S;
        if (access->strangers > ACCESS_STRANGERS_BURST)
                access->strangers = ACCESS_STRANGERS_BURST;
        if (access->strangers < 1)
                return false;
        access->strangers--;
        return true;
}

static enum access_step decide_known(struct access_entry *entry, int64_t now_ns)
{
        if (entry->asked)
                return ACCESS_WAIT;
        if (now_ns >= entry->who_until_ns) {
                entry->asked = true;
                return ACCESS_ASK_WHO;
        }
        if (!entry->user)
                return ACCESS_STRANGER;
        if (now_ns >= entry->right_until_ns) {
                entry->asked = true;
                return ACCESS_ASK_RIGHT;
        }
        return entry->allowed ? ACCESS_SERVE : ACCESS_DENIED;
}

enum access_step access_decide(struct access *access, const struct access_key *key, int64_t now_ns)
{
        struct access_entry *entry = find(access, key);

        /* A stranger whose time is over is like one who never came. */
        if (entry && !entry->user && !entry->asked && now_ns >= entry->who_until_ns) {
                clear(entry);
                entry = NULL;
        }
        if (!entry) {
                entry = place(access);
                if (!entry || !may_ask_about_stranger(access, now_ns))
                        return ACCESS_BUSY;
                clear(entry);
                *entry = (struct access_entry){.key = *key, .used = true};
        }
        entry->seen_ns = now_ns;
        return decide_known(entry, now_ns);
}

void access_learn_who(struct access *access, const struct access_key *key, const char *user, int64_t now_ns)
{
        struct access_entry *entry = find(access, key);

        if (!entry)
                return;
        entry->asked = false;
        entry->who_until_ns = now_ns + (user ? ACCESS_IDENTITY_S : ACCESS_STRANGER_S) * NS_PER_S;
        if (user && text_equal(user, entry->user))
                return;
        free(entry->user);
        entry->user = user ? xstrdup(user) : NULL;
        entry->right_until_ns = now_ns;
}

void access_learn_right(struct access *access, const struct access_key *key, bool allowed, int64_t now_ns)
{
        struct access_entry *entry = find(access, key);

        if (!entry)
                return;
        entry->asked = false;
        entry->allowed = allowed;
        entry->right_until_ns = now_ns + (allowed ? ACCESS_ALLOWED_S : ACCESS_DENIED_S) * NS_PER_S;
}

void access_learn_nothing(struct access *access, const struct access_key *key)
{
        struct access_entry *entry = find(access, key);

        if (entry)
                entry->asked = false;
        if (entry && !entry->user)
                clear(entry); /* an unreachable API server must not make known owners wait behind strangers */
}

const char *access_user(const struct access *access, const struct access_key *key)
{
        const struct access_entry *entry = find(access, key);
        return entry ? entry->user : NULL;
}

void access_done(struct access *access)
{
        for (size_t i = 0; i < ACCESS_ENTRIES; i++)
                clear(&access->entries[i]);
}
