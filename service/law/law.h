/* law.h - who must be told, how, and by when: facts of an incident x rules -> obligations,
 * channels, content. Defaults; counsel reviews them.
 *
 * Everything but law_rules_load() is pure: no I/O, no clock, no state; any thread, and rules may be
 * shared by threads since they never change. Nothing is guessed: a fact that is missing and matters
 * becomes a question, and meanwhile the cautious answer stands. No obligation is dropped: one that
 * does not apply is listed with the reason.
 *
 * The words of the rule files stand in templates/rules/schema.json; what they mean in law, with
 * statutes and sources, in the files themselves.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

/* ---- Points in time, as law counts them. ---- */
enum law_when_kind { LAW_NEVER, LAW_DATE, LAW_INSTANT };
struct law_time {
    enum law_when_kind kind; /* LAW_NEVER: not known, or none */
    int64_t day;             /* LAW_DATE, LAW_INSTANT: local day, days since 1970-01-01 */
    int64_t seconds;         /* LAW_INSTANT: seconds since 1970 UTC */
    int offset;              /* LAW_INSTANT: minutes east of UTC that the text was written in */
};
enum { LAW_TIME_TEXT = 64 };
/* "2026-03-02" or RFC 3339 with any offset, fractions cut. False: it is neither. */
bool law_time_read(const char *text, struct law_time *ret_time);
/* In the same form; "" for LAW_NEVER. Returns `to`. */
char *law_time_write(char to[LAW_TIME_TEXT], const struct law_time *time);
/* < 0, 0, > 0; a date stands for the end of its day (in the offset of the other). */
int law_time_compare(const struct law_time *a, const struct law_time *b);

/* ---- The rules. ---- */
struct law_rules;
struct law_rule;

/* Reads set.json, holidays.json and every record below us/ and world/ of the folder, then the
 * overlay files (each an object of the same form; its members replace those of the record of that
 * id, an unknown id adds one). Blocking I/O: at the start, not on the loop. RESULT_INVALID names
 * the file and the member: an unknown key, word or type is an error. The caller owns *ret_rules. */
enum result law_rules_load(const char *folder, const char *const *overlays, size_t n_overlays,
                           struct law_rules **ret_rules, struct error *error);
void law_rules_destroy(struct law_rules **rules);
/* "2026-11-23", and the digest of all that the set says (SHA-256 of its canonical JSON). */
const char *law_rules_version(const struct law_rules *rules);
const uint8_t *law_rules_digest(const struct law_rules *rules);
size_t law_rules_count(const struct law_rules *rules);
/* By position (sorted by id), or by id: NULL when there is none. */
const struct law_rule *law_rules_at(const struct law_rules *rules, size_t i);
const struct law_rule *law_rules_get(const struct law_rules *rules, const char *id);
/* The record for people of a jurisdiction: "US-CA"; "EU-DE" and "DE" -> EU; "CA-ON" -> CA. */
const struct law_rule *law_rules_find(const struct law_rules *rules, const char *jurisdiction);
/* The record as its file (and overlays) have it; owned by the rules. */
struct json_object *law_rule_json(const struct law_rule *rule);
const char *law_rule_id(const struct law_rule *rule);
/* Its review is older than the set allows on this day. */
bool law_rule_stale(const struct law_rules *rules, const struct law_rule *rule,
                    const struct law_time *today);

/* ---- Facts. ---- */
enum law_risk { LAW_RISK_UNKNOWN, LAW_RISK_UNLIKELY, LAW_RISK_LIKELY, LAW_RISK_HIGH };
enum law_answer { LAW_UNKNOWN, LAW_NO, LAW_YES };
/* Facts that are yes, no or not known. */
enum law_fact {
    LAW_ENCRYPTED,
    LAW_KEY_COMPROMISED,
    LAW_SOURCE_OF_BREACH,
    LAW_FURNISHED_MAILBOX,
    LAW_PUBLIC_LEAK,
    LAW_MALICIOUS,
    LAW_PAPER,
    LAW_ACCESS_ONLY,
    LAW_CODES_EXPOSED,
    LAW_CHILDREN,
    LAW_SMALL_AGENT,
    LAW_INTERNET_BUSINESS,
    LAW_PRIOR_RELATIONSHIP,
    LAW_PRIMARY_METHOD,
    LAW_PRIOR_USE,
    LAW_INADVERTENT_DISCLOSURE,
    LAW_SEVERE_INCIDENT,
    LAW_CREDIT_REPORTS_MENTIONED,
    LAW_FACTS_N
};
enum { LAW_PEOPLE_MAX = 512, LAW_EVENTS_MAX = 1024 };

