/* audit.c - the check of an archive of evidence: everything in turn, the first thing that is wrong
 * ends it. */
/* System. */
#include <stdarg.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/audit.h"

bool audit_wrong(struct audit *audit, const char *format, ...)
{
    char text[sizeof(audit->error.text)];
    va_list arguments;
    if (audit->error.code != RESULT_OK)
        return false;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    error_set(&audit->error, RESULT_INVALID, NULL, "%s", text);
    return false;
}

struct audit *audit_create(void)
{
    struct audit *audit = mem_new(struct audit);
    enum { SMALL = 64 << 20 };
    struct buf *const bufs[] = {&audit->manifest_text, &audit->note,   &audit->sum,
                                &audit->checkpoint,    &audit->keys,   &audit->summary_text,
                                &audit->person,        &audit->opened, &audit->told,
                                &audit->anchor_notes,  &audit->csv_row};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_init(bufs[i], SMALL);
    audit->counts = json_object_new_object();
    audit->notices = json_object_new_object();
    return audit;
}

void audit_destroy(struct audit **place)
{
    struct audit *audit = *place;
    if (audit == NULL)
        return;
    struct buf *const bufs[] = {&audit->manifest_text, &audit->note,   &audit->sum,
                                &audit->checkpoint,    &audit->keys,   &audit->summary_text,
                                &audit->person,        &audit->opened, &audit->told,
                                &audit->anchor_notes,  &audit->csv_row};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_wipe(bufs[i]);
    json_object_put(audit->manifest);
    json_object_put(audit->counts);
    json_object_put(audit->notices);
    timestamp_trust_destroy(&audit->trust);
    mem_free(audit->anchors);
    mem_free(audit->leaves);
    mem_free(audit->commitments);
    mem_free(audit->nodes);
    mem_free(audit->shards);
    mem_free(audit->told_numbers);
    mem_free(audit->lines);
    mem_free(audit);
    *place = NULL;
}

bool audit_check(struct audit *audit)
{
    return audit_read(audit) && audit_manifest(audit) && audit_signature(audit) &&
           audit_tree(audit) && audit_counts(audit) && audit_notices(audit);
}
