/* config.h - the configuration as the daemon uses it: read from YAML, checked, with defaults filled
 * in.
 *
 *   config_load(path, &config, &fault)   the file's shape and every value; opens no secret but
 * reads none of its bytes config_secrets(config, &fault)       can every secret be read? the master
 * key is taken
 *
 * Not thread-safe. A fault names file, line and key, and says in a sentence what to write instead.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/result.h"
#include "base/seal.h"
#include "service/delivery/delivery.h"
#include "service/http/http_server.h"
#include "service/receipts/receipt_log.h"

enum {
    CONFIG_CHANNELS_MAX = 16,
    CONFIG_OVERLAYS_MAX = 32,
    CONFIG_BYTES_MAX = 1 << 20,
    CONFIG_SEEDS_MAX = 32
};

/* Where and why. `error.field` is the path of the key: "channels[0].email.relays[1].port". */
struct config_fault {
    char file[256];
    unsigned line; /* 0: about the file as a whole */
    struct error error;
};
/* "deploy/x.yaml:12: channels[0].rate: sentence" and a line end. */
void config_fault_print(FILE *to, const struct config_fault *fault);

struct config {
    const char *listen;
    bool allow_public;
    const char *public_url; /* no trailing slash */
    const char *store_path;
    unsigned store_readers, store_cache_mib;
    const char *master_key; /* "env:NAME" or a path */
    const char *notices;
    const char *rules;     /* folder of the rules of law */
    bool law_enforced;     /* they hold back and bar by themselves; else they are only shown */
    char *const *overlays; /* files of counsel, in their order */
    size_t n_overlays;
    int log_level;                         /* enum log_level */
    const char *log_origin, *log_key_file; /* NULL: not given */
    struct receipt_log_witness witnesses[RECEIPT_LOG_WITNESSES_MAX];
    size_t n_witnesses;
    struct receipt_log_timestamp timestamps[RECEIPT_LOG_TIMESTAMPS_MAX];
    size_t n_timestamps;
    struct receipt_log_mail mails[RECEIPT_LOG_MAILS_MAX];
    size_t n_mails;
    struct note_signer signers[RECEIPT_LOG_SIGNERS_MAX]; /* after config_secrets() */
    size_t n_signers;
    int approvals_required;
    int64_t spacing_ms; /* between notices of different incidents to one person; 0 = none */
    bool consent_required, break_glass, approvers_claimed;
    const char *currency; /* of prices; NULL: not given */
    int64_t retry_base_ms, retry_max_ms;
    unsigned retry_limit;
    unsigned retention_months;    /* 0 = for ever */
    const char *backup_directory; /* NULL: none */
    int64_t backup_interval_ms;   /* 0: only on request */
    unsigned backup_keep;
    const char
        *newest_checkpoint; /* a signed checkpoint that the log must have; NULL: none given */
    int64_t lease_ms, stop_grace_ms, written_due_ms;
    unsigned render_threads, disk_min_mib;
    struct http_limits http;
    struct delivery_channel channels[CONFIG_CHANNELS_MAX];
    char *settings[CONFIG_CHANNELS_MAX]; /* of the channels; owned */
    size_t n_channels;
    struct delivery_braking braking;
    struct delivery_seed seeds[CONFIG_SEEDS_MAX];
    struct delivery_seed test_addresses; /* of our own: a preflight writes to them */
    const char *resolver;                /* "127.0.0.53:53"; NULL: the system's */
    const char *ladder[CONFIG_CHANNELS_MAX], *beside[CONFIG_CHANNELS_MAX];
    size_t n_ladder, n_beside;
    struct seal_key master; /* after config_secrets() */
    void *private_state;
};

/* RESULT_INVALID with the fault filled. The caller owns *ret_config. */
enum result config_load(const char *path, struct config **ret_config, struct config_fault *fault);
/* Wipes and frees; *config may be NULL. */
void config_destroy(struct config **config);

/* Reads every secret that is named (the drivers read theirs again when they open) and keeps the
 * master key. With `report` a line per secret is printed: its key and a fingerprint, never the
 * secret. */
enum result config_secrets(struct config *config, FILE *report, struct config_fault *fault);

/* A fresh master key in a new file of mode 0400. RESULT_EXISTS: nothing is ever overwritten. */
enum result config_keygen(const char *path, struct error *error);

/* Calls `each` with the path of every key that the schema knows, list items as "[]":
 * "channels[].email.relays[].host". */
void config_keys(void (*each)(void *context, const char *path), void *context);
