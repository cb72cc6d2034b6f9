/* email_watch.h - an eye on the SMTP dialogue that libESMTP leads. One per connection. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct email_watch {
    bool login;    /* a refused AUTH ends the session */
    bool in_auth;  /* AUTH was sent, no final reply yet */
    bool in_tls;   /* STARTTLS was sent, its reply is due */
    bool injected; /* bytes followed the reply to STARTTLS in clear */
    int last_code; /* of the last refusal, else of the last reply; 0 = none */
    char last_text[160];
    char line[512]; /* the reply line being read */
    size_t n;
};
void email_watch_init(struct email_watch *watch, bool login);

/* Sees bytes as written or read, before libESMTP parses what was read. Spoils the keyword CHUNKING
 * in the EHLO reply *in place*: `bytes` is libESMTP's own buffer. False: the connection must be cut
 * (AUTH refused, or replies injected in front of TLS). */
bool email_watch_see(struct email_watch *watch, const char *bytes, size_t length, bool writing);
