/* audit.c - verify ARCHIVE: everything is checked, the first thing that is wrong is named,
 * exit 1. Needs no server and no network. */
/* System. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/ctl.h"
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

static void audit_init(struct audit *audit)
{
    enum { SMALL = 64 << 20 };
    struct buf *const bufs[] = {&audit->manifest_text, &audit->note,   &audit->sum,
                                &audit->checkpoint,    &audit->keys,   &audit->summary_text,
                                &audit->person,        &audit->opened, &audit->told};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_init(bufs[i], SMALL);
    audit->counts = json_object_new_object();
    audit->notices = json_object_new_object();
}

static void audit_free(struct audit *audit)
{
    struct buf *const bufs[] = {&audit->manifest_text, &audit->note,   &audit->sum,
                                &audit->checkpoint,    &audit->keys,   &audit->summary_text,
                                &audit->person,        &audit->opened, &audit->told};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_wipe(bufs[i]);
    json_object_put(audit->manifest);
    json_object_put(audit->counts);
    json_object_put(audit->notices);
    mem_free(audit->leaves);
    mem_free(audit->commitments);
    mem_free(audit->nodes);
    mem_free(audit->lines);
    mem_free(audit);
}

static bool check_all(struct audit *audit)
{
    return audit_read(audit) && audit_manifest(audit) && audit_signature(audit) &&
           audit_tree(audit) && audit_counts(audit) && audit_notices(audit);
}

static void print_found(const struct audit *audit)
{
    struct json_object *log = json_get(audit->manifest, "log");
    const int64_t different = json_get_int(json_get(audit->manifest, "rerendered"), "different", 0);
    (void)printf("ok: ");
    print_safe(stdout, json_get_string(audit->manifest, "incident"));
    (void)printf(", made at ");
    print_safe(stdout, json_get_string(audit->manifest, "made_at"));
    (void)printf("\n%zu files, %" PRIu64 " receipts, %" PRIu64 " openings, %" PRIu64 " people\n",
                 audit->n_files, audit->receipts, audit->openings, audit->people);
    if (log == NULL)
        (void)printf("NOTE: no signed log: the archive agrees with itself, which proves no more\n");
    else
        (void)printf("%zu receipts are in the log of size %" PRId64 "; its checkpoint is signed\n",
                     audit->n_leaves, json_get_int(log, "size", 0));
    if (audit->outside > 0 && log != NULL)
        (void)printf("NOTE: %" PRIu64 " receipts have no place in the log: export again later\n",
                     audit->outside);
    if (log != NULL && audit->key == NULL)
        (void)printf("NOTE: the key is the archive's own; compare log/key with one that you got "
                     "on another way, or give --key\n");
    if (different > 0)
        (void)printf("NOTE: the notices of %" PRId64 " people could not be made again as sent\n",
                     different);
}

enum ctl_exit audit_archive(struct ctl *ctl, const char *path)
{
    struct audit *audit = mem_new(struct audit);
    enum ctl_exit code = CTL_OK;

    audit_init(audit);
    audit->path = path;
    audit->key = ctl_option(ctl, "key");
    audit->recipient = ctl_option(ctl, "recipient");
    bool good = check_all(audit);
    if (good)
        print_found(audit);
    if (good && audit->recipient != NULL)
        good = audit_tell(audit, stdout);
    if (!good)
        code = complain(CTL_REFUSED, "NOT VERIFIED: %s", audit->error.text);
    audit_free(audit);
    return code;
}
