/* parse.c - the command line into a command, its words and its options, by the table.
 * Options may stand anywhere: global ones before the command too. CTL_USAGE tells what is wrong and
 * how to get help. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/ctl.h"

struct parsing {
    struct ctl *ctl;
    char **argv;
    int argc, at;
    bool words_only; /* behind "--" */
};

const char *ctl_option(const struct ctl *ctl, const char *name)
{
    for (unsigned i = 0; i < ctl->n_given; i++)
        if (str_equal(ctl->given[i].name, name))
            return ctl->given[i].value;
    return NULL;
}

static const struct ctl_option *find_in(const struct ctl_option *options, const char *name,
                                        size_t length)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0)
            return options;
        if (length == 1 && options->letter == name[0])
            return options;
    }
    return NULL;
}

static const struct ctl_option *find_option(const struct ctl *ctl, const char *name, size_t length)
{
    const struct ctl_option *found = find_in(ctl_globals, name, length);

    return found != NULL || ctl->command == NULL ? found
                                                 : find_in(ctl->command->options, name, length);
}

/* "WHAT is wrong; see tocsin COMMAND --help". */
static enum ctl_exit usage(const struct ctl *ctl, const char *what, const char *wrong)
{
    const char *name = ctl->command == NULL ? "" : ctl->command->name;

    return complain(CTL_USAGE, "%s %s; see tocsin %s%s--help", what, wrong, name,
                    name[0] == '\0' ? "" : " ");
}

static enum ctl_exit take_option(struct parsing *p, const char *argument)
{
    bool is_long = argument[1] == '-';
    const char *name = argument + 1 + is_long;
    size_t length = is_long ? strcspn(name, "=") : 1;
    const struct ctl_option *option = find_option(p->ctl, name, length);
    const char *value = is_long && name[length] == '=' ? name + length + 1 : NULL;

    if (option == NULL || (is_long && length == 1) || (!is_long && name[1] != '\0'))
        return usage(p->ctl, argument, "is no option here");
    if (option->value == NULL && value != NULL)
        return usage(p->ctl, argument, "takes no value");
    if (option->value != NULL && value == NULL) {
        if (p->at == p->argc)
            return usage(p->ctl, argument, "needs a value");
        value = p->argv[p->at++];
    }
    if (p->ctl->n_given == CTL_GIVEN_MAX || ctl_option(p->ctl, option->name) != NULL)
        return usage(p->ctl, argument, "is given twice");
    p->ctl->given[p->ctl->n_given].name = option->name;
    p->ctl->given[p->ctl->n_given++].value = str_or(value, "");
    return CTL_OK;
}

static const struct ctl_command *find_command(const char *name)
{
    for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* "incident create" is two words of the command line. */
static enum ctl_exit take_command(struct parsing *p, const char *word)
{
    char two[64] = "";

    p->ctl->command = find_command(word);
    if (p->ctl->command != NULL)
        return CTL_OK;
    if (p->at < p->argc) {
        (void)snprintf(two, sizeof(two), "%s %s", word, p->argv[p->at]);
        p->ctl->command = find_command(two);
    }
    if (p->ctl->command != NULL) {
        p->at++;
        return CTL_OK;
    }
    if (p->at < p->argc &&
        (str_equal(p->argv[p->at], "--help") || str_equal(p->argv[p->at], "-h")) &&
        help_group(stdout, word)) {
        p->at = -1; /* done */
        return CTL_OK;
    }
    if (help_group(stderr, word))
        return CTL_USAGE;
    return complain(CTL_USAGE, "there is no command %s; see tocsin --help", word);
}

static enum ctl_exit take_word(struct parsing *p, const char *word)
{
    struct ctl *ctl = p->ctl;

    if (ctl->command == NULL)
        return take_command(p, word);
    if (ctl->n_words == (ctl->command->n_words & CTL_WORDS_MASK) +
                            ((ctl->command->n_words & CTL_WORD_OPTIONAL) != 0))
        return usage(ctl, word, "is one word too many");
    ctl->words[ctl->n_words++] = word;
    return CTL_OK;
}

static enum ctl_exit take_argument(struct parsing *p, const char *argument)
{
    if (!p->words_only && str_equal(argument, "--")) {
        p->words_only = true;
        return CTL_OK;
    }
    if (!p->words_only && argument[0] == '-' && argument[1] != '\0')
        return take_option(p, argument);
    return take_word(p, argument);
}

/* --help and --version; true when there is nothing left to do. */
static bool answer_help(struct ctl *ctl)
{
    if (ctl_option(ctl, "version") != NULL)
        (void)printf("tocsin %s\n", TOCSIN_VERSION);
    else if (ctl_option(ctl, "help") == NULL)
        return false;
    else if (ctl->command != NULL)
        help_command(stdout, ctl->command);
    else
        help_all(stdout);
    ctl->command = NULL;
    return true;
}

enum ctl_exit ctl_parse(struct ctl *ctl, int argc, char **argv)
{
    struct parsing p = {.ctl = ctl, .argv = argv, .argc = argc};

    while (p.at >= 0 && p.at < p.argc) {
        enum ctl_exit code = take_argument(&p, p.argv[p.at++]);

        if (code != CTL_OK)
            return code;
    }
    if (p.at < 0 || answer_help(ctl))
        return CTL_OK;
    if (ctl->command == NULL) {
        help_all(stderr);
        return CTL_USAGE;
    }
    if (ctl->n_words < (ctl->command->n_words & CTL_WORDS_MASK))
        return complain(CTL_USAGE, "tocsin %s needs %s; see tocsin %s --help", ctl->command->name,
                        ctl->command->arguments, ctl->command->name);
    ctl->json = ctl_option(ctl, "json") != NULL;
    return CTL_OK;
}
