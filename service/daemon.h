/* daemon.h - the life of tocsind: everything is opened, wired, run, drained and closed here. */
#pragma once
#include "service/config.h"

/* Exit codes of tocsind (sysexits.h where it has a word for it). */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_USAGE = 64,       /* the command line is wrong */
    EXIT_UNAVAILABLE = 69, /* cannot start: the store, the notices or the listen address */
    EXIT_STORE =
        70, /* the disk is full or failed: answered 503 and left, to recover at the next start */
    EXIT_HURRIED = 75, /* left before all in flight had ended; the next start recovers it */
    EXIT_CONFIG = 78   /* the configuration or the master key is wrong */
};

/* Runs until SIGTERM or SIGINT, or until the store stops. `config` has its secrets. */
int daemon_run(const struct config *config);

/* Mints a token while no daemon runs on this store, and prints it once on stdout. */
int daemon_mint_token(const struct config *config, const char *name, unsigned roles);

/* Copies the store into `target`, also while a daemon serves it, and describes it in target.json.
 */
int daemon_backup(const struct config *config, const char *target);

/* Wraps all keys of the store by the master key in `new_key` (a path or env:NAME), while no daemon
 * runs. `config` has its secrets: the old key. */
int daemon_rewrap(struct config *config, const char *new_key);

/* Ends the log of receipts as a shard; the configured origin and key are the next one's. While no
 * daemon runs. `config` has its secrets. */
int daemon_end_log(const struct config *config, const char *reason);

/* Asks `url` with GET; 0 when the answer is 2xx. For health checks of containers, which have no
 * curl. */
int daemon_probe(const char *url);

/* Before all else: no core dumps (they would hold addresses), SIGPIPE ignored, more descriptors,
 * few malloc arenas. */
void daemon_prepare_process(void);
