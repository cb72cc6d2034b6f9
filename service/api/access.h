/* access.h - bearer tokens: tcs_<13 characters of id>_<43 of secret>_<8 of CRC-32>.
 *
 * Only the SHA-256 of the secret is stored (256 bits of entropy need no slow hash: OWASP ASVS 5.0,
 * 6.5.2). Prefix and checksum let secret scanners find a leaked one. An unknown id, a wrong secret
 * and a revoked token give the same error after the same work. Loop thread only. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/store.h"

enum { ACCESS_TEXT_SIZE = 72, ACCESS_SECRET_SIZE = 32 };

enum access_role {                      /* bits; stored: frozen */
                   ROLE_RESPONDER = 1,  /* opens incidents, uploads rosters */
                   ROLE_APPROVER = 2,   /* approves what another wrote */
                   ROLE_COMPLIANCE = 4, /* reads everything, with the personal details */
                   ROLE_OPERATOR = 8,   /* holds, resumes, answers requests */
                   ROLE_APP = 16,       /* the customer's application: banners, requests */
                   ROLE_ADMIN = 32,     /* tokens */
                   ROLES_ALL = 63
};
/* "responder", ...; NULL when the bit is none. */
const char *access_role_name(unsigned bit);
/* The bit of a role's name; 0: none. */
unsigned access_role_find(const char *name);
/* "responder,approver" -> bits; 0 when a name is unknown or none is there. */
unsigned access_roles_parse(const char *text);

struct access_parts {
    id id;
    uint8_t secret[ACCESS_SECRET_SIZE];
};
/* Pure. False unless the text is exactly one well-formed token. */
bool access_parse(const char *text, struct access_parts *ret_parts);
/* Pure. Writes the token's text. */
void access_format(char to[ACCESS_TEXT_SIZE], const struct access_parts *parts);

/* ---- Minting: used by POST /v1/tokens and by the daemon for the first admin token. ---- */

struct access_mint {
    const char *name; /* in: of the person or program; copied */
    unsigned roles;   /* in */
    int kind;         /* in: enum token_kind */
    bool invite;      /* in: an invitation, which the person claims */
    id person;        /* in: the holder's first token; 0: this is the first */
    id minted_by;     /* in: 0 = the machine's owner, at the daemon's command line */
    time_ms at;       /* in */
    void (*cb)(struct access_mint *mint);
    enum result result;          /* out */
    struct error error;          /* out */
    id id;                       /* out */
    char text[ACCESS_TEXT_SIZE]; /* out: shown once; wiped by access_mint_wipe */
    /* private */
    struct store_token put;
    struct receipt_batch receipts;
    char *name_copy;
};
/* Makes a secret, stores its hash and the receipt TOKEN_MINTED in one transaction. `cb` comes once,
 * on the loop, never from inside the call; the struct belongs to the caller until then. */
void access_mint(struct store *store, struct access_mint *mint);
void access_mint_wipe(struct access_mint *mint);

/* ---- Checking. ---- */

struct access;
struct access *access_create(struct store *store, struct loop *loop);
void access_destroy(struct access **access);

struct access_check {
    void (*cb)(struct access_check *check);
    bool granted;            /* out */
    bool invited;            /* out: an invitation: it grants nothing; principal is out */
    enum result result;      /* out: RESULT_OK when an answer could be had */
    struct error error;      /* out */
    id principal, minted_by; /* out, when granted */
    unsigned roles;          /* out, when granted */
    /* private */
    struct access *access;
    struct access_parts parts;
    bool well_formed;
    uint64_t generation;
    struct arena *arena;
    struct store_token find;
};
/* `authorization` is the header's value or NULL. When the token is in the cache the answer is there
 * at once: true is returned and `cb` does not come. Otherwise `cb` comes once. */
bool access_check(struct access *access, const char *authorization, struct access_check *check);
/* Forgets a token at once: it was revoked. */
void access_forget(struct access *access, id token);
