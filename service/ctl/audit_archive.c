/* audit_archive.c - verify ARCHIVE: what was found, in words, and the exit code. Needs no server
 * and no network. */
/* System. */
#include <inttypes.h>

/* This module. */
#include "service/ctl/audit.h"
#include "service/ctl/ctl.h"

static void tell_anchors(const struct audit *audit, FILE *to)
{
    struct json_object *said = json_get(json_get(audit->manifest, "log"), "anchors");
    const struct audit_anchor *first = audit->anchors;
    char at[TIME_TEXT_SIZE];
    for (size_t i = 0; said != NULL && i < json_object_array_length(said); i++) {
        struct json_object *entry = json_object_array_get_idx(said, i);
        if (!json_get_bool(entry, "missing", false))
            continue;
        (void)fprintf(to, "NOTE: when this was made, nobody outside had vouched for the newest "
                          "state of the log: missing is the ");
        print_safe(to, json_get_string(entry, "kind"));
        (void)fprintf(to, "\n");
    }
    if (audit->n_anchors > 0 && audit->trust == NULL)
        (void)fprintf(to, "NOTE: %zu timestamps were not checked: give --tsa CERTIFICATE\n",
                      audit->n_anchors);
    if (audit->n_anchors == 0 || audit->trust == NULL)
        return;
    (void)fprintf(to, "%zu timestamps hold: the log had %" PRIu64 " receipts by %s",
                  audit->n_anchors, first->size, time_format(at, first->at));
    for (const struct audit_anchor *anchor = first; anchor < first + audit->n_anchors; anchor++)
        if (anchor->size > first->size && anchor == first + audit->n_anchors - 1)
            (void)fprintf(to, ", %" PRIu64 " by %s", anchor->size, time_format(at, anchor->at));
    (void)fprintf(to, "\n");
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
    tell_anchors(audit, stdout);
    if (audit->n_shards > 0)
        (void)printf("%zu older logs have ended; the first entry of each next one carries the last "
                     "checkpoint of the one before\n",
                     audit->n_shards);
    if (audit->outside > 0 && log != NULL)
        (void)printf("NOTE: %" PRIu64 " receipts have no place in the log: export again later\n",
                     audit->outside);
    if (log != NULL && audit->key == NULL)
        (void)printf("NOTE: the key is the archive's own; compare log/key with one that you got "
                     "on another way, or give --key\n");
    if (audit->rows_waiting > 0)
        (void)printf("NOTE: parts with %" PRId64 " people were uploaded and never committed\n",
                     audit->rows_waiting);
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
    bool good = ctl_option(ctl, "tsa") == NULL || audit_trust(audit, ctl_option(ctl, "tsa"));
    good = good && audit_check(audit);
    if (good)
        print_found(audit);
    if (good && audit->recipient != NULL)
        good = audit_tell(audit, stdout);
    if (!good)
        code = complain(CTL_REFUSED, "NOT VERIFIED: %s", audit->error.text);
    audit_destroy(&audit);
    return code;
}
