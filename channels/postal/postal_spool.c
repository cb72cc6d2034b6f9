/* postal_spool.c - letters into a folder that a print house or a mail room empties. No network.
 *
 * Each letter is <key>.html and, as the mark that it is whole, <key>.ndjson: one line with the
 * digest, the token and the address. Each is written to a temporary name, synced and renamed; the
 * folder is synced before the outcome, so ACCEPTED means on disk. A key that is there already is
 * not written again: a retry changes nothing. `cat *.ndjson` is the manifest. Test letters go to
 * the folder "test" inside. The disk is used on a lane. */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Libraries. */
#include <cyaml/cyaml.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"
#include "tocsin/lane.h"
#include "tocsin/loop.h"

/* This module. */
#include "channels/common/reports.h"
#include "channels/common/wire.h"
#include "sender.h"

struct spool_config {
    char *directory; /* absolute; must exist */
};
#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct spool_config,     \
                           member, 0, 1024)
static const struct cyaml_schema_field config_fields[] = {
    TEXT("directory", directory),
    CYAML_FIELD_END,
};

struct spool {
    struct channel channel;
    struct loop *loop;
    struct lane *lane;
    int live, test; /* folder descriptors */
    unsigned window, n;
    bool closing, posted; /* posted: the last hop is under way */
    struct loop_hop close_hop;
    void (*closed)(void *context);
    void *context;
};

/* One call of send(): written in order, one sync of each folder for all. */
struct batch {
    struct lane_job job;
    struct spool *owner;
    size_t n;
    struct entry {
        struct channel_send *send;
        struct outcome outcome;
    } * entries;
};

static enum result check_config(const void *given, struct error *error)
{
    const struct spool_config *config = given;
    enum result result = text_check(config->directory, 1000, "directory", error);

    if (result == RESULT_OK && config->directory[0] != '/')
        return error_set(error, RESULT_INVALID, "directory", "write an absolute path");
    return result;
}

static enum result check_address(const struct recipient *recipient, struct error *error)
{
    if (!recipient->has_address || str_empty(recipient->name))
        return error_set(error, RESULT_INVALID, "address",
                         "a letter needs a name, line1, city and country: add them");
    return RESULT_OK;
}

/* -- On the lane -- */

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* The file under its name is whole or not there. */
static bool file_write(int folder, const char *name, struct slice bytes)
{
    char temporary[96];

    snprintf(temporary, sizeof temporary, ".%s.part", name);
    int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, bytes.data, bytes.length) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok && renameat(folder, temporary, folder, name) == 0)
        return true;
    unlinkat(folder, temporary, 0);
    return false;
}

static void manifest_line(const struct channel_send *send, const char *file, struct buf *to)
{
    const struct postal_address *postal = send->postal;
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_TEXT_SIZE];

    sha256(digest, send->notice.html, send->notice.html_length);
    hex_encode(hex, digest, sizeof digest);
    buf_putc(to, '{');
    wire_json_add(to, "key", send->key);
    wire_json_add(to, "token", send->token);
    wire_json_add(to, "file", file);
    wire_json_add(to, "sha256", hex);
    wire_json_add(to, "locale", send->notice.locale);
    wire_json_add(to, "name", send->name);
    if (send->format)
        wire_json_add(to, "format", send->format);
    wire_json_add(to, "line1", postal->line1);
    wire_json_add(to, "line2", postal->line2);
    wire_json_add(to, "city", postal->city);
    wire_json_add(to, "region", postal->region);
    wire_json_add(to, "postal_code", postal->postal_code);
    wire_json_add(to, "country", postal->country);
    buf_puts(to, "}\n");
}

/* Keys become file names: letters, digits, '-' and '_' only. */
static bool key_ok(const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return *key && strlen(key) <= 64 && strspn(key, plain) == strlen(key);
}

static void outcome_of_errno(struct outcome *ret, int error)
{
    bool full = error == ENOSPC || error == EDQUOT;

    outcome_set(ret, OUTCOME_DEFERRED, BLAME_PROVIDER, full ? "4.3.1" : "4.3.0");
    ret->code = error;
}

