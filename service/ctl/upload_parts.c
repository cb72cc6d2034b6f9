/* upload_parts.c - a roster in parts: each is sent until it has arrived, and what has arrived is
 * remembered beside the file, so that --resume goes on there.
 *
 * FILE.tocsin-parts holds a line "NUMBER SHA-256" for each part that the server answered for; a
 * part of the same number and digest is not sent again. It is bound to the incident by its first
 * line and removed once the upload is whole. Sending a part twice does no harm: the server knows it
 * by number and Content-Digest (RFC 9530). */

/* System. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/upload.h"

enum { JOURNAL_LINE = 160, BACKOFF_MS = 250, BACKOFF_MAX_MS = 30000, ASKED_MAX_MS = 600000 };

struct journal {
    struct buf name;
    FILE *file;       /* appended to; NULL: could not be opened, or not used */
    struct buf known; /* the lines of an earlier run */
};

static void journal_read(struct journal *journal, const char *incident)
{
    FILE *file = fopen(journal->name.data, "re");
    char line[JOURNAL_LINE];

    if (file == NULL)
        return;
    if (fgets(line, sizeof(line), file) != NULL && str_equal(str_trim(line), incident))
        while (fgets(line, sizeof(line), file) != NULL)
            (void)buf_puts(&journal->known, line);
    (void)fclose(file);
}

/* Starts anew, with the known lines in front. Without a journal the upload goes on all the same. */
static void journal_open(struct journal *journal, const struct upload *upload)
{
    const char *incident = upload->ctl->words[0];

    buf_init(&journal->name, 8192);
    buf_init(&journal->known, 64 << 20);
    journal->file = NULL;
    if (str_equal(upload->file_name, "-"))
        return;
    (void)buf_printf(&journal->name, "%s.tocsin-parts", upload->file_name);
    if (ctl_option(upload->ctl, "resume") != NULL)
        journal_read(journal, incident);
    journal->file = fopen(journal->name.data, "we");
    if (journal->file == NULL) {
        (void)complain(CTL_LOCAL, "%s cannot be written (%s): --resume will send all parts again",
                       journal->name.data, strerror(errno));
        return;
    }
    (void)fprintf(journal->file, "%s\n%s", incident, journal->known.data);
    (void)fflush(journal->file);
}

static void journal_close(struct journal *journal, bool whole)
{
    if (journal->file != NULL)
        (void)fclose(journal->file);
    if (journal->file != NULL && whole)
        (void)unlink(journal->name.data);
    buf_free(&journal->name);
    buf_free(&journal->known);
}

static bool journal_has(const struct journal *journal, const char *line)
{
    const char *found = strstr(journal->known.data, line);

    return found != NULL && (found == journal->known.data || found[-1] == '\n');
}

static void journal_add(struct journal *journal, const char *line)
{
    if (journal->file != NULL) {
        (void)fputs(line, journal->file);
        (void)fflush(journal->file);
    }
}

struct part {
    unsigned number;
    const char *bytes;
    size_t length;
    char line[JOURNAL_LINE]; /* its line in the journal */
    char digest[JOURNAL_LINE];
    char path[512];
};

static void describe(struct part *part, const struct upload *upload)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_TEXT_SIZE], base64[48];
    struct buf path, tail;

    sha256(digest, part->bytes, part->length);
    hex_encode(hex, digest, sizeof(digest));
    base64_encode(base64, digest, sizeof(digest));
    (void)snprintf(part->line, sizeof(part->line), "%u %s\n", part->number, hex);
    (void)snprintf(part->digest, sizeof(part->digest), "Content-Digest: sha-256=:%s:", base64);
    buf_init(&tail, 64);
    (void)buf_printf(&tail, "/recipients/parts/%u", part->number);
    incident_path(&path, upload->ctl->words[0], tail.data);
    (void)str_copy(part->path, sizeof(part->path), path.data);
    buf_free(&path);
    buf_free(&tail);
}

static void on_progress(void *context, int64_t sent, int64_t total)
{
    struct upload *upload = context;

    (void)total;
    upload_progress(upload, upload->sent + sent, upload->size);
}

/* Worth another try: no answer, or one that says "not now". */
static bool is_passing(enum result result, long status)
{
    if (result != RESULT_OK)
        return result == RESULT_UNAVAILABLE || result == RESULT_TIMEOUT;
    return status == 429 || status == 408 || status >= 500;
}

