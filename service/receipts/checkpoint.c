/* checkpoint.c - a tree's size and root as a note's text (c2sp.org/tlog-checkpoint v1.0.0). Failure
 * modes: anything but origin, decimal size and the base64 of 32 bytes, each on a line of its own.
 */
/* System. */
#include <inttypes.h>
#include <string.h>

/* This module. */
#include "service/receipts/tlog_private.h"

void checkpoint_format(struct buf *to, const char *origin, uint64_t size,
                       const struct merkle_hash *root)
{
    char text[64];
    base64_encode(text, root->bytes, DIGEST_SIZE);
    buf_printf(to, "%s\n%" PRIu64 "\n%s\n", origin, size, text);
}

bool tlog_line(struct slice *rest, struct slice *line)
{
    const char *end = rest->length > 0 ? memchr(rest->data, '\n', rest->length) : NULL;
    if (end == NULL)
        return false;
    *line = (struct slice){rest->data, (size_t)(end - rest->data)};
    rest->length -= line->length + 1;
    rest->data = end + 1;
    return true;
}

bool tlog_decimal(struct slice text, uint64_t *ret_value)
{
    char digits[24] = {0};
    if (text.length == 0 || text.length >= sizeof(digits) ||
        (text.data[0] == '0' && text.length > 1))
        return false;
    memcpy(digits, text.data, text.length);
    return strspn(digits, "0123456789") == text.length && parse_u64(digits, ret_value);
}

bool tlog_hash(struct slice text, struct merkle_hash *to)
{
    return text.length == 44 &&
           base64_decode(to->bytes, DIGEST_SIZE, text.data, text.length) == DIGEST_SIZE;
}

bool checkpoint_parse(struct slice text, struct checkpoint *checkpoint)
{
    struct slice size, root, extension;
    if (!tlog_line(&text, &checkpoint->origin) || checkpoint->origin.length == 0 ||
        !tlog_line(&text, &size) || !tlog_decimal(size, &checkpoint->size) ||
        checkpoint->size > MERKLE_SIZE_MAX || !tlog_line(&text, &root) ||
        !tlog_hash(root, &checkpoint->root))
        return false;
    while (text.length > 0)
        if (!tlog_line(&text, &extension) || extension.length == 0)
            return false;
    return true;
}

bool checkpoint_open(struct slice bytes, const struct note_verifier *verifier,
                     struct checkpoint *checkpoint, struct error *error)
{
    struct note note;
    if (!note_split(bytes, &note)) {
        error_set(error, RESULT_INVALID, "checkpoint",
                  "this is no signed note: was it cut or changed on its way? Fetch it again");
        return false;
    }
    enum note_verdict verdict = note_check(&note, verifier, NULL);
    if (verdict != NOTE_VERIFIED) {
        error_set(error, RESULT_DENIED, "checkpoint",
                  verdict == NOTE_FORGED ? "the signature does not hold: the checkpoint or the key "
                                           "was changed; ask for both by another way"
                                         : "no signature of the key %s+%08x is there: is it the "
                                           "key of this log?",
                  verifier->name, (unsigned)verifier->id);
        return false;
    }
    if (!checkpoint_parse(note.text, checkpoint)) {
        error_set(error, RESULT_INVALID, "checkpoint",
                  "the signed text is no checkpoint: is it the right file?");
        return false;
    }
    if (slice_equal(checkpoint->origin, verifier->name))
        return true;
    error_set(error, RESULT_INVALID, "checkpoint",
              "the checkpoint is of another log than the key: give the key of this log");
    return false;
}
