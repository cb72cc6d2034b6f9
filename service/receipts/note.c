/* note.c - signed notes (c2sp.org/signed-note v1.0.0) with Ed25519 and timestamped cosignatures
 * (c2sp.org/tlog-cosignature). Happy path: text, blank line, one line per signature. Failure modes:
 * a key whose id is not its own, a note whose lines are not all well-formed, a signature of a known
 * key that does not hold; unknown keys are passed over. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/result.h"

/* Interfaces. */
#include "tocsin/tlog.h"

static const char dash[] = "\xe2\x80\x94 "; /* em dash, U+2014, and a blank */
static const char private_prefix[] = "PRIVATE+KEY+";
enum {
    KEY_BYTES = 1 + SIGN_PUBLIC_SIZE,
    COSIGNATURE_BYTES = 8 + SIGNATURE_SIZE,
    SIGNATURE_BYTES_MAX = 8192, /* ML-DSA-44 has 2,420 */
    KEY_TEXT_MAX = 64
};

/* ---- Keys. ---- */
/* Blanks as Unicode has them: Go's unicode.IsSpace. */
static bool is_space(int32_t c)
{
    return c <= 0x20 || c == 0x7f || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static bool name_valid(struct slice name)
{
    const char *at = name.data, *end = name.data + name.length;
    if (name.length == 0 || name.length > NOTE_NAME_MAX || !utf8_valid(name.data, name.length))
        return false;
    while (at < end) {
        int32_t c = utf8_next(&at, end);
        if (c == '+' || is_space(c))
            return false;
    }
    return true;
}

bool note_name_valid(const char *name)
{
    return name_valid(slice_of(name));
}

/* SHA-256(name || LF || algorithm || public key), its first four bytes. */
static uint32_t key_id(const struct note_verifier *verifier)
{
    uint8_t digest[DIGEST_SIZE], head[2] = {'\n', (uint8_t)verifier->algorithm};
    struct sha256_stream *stream = sha256_begin();
    sha256_add(stream, verifier->name, strlen(verifier->name));
    sha256_add(stream, head, sizeof(head));
    sha256_add(stream, verifier->public_key, SIGN_PUBLIC_SIZE);
    sha256_end(&stream, digest);
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
           digest[3];
}

/* "<name>+<8 hex>+<base64 of algorithm and 32 bytes>". */
struct key_text {
    uint32_t id;
    uint8_t bytes[KEY_BYTES];
};
static bool key_split(const char *text, struct note_verifier *to, struct key_text *key)
{
    const char *first = strchr(text, '+'), *second = first ? strchr(first + 1, '+') : NULL;
    uint8_t id[4];
    if (second == NULL || second - first != 9 || (size_t)(first - text) > NOTE_NAME_MAX ||
        !name_valid((struct slice){text, (size_t)(first - text)}) ||
        strspn(first + 1, "0123456789abcdef") != 8 || hex_decode(id, 4, first + 1, 8) != 4 ||
        base64_decode(key->bytes, KEY_BYTES, second + 1, strlen(second + 1)) != KEY_BYTES)
        return false;
    memset(to, 0, sizeof(*to));
    memcpy(to->name, text, (size_t)(first - text));
    key->id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
    to->algorithm = (enum note_algorithm)key->bytes[0];
    return key->bytes[0] == NOTE_ED25519 || key->bytes[0] == NOTE_COSIGNATURE;
}

static void key_join(struct buf *to, const struct note_verifier *verifier, const uint8_t *bytes)
{
    uint8_t whole[KEY_BYTES];
    char text[KEY_TEXT_MAX];
    whole[0] = (uint8_t)verifier->algorithm;
    memcpy(whole + 1, bytes, KEY_BYTES - 1);
    base64_encode(text, whole, sizeof(whole));
    buf_printf(to, "%s+%08" PRIx32 "+%s", verifier->name, verifier->id, text);
    explicit_bzero(whole, sizeof(whole));
    explicit_bzero(text, sizeof(text));
}

bool note_verifier_parse(struct note_verifier *to, const char *vkey)
{
    struct key_text key;
    if (!key_split(vkey, to, &key))
        return false;
    memcpy(to->public_key, key.bytes + 1, SIGN_PUBLIC_SIZE);
    to->id = key_id(to);
    return to->id == key.id;
}

void note_verifier_format(struct buf *to, const struct note_verifier *verifier)
{
    key_join(to, verifier, verifier->public_key);
}

void note_signer_init(struct note_signer *to, const char *name, enum note_algorithm algorithm,
                      const struct sign_key *key)
{
    memset(to, 0, sizeof(*to));
    require(note_name_valid(name) && str_copy(to->verifier.name, sizeof(to->verifier.name), name));
    to->key = *key;
    to->verifier.algorithm = algorithm;
    memcpy(to->verifier.public_key, key->public_key, SIGN_PUBLIC_SIZE);
    to->verifier.id = key_id(&to->verifier);
}

bool note_signer_parse(struct note_signer *to, const char *skey)
{
    struct key_text text;
    struct note_verifier verifier;
    struct sign_key key;
    if (!str_starts(skey, private_prefix) ||
        !key_split(skey + strlen(private_prefix), &verifier, &text))
        return false;
    sign_key_of_seed(&key, text.bytes + 1);
    note_signer_init(to, verifier.name, verifier.algorithm, &key);
    sign_key_wipe(&key);
    explicit_bzero(&text.bytes, sizeof(text.bytes));
    return to->verifier.id == text.id;
}

void note_signer_format(struct buf *to, const struct note_signer *signer)
{
    buf_puts(to, private_prefix);
    key_join(to, &signer->verifier, signer->key.seed);
}

/* ---- Signing. ---- */
/* What a cosignature signs: its time, then the note's text. */
static void cosigned(struct buf *to, struct slice text, uint64_t at)
{
    buf_init(to, SIZE_MAX);
    buf_printf(to, "cosignature/v1\ntime %" PRIu64 "\n", at);
    buf_add(to, text.data, text.length);
}

void note_sign(struct buf *to, struct slice text, const struct note_signer *signer, uint64_t at)
{
    bool timed = signer->verifier.algorithm == NOTE_COSIGNATURE;
    uint8_t signature[SIGNATURE_SIZE];
    char encoded[128];
    struct buf bytes;
    buf_init(&bytes, SIZE_MAX);
    buf_add_u32(&bytes, signer->verifier.id);
    if (timed) {
        struct buf message;
        cosigned(&message, text, at);
        sign_bytes(signature, &signer->key, message.data, message.length);
        buf_free(&message);
        buf_add_u64(&bytes, at);
    } else {
        sign_bytes(signature, &signer->key, text.data, text.length);
    }
    buf_add(&bytes, signature, sizeof(signature));
    base64_encode(encoded, bytes.data, bytes.length);
    buf_printf(to, "%s%s %s\n", dash, signer->verifier.name, encoded);
    buf_free(&bytes);
}

/* ---- Opening. ---- */
struct line {
    struct slice name;
    uint8_t bytes[SIGNATURE_BYTES_MAX];
    size_t length; /* with the four of the id */
};

/* Takes the next line; false at a malformed one. */
static bool next_line(struct slice *lines, struct line *line)
{
    size_t prefix = sizeof(dash) - 1;
    const char *end = memchr(lines->data, '\n', lines->length), *blank;
    if (end == NULL || (size_t)(end - lines->data) <= prefix ||
        memcmp(lines->data, dash, prefix) != 0)
        return false;
    line->name.data = lines->data + prefix;
    blank = memchr(line->name.data, ' ', (size_t)(end - line->name.data));
    if (blank == NULL)
        return false;
    line->name.length = (size_t)(blank - line->name.data);
    long n = base64_decode(line->bytes, sizeof(line->bytes), blank + 1, (size_t)(end - blank - 1));
    if (n < 5 || !name_valid(line->name))
        return false;
    line->length = (size_t)n;
    lines->length -= (size_t)(end + 1 - lines->data);
    lines->data = end + 1;
    return true;
}

static bool text_valid(struct slice text)
{
    if (!utf8_valid(text.data, text.length))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] < 0x20 && text.data[i] != '\n')
            return false;
    return true;
}

