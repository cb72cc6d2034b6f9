/* recipient.h - one affected person of an incident, as uploaded and checked. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

/* Closed list, as in openapi.yaml. Stored as bits: frozen order, new ones at the end. */
enum data_type {
    DATA_NAME,
    DATA_POSTAL_ADDRESS,
    DATA_EMAIL,
    DATA_PHONE,
    DATA_DATE_OF_BIRTH,
    DATA_SSN,
    DATA_GOVERNMENT_ID,
    DATA_DRIVERS_LICENSE,
    DATA_PASSPORT,
    DATA_TAX_ID,
    DATA_PAYMENT_CARD,
    DATA_BANK_ACCOUNT,
    DATA_CREDENTIALS,
    DATA_THIRD_PARTY_CREDENTIALS,
    DATA_SECURITY_ANSWERS,
    DATA_HEALTH,
    DATA_INSURANCE,
    DATA_BIOMETRIC,
    DATA_GENETIC,
    DATA_LOCATION,
    DATA_MESSAGES,
    DATA_FILES,
    DATA_CONTACTS,
    DATA_CALENDAR,
    DATA_CRM_RECORDS,
    DATA_OTHER,
    DATA_PASSWORD_PLAINTEXT, /* from here on what some laws tell apart */
    DATA_PASSWORD_HASH,
    DATA_IBAN,
    DATA_NATIONAL_ID,
    DATA_TYPES_N
};
const char *data_type_name(enum data_type type); /* "name", ... */
int data_type_find(const char *name);            /* -1: none */

struct postal_address {
    const char *line1, *line2, *city, *region, *postal_code;
    const char *country; /* ISO 3166-1 alpha-2, upper case */
};

struct consent {
    bool known;           /* the member was there */
    bool electronic;      /* consents to electronic notice */
    const char *scope;    /* what it covers, in the customer's words */
    const char *basis;    /* "separate": asked for by itself; "terms": a condition of business;
                             other words count as that */
    const char *evidence; /* where its proof is kept */
    const char *terms_version;
    time_ms given_at;     /* TIME_NONE = not said */
    time_ms withdrawn_at; /* TIME_NONE = not withdrawn */
};
/* Was it withdrawn at that time? From its date on it is none. */
bool consent_withdrawn(const struct consent *consent, time_ms at);
/* May notice be given electronically on it where the law asks for the person's own consent (15 USC
 * 7001(c))? A condition of business is no consent, nor is one to marketing or to statements, nor
 * one that is not given yet or is withdrawn. */
bool consent_counts(const struct consent *consent, time_ms at);

/* Stored as words; FORMER_USER and DISCREET come as members of their own, too. */
enum {
    RECIPIENT_MINOR = 1,
    RECIPIENT_DECEASED = 2,
    RECIPIENT_FORMER_USER = 4, /* has no account any more: no banner, no "sign in" */
    RECIPIENT_DISCREET = 8     /* no topic where others may read it: SMS, subject, envelope */
};

/* How a person can read; the names as in openapi.yaml. */
enum read_format {
    FORMAT_STANDARD,
    FORMAT_LARGE_PRINT,
    FORMAT_BRAILLE,
    FORMAT_READ_ALOUD,
    FORMATS_N
};
const char *read_format_name(enum read_format format);
int read_format_find(const char *name); /* -1: none */

/* The addresses of a person, by kind; the order of enum channel_address. */
enum contact_kind { CONTACT_EMAIL, CONTACT_PHONE, CONTACT_POSTAL, CONTACT_KINDS_N };
enum { CONTACTS_MAX = 8 }; /* of one kind */
struct contact {
    const char *value;            /* of EMAIL and PHONE */
    struct postal_address postal; /* of POSTAL: line1, city and country are there */
    const char *source, *label;   /* where it is from ("crm", "statement"); "work"; may be NULL */
    bool compromised; /* in the hands of others: gets no notice, no code, no acknowledgement */
};

/* Who gets the notice in the person's place. Without an address of his own, the person's. */
struct representative {
    const char *name;
    const char *relation; /* "guardian", "parent", "estate", "attorney", "next_of_kin", "other" */
    const char *email, *phone;
    struct postal_address address;
    bool has_address;
};

