/* Names in lists, and which partition a key belongs to. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <weir/types.h>

/* Takes the next name off a comma-separated list; false at its end. Empty names are handed out too. */
bool cli_next_name(const char **list, weir_str *name);

/* The partition that Kafka's Java client gives a key: murmur2 modulo the number of partitions. */
int32_t cli_key_partition(const void *key, size_t len, int32_t partitions);

#endif
