/* law_private.h - what the files of service/law share: the compiled form of a record. */
#pragma once
#include "service/law/law.h"

enum law_unit { LAW_DAYS, LAW_BUSINESS_DAYS, LAW_HOURS, LAW_UNITS_N };
enum law_from {
    FROM_NONE,
    FROM_DISCOVERY,
    FROM_DETERMINATION,
    FROM_AWARENESS,
    FROM_CONFIRMATION,
    FROM_FACTS_ASCERTAINED,
    FROM_IDENTIFICATION_OF_PERSONS,
    FROM_STATEMENT_PREPARED,
    FROM_REGULATOR_ORDER,
    FROM_MATERIALITY,
    FROM_SUSPICION,
    FROM_PEOPLE_TOLD,
    FROM_PEOPLE_DUE,
    FROM_AUTHORITY_TOLD,
    FROM_YEAR_END,
    FROM_CLOSED,
    FROM_N
};
struct law_clock {
    bool set;
    int n, small_agent_n; /* small_agent_n 0: the same */
    enum law_unit unit;
    enum law_from from;
    const char *authority;  /* FROM_AUTHORITY_TOLD: of another record; NULL: of this one */
    const char *end_of_day; /* "+08:00": due at the end of the day there; NULL: a date */
};

/* A condition: all that is set must hold. */
struct law_condition {
    int64_t people_min, people_max; /* -1: not set */
    unsigned risk, not_risk;        /* bits by enum law_risk */
    bool risk_asked;                /* ask when the risk is not known, and take it as yes */
    uint64_t data_any, name_and_any;
    const char *sectors[8], *not_sectors[8];
    const char *event;
    int fact, not_fact, fact_asked; /* enum law_fact, -1: not set */
    bool not_encrypted, not_protected, optional;
    const char *never, *unknown; /* words of the record */
    struct law_condition *any;   /* one of them must hold */
    size_t n_any;
};

enum law_order {
    ORDER_ANY,
    ORDER_BEFORE,
    ORDER_BEFORE_OR_WITH,
    ORDER_WITH,
    ORDER_AFTER,
    ORDER_AFTER_REGULATOR,
    ORDERS_N
};
struct law_followup {
    const char *text;
    struct law_clock clock;
    bool guidance;
    int only_if, only_if_not; /* enum law_fact, -1 */
};
struct law_duty {
    enum law_to to;
    const char *code, *name, *standard, *condition, *in_force_from;
    struct law_condition when;
    struct law_clock clock;
    enum law_order order;
    bool or_with_people; /* due with the people's notice when that is sooner */
    bool each_jurisdiction, lead_or_each;
    struct law_followup *followups;
    size_t n_followups;
};
enum law_name { NAME_NOT_NEEDED, NAME_NEEDED, NAME_ANY_IDENTIFIER };
enum law_word {
    WORD_NOT_LISTED,
    WORD_ALLOWED,
    WORD_CONSENT,
    WORD_PRIMARY,
    WORD_CONDITIONS,
    WORD_ELECTRONIC,
    WORD_DIRECT,
    WORD_CREDENTIALS,
    WORD_UNKNOWN,
    WORDS_N
};
enum law_base { COUNT_JURISDICTION, COUNT_COUNTRY, COUNT_ALL };

struct law_member {
    const char *code, *name;
};
struct law_rule {
    struct json_object *json; /* owned */
    const char *id, *name, *citation, *reviewed;
    const char *sector; /* NULL: by place */
    bool consent_only;  /* says what consent is; has no duties */
    const char *exempt_sectors[8];
    enum law_base count;
    const char *holidays; /* NULL: none are known */
    struct {
        bool set, any_data, credentials_alone;
        enum law_name name;
        uint64_t elements, alone;
        const char *credentials_scope;
        bool coded; /* card or account counts only with its code */
        enum law_answer paper, access, encryption_safe, key_taken_voids;
    } trigger;
    bool tells_people;
    struct law_duty people;
    struct law_duty *duties;
    size_t n_duties;
    enum law_answer hold_allowed;
    struct law_clock hold_after;
    bool hold_or_later;
    struct law_duty maintainer; /* clock and standard of the vendor's duty to the owner */
    bool maintainer_tells, maintainer_tells_people;
    enum law_word methods[LAW_METHODS_N];
    unsigned when[LAW_METHODS_N]; /* bits of enum law_need that satisfy CONDITIONS */
    bool mailbox_barred, credentials_rule, channel_neutral, neutral_known;
    struct law_member *members;
    size_t n_members;
};
enum law_need {
    NEED_CONSENT,
    NEED_CONSENT_FREE,
    NEED_INTERNET,
    NEED_PERIODIC,
    NEED_RELATIONSHIP,
    NEED_PRIMARY,
    NEED_PRIOR_USE,
    NEED_BESIDE_EMAIL,
    NEED_URGENT,
    NEEDS_N
};

