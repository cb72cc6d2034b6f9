/* dossier.h - an incident opened for work: its key, its document, its policy and its compiled
 * notices. Loaded on the loop; notices may be asked for on any thread. */
#pragma once
#include "service/delivery/plan/policy.h"
#include "tocsin/store_notice.h"
#include "tocsin/template.h"

struct dossier {
    struct arena *arena; /* holds the rows */
    struct incident_row row;
    struct wave_row *waves;
    size_t n_waves;
    struct seal_key key;
    struct json_object *document;
    const struct wave_row *wave; /* the one it is opened for */
    int64_t notice;              /* the notice version of `document` */
    struct json_object *spec;    /* of the wave: audience, texts; NULL: it has none */
    struct policy policy;        /* of the wave: as stored at release, else as it would be now */
    const struct channel_driver *drivers[POLICY_CHANNELS_MAX]; /* by the policy's channel index */
    struct dossier_notices *notices;                           /* private */
};

struct dossier_load {
    struct delivery_request request; /* cb, result, error; arena is not used */
    id incident;
    int64_t wave;   /* in: opened for this wave: its notice version, policy and texts ... */
    int ordinal;    /* ... or for the one of this ordinal; both 0: for the first */
    bool newest;    /* in: with the newest document, whatever the wave sends */
    int64_t notice; /* in: with the document of this notice version; 0: as said here */
    bool goes_on;   /* in: as the wave would go on if it were held: policy kept, document newest */
    struct dossier *dossier;       /* out: the caller destroys it */
    struct store_incident_get get; /* private */
    struct delivery *delivery;
    struct store_notice_text text;
};
void dossier_load(struct delivery *delivery, struct dossier_load *req);
void dossier_destroy(struct dossier **dossier);

/* The policy of one of its waves (a wave of one has its own). */
enum result dossier_policy(struct delivery *delivery, const struct wave_row *wave,
                           struct policy *ret);
/* The driver of each channel of a policy; NULL where none is configured now. */
void dossier_drivers(struct delivery *delivery, const struct policy *policy,
                     const struct channel_driver *drivers[POLICY_CHANNELS_MAX]);

/* The compiled notice for a person's locale, kept until the dossier goes. Thread-safe. NULL: it
 * does not compile (see dossier_check). */
const struct notice *dossier_notice(struct dossier *dossier, const char *locale);
/* Compiles the notice in every locale there is; the first error that would stop a release. */
enum result dossier_check(struct dossier *dossier, struct error *error);
/* What the notice of the i-th locale is made from; false past the end. Borrowed from the dossier;
 * its words are shared with whoever compiles: read them under dossier_words_lock(). */
bool dossier_source(struct dossier *dossier, size_t i, struct notice_source *ret_source);
void dossier_words_lock(bool lock);
/* The texts of the incident's kind as bytes to be kept: those that were released, else those that
 * are installed. Appended. */
void dossier_pack(struct dossier *dossier, struct buf *to);
