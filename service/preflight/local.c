/* local.c - what this machine knows without asking: clock, disk, copies, keys, the channels'
 * configuration and what their providers still take. */

/* System. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/backup/backups.h"
#include "service/delivery/probe/probe.h"
#include "service/preflight/run.h"
#include "service/receipts/receipt_log.h"

enum {
    DISK_MIN_MIB = 64,
    DISK_AMPLE = 10,            /* times the least */
    DRIFT_WARN_MS = 5 * 1000,   /* receipts' times are evidence */
    DRIFT_FAIL_MS = 120 * 1000, /* half of what providers' signatures allow (five minutes) */
    BACK_FAIL_MS = 1000,
    HOUR_MS = 3600 * 1000
};

static void look_at_disk(struct run *run)
{
    struct statvfs disk;
    struct check *check = check_add(run, "disk", "store");
    const uint64_t least = run->config->disk_min_mib ? run->config->disk_min_mib : DISK_MIN_MIB;
    if (run->config->data_dir == NULL || statvfs(run->config->data_dir, &disk) != 0) {
        check_say(check, CHECK_NOT_CHECKED,
                  "The file system of the store cannot be asked: look at its mount.");
        return;
    }
    const uint64_t mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
    if (mib < least)
        check_say(check, CHECK_FAILED, "%llu MiB are free, and %llu are needed: free some.",
                  (unsigned long long)mib, (unsigned long long)least);
    else if (mib < least * DISK_AMPLE)
        check_say(check, CHECK_WARNING,
                  "%llu MiB are free: a large incident may need more, free some.",
                  (unsigned long long)mib);
    else
        check_say(check, CHECK_OK, "%llu MiB are free.", (unsigned long long)mib);
}

static void look_at_backup(struct run *run)
{
    struct check *check = check_add(run, "backup", "newest copy");
    const char *reasons[2];
    if (run->config->backups == NULL || !backups_stats(run->config->backups).configured) {
        check_say(check, CHECK_WARNING,
                  "No directory for copies is configured: set backup.directory and interval.");
        return;
    }
    const struct backups_stats stats = backups_stats(run->config->backups);
    if (stats.newest_at == TIME_NONE) {
        check_say(check, CHECK_FAILED, "There is no copy of the store: run tocsin backup.");
        return;
    }
    if (stats.newest_at > run->newest)
        run->newest = stats.newest_at;
    const long long hours = (long long)((run_now(run) - stats.newest_at) / HOUR_MS);
    if (backups_problems(run->config->backups, reasons, 2) > 0)
        check_say(check, CHECK_FAILED, "%s", reasons[0]);
    else if (stats.interval_ms == 0)
        check_say(check, CHECK_WARNING,
                  "The newest copy is %lld hours old, and none is made by itself: set "
                  "backup.interval.",
                  hours);
    else
        check_say(check, CHECK_OK, "The newest copy is %lld hours old.", hours);
}

/* ---- Keys ---- */

static void look_at_file(struct check *check, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0 || access(path, R_OK) != 0)
        check_say(check, CHECK_FAILED,
                  "Its file cannot be read (%s), so the next start fails: put it back and fix its "
                  "permissions.",
                  strerrordesc_np(errno));
    else if (about.st_size == 0)
        check_say(check, CHECK_FAILED, "Its file is empty: put the key back.");
    else if (about.st_mode & (S_IRWXG | S_IRWXO))
        check_say(check, CHECK_WARNING, "Others may touch its file: chmod 0400.");
    else
        check_say(check, CHECK_OK, "It is there and readable.");
}

static void look_at_keys(struct run *run)
{
    const struct preflight_config *config = run->config;
    if (config->master_key != NULL) {
        struct check *check = check_add(run, "key", "master key");
        const bool file = str_starts(config->master_key, "file:");
        if (!str_starts(config->master_key, "env:"))
            look_at_file(check, config->master_key + (file ? 5 : 0));
        else if (str_empty(getenv(config->master_key + 4)))
            check_say(check, CHECK_FAILED,
                      "Its variable is empty, so the next start fails: set it again.");
        else
            check_say(check, CHECK_OK, "It is there, in the environment.");
    }
    struct check *check = check_add(run, "key", "log key");
    if (config->log_key != NULL)
        look_at_file(check, config->log_key);
    else
        check_say(check, CHECK_WARNING,
                  "Checkpoints are not signed: make a key with tocsin log keygen and set "
                  "log.key_file.");
}

