/* main.c - tocsind's command line. Exit codes: daemon.h and --help. */

/* System. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/api/access.h"
#include "service/config.h"
#include "service/daemon.h"

static const char help[] =
    "tocsind - the daemon of Tocsin: tells the people of a breach, and keeps the proof\n\n"
    "Usage:\n"
    "  tocsind --config FILE                                run (in the foreground, logs to "
    "stderr)\n"
    "  tocsind --config FILE --check-config                 is the configuration right? shows "
    "fingerprints of secrets\n"
    "  tocsind --config FILE --mint-token NAME --role R[,R] the first token, while no daemon runs; "
    "printed once\n"
    "  tocsind --keygen FILE                                a new master key (mode 0400); keep a "
    "copy elsewhere\n"
    "  tocsind --config FILE --newest-checkpoint NOTE       run; the log must hold what this note "
    "saw\n"
    "  tocsind --config FILE --backup COPY                  copy the store, also while it is "
    "served; "
    "COPY.json describes it\n"
    "  tocsind --config FILE --rewrap NEW_KEY_FILE          wrap all keys by a new master key, "
    "while no daemon runs\n"
    "  tocsind --config FILE --end-log REASON               end the log of receipts, begin the "
    "next "
    "under FILE's new log.origin and key\n"
    "  tocsind --probe URL|env:NAME                         is it up? for health checks\n"
    "  tocsind --version | --help\n\n"
    "Roles: responder, approver, compliance, operator, app, admin.\n\n"
    "Signals:\n"
    "  SIGTERM, SIGINT  finish what is in flight (stop_grace), then leave; a second one hurries\n"
    "  SIGHUP           nothing: a new configuration takes a restart, which loses nothing\n\n"
    "Exit codes:\n"
    "  0   done\n"
    "  64  the command line is wrong\n"
    "  69  cannot start: the store, the notices or the listen address\n"
    "  70  the store stopped (disk full or failing): restart it, it recovers from what is on disk\n"
    "  75  left before all in flight had ended; the next start recovers it\n"
    "  78  the configuration or the master key is wrong\n";

struct options {
    const char *config, *mint, *role, *keygen, *probe, *rewrap, *backup, *newest, *end_log;
    int check, version, help;
};

static bool read_options(int argc, char **argv, struct options *to)
{
    enum { CONFIG = 1, MINT, ROLE, KEYGEN, PROBE, REWRAP, BACKUP, NEWEST, END_LOG };
    const struct option known[] = {
        {"config", required_argument, NULL, CONFIG},
        {"mint-token", required_argument, NULL, MINT},
        {"role", required_argument, NULL, ROLE},
        {"keygen", required_argument, NULL, KEYGEN},
        {"probe", required_argument, NULL, PROBE},
        {"rewrap", required_argument, NULL, REWRAP},
        {"backup", required_argument, NULL, BACKUP},
        {"newest-checkpoint", required_argument, NULL, NEWEST},
        {"end-log", required_argument, NULL, END_LOG},
        {"check-config", no_argument, &to->check, 1},
        {"version", no_argument, &to->version, 1},
        {"help", no_argument, &to->help, 1},
        {NULL, 0, NULL, 0},
    };
    int found;

    while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (found) {
        case 0:
            break;
        case CONFIG:
            to->config = optarg;
            break;
        case MINT:
            to->mint = optarg;
            break;
        case ROLE:
            to->role = optarg;
            break;
        case KEYGEN:
            to->keygen = optarg;
            break;
        case PROBE:
            to->probe = optarg;
            break;
        case BACKUP:
            to->backup = optarg;
            break;
        case NEWEST:
            to->newest = optarg;
            break;
        case END_LOG:
            to->end_log = optarg;
            break;
        case REWRAP:
            to->rewrap = optarg;
            break;
        default:
            return false;
        }
    }
    return optind == argc;
}

static int usage(const char *sentence)
{
    fprintf(stderr, "tocsind: %s; see tocsind --help\n", sentence);
    return EXIT_USAGE;
}

static int run_keygen(const char *path)
{
    struct error error = {0};

    if (config_keygen(path, &error) != RESULT_OK) {
        fprintf(stderr, "tocsind: %s: %s\n", path, error.text);
        return EXIT_UNAVAILABLE;
    }
    printf("%s: a new master key. Without it nothing that is stored can be read: keep a copy "
           "elsewhere.\n",
           path);
    return EXIT_DONE;
}

/* env:NAME, because an image's health check cannot know the port of its configuration. */
static int run_probe(const char *url)
{
    if (str_starts(url, "env:"))
        url = getenv(url + strlen("env:"));
    return url ? daemon_probe(url) : usage("--probe: the environment has no such variable");
}

static void print_channels(const struct config *config)
{
    printf("  listens on %s, reached at %s\n", config->listen, config->public_url);
    for (size_t i = 0; i < config->n_channels; i++)
        printf("  channel %s by %s\n", config->channels[i].driver->facts.channel,
               config->channels[i].driver->facts.provider);
    printf("  ladder");
    for (size_t i = 0; i < config->n_ladder; i++)
        printf("%s %s", i ? " ->" : "", config->ladder[i]);
    printf("; beside it");
    for (size_t i = 0; i < config->n_beside; i++)
        printf(" %s", config->beside[i]);
    printf("%s\n", config->n_beside ? "" : " nothing");
}

static int with_config(struct config *config, const struct options *options)
{
    struct config_fault fault;
    unsigned roles;

    if (options->backup)
        return daemon_backup(config, options->backup);
    if (options->mint) {
        roles = access_roles_parse(str_or(options->role, ""));
        if (!roles)
            return usage("--mint-token needs --role with names of roles");
        return daemon_mint_token(config, options->mint, roles);
    }
    if (config_secrets(config, options->check ? stdout : NULL, &fault) != RESULT_OK) {
        config_fault_print(stderr, &fault);
        return EXIT_CONFIG;
    }
    if (options->check) {
        print_channels(config);
        printf("%s: the configuration is right\n", options->config);
        return EXIT_DONE;
    }
    log_set_level((enum log_level)config->log_level);
    if (options->rewrap)
        return daemon_rewrap(config, options->rewrap);
    if (options->end_log)
        return daemon_end_log(config, options->end_log);
    config->newest_checkpoint = options->newest;
    return daemon_run(config);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct config *config = NULL;
    struct config_fault fault;
    int code;

    daemon_prepare_process();
    if (!read_options(argc, argv, &options))
        return usage("the command line is wrong");
    if (options.help || options.version) {
        fputs(options.help ? help : "tocsind " TOCSIN_VERSION "\n", stdout);
        return EXIT_DONE;
    }
    seal_init();
    if (options.keygen)
        return run_keygen(options.keygen);
    if (options.probe)
        return run_probe(options.probe);
    if (!options.config)
        return usage("--config FILE is missing");
    if (config_load(options.config, &config, &fault) != RESULT_OK) {
        config_fault_print(stderr, &fault);
        return EXIT_CONFIG;
    }
    code = with_config(config, &options);
    config_destroy(&config);
    return code;
}
