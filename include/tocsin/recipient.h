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
    DATA_TYPES_N
};
const char *data_type_name(enum data_type type); /* "name", ... */
int data_type_find(const char *name);            /* -1: none */

struct postal_address {
    const char *line1, *line2, *city, *region, *postal_code;
    const char *country; /* ISO 3166-1 alpha-2, upper case */
};

struct consent {
    bool known;      /* the member was there */
    bool electronic; /* consents to electronic notice */
    const char *scope, *basis;
    time_ms given_at; /* TIME_NONE = not said */
};

enum { RECIPIENT_MINOR = 1, RECIPIENT_DECEASED = 2 };

/* All strings live in the arena of whoever read the record; absent ones are NULL. */
struct recipient {
    uint32_t number;          /* place in the roster, given by intake */
    const char *recipient_id; /* the customer's, unique in the incident, 1..128 bytes */
    const char *account_id;
    const char *name;
    const char *email; /* passed address_check_email */
    const char *phone; /* E.164, "+14155550123" */
    struct postal_address address;
    bool has_address;         /* line1, city and country are there */
    const char *jurisdiction; /* "US-CA", "GB", "EU-DE" */
    const char *locale;       /* BCP 47, "en", "fr-CA" */
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
