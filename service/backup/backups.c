/* backups.c - see the header. Happy path: "<name>.partial" by VACUUM INTO, renamed, companions,
 * manifest, older copies removed - all on the lane - then the receipt `backup_made`. Failure modes:
 * no room, no directory: nothing is left behind, it is said in /readyz, and tried again after a
 * tenth of the interval. */
/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/lane.h"

/* This module. */
#include "service/backup/backups_private.h"
#include "service/backup/manifest.h"
#include "service/delivery/delivery.h"

enum { AGAIN_PART = 10, AGAIN_LEAST_MS = 10000, TIMER_MAX_MS = 24 * 3600 * 1000 };

struct backups {
    struct backups_config config;
    struct lane *lane;
    struct loop_timer timer;
    struct backups_stats stats;
    bool failed, stopping, wanted;
    struct backup_make scheduled, *make; /* make: under way */
    struct loop_hop hop;                 /* answers that come without work */
    struct backup_make *refused;
    void (*stopped)(void *context);
    void *stopped_context;
    /* The lane's. */
    struct lane_job job;
    struct store_backup copy;
    char name[BACKUP_NAME_SIZE];
    struct json_object *manifest;
    enum result result;
    struct error error;
    /* The receipt. */
    struct delivery_note note;
    struct json_object *facts;
    char actor[ID_TEXT_SIZE];
};

/* ---- On the lane. ---- */

static void copy_companion(const struct backups *it, const char *from)
{
    const char *slash = strrchr(from, '/');
    const char *name = slash == NULL ? from : slash + 1;
    struct buf fresh, to;
    char block[65536];
    size_t n;
    FILE *in = fopen(from, "re"), *out;

    if (in == NULL)
        return;
    buf_init(&fresh, SIZE_MAX);
    buf_init(&to, SIZE_MAX);
    buf_printf(&to, "%s/%s", it->config.directory, name);
    buf_printf(&fresh, "%s.new", to.data);
    out = fopen(fresh.data, "we");
    bool ok = out != NULL;
    while (ok && (n = fread(block, 1, sizeof(block), in)) > 0)
        ok = fwrite(block, 1, n, out) == n;
    ok = ok && fflush(out) == 0 && fsync(fileno(out)) == 0;
    if (out != NULL)
        ok = fclose(out) == 0 && ok;
    fclose(in);
    if (ok)
        ok = rename(fresh.data, to.data) == 0;
    buf_free(&fresh);
    buf_free(&to);
}

/* The copy under its last name, and its manifest: from then on it counts. */
static enum result finish_copy(struct backups *it, const char *partial)
{
    struct buf path;
    bool ok;

    buf_init(&path, SIZE_MAX);
    buf_printf(&path, "%s/%s", it->config.directory, it->name);
    ok = rename(partial, path.data) == 0;
    for (size_t i = 0; i < it->config.n_companions; i++)
        copy_companion(it, it->config.companions[i]);
    buf_puts(&path, ".json");
    it->manifest = manifest_make(it->name, &it->copy);
    ok = ok && manifest_write(path.data, it->manifest);
    buf_free(&path);
    return ok ? RESULT_OK
              : error_set(&it->error, RESULT_IO, "backup.directory",
                          "The copy could not be put into its place: look at the disk.");
}

static void copy_work(struct lane_job *job, unsigned thread)
{
    struct backups *it = container_of(job, struct backups, job);
    struct buf partial;
    (void)thread;

    buf_init(&partial, SIZE_MAX);
    buf_printf(&partial, "%s/%s.partial", it->config.directory, it->name);
    unlink(partial.data);
    it->result = store_backup(it->config.store_path, partial.data, &it->copy, &it->error);
    if (it->result == RESULT_OK)
        it->result = finish_copy(it, partial.data);
    if (it->result != RESULT_OK)
        unlink(partial.data);
    else
        directory_prune(it->config.directory, it->config.keep);
    buf_free(&partial);
}

/* ---- On the loop. ---- */

static void plan_next(struct backups *it);

