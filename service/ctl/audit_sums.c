/* audit_sums.c - what holds the archive together: the manifest and the files, the signature, the
 * sums, the notices' digests. */
/* System. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* This module. */
#include "service/ctl/audit.h"

/* ---- The manifest and the files. ---- */

static const struct audit_file *find_file(const struct audit *audit, const char *name)
{
    for (size_t i = 0; i < audit->n_files; i++)
        if (str_equal(audit->files[i].name, name))
            return &audit->files[i];
    return NULL;
}

static bool is_outer(const char *name)
{
    return str_equal(name, "manifest.json") || str_equal(name, "manifest.note") ||
           str_equal(name, "manifest.sha256");
}

static bool check_file(struct audit *audit, struct json_object *entry)
{
    const char *name = json_get_string(entry, "name"), *said = json_get_string(entry, "sha256");
    const struct audit_file *file = name == NULL ? NULL : find_file(audit, name);
    char hex[DIGEST_TEXT_SIZE];
    if (name == NULL || said == NULL)
        return audit_wrong(audit, "manifest.json: a file has no name or no hash");
    if (file == NULL)
        return audit_wrong(audit, "%s is in the manifest, but not in the archive", name);
    hex_encode(hex, file->digest, DIGEST_SIZE);
    if ((uint64_t)json_get_int(entry, "size", -1) != file->size)
        return audit_wrong(audit, "%s has another size than the manifest says", name);
    if (!str_equal(hex, said))
        return audit_wrong(audit, "%s has another SHA-256 than the manifest says", name);
    return true;
}

static bool is_listed(struct json_object *files, const char *name)
{
    const size_t n = json_object_array_length(files);
    for (size_t i = 0; i < n; i++)
        if (str_equal(json_get_string(json_object_array_get_idx(files, i), "name"), name))
            return true;
    return false;
}

bool audit_manifest(struct audit *audit)
{
    struct json_object *files;
    if (find_file(audit, "manifest.json") == NULL)
        return audit_wrong(audit, "there is no manifest.json: the archive is cut, or no export");
    if (json_read(audit->manifest_text.data, audit->manifest_text.length, &audit->manifest, NULL) !=
        RESULT_OK)
        return audit_wrong(audit, "manifest.json is not JSON");
    if (!str_equal(json_get_string(audit->manifest, "schema"), "tocsin-evidence/1"))
        return audit_wrong(audit, "manifest.json has a schema that this tool does not know: use "
                                  "the version that made it");
    files = json_get(audit->manifest, "files");
    if (!json_object_is_type(files, json_type_array))
        return audit_wrong(audit, "manifest.json lists no files");
    for (size_t i = 0; i < json_object_array_length(files); i++)
        if (!check_file(audit, json_object_array_get_idx(files, i)))
            return false;
    for (size_t i = 0; i < audit->n_files; i++)
        if (!is_outer(audit->files[i].name) && !is_listed(files, audit->files[i].name))
            return audit_wrong(audit, "%s is in the archive, but not in the manifest",
                               audit->files[i].name);
    return true;
}

/* ---- Signatures. ---- */

/* One line of the keys; false: no more. */
static bool next_key(struct slice *rest, struct note_verifier *key, bool *bad)
{
    char line[400];
    const char *end = memchr(rest->data, '\n', rest->length);
    if (rest->length == 0)
        return false;
    const size_t n = end == NULL ? rest->length : (size_t)(end - rest->data);
    *bad = n >= sizeof(line);
    if (!*bad) {
        memcpy(line, rest->data, n);
        line[n] = 0;
        *bad = !note_verifier_parse(key, line);
    }
    const size_t step = end == NULL ? n : n + 1;
    *rest = (struct slice){rest->data + step, rest->length - step};
    return !*bad;
}

/* Does any of the keys verify the note, and none find a forgery? */
bool audit_note(struct audit *audit, const char *name, struct slice bytes)
{
    struct slice keys = audit->key != NULL ? slice_of(audit->key)
                                           : (struct slice){audit->keys.data, audit->keys.length};
    struct note_verifier key;
    struct note note;
    bool bad = false, verified = false;
    if (!note_split(bytes, &note))
        return audit_wrong(audit, "%s is not a signed note", name);
    while (next_key(&keys, &key, &bad)) {
        const enum note_verdict verdict = note_check(&note, &key, NULL);
        if (verdict == NOTE_FORGED)
            return audit_wrong(audit, "%s has a signature of %s that does not hold", name,
                               key.name);
        verified = verified || verdict == NOTE_VERIFIED;
    }
    if (bad)
        return audit_wrong(audit, "the verifier key cannot be read: give one as "
                                  "name+hash+base64");
    return verified || audit_wrong(audit, "%s is not signed by the key given", name);
}

static bool check_digest_text(struct audit *audit, const char *name, struct slice text)
{
    char hex[DIGEST_TEXT_SIZE];
    struct buf want;
    hex_encode(hex, find_file(audit, "manifest.json")->digest, DIGEST_SIZE);
    buf_init(&want, SIZE_MAX);
    buf_printf(&want, "tocsin-evidence/1\n%s\n%s\n",
               str_or(json_get_string(audit->manifest, "incident"), ""), hex);
    const bool same = text.length == want.length && memcmp(text.data, want.data, text.length) == 0;
    buf_free(&want);
    return same || audit_wrong(audit, "%s names another SHA-256 than manifest.json has", name);
}