bool note_split(struct slice bytes, struct note *note)
{
    size_t at = bytes.length;
    struct line line;
    if (bytes.length < 4 || bytes.length > NOTE_BYTES_MAX || !text_valid(bytes))
        return false;
    while (at >= 2 && !(bytes.data[at - 1] == '\n' && bytes.data[at - 2] == '\n'))
        at--;
    if (at < 2)
        return false;
    note->text = (struct slice){bytes.data, at - 1};
    note->lines = (struct slice){bytes.data + at, bytes.length - at};
    struct slice rest = note->lines;
    unsigned n = 0;
    for (; rest.length > 0; n++)
        if (n == NOTE_LINES_MAX || !next_line(&rest, &line))
            return false;
    return n > 0;
}

static bool holds(const struct note *note, const struct note_verifier *verifier,
                  const struct line *line, uint64_t *at)
{
    if (verifier->algorithm == NOTE_ED25519)
        return line->length == 4 + SIGNATURE_SIZE &&
               sign_check(verifier->public_key, line->bytes + 4, note->text.data,
                          note->text.length);
    if (line->length != 4 + COSIGNATURE_BYTES)
        return false;
    struct bytes_reader reader;
    struct buf message;
    reader_init(&reader, line->bytes + 4, 8);
    *at = read_u64(&reader);
    cosigned(&message, note->text, *at);
    bool good = *at <= INT64_MAX &&
                sign_check(verifier->public_key, line->bytes + 12, message.data, message.length);
    buf_free(&message);
    return good;
}

enum note_verdict note_check(const struct note *note, const struct note_verifier *verifier,
                             uint64_t *ret_at)
{
    enum note_verdict verdict = NOTE_UNSIGNED;
    struct slice rest = note->lines;
    struct line line;
    uint64_t at = 0;
    while (rest.length > 0 && next_line(&rest, &line)) {
        struct bytes_reader reader;
        reader_init(&reader, line.bytes, 4);
        if (read_u32(&reader) != verifier->id || !slice_equal(line.name, verifier->name))
            continue;
        if (!holds(note, verifier, &line, &at))
            return NOTE_FORGED;
        verdict = NOTE_VERIFIED;
    }
    if (verdict == NOTE_VERIFIED && ret_at != NULL)
        *ret_at = at;
    return verdict;
}
