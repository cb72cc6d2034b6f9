/* store.c - opening, closing, and the way of a request: queue -> lane -> group commit -> callback.
 *
 * Happy path: a verb puts its request on a queue and wakes a lane; the writer takes whatever is
 * queued (up to BATCH_MAX) into one transaction, readers answer from snapshots of their own; the
 * results come back to the loop, which wakes the writer again before it runs the callbacks, so that
 * disk and loop work at the same time. There is no waiting to fill a batch: under load the queue
 * fills while the last fsync runs. Failure modes: see group_commit.c; a second process, a foreign
 * or a newer file are refused at open. */
/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"

/* This module. */
#include "service/store/roster_key.h"
#include "service/store/store_core.h"
#include "service/store/store_private.h"

enum {
    LOG_FRAMES_MOVE = 8000,   /* 32 MiB: the writer moves the log between two batches */
    LOG_FRAMES_EMPTY = 64000, /* 256 MiB: a reader is in the way all the time; wait for it */
    IDLE_MS = 2000            /* quiet this long: the log is emptied */
};

static void write_wake(struct store *store);
static void read_wake(struct store *store);

/* ---- Queues. ---- */
static size_t take(struct store *store, struct list *queue, struct list *batch, size_t most)
{
    size_t n = 0;
    struct list *node;
    pthread_mutex_lock(&store->mutex);
    if (queue == &store->reads && store->readers > 1 && most > 1) {
        size_t share = store->n_reads / store->readers + 1;
        most = share < most ? share : most;
    }
    while (n < most && (node = list_pop(queue)) != NULL) {
        list_append(batch, node);
        n++;
    }
    if (queue == &store->reads)
        store->n_reads -= n;
    pthread_mutex_unlock(&store->mutex);
    return n;
}

static bool waiting(struct store *store, const struct list *queue)
{
    pthread_mutex_lock(&store->mutex);
    bool any = !list_empty(queue);
    pthread_mutex_unlock(&store->mutex);
    return any;
}

void store_submit(struct store *store, struct store_request *request, const struct store_verb *verb)
{
    request->store = store;
    request->verb = verb;
    request->result = RESULT_OK;
    store->pending++;
    pthread_mutex_lock(&store->mutex);
    list_append(verb->write ? &store->writes : &store->reads, &request->node);
    store->n_reads += verb->write ? 0 : 1;
    pthread_mutex_unlock(&store->mutex);
    if (!store->threads || store->draining || store->closing)
        return;
    if (verb->write)
        write_wake(store);
    else
        read_wake(store);
}

/* Runs the callbacks of what came back; what they ask goes out together afterwards. */
static void deliver(struct store *store, struct list *finished)
{
    struct list *node;
    bool outer = store->draining;
    store->draining = true;
    while ((node = list_pop(finished)) != NULL) {
        struct store_request *request = container_of(node, struct store_request, node);
        store->pending--;
        if (request->cb != NULL)
            request->cb(request);
    }
    store->draining = outer;
}

/* ---- Lanes. ---- */
static struct store_crew *crew_of(struct lane_job *job)
{
    return container_of(job, struct store_crew, job);
}

static void write_work(struct lane_job *job, unsigned thread)
{
    struct store_crew *crew = crew_of(job);
    struct list batch;
    (void)thread;
    list_init(&batch);
    if (take(crew->store, &crew->store->writes, &batch, BATCH_MAX) > 0)
        group_write(crew->store, &batch, &crew->finished);
}

static void read_work(struct lane_job *job, unsigned thread)
{
    struct store_crew *crew = crew_of(job);
    struct list batch;
    list_init(&batch);
    if (take(crew->store, &crew->store->reads, &batch, READ_BATCH_MAX) > 0)
        group_read(crew->store->reader[thread], &batch, &crew->finished);
}

