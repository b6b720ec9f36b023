/* What to do about an error code: the one place where an API departs from the code's general class. */
#include "state.h"

static const struct {
    int16_t api, code;
    uint8_t class;
} rows[] = {
    /* The coordinator bumps the epoch of a transaction it has timed out: the open transaction is gone, the producer is
       not. For Produce that shows as INVALID_PRODUCER_EPOCH (KIP-588), for the others it means fenced. */
    {WEIR_API_PRODUCE, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_CLASS_ABORT},
    {WEIR_API_PRODUCE, WEIR_CODE_OUT_OF_ORDER_SEQUENCE_NUMBER, WEIR_CLASS_ABORT},
    {WEIR_API_PRODUCE, WEIR_CODE_UNKNOWN_PRODUCER_ID, WEIR_CLASS_ABORT},
    {WEIR_API_PRODUCE, WEIR_CODE_INVALID_TXN_STATE, WEIR_CLASS_ABORT},
    {WEIR_API_PRODUCE, WEIR_CODE_INVALID_PRODUCER_ID_MAPPING, WEIR_CLASS_ABORT},
    {WEIR_API_PRODUCE, WEIR_CODE_DUPLICATE_SEQUENCE_NUMBER, WEIR_CLASS_OK},
    {WEIR_API_PRODUCE, WEIR_CODE_CORRUPT_MESSAGE, WEIR_CLASS_RETRY},
    {WEIR_API_PRODUCE, WEIR_CODE_REQUEST_TIMED_OUT, WEIR_CLASS_RETRY},
    {WEIR_API_ADD_PARTITIONS_TO_TXN, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_CLASS_FENCED},
    {WEIR_API_ADD_PARTITIONS_TO_TXN, WEIR_CODE_OPERATION_NOT_ATTEMPTED, WEIR_CLASS_RETRY},
    {WEIR_API_ADD_PARTITIONS_TO_TXN, WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION, WEIR_CLASS_RETRY},
    {WEIR_API_ADD_OFFSETS_TO_TXN, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_CLASS_FENCED},
    {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_CLASS_FENCED},
    {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_UNKNOWN_TOPIC_OR_PARTITION, WEIR_CLASS_RETRY},
    {WEIR_API_TXN_OFFSET_COMMIT, WEIR_CODE_REQUEST_TIMED_OUT, WEIR_CLASS_RETRY},
    {WEIR_API_END_TXN, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_CLASS_FENCED},
    {WEIR_API_INIT_PRODUCER_ID, WEIR_CODE_INVALID_PRODUCER_EPOCH, WEIR_CLASS_FENCED},
    /* A lookup and a listing change nothing: whatever the broker's trouble, they may be tried again. */
    {WEIR_API_FIND_COORDINATOR, WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CLASS_RETRY},
    {WEIR_API_FIND_COORDINATOR, WEIR_CODE_REQUEST_TIMED_OUT, WEIR_CLASS_RETRY},
    {WEIR_API_LIST_TRANSACTIONS, WEIR_CODE_NOT_COORDINATOR, WEIR_CLASS_RETRY},
    {WEIR_API_LIST_TRANSACTIONS, WEIR_CODE_COORDINATOR_NOT_AVAILABLE, WEIR_CLASS_RETRY},
};

weir_class weir__class_of(weir_api_key api, int16_t code) {
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++)
        if (rows[n].api == (int16_t)api && rows[n].code == code)
            return (weir_class)rows[n].class;
    return weir_code_class(code);
}

/* The coordinator is writing the markers of the transaction before, which takes milliseconds (Kafka's own client waits
   as long). */
#define CONCURRENT_MS 20

bool weir__request_again(weir_client *client, weir__request *request, int16_t code, weir_time_us now) {
    switch (weir__class_of((weir_api_key)request->api->key, code)) {
    case WEIR_CLASS_FIND_COORDINATOR:
        if (request->coordinator != NULL)
            request->coordinator->broker = -1;
        break;
    case WEIR_CLASS_REFRESH:
        weir__metadata_refresh(client);
        break;
    case WEIR_CLASS_RETRY:
        break;
    default:
        return false;
    }
    weir__request_retry(client, request, now);
    if (code == WEIR_CODE_CONCURRENT_TRANSACTIONS)
        request->not_before =
            now + weir__backoff(client, request->attempts, CONCURRENT_MS, client->config.retry_backoff_max_ms);
    return true;
}