static void wait_before(int64_t attempt, int64_t asked_ms)
{
    int64_t ms = BACKOFF_MS << (attempt > 10 ? 10 : attempt);

    ms = ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : ms;
    asked_ms = asked_ms > ASKED_MAX_MS ? ASKED_MAX_MS : asked_ms;
    ms = asked_ms > ms ? asked_ms : ms;
    pause_ms(ms);
}

/* Sends until it arrives, is refused, or the tries are used up; then once more through ask(), whose
 * words tell the person why. */
static enum ctl_exit send_part(struct upload *upload, const struct part *part)
{
    struct api_request request = {.method = "PUT",
                                  .path = part->path,
                                  .type = upload_type(upload, true),
                                  .headers = {part->digest},
                                  .body = part->bytes,
                                  .body_length = part->length,
                                  .progress = on_progress,
                                  .context = upload};
    struct api_reply reply;
    enum ctl_exit code = CTL_UNREACHABLE;

    api_reply_init(&reply);
    for (int64_t attempt = 0; attempt < upload->retries; attempt++) {
        struct error error;
        enum result result = api_call(upload->ctl->api, &request, &reply, &error);

        if (!is_passing(result, reply.status)) {
            code = result == RESULT_OK && reply.status / 100 == 2 ? CTL_OK : CTL_REFUSED;
            break;
        }
        wait_before(attempt, reply.retry_after_ms);
    }
    if (code != CTL_OK) {
        upload_progress_end(upload);
        code = ask(upload->ctl, &request, &reply);
    }
    api_reply_free(&reply);
    return code;
}

static enum ctl_exit commit(struct upload *upload, unsigned parts, int64_t rows)
{
    struct json_object *answer;
    struct buf path, body;
    enum ctl_exit code;

    incident_path(&path, upload->ctl->words[0], "/recipients/commit");
    buf_init(&body, 256);
    (void)buf_printf(&body, "{\"count\":%lld,\"parts\":%u", (long long)rows, parts);
    if (upload->expected > 0)
        (void)buf_printf(&body, ",\"expected_people\":%lld", (long long)upload->expected);
    (void)buf_puts(&body, "}");
    code = ask_json(
        upload->ctl,
        &(struct api_request){
            .method = "POST", .path = path.data, .body = body.data, .body_length = body.length},
        &answer);
    upload_print(answer);
    json_object_put(answer);
    buf_free(&path);
    buf_free(&body);
    return code;
}

static enum ctl_exit send_parts(struct upload *upload, struct part_cutter *cutter,
                                struct journal *journal, unsigned *ret_parts)
{
    struct part part = {.number = 0};

    for (;;) {
        struct error error = {0};
        enum ctl_exit code = CTL_OK;

        if (part_cutter_next(cutter, &part.bytes, &part.length, &error) != RESULT_OK)
            return complain(CTL_LOCAL, "%s: %s", upload->file_name, error.text);
        if (part.length == 0)
            break;
        part.number++;
        describe(&part, upload);
        if (!journal_has(journal, part.line)) {
            code = send_part(upload, &part);
            if (code != CTL_OK)
                return code;
            journal_add(journal, part.line);
        }
        upload->sent += (int64_t)part.length;
        upload_progress(upload, upload->sent, upload->size);
    }
    *ret_parts = part.number;
    return CTL_OK;
}

enum ctl_exit upload_in_parts(struct upload *upload)
{
    struct part_cutter *cutter =
        part_cutter_create(upload->file, upload->csv, (size_t)upload->part_size, upload->charset);
    struct journal journal;
    unsigned parts = 0;
    enum ctl_exit code;

    journal_open(&journal, upload);
    code = send_parts(upload, cutter, &journal, &parts);
    upload_progress_end(upload);
    if (code == CTL_OK && parts == 0)
        code = complain(CTL_LOCAL, "%s is empty: nothing was uploaded", upload->file_name);
    if (code == CTL_OK)
        code = commit(upload, parts, part_cutter_rows(cutter));
    if (code != CTL_OK && journal.file != NULL && parts == 0)
        (void)complain(code, "what has arrived stays there: go on with --resume");
    journal_close(&journal, code == CTL_OK);
    part_cutter_destroy(&cutter);
    return code;
}
