/* finish.c - on the lane, at the end: the files that stand in no table (incident, notices,
 * decisions, pages for people, checkpoint), then README, manifest and its signature. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/evidence_private.h"
#include "service/evidence/summary.h"

enum { REPORT_ARENA = 64 << 20 };

static const char readme[] =
    "Evidence of one incident's notices.\n"
    "\n"
    "Check it, without a server and without a network:\n"
    "\n"
    "  1. tocsin verify ARCHIVE.tar.gz\n"
    "     hashes of all files, the signature, every receipt in the log's tree, openings, sums\n"
    "  2. tocsin verify ARCHIVE.tar.gz --key 'VERIFIER KEY'\n"
    "     the same, against a key that you got on another way than with this archive\n"
    "  3. tocsin verify ARCHIVE.tar.gz --recipient ID\n"
    "     what is proved of one person, in words (where openings are included)\n"
    "\n"
    "What is what:\n"
    "\n"
    "  manifest.json     sizes and SHA-256 of all other files, counts, the log's size\n"
    "  manifest.note     the manifest's SHA-256, signed (C2SP signed-note), where the service has "
    "a key\n"
    "  manifest.sha256   the same without a signature, where it has none\n"
    "  receipts.ndjson   a line each: the leaf as the log has hashed it, its index in the log\n"
    "  receipts.csv      the same for a spreadsheet; cells that would run get a ' in front\n"
    "  openings.ndjson   what the leaves commit to, with salts: SHA-256(salt || details without\n"
    "                    the member salt) is the leaf's `person` or `details`\n"
    "  people.ndjson     a line each: the state on every rung, the digest of what was said, and\n"
    "                    whether the text was made again and came out the same\n"
    "  incident.json     the incident as it was posted\n"
    "  notices/          the text of every notice (md), and what it was compiled from (json)\n"
    "  approvals.json    what people decided, who and when\n"
    "  summary.*         the sums; json is what the pages are made from\n"
    "  declaration.*     a declaration of mailing, to be completed and signed by a person\n"
    "  log/checkpoint    the log's signed tree head (C2SP tlog-checkpoint)\n"
    "  log/key           verifier keys, a line each\n"
    "  log/shards.ndjson where an older log ended: its last checkpoint, and the first entry of "
    "the\n"
    "                    next log, which carries it; lines with `shard` are about that log\n"
    "  log/anchors.ndjson  timestamps (RFC 3161) of checkpoints: `token` over SHA-256 of `note`, "
    "and\n"
    "                    the hashes that show that this log is that one, grown on\n"
    "  log/nodes.ndjson  the hashes that make the tree whole between the leaves given here\n"
    "\n"
    "Handed over is not delivered; delivered is not read. The log shows that nothing was removed\n"
    "or changed since; it does not show that what was written down was true.\n";

/* ---- Small files. ---- */

static void put_file(struct evidence_export *evidence, const char *name, const void *bytes,
                     size_t length)
{
    spool_add(bundle_add(&evidence->bundle, name), bytes, length);
}

/* Takes `json`. Documents of the API may hold what canonical JSON refuses: then they are written
 * plainly. */
static void put_json(struct evidence_export *evidence, const char *name, struct json_object *json)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    if (!json_write(&text, json)) {
        buf_clear(&text);
        buf_puts(&text, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
    }
    buf_putc(&text, '\n');
    put_file(evidence, name, text.data, text.length);
    buf_wipe(&text);
    json_object_put(json);
}

static struct json_object *borrowed(struct json_object *json)
{
    struct buf text;
    struct json_object *copy = NULL;
    buf_init(&text, SIZE_MAX);
    if (json != NULL && json_write(&text, json))
        (void)json_read(text.data, text.length, &copy, NULL);
    buf_free(&text);
    return copy;
}

static void add_text(struct json_object *json, const char *name, const char *text)
{
    json_object_object_add(json, name, text ? json_object_new_string(text) : NULL);
}

static void add_int(struct json_object *json, const char *name, int64_t value)
{
    json_object_object_add(json, name, json_object_new_int64(value));
}

/* ---- Notices. ---- */

