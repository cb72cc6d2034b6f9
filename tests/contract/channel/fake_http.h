/* fake_http.h - stands in for service/loop's http_client at link time: the test says what the
 * network does. */
#pragma once
#include "tocsin/http_client.h"

enum fake_http_mode {
    FAKE_ANSWER,    /* on the next turn: status and body */
    FAKE_HOLD,      /* nothing leaves; a cancel ends it unsent */
    FAKE_HOLD_SENT, /* all bytes left, no answer; a cancel ends it sent */
    FAKE_REFUSE,    /* no connection */
    FAKE_SILENCE    /* sent, then a time-out */
};
struct fake_http {
    enum fake_http_mode mode;
    long status;
    const char *body;
    const char *undo_body, *found_body; /* to DELETE and GET, always answered */
    unsigned posts, deletes, gets, open;
};
extern struct fake_http fake_http;
void fake_http_reset(struct loop *loop);