static void end(struct backups *it)
{
    struct backup_make *make = it->make;

    it->make = NULL;
    it->stats.running = false;
    if (it->stopping && it->stopped != NULL)
        loop_timer_start(&it->timer, 0);
    else
        plan_next(it);
    make->result = it->result;
    make->error = it->error;
    make->manifest = it->manifest;
    it->manifest = NULL;
    memcpy(make->name, it->name, sizeof(make->name));
    make->cb(make);
}

static void on_noted(struct delivery_request *request)
{
    struct backups *it = container_of(request, struct backups, note.request);

    json_object_put(it->facts);
    if (request->result != RESULT_OK) /* the copy is whole; the next one says so */
        log_warn("backup_not_noted", LOG_TEXT("result", result_name(request->result)));
    end(it);
}

static void note(struct backups *it)
{
    const char *const names[] = {"incidents", "log_size", "receipts", "sha256", "size"};

    it->facts = json_object_new_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        json_object_object_add(it->facts, names[i],
                               json_object_get(json_get(it->manifest, names[i])));
    if (it->make->principal != 0)
        id_format(it->actor, "tok", it->make->principal);
    it->note = (struct delivery_note){
        .request.cb = on_noted,
        .receipt = {.kind = RECEIPT_BACKUP_MADE,
                    .at = it->copy.at,
                    .outcome = -1,
                    .actor = it->make->principal == 0 ? NULL : it->actor,
                    .reason = it->make->principal == 0 ? "by_itself" : "requested",
                    .facts = it->facts}};
    delivery_note(it->config.delivery, &it->note);
}

static void copy_done(struct lane_job *job)
{
    struct backups *it = container_of(job, struct backups, job);

    it->failed = it->result != RESULT_OK;
    if (it->failed) {
        it->stats.failed++;
        log_error("backup_failed", LOG_TEXT("result", result_name(it->result)),
                  LOG_TEXT("sentence", it->error.text));
        json_object_put(it->manifest);
        it->manifest = NULL;
        end(it);
        return;
    }
    it->stats.made++;
    it->stats.newest_at = it->copy.at;
    log_info("backup_made", LOG_TEXT("name", it->name), LOG_INT("bytes", it->copy.size));
    note(it);
}

static void on_refused(struct loop_hop *hop)
{
    struct backups *it = container_of(hop, struct backups, hop);
    struct backup_make *make = it->refused;

    it->refused = NULL;
    make->cb(make);
}

static void refuse(struct backups *it, struct backup_make *make)
{
    if (it->config.directory == NULL)
        error_set(&make->error, RESULT_CONFLICT, "backup.directory",
                  "No directory for backups is configured; set backup.directory, or use tocsind "
                  "--backup on the machine.");
    else
        error_set(&make->error, RESULT_CONFLICT, NULL,
                  "A backup is being made; wait for it, then ask again.");
    make->result = RESULT_CONFLICT;
    if (it->refused != NULL) { /* two in one turn: the second hears of it at once */
        make->cb(make);
        return;
    }
    it->refused = make;
    it->hop.cb = on_refused;
    loop_post(it->config.loop, &it->hop);
}

void backups_make(struct backups *it, struct backup_make *make)
{
    make->manifest = NULL;
    make->result = RESULT_OK;
    memset(&make->error, 0, sizeof(make->error));
    make->name[0] = 0;
    if (it->config.directory == NULL || it->make != NULL || it->stopping) {
        refuse(it, make);
        return;
    }
    loop_timer_stop(&it->timer);
    it->make = make;
    it->stats.running = true;
    it->copy = (struct store_backup){.at = clock_now(loop_clock(it->config.loop))};
    memset(&it->error, 0, sizeof(it->error));
    backup_name(it->name, it->copy.at);
    it->job.work = copy_work;
    it->job.done = copy_done;
    lane_submit(it->lane, &it->job);
}

/* ---- The clock. ---- */

static void on_scheduled(struct backup_make *make)
{
    json_object_put(make->manifest);
}

