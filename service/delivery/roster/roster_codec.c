/* roster_codec.c - see the header. A person of 290 bytes of JSON becomes about 130 bytes.
 *
 * Failure modes: damaged or foreign bytes do not open (RESULT_INVALID); an erased seed does not
 * open (RESULT_DENIED). */
/* System. */
#include <string.h>

/* Libraries. */
#include <zlib.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/run/pack.h"
#include "service/delivery/roster/roster_codec.h"

#define BOUND_SEEDS  "roster-seeds/1"
#define BOUND_PERSON "roster-person/1"

/* Past SHORT_MAX (people with long merge fields) zlib's own codes are worth their time. */
enum { PERSON_PLAIN_MAX = 80 * 1024, SHORT_MAX = 2048 };

/* Words that stored people share: deflate finds them at once. Frozen: stored bytes depend on it. */
static const char dictionary[] =
    "\"flags\":[\"minor\"],\"deceased\",\"legal_email_opt_out\":true,\"fields\":{\"data_types\":["
    "\"ssn\","
    "\"date_of_birth\",\"payment_card\",\"health\"],\"scope\":\"basis\":\"given_at\":\"2025-00:00:"
    "00Z\","
    "\"region\":\"CA\",\"line2\":\"Apt "
    "\"jurisdiction\":\"EU-DE\"\"GB\"\"US-NY\"\"US-TX\"\"US-FL\"\"US-CA\","
    "\"locale\":\"de\"\"fr\"\"es\"\"en-US\",\"en\",\"name\":\"@outlook.com\"@yahoo.com\"@gmail."
    "com\",\"phone\":\"+44"
    "\"phone\":\"+1\",\"postal_code\":\"\",\"recipient_id\":\"},\"consent\":{\"electronic\":true},"
    "\"email\":\""
    "{\"account_id\":\"\",\"address\":{\"city\":\"\",\"country\":\"US\",\"line1\":\" Street\"";

struct roster_codec {
    z_stream deflate, inflate;
    struct packer packer;
    struct buf plain, packed;
};

struct roster_codec *roster_codec_create(void)
{
    struct roster_codec *codec = mem_new(struct roster_codec);
    /* A small window and hash: a person is short, and the state is reset for each. */
    require(deflateInit2(&codec->deflate, 5, Z_DEFLATED, -11, 4, Z_DEFAULT_STRATEGY) == Z_OK);
    require(inflateInit2(&codec->inflate, -11) == Z_OK);
    packer_init(&codec->packer, dictionary, sizeof(dictionary) - 1);
    buf_init(&codec->plain, PERSON_PLAIN_MAX);
    buf_init(&codec->packed, PERSON_PLAIN_MAX + 1024);
    return codec;
}

void roster_codec_destroy(struct roster_codec **codec)
{
    if (*codec == NULL)
        return;
    deflateEnd(&(*codec)->deflate);
    inflateEnd(&(*codec)->inflate);
    packer_free(&(*codec)->packer);
    buf_wipe(&(*codec)->plain);
    buf_wipe(&(*codec)->packed);
    mem_free(*codec);
    *codec = NULL;
}

static void pack_long(struct roster_codec *codec)
{
    z_stream *z = &codec->deflate;
    deflateReset(z);
    deflateSetDictionary(z, (const Bytef *)dictionary, sizeof(dictionary) - 1);
    uLong bound = deflateBound(z, codec->plain.length);
    char *to = buf_reserve(&codec->packed, bound);
    require(to != NULL);
    z->next_in = (Bytef *)codec->plain.data;
    z->avail_in = (uInt)codec->plain.length;
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)bound;
    require(deflate(z, Z_FINISH) == Z_STREAM_END);
    codec->packed.length = bound - z->avail_out;
}

static void pack(struct roster_codec *codec)
{
    buf_clear(&codec->packed);
    if (codec->plain.length > SHORT_MAX)
        pack_long(codec);
    else
        require(packer_add(&codec->packer, codec->plain.data, codec->plain.length, &codec->packed));
}

/* Into so much room: a reserved buffer is zeroed, and few people need all of it. */
static bool unpack_into(struct roster_codec *codec, size_t room)
{
    z_stream *z = &codec->inflate;
    buf_clear(&codec->plain);
    char *to = buf_reserve(&codec->plain, room);
    inflateReset(z);
    inflateSetDictionary(z, (const Bytef *)dictionary, sizeof(dictionary) - 1);
    z->next_in = (Bytef *)codec->packed.data;
    z->avail_in = (uInt)codec->packed.length;
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)room;
    if (inflate(z, Z_FINISH) != Z_STREAM_END)
        return false;
    codec->plain.length = room - z->avail_out;
    codec->plain.data[codec->plain.length] = 0;
    return true;
}