static void tidy_work(struct lane_job *job, unsigned thread)
{
    struct store *store = container_of(job, struct store, tidy);
    (void)thread;
    if (atomic_load(&store->health) != RESULT_OK)
        return;
    sql_clear(store->writer);
    sql_checkpoint(store->writer, store->tidy_truncate);
    enum result result = sql_status(store->writer);
    if (result == RESULT_IO || result == RESULT_FULL) {
        atomic_store(&store->health, (int)result);
        log_error("store_stopped", LOG_TEXT("result", result_name(result)));
    }
    sql_clear(store->writer);
}

static void tidy_done(struct lane_job *job)
{
    struct store *store = container_of(job, struct store, tidy);
    store->tidy_active = false;
}

static void tidy_start(struct store *store, bool truncate)
{
    if (store->tidy_active || store->closing)
        return;
    store->tidy_active = true;
    store->tidy_truncate = truncate;
    lane_submit(store->write_lane, &store->tidy);
}

static void idle_tidy(struct loop_timer *timer)
{
    struct store *store = container_of(timer, struct store, idle);
    if (!store->write_crew.active)
        tidy_start(store, true);
}

static void write_done(struct lane_job *job)
{
    struct store_crew *crew = crew_of(job);
    struct store *store = crew->store;
    struct list finished;
    list_init(&finished);
    list_splice(&finished, &crew->finished);
    crew->active = false;
    if (!store->closing) {
        int64_t frames = sql_log_frames(store->writer);
        if (frames >= LOG_FRAMES_MOVE)
            tidy_start(store, frames >= LOG_FRAMES_EMPTY);
        else
            loop_timer_start(&store->idle, IDLE_MS);
        write_wake(store);
    }
    deliver(store, &finished);
    if (!store->draining) {
        write_wake(store);
        read_wake(store);
    }
}

static void read_done(struct lane_job *job)
{
    struct store_crew *crew = crew_of(job);
    struct store *store = crew->store;
    struct list finished;
    list_init(&finished);
    list_splice(&finished, &crew->finished);
    crew->active = false;
    if (!store->closing)
        read_wake(store);
    deliver(store, &finished);
    if (!store->draining) {
        write_wake(store);
        read_wake(store);
    }
}

static void write_wake(struct store *store)
{
    if (store->closing || store->write_crew.active || !waiting(store, &store->writes))
        return;
    store->write_crew.active = true;
    lane_submit(store->write_lane, &store->write_crew.job);
}

static void read_wake(struct store *store)
{
    if (store->closing || !waiting(store, &store->reads))
        return;
    for (unsigned i = 0; i < store->readers; i++) {
        struct store_crew *crew = &store->read_crew[i];
        if (crew->active)
            continue;
        crew->active = true;
        lane_submit(store->read_lane, &crew->job);
        return;
    }
}

/* ---- The pump: the same without threads. ---- */
static bool pump(struct store *store)
{
    struct list batch, finished;
    list_init(&batch);
    list_init(&finished);
    if (take(store, &store->writes, &batch, BATCH_MAX) > 0)
        group_write(store, &batch, &finished);
    if (take(store, &store->reads, &batch, READ_BATCH_MAX) > 0)
        group_read(store->writer, &batch, &finished);
    bool any = !list_empty(&finished);
    deliver(store, &finished);
    return any;
}

bool store_pump(struct store *store)
{
    require(!store->threads);
    bool any = pump(store);
    if (sql_log_frames(store->writer) >= LOG_FRAMES_MOVE &&
        atomic_load(&store->health) == RESULT_OK) {
        sql_clear(store->writer);
        sql_checkpoint(store->writer, false);
    }
    return any;
}

