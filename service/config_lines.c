/* config_lines.c - where each key of a YAML file stands, and the bare text of its value.
 *
 * libcyaml forgets both once it has loaded. libyaml's events are walked once and every value is
 * noted with its path. Fails only on what libyaml cannot read (NULL). */

/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <yaml.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/config_text.h"

enum { DEPTH_MAX = 16 };

struct place {
    char *path, *text; /* text NULL: no scalar */
    unsigned line;
    bool key; /* the key itself; its value has a place of its own */
};
struct config_lines {
    struct place *places;
    size_t n, capacity;
};

struct level {
    bool list;
    unsigned next; /* list: index of the next item */
    size_t length; /* of the path before this level's keys */
};
struct walk {
    struct config_lines *lines;
    struct level levels[DEPTH_MAX];
    unsigned depth;
    char path[KEY_PATH_SIZE];
    bool keyed; /* mapping: a key was read, its value comes */
};

static void place_add(struct config_lines *lines, const char *path, const char *text, size_t line)
{
    if (lines->n == lines->capacity) {
        lines->capacity = lines->capacity ? 2 * lines->capacity : 64;
        lines->places = mem_resize(lines->places, lines->capacity, sizeof *lines->places);
    }
    lines->places[lines->n++] = (struct place){.path = mem_strdup(path),
                                               .text = text ? mem_strdup(text) : NULL,
                                               .line = (unsigned)line + 1};
}

/* The next value's place in the path: an item of a list gets its index. */
static void value_begin(struct walk *walk)
{
    struct level *top = walk->depth ? &walk->levels[walk->depth - 1] : NULL;

    if (top && top->list)
        path_print(walk->path + top->length, sizeof walk->path - top->length, "[%u]", top->next++);
}

static void value_end(struct walk *walk)
{
    walk->keyed = false;
    if (walk->depth)
        walk->path[walk->levels[walk->depth - 1].length] = '\0';
}

static void on_scalar(struct walk *walk, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    struct level *top = walk->depth ? &walk->levels[walk->depth - 1] : NULL;

    if (top && !top->list && !walk->keyed) {
        path_print(walk->path + top->length, sizeof walk->path - top->length, "%s%s",
                   top->length ? "." : "", text);
        walk->keyed = true;
        place_add(walk->lines, walk->path, NULL, event->start_mark.line);
        walk->lines->places[walk->lines->n - 1].key = true;
        return;
    }
    value_begin(walk);
    place_add(walk->lines, walk->path, text, event->start_mark.line);
    value_end(walk);
}

static bool on_open(struct walk *walk, const yaml_event_t *event, bool list)
{
    if (walk->depth == DEPTH_MAX)
        return false;
    value_begin(walk);
    place_add(walk->lines, walk->path, NULL, event->start_mark.line);
    walk->levels[walk->depth++] = (struct level){.list = list, .length = strlen(walk->path)};
    walk->keyed = false;
    return true;
}

static bool on_event(struct walk *walk, const yaml_event_t *event)
{
    switch ((int)event->type) {
    case YAML_SCALAR_EVENT:
        on_scalar(walk, event);
        return true;
    case YAML_MAPPING_START_EVENT:
        return on_open(walk, event, false);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(walk, event, true);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        walk->depth--;
        value_end(walk);
        return true;
    default:
        return true;
    }
}

struct config_lines *config_lines_read(const char *yaml, size_t length)
{
    struct config_lines *lines = mem_new(struct config_lines);
    struct walk walk = {.lines = lines};
    yaml_parser_t parser;
    bool ok = true, end = false;

    require(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, length);
    while (ok && !end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            ok = false;
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        ok = on_event(&walk, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (!ok)
        config_lines_destroy(&lines);
    return lines;
}

void config_lines_destroy(struct config_lines **lines)
{
    if (!*lines)
        return;
    for (size_t i = 0; i < (*lines)->n; i++) {
        mem_free((*lines)->places[i].path);
        mem_free((*lines)->places[i].text);
    }
    mem_free((*lines)->places);
    mem_free(*lines);
    *lines = NULL;
}

unsigned config_lines_find(const struct config_lines *lines, const char *path)
{
    char at[KEY_PATH_SIZE];
    char *cut;

    if (!lines || !str_copy(at, sizeof at, path))
        return 0;
    for (;;) {
        for (size_t i = 0; i < lines->n; i++)
            if (str_equal(lines->places[i].path, at))
                return lines->places[i].line;
        if (!(cut = strrchr(at, '.')) && !(cut = strrchr(at, '[')))
            return 0;
        char *bracket = strrchr(at, '[');
        if (bracket && bracket > cut)
            cut = bracket;
        *cut = '\0';
    }
}

const char *config_lines_text(const struct config_lines *lines, const char *path)
{
    for (size_t i = 0; lines && i < lines->n; i++)
        if (lines->places[i].text && str_equal(lines->places[i].path, path))
            return lines->places[i].text;
    return NULL;
}

unsigned config_lines_doubled(const struct config_lines *lines)
{
    for (size_t i = 0; lines && i < lines->n; i++)
        for (size_t j = 0; lines->places[i].key && j < i; j++)
            if (lines->places[j].key && str_equal(lines->places[i].path, lines->places[j].path))
                return lines->places[i].line;
    return 0;
}

bool config_lines_key(const struct config_lines *lines, size_t *at, const char **ret_path,
                      unsigned *ret_line)
{
    while (lines && *at < lines->n) {
        const struct place *place = &lines->places[(*at)++];
        if (!place->key)
            continue;
        *ret_path = place->path;
        *ret_line = place->line;
        return true;
    }
    return false;
}
