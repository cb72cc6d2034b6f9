/* help.c - the help texts, made from the table of commands. */

/* System. */
#include <stdio.h>
#include <string.h>

/* This module. */
#include "service/ctl/ctl.h"

static const char help_exit_codes[] =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the server refused (it says why)\n"
    "  2  the command line is wrong\n"
    "  3  the server cannot be reached, or gave no answer in time\n"
    "  4  the server failed\n"
    "  5  a local file cannot be read or written\n";

static const char help_environment[] =
    "Environment:\n"
    "  TOCSIN_URL         where the server is (http://127.0.0.1:8080, unix:/run/tocsin/api.sock)\n"
    "  TOCSIN_TOKEN       the bearer token\n"
    "  TOCSIN_TOKEN_FILE  a file that holds the token\n";

static void print_options(FILE *to, const struct ctl_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        char left[64];

        (void)snprintf(left, sizeof(left), "%s%c%s--%s%s%s", options->letter ? "-" : " ",
                       options->letter ? options->letter : ' ', options->letter ? ", " : "  ",
                       options->name, options->value ? " " : "",
                       options->value ? options->value : "");
        (void)fprintf(to, "  %-28s %s\n", left, options->help);
    }
}

static void print_commands(FILE *to, const char *group)
{
    size_t n = strlen(group);

    for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++) {
        char left[64];

        if (n > 0 && (strncmp(c->name, group, n) != 0 || c->name[n] != ' '))
            continue;
        (void)snprintf(left, sizeof(left), "%s %s", c->name, c->arguments);
        (void)fprintf(to, "  %-27s  %s\n", left, c->summary);
    }
}

void help_all(FILE *to)
{
    (void)fputs("tocsin - tell the people of a breach, and keep the proof\n\n"
                "Usage: tocsin [OPTIONS] COMMAND ...\n\nCommands:\n",
                to);
    print_commands(to, "");
    (void)fputs("\nOptions everywhere:\n", to);
    print_options(to, ctl_globals);
    (void)fprintf(to, "\n%s\n%s\ntocsin COMMAND --help tells more.\n", help_environment,
                  help_exit_codes);
}

bool help_group(FILE *to, const char *word)
{
    size_t n = strlen(word);

    for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++) {
        if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ') {
            (void)fprintf(to, "Usage: tocsin %s ...\n\nCommands:\n", word);
            print_commands(to, word);
            (void)fprintf(to, "\ntocsin %s COMMAND --help tells more.\n", word);
            return true;
        }
    }
    return false;
}

void help_command(FILE *to, const struct ctl_command *command)
{
    (void)fprintf(to, "Usage: tocsin %s%s%s%s\n\n%s.\n", command->name,
                  command->arguments[0] ? " " : "", command->arguments,
                  command->options ? " [OPTIONS]" : "", command->summary);
    if (command->help != NULL)
        (void)fprintf(to, "\n%s\n", command->help);
    if (command->options != NULL) {
        (void)fputs("\nOptions:\n", to);
        print_options(to, command->options);
    }
    (void)fputs("\nOptions everywhere:\n", to);
    print_options(to, ctl_globals);
    (void)fprintf(to, "\n%s", help_exit_codes);
}
