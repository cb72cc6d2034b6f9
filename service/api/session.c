/* session.c - see the header. Happy path: cookie -> SHA-256 -> the store's row, joined with its
 * token, which must not be revoked. Whatever is wrong is one answer: no session. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/api/session.h"

static bool secure(const struct call *call)
{
    return str_starts(str_or(call->api->config.public_url, ""), "https://");
}

/* __Host-: this host only, by TLS only (RFC 6265bis section 4.1.3.2). */
static const char *cookie_name(const struct call *call)
{
    return secure(call) ? "__Host-tocsin" : "tocsin-session";
}

const char *session_cookie(const char *header, const char *name, struct arena *arena)
{
    const char *found = NULL;
    size_t n = strlen(name);
    while (header && *header) {
        size_t length;
        header += strspn(header, " ;");
        length = strcspn(header, ";");
        if (strncmp(header, name, n) == 0 && header[n] == '=') {
            if (found)
                return NULL;
            found = arena_strndup(arena, header + n + 1, length - n - 1);
        }
        header += length;
    }
    return found;
}

static void make_csrf(struct call *call, const uint8_t secret[SESSION_SECRET_SIZE])
{
    uint8_t bytes[SESSION_SECRET_SIZE + 4] = "csrf", digest[DIGEST_SIZE];
    memcpy(bytes + 4, secret, SESSION_SECRET_SIZE);
    sha256(digest, bytes, sizeof bytes);
    base64url_encode(call->csrf, digest, DIGEST_SIZE);
    explicit_bzero(bytes, sizeof bytes);
}

bool session_csrf_ok(const struct call *call, const char *csrf)
{
    return csrf && strlen(csrf) == SESSION_TEXT_SIZE - 1 && call->csrf[0] &&
           secret_equal(csrf, call->csrf, SESSION_TEXT_SIZE - 1);
}

/* ---- Finding. ---- */

static void found(struct store_request *request)
{
    struct call *call = container_of(request, struct call, session.request);
    if (request->result == RESULT_OK) {
        call->principal = call->session.holder.id;
        call->minted_by = call->session.holder.minted_by;
        call->roles = call->session.holder.roles;
        call->name = call->session.holder.name;
    }
    call->session_done(call);
}

void session_find(struct call *call, void (*done)(struct call *call))
{
    uint8_t secret[SESSION_SECRET_SIZE] = {0};
    const char *text =
        session_cookie(http_request_header(call->http, "Cookie"), cookie_name(call), call->arena);
    call->session_done = done;
    if (!text || strlen(text) != SESSION_TEXT_SIZE - 1 ||
        base64url_decode(secret, sizeof secret, text, SESSION_TEXT_SIZE - 1) !=
            SESSION_SECRET_SIZE) {
        done(call);
        return;
    }
    call->session = (struct store_session){.request = {.cb = found, .arena = call->arena},
                                           .at = call_now(call)};
    sha256(call->session.hash, secret, sizeof secret);
    make_csrf(call, secret);
    explicit_bzero(secret, sizeof secret);
    store_session_find(call->api->config.store, &call->session);
}

/* ---- Beginning and ending. ---- */

static void started(struct store_request *request)
{
    struct session_start *start = container_of(request, struct session_start, put.request);
    start->result = request->result;
    start->cb(start);
}

void session_start(struct session_start *start)
{
    struct call *call = start->call;
    uint8_t secret[SESSION_SECRET_SIZE];
    char text[SESSION_TEXT_SIZE];
    seal_random(secret, sizeof secret);
    base64url_encode(text, secret, sizeof secret);
    start->cookie =
        arena_printf(call->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                     cookie_name(call), text, SESSION_MINUTES * 60, secure(call) ? "; Secure" : "");
    start->put = (struct store_session){.request = {.cb = started, .arena = call->arena},
                                        .token = start->token,
                                        .at = call_now(call),
                                        .expires_at = call_now(call) + SESSION_MINUTES * 60000};
    sha256(start->put.hash, secret, sizeof secret);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(text, sizeof text);
    store_session_put(call->api->config.store, &start->put);
}

static void ended(struct store_request *request)
{
    struct call *call = container_of(request, struct call, session.request);
    call->session_done(call);
}

void session_end(struct call *call, void (*done)(struct call *call))
{
    call->session_done = done;
    call->session.request = (struct store_request){.cb = ended, .arena = call->arena};
    store_session_end(call->api->config.store, &call->session);
}

const char *session_no_cookie(struct call *call)
{
    return arena_printf(call->arena, "%s=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0%s",
                        cookie_name(call), secure(call) ? "; Secure" : "");
}

/* ---- Where a POST comes from. ---- */

static const char *host_of(const char *url)
{
    const char *at = strstr(url, "://");
    return at ? at + 3 : NULL;
}

static bool host_is(const char *host, const char *url)
{
    const char *other = url ? host_of(url) : NULL;
    size_t n = other ? strcspn(other, "/") : 0;
    return other && n == strlen(host) && strncasecmp(host, other, n) == 0;
}

bool session_same_origin(const struct call *call)
{
    const char *site = http_request_header(call->http, "Sec-Fetch-Site");
    const char *origin = http_request_header(call->http, "Origin");
    const char *host = http_request_header(call->http, "Host");
    if (site && !str_equal(site, "same-origin"))
        return false;
    if (!origin)
        return site != NULL;
    const char *from = host_of(origin);
    return from &&
           ((host && str_equal_nocase(from, host)) || host_is(from, call->api->config.public_url));
}