struct law_rules {
    struct arena *arena;
    struct law_rule *rules;
    size_t n;
    struct json_object *set, *holidays;
    const char *version;
    int64_t review_days;
    uint8_t digest[DIGEST_SIZE];
};
/* rules_read.c: compiles a record (json is borrowed, kept by the rule). */
bool rule_read(struct law_rule *rule, struct json_object *json, struct arena *arena,
               struct error *error);

const char *law_fact_name(int fact);

/* ---- calendar.c ---- */
bool calendar_is_business(const struct law_rules *rules, const char *holidays, int64_t day);
/* Day 0 is the day of the event: adds n of the unit. */
int64_t calendar_add(const struct law_rules *rules, const char *holidays, int64_t day, int n,
                     enum law_unit unit);
void calendar_split(int64_t day, int *year, int *month, int *of_month);
int64_t calendar_join(int year, int month, int of_month);
/* "+08:00" -> 480. */
bool offset_read(const char *text, int *ret_minutes);

/* ---- An evaluation under way. ---- */
struct law_work {
    const struct law_rules *rules;
    const struct law_facts *facts;
    struct arena *arena;
    struct law_result *result;
    size_t room_obligations, room_channels, room_questions;
    bool failed; /* the arena is full */
};
/* One record, looked at for one group of people. */
struct law_case {
    struct law_work *work;
    const struct law_rule *rule;
    const char *jurisdiction;
    const struct law_people *group; /* NULL: a sector's record */
    int64_t people;                 /* who count */
    struct law_time people_due;     /* of the people's obligation, once known */
};
struct law_obligation *work_obligation(struct law_work *work);
struct law_channel *work_channel(struct law_work *work);
/* Asks once for each fact; the jurisdictions add up. */
void work_ask(struct law_work *work, const char *fact, const char *text, const char *jurisdiction);
const char *work_text(struct law_work *work, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool facts_in_sector(const struct law_facts *facts, const char *sector);
bool facts_credentials(const struct law_facts *facts);
/* Only login data (and what names the account) were exposed. */
bool facts_credentials_only(const struct law_facts *facts);
/* The first event of the type that is about the jurisdiction (or about all); NULL. */
const struct law_event *facts_event(const struct law_facts *facts, const char *type,
                                    const char *jurisdiction);
uint64_t law_data_bit(const char *name);

/* condition.c: NO, YES, or UNKNOWN = yes for now, a question was put. *ret_why says why not, or
 * what held. */
enum law_answer condition_holds(struct law_case *it, const struct law_condition *condition,
                                const char **ret_why);
/* trigger.c: is what was taken covered there at all? */
enum law_answer trigger_covers(struct law_case *it, const char **ret_why);
/* Encrypted, and the key is safe: YES, NO, UNKNOWN (asked). */
enum law_answer trigger_protected(struct law_case *it);
/* clock.c */
struct law_time clock_due(struct law_case *it, const struct law_clock *clock);
struct law_time clock_from(struct law_case *it, const struct law_clock *clock,
                           const struct law_time *start);
/* obligation.c, channel.c, substitute.c, content.c: add to the result. */
void obligations_add(struct law_case *it);
void channels_add(struct law_case *it);
void substitute_add(struct law_case *it);
void content_add(struct law_case *it);
