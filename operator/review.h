/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks the API server what access.h wants to know, and keeps those waiting who came with the same token. Whoever cannot be
 * answered within REVIEW_WAIT_NS, or while the API server is away, is refused (503): nobody gets in for want of an answer. */
#pragma once

#include <stddef.h>

#include "kube/client.h"

#define REVIEW_WAIT_NS (10 * NS_PER_S)
#define REVIEWS_MAX 4          /* asked at once: the operator's own writes go before */
#define REVIEW_WAITERS_MAX 32
#define REVIEW_TOKEN_BYTES_MAX 7168

struct review;

/* 'status' is 200 or what the request has to be refused with, 'sentence' why. */
typedef void review_done_fn(void *owner, int status, const char *sentence);

/* Borrows the client for its life. */
struct review *review_new(struct kube_client *client);
struct review *review_free(struct review *review); /* waiters hear nothing */
/* May the owner of this token GET /metrics? Calls 'done' once: at once when it is known, else when it is. The token is
 * not kept. */
void review_ask(struct review *review, const char *token, size_t token_len, review_done_fn *done, void *owner);
/* 'done' will not be called any more for this owner. */
void review_cancel(struct review *review, const void *owner);
/* Questions asked of the API server since the start. */
uint64_t review_count(const struct review *review);
