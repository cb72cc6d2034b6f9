/* audit_archive.c - verify ARCHIVE: what was found, in words, and the exit code. Needs no server
 * and no network. */
/* System. */
#include <inttypes.h>

/* This module. */
#include "service/ctl/audit.h"
#include "service/ctl/ctl.h"

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
    if (audit->rows_accepted > (int64_t)audit->people && log != NULL &&
        !json_get_bool(audit->manifest, "erased", false))
        (void)printf("NOTE: receipts of the roster say %" PRId64
                     " people: parts that were uploaded and "
                     "never committed, or people left out; ask which\n",
                     audit->rows_accepted);
    if (different > 0)
        (void)printf("NOTE: the notices of %" PRId64 " people could not be made again as sent\n",
                     different);
}

enum ctl_exit audit_archive(struct ctl *ctl, const char *path)
{
    struct audit *audit = audit_create();
    enum ctl_exit code = CTL_OK;

    audit->path = path;
    audit->key = ctl_option(ctl, "key");
    audit->recipient = ctl_option(ctl, "recipient");
    bool good = audit_check(audit);
    if (good)
        print_found(audit);
    if (good && audit->recipient != NULL)
        good = audit_tell(audit, stdout);
    if (!good)
        code = complain(CTL_REFUSED, "NOT VERIFIED: %s", audit->error.text);
    audit_destroy(&audit);
    return code;
}
