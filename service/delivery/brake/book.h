/* book.h - what was counted, by scope and time: a copy in memory of the store's table, kept by the
 * process that counts. Pure; loop thread.
 *
 * A scope is a short text without personal data ("w12:all", "d:gmail.com"); its buckets are
 * minutes, days, steps of a ramp, or the one bucket 0. At most the newest BOOK_BUCKETS of a scope
 * are kept: a window of sixty minutes touches 61. */
#pragma once
#include <stdint.h>

enum { BOOK_SCOPE_SIZE = 80, BOOK_BUCKETS = 64 };

struct book;
struct book *book_create(void);
void book_destroy(struct book **book);
/* As it is stored: replaces. */
void book_put(struct book *book, const char *scope, int64_t bucket, int64_t value);
/* Adds; `n` may be negative. */
void book_add(struct book *book, const char *scope, int64_t bucket, int64_t n);
/* The sum of the buckets from `first` to `last`. */
int64_t book_sum(const struct book *book, const char *scope, int64_t first, int64_t last);
/* The sum of bucket 0 of all scopes that begin and end so. */
int64_t book_total(const struct book *book, const char *prefix, const char *suffix);
/* The first bucket from `first` on whose going would leave less than `limit`; INT64_MIN: none. */
int64_t book_blocker(const struct book *book, const char *scope, int64_t first, int64_t limit);
/* Forgets all scopes that begin so. */
void book_drop(struct book *book, const char *prefix);
