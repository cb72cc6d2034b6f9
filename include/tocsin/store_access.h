/* store_access.h - verbs for what guards the doors: settings, access tokens, idempotency. The
 * promises of all verbs stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_request.h"

/* ---- Settings: small server-wide values (sealed keys). ---- */
struct store_setting {
    struct store_request request;
    const char *name;
    struct blob value; /* put: in; get: out */
};
/* NOT_FOUND: it was never put. */
void store_setting_get(struct store *store, struct store_setting *req);
/* Puts only when absent; out: the value that is there now (so that two starts agree). */
void store_setting_put(struct store *store, struct store_setting *req);

/* Keeps the newest value of what the configuration means; another value than before is stored with
 * its receipt, in one transaction. `changed` out. */
struct store_configured {
    struct store_request request;
    const char *name;
    struct blob value;
    const struct receipt_batch *receipts;
    bool changed; /* out */
};
void store_configured(struct store *store, struct store_configured *req);

/* ---- Access tokens (bearer): only hashes are stored. ---- */
enum token_kind { TOKEN_PROGRAM = 0, TOKEN_PERSON = 1 }; /* stored: frozen */
/* Stored: frozen. An invitation is good for nothing but to be claimed: whoever minted a token has
 * seen it, so one that was claimed is the person's own. */
enum token_claim { TOKEN_MINTED = 0, TOKEN_INVITATION = 1, TOKEN_CLAIMED = 2 };
struct access_token {
    id id;            /* "tok_..." in the API, and the principal */
    id person;        /* whose it is: the id of the holder's first token; put: 0 = its own */
    int kind;         /* enum token_kind */
    int claim;        /* enum token_claim */
    const char *name; /* of the person or program */
    unsigned roles;   /* bits; the API gives them their meaning */
    uint8_t hash[DIGEST_SIZE];
    time_ms created_at, revoked_at; /* TIME_NONE */
    id minted_by;
};
struct store_token {
    struct store_request request;
    struct access_token token;            /* put: in; find by token.id: out */
    const struct receipt_batch *receipts; /* put, revoke */
    time_ms at;                           /* revoke */
};
/* Keeps the hash of a new token, with its receipt. EXISTS: the id is taken; NOT_FOUND: token.person
 * has no token of this kind that is his own. */
void store_token_put(struct store *store, struct store_token *req);
/* Puts token.hash in the place of an invitation's. EXISTS: it was claimed before; NOT_FOUND. */
void store_token_claim(struct store *store, struct store_token *req);
/* By id, revoked ones too (revoked_at says when). NOT_FOUND. */
void store_token_find(struct store *store, struct store_token *req);
/* From `at` on it opens nothing. NOT_FOUND; EXISTS: it was revoked before. */
void store_token_revoke(struct store *store, struct store_token *req);
struct store_token_list {
    struct store_request request;
    struct access_token *tokens; /* out */
    size_t n;
};
/* All of them, revoked ones too, in the order they were minted. */
void store_token_list(struct store *store, struct store_token_list *req);

/* ---- Idempotency: the stored reply of a request, written with the effect it answers for. ---- */
struct idempotency {
    id principal;
    const char *key;                  /* up to 255 bytes */
    uint8_t fingerprint[DIGEST_SIZE]; /* of method, path and body */
    int status;                       /* of the stored reply */
    const char *location;             /* may be NULL */
    struct blob reply;                /* sealed by the caller */
    time_ms at;                       /* kept 24 h or more */
};
struct store_idempotency {
    struct store_request request;
    struct idempotency record; /* in: principal, key; out: the rest. NOT_FOUND: a new key */
};
/* NOT_FOUND: the key is new to this principal. Whether the fingerprint is the same is the caller's
 * to compare. */
void store_idempotency_find(struct store *store, struct store_idempotency *req);
