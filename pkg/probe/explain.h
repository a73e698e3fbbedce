/* SPDX-License-Identifier: Apache-2.0
 *
 * What CPU, memory and nodes did to the load, in sentences that can be defended, in the form of mesh/explain.h. What the kernel counted as
 * being stopped is "high", a target at its own limit "medium"; a busy node is "possible": it was so at that time, and nothing says that it was the cause.
 *
 *  [{"code": "TargetThrottled", "confidence": "high" | "medium" | "possible", "sentence", "evidence": {"side": "target" | "node", "counter", "value"}, "object"}]
 *  value in percent, rounded; object "Pod/…" or "Node/…", absent where it is all of them. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include "probe/samples.h"

/* Of one window; both are borrowed. What is not known explains nothing. Caller owns. */
struct json_object *probe_explain(const struct samples_summary *target, const struct samples_strain *strains, size_t len);
