/* store_private.h - the store's own state: queues, lanes, connections. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "tocsin/lane.h"
#include "tocsin/store.h"

#include "service/store/sql.h"

enum { BATCH_MAX = 1000, READ_BATCH_MAX = 16, READERS_MAX = 16 };

/* Work for one lane thread: takes requests off a queue, runs them, brings them back. */
struct store_crew {
    struct lane_job job; /* first */
    struct store *store;
    bool active;          /* submitted and not back (loop thread) */
    struct list finished; /* the lane's between work and done, then the loop's */
};

struct store {
    struct loop *loop;
    bool threads;
    unsigned readers;
    int lock_fd;
    struct sql *writer, *reader[READERS_MAX];
    struct lane *write_lane, *read_lane;

    pthread_mutex_t mutex; /* guards the two queues */
    struct list writes, reads;
    size_t n_reads;

    struct store_crew write_crew, read_crew[READERS_MAX];
    struct lane_job tidy; /* checkpoints */
    bool tidy_active, tidy_truncate;
    struct loop_timer idle;
    bool draining; /* callbacks run: lanes are woken after them */
    bool closing;
    size_t pending;
    atomic_int health;            /* enum result */
    struct roster_filter *filter; /* the writer's */
};

/* group_commit.c: runs on the lane (or the pump). Moves requests from `from` to `finished`. */
void group_write(struct store *store, struct list *batch, struct list *finished);
void group_read(struct sql *sql, struct list *batch, struct list *finished);

/* migrate.c: brings an open database to this program's schema. INVALID: newer, or not ours. */
enum result migrate(struct sql *sql, struct error *error);
