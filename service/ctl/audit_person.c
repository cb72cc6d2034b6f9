/* audit_person.c - what is proved of one person, in words: every receipt about the person that an
 * opening opens, with its place in the log. */
/* System. */
#include <inttypes.h>
#include <string.h>

/* This module. */
#include "service/ctl/ctl.h"
#include "service/ctl/audit.h"

static void tell_member(FILE *to, const char *before, struct json_object *json, const char *name)
{
    const char *text = json_get_string(json, name);
    if (text == NULL)
        return;
    (void)fputs(before, to);
    print_safe(to, text);
}

static void tell_receipt(FILE *to, struct json_object *receipt, struct json_object *details)
{
    struct json_object *leaf = json_get(receipt, "leaf");
    (void)fputs("  ", to);
    print_safe(to, json_get_string(details, "at") ? json_get_string(details, "at")
                                                  : json_get_string(leaf, "day"));
    tell_member(to, "  ", leaf, "kind");
    tell_member(to, " over ", leaf, "channel");
    tell_member(to, " to ", details, "address");
    tell_member(to, ": ", leaf, "outcome");
    tell_member(to, ", evidence ", leaf, "evidence");
    tell_member(to, ", status ", leaf, "status");
    tell_member(to, ", because ", leaf, "reason");
    tell_member(to, ", notice ", leaf, "notice");
    tell_member(to, "\n    receipt ", receipt, "receipt");
    if (json_get(receipt, "index") != NULL)
        (void)fprintf(to, ", leaf %" PRId64 " of the log", json_get_int(receipt, "index", 0));
    else
        (void)fputs(", not in the log", to);
    (void)fputc('\n', to);
}

/* The next line as JSON; false at the end. */
static bool next_json(struct slice *rest, struct json_object **ret_json)
{
    const char *end = memchr(rest->data, '\n', rest->length);
    if (end == NULL)
        return false;
    const size_t n = (size_t)(end - rest->data);
    *ret_json = NULL;
    (void)json_read(rest->data, n, ret_json, NULL);
    *rest = (struct slice){end + 1, rest->length - n - 1};
    return true;
}

static void tell_standing(struct audit *audit, FILE *to)
{
    struct json_object *person = NULL;
    if (json_read(audit->person.data, audit->person.length, &person, NULL) != RESULT_OK)
        return;
    (void)fputs("Recipient ", to);
    print_safe(to, audit->recipient);
    tell_member(to, " is ", person, "state");
    tell_member(to, " over ", person, "channel");
    tell_member(to, ", evidence ", person, "evidence");
    tell_member(to, ", because ", person, "reason");
    (void)fputs(".\n", to);
    const char *again = json_get_string(person, "rerendered");
    if (str_equal(again, "same"))
        (void)fputs("The text was made again from the sealed fields: it is what was sent.\n", to);
    else if (again != NULL)
        (void)fprintf(to, "The text could not be made again as it was sent (%s).\n", again);
    json_object_put(person);
}

bool audit_tell(struct audit *audit, FILE *to)
{
    struct slice receipts, openings;
    struct json_object *receipt, *opening;
    if (!json_get_bool(json_get(audit->manifest, "openings"), "included", false))
        return audit_wrong(audit, "this archive has no openings: it proves nothing about single "
                                  "people; ask compliance for one");
    if (audit->n_lines == 0 && audit->person.length == 0)
        return audit_wrong(audit, "nobody of this id is in the archive, or the person was "
                                  "erased");
    tell_standing(audit, to);
    audit->telling = true;
    audit->receipts = 0;
    if (!audit_read(audit))
        return false;
    receipts = (struct slice){audit->told.data, audit->told.length};
    openings = (struct slice){audit->opened.data, audit->opened.length};
    (void)fprintf(to, "%zu receipts, each opened and in its place:\n", audit->n_lines);
    while (next_json(&receipts, &receipt) && next_json(&openings, &opening)) {
        tell_receipt(to, receipt, json_get(opening, "details"));
        json_object_put(receipt);
        json_object_put(opening);
    }
    (void)fputs("Handed over is not delivered; delivered is not read.\n", to);
    return true;
}
