/* sign_in.c - a token is typed once and becomes a session. Tries that fail are counted by who asks
 * and which token: past a few a minute the answer is 429 whatever is typed. A wrong token, an
 * unknown and a revoked one get the same answer after the same work (access.h). */
/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"

/* This module. */
#include "service/api/session.h"
#include "service/console/console_private.h"
#include "service/console/html.h"

enum { TRIES_KEPT = 512, TRIES_MOST = 5, TRY_MS = 60000, CREDENTIAL_MAX = 200 };

/* ---- Tries that failed. ---- */

struct tries {
    uint64_t key; /* of the peer and the token's id; 0: free */
    unsigned n;
    int64_t since; /* monotonic */
};
static struct tries tried[TRIES_KEPT]; /* loop thread */

static struct tries *tries_of(struct call *call, const char *credential)
{
    uint8_t digest[DIGEST_SIZE];
    uint64_t key;
    struct access_parts parts = {0};
    const char *peer = str_or(http_request_info(call->http)->peer, "");
    access_parse(credential, &parts); /* malformed: id 0 */
    const char *text = arena_printf(call->arena, "%s|%lld", peer, (long long)parts.id);
    sha256(digest, str_or(text, ""), strlen(str_or(text, "")));
    memcpy(&key, digest, sizeof key);
    explicit_bzero(&parts, sizeof parts);
    struct tries *tries = &tried[key % TRIES_KEPT];
    int64_t now = clock_monotonic(loop_clock(call->api->config.loop));
    if (tries->key != key || now - tries->since > TRY_MS)
        *tries = (struct tries){key, 0, now};
    return tries;
}

/* ---- The page. ---- */

/* Only to pages of ours: "/console" and what is below it. */
static const char *next_of(const char *next)
{
    bool ours = next && (str_equal(next, "/console") || str_starts(next, "/console/")) &&
                !strpbrk(next, "\\\r\n") && strlen(next) < 500;
    return ours ? next : "/console";
}

static void show(struct call *call, int status, const char *next, const char *problem)
{
    struct buf page;
    console_begin(&page, call, "Sign in");
    html_raw(&page, "<h1>Sign in</h1>\n");
    if (problem)
        html_f(&page, "<div class=\"panel bad\" role=\"alert\"><p>%s</p></div>\n", problem);
    html_f(
        &page,
        "<form method=\"post\" action=\"/console/sign-in\">"
        "<input type=\"hidden\" name=\"next\" value=\"%s\">"
        "<label for=\"credential\">Your credential</label>"
        "<p class=\"soft\" id=\"credential-hint\">It begins with tcs_ and was shown to you once. "
        "You may paste it, or let a password manager fill it in.</p>",
        next_of(next));
    html_raw(&page, "<input type=\"password\" id=\"credential\" name=\"credential\" required "
                    "autocomplete=\"current-password\" spellcheck=\"false\" "
                    "aria-describedby=\"credential-hint\">");
    html_raw(&page, "<p><button type=\"submit\">Sign in</button></p></form>\n");
    console_reply(call, status, &page);
}

void sign_in_page(struct call *call)
{
    show(call, 200, http_request_query(call->http, "next"), NULL);
}

void console_denied(struct call *call)
{
    const struct http_info *info = http_request_info(call->http);
    struct buf path;
    if (call->principal) {
        console_error(call, 403, "Your role may not see this; ask an admin for one that may.");
        return;
    }
    buf_init(&path, 4096);
    buf_puts(&path, "/console/sign-in?next=");
    html_url(&path, str_equal(info->method, "GET") ? next_of(info->path) : "/console");
    const char *to = arena_strdup(call->arena, path.data);
    buf_free(&path);
    console_redirect(call, str_or(to, "/console/sign-in"), NULL);
}

/* ---- The try. ---- */

struct sign_in {
    struct call *call;
    const char *next;
    struct tries *tries;
    struct access_check check;
    struct session_start start;
};

static void begun(struct session_start *start)
{
    struct sign_in *it = container_of(start, struct sign_in, start);
    if (start->result == RESULT_OK)
        console_redirect(it->call, it->next, start->cookie);
    else
        console_error(it->call, 503, "Signing in is not possible just now; try again.");
}

static void judged(struct sign_in *it)
{
    const struct access_check *check = &it->check;
    const unsigned staff = ROLES_ALL & ~(unsigned)ROLE_APP;
    if (check->result != RESULT_OK) {
        console_error(it->call, 503, "Signing in is not possible just now; try again.");
        return;
    }
    if (!check->granted || !(check->roles & staff)) {
        it->tries->n++;
        it->call->api->denied[0]++;
        log_warn("sign_in_refused", LOG_INT("tries", it->tries->n));
        show(it->call, 401, it->next,
             "This credential is not known. Look at it again, or ask an admin for a new one.");
        return;
    }
    it->start = (struct session_start){.call = it->call, .token = check->principal, .cb = begun};
    session_start(&it->start);
}

static void checked(struct access_check *check)
{
    judged(container_of(check, struct sign_in, check));
}

void sign_in_post(struct call *call)
{
    struct fields form;
    if (!console_form(call, &form))
        return;
    const char *credential = str_or(fields_get(&form, "credential"), "");
    struct sign_in *it = arena_new(call->arena, struct sign_in);
    it->call = call;
    it->next = next_of(fields_get(&form, "next"));
    it->tries = tries_of(call, credential);
    if (it->tries->n >= TRIES_MOST) {
        show(call, 429, it->next, "Too many tries; wait a minute, then try again.");
        return;
    }
    it->check.cb = checked;
    char *header = strlen(credential) < CREDENTIAL_MAX
                       ? arena_printf(call->arena, "Bearer %s", credential)
                       : NULL;
    if (access_check(call->api->access, header, &it->check))
        judged(it);
}

/* ---- The end. ---- */

static void signed_out(struct call *call)
{
    console_redirect(call, "/console/sign-in", session_no_cookie(call));
}

void sign_out_post(struct call *call)
{
    struct fields form;
    if (console_form(call, &form))
        session_end(call, signed_out);
}
