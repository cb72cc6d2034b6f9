/* audit_anchor.c - timestamps in an archive: the stamped checkpoint is one of this log, the log of
 * the archive is that one grown on, and the token (RFC 3161) is over its bytes, by an authority
 * that the user trusts. Failure modes: each says which line. */
/* System. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/time.h"

/* This module. */
#include "service/ctl/audit.h"
#include "service/ctl/log_files.h"

enum { PEM_MAX = 256 << 10 };

bool audit_trust(struct audit *audit, const char *path)
{
    struct buf pem;
    struct error error;
    bool good;
    buf_init(&pem, PEM_MAX);
    good = file_read(path, &pem);
    if (!good)
        audit_wrong(audit, "%s cannot be read: %s", path, strerror(errno));
    else if (timestamp_trust_create((struct slice){pem.data, pem.length}, &audit->trust, &error) !=
             RESULT_OK)
        good = audit_wrong(audit, "%s: %s", path, error.text);
    buf_free(&pem);
    return good;
}

static bool wrong(struct audit *audit, const char *what)
{
    return audit_wrong(audit, "log/anchors.ndjson, line %zu: %s", audit->n_anchors + 1, what);
}

static bool take_growth(struct json_object *list, struct merkle_proof *to)
{
    to->n = 0;
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > MERKLE_PROOF_MAX)
        return false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(list, i));
        if (text == NULL || strlen(text) != 44 ||
            base64_decode(to->hashes[to->n++].bytes, DIGEST_SIZE, text, 44) != DIGEST_SIZE)
            return false;
    }
    return true;
}

static bool check_token(struct audit *audit, struct json_object *json, const char *note,
                        struct audit_anchor *to)
{
    const char *token = json_get_string(json, "token");
    const size_t length = token == NULL ? 0 : strlen(token);
    uint8_t imprint[DIGEST_SIZE], *bytes;
    struct error error;
    long n;
    if (length == 0 || length > (size_t)TIMESTAMP_REPLY_MAX * 2)
        return wrong(audit, "there is no token");
    bytes = mem_alloc(length, 1);
    n = base64_decode(bytes, length, token, length);
    sha256(imprint, note, strlen(note));
    const struct timestamp_claim claim = {imprint, NULL, TIME_NONE};
    bool good = n > 0;
    if (!good)
        wrong(audit, "the token is not base64");
    else if (audit->trust != NULL &&
             timestamp_check(audit->trust, (struct slice){(const char *)bytes, (size_t)n}, &claim,
                             &to->at, &error) != RESULT_OK)
        good = wrong(audit, error.text);
    mem_free(bytes);
    return good;
}

static bool take_anchor(struct audit *audit, struct json_object *json)
{
    const char *text = json_get_string(json, "note");
    struct audit_anchor anchor = {.at = TIME_NONE};
    struct checkpoint checkpoint;
    struct note note;
    if (text == NULL || !note_split(slice_of(text), &note) ||
        !checkpoint_parse(note.text, &checkpoint) ||
        (uint64_t)json_get_int(json, "size", -1) != checkpoint.size)
        return wrong(audit, "not a stamped checkpoint");
    anchor.size = checkpoint.size;
    anchor.root = checkpoint.root;
    if (!take_growth(json_get(json, "growth"), &anchor.growth))
        return wrong(audit, "not a proof of growth");
    if (!check_token(audit, json, text, &anchor))
        return false;
    (void)buf_puts(&audit->anchor_notes, text);
    (void)buf_putc(&audit->anchor_notes, '\0');
    audit->anchors = mem_resize(audit->anchors, audit->n_anchors + 1, sizeof(*audit->anchors));
    audit->anchors[audit->n_anchors++] = anchor;
    return true;
}

bool audit_anchor(struct audit *audit, const char *line, size_t length)
{
    struct json_object *json = NULL;
    bool good;
    if (audit->n_anchors == AUDIT_ANCHORS_MAX)
        return wrong(audit, "there are too many");
    if (json_read(line, length, &json, NULL) != RESULT_OK)
        return wrong(audit, "not JSON");
    good = take_anchor(audit, json);
    json_object_put(json);
    return good;
}

/* The keys may stand behind the anchors in the archive: signatures and growth come last. */
bool audit_anchors(struct audit *audit, const struct checkpoint *now)
{
    const char *text = audit->anchor_notes.data;
    if ((uint64_t)json_get_int(json_get(audit->manifest, "log"), "timestamps", 0) !=
        audit->n_anchors)
        return audit_wrong(audit, "the manifest counts other timestamps than there are");
    for (size_t i = 0; i < audit->n_anchors; i++, text += strlen(text) + 1) {
        const struct audit_anchor *anchor = &audit->anchors[i];
        const struct merkle_growth growth = {anchor->size, now->size, anchor->root, now->root};
        char name[64];
        (void)snprintf(name, sizeof(name), "log/anchors.ndjson, line %zu", i + 1);
        if (!audit_note(audit, name, slice_of(text)))
            return false;
        if (!merkle_check_consistency(&growth, &anchor->growth))
            return audit_wrong(audit,
                               "%s: the log of this archive is not the one that was stamped, grown "
                               "on: it was rewritten",
                               name);
    }
    return true;
}
