/* approval_page.c - see the header. From top to bottom in the order of reading: what, warnings,
 * what changed, who, the words, cost and time, who approved, and the number to type. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/console/approval_page.h"
#include "service/console/html.h"

static size_t length_of(struct json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

#define each_item(item, array)                                                                     \
    for (size_t i_##item = 0, n_##item = length_of(array); i_##item < n_##item; i_##item++)        \
        for (struct json_object *item = json_object_array_get_idx((array), i_##item); item;        \
             item = NULL)

static void number_cell(struct buf *to, int64_t n)
{
    html_raw(to, "<td class=\"num\">");
    html_number(to, n);
    html_raw(to, "</td>");
}

static void table_begin(struct buf *to, const char *caption)
{
    html_f(to,
           "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
           "<table><caption>%s</caption>",
           caption, caption);
}

static void table_end(struct buf *to)
{
    html_raw(to, "</tbody></table></div>\n");
}

/* ---- Head. ---- */

static void fact(struct buf *to, const char *name, int64_t n)
{
    html_f(to, "<dt>%s</dt><dd>", name);
    html_number(to, n);
    html_raw(to, "</dd>");
}

static void head(struct buf *to, struct json_object *s)
{
    struct json_object *approvals = json_get(s, "approvals");
    html_f(to, "<h1>Approval: %s</h1>\n", str_or(json_get_string(s, "title"), "an incident"));
    html_raw(to, "<p class=\"big\">");
    html_number(to, json_get_int(s, "people", 0));
    html_raw(to, " people</p>\n<dl>");
    html_f(to, "<dt>Incident</dt><dd>%s%s</dd><dt>Wave</dt><dd>%lld, %s</dd>",
           json_get_string(s, "incident"), json_get_bool(s, "test", false) ? " (a test)" : "",
           (long long)json_get_int(s, "ordinal", 1), json_get_string(s, "state"));
    html_f(to, "<dt>Approvals</dt><dd>%lld of %lld</dd>",
           (long long)json_get_int(approvals, "valid", 0),
           (long long)json_get_int(approvals, "required", 1));
    fact(to, "Would be told", json_get_int(s, "goes", 0));
    fact(to, "Would not be told",
         json_get_int(s, "unreachable", 0) + json_get_int(s, "withheld", 0));
    html_f(to, "<dt>Author</dt><dd>%s</dd></dl>\n", json_get_string(s, "author"));
}

static void outcome(struct buf *to, const struct approval_page *page)
{
    if (page->done)
        html_raw(to, "<div class=\"panel good\" role=\"status\"><p><strong>Your approval is "
                     "recorded.</strong></p></div>\n");
    if (page->problem)
        html_f(to,
               "<div class=\"panel bad\" role=\"alert\"><p><strong>Not approved.</strong> %s</p>"
               "<p><a href=\"#people\">To the number</a></p></div>\n",
               page->problem);
}

/* ---- Warnings. ---- */

static void warnings(struct buf *to, struct json_object *s)
{
    html_raw(to, "<h2>Warnings</h2>\n");
    if (length_of(json_get(s, "warnings")) + length_of(json_get(s, "lint")) == 0)
        html_raw(to, "<p>None.</p>\n");
    each_item(item, json_get(s, "warnings"))
    {
        int64_t people = json_get_int(item, "people", 0);
        html_raw(to, "<div class=\"panel warn\"><p><strong>Warning.</strong> ");
        if (!str_equal(json_get_string(item, "kind"), "test")) {
            html_number(to, people);
            html_raw(to, " ");
        }
        html_f(to, "%s</p></div>\n", json_get_string(item, "text"));
    }
    if (length_of(json_get(s, "lint")) == 0)
        return;
    table_begin(to, "What an editor would say of the text");
    html_raw(to, "<thead><tr><th scope=\"col\">Language</th><th scope=\"col\">Finding</th>"
                 "</tr></thead><tbody>");
    each_item(item, json_get(s, "lint")) html_f(
        to, "<tr><th scope=\"row\">%s</th><td>%s%s</td></tr>", json_get_string(item, "locale"),
        json_get_bool(item, "error", false) ? "Error: " : "", json_get_string(item, "text"));
    table_end(to);
}

