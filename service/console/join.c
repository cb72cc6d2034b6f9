/* join.c - an invited person exchanges the invitation for a credential of his own, which is shown
 * once, here. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/claim.h"
#include "service/console/console_private.h"
#include "service/console/html.h"

static void show(struct call *call, int status, const char *problem)
{
    struct buf page;
    console_begin(&page, call, "Join");
    html_raw(&page, "<h1>Join</h1>\n");
    if (problem)
        html_f(&page, "<div class=\"panel bad\" role=\"alert\"><p>%s</p></div>\n", problem);
    html_raw(
        &page,
        "<form method=\"post\" action=\"/console/join\">"
        "<label for=\"invitation\">Your invitation</label>"
        "<p class=\"soft\" id=\"invitation-hint\">It is exchanged, once, for a credential that "
        "nobody else has seen.</p>"
        "<input type=\"password\" id=\"invitation\" name=\"invitation\" required "
        "autocomplete=\"one-time-code\" spellcheck=\"false\" "
        "aria-describedby=\"invitation-hint\">"
        "<p><button type=\"submit\">Join</button></p></form>\n");
    console_reply(call, status, &page);
}

void join_page(struct call *call)
{
    show(call, 200, NULL);
}

static void claimed(struct claim *claim)
{
    struct buf page;
    if (claim->result != RESULT_OK) {
        show(claim->call, http_problem_type(http_problem_of(claim->result))->status,
             claim->error.text[0] ? claim->error.text : "Try again.");
        return;
    }
    console_begin(&page, claim->call, "Your credential");
    html_f(&page,
           "<h1>Your credential</h1>\n<p>It is shown this once. Keep it where only you read it, in "
           "a password manager for example.</p>\n<pre tabindex=\"0\">%s</pre>\n"
           "<p><a href=\"/console/sign-in\">Sign in with it</a></p>\n",
           claim->text);
    explicit_bzero(claim->text, sizeof claim->text);
    console_reply(claim->call, 200, &page);
}

void join_post(struct call *call)
{
    struct fields form;
    if (!console_form(call, &form))
        return;
    struct claim *claim = arena_new(call->arena, struct claim);
    claim->call = call;
    claim->invitation = str_or(fields_get(&form, "invitation"), "");
    claim->cb = claimed;
    claim_start(claim);
}
