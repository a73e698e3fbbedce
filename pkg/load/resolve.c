/* SPDX-License-Identifier: Apache-2.0 */
#include "load/resolve.h"

#include <netdb.h>
#include <string.h>

#include "base/mem.h"

static bool listed(const struct address *address, const struct address_range *ranges, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (address_within(address, &ranges[i]))
                        return true;
        return false;
}

/* Why load must not go there, NULL when it may. */
static const char *refusal(const struct load_guard *guard, const struct address *address)
{
        const char *never = address_never(address);

        if (never)
                return never;
        if (listed(address, guard->deny, guard->deny_len))
                return "on the cluster's list of what is never loaded";
        if (guard->allow_len > 0 && !listed(address, guard->allow, guard->allow_len))
                return "outside of what the administrator allows for this target";
        return NULL;
}

static enum fail_kind check(const struct load_guard *guard, const char *text, const struct sockaddr *socket, struct fail *fail)
{
        char shown[ADDRESS_TEXT_MAX] = "";
        struct address address;

        if (!guard->given)
                return FAIL_NONE;
        if (!address_of_socket(socket, &address))
                return fail_set(fail, FAIL_DENIED, "target '%s' is no IP address", text);
        const char *why = refusal(guard, &address);
        if (!why)
                return FAIL_NONE;
        address_format(&address, shown);
        return fail_set(fail, FAIL_DENIED, "target '%s' is at %s, which is %s", text, shown, why);
}

static enum fail_kind resolve(const struct load_guard *guard, const char *text, struct lane_address *addresses, size_t *len, struct fail *fail)
{
        auto_free char *host = NULL, *port = NULL;
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;

        if (!load_address_split(text, &host, &port))
                return fail_set(fail, FAIL_INVALID, "address '%s'", text);
        int error = getaddrinfo(host, port, &hints, &found);
        if (error)
                return fail_set(fail, FAIL_MISSING, "address '%s': %s", text, gai_strerror(error));
        enum fail_kind denied = FAIL_NONE;
        for (struct addrinfo *at = found; at && !denied && *len < LOAD_ADDRESSES_MAX; at = at->ai_next) {
                denied = check(guard, text, at->ai_addr, fail);
                struct lane_address *address = &addresses[(*len)++];
                memcpy(&address->socket, at->ai_addr, at->ai_addrlen);
                address->size = at->ai_addrlen;
        }
        freeaddrinfo(found);
        return denied;
}

enum fail_kind resolve_addresses(const struct load_plan *plan, struct lane_address **ret_addresses, size_t *ret_len,
                                 struct fail *fail)
{
        auto_free struct lane_address *addresses = xcalloc(LOAD_ADDRESSES_MAX, sizeof *addresses);
        size_t len = 0;

        for (size_t i = 0; i < plan->addresses_len; i++)
                if (resolve(&plan->guard, plan->addresses[i], addresses, &len, fail))
                        return fail->kind;
        *ret_addresses = take(addresses);
        *ret_len = len;
        return FAIL_NONE;
}