bool audit_signature(struct audit *audit)
{
    const bool note = find_file(audit, "manifest.note") != NULL;
    const bool said = json_get_bool(audit->manifest, "signed", false);
    struct note parts;
    if (!note && (said || audit->key != NULL))
        return audit_wrong(audit, "manifest.note is not there: the manifest is not signed");
    if (!note) {
        if (find_file(audit, "manifest.sha256") == NULL)
            return audit_wrong(audit, "manifest.sha256 is not there");
        return check_digest_text(audit, "manifest.sha256",
                                 (struct slice){audit->sum.data, audit->sum.length});
    }
    const struct slice bytes = {audit->note.data, audit->note.length};
    if (!note_split(bytes, &parts))
        return audit_wrong(audit, "manifest.note is not a signed note");
    return check_digest_text(audit, "manifest.note", parts.text) &&
           audit_note(audit, "manifest.note", bytes);
}

/* ---- Sums. ---- */

static bool same_json(struct json_object *a, struct json_object *b)
{
    struct buf x, y;
    bool same;
    buf_init(&x, SIZE_MAX);
    buf_init(&y, SIZE_MAX);
    same = json_write(&x, a) && json_write(&y, b) && str_equal(x.data, y.data);
    buf_free(&x);
    buf_free(&y);
    return same;
}

static bool check_group(struct audit *audit, struct json_object *summary, const char *group)
{
    struct json_object *empty = json_object_new_object();
    struct json_object *made = json_get(audit->counts, group), *said = json_get(summary, group);
    const bool same = said != NULL && same_json(made != NULL ? made : empty, said);
    json_object_put(empty);
    return same || audit_wrong(audit, "summary.json: %s is not what the lines add up to", group);
}

static bool check_rows(struct audit *audit, struct json_object *summary)
{
    const int64_t accepted = json_get_int(json_get(summary, "rows"), "accepted", -1);
    if (json_get_bool(audit->manifest, "erased", false))
        return true;
    if (accepted != (int64_t)audit->people)
        return audit_wrong(audit,
                           "%" PRId64 " people were accepted, but people.ndjson has %" PRIu64,
                           accepted, audit->people);
    /* Receipts of before `part` was written cannot tell a part from a whole upload. */
    const bool exact = !audit->parts_committed || audit->parts_named;
    if (exact ? accepted != audit->rows_accepted : accepted > audit->rows_accepted)
        return audit_wrong(audit,
                           "%" PRId64 " people were accepted, but the receipts of the roster say "
                           "%" PRId64,
                           accepted, audit->rows_accepted);
    return json_get_bool(summary, "adds_up", false) ||
           audit_wrong(audit, "summary.json says itself that a line does not add up");
}

bool audit_counts(struct audit *audit)
{
    static const char *const groups[] = {"receipts", "attempts", "days",          "people",
                                         "told_by",  "reasons",  "jurisdictions", "rerendered"};
    struct json_object *counts = json_get(audit->manifest, "counts"), *summary = NULL;
    if ((uint64_t)json_get_int(counts, "receipts", -1) != audit->receipts ||
        (uint64_t)json_get_int(counts, "openings", -1) != audit->openings ||
        (uint64_t)json_get_int(counts, "people", -1) != audit->people)
        return audit_wrong(audit, "the manifest counts other receipts, openings or people than "
                                  "there are");
    if (json_read(audit->summary_text.data, audit->summary_text.length, &summary, NULL) !=
        RESULT_OK)
        return audit_wrong(audit, "summary.json is not JSON");
    bool good = true;
    for (size_t i = 0; good && i < sizeof(groups) / sizeof(groups[0]); i++)
        good = check_group(audit, summary, groups[i]);
    good = good && check_rows(audit, summary);
    json_object_put(summary);
    return good;
}

/* ---- Notices: the digest over renderer, kind, locale, text, words, facts and values. ---- */

static void hash_part(struct sha256_stream *stream, const char *bytes, size_t length)
{
    struct buf head;
    buf_init(&head, 64);
    buf_printf(&head, "%zu\n", length);
    sha256_add(stream, head.data, head.length);
    sha256_add(stream, bytes, length);
    buf_free(&head);
}

static void hash_member(struct sha256_stream *stream, struct json_object *json, const char *name)
{
    struct json_object *value = json_get(json, name);
    struct buf text;
    buf_init(&text, SIZE_MAX);
    if (json_object_is_type(value, json_type_string))
        buf_puts(&text, json_object_get_string(value));
    else if (value != NULL)
        json_write(&text, value);
    hash_part(stream, text.data, text.length);
    buf_free(&text);
}

static bool check_notice(struct audit *audit, const char *locale, struct json_object *entry)
{
    struct json_object *json = json_get(entry, "json"), *md = json_get(entry, "md");
    const char *said = json_get_string(json, "digest");
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_TEXT_SIZE];
    if (json == NULL || md == NULL)
        return audit_wrong(audit, "notices/%s: the text or what it was compiled from is missing",
                           locale);
    if (said == NULL) /* it did not compile, and nobody got it */
        return true;
    struct sha256_stream *stream = sha256_begin();
    hash_member(stream, json, "renderer");
    hash_member(stream, json, "kind");
    hash_member(stream, json, "locale");
    hash_part(stream, json_object_get_string(md), (size_t)json_object_get_string_len(md));
    hash_member(stream, json, "words");
    hash_member(stream, json, "facts");
    hash_member(stream, json, "values");
    sha256_end(&stream, digest);
    hex_encode(hex, digest, DIGEST_SIZE);
    return str_equal(hex, said) ||
           audit_wrong(audit, "notices/%s: text and values do not give its digest", locale);
}

bool audit_notices(struct audit *audit)
{
    json_object_object_foreach(audit->notices, locale,
                               entry) if (!check_notice(audit, locale, entry)) return false;
    return true;
}
