/* cmd_receipts.c - receipts ID: all receipts as CSV or NDJSON. The server streams them to the end,
 * or, with --limit, page by page behind a cursor; either way nothing is kept here. (One stream is
 * one request, and so one "exported" receipt.) With -o the file appears only when it is whole. */

/* System. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

enum { PAGE_MAX = 1000 };

struct export
{
    struct ctl *ctl;
    FILE *out;
    const char *accept;
    bool csv;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* --format, else the suffix of the file, else NDJSON. */
static enum ctl_exit choose_format(struct export *e, const char *file)
{
    const char *format = ctl_option(e->ctl, "format");

    if (format == NULL)
        format = file != NULL && ends_with(file, ".csv") ? "csv" : "ndjson";
    if (!str_equal(format, "csv") && !str_equal(format, "ndjson"))
        return complain(CTL_USAGE, "--format takes csv or ndjson");
    e->csv = str_equal(format, "csv");
    e->accept = e->csv ? "text/csv" : "application/x-ndjson";
    if (e->csv && e->ctl->json)
        return complain(CTL_USAGE, "--json and --format csv do not go together");
    return CTL_OK;
}

static enum ctl_exit first_path(const struct ctl *ctl, struct buf *path)
{
    const char *limit = ctl_option(ctl, "limit"), *recipient = ctl_option(ctl, "recipient");
    int64_t n = 0;

    if (limit != NULL && (!parse_i64(limit, &n) || n < 1 || n > PAGE_MAX))
        return complain(CTL_USAGE, "--limit takes 1 to 1000");
    (void)buf_puts(path, "/v1/receipts?incident=");
    path_add(path, ctl->words[0]);
    if (recipient != NULL) {
        (void)buf_puts(path, "&recipient=");
        path_add(path, recipient);
    }
    if (limit != NULL)
        (void)buf_printf(path, "&limit=%lld", (long long)n);
    return CTL_OK;
}

/* Pages until there is no next one; the header row only from the first. */
static enum ctl_exit copy_pages(struct export *e, struct buf *path)
{
    struct api_reply reply;
    bool later = false;
    enum ctl_exit code;

    api_reply_init(&reply);
    do {
        struct api_request request = {.method = "GET",
                                      .path = path->data,
                                      .accept = e->accept,
                                      .sink = e->out,
                                      .skip_line = e->csv && later};

        code = ask(e->ctl, &request, &reply);
        if (code == CTL_OK && str_equal(path->data, reply.next.data))
            code = complain(CTL_SERVER, "the server's next page is this page: tell its operator");
        buf_clear(path);
        (void)buf_add(path, reply.next.data, reply.next.length);
        later = true;
    } while (code == CTL_OK && path->length > 0);
    api_reply_free(&reply);
    return code;
}

static enum ctl_exit run_export(struct export *e)
{
    struct buf path;
    enum ctl_exit code;

    buf_init(&path, SIZE_MAX);
    code = first_path(e->ctl, &path);
    if (code == CTL_OK)
        code = copy_pages(e, &path);
    buf_free(&path);
    return code;
}

/* Whole and on the disk, or not at all. */
static enum ctl_exit export_file(struct export *e, const char *file)
{
    struct buf part;
    enum ctl_exit code;
    bool kept;

    buf_init(&part, SIZE_MAX);
    (void)buf_printf(&part, "%s.part", file);
    e->out = fopen(part.data, "we");
    if (e->out == NULL) {
        code = complain(CTL_LOCAL, "%s cannot be written: %s", part.data, strerror(errno));
        buf_free(&part);
        return code;
    }
    code = run_export(e);
    kept = fflush(e->out) == 0 && fsync(fileno(e->out)) == 0;
    kept = fclose(e->out) == 0 && kept;
    if (code == CTL_OK && (!kept || rename(part.data, file) != 0))
        code = complain(CTL_LOCAL, "%s cannot be written: %s", file, strerror(errno));
    if (code != CTL_OK)
        (void)unlink(part.data);
    buf_free(&part);
    return code;
}

enum ctl_exit run_receipts(struct ctl *ctl)
{
    const char *file = ctl_option(ctl, "output");
    struct export e = {.ctl = ctl, .out = stdout};
    enum ctl_exit code;

    if (str_equal(file, "-"))
        file = NULL;
    code = choose_format(&e, file);
    if (code != CTL_OK)
        return code;
    return file == NULL ? run_export(&e) : export_file(&e, file);
}