static void letter_write(int folder, const struct channel_send *send, struct outcome *ret)
{
    char page[80], line[80];
    struct buf manifest;

    outcome_set(ret, OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0");
    if (!key_ok(send->key))
        return;
    snprintf(page, sizeof page, "%s.html", send->key);
    snprintf(line, sizeof line, "%s.ndjson", send->key);
    outcome_set(ret, OUTCOME_ACCEPTED, BLAME_NONE, "2.0.0");
    str_copy(ret->provider_ref, sizeof ret->provider_ref, send->key);
    if (faccessat(folder, line, F_OK, 0) == 0)
        return;
    buf_init(&manifest, 64 * 1024);
    manifest_line(send, page, &manifest);
    bool written =
        !manifest.failed &&
        file_write(folder, page, (struct slice){send->notice.html, send->notice.html_length}) &&
        !atomic_load(&send->stop);
    if (!written || !file_write(folder, line, (struct slice){manifest.data, manifest.length})) {
        int error = errno;
        unlinkat(folder, page, 0);
        if (atomic_load(&send->stop))
            outcome_set(ret, OUTCOME_CANCELED, BLAME_NONE, "4.0.0");
        else
            outcome_of_errno(ret, error);
    }
    buf_wipe(&manifest);
}

/* Until the folder is synced the names may be lost: it isn't known what a power cut leaves. */
static void batch_sync(struct batch *batch)
{
    const struct spool *self = batch->owner;

    if (fsync(self->live) == 0 && fsync(self->test) == 0)
        return;
    for (size_t i = 0; i < batch->n; i++)
        if (batch->entries[i].outcome.kind == OUTCOME_ACCEPTED)
            batch->entries[i].outcome.kind = OUTCOME_UNCERTAIN;
}

static void batch_work(struct lane_job *job, unsigned thread)
{
    struct batch *batch = container_of(job, struct batch, job);

    (void)thread;
    for (size_t i = 0; i < batch->n; i++) {
        struct channel_send *send = batch->entries[i].send;
        struct outcome *outcome = &batch->entries[i].outcome;
        if (atomic_load(&send->stop))
            outcome_set(outcome, OUTCOME_CANCELED, BLAME_NONE, "4.0.0");
        else
            letter_write(send->test ? batch->owner->test : batch->owner->live, send, outcome);
        str_copy(outcome->provider, sizeof outcome->provider, "spool");
    }
    batch_sync(batch);
}

/* -- On the loop -- */

static void close_finish(struct loop_hop *hop)
{
    struct spool *self = container_of(hop, struct spool, close_hop);
    void (*closed)(void *) = self->closed;
    void *context = self->context;

    lane_destroy(&self->lane);
    close(self->live);
    close(self->test);
    mem_free(self);
    closed(context);
}

/* The end, once: a callback may have called close() itself. */
static void close_maybe(struct spool *self)
{
    if (!self->closing || self->n || self->posted)
        return;
    self->posted = true;
    loop_post(self->loop, &self->close_hop);
}

static void batch_done(struct lane_job *job)
{
    struct batch *batch = container_of(job, struct batch, job);
    struct spool *self = batch->owner;
    size_t n = batch->n;

    for (size_t i = 0; i < n; i++) {
        self->n--;
        batch->entries[i].send->cb(batch->entries[i].send, &batch->entries[i].outcome);
    }
    mem_free(batch->entries);
    mem_free(batch);
    close_maybe(self);
}

static enum result folders_open(struct spool *self, const char *directory, struct error *error)
{
    self->live = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->live < 0)
        return error_set(error, RESULT_INVALID, "directory",
                         "the folder can't be opened: make it, and let this program write there");
    if (mkdirat(self->live, "test", 0700) != 0 && errno != EEXIST)
        return error_set(error, RESULT_INVALID, "directory",
                         "the folder \"test\" inside can't be made: check rights and space");
    self->test = openat(self->live, "test", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (self->test < 0)
        return error_set(error, RESULT_INVALID, "directory",
                         "\"test\" inside can't be opened as a folder: remove what has its name");
    return RESULT_OK;
}

extern const struct channel_driver channel_postal_spool;

static enum result open_channel(const struct channel_open *open, struct channel **ret_channel,
                                struct error *error)
{
    const struct spool_config *config = open->config;
    struct spool *self = mem_new(struct spool);

    self->live = self->test = -1;
    enum result result = folders_open(self, config->directory, error);
    if (result != RESULT_OK) {
        if (self->live >= 0)
            close(self->live);
        mem_free(self);
        return result;
    }
    self->channel.driver = &channel_postal_spool;
    self->loop = open->loop;
    self->window = open->window;
    self->lane = lane_create(open->loop, &(struct lane_config){.name = "spool", .threads = 1});
    *ret_channel = &self->channel;
    return RESULT_OK;
}

static enum result send_all(struct channel *channel, struct channel_send *const *sends, size_t n)
{
    struct spool *self = container_of(channel, struct spool, channel);

    if (self->closing)
        return RESULT_CLOSING;
    if (n > self->window - self->n)
        return RESULT_BUSY;
    struct batch *batch = mem_new(struct batch);
    batch->owner = self;
    batch->n = n;
    batch->entries = mem_alloc(n, sizeof *batch->entries);
    for (size_t i = 0; i < n; i++)
        batch->entries[i].send = sends[i];
    batch->job.work = batch_work;
    batch->job.done = batch_done;
    self->n += (unsigned)n;
    lane_submit(self->lane, &batch->job);
    return RESULT_OK;
}

static void cancel(struct channel *channel, struct channel_send *send)
{
    (void)channel;
    atomic_store(&send->stop, true);
}

/* What is queued is written to its end: it is a matter of milliseconds, and then certain. */
static void close_channel(struct channel *channel, void (*closed)(void *context), void *context)
{
    struct spool *self = container_of(channel, struct spool, channel);

    self->closing = true;
    self->closed = closed;
    self->context = context;
    self->close_hop.cb = close_finish;
    close_maybe(self);
}

const struct channel_driver channel_postal_spool = {
    .facts = {.channel = "postal",
              .provider = "spool",
              .legal_method = "post",
              .form = FORM_LETTER,
              .address = ADDRESS_POSTAL,
              .on_uncertain = UNCERTAIN_RETRY, /* one file per key */
              .keyed = true,
              .window = 400,
              .batch = 100,
              .has_test_mode = true,
              .best = EVIDENCE_ACCEPTED},
    .config_fields = config_fields,
    .config_size = sizeof(struct spool_config),
    .check_config = check_config,
    .check_address = check_address,
    .open = open_channel,
    .send = send_all,
    .cancel = cancel,
    .close = close_channel,
};
