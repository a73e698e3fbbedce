/* SPDX-License-Identifier: Apache-2.0
 *
 * The TLS half of socket.c; for nobody else. */
#pragma once

#include "load/socket.h"

extern const struct socket_ops socket_tls_ops;
/* Drops the remembered session; a plain socket has none. */
void socket_tls_forget(struct socket *sock);