/* An interval after the newest; after a failure sooner. A long way goes in steps of a day. */
static void plan_next(struct backups *it)
{
    const time_ms now = clock_now(loop_clock(it->config.loop));
    int64_t wait =
        it->stats.newest_at == TIME_NONE ? 0 : it->stats.newest_at + it->config.interval_ms - now;

    if (it->config.directory == NULL || it->config.interval_ms == 0 || it->stopping)
        return;
    if (it->failed && wait < it->config.interval_ms / AGAIN_PART)
        wait = it->config.interval_ms / AGAIN_PART;
    if (it->failed && wait < AGAIN_LEAST_MS)
        wait = AGAIN_LEAST_MS;
    it->wanted = wait <= TIMER_MAX_MS;
    loop_timer_start(&it->timer, wait < 0 ? 0 : wait > TIMER_MAX_MS ? TIMER_MAX_MS : wait);
}

static void on_timer(struct loop_timer *timer)
{
    struct backups *it = container_of(timer, struct backups, timer);

    if (it->stopping) {
        void (*stopped)(void *context) = it->stopped;
        it->stopped = NULL;
        if (stopped != NULL)
            stopped(it->stopped_context);
    } else if (delivery_stats(it->config.delivery)->restored) {
        /* A copy of a copy that nobody has approved would push better ones out. */
        loop_timer_start(&it->timer, AGAIN_LEAST_MS);
    } else if (it->wanted && it->make == NULL) {
        it->scheduled = (struct backup_make){.cb = on_scheduled};
        backups_make(it, &it->scheduled);
    } else {
        plan_next(it);
    }
}

/* ---- Life. ---- */

struct backups *backups_create(const struct backups_config *config)
{
    struct backups *it = mem_new(struct backups);

    it->config = *config;
    it->stats.newest_at = TIME_NONE;
    it->stats.configured = config->directory != NULL;
    it->stats.interval_ms = config->interval_ms;
    loop_timer_init(config->loop, &it->timer, on_timer);
    it->lane = lane_create(config->loop,
                           &(struct lane_config){.name = "backup", .threads = config->threads});
    return it;
}

void backups_start(struct backups *it)
{
    struct backup_entry *entries = NULL;
    size_t n = 0;

    if (it->config.directory == NULL)
        return;
    directory_prune(it->config.directory, 0);
    if (directory_list(it->config.directory, &entries, &n) && n > 0)
        it->stats.newest_at = entries[0].at;
    mem_free(entries);
    plan_next(it);
}

void backups_stop(struct backups *it, void (*done)(void *context), void *context)
{
    it->stopping = true;
    it->stopped = done;
    it->stopped_context = context;
    loop_timer_stop(&it->timer);
    if (it->make == NULL)
        loop_timer_start(&it->timer, 0);
}

void backups_destroy(struct backups **backups)
{
    struct backups *it = *backups;

    if (it == NULL)
        return;
    loop_timer_stop(&it->timer);
    lane_destroy(&it->lane);
    mem_free(it);
    *backups = NULL;
}

struct lane *backups_lane(struct backups *it)
{
    return it->lane;
}

bool backups_pump(struct backups *it)
{
    return lane_pump(it->lane);
}

/* ---- How it is. ---- */

struct backups_stats backups_stats(const struct backups *it)
{
    return it->stats;
}

const char *backups_directory(const struct backups *it)
{
    return it->config.directory;
}

size_t backups_problems(const struct backups *it, const char **reasons, size_t most)
{
    const time_ms now = clock_now(loop_clock(it->config.loop));
    size_t n = 0;

    if (it->failed && n < most)
        reasons[n++] = "backup: the last one failed; look at the log and at backup.directory.";
    if (it->config.directory != NULL && it->config.interval_ms > 0 &&
        it->stats.newest_at != TIME_NONE &&
        now - it->stats.newest_at > 2 * it->config.interval_ms && n < most)
        reasons[n++] = "backup: the newest copy is older than two intervals; look at the log and "
                       "at backup.directory.";
    return n;
}
