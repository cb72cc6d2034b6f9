/* console_private.h - what the handlers of pages share. */
#pragma once
#include "service/api/call.h"
#include "service/console/fields.h"
#include "service/console/page.h"

enum { PAGE_BYTES_MAX = 12 << 20 };

/* Begins a page with the console's header for who is signed in. */
void console_begin(struct buf *to, struct call *call, const char *title);
/* Ends the page and the call. Takes the bytes of `to`. */
void console_reply(struct call *call, int status, struct buf *to);
/* A page that says what went wrong and what can be done. */
void console_error(struct call *call, int status, const char *sentence);
void console_error_of(struct call *call, const struct error *error);
/* 303 to another page; `cookie`: the value of Set-Cookie, or NULL. */
void console_redirect(struct call *call, const char *path, const char *cookie);
/* The form of a POST that comes from a page of ours; false after a refusal was given. With a
 * session its csrf must be right. */
bool console_form(struct call *call, struct fields *form);

/* sign_in.c */
void sign_in_page(struct call *call);
void sign_in_post(struct call *call);
void sign_out_post(struct call *call);
/* join.c */
void join_page(struct call *call);
void join_post(struct call *call);
/* Nobody is signed in, or the role may not. */
void console_denied(struct call *call);
/* pages.c */
void index_page(struct call *call);
void status_get(struct call *call);
void approval_get(struct call *call);
void approval_post(struct call *call);
void sample_get(struct call *call);
void asset_get(struct call *call);
