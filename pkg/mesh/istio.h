/* SPDX-License-Identifier: Apache-2.0
 *
 * Istio's chapters. What a policy means is read as pilot reads it; each chapter names its documents. Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

#define ISTIO_NETWORKING "networking.istio.io"
#define ISTIO_SECURITY "security.istio.io"

void istio_resolve(struct view *view);

/* Reads a kind for resolving: true when all of it was read in the namespace (NULL: everywhere). Else *ret_reason says why not. */
bool istio_was_read(const struct view *view, const char *kind, const char *namespace, const char **ret_reason);

/* A field of the mesh config; 'otherwise' is the default of the code. */
bool istio_config_bool(const struct view *view, const char *path, bool otherwise);

void istio_mtls(struct view *view);