static void not_told(struct buf *to, struct json_object *s)
{
    if (length_of(json_get(s, "reasons")) == 0)
        return;
    html_raw(to, "<h2>Who would not be told, and why</h2>\n");
    table_begin(to, "Reasons, by channel or missing field");
    html_raw(to, "<thead><tr><th scope=\"col\">Reason</th><th scope=\"col\" class=\"num\">People"
                 "</th></tr></thead><tbody>");
    each_item(item, json_get(s, "reasons"))
    {
        html_f(to, "<tr><th scope=\"row\">%s</th>", json_get_string(item, "reason"));
        number_cell(to, json_get_int(item, "people", 0));
        html_raw(to, "</tr>");
    }
    table_end(to);
    html_f(to, "<details><summary>The first %d of them, by your id</summary><ul>",
           (int)length_of(json_get(s, "not_told")));
    each_item(item, json_get(s, "not_told"))
        html_f(to, "<li>%s: %s</li>", json_get_string(item, "recipient_id"),
               json_get_string(item, "fate"));
    html_raw(to, "</ul></details>\n");
}

/* ---- Differences. ---- */

static void diff(struct buf *to, struct json_object *lines)
{
    html_raw(to, "<pre class=\"diff\" tabindex=\"0\">");
    each_item(line, lines)
    {
        const char *op = str_or(json_get_string(line, "op"), " ");
        const char *text = json_get_string(line, "text");
        if (*op == '+')
            html_f(to, "<ins>+ %s</ins>", text);
        else if (*op == '-')
            html_f(to, "<del>- %s</del>", text);
        else
            html_f(to, "<span>%s%s</span>", *op == '~' ? "..." : "  ", text);
    }
    html_raw(to, "</pre>\n");
}

static void value(struct buf *to, struct json_object *json)
{
    if (json_object_is_type(json, json_type_string))
        html_text(to, json_object_get_string(json));
    else
        html_text(to, json ? json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN)
                           : "(nothing)");
}

static void changes(struct buf *to, struct json_object *s)
{
    struct json_object *changes = json_get(s, "changes");
    html_raw(to, "<h2>What changed since the last approval</h2>\n");
    if (changes == NULL) {
        html_raw(to, "<p>Nothing of this incident was approved before.</p>\n");
        return;
    }
    html_f(to,
           "<p>Compared with what was approved at %s. Whoever approved that must look again.</p>\n",
           json_get_string(changes, "approved_at"));
    each_item(item, json_get(changes, "members"))
    {
        html_f(to, "<h3>%s</h3>\n", json_get_string(item, "member"));
        if (json_get(item, "lines") != NULL) {
            diff(to, json_get(item, "lines"));
            continue;
        }
        html_raw(to, "<pre class=\"diff\" tabindex=\"0\"><del>- ");
        value(to, json_get(item, "before"));
        html_raw(to, "</del><ins>+ ");
        value(to, json_get(item, "after"));
        html_raw(to, "</ins></pre>\n");
    }
}

/* ---- Who. ---- */

static void cohorts(struct buf *to, struct json_object *s)
{
    html_raw(to, "<h2>Who is told</h2>\n");
    table_begin(to, "People by jurisdiction, language and first channel");
    html_raw(to, "<thead><tr><th scope=\"col\">Jurisdiction</th><th scope=\"col\">Language</th>"
                 "<th scope=\"col\">Channel</th><th scope=\"col\" class=\"num\">People</th></tr>"
                 "</thead><tbody>");
    each_item(item, json_get(s, "cohorts"))
    {
        html_f(to, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td>",
               json_get_string(item, "jurisdiction"), json_get_string(item, "locale"),
               json_get_string(item, "channel"));
        number_cell(to, json_get_int(item, "people", 0));
        html_raw(to, "</tr>");
    }
    table_end(to);
    struct json_object *roster = json_get(s, "roster");
    html_raw(to, "<p class=\"soft\">Roster: ");
    html_number(to, json_get_int(roster, "accepted", 0));
    html_raw(to, " accepted, ");
    html_number(to, json_get_int(roster, "duplicates", 0));
    html_raw(to, " duplicates, ");
    html_number(to, json_get_int(roster, "rejected", 0));
    html_raw(to, " rejected.</p>\n");
}

/* ---- The words. ---- */

static void sample_frame(struct buf *to, struct json_object *s, struct json_object *variant,
                         const char *name)
{
    html_f(to,
           "<iframe sandbox=\"\" loading=\"lazy\" title=\"As a web page: %s\" "
           "src=\"/console/incidents/%s/waves/%lld/sample?variant=",
           name, json_get_string(s, "incident"), (long long)json_get_int(s, "ordinal", 1));
    html_url(to, json_get_string(variant, "key"));
    html_raw(to, "\"></iframe>\n");
}

static void sample_text(struct buf *to, const char *label, const char *text)
{
    if (!str_empty(text))
        html_f(to, "<p><strong>%s</strong> %s</p>\n", label, text);
}

