/* banner_board.h - where the banner driver puts a banner. Implemented over the store, and in memory
 * for tests. */
#pragma once
#include <stdint.h>

#include "base/list.h"
#include "base/result.h"

/* Caller-owned; `cb` exactly once, on the loop, never from inside banner_board.put. */
struct banner_put {
    const char *account; /* whose account page */
    const char *token;   /* comes back with displayed / acknowledged / dismissed */
    const char *key;     /* one banner per key: putting it again changes nothing */
    const char *locale;
    const char *title; /* plain text, never HTML */
    const char *line;  /* plain text */
    const char *body;  /* the full notice as plain text */
    void (*cb)(struct banner_put *put, enum result result);
    struct list node;    /* private to the board */
    void *private_state; /* private to the board */
};

struct banner_board {
    void (*put)(struct banner_board *board, struct banner_put *put);
    void *impl;
};