static bool unpack(struct roster_codec *codec)
{
    return unpack_into(codec, SHORT_MAX) || unpack_into(codec, PERSON_PLAIN_MAX);
}

void roster_builder_init(struct roster_builder *builder, struct roster_codec *codec,
                         const struct seal_key *incident_key)
{
    builder->codec = codec;
    builder->incident_key = incident_key;
    builder->n = 0;
    buf_init(&builder->body, SIZE_MAX);
    buf_init(&builder->sealed_seeds, SIZE_MAX);
    seal_random(builder->seeds, sizeof(builder->seeds));
}

unsigned roster_builder_add(struct roster_builder *builder, const struct recipient *recipient)
{
    struct roster_codec *codec = builder->codec;
    struct seal_key seed, key;
    require(builder->n < ROSTER_BLOCK);
    buf_clear(&codec->plain);
    require(recipient_write(&codec->plain, recipient));
    pack(codec);
    memcpy(seed.bytes, builder->seeds[builder->n], SEAL_KEY_SIZE);
    seal_derive(&key, &seed, "person", NULL, 0);
    buf_add_u16(&builder->body, (uint16_t)(codec->packed.length + SEAL_OVERHEAD));
    seal_add(&builder->body, &key, BOUND_PERSON, codec->packed.data, codec->packed.length);
    seal_key_wipe(&key);
    seal_key_wipe(&seed);
    return builder->n++;
}

void roster_builder_finish(struct roster_builder *builder)
{
    seal_add(&builder->sealed_seeds, builder->incident_key, BOUND_SEEDS, builder->seeds,
             (size_t)builder->n * SEAL_KEY_SIZE);
}

void roster_builder_reset(struct roster_builder *builder)
{
    builder->n = 0;
    buf_clear(&builder->body);
    buf_clear(&builder->sealed_seeds);
    seal_random(builder->seeds, sizeof(builder->seeds));
}

void roster_builder_free(struct roster_builder *builder)
{
    seal_random(builder->seeds, sizeof(builder->seeds));
    buf_free(&builder->body);
    buf_free(&builder->sealed_seeds);
}

bool roster_open_seeds(const struct roster_block *block, const struct seal_key *incident_key,
                       struct seal_key seeds[ROSTER_BLOCK])
{
    struct buf plain;
    buf_init(&plain, ROSTER_BLOCK * SEAL_KEY_SIZE);
    bool ok =
        seal_open(&plain, incident_key, BOUND_SEEDS, block->seeds.data, block->seeds.length) &&
        plain.length == (size_t)block->n * SEAL_KEY_SIZE;
    if (ok)
        memcpy(seeds, plain.data, plain.length);
    buf_wipe(&plain);
    return ok;
}

/* The sealed bytes of one slot; false: the block is cut. Whoever opens a block walks it for every
 * slot, so the steps over those before are bare. */
static bool find_slot(const struct roster_block *block, unsigned slot, struct blob *ret_sealed)
{
    const uint8_t *at = block->body.data;
    size_t left = block->body.length;
    for (unsigned i = 0; left >= 2; i++) {
        size_t length = (size_t)at[0] << 8 | at[1];
        if (left - 2 < length)
            return false;
        if (i == slot) {
            *ret_sealed = (struct blob){at + 2, length};
            return true;
        }
        at += 2 + length;
        left -= 2 + length;
    }
    return false;
}

enum result roster_open_person(struct roster_codec *codec, const struct roster_block *block,
                               const struct seal_key seeds[ROSTER_BLOCK], unsigned slot,
                               struct arena *arena, struct recipient *ret_recipient)
{
    static const struct seal_key erased = {{0}};
    struct seal_key key;
    struct blob sealed;
    if (roster_is_void(block, slot))
        return RESULT_NOT_FOUND;
    if (memcmp(&seeds[slot], &erased, sizeof(erased)) == 0)
        return RESULT_DENIED;
    if (!find_slot(block, slot, &sealed))
        return RESULT_INVALID;
    seal_derive(&key, &seeds[slot], "person", NULL, 0);
    buf_clear(&codec->packed);
    bool ok =
        seal_open(&codec->packed, &key, BOUND_PERSON, sealed.data, sealed.length) && unpack(codec);
    seal_key_wipe(&key);
    if (!ok)
        return RESULT_INVALID;
    enum result result =
        recipient_load(codec->plain.data, codec->plain.length, arena, ret_recipient);
    ret_recipient->number = (uint32_t)(block->block * ROSTER_BLOCK + slot);
    return result;
}
