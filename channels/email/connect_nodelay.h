/* connect_nodelay.h - the socket hook that libESMTP lacks: connect() with a time limit and
 * TCP_NODELAY.
 *
 * libESMTP opens its socket itself, offers no hook, leaves Nagle's algorithm on and lets the kernel
 * decide how long a connect may take. This module defines connect() for the whole program; it only
 * acts on threads that set a hook, all others get the C library's. */
#pragma once
#include <stdbool.h>

struct connect_hook {
    int timeout_ms; /* limit for one address */
    /* Sees the socket before it connects; false refuses (errno ECANCELED). Called on this thread.
     */
    bool (*opening)(struct connect_hook *hook, int fd);
};
/* For this thread, until called again; NULL turns it off. The hook must outlive its use. */
void connect_hook_set(struct connect_hook *hook);
