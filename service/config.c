/* config.c - reads a configuration file into struct config.
 *
 * Happy path: the file is read whole (up to CONFIG_BYTES_MAX), libcyaml loads it by the composed
 * schema, then every value is checked and defaults are filled in. Fails with the first fault: file,
 * line, key and a sentence. */

/* System. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/config_text.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

/* What config owns behind its pointers. */
struct config_private {
    char path[256];
    struct config_text *text;
    struct config_lines *lines;
};

const struct config_text *config_text(const struct config *config)
{
    const struct config_private *own = config->private_state;
    return own->text;
}

const struct config_lines *config_lines_of(const struct config *config)
{
    const struct config_private *own = config->private_state;
    return own->lines;
}

const char *config_path(const struct config *config)
{
    const struct config_private *own = config->private_state;
    return own->path;
}

void config_fault_print(FILE *to, const struct config_fault *fault)
{
    fputs(fault->file, to);
    if (fault->line)
        fprintf(to, ":%u", fault->line);
    fprintf(to, ": %s%s%s\n", fault->error.field, *fault->error.field ? ": " : "",
            fault->error.text);
}

void path_print(char *to, size_t size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(to, size, format, list);
    va_end(list);
}

enum result config_fault_set(struct config_reader *reader, const char *path, const char *format,
                             ...)
{
    char text[sizeof reader->fault->error.text];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    reader->fault->line = config_lines_find(reader->lines, path);
    return error_set(&reader->fault->error, RESULT_INVALID, path, "%s", text);
}

