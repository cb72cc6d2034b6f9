/* receipt_open.c - details opened again. Happy path: the seal opens, the salt is derived anew, and
 * the hash of both is the leaf's commitment. Failure modes: another or an erased seed, moved, cut
 * or changed bytes, a leaf that commits to something else: false, and nothing is appended. */
/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/receipts/receipt_private.h"

/* Does the leaf hold exactly this commitment? */
static bool committed(const struct receipt_view *view, const char *member,
                      const uint8_t commitment[DIGEST_SIZE])
{
    struct json_object *leaf = NULL;
    char text[DIGEST_TEXT_SIZE];
    if (json_read(view->leaf, view->leaf_length, &leaf, NULL) != RESULT_OK)
        return false;
    hex_encode(text, commitment, DIGEST_SIZE);
    const char *said = json_get_string(leaf, member);
    bool equal = said != NULL && str_equal(said, text);
    json_object_put(leaf);
    return equal;
}

/* The JSON with the salt as its last member: "salt" sorts behind all others. */
static void append_salted(struct buf *to, const struct buf *json, const struct seal_key *salt)
{
    char text[2 * SEAL_KEY_SIZE + 1];
    hex_encode(text, salt->bytes, SEAL_KEY_SIZE);
    buf_add(to, json->data, json->length - 1);
    buf_puts(to, json->length > 2 ? ",\"salt\":\"" : "\"salt\":\"");
    buf_puts(to, text);
    buf_puts(to, "\"}");
}

uint32_t receipt_details_number(const struct receipt_view *view, id batch,
                                const struct seal_key *incident_key)
{
    struct bytes_reader reader;
    reader_init(&reader, view->details, view->details_length);
    if (read_u8(&reader) != DETAILS_PERSON || incident_key == NULL)
        return UINT32_MAX;
    uint32_t masked = read_u32(&reader);
    return reader.failed ? UINT32_MAX : masked ^ details_mask(incident_key, batch, view->slot);
}

static bool open_sealed(struct buf *to, const struct receipt_view *view, id batch,
                        const struct seal_key *key, const char *member)
{
    const size_t head = view->details[0] == DETAILS_PERSON ? 5 : 1;
    struct details_keys keys;
    struct buf json;
    uint8_t commitment[DIGEST_SIZE];
    buf_init(&json, SIZE_MAX);
    details_keys(&keys, key, batch, view->slot);
    bool opened =
        view->details_length > head &&
        seal_open(&json, &keys.seal, keys.at, view->details + head, view->details_length - head) &&
        json.length >= 2;
    if (opened) {
        details_commit(commitment, &keys.salt, json.data, json.length);
        opened = committed(view, member, commitment);
    }
    if (opened)
        append_salted(to, &json, &keys.salt);
    buf_wipe(&json);
    explicit_bzero(&keys, sizeof(keys));
    return opened && !to->failed;
}

bool receipt_details_open(struct buf *to, const struct receipt_view *view, id batch,
                          const struct seal_key *incident_key, const struct seal_key *seed)
{
    if (view->details_length < 1)
        return false;
    if (view->details[0] == DETAILS_PLAIN)
        return buf_add(to, view->details + 1, view->details_length - 1);
    if (view->details[0] == DETAILS_PERSON && seed != NULL)
        return open_sealed(to, view, batch, seed, "person");
    if (view->details[0] == DETAILS_INCIDENT && incident_key != NULL)
        return open_sealed(to, view, batch, incident_key, "details");
    return false;
}
