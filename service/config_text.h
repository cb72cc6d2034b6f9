/* config_text.h - the configuration as libcyaml loads it: words, not yet understood. For config*.c
 * only.
 *
 * Our own scalars are all loaded as text and read by config_read.c, because libcyaml takes "5s" as
 * 5 and 010 as 8. A driver owns the schema of its section; its numbers are checked against the
 * file's own text (config_lines.c). */
#pragma once
#include <cyaml/cyaml.h>

#include "base/buf.h"
#include "base/str.h"
#include "service/config.h"

enum { SECTIONS_MAX = 16, KEY_PATH_SIZE = 128 };

struct text_evidence {
    char *sufficient, *settles, *wait;
};
struct text_channel {
    char *channel, *provider, *window, *rate, *price, *quota, *per_hour;
    struct text_evidence evidence;
    void *sections[SECTIONS_MAX]; /* one per provider name, see schema_sections() */
};
struct text_store {
    char *path, *readers, *cache_mib;
};
struct text_witness {
    char *url, *vkey;
};
struct text_timestamp {
    char *url, *ca_file, *interval;
};
struct text_mail {
    char *to, *interval;
};
struct text_log {
    char *level, *origin, *key_file;
    struct text_witness *witnesses;
    unsigned witnesses_count;
    struct text_timestamp *timestamps;
    unsigned timestamps_count;
    struct text_mail *mail;
    unsigned mail_count;
};
struct text_backup {
    char *directory, *interval, *keep;
};
struct text_retry {
    char *base, *max, *limit;
};
struct text_rules {
    char *folder, *enforce;
    char **overlays;
    unsigned overlays_count;
};
struct text_centre {
    char *per_hour, *hours, *zone;
};
struct text_seed {
    char *label, *email, *phone, *line1, *city, *region, *postal_code, *country, *locale;
};
struct text_brakes {
    char *canary, *per_hour, *per_provider_hour, *per_domain_hour, *budget;
    char *bounces, *complaints, *sample, *policy_blocks, *silence, *ring;
    char **ramp;
    unsigned ramp_count;
    struct text_centre call_centre;
    struct text_seed *seeds;
    unsigned seeds_count;
};
struct text_preflight {
    char *resolver;
    struct text_seed addresses;
};
struct text_http {
    char *connections, *per_ip, *idle, *head_deadline, *reply_deadline, *min_body_rate;
};
struct config_text {
    char *listen, *allow_public, *public_url, *master_key, *notices;
    char *approvals_required, *consent_required, *spacing, *break_glass, *currency;
    char *approvers_claimed;
    char *lease, *stop_grace, *render_threads, *disk_min_mib, *written_notice_due;
    char *retention_months;
    struct text_store store;
    struct text_log log;
    struct text_backup backup;
    struct text_retry retry;
    struct text_brakes brakes;
    struct text_preflight preflight;
    struct text_http http;
    struct text_rules rules;
    char **ladder, **beside;
    unsigned ladder_count, beside_count;
    struct text_channel *channels;
    unsigned channels_count;
};

/* The whole schema, composed once of ours and the drivers'. */
const cyaml_schema_value_t *schema_value(void);
const cyaml_schema_field_t *schema_fields(void);
/* Which of text_channel.sections belongs to this provider name; -1: no such provider. */
int schema_section(const char *provider);

/* Writes the path of a key; a longer one is cut (the fault then names less). */
void path_print(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Walks a value beside its schema. `data` NULL: the schema alone, list items once as "[]". */
struct schema_visit {
    void (*each)(struct schema_visit *visit, const char *path, const cyaml_schema_field_t *field,
                 const void *data);
    void *context;
};
void schema_walk(const cyaml_schema_field_t *fields, const void *data, const char *prefix,
                 struct schema_visit *visit);

/* ---- config_lines.c: where each key stands in the file, and its bare text ---- */
struct config_lines;
/* NULL when this is no YAML (libcyaml says why). The caller owns it. */
struct config_lines *config_lines_read(const char *yaml, size_t length);
void config_lines_destroy(struct config_lines **lines);
/* Line of a path, or of its nearest parent that is there; 0: none is. */
unsigned config_lines_find(const struct config_lines *lines, const char *path);
/* Line of the first key that stands there a second time; 0: none does. */
unsigned config_lines_doubled(const struct config_lines *lines);
/* The keys in their order; *at begins with 0. False: no more. */
bool config_lines_key(const struct config_lines *lines, size_t *at, const char **ret_path,
                      unsigned *ret_line);
/* The plain text of a scalar; NULL when it is none. */
const char *config_lines_text(const struct config_lines *lines, const char *path);

/* ---- config_yaml.c ---- */
enum result config_yaml_read(const char *path, struct buf *to, struct config_fault *fault);
enum result config_yaml_load(struct slice yaml, const struct config_lines *lines,
                             struct config_text **ret_text, struct config_fault *fault);
void config_yaml_free(struct config_text *text);

/* ---- What the parts share while reading ---- */
struct config_reader {
    const struct config_text *text;
    struct config *config;
    const struct config_lines *lines;
    struct config_fault *fault;
};
/* Fills the fault with line and key; returns RESULT_INVALID. */
enum result config_fault_set(struct config_reader *reader, const char *path, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* ---- config_read.c: one value each; absent keeps what *to holds; false: the fault is set ---- */
struct config_range {
    int64_t least, most;
};
/* Decimal digits without a leading zero. */
bool config_number(const char *text, int64_t *ret_value);
bool read_number(struct config_reader *reader, const char *path, const char *text,
                 struct config_range range, int64_t *to);
bool read_unsigned(struct config_reader *reader, const char *path, const char *text,
                   struct config_range range, unsigned *to);
bool read_duration(struct config_reader *reader, const char *path, const char *text,
                   struct config_range range, int64_t *to);
bool read_bool(struct config_reader *reader, const char *path, const char *text, bool *to);
bool read_rate(struct config_reader *reader, const char *path, const char *text, double *to);

bool read_price(struct config_reader *reader, const char *path, const char *text,
                int64_t *ret_micro);

/* ---- config_brakes.c ---- */
enum result config_read_brakes(struct config_reader *reader);

/* ---- config_preflight.c ---- */
bool config_read_preflight(struct config_reader *reader);

/* ---- config_settings.c: "channels[0].email" as JSON text; mem_free by the caller ---- */
char *config_settings(const struct config_lines *lines, const char *section);

/* A key that must be there; false: the fault is set. */
bool needed(struct config_reader *reader, const char *path, const char *text, const char **to);

/* ---- config_log.c ---- */
bool config_read_evidence_log(struct config_reader *reader);
/* After the channels: they mail. */
bool config_read_mails(struct config_reader *reader);
void config_log_free(struct config *config);

/* ---- config_channels.c ---- */
enum result config_read_channels(struct config_reader *reader);

/* ---- config.c ---- */
const struct config_text *config_text(const struct config *config);
const struct config_lines *config_lines_of(const struct config *config);
const char *config_path(const struct config *config);
