/* log.h - structured logs: one JSON object a line on stderr. No personal data ever: values are
 * numbers, ids, names of states and fixed words; free text from outside is not logged. Thread-safe.
 *
 *   log_info("chunk_claimed", LOG_INT("members", n));
 */
#pragma once
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    enum { LOG_FIELD_END, LOG_FIELD_INT, LOG_FIELD_TEXT } type;
    int64_t number;
    const char *text; /* escaped; NULL is written as null */
};
#define LOG_INT(key, value)  ((struct log_field){(key), LOG_FIELD_INT, (int64_t)(value), 0})
#define LOG_TEXT(key, value) ((struct log_field){(key), LOG_FIELD_TEXT, 0, (value)})

/* Writes {"at":..., "level":..., "event":<event>, fields...}; below the set level nothing. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);
#define log_debug(event, ...) log_at(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...)  log_at(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...)  log_at(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_ERROR, event, __VA_ARGS__)
#define log_at(level, event, ...)                                                                  \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})

void log_set_level(enum log_level level);
/* -1 when the word is none of debug, info, warn, error. */
int log_level_find(const char *word);
