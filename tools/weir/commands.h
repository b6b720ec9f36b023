/* The commands: each reads its words (argv without its own name) and returns an exit status. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int cli_copy_command(int argc, char **argv);
int cli_consume_command(int argc, char **argv);
int cli_produce_command(int argc, char **argv);
int cli_topics_command(int argc, char **argv);
int cli_groups_command(int argc, char **argv);
int cli_transactions_command(int argc, char **argv);
int cli_decode_command(int argc, char **argv);
int cli_encode_command(int argc, char **argv);
int cli_options_command(int argc, char **argv);

#endif
