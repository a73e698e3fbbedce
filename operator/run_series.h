/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier trials left, back into memory. */
#pragma once

#include "operator/session.h"

/* Reads the stored result of the next trial that is not in memory; the pass ends when it is here. One that is gone is a lost trial. */
bool run_series_read(struct session *session);
