/* ctl.h - the shape of the `tocsin` command: a table of commands, what was given, and how to ask
 * the server. Private to service/ctl. One thread. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "base/result.h"
#include "service/ctl/api_client.h"

/* The exit codes; documented in help_exit_codes. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_REFUSED = 1,     /* the server understood and said no (4xx) */
    CTL_USAGE = 2,       /* the command line is wrong */
    CTL_UNREACHABLE = 3, /* no connection, or no answer in time */
    CTL_SERVER = 4,      /* the server failed (5xx), or its answer makes no sense */
    CTL_LOCAL = 5        /* a local file cannot be read or written */
};

struct ctl_option {
    const char *name;  /* without dashes; NULL ends a list */
    char letter;       /* short form, or 0 */
    const char *value; /* what the value is called; NULL: a switch */
    const char *help;
};

enum { CTL_WORDS_MAX = 4, CTL_GIVEN_MAX = 32 };

struct ctl {
    const struct ctl_command *command;
    const char *words[CTL_WORDS_MAX]; /* positional arguments */
    unsigned n_words;
    struct {
        const char *name, *value;
    } given[CTL_GIVEN_MAX];
    unsigned n_given;
    bool json; /* --json */
    struct api_client *api;
};

enum { CTL_WORD_OPTIONAL = 0x100, CTL_WORDS_MASK = 0xff };
struct ctl_command {
    const char *name;      /* "incident create", "approve"; NULL ends the table */
    const char *arguments; /* "ID FILE" */
    unsigned n_words;      /* how many of them are needed; + CTL_WORD_OPTIONAL: one more */
    const char *summary;   /* one line */
    const char *help;      /* more, or NULL */
    const struct ctl_option *options; /* NULL: none of its own */
    enum ctl_exit (*run)(struct ctl *ctl);
};
extern const struct ctl_command ctl_commands[];
extern const struct ctl_option ctl_globals[];

/* Value of an option that was given ("" for a switch), or NULL. */
const char *ctl_option(const struct ctl *ctl, const char *name);
/* Fills *ctl from the command line (without the program's name). CTL_OK with command NULL: only
 * help or version was asked for. Prints what is wrong. */
enum ctl_exit ctl_parse(struct ctl *ctl, int argc, char **argv);

/* help.c */
void help_all(FILE *to);
/* Commands that begin with this word; false when there are none. */
bool help_group(FILE *to, const char *word);
void help_command(FILE *to, const struct ctl_command *command);

/* ask.c: requests with errors printed. Each returns CTL_OK only for a 2xx answer. */
enum ctl_exit ask(struct ctl *ctl, const struct api_request *request, struct api_reply *reply);
/* As ask(), and parses the body; the caller puts *ret_json. With --json the body is printed as it
 * came, and *ret_json is NULL. */
enum ctl_exit ask_json(struct ctl *ctl, const struct api_request *request,
                       struct json_object **ret_json);
