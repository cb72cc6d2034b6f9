/* cmd_evidence.c - evidence ID -o FILE: everything about an incident as one archive, to be checked
 * with `tocsin verify FILE`. The file appears only when it is whole. */

/* System. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static enum ctl_exit download(struct ctl *ctl, const struct api_request *wanted, FILE *to)
{
    struct api_request request = *wanted;
    struct api_reply reply;
    enum ctl_exit code;

    api_reply_init(&reply);
    request.sink = to;
    code = ask(ctl, &request, &reply);
    api_reply_free(&reply);
    return code;
}

/* Whole and on the disk, or not at all. */
enum ctl_exit download_file(struct ctl *ctl, const struct api_request *request, const char *file)
{
    struct buf part;
    enum ctl_exit code;
    bool kept;

    buf_init(&part, SIZE_MAX);
    (void)buf_printf(&part, "%s.part", file);
    FILE *to = fopen(part.data, "we");
    if (to == NULL) {
        code = complain(CTL_LOCAL, "%s cannot be written: %s", part.data, strerror(errno));
        buf_free(&part);
        return code;
    }
    code = download(ctl, request, to);
    kept = fflush(to) == 0 && fsync(fileno(to)) == 0;
    kept = fclose(to) == 0 && kept;
    if (code == CTL_OK && (!kept || rename(part.data, file) != 0))
        code = complain(CTL_LOCAL, "%s cannot be written: %s", file, strerror(errno));
    if (code != CTL_OK)
        (void)unlink(part.data);
    buf_free(&part);
    return code;
}

enum ctl_exit run_evidence(struct ctl *ctl)
{
    const char *file = ctl_option(ctl, "output");
    struct buf path;
    enum ctl_exit code;

    if (file == NULL)
        return complain(CTL_USAGE, "say where to: -o FILE (- = standard output)");
    incident_path(&path, ctl->words[0], "/evidence");
    const struct api_request request = {
        .method = "GET", .path = path.data, .accept = "application/gzip", .patient = true};
    code =
        str_equal(file, "-") ? download(ctl, &request, stdout) : download_file(ctl, &request, file);
    buf_free(&path);
    return code;
}
