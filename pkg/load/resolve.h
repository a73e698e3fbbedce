/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's addresses as socket addresses. */
#pragma once

#include "load/lane.h"

/* Resolves every address of the plan, in its order; names may give several each. Blocks while names are looked up. Done once: a
 * name that means something else later changes nothing.
 * *ret_addresses is a new array of *ret_len (1..LOAD_ADDRESSES_MAX). FAIL_MISSING: a name does not resolve (yet).
 * FAIL_DENIED: one of them is an address that the plan's guard keeps off; then none is used. */
enum fail_kind resolve_addresses(const struct load_plan *plan, struct lane_address **ret_addresses, size_t *ret_len,
                                 struct fail *fail);
