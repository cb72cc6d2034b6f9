/* tlog_proof.c - one entry's proof in a file (c2sp.org/tlog-proof@v1): index, path, checkpoint.
 * Failure modes: a text that is not exactly of that form; a proof that does not lead to the signed
 * root. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* This module. */
#include "service/receipts/tlog_private.h"

static const char head[] = "c2sp.org/tlog-proof@v1";

void tlog_proof_format(struct buf *to, const struct tlog_proof *proof)
{
    char text[64];
    buf_printf(to, "%s\n", head);
    if (proof->extra.data != NULL) {
        buf_puts(to, "extra ");
        buf_add(to, proof->extra.data, proof->extra.length);
        buf_putc(to, '\n');
    }
    buf_printf(to, "index %" PRIu64 "\n", proof->index);
    for (unsigned i = 0; i < proof->path.n; i++) {
        base64_encode(text, proof->path.hashes[i].bytes, DIGEST_SIZE);
        buf_printf(to, "%s\n", text);
    }
    buf_putc(to, '\n');
    buf_add(to, proof->checkpoint.data, proof->checkpoint.length);
}

static bool begins(struct slice line, const char *word)
{
    size_t length = strlen(word);
    return line.length > length && memcmp(line.data, word, length) == 0;
}

static bool take_index(struct slice line, uint64_t *ret_index)
{
    size_t skip = strlen("index ");
    return begins(line, "index ") &&
           tlog_decimal((struct slice){line.data + skip, line.length - skip}, ret_index);
}

bool tlog_proof_parse(struct slice text, struct tlog_proof *proof)
{
    struct slice line;
    memset(proof, 0, sizeof(*proof));
    if (!tlog_line(&text, &line) || !slice_equal(line, head) || !tlog_line(&text, &line))
        return false;
    if (begins(line, "extra ")) {
        proof->extra = (struct slice){line.data + 6, line.length - 6};
        if (!tlog_line(&text, &line))
            return false;
    }
    if (!take_index(line, &proof->index))
        return false;
    while (tlog_line(&text, &line)) {
        if (line.length == 0) {
            proof->checkpoint = text;
            return text.length > 0;
        }
        if (proof->path.n == MERKLE_PROOF_MAX ||
            !tlog_hash(line, &proof->path.hashes[proof->path.n++]))
            return false;
    }
    return false;
}

bool tlog_proof_check(const struct tlog_proof *proof, struct slice entry,
                      const struct note_verifier *verifier, struct error *error)
{
    struct checkpoint checkpoint;
    struct merkle_hash leaf;
    if (!checkpoint_open(proof->checkpoint, verifier, &checkpoint, error))
        return false;
    merkle_leaf(&leaf, entry.data, entry.length);
    if (merkle_check_inclusion(&leaf, proof->index, checkpoint.size, &proof->path,
                               &checkpoint.root))
        return true;
    error_set(error, RESULT_INVALID, "proof",
              "the path does not lead from this receipt to the signed root: the receipt, the index "
              "or the proof was changed, or they do not belong together");
    return false;
}
