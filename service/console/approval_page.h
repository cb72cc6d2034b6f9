/* approval_page.h - the page on which counsel reads what is approved, from the summary's JSON
 * (openapi.yaml, ApprovalSummary). Pure. */
#pragma once
#include "base/buf.h"
#include "base/json.h"

struct approval_page {
    struct json_object *summary;
    const char *csrf;
    bool may_approve;    /* the reader's role */
    const char *typed;   /* what was typed and refused; NULL: nothing */
    const char *problem; /* why the last try was refused; NULL: none */
    bool done;           /* the last try was taken */
};
/* The content of <main>. */
void approval_page_write(struct buf *to, const struct approval_page *page);
