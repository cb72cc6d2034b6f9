/* email_watch.c - an eye on the SMTP dialogue.
 *
 * Lines are put together over any number of reads; the last reply is kept for reasons; three things
 * that libESMTP does not handle are caught: CHUNKING (hidden), a refused AUTH (it would go on
 * without) and replies injected in clear behind the answer to STARTTLS (it would believe them after
 * the handshake, as in CVE-2011-0411). No failure modes of its own. */

/* System. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* This module. */
#include "channels/email/email_watch.h"

void email_watch_init(struct email_watch *watch, bool login)
{
    memset(watch, 0, sizeof(*watch));
    watch->login = login;
}

static void see_written(struct email_watch *watch, const char *bytes, size_t length)
{
    if (length >= 5 && strncasecmp(bytes, "AUTH ", 5) == 0)
        watch->in_auth = true;
    if (length >= 8 && strncasecmp(bytes, "STARTTLS", 8) == 0)
        watch->in_tls = true;
}

/* Cut at the bound; never starts inside a UTF-8 sequence because the outcome takes ASCII only. */
static void keep_reply(struct email_watch *watch)
{
    const char *line = watch->line;
    if (watch->n < 3 || line[0] < '2' || line[0] > '5')
        return;
    if (watch->last_code >= 400 && line[0] < '4')
        return; /* "221 bye" does not say why */
    watch->last_code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    size_t skip = watch->n > 3 ? 4 : 3;
    size_t n = watch->n - skip;
    if (n >= sizeof(watch->last_text))
        n = sizeof(watch->last_text) - 1;
    memcpy(watch->last_text, line + skip, n);
    watch->last_text[n] = 0;
}

/* True for the last line of a reply. */
static bool line_final(const struct email_watch *watch)
{
    return watch->n < 4 || watch->line[3] != '-';
}

static bool line_end(struct email_watch *watch, bool more_follows)
{
    bool go_on = true;
    keep_reply(watch);
    if (line_final(watch)) {
        if (watch->in_auth && watch->last_code / 100 != 3) {
            watch->in_auth = false;
            go_on = !watch->login || watch->last_code / 100 == 2;
        }
        if (watch->in_tls) {
            watch->in_tls = false;
            watch->injected = more_follows;
            go_on = go_on && !more_follows;
        }
    }
    watch->n = 0;
    return go_on;
}

static bool is_chunking(const struct email_watch *watch)
{
    static const char keyword[] = "CHUNKING";
    return watch->n == 4 + sizeof(keyword) - 1 &&
           strncasecmp(watch->line + 4, keyword, sizeof(keyword) - 1) == 0;
}

bool email_watch_see(struct email_watch *watch, const char *bytes, size_t length, bool writing)
{
    if (writing) {
        see_written(watch, bytes, length);
        return true;
    }
    bool go_on = true;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            go_on = line_end(watch, i + 1 < length) && go_on;
            continue;
        }
        if (watch->n < sizeof(watch->line))
            watch->line[watch->n++] = bytes[i];
        if (bytes[i] == 'G' || bytes[i] == 'g')
            if (is_chunking(watch))
                ((char *)(uintptr_t)bytes)[i] = 'X';
    }
    return go_on;
}
