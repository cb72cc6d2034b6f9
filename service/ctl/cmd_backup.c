/* cmd_backup.c - backup: a copy of the store, made by the daemon while it serves; with --to its
 * bytes too, checked against the digest that the daemon gave. restore status, people, approve: a
 * store that was put back from one. */

/* System. */
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/hash.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static void add(struct json_object *to, const char *name, const char *text)
{
    if (text != NULL)
        json_object_object_add(to, name, json_object_new_string(text));
}

/* ---- backup ---- */

/* What arrived is what was made, or it is removed. */
static enum ctl_exit check_file(const char *file, const char *wanted)
{
    uint8_t block[65536], digest[DIGEST_SIZE];
    char hex[DIGEST_TEXT_SIZE];
    struct sha256_stream *stream = sha256_begin();
    FILE *from = fopen(file, "re");
    size_t n;

    while (from != NULL && (n = fread(block, 1, sizeof(block), from)) > 0)
        sha256_add(stream, block, n);
    if (from != NULL)
        fclose(from);
    sha256_end(&stream, digest);
    hex_encode(hex, digest, DIGEST_SIZE);
    if (from != NULL && str_equal(hex, wanted))
        return CTL_OK;
    (void)unlink(file);
    return complain(CTL_LOCAL, "%s did not arrive whole, and was removed: try again", file);
}

static enum ctl_exit write_manifest(const char *file, const struct buf *text)
{
    struct buf path;
    bool ok;

    buf_init(&path, SIZE_MAX);
    buf_printf(&path, "%s.json", file);
    FILE *to = fopen(path.data, "we");
    ok = to != NULL && fwrite(text->data, 1, text->length, to) == text->length;
    ok = ok && fflush(to) == 0 && fsync(fileno(to)) == 0;
    if (to != NULL)
        ok = fclose(to) == 0 && ok;
    buf_free(&path);
    return ok ? CTL_OK : complain(CTL_LOCAL, "%s.json cannot be written", file);
}

static enum ctl_exit fetch_copy(struct ctl *ctl, const char *file, struct json_object *manifest,
                                const struct buf *text)
{
    struct buf path;
    enum ctl_exit code;

    if (access(file, F_OK) == 0)
        return complain(CTL_LOCAL, "%s is there already: name another file", file);
    buf_init(&path, SIZE_MAX);
    buf_puts(&path, "/v1/backups/");
    path_add(&path, str_or(json_get_string(manifest, "file"), ""));
    code = download_file(ctl,
                         &(struct api_request){.method = "GET",
                                               .path = path.data,
                                               .accept = "application/vnd.sqlite3",
                                               .patient = true},
                         file);
    buf_free(&path);
    if (code == CTL_OK)
        code = check_file(file, str_or(json_get_string(manifest, "sha256"), ""));
    return code == CTL_OK ? write_manifest(file, text) : code;
}

static void print_manifest(const struct ctl *ctl, struct json_object *manifest,
                           const struct buf *text)
{
    if (ctl->json)
        printf("%s\n", text->data);
    else
        print_value(manifest, 0);
}

static enum ctl_exit make(struct ctl *ctl)
{
    const char *file = ctl_option(ctl, "to");
    struct json_object *manifest = NULL;
    struct api_reply reply;
    enum ctl_exit code;

    api_reply_init(&reply);
    code = ask(ctl,
               &(struct api_request){.method = "POST",
                                     .path = "/v1/backups",
                                     .body = "{}",
                                     .body_length = 2,
                                     .patient = true},
               &reply);
    if (code == CTL_OK &&
        json_read(reply.body.data, reply.body.length, &manifest, NULL) != RESULT_OK)
        code = complain(CTL_SERVER, "the answer is no JSON");
    if (code == CTL_OK && file != NULL)
        code = fetch_copy(ctl, file, manifest, &reply.body);
    if (code == CTL_OK)
        print_manifest(ctl, manifest, &reply.body);
    json_object_put(manifest);
    api_reply_free(&reply);
    return code;
}

enum ctl_exit run_backup(struct ctl *ctl)
{
    if (ctl_option(ctl, "list") == NULL)
        return make(ctl);
    if (ctl_option(ctl, "to") != NULL)
        return complain(CTL_USAGE, "backup takes --list or --to, one of the two");
    return show_resource(ctl, "/v1/backups");
}

/* ---- restore ---- */

enum ctl_exit run_restore_status(struct ctl *ctl)
{
    return show_resource(ctl, "/v1/restores");
}

/* All pages, one object or line a person. */
enum ctl_exit run_restore_people(struct ctl *ctl)
{
    char path[64] = "/v1/restores/people";
    enum ctl_exit code = CTL_OK;

    while (code == CTL_OK && path[0] != 0) {
        struct json_object *page = NULL;
        struct api_reply reply;
        api_reply_init(&reply);
        code = ask(ctl, &(struct api_request){.method = "GET", .path = path}, &reply);
        if (code == CTL_OK &&
            json_read(reply.body.data, reply.body.length, &page, NULL) != RESULT_OK)
            code = complain(CTL_SERVER, "the answer is no JSON");
        struct json_object *items = json_get(page, "items");
        for (size_t i = 0; code == CTL_OK && i < json_object_array_length(items); i++) {
            struct json_object *item = json_object_array_get_idx(items, i);
            struct buf line;
            buf_init(&line, SIZE_MAX);
            if (ctl->json)
                json_write(&line, item);
            else
                buf_printf(&line, "%s %s %s", json_get_string(item, "incident"),
                           json_get_string(item, "channel"), json_get_string(item, "recipient_id"));
            print_safe(stdout, line.data);
            puts("");
            buf_free(&line);
        }
        const int64_t next = json_get_int(page, "next", 0);
        if (next > 0)
            snprintf(path, sizeof(path), "/v1/restores/people?after=%lld", (long long)next);
        else
            path[0] = 0;
        json_object_put(page);
        api_reply_free(&reply);
    }
    return code;
}

enum ctl_exit run_restore_approve(struct ctl *ctl)
{
    const char *missing = ctl_option(ctl, "missing");
    struct json_object *wanted, *answer = NULL;
    struct buf body;
    enum ctl_exit code;
    int64_t n = 0;

    if (str_empty(ctl_option(ctl, "reason")))
        return complain(CTL_USAGE, "restore approve needs --reason");
    if (missing != NULL && (!parse_i64(missing, &n) || n < 0))
        return complain(CTL_USAGE, "--missing is a whole number");
    wanted = json_object_new_object();
    add(wanted, "reason", ctl_option(ctl, "reason"));
    if (missing != NULL)
        json_object_object_add(wanted, "missing", json_object_new_int64(n));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, wanted);
    json_object_put(wanted);
    code = ask_json(ctl,
                    &(struct api_request){.method = "POST",
                                          .path = "/v1/restores/approve",
                                          .body = body.data,
                                          .body_length = body.length},
                    &answer);
    if (answer != NULL)
        print_value(answer, 0);
    json_object_put(answer);
    buf_free(&body);
    return code;
}
