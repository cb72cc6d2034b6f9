/* page.h - the frame of every page that tocsind serves: head, header, main, footer, and the headers
 * that go with it. Pages for the staff (console) and for everybody (public) share it; only the
 * header's links differ. Pure.
 *
 * Static files are embedded at build time from static/ (assets.h). No page holds inline style or
 * script: the policy forbids both. */
#pragma once
#include <stddef.h>

#include "base/buf.h"
#include "service/http/http_server.h"

struct page_link {
    const char *href, *text; /* both trusted or escaped by the writer */
};
struct page {
    const char *lang;              /* BCP 47; NULL: "en" */
    const char *title;             /* escaped */
    const struct page_link *links; /* of the header; NULL: none */
    size_t n_links;
    const char *who;    /* signed in as; NULL: nobody; then there is no form to sign out */
    const char *csrf;   /* of that form */
    bool live;          /* the script keeps <main> up to date */
    unsigned refresh_s; /* without script: reload after so many seconds, when asked for; 0: never */
};
void page_begin(struct buf *to, const struct page *page);
void page_end(struct buf *to);

/* Headers of a page: strict CSP, no referrer but to ourselves (a form's Origin needs it), no
 * framing, no powers. */
extern const struct http_field page_fields[];
extern const size_t page_fields_n;
/* Headers of a sample shown in a frame of ours: it may bring its own style, and nothing else; no
 * script, no form, no origin of its own (sandbox). */
extern const struct http_field sample_fields[];
extern const size_t sample_fields_n;
/* The type of every page. */
extern const char page_type[];