/* All strings live in the arena of whoever read the record; absent ones are NULL. */
struct recipient {
    uint32_t number;          /* place in the roster, given by intake */
    const char *recipient_id; /* the customer's, unique in the incident, 1..128 bytes */
    const char *account_id;
    const char *name;
    /* The addresses in use: the first of each kind, until recipient_use() picks another. */
    const char *email; /* passed address_check_email */
    const char *phone; /* E.164, "+14155550123" */
    struct postal_address address;
    bool has_address; /* line1, city and country are there */
    /* All of a kind, when there is more to say than one good address; else NULL and 0. */
    const struct contact *contacts[CONTACT_KINDS_N];
    unsigned n_contacts[CONTACT_KINDS_N];
    const struct representative *representative; /* NULL: none */
    const char *type;                            /* "person", "organisation"; NULL: person */
    const char *policy_version;                  /* the promise this person was given */
    const char *format;                          /* as in read_format_name; NULL: standard */
    const char *about;         /* of an addressee: the person he stands for; else NULL */
    bool marketing_opt_out;    /* read, never kept: it stops no legal notice */
    const char *jurisdiction;  /* "US-CA", "GB", "EU-DE" */
    bool jurisdiction_derived; /* not uploaded: from the address, as it is read */
    const char *locale;        /* BCP 47, "en", "fr-CA" */
    struct consent consent;
    bool legal_email_opt_out;
    uint64_t data_types;            /* bits; 0 = the incident's */
    unsigned flags;                 /* RECIPIENT_* */
    const char *const *field_names; /* merge fields, n_fields each */
    const char *const *field_values;
    unsigned n_fields;
};

/* Strict checks of single addresses: pure, bounded. */
/* RFC 5321 local grammar without quoted local parts, controls or non-ASCII; <= 254 bytes; the
 * domain is a host name of 2 labels or more (A-labels; U-labels are refused with a sentence that
 * says so). */
bool address_check_email(const char *email);
/* "+" and 8..15 digits, the first not 0 (ITU-T E.164). */
bool address_check_phone(const char *phone);
/* ISO 3166-1 alpha-2 shape ("US"), "XX-YYY" or "EU-XX" for jurisdictions. */
bool country_check(const char *country);
bool jurisdiction_check(const char *jurisdiction);
/* BCP 47: language[-Script][-REGION]. */
bool locale_check(const char *locale);

/* Reads one uploaded recipient from parsed JSON into the arena. RESULT_INVALID names the field
 * ("email", "address.country", "fields.x") and a reason; unknown members are refused. */
enum result recipient_read(struct json_object *json, struct arena *arena,
                           struct recipient *ret_recipient, struct error *error);
/* The same from the bytes of one JSON text, with json_read()'s refusals: the quick way. On refusal
 * the arena holds some bytes more. */
enum result recipient_read_text(const char *text, size_t length, struct arena *arena,
                                struct recipient *ret_recipient, struct error *error);
/* The stored form: canonical JSON with the upload's names, without the number. */
bool recipient_write(struct buf *to, const struct recipient *recipient);
/* Reads the stored form back (trusted bytes: aborts never, RESULT_INVALID when damaged). */
enum result recipient_load(const char *bytes, size_t length, struct arena *arena,
                           struct recipient *ret_recipient);
/* Value of a merge field or NULL. */
const char *recipient_field(const struct recipient *recipient, const char *name);
enum read_format recipient_format(const struct recipient *recipient);
bool recipient_is_organisation(const struct recipient *recipient);

/* How many addresses of a kind there are, compromised ones too. */
unsigned recipient_contacts(const struct recipient *recipient, enum contact_kind kind);
/* The i-th, i < recipient_contacts(). */
struct contact recipient_contact(const struct recipient *recipient, enum contact_kind kind,
                                 unsigned i);
/* Makes it the one in use. */
void recipient_use(struct recipient *recipient, enum contact_kind kind, unsigned i);
/* Is it one of the person's addresses, or the representative's? Case does not matter. */
bool recipient_has(const struct recipient *recipient, enum contact_kind kind, const char *value);
/* Is an address that somebody names one of the person's compromised ones? Case does not matter. */
bool recipient_compromised(const struct recipient *recipient, enum contact_kind kind,
                           const char *value);
/* Whom the notice goes to: the person, or the representative with the addresses that he has (and
 * the person's street, where he has none and lives with him or settles the estate). The copy points
 * into `recipient`; `name` is who stands on the envelope, the account is nobody's but the person's.
 */
void recipient_addressee(const struct recipient *recipient, struct recipient *ret_addressee);
