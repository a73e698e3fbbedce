/* SPDX-License-Identifier: Apache-2.0
 *
 * Quantities with units as they stand in manifests, to plain numbers and back. No locale, no silent truncation. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

/* Go's time.ParseDuration without sign: "90s", "1m30s", "1.5h", "500us". At most 10,000 h. FAIL_INVALID. */
enum fail_kind unit_parse_duration_ns(const char *text, int64_t *ret_ns, struct fail *fail);
/* "500/s", "30000/m", "2.5/s" to requests per second; 0 to 1e7. FAIL_INVALID. */
enum fail_kind unit_parse_rate_rps(const char *text, double *ret_rps, struct fail *fail);
/* "0.1%" to 0.001; 0..100 %. FAIL_INVALID. */
enum fail_kind unit_parse_percent(const char *text, double *ret_ratio, struct fail *fail);

/* A Kubernetes quantity to its value: "250m" 0.25, "64Mi" 67108864, "1e3" 1000, "1.5" 1.5. Not negative. FAIL_INVALID. */
enum fail_kind unit_parse_quantity(const char *text, double *ret_value, struct fail *fail);

#define UNIT_TEXT_MAX 32
/* Latency for columns: "0.412ms", "1234.567ms"; always milliseconds with three decimals, so that columns compare. */
void unit_format_latency(int64_t ns, char text[static UNIT_TEXT_MAX]);
/* "998.7/s". */
void unit_format_rate(double rps, char text[static UNIT_TEXT_MAX]);
/* "0%", "0.02%", "100%". */
void unit_format_percent(double ratio, char text[static UNIT_TEXT_MAX]);
/* Shortest Go form: "1m30s", "500ms". */
void unit_format_duration(int64_t ns, char text[static UNIT_TEXT_MAX]);
