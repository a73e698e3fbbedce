/* SPDX-License-Identifier: Apache-2.0
 *
 * The chapters of profile_decode. Each reads profile->spec and says what is wrong by the field's path. */
#pragma once

#include "api/profile.h"

enum fail_kind profile_check_requests(const struct profile *profile, struct fail *fail);
enum fail_kind profile_check_placement(const struct profile *profile, struct fail *fail);
