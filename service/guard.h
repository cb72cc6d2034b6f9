/* guard.h - is this the newest store there is? Before the engine starts, what others know of the
 * log is compared with it; while it runs, the newest checkpoint is kept beside the store, for the
 * next time. Loop thread. */
#pragma once
#include "service/config.h"
#include "service/receipts/log_newest.h"

struct guard {
    struct loop *loop;
    struct store *store;
    struct receipt_log *log;
    struct log_newest_compare compare; /* what was found */
    void (*compared)(void *context, enum result result, const struct error *error);
    void *context;
    char *kept;   /* "<store.path>.checkpoint" */
    char *copied; /* the same, among the backups; NULL: none are configured */
    uint64_t kept_size;
    bool asking;
    struct receipt_log_question question;
};
/* Everything outlives the guard. */
void guard_init(struct guard *guard, const struct config *config);
void guard_compare(struct guard *guard, const struct config *config, struct http_client *client);
/* Now and then: keeps the newest checkpoint when there is a new one. */
void guard_watch(struct guard *guard);
void guard_free(struct guard *guard);