struct law_people {
    const char *jurisdiction;
    int64_t n;
    /* -1: not known. */
    int64_t email, email_consented, postal, phone, account, none;
    int64_t cost; /* of telling them one by one, in whole US dollars; -1: not known */
};
struct law_event {
    const char *type, *jurisdiction; /* jurisdiction NULL: all */
    struct law_time at;
};
struct law_facts {
    uint64_t data; /* bit per type: law_data_name() */
    struct law_time occurred_from, occurred_to, discovered, determined, aware, suspected, material;
    enum law_risk risk;
    enum law_answer facts[LAW_FACTS_N];
    const char *sectors[16];
    size_t n_sectors;
    bool maintainer;           /* we hold the data for its owner */
    const char *establishment; /* "IE", "none", ... ; NULL: not known */
    const char *parent_company;
    struct law_people *people;
    size_t n_people;
    struct law_event *events;
    size_t n_events;
    struct law_time now;
};
/* From the document of POST /v1/law/evaluate; strings stay owned by `json`, arrays by the arena.
 * RESULT_INVALID names the member. */
enum result law_facts_read(struct json_object *json, struct arena *arena,
                           struct law_facts *ret_facts, struct error *error);
/* The name of data type i, NULL behind the last; -1 for a name that is none. Names of other places
 * (driver_licence, cpf, nric) are known too. */
const char *law_data_name(unsigned i);
int law_data_find(const char *name);

/* ---- What follows. ---- */
enum law_to { LAW_TO_PEOPLE, LAW_TO_REGULATOR, LAW_TO_CRA, LAW_TO_MEDIA, LAW_TO_THIRD_PARTY };
enum { LAW_ORDER_MAX = 8 };
struct law_obligation {
    const char *jurisdiction, *code; /* code: of the authority, where the law has several; NULL */
    enum law_to to;
    const char *name;
    bool required;
    bool guidance;          /* a target that no statute sets */
    bool held;              /* by law enforcement, now */
    bool done;              /* an event says so */
    bool late;              /* not done, and due before facts.now */
    bool blocks_people;     /* must come before the people, required and not done */
    bool out_of_order;      /* people were told before what had to come first */
    int64_t people;         /* who count towards it */
    struct law_time due;    /* LAW_NEVER: the law has no number, or its start is not known */
    struct law_time latest; /* while the start is open: if people are told on their last day */
    const char *standard;   /* in words */
    const char *order[LAW_ORDER_MAX]; /* what must come first, or with it */
    size_t n_order;
    const char *why, *citation, *condition; /* condition may be NULL */
};
enum law_counts { LAW_COUNTS_BARRED, LAW_COUNTS_SUPPLEMENT, LAW_COUNTS_NOTICE };
enum law_method { LAW_EMAIL, LAW_SMS, LAW_VOICE, LAW_POSTAL, LAW_BANNER, LAW_METHODS_N };
extern const char *const law_method_names[LAW_METHODS_N];
/* One way of telling people of one jurisdiction. */
struct law_channel {
    const char *jurisdiction;
    enum law_method method;
    enum law_counts counts;
    const char *people; /* "all", "consented", "others" */
    int64_t n;          /* -1: not known */
    const char *why;
};
struct law_question {
    const char *fact, *text;
    const char *jurisdictions; /* for whom it matters, joined by ", " */
};
struct law_result {
    struct law_obligation *obligations;
    size_t n_obligations;
    struct law_channel *channels;
    size_t n_channels;
    struct law_question *questions;
    size_t n_questions;
    const char **no_record; /* jurisdictions without rules: told by the default ladder */
    size_t n_no_record;
    struct json_object *substitute, *content, *records; /* by jurisdiction; see openapi.yaml */
    struct json_object *served; /* list: when messages that were handed over count as served */
};
/* Evaluates. All strings in the arena or in the rules. False: the arena is full. The JSON members
 * are the caller's: law_result_free(). */
bool law_evaluate(const struct law_rules *rules, const struct law_facts *facts, struct arena *arena,
                  struct law_result *ret_result);
void law_result_free(struct law_result *result);
/* The answer of POST /v1/law/evaluate; the caller owns it. */
struct json_object *law_result_json(const struct law_rules *rules, const struct law_result *result);

/* ---- One person. ---- */
struct law_person {
    bool consented;      /* a consent that counts: separate, in scope, not withdrawn at this time */
    bool consent_terms;  /* the only consent is that to terms of service */
    bool consent_forced; /* it was a condition of business */
};
/* How a message over this method counts for a person of a rule (NULL: no record, all counts).
 * *ret_why is static text or the rule's. Costs less than a microsecond: it runs for every person of
 * a plan. */
enum law_counts law_method_counts(const struct law_rule *rule, const struct law_facts *facts,
                                  enum law_method method, const struct law_person *person,
                                  const char **ret_why);
