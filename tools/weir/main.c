#include "args.h"
#include "commands.h"
#include "words.h"

#include <signal.h>
#include <stdio.h>

static const cli_choice commands[] = {
    {"copy", "copy topics into a topic, exactly once", cli_copy_command},
    {"consume", "print records", cli_consume_command},
    {"produce", "write records from standard input", cli_produce_command},
    {"topics", "list, describe, create, grow and delete topics", cli_topics_command},
    {"groups", "list and describe consumer groups, print their offsets and lag", cli_groups_command},
    {"transactions", "list, describe and abort transactions", cli_transactions_command},
    {"decode", "turn bytes of the protocol into JSON", cli_decode_command},
    {"encode", "turn JSON into bytes of the protocol", cli_encode_command},
    {"options", "list the properties of -X and -F", cli_options_command},
};

static const char about[] =
    "Exactly-once Kafka sources and sinks.\n\n"
    "Data goes to stdout, words for people to stderr. Exit status: 0 done or cleanly stopped; 1 failed, run the same\n"
    "command again; 2 usage or configuration, nothing was started; 3 loss; 4 fenced by another instance.\n"
    "WEIR_CONFIG names a properties file that is read before all others.";

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    int status = cli_choose("weir", about, commands, sizeof commands / sizeof commands[0], argc - 1, argv + 1);
    if (!cli_flush() && status == CLI_DONE)
        status = CLI_FAILED;
    return status;
}
