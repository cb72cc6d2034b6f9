/* session.h - sessions of the console: a cookie instead of a bearer token, for browsers.
 *
 * The cookie holds 32 random bytes, HttpOnly, SameSite=Strict, Secure when the service is reached
 * by TLS (public_url); only its hash is stored, for an hour. Every form carries a token made from
 * the secret (csrf), and a POST must come from a page of ours: Origin or Sec-Fetch-Site say so.
 * Loop thread only. */
#pragma once
#include "service/api/call.h"

enum { SESSION_SECRET_SIZE = 32, SESSION_TEXT_SIZE = 44, SESSION_MINUTES = 60 };

/* For call_enter(): finds the session of the request's cookie; `done` comes at once or later, on
 * the loop: call->principal is 0 when there is none. */
void session_find(struct call *call, void (*done)(struct call *call));

/* A new session for a token. `cb` comes once. */
struct session_start {
    struct call *call;
    id token;
    void (*cb)(struct session_start *start);
    enum result result;       /* out */
    const char *cookie;       /* out: the value of Set-Cookie; in the call's arena */
    struct store_session put; /* private */
};
void session_start(struct session_start *start);
/* Forgets the session of this call; `done` comes once. The cookie is ended by session_no_cookie. */
void session_end(struct call *call, void (*done)(struct call *call));
const char *session_no_cookie(struct call *call);

/* Does this request come from a page of ours? Pure but for the headers. */
bool session_same_origin(const struct call *call);
/* Pure: the value of a cookie in the arena; NULL: there is none, or it is doubled. */
const char *session_cookie(const char *header, const char *name, struct arena *arena);
/* Compares in constant time. */
bool session_csrf_ok(const struct call *call, const char *csrf);
