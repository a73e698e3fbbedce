/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom the operator asks that is no API server: the sources of series of the administrator's configuration. Their names say how they
 * answer: "http://truth", "http://liar" (values of another time), "http://silent". Faults of the wire do not meet them. */
#pragma once

#include <stdbool.h>

#include "kube/request.h"

bool stranger_is(const struct kube_client *client);
/* In the place of transfer_start and transfer_stop. */
void stranger_start(struct request *request);
void stranger_stop(struct request *request);
