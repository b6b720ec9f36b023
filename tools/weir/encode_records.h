/* `weir encode records`: JSON to record sets, the inverse of `weir decode records`. */
#ifndef CLI_ENCODE_RECORDS_H
#define CLI_ENCODE_RECORDS_H

int cli_encode_records(int argc, char **argv);

#endif
