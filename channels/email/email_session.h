/* email_session.h - one blocking SMTP session with a relay, over libESMTP. No shared state but
 * `struct session_line`: the whole may move into a process of its own.
 *
 * The session asks its feed for messages one at a time and tells what became of each, in the same
 * order. It knows when a message may have been taken without an answer (the end was given, no reply
 * read) and says UNCERTAIN only then. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "channels/email/email_config.h"
#include "tocsin/delivery.h"

struct ssl_ctx_st;

/* What does not change between sessions with one relay; outlives them. */
struct session_settings {
    const char *host;
    unsigned port;
    const char *helo;
    const char *user, *password; /* NULL: no AUTH */
    enum email_tls tls;
    struct ssl_ctx_st *tls_context; /* NULL when tls is off */
    struct email_times times;
    unsigned dsn_notify; /* EMAIL_NOTIFY_* */
    enum email_return dsn_return;
};

/* libESMTP keeps about 4 kB of each message until its session ends. */
enum { SESSION_MESSAGES_MAX = 50 };

/* One message, CRLF lines; everything valid until its `done`. Addresses passed email_address_ok. */
struct session_mail {
    const char *sender, *recipient, *envid;
    const char *data;
    size_t length;
    const atomic_bool *stop; /* set: drop the connection rather than end the message */
};

struct session_feed {
    /* Another message into *mail, or false. With may_wait it may block a while: the connection
     * stays open meanwhile. Up to two messages are out at a time. */
    bool (*next)(struct session_feed *feed, bool may_wait, struct session_mail *mail);
    /* What became of the oldest message that is out. */
    void (*done)(struct session_feed *feed, const struct outcome *outcome);
};

enum session_end {
    SESSION_FINISHED,   /* QUIT after all that was fed, or full */
    SESSION_NOT_OPENED, /* no connection, greeting, TLS or login: nothing was tried */
    SESSION_LOST,       /* the connection broke or the relay said 421 */
    SESSION_STOPPED     /* dropped by us because a message was stopped */
};
struct session_result {
    enum session_end end;
    struct outcome reason; /* NOT_OPENED, LOST: why (kind DEFERRED) */
    unsigned untouched;    /* messages fed last for which no `done` came: provably not begun */
    unsigned answered;     /* messages for which `done` came */
};

/* Breaks a session from another thread. */
struct session_line {
    pthread_mutex_t lock;
    int fd; /* a duplicate of the session's socket; -1 = none */
    bool broken;
};
void session_line_init(struct session_line *line);
void session_line_break(struct session_line *line);
void session_line_destroy(struct session_line *line);

/* Must be called once, before the first session, on one thread. */
void session_library_start(void);
/* Blocks. The feed must have a message at once, else the result is FINISHED. */
void session_run(const struct session_settings *settings, struct session_feed *feed,
                 struct session_line *line, struct session_result *ret_result);