static void data_types(struct buf *to, struct json_object *variant)
{
    const char *comma = "";
    each_item(type, json_get(variant, "data_types"))
    {
        html_f(to, "%s%s", comma, json_object_get_string(type));
        comma = ", ";
    }
    if (json_get_bool(variant, "minor", false))
        html_raw(to, "; a minor");
    if (json_get_bool(variant, "deceased", false))
        html_raw(to, "; a deceased person");
    if (json_get_bool(variant, "discreet", false))
        html_raw(to, "; discreet");
    if (json_get_bool(variant, "former_user", false))
        html_raw(to, "; a former user");
}

static void variant(struct buf *to, struct json_object *s, struct json_object *item)
{
    struct json_object *sample = json_get(item, "sample");
    const char *channel = json_get_string(item, "channel");
    struct buf name;
    buf_init(&name, 4096);
    buf_printf(&name, "%s, %s, %s", str_or(channel, ""), str_or(json_get_string(item, "group"), ""),
               str_or(json_get_string(item, "locale"), ""));
    html_f(to, "<h3>%s</h3>\n<p>For ", name.data);
    html_number(to, json_get_int(item, "people", 0));
    html_raw(to, " people, as the first way for ");
    html_number(to, json_get_int(item, "first", 0));
    html_raw(to, ". Data: ");
    data_types(to, item);
    html_raw(to, ".</p>\n");
    if (json_get_string(sample, "missing") != NULL)
        html_f(to, "<p class=\"error\">This text has a hole: %s.</p>\n",
               json_get_string(sample, "missing"));
    sample_text(to, "Subject:", json_get_string(sample, "subject"));
    sample_text(to, "Line:", json_get_string(sample, "line"));
    if (!str_empty(json_get_string(sample, "text")))
        html_f(to,
               "<pre tabindex=\"0\" role=\"region\" aria-label=\"Text: %s\" lang=\"%s\">%s</pre>\n",
               name.data, json_get_string(item, "locale"), json_get_string(sample, "text"));
    if (!str_empty(json_get_string(sample, "html"))) {
        html_raw(to, "<details><summary>As it looks</summary>\n");
        sample_frame(to, s, item, name.data);
        html_raw(to, "</details>\n");
    }
    buf_free(&name);
}

static void words(struct buf *to, struct json_object *s)
{
    html_f(to,
           "<h2>The words: one sample of every variant</h2>\n<p>%d variants. The people in the "
           "samples are made up.</p>\n",
           (int)length_of(json_get(s, "variants")));
    each_item(item, json_get(s, "variants")) variant(to, s, item);
}

/* ---- Cost and times. ---- */

static void money(struct buf *to, struct json_object *micro, const char *currency)
{
    if (micro == NULL || currency == NULL) {
        html_raw(to, "unknown");
        return;
    }
    int64_t cents = (json_object_get_int64(micro) + 5000) / 10000;
    html_number(to, cents / 100);
    html_f(to, ".%d%d %s", (int)(cents / 10 % 10), (int)(cents % 10), currency);
}

/* Of one message: fractions of a cent count. */
static void price_of(struct buf *to, struct json_object *micro, const char *currency)
{
    if (micro == NULL || currency == NULL) {
        html_raw(to, "unknown");
        return;
    }
    int64_t n = json_object_get_int64(micro);
    buf_printf(to, "%lld.%04lld ", (long long)(n / 1000000), (long long)(n % 1000000 / 100));
    html_text(to, currency);
}

static void duration(struct buf *to, struct json_object *seconds)
{
    if (seconds == NULL) {
        html_raw(to, "unknown");
        return;
    }
    int64_t n = json_object_get_int64(seconds);
    if (n < 120)
        html_f(to, "%lld s", (long long)n);
    else if (n < 7200)
        html_f(to, "%lld min", (long long)((n + 59) / 60));
    else
        html_f(to, "%lld h", (long long)((n + 3599) / 3600));
}

static void costs(struct buf *to, struct json_object *s)
{
    struct json_object *costs = json_get(s, "costs"), *times = json_get(s, "times");
    const char *currency = json_get_string(costs, "currency");
    size_t i = 0;
    html_raw(to, "<h2>Cost and time</h2>\n");
    table_begin(to, "By channel, from the prices and rates that are configured");
    html_raw(to, "<thead><tr><th scope=\"col\">Channel</th><th scope=\"col\" class=\"num\">First"
                 "</th><th scope=\"col\" class=\"num\">At most</th><th scope=\"col\">A message</th>"
                 "<th scope=\"col\">Sending takes</th></tr></thead><tbody>");
    each_item(item, json_get(costs, "channels"))
    {
        struct json_object *time =
            i < length_of(times) ? json_object_array_get_idx(times, i) : NULL;
        struct json_object *price = json_get(item, "price_micro");
        html_f(to, "<tr><th scope=\"row\">%s</th>", json_get_string(item, "channel"));
        number_cell(to, json_get_int(item, "first", 0));
        number_cell(to, json_get_int(item, "most", 0));
        html_raw(to, "<td>");
        price_of(to, price, currency);
        html_raw(to, "</td><td>");
        duration(to, json_get(time, "seconds"));
        html_raw(to, "</td></tr>");
        i++;
    }
    table_end(to);
    html_raw(to, "<dl><dt>If the first way suffices</dt><dd>");
    money(to, json_get(costs, "first_micro"), currency);
    html_raw(to, "</dd><dt>If every way is used</dt><dd>");
    money(to, json_get(costs, "most_micro"), currency);
    html_raw(to, "</dd></dl>\n");
}

