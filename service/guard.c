/* guard.c - see the header. Sources: the checkpoint that was kept beside the store, the one that
 * lies among the backups, one that the operator gives, and the witnesses. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/guard.h"

static char *kept_at(const char *store, const char *directory)
{
    const char *slash = strrchr(store, '/');
    struct buf path;

    buf_init(&path, SIZE_MAX);
    if (directory == NULL)
        buf_printf(&path, "%s.checkpoint", store);
    else
        buf_printf(&path, "%s/%s.checkpoint", directory, slash == NULL ? store : slash + 1);
    return buf_take(&path);
}

void guard_init(struct guard *guard, const struct config *config)
{
    guard->kept = kept_at(config->store_path, NULL);
    if (config->backup_directory != NULL)
        guard->copied = kept_at(config->store_path, config->backup_directory);
}

static void on_compared(struct log_newest_compare *compare)
{
    struct guard *guard = container_of(compare, struct guard, compare);

    /* What is kept never goes back: it is the witness of the next start, too. */
    guard->kept_size = compare->forked ? UINT64_MAX : compare->seen;
    guard->compared(guard->context, compare->result, &compare->error);
}

static void add_file(struct log_newest_compare *compare, const char *path, bool must)
{
    if (path != NULL)
        compare->files[compare->n_files++] = (struct log_newest_file){path, must};
}

void guard_compare(struct guard *guard, const struct config *config, struct http_client *client)
{
    guard->compare = (struct log_newest_compare){.loop = guard->loop,
                                                 .store = guard->store,
                                                 .client = client,
                                                 .signers = config->signers,
                                                 .n_signers = config->n_signers,
                                                 .witnesses = config->witnesses,
                                                 .n_witnesses = config->n_witnesses,
                                                 .cb = on_compared};
    add_file(&guard->compare, guard->kept, false);
    add_file(&guard->compare, guard->copied, false);
    add_file(&guard->compare, config->newest_checkpoint, true);
    log_newest_compare(&guard->compare);
}

static void on_checkpoint(struct receipt_log_question *question)
{
    struct guard *guard = container_of(question, struct guard, question);

    guard->asking = false;
    if (question->result == RESULT_OK && log_newest_keep(guard->kept, question->bytes))
        guard->kept_size = question->size;
    arena_destroy(&question->arena);
}

void guard_watch(struct guard *guard)
{
    if (guard->asking || receipt_log_stats(guard->log).signed_size <= guard->kept_size)
        return;
    guard->asking = true;
    guard->question = (struct receipt_log_question){
        .log = guard->log, .arena = arena_create(1 << 20), .cb = on_checkpoint};
    receipt_log_checkpoint(&guard->question);
}

void guard_free(struct guard *guard)
{
    mem_free(guard->kept);
    mem_free(guard->copied);
}
