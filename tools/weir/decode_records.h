/* `weir decode records`: record batches of magic 2 to JSON. */
#ifndef CLI_DECODE_RECORDS_H
#define CLI_DECODE_RECORDS_H

int cli_decode_records(int argc, char **argv);

#endif
