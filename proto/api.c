/* The APIs this codec knows, in order of key. */
#include "schema.h"

static const weir_api *const apis[] = {
    &weir__produce,
    &weir__fetch,
    &weir__list_offsets,
    &weir__metadata,
    &weir__offset_commit,
    &weir__offset_fetch,
    &weir__find_coordinator,
    &weir__api_versions,
    &weir__create_topics,
    &weir__delete_topics,
    &weir__init_producer_id,
    &weir__offset_for_leader_epoch,
    &weir__add_partitions_to_txn,
    &weir__add_offsets_to_txn,
    &weir__end_txn,
    &weir__txn_offset_commit,
    &weir__describe_configs,
    &weir__describe_transactions,
    &weir__list_transactions,
};

#define API_COUNT (sizeof apis / sizeof apis[0])

const weir_api *weir_api_at(size_t n) {
    return n < API_COUNT ? apis[n] : NULL;
}

const weir_api *weir_api_find(int16_t key) {
    size_t low = 0;
    size_t high = API_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (apis[middle]->key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < API_COUNT && apis[low]->key == key ? apis[low] : NULL;
}

const char *weir_api_name(int16_t key) {
    const weir_api *api = weir_api_find(key);
    return api ? api->name : "unknown API";
}

int16_t weir_api_negotiate(const weir_api *api, int16_t min, int16_t max) {
    int16_t low = min > api->min_version ? min : api->min_version;
    int16_t high = max < api->max_version ? max : api->max_version;
    return low <= high ? high : -1;
}
