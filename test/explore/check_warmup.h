/* SPDX-License-Identifier: Apache-2.0
 *
 * All trials of a series have one warm-up: once a trial has found how long it has to be, later Jobs say so. */
#pragma once

#include <stdbool.h>

#include "sim.h"

/* A Job that was just made, against what is stored of its run's trials. */
bool check_warmup(struct apisim *sim, struct json_object *job);