/* ---- Opening and closing. ---- */
/* One process at a time: SQLite would allow two, but leases and uploads know one owner. */
static enum result lock(struct store *store, const char *path, struct error *error)
{
    char name[4096];
    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
        return error_set(error, RESULT_INVALID, "store.path", "the path is too long: shorten it");
    store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return error_set(error, RESULT_IO, "store.path",
                         "the lock file does not open (%s): look at the folder and its owner",
                         strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return RESULT_OK;
    return error_set(error, RESULT_CONFLICT, "store.path",
                     "another process has this database open: end it, or name another path");
}

/* Created private: SQLite gives its log the same mode. */
static enum result create(const char *path, struct error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(error, RESULT_IO, "store.path",
                         "the database file does not open (%s): look at the folder and its owner",
                         strerror(errno));
    close(fd);
    return RESULT_OK;
}

static enum result connect_all(struct store *store, const struct store_config *config,
                               struct error *error)
{
    struct sql_config sql = {.path = config->path,
                             .cache_kib = 1024 * (config->cache_mib > 0 ? config->cache_mib : 8)};
    enum result result = create(config->path, error);
    if (result == RESULT_OK)
        result = sql_open(&sql, &store->writer, error);
    if (result == RESULT_OK)
        result = migrate(store->writer, error);
    sql.read_only = true;
    sql.cache_kib = 1024;
    for (unsigned i = 0; i < store->readers && result == RESULT_OK; i++)
        result = sql_open(&sql, &store->reader[i], error);
    return result;
}

static void hire(struct store *store)
{
    list_init(&store->write_crew.finished);
    store->write_crew.store = store;
    store->write_crew.job.work = write_work;
    store->write_crew.job.done = write_done;
    store->tidy.work = tidy_work;
    store->tidy.done = tidy_done;
    for (unsigned i = 0; i < store->readers; i++) {
        list_init(&store->read_crew[i].finished);
        store->read_crew[i].store = store;
        store->read_crew[i].job.work = read_work;
        store->read_crew[i].job.done = read_done;
    }
    if (!store->threads)
        return;
    store->write_lane =
        lane_create(store->loop, &(struct lane_config){.name = "store", .threads = 1});
    store->read_lane = lane_create(
        store->loop, &(struct lane_config){.name = "store-read", .threads = store->readers});
    loop_timer_init(store->loop, &store->idle, idle_tidy);
}

static void dispose(struct store *store)
{
    for (unsigned i = 0; i < READERS_MAX; i++)
        sql_close(&store->reader[i]);
    sql_close(&store->writer);
    filter_free(&store->filter);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    pthread_mutex_destroy(&store->mutex);
    mem_free(store);
}

enum result store_open(struct loop *loop, const struct store_config *config,
                       struct store **ret_store, struct error *error)
{
    struct store *store = mem_new(struct store);
    store->loop = loop;
    store->threads = config->threads;
    store->readers = config->readers > 0 ? config->readers : 2;
    if (store->readers > READERS_MAX)
        store->readers = READERS_MAX;
    if (!config->threads)
        store->readers = 0;
    store->lock_fd = -1;
    list_init(&store->writes);
    list_init(&store->reads);
    pthread_mutex_init(&store->mutex, NULL);
    enum result result = lock(store, config->path, error);
    if (result == RESULT_OK)
        result = connect_all(store, config, error);
    if (result != RESULT_OK) {
        dispose(store);
        return result;
    }
    hire(store);
    *ret_store = store;
    return RESULT_OK;
}

void store_close(struct store **store_at)
{
    struct store *store = *store_at;
    if (store == NULL)
        return;
    store->closing = true;
    if (store->threads) {
        loop_timer_stop(&store->idle);
        lane_destroy(&store->write_lane);
        lane_destroy(&store->read_lane);
    }
    while (pump(store)) /* no thread is left: the rest runs here */
        ;
    if (atomic_load(&store->health) == RESULT_OK) {
        sql_clear(store->writer);
        sql_checkpoint(store->writer, true);
    }
    dispose(store);
    *store_at = NULL;
}

enum result store_health(const struct store *store)
{
    return (enum result)atomic_load(&store->health);
}

size_t store_pending(const struct store *store)
{
    return store->pending;
}
