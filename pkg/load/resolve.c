/* SPDX-License-Identifier: Apache-2.0 */
#include "load/resolve.h"

#include <netdb.h>
#include <string.h>

#include "base/mem.h"

static enum fail_kind resolve(const char *text, struct lane_address *addresses, size_t *len, struct fail *fail)
{
        auto_free char *host = NULL, *port = NULL;
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;

        if (!load_address_split(text, &host, &port))
                return fail_set(fail, FAIL_INVALID, "address '%s'", text);
        int error = getaddrinfo(host, port, &hints, &found);
        if (error)
                return fail_set(fail, FAIL_MISSING, "address '%s': %s", text, gai_strerror(error));
        for (struct addrinfo *at = found; at && *len < LOAD_ADDRESSES_MAX; at = at->ai_next) {
                struct lane_address *address = &addresses[(*len)++];
                memcpy(&address->socket, at->ai_addr, at->ai_addrlen);
                address->size = at->ai_addrlen;
        }
        freeaddrinfo(found);
        return FAIL_NONE;
}

enum fail_kind resolve_addresses(const struct load_plan *plan, struct lane_address **ret_addresses, size_t *ret_len,
                                 struct fail *fail)
{
        auto_free struct lane_address *addresses = xcalloc(LOAD_ADDRESSES_MAX, sizeof *addresses);
        size_t len = 0;

        for (size_t i = 0; i < plan->addresses_len; i++)
                if (resolve(plan->addresses[i], addresses, &len, fail))
                        return fail->kind;
        *ret_addresses = take(addresses);
        *ret_len = len;
        return FAIL_NONE;
}