static void write_notice(struct evidence_export *evidence, const struct notice_source *source)
{
    char name[BUNDLE_NAME_SIZE], hex[DIGEST_TEXT_SIZE];
    const struct notice *notice = dossier_notice(evidence->dossier, source->locale);
    struct json_object *json = json_object_new_object();
    if (notice != NULL)
        hex_encode(hex, notice_digest(notice), DIGEST_SIZE);
    add_text(json, "digest", notice ? hex : NULL);
    json_object_object_add(json, "facts", borrowed(source->facts));
    add_text(json, "kind", source->kind);
    add_text(json, "locale", source->locale);
    add_text(json, "renderer", NOTICE_RENDERER_VERSION);
    json_object_object_add(json, "values", borrowed(source->values));
    dossier_words_lock(true);
    json_object_object_add(json, "words", borrowed(source->words));
    dossier_words_lock(false);
    snprintf(name, sizeof(name), "notices/%.40s.md", source->locale);
    put_file(evidence, name, source->text, strlen(source->text));
    snprintf(name, sizeof(name), "notices/%.40s.json", source->locale);
    put_json(evidence, name, json);
}

static void write_incident(struct evidence_export *evidence)
{
    struct notice_source source;
    if (evidence->dossier == NULL)
        return;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    if (json_write(&text, evidence->dossier->document))
        put_file(evidence, "incident.json", text.data, text.length);
    else
        evidence->failed = true;
    buf_wipe(&text);
    for (size_t i = 0; i < 32 && dossier_source(evidence->dossier, i, &source); i++)
        write_notice(evidence, &source);
}

/* ---- Pages for people. ---- */

static void write_report(struct evidence_export *evidence, const struct sheet *sheet,
                         const char *name)
{
    char path[BUNDLE_NAME_SIZE];
    struct buf text;
    buf_init(&text, SIZE_MAX);
    if (!sheet_html(sheet, &text))
        evidence->failed = true;
    snprintf(path, sizeof(path), "%s.html", name);
    put_file(evidence, path, text.data, text.length);
    buf_clear(&text);
    if (!sheet_pdf(sheet, &text))
        evidence->failed = true;
    snprintf(path, sizeof(path), "%s.pdf", name);
    put_file(evidence, path, text.data, text.length);
    buf_free(&text);
}

/* The kind of an anchor that is configured and silent; NULL: none. */
static const char *late_anchor(const struct evidence_export *evidence)
{
    for (unsigned kind = 0; kind < ANCHOR_KINDS_N; kind++)
        if (evidence->anchored[kind].n > 0 && evidence->anchored[kind].late)
            return evidence->anchored[kind].word;
    return NULL;
}

static const char *log_sentence(const struct evidence_export *evidence)
{
    if (!evidence->log.there)
        return "There was no signed log when this was made: the archive shows no more than the "
               "service says.";
    if (evidence->outside_log > 0)
        return "Some receipts have no place in the signed log yet: make the export again.";
    const char *late = late_anchor(evidence);
    if (late == NULL)
        return "Every receipt has its place in the signed log.";
    return arena_printf(evidence->arena,
                        "Every receipt has its place in the signed log, but when this was made "
                        "nobody outside had vouched for its newest state: the %s was missing.",
                        late);
}

static void write_pages(struct evidence_export *evidence)
{
    const struct dossier *dossier = evidence->dossier;
    struct json_object *document = dossier == NULL ? NULL : dossier->document;
    const struct wave_row *first =
        dossier == NULL || dossier->n_waves == 0 ? NULL : &dossier->waves[0];
    const struct summary_facts facts = {
        .incident = evidence->incident,
        .title = str_or(json_get_string(document, "title"), "Erased incident"),
        .organisation =
            str_or(json_get_string(json_get(document, "organisation"), "name"), "(erased)"),
        .state = first == NULL ? "erased" : sm_name(&wave_states, first->state),
        .version = evidence->desk->config.version,
        .at = evidence->at,
        .log = log_sentence(evidence),
        .receipts = evidence->n_receipts,
    };
    struct arena *arena = arena_create(REPORT_ARENA);
    struct sheet sheet;
    sheet_init(&sheet, arena, "Summary of notices");
    summary_report(&sheet, evidence->tally, &facts);
    write_report(evidence, &sheet, "summary");
    sheet_init(&sheet, arena, "Declaration of mailing");
    declaration_report(&sheet, evidence->tally, &facts);
    write_report(evidence, &sheet, "declaration");
    arena_destroy(&arena);
}

