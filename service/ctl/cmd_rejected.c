/* cmd_rejected.c - recipients rejected: which rows were refused, and why.
 *
 * The server counts lines within what it was sent. For a file that went in parts, --file cuts the
 * same file again in the same way, and so tells the line of the file. */

/* Base. */
#include "base/mem.h"

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
    cutter = part_cutter_create(upload.file, upload.csv, (size_t)upload.part_size);
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
    static const struct column columns[] = {
        {"part", "PART"}, {"line", "LINE"}, {"field", "FIELD"}, {"reason", "REASON"}};
    const char *file = ctl_option(ctl, "file");
    struct offsets offsets = {NULL, 0};
    struct pages pages = {.columns = columns, .n = 4, .each = translate, .context = &offsets};
    struct buf path;
    enum ctl_exit code = CTL_OK;

    if (file != NULL && ctl->json)
        return complain(CTL_USAGE, "--file and --json do not go together");
    if (file != NULL)
        code = offsets_open(&offsets, ctl, file);
    incident_path(&path, ctl->words[0], "/rejected?limit=1000");
    if (code == CTL_OK)
        code = print_pages(ctl, path.data, &pages);
    buf_free(&path);
    mem_free(offsets.of);
    return code;
}
