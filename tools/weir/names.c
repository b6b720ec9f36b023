#include "names.h"

#include <string.h>

bool cli_next_name(const char **list, weir_str *name) {
    if (!*list)
        return false;
    size_t len = strcspn(*list, ",");
    *name = (weir_str){*list, (uint32_t)len};
    *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return true;
}

/* MurmurHash2 with the seed of Kafka's Utils.murmur2; words are little-endian on every machine. */
static uint32_t murmur2(const uint8_t *p, size_t len) {
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28c ^ (uint32_t)len;
    for (; len >= 4; p += 4, len -= 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        h = (h * m) ^ (k * m);
    }
    if (len == 3)
        h ^= (uint32_t)p[2] << 16;
    if (len >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (len >= 1)
        h = (h ^ p[0]) * m;
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

int32_t cli_key_partition(const void *key, size_t len, int32_t partitions) {
    return (int32_t)((murmur2(key, len) & 0x7fffffff) % (uint32_t)partitions);
}