static void write_summary(struct evidence_export *evidence)
{
    struct tally_line lines[TALLY_LINES];
    struct json_object *json;
    if (evidence->dossier != NULL) {
        const struct incident_row *row = &evidence->dossier->row;
        tally_add(evidence->tally, TALLY_ROWS, "accepted", "", row->accepted);
        tally_add(evidence->tally, TALLY_ROWS, "duplicates", "", row->duplicates);
        tally_add(evidence->tally, TALLY_ROWS, "rejected", "", row->rejected);
    }
    json = tally_json(evidence->tally);
    json_object_object_add(json, "adds_up",
                           json_object_new_boolean(tally_lines(evidence->tally, lines)));
    put_json(evidence, "summary.json", json);
    write_pages(evidence);
}

static void write_log(struct evidence_export *evidence)
{
    if (evidence->log.there)
        put_file(evidence, "log/checkpoint", evidence->log.note, strlen(evidence->log.note));
    if (evidence->desk->signer.keys != NULL)
        put_file(evidence, "log/key", evidence->desk->signer.keys,
                 strlen(evidence->desk->signer.keys));
}

/* ---- The manifest. ---- */

static struct json_object *list_files(struct evidence_export *evidence)
{
    struct json_object *files = json_object_new_array();
    for (size_t i = 0; i < evidence->bundle.n; i++) {
        const struct bundle_file *file = &evidence->bundle.files[i];
        struct json_object *entry = json_object_new_object();
        char hex[DIGEST_TEXT_SIZE];
        hex_encode(hex, spool_digest(file->spool), DIGEST_SIZE);
        add_text(entry, "name", file->name);
        add_text(entry, "sha256", hex);
        add_int(entry, "size", (int64_t)spool_size(file->spool));
        json_object_array_add(files, entry);
    }
    return files;
}

static struct json_object *describe_openings(const struct evidence_export *evidence)
{
    struct json_object *json = json_object_new_object();
    const bool openings = evidence->request.openings;
    json_object_object_add(json, "included", json_object_new_boolean(openings));
    add_text(json, "why",
             openings ? "asked for by a role that may read personal details"
                      : "left out: the role of who asked may not read personal details");
    return json;
}

static struct json_object *describe_anchors(const struct evidence_export *evidence)
{
    struct json_object *array = json_object_new_array();
    for (unsigned kind = 0; kind < ANCHOR_KINDS_N; kind++) {
        const struct receipt_log_anchor_stats *stats = &evidence->anchored[kind];
        struct json_object *entry;
        char at[TIME_TEXT_SIZE];
        if (stats->n == 0)
            continue;
        entry = json_object_new_object();
        add_text(entry, "at", stats->at == TIME_NONE ? NULL : time_format(at, stats->at));
        add_text(entry, "kind", stats->word);
        json_object_object_add(entry, "missing", json_object_new_boolean(stats->late));
        add_int(entry, "size", (int64_t)stats->size);
        json_object_array_add(array, entry);
    }
    return array;
}

static struct json_object *describe_log(const struct evidence_export *evidence)
{
    char hex[DIGEST_TEXT_SIZE];
    if (!evidence->log.there)
        return NULL;
    struct json_object *json = json_object_new_object();
    hex_encode(hex, evidence->log.root, DIGEST_SIZE);
    json_object_object_add(json, "anchors", describe_anchors(evidence));
    add_text(json, "root", hex);
    add_int(json, "shard", evidence->log.shard);
    add_int(json, "timestamps", (int64_t)evidence->n_anchors);
    add_int(json, "size", (int64_t)evidence->log.size);
    add_int(json, "receipts_outside", (int64_t)evidence->outside_log);
    return json;
}

