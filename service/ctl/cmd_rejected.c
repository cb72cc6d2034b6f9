/* cmd_rejected.c - recipients rejected, warnings, waive: which rows were refused and why, what was
 * left out of others, and an approver's word that refused ones need no notice.
 *
 * The server counts lines within what it was sent. For a file that went in parts, --file cuts the
 * same file again in the same way, and so tells the line of the file. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"
#include "service/ctl/upload.h"

/* What to add to a line of part n (from 1) to have the line of the file. */
struct offsets {
    int64_t *of;
    size_t n;
};

static enum result offsets_read(struct offsets *offsets, struct part_cutter *cutter,
                                struct error *error)
{
    for (;;) {
        const char *bytes;
        size_t length;
        enum result result = part_cutter_next(cutter, &bytes, &length, error);

        if (result != RESULT_OK || length == 0)
            return result;
        offsets->of = mem_resize(offsets->of, offsets->n + 1, sizeof(*offsets->of));
        offsets->of[offsets->n++] = part_cutter_line(cutter) - 1 - part_cutter_header_lines(cutter);
    }
}

static enum ctl_exit offsets_open(struct offsets *offsets, struct ctl *ctl, const char *file_name)
{
    struct upload upload;
    struct part_cutter *cutter;
    struct error error = {0};
    enum ctl_exit code = upload_open(ctl, file_name, &upload);

    if (code != CTL_OK)
        return code;
    cutter = part_cutter_create(upload.file, upload.csv, (size_t)upload.part_size, upload.charset);
    if (offsets_read(offsets, cutter, &error) != RESULT_OK)
        code = complain(CTL_LOCAL, "%s: %s", file_name, error.text);
    part_cutter_destroy(&cutter);
    upload_close(&upload);
    return code;
}

/* Puts the line of the file in the place of the line of the part. */
static void translate(void *context, struct json_object *item)
{
    const struct offsets *offsets = context;
    int64_t part = json_get_int(item, "part", 0), line = json_get_int(item, "line", 0);

    if (part < 1 || (uint64_t)part > offsets->n)
        return;
    json_object_object_add(item, "line", json_object_new_int64(line + offsets->of[part - 1]));
}

enum ctl_exit run_recipients_rejected(struct ctl *ctl)
{
    static const struct column columns[] = {{"row", "ROW"},       {"part", "PART"},
                                            {"line", "LINE"},     {"field", "FIELD"},
                                            {"reason", "REASON"}, {"state", "DECIDED"}};
    const char *file = ctl_option(ctl, "file");
    struct offsets offsets = {NULL, 0};
    struct pages pages = {.columns = columns, .n = 6, .each = translate, .context = &offsets};
    struct buf path;
    enum ctl_exit code = CTL_OK;

    if (file != NULL && ctl->json)
        return complain(CTL_USAGE, "--file and --json do not go together");
    if (file != NULL)
        code = offsets_open(&offsets, ctl, file);
    incident_path(&path, ctl->words[0],
                  ctl_option(ctl, "undecided") != NULL ? "/rejected?limit=1000&undecided=true"
                                                       : "/rejected?limit=1000");
    if (code == CTL_OK)
        code = print_pages(ctl, path.data, &pages);
    buf_free(&path);
    mem_free(offsets.of);
    return code;
}

enum ctl_exit run_recipients_warnings(struct ctl *ctl)
{
    static const struct column columns[] = {{"part", "PART"},
                                            {"line", "LINE"},
                                            {"field", "FIELD"},
                                            {"action", "ACTION"},
                                            {"reason", "REASON"}};
    const struct pages pages = {.columns = columns, .n = 5};
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "/warnings?limit=1000");
    code = print_pages(ctl, path.data, &pages);
    buf_free(&path);
    return code;
}

/* "12,13"; false: something else. */
static bool read_rows(const char *text, struct json_object *to)
{
    char number[24];

    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        int64_t row;

        (void)snprintf(number, sizeof(number), "%.*s", n < sizeof(number) ? (int)n : 0, text);
        if (!parse_i64(number, &row))
            return false;
        json_object_array_add(to, json_object_new_int64(row));
        text += n;
        text += *text == ',';
    }
    return json_object_array_length(to) > 0;
}

/* With --all the server takes so many at once: asked again until none is left. */
static enum ctl_exit waive(struct ctl *ctl, struct json_object *wanted)
{
    struct json_object *answer;
    struct buf path, body;
    enum ctl_exit code;
    int64_t waived = 0, left = 1;

    incident_path(&path, ctl->words[0], "/rejected/decisions");
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, wanted);
    do {
        answer = NULL;
        code = ask_json(
            ctl,
            &(struct api_request){
                .method = "POST", .path = path.data, .body = body.data, .body_length = body.length},
            &answer);
        waived += json_get_int(answer, "waived", 0);
        left = json_get_int(answer, "undecided", 0);
        json_object_put(answer);
    } while (code == CTL_OK && !ctl->json && left > 0 && ctl_option(ctl, "all") != NULL);
    if (code == CTL_OK && !ctl->json)
        (void)printf("waived       %lld\nundecided    %lld\n", (long long)waived, (long long)left);
    buf_free(&path);
    buf_free(&body);
    return code;
}

enum ctl_exit run_recipients_waive(struct ctl *ctl)
{
    const char *rows = ctl_option(ctl, "rows"), *reason = ctl_option(ctl, "reason");
    bool all = ctl_option(ctl, "all") != NULL;
    struct json_object *wanted, *list;
    enum ctl_exit code;

    if (reason == NULL || (rows != NULL) == all)
        return complain(CTL_USAGE, "waive needs --reason, and --rows or --all, one of the two");
    wanted = json_object_new_object();
    list = json_object_new_array();
    json_object_object_add(wanted, "decision", json_object_new_string("waive"));
    json_object_object_add(wanted, "reason", json_object_new_string(reason));
    if (all) {
        json_object_object_add(wanted, "all", json_object_new_boolean(true));
        json_object_put(list);
    } else if (read_rows(rows, list)) {
        json_object_object_add(wanted, "rows", list);
    } else {
        json_object_put(list);
        json_object_put(wanted);
        return complain(CTL_USAGE, "--rows takes numbers of the list, like 12,13");
    }
    code = waive(ctl, wanted);
    json_object_put(wanted);
    return code;
}
