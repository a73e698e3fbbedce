/* SPDX-License-Identifier: Apache-2.0
 *
 * Load for somebody else's machine is asked about first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"
#include "cli/url.h"

/* Looks the host up. True in *ret_own when each of its addresses is this machine's loopback or a private one (RFC 1918, RFC 4193,
 * link-local, RFC 6598); else 'text' names the first that is not. FAIL_MISSING: no such host. */
enum fail_kind confirm_look(const struct url *url, bool *ret_own, char *text, size_t size, struct fail *fail);
/* Asks at the terminal; false without one, or for any answer but y or yes. */
bool confirm_ask(const struct url *url, const char *address);
