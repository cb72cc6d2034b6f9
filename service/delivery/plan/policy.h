/* policy.h - what decides a wave, frozen at release: ladder, channels, evidence rules, digests.
 * Pure. Stored with the wave as JSON without personal data, so that a restart under another
 * configuration goes on as it was approved. */
#pragma once
#include "base/hash.h"
#include "base/json.h"
#include "service/delivery/brake/brakes.h"
#include "service/delivery/delivery.h"

enum { POLICY_CHANNELS_MAX = 16 };

struct policy_channel {
    char channel[24], provider[24];
    enum evidence sufficient, settles;
    int64_t wait_ms;
    int live; /* index into delivery_config.channels; -1: not configured now */
};
struct policy {
    struct policy_channel channels[POLICY_CHANNELS_MAX];
    unsigned n_channels;
    uint8_t ladder[POLICY_CHANNELS_MAX], beside[POLICY_CHANNELS_MAX]; /* channel indexes */
    unsigned n_ladder, n_beside;
    bool consent_required;
    bool furnished_mailbox; /* the breached account is the mailbox itself: never mail to it */
    int64_t spacing_ms; /* between notices of different incidents to one person over one channel; 0:
                           none, or this one is urgent */
    bool test;
    struct brakes brakes;
    char kind[24];
    uint64_t data_types;
    char approval[DIGEST_TEXT_SIZE]; /* hex of the hash that was approved */
    char notices[DIGEST_TEXT_SIZE];  /* of the texts, as they were at the release; "": not kept */
};

/* From the configuration and the incident's document (channels[], furnished_mailbox, data_types,
 * kind). INVALID: the document names a channel that is not configured. */
enum result policy_make(struct policy *ret_policy, const struct delivery_config *config,
                        struct json_object *document, struct error *error);
/* Chunks know their channel by name: holds act on it. */
void policy_name_channels(const struct policy *policy, struct chunk_row *chunks, size_t n);
bool policy_write(struct buf *to, const struct policy *policy);
/* INVALID: damaged. Live channels are looked up in the configuration. */
enum result policy_read(struct policy *ret_policy, struct blob json,
                        const struct delivery_config *config);