static void look_at_log(struct run *run)
{
    const char *reasons[4];
    if (run->config->log == NULL)
        return;
    struct check *check = check_add(run, "log", "receipts");
    const struct receipt_log_stats stats = receipt_log_stats(run->config->log);
    if (stats.signed_at > run->newest && stats.signed_count > 0)
        run->newest = stats.signed_at;
    for (int kind = 0; kind < ANCHOR_KINDS_N; kind++) {
        const struct receipt_log_anchor_stats anchor =
            receipt_log_anchor_stats(run->config->log, (enum receipt_log_anchor)kind);
        if (anchor.n > 0 && anchor.at > run->newest)
            run->newest = anchor.at;
    }
    if (receipt_log_problems(run->config->log, reasons, 4) > 0)
        check_say(check, CHECK_FAILED, "%s", reasons[0]);
    else
        check_say(check, CHECK_OK, "It takes receipts: %llu so far.",
                  (unsigned long long)stats.size);
}

/* ---- Channels ---- */

static void look_at_channel(struct run *run, size_t i)
{
    const struct delivery_channel *channel = delivery_probe_channel(run->config->delivery, i);
    const char *name = arena_printf(run->arena, "%s/%s", channel->driver->facts.channel,
                                    channel->driver->facts.provider);
    const struct delivery_stats *stats = delivery_stats(run->config->delivery);
    struct check *check = check_add(run, "channel", str_or(name, "?"));
    struct error error = {0};
    if (channel->driver->check_config != NULL &&
        channel->driver->check_config(channel->config, &error) != RESULT_OK)
        check_say(check, CHECK_FAILED, "%s: %s", error.field, error.text);
    else if (i < stats->n_channels && stats->channels[i].paused)
        check_say(check, CHECK_FAILED,
                  "It is paused by its provider's fault: look at the provider's account and at "
                  "the other checks.");
    else
        check_say(check, CHECK_OK, "Its configuration is good, and it is open.");
    if (!delivery_probe_listens(run->config->delivery, i) && channel->quota == 0)
        return;
    check = check_add(run, "quota", str_or(name, "?"));
    const int64_t balance = delivery_probe_balance(run->config->delivery, i);
    if (balance == 0)
        check_say(check, CHECK_FAILED, "The provider's balance pays no message: add funds.");
    else if (balance > 0)
        check_say(check, CHECK_OK, "The provider's balance pays %lld messages; quota %lld a day.",
                  (long long)balance, (long long)channel->quota);
    else
        check_say(check, CHECK_NOT_CHECKED,
                  "The provider has said no balance since the start: look at its console; quota "
                  "%lld a day (0: none set).",
                  (long long)channel->quota);
}

void local_begin(struct run *run)
{
    run->clock = check_add(run, "clock", "this machine");
    look_at_disk(run);
    look_at_backup(run);
    look_at_keys(run);
    look_at_log(run);
    for (size_t i = 0; i < delivery_probe_channels(run->config->delivery); i++)
        look_at_channel(run, i);
}

void local_end(struct run *run)
{
    const int64_t drift = run->drift_ms < 0 ? -run->drift_ms : run->drift_ms;
    if (run->clock == NULL)
        return;
    if (run->newest != TIME_NONE && run->started_at + BACK_FAIL_MS < run->newest)
        check_say(run->clock, CHECK_FAILED,
                  "The clock stands %lld s before what was written last: set it (NTP) before "
                  "anything is sent.",
                  (long long)((run->newest - run->started_at) / 1000));
    else if (run->clocks > 0 && drift > DRIFT_FAIL_MS)
        check_say(run->clock, CHECK_FAILED,
                  "The clock is %lld s off a provider's, and signatures will be refused: set it "
                  "(NTP).",
                  (long long)(run->drift_ms / 1000));
    else if (run->clocks > 0 && drift > DRIFT_WARN_MS)
        check_say(run->clock, CHECK_WARNING,
                  "The clock is %lld s off a provider's: look after NTP.",
                  (long long)(run->drift_ms / 1000));
    else if (run->clocks > 0)
        check_say(run->clock, CHECK_OK, "It agrees with %u other clocks.", run->clocks);
    else if (run->newest != TIME_NONE)
        check_say(run->clock, CHECK_OK,
                  "It is not before what was written last; no other clock was heard.");
    else
        check_say(run->clock, CHECK_NOT_CHECKED,
                  "There is nothing to compare it with: see that NTP runs.");
}