/* Prints "tocsin: ..." to stderr and returns the code. */
enum ctl_exit complain(enum ctl_exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* output.c: text from the server made harmless for a terminal. */
/* Control characters are replaced; `text` may be NULL. */
void print_safe(FILE *to, const char *text);
/* The same, but LF and TAB stay. */
void print_safe_text(FILE *to, const char *text, size_t length);
/* "label:  value" aligned; nothing when the value is NULL or "". */
void print_pair(const char *label, const char *value);
/* A scalar as text in *buf (which must be initialised): "" for null, a list of words with commas,
 * objects as JSON. */
const char *scalar_text(struct json_object *value, struct buf *buf);
/* A table: columns by member name ("id"), padded; header in capitals. */
struct column {
    const char *member, *title;
};
void print_table(struct json_object *items, const struct column *columns, size_t n);
/* Waits. */
void pause_ms(int64_t ms);
/* A terminal that understands cursor movement? */
bool is_terminal(FILE *stream);

/* Appends text percent-encoded as one path segment or query value (RFC 3986 unreserved stay). */
void path_add(struct buf *path, const char *text);
/* "/v1/incidents/ID" + tail in a new buffer; buf_free by the caller. */
void incident_path(struct buf *path, const char *id, const char *tail);
/* Lists that come in pages: prints a table, or with --json each page. `path` has its query. */
struct pages {
    const struct column *columns;
    size_t n;
    void (*each)(void *context, struct json_object *item); /* may change it; NULL: as it is */
    void *context;
};
enum ctl_exit print_pages(struct ctl *ctl, const char *path, const struct pages *pages);

/* The commands. */
enum ctl_exit run_incident_create(struct ctl *ctl);
enum ctl_exit run_incident_list(struct ctl *ctl);
enum ctl_exit run_incident_show(struct ctl *ctl);
enum ctl_exit run_incident_patch(struct ctl *ctl);
enum ctl_exit run_wave_create(struct ctl *ctl);
enum ctl_exit run_wave_list(struct ctl *ctl);
enum ctl_exit run_wave_show(struct ctl *ctl);
enum ctl_exit run_wave_approve(struct ctl *ctl);
enum ctl_exit run_wave_release(struct ctl *ctl);
enum ctl_exit run_wave_hold(struct ctl *ctl);
enum ctl_exit run_wave_resume(struct ctl *ctl);
enum ctl_exit run_wave_cancel(struct ctl *ctl);
enum ctl_exit run_holds(struct ctl *ctl);
enum ctl_exit run_fact(struct ctl *ctl);
enum ctl_exit run_recipients_upload(struct ctl *ctl);
enum ctl_exit run_recipients_rejected(struct ctl *ctl);
enum ctl_exit run_recipients_warnings(struct ctl *ctl);
enum ctl_exit run_recipients_waive(struct ctl *ctl);
enum ctl_exit run_recipients_summary(struct ctl *ctl);
enum ctl_exit run_recipients_discard(struct ctl *ctl);
enum ctl_exit run_incident_reconcile(struct ctl *ctl);
enum ctl_exit run_recipients_show(struct ctl *ctl);
enum ctl_exit run_preview(struct ctl *ctl);
enum ctl_exit run_rehearse(struct ctl *ctl);
enum ctl_exit run_decide(struct ctl *ctl);
enum ctl_exit run_approve(struct ctl *ctl);
enum ctl_exit run_release(struct ctl *ctl);
enum ctl_exit run_review(struct ctl *ctl);
enum ctl_exit run_hold(struct ctl *ctl);
enum ctl_exit run_resume(struct ctl *ctl);
enum ctl_exit run_cancel(struct ctl *ctl);
enum ctl_exit run_wave_continue(struct ctl *ctl);
enum ctl_exit run_status(struct ctl *ctl);
enum ctl_exit run_receipts(struct ctl *ctl);
enum ctl_exit run_erase(struct ctl *ctl);
enum ctl_exit run_retention(struct ctl *ctl);
enum ctl_exit run_backup(struct ctl *ctl);
enum ctl_exit run_preflight(struct ctl *ctl);
enum ctl_exit run_restore_status(struct ctl *ctl);
enum ctl_exit run_restore_people(struct ctl *ctl);
enum ctl_exit run_restore_approve(struct ctl *ctl);
enum ctl_exit run_key_split(struct ctl *ctl);
enum ctl_exit run_key_join(struct ctl *ctl);
enum ctl_exit run_requests_list(struct ctl *ctl);
enum ctl_exit run_requests_create(struct ctl *ctl);
enum ctl_exit run_requests_show(struct ctl *ctl);
enum ctl_exit run_evidence(struct ctl *ctl);
enum ctl_exit run_verify(struct ctl *ctl);
enum ctl_exit run_plan(struct ctl *ctl);
enum ctl_exit run_duty(struct ctl *ctl);
enum ctl_exit run_obligations(struct ctl *ctl);
enum ctl_exit run_law_evaluate(struct ctl *ctl);
enum ctl_exit run_rules_list(struct ctl *ctl);
enum ctl_exit run_rules_show(struct ctl *ctl);
enum ctl_exit run_rules_check(struct ctl *ctl);
enum ctl_exit run_rules_diff(struct ctl *ctl);
enum ctl_exit run_log_keygen(struct ctl *ctl);
enum ctl_exit run_log_proof(struct ctl *ctl);
enum ctl_exit run_witness(struct ctl *ctl);
enum ctl_exit run_token_create(struct ctl *ctl);
enum ctl_exit run_token_claim(struct ctl *ctl);
enum ctl_exit run_token_list(struct ctl *ctl);
enum ctl_exit run_token_revoke(struct ctl *ctl);