static void sender(struct buf *to, struct json_object *s)
{
    html_raw(to, "<h2>Sender and links</h2>\n");
    struct json_object *senders = json_get(s, "sender");
    if (json_object_is_type(senders, json_type_object)) {
        json_object_object_foreach(senders, channel, settings)
        {
            if (!json_object_is_type(settings, json_type_object) ||
                json_object_object_length(settings) == 0)
                continue;
            html_f(to, "<details><summary>%s</summary><dl>", channel);
            json_object_object_foreach(settings, name, text)
            {
                html_f(to, "<dt>%s</dt><dd>%s</dd>", name, json_object_get_string(text));
            }
            html_raw(to, "</dl></details>\n");
        }
    }
    html_raw(to, "<p>Every address of a page that the texts name:</p><ul>");
    each_item(link, json_get(s, "links")) html_f(to, "<li>%s</li>", json_object_get_string(link));
    html_raw(to, "</ul>\n");
}

/* ---- Approving. ---- */

static void given(struct buf *to, struct json_object *s)
{
    struct json_object *given = json_get(json_get(s, "approvals"), "given");
    if (length_of(given) == 0)
        return;
    table_begin(to, "Who has approved");
    html_raw(to, "<thead><tr><th scope=\"col\">Who</th><th scope=\"col\">When</th>"
                 "<th scope=\"col\">Counts</th></tr></thead><tbody>");
    each_item(item, given)
        html_f(to, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td></tr>",
               str_or(json_get_string(item, "name"), ""), json_get_string(item, "at"),
               json_get_bool(item, "valid", false) ? "yes" : "no: must look again");
    table_end(to);
}

static void form(struct buf *to, const struct approval_page *page)
{
    struct json_object *s = page->summary;
    html_f(to,
           "<form method=\"post\" action=\"/console/incidents/%s/waves/%lld/approval\" novalidate>"
           "<input type=\"hidden\" name=\"csrf\" value=\"%s\">"
           "<input type=\"hidden\" name=\"hash\" value=\"%s\">"
           "<label for=\"people\">Type the number of people</label>"
           "<p class=\"soft\" id=\"people-hint\">Digits only. It stands at the top of this page; "
           "a wrong number is refused and recorded.</p>",
           json_get_string(s, "incident"), (long long)json_get_int(s, "ordinal", 1), page->csrf,
           json_get_string(s, "hash"));
    if (page->problem)
        html_f(to, "<p class=\"error\" id=\"people-error\">%s</p>", page->problem);
    html_f(to,
           "<input type=\"text\" id=\"people\" name=\"people\" inputmode=\"numeric\" "
           "autocomplete=\"off\" required value=\"%s\" aria-describedby=\"people-hint%s\"",
           str_or(page->typed, ""), page->problem ? " people-error" : "");
    html_raw(to, page->problem ? " aria-invalid=\"true\">" : ">");
    html_raw(to, "<p><button type=\"submit\">Approve</button></p></form>\n");
}

static void approve(struct buf *to, const struct approval_page *page)
{
    const char *state = str_or(json_get_string(page->summary, "state"), "");
    html_raw(to, "<h2>Approve</h2>\n");
    given(to, page->summary);
    html_f(to,
           "<p class=\"soft\">An approval binds to the hash %s: any change of what is sent voids "
           "it.</p>\n",
           json_get_string(page->summary, "hash"));
    if (!page->may_approve)
        html_raw(to, "<p>Your role reads, but does not approve.</p>\n");
    else if (!str_equal(state, "draft") && !str_equal(state, "approved"))
        html_f(to, "<p>This wave is %s: it takes no more approvals.</p>\n", state);
    else
        form(to, page);
}

void approval_page_write(struct buf *to, const struct approval_page *page)
{
    struct json_object *s = page->summary;
    head(to, s);
    outcome(to, page);
    warnings(to, s);
    changes(to, s);
    cohorts(to, s);
    not_told(to, s);
    words(to, s);
    costs(to, s);
    sender(to, s);
    approve(to, page);
}