static struct json_object *describe_counts(const struct evidence_export *evidence)
{
    struct json_object *json = json_object_new_object();
    add_int(json, "openings", (int64_t)evidence->n_openings);
    add_int(json, "people", (int64_t)evidence->n_people);
    add_int(json, "receipts", (int64_t)evidence->n_receipts);
    return json;
}

static struct json_object *describe_rendering(const struct evidence_export *evidence)
{
    static const char *const words[] = {"same", "different", "erased", "unknown"};
    struct json_object *json = json_object_new_object();
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        add_int(json, words[i], tally_sum(evidence->tally, TALLY_RERENDERED, words[i], NULL));
    json_object_object_add(json, "different_people", json_object_get(evidence->different));
    return json;
}

static void write_manifest(struct evidence_export *evidence)
{
    char at[TIME_TEXT_SIZE], tool[64];
    struct json_object *json = json_object_new_object();
    snprintf(tool, sizeof(tool), "tocsin %s", evidence->desk->config.version);
    add_text(json, "schema", "tocsin-evidence/1");
    add_text(json, "incident", evidence->incident);
    add_text(json, "tool", tool);
    add_text(json, "made_at", time_format(at, evidence->at));
    add_text(json, "from", evidence->first_day);
    add_text(json, "to", evidence->last_day);
    add_text(json, "renderer", NOTICE_RENDERER_VERSION);
    json_object_object_add(json, "files", list_files(evidence));
    json_object_object_add(json, "counts", describe_counts(evidence));
    json_object_object_add(json, "openings", describe_openings(evidence));
    json_object_object_add(json, "log", describe_log(evidence));
    json_object_object_add(json, "rerendered", describe_rendering(evidence));
    json_object_object_add(json, "erased", json_object_new_boolean(evidence->dossier == NULL));
    json_object_object_add(json, "signed",
                           json_object_new_boolean(evidence->desk->signer.sign != NULL));
    put_json(evidence, "manifest.json", json);
}

/* "tocsin-evidence/1\ninc_...\n<SHA-256 of manifest.json>\n", signed as a note: no checkpoint has
 * such a first line. Without a key the text stands alone, against accidents only. */
static void sign_manifest(struct evidence_export *evidence)
{
    const struct evidence_signer *signer = &evidence->desk->signer;
    struct buf text;
    char hex[DIGEST_TEXT_SIZE];
    const struct spool *manifest = evidence->bundle.files[evidence->bundle.n - 1].spool;
    hex_encode(hex, spool_digest(manifest), DIGEST_SIZE);
    buf_init(&text, SIZE_MAX);
    buf_printf(&text, "tocsin-evidence/1\n%s\n%s\n", evidence->incident, hex);
    if (signer->sign == NULL) {
        put_file(evidence, "manifest.sha256", text.data, text.length);
        buf_free(&text);
        return;
    }
    struct buf note;
    buf_init(&note, SIZE_MAX);
    buf_add(&note, text.data, text.length);
    buf_putc(&note, '\n');
    if (signer->sign(signer->context, (struct slice){text.data, text.length}, &note))
        put_file(evidence, "manifest.note", note.data, note.length);
    else
        evidence->failed = true;
    buf_free(&note);
    buf_free(&text);
}

void finish_write(struct lane_job *job, unsigned thread)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    struct bundle *bundle = &evidence->bundle;
    (void)thread;
    write_incident(evidence);
    put_json(evidence, "approvals.json", evidence->decisions);
    evidence->decisions = NULL;
    write_summary(evidence);
    write_log(evidence);
    put_file(evidence, "README.txt", readme, sizeof(readme) - 1);
    evidence->failed = !bundle_end(bundle) || evidence->failed;
    write_manifest(evidence);
    evidence->failed = !bundle_end(bundle) || evidence->failed;
    sign_manifest(evidence);
    evidence->failed = !bundle_end(bundle) || evidence->failed;
    /* What says how to check the rest comes first, so that a reader of the stream can. */
    bundle_lead(bundle, 0, "README.txt");
    bundle_lead(bundle, 1, "manifest.json");
    bundle_lead(bundle, 2, "manifest.note");
    bundle_lead(bundle, 3, "receipts.ndjson");
    bundle_lead(bundle, 4, "openings.ndjson");
}
