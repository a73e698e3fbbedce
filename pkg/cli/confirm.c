/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/confirm.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/address.h"

static const char *const own_ranges[] = {
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10",
};

static bool is_own(const struct address *address)
{
        struct address_range range;

        for (size_t i = 0; i < ARRAY_LEN(own_ranges); i++)
                if (!address_parse_range(own_ranges[i], &range, NULL) && address_within(address, &range))
                        return true;
        return false;
}

enum fail_kind confirm_look(const struct url *url, bool *ret_own, char *text, size_t size, struct fail *fail)
{
        const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;
        struct address address;

        int problem = getaddrinfo(url->host, url->port, &wanted, &found);
        if (problem)
                return fail_set(fail, FAIL_MISSING, "%s: %s", url->host, gai_strerror(problem));
        *ret_own = true;
        for (struct addrinfo *at = found; at && *ret_own; at = at->ai_next) {
                char spelt[ADDRESS_TEXT_MAX];
                if (!address_of_socket(at->ai_addr, &address) || is_own(&address))
                        continue;
                address_format(&address, spelt);
                snprintf(text, size, "%s", spelt);
                *ret_own = false;
        }
        freeaddrinfo(found);
        return FAIL_NONE;
}

bool confirm_ask(const struct url *url, const char *address)
{
        char answer[16] = "";

        if (!isatty(STDIN_FILENO))
                return false;
        fprintf(stderr, "%s is %s, neither this machine's nor a private address. Is this load welcome there? [y/N] ", url->host, address);
        if (!fgets(answer, sizeof answer, stdin))
                return false;
        answer[strcspn(answer, "\n")] = '\0';
        return text_equal(answer, "y") || text_equal(answer, "yes");
}