static const char *after(const char *text, const char *prefix)
{
    return str_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

/* ---- Checks ---- */

bool needed(struct config_reader *reader, const char *key, const char *text, const char **to)
{
    if (str_empty(text)) {
        config_fault_set(reader, key, "this key is missing or empty: set it");
        return false;
    }
    *to = text;
    return true;
}

static bool read_public_url(struct config_reader *reader)
{
    const char *url = reader->text->public_url;
    const char *host =
        str_or(after(str_or(url, ""), "https://"), after(str_or(url, ""), "http://"));

    if (!host || !*host || *host == '/' || strlen(host) > 253 || host[strlen(host) - 1] == '/' ||
        strpbrk(url, " \t?#@\"<>\\")) {
        config_fault_set(
            reader, "public_url",
            "write where providers reach this service, such as https://notify.example.org, "
            "without a slash at the end");
        return false;
    }
    reader->config->public_url = url;
    return true;
}

static bool read_places(struct config_reader *reader)
{
    const struct config_text *text = reader->text;
    struct config *config = reader->config;

    config->listen = text->listen ? text->listen : "127.0.0.1:8080";
    config->notices = text->notices ? text->notices : TOCSIN_NOTICES_DIR;
    config->law_enforced = true;
    config->rules = text->rules.folder ? text->rules.folder : TOCSIN_RULES_DIR;
    config->overlays = text->rules.overlays;
    config->n_overlays = text->rules.overlays_count;
    if (str_empty(config->listen) || str_empty(config->notices)) {
        config_fault_set(reader, str_empty(config->listen) ? "listen" : "notices",
                         "this is empty: set it or leave the key out");
        return false;
    }
    if (!needed(reader, "store.path", text->store.path, &config->store_path) ||
        !needed(reader, "master_key", text->master_key, &config->master_key))
        return false;
    if (!str_starts(config->master_key, "env:") && !str_starts(config->master_key, "file:") &&
        config->master_key[0] != '/') {
        config_fault_set(
            reader, "master_key",
            "a key is given as file:PATH, an absolute path or env:NAME, never by itself");
        return false;
    }
    return read_bool(reader, "allow_public", text->allow_public, &config->allow_public) &&
           read_public_url(reader) &&
           read_unsigned(reader, "store.readers", text->store.readers, (struct config_range){1, 16},
                         &config->store_readers) &&
           read_unsigned(reader, "store.cache_mib", text->store.cache_mib,
                         (struct config_range){1, 4096}, &config->store_cache_mib);
}

static bool read_log(struct config_reader *reader)
{
    const char *level = reader->text->log.level;

    reader->config->log_level = LOG_INFO;
    if (!level)
        return true;
    reader->config->log_level = log_level_find(level);
    if (reader->config->log_level >= 0)
        return true;
    config_fault_set(reader, "log.level", "write debug, info, warn or error");
    return false;
}

static bool read_rules(struct config_reader *reader)
{
    const struct config_text *text = reader->text;
    struct config *config = reader->config;
    int64_t approvals = 1;

    if (!read_number(reader, "approvals_required", text->approvals_required,
                     (struct config_range){1, 16}, &approvals) ||
        !read_bool(reader, "consent_required", text->consent_required, &config->consent_required) ||
        !read_bool(reader, "break_glass", text->break_glass, &config->break_glass) ||
        !read_bool(reader, "approvers_claimed", text->approvers_claimed,
                   &config->approvers_claimed) ||
        !read_bool(reader, "rules.enforce", text->rules.enforce, &config->law_enforced))
        return false;
    config->currency = text->currency;
    if (text->currency && (strlen(text->currency) != 3 ||
                           strspn(text->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)) {
        config_fault_set(reader, "currency", "write three capital letters, such as USD or EUR");
        return false;
    }
    config->approvals_required = (int)approvals;
    return true;
}

/* Opening, sealing and rendering people is the work that cores divide best: one thread each, within
 * bounds for what each keeps in memory. */
static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 2 ? 2 : n > 8 ? 8 : (unsigned)n;
}

static bool read_times(struct config_reader *reader)
{
    const struct config_text *text = reader->text;
    struct config *config = reader->config;
    struct config_range long_time = {100, 30 * DAY_MS};

    config->lease_ms = 60 * SECOND_MS;
    config->stop_grace_ms = 20 * SECOND_MS;
    config->retry_base_ms = 60 * SECOND_MS;
    config->retry_max_ms = HOUR_MS;
    config->retry_limit = 8;
    config->written_due_ms = 10 * DAY_MS;
    config->render_threads = cores();
    config->disk_min_mib = 64;
    config->retention_months = 84;
    if (!read_duration(reader, "spacing", text->spacing, (struct config_range){0, 30 * DAY_MS},
                       &config->spacing_ms) ||
        !read_duration(reader, "retry.base", text->retry.base, long_time, &config->retry_base_ms) ||
        !read_duration(reader, "retry.max", text->retry.max, long_time, &config->retry_max_ms) ||
        !read_unsigned(reader, "retry.limit", text->retry.limit, (struct config_range){1, 100},
                       &config->retry_limit) ||
        !read_duration(reader, "lease", text->lease, (struct config_range){5000, HOUR_MS},
                       &config->lease_ms) ||
        !read_duration(reader, "stop_grace", text->stop_grace, (struct config_range){0, HOUR_MS},
                       &config->stop_grace_ms) ||
        !read_duration(reader, "written_notice_due", text->written_notice_due,
                       (struct config_range){HOUR_MS, 366 * DAY_MS}, &config->written_due_ms) ||
        !read_unsigned(reader, "retention_months", text->retention_months,
                       (struct config_range){0, 1200}, &config->retention_months) ||
        !read_unsigned(reader, "render_threads", text->render_threads, (struct config_range){1, 64},
                       &config->render_threads) ||
        !read_unsigned(reader, "disk_min_mib", text->disk_min_mib,
                       (struct config_range){1, 1 << 20}, &config->disk_min_mib))
        return false;
    if (config->retry_max_ms >= config->retry_base_ms)
        return true;
    config_fault_set(reader, "retry.max", "this is shorter than retry.base: write a longer time");
    return false;
}

static bool read_backup(struct config_reader *reader)
{
    const struct text_backup *text = &reader->text->backup;
    struct config *config = reader->config;

    config->backup_directory = text->directory;
    if (text->directory != NULL && text->directory[0] != '/') {
        config_fault_set(reader, "backup.directory", "write the whole path of a directory");
        return false;
    }
    if (text->directory == NULL && text->interval != NULL) {
        config_fault_set(reader, "backup.interval", "set backup.directory too, or leave this out");
        return false;
    }
    return read_duration(reader, "backup.interval", text->interval,
                         (struct config_range){SECOND_MS, 90 * DAY_MS},
                         &config->backup_interval_ms) &&
           read_unsigned(reader, "backup.keep", text->keep, (struct config_range){0, 10000},
                         &config->backup_keep);
}

static bool read_http(struct config_reader *reader)
{
    const struct text_http *text = &reader->text->http;
    struct http_limits *http = &reader->config->http;
    struct config_range most = {1, 100000}, time = {100, HOUR_MS};

    return read_unsigned(reader, "http.connections", text->connections, most, &http->connections) &&
           read_unsigned(reader, "http.per_ip", text->per_ip, most, &http->per_ip) &&
           read_duration(reader, "http.idle", text->idle, time, &http->idle_ms) &&
           read_duration(reader, "http.head_deadline", text->head_deadline, time,
                         &http->head_deadline_ms) &&
           read_duration(reader, "http.reply_deadline", text->reply_deadline, time,
                         &http->reply_deadline_ms) &&
           read_number(reader, "http.min_body_rate", text->min_body_rate,
                       (struct config_range){1, 1 << 30}, &http->min_body_rate);
}

/* A driver whose section was left out gets one of zeros: it says itself what it misses. */
static void fill_sections(struct config_private *own)
{
    for (unsigned i = 0; i < own->text->channels_count; i++) {
        struct text_channel *text = &own->text->channels[i];
        const struct channel_driver *driver =
            text->channel && text->provider ? channel_driver_find(text->channel, text->provider)
                                            : NULL;
        int section = driver ? schema_section(driver->facts.provider) : -1;
        if (section < 0 || text->sections[section])
            continue;
        /* From libcyaml's own allocator: cyaml_free() frees it with the rest. */
        text->sections[section] =
            cyaml_mem(NULL, NULL, driver->config_size ? driver->config_size : 1);
        require(text->sections[section]);
        memset(text->sections[section], 0, driver->config_size ? driver->config_size : 1);
    }
}

static enum result config_read(struct config *config, struct slice yaml, struct config_fault *fault)
{
    struct config_private *own = config->private_state;
    struct config_reader reader = {.config = config, .fault = fault};
    enum result result;

    own->lines = config_lines_read(yaml.data, yaml.length);
    result = config_yaml_load(yaml, own->lines, &own->text, fault);
    if (result != RESULT_OK)
        return result;
    fill_sections(own);
    reader.text = own->text;
    reader.lines = own->lines;
    if (!read_places(&reader) || !read_log(&reader) || !config_read_evidence_log(&reader) ||
        !read_rules(&reader) || !read_times(&reader) || !read_backup(&reader) ||
        !read_http(&reader))
        return RESULT_INVALID;
    if (config_read_brakes(&reader) != RESULT_OK || !config_read_preflight(&reader))
        return RESULT_INVALID;
    result = config_read_channels(&reader);
    return result == RESULT_OK && !config_read_mails(&reader) ? RESULT_INVALID : result;
}

enum result config_load(const char *path, struct config **ret_config, struct config_fault *fault)
{
    struct config *config = mem_new(struct config);
    struct config_private *own = mem_new(struct config_private);
    struct buf yaml;
    enum result result;

    memset(fault, 0, sizeof *fault);
    if (!str_copy(fault->file, sizeof fault->file, path))
        str_copy(fault->file, sizeof fault->file, "configuration");
    config->private_state = own;
    memcpy(own->path, fault->file, sizeof own->path);
    buf_init(&yaml, CONFIG_BYTES_MAX);
    result = config_yaml_read(path, &yaml, fault);
    if (result == RESULT_OK)
        result = config_read(config, (struct slice){yaml.data, yaml.length}, fault);
    buf_free(&yaml);
    if (result == RESULT_OK)
        *ret_config = config;
    else
        config_destroy(&config);
    return result;
}

void config_destroy(struct config **config)
{
    struct config_private *own;

    if (!*config)
        return;
    own = (*config)->private_state;
    for (size_t i = 0; i < CONFIG_CHANNELS_MAX; i++)
        mem_free((*config)->settings[i]);
    config_log_free(*config);
    config_yaml_free(own->text);
    config_lines_destroy(&own->lines);
    mem_free(own);
    seal_key_wipe(&(*config)->master);
    explicit_bzero((*config)->signers, sizeof(*config)->signers);
    mem_free(*config);
    *config = NULL;
}
