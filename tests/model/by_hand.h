/* Requests by hand that several tests send. */
#ifndef WEIR_TESTS_MODEL_BY_HAND_H
#define WEIR_TESTS_MODEL_BY_HAND_H

#include "checks.h"
#include <string.h>

#include "modelhost.h"

#define S(text) ((weir_str){"" text, sizeof(text) - 1})

#define ck_assert_code(code, name) ck_assert_str_eq(weir_code_name(code), name)

typedef weir_produce_response_partition_produce_response produced;
typedef weir_fetch_response_partition_data fetched;

/* One partition to be fetched. */
typedef struct fetching {
    int16_t version;
    int32_t broker, partition;
    int64_t offset;
    int32_t max_wait_ms, min_bytes, max_bytes, partition_max_bytes;
    bool committed;
    int32_t session_id, session_epoch, leader_epoch, last_epoch;
} fetching;

/* Partition 0 of broker 1 from the start, without a session, at once. */
static inline fetching fetching_of(int64_t offset) {
    return (fetching){.version = 12,
                      .broker = 1,
                      .offset = offset,
                      .min_bytes = 1,
                      .max_bytes = 1 << 24,
                      .partition_max_bytes = 1 << 24,
                      .session_epoch = -1,
                      .leader_epoch = -1,
                      .last_epoch = -1};
}

/* Fetches a partition of topic "t" by name (version <= 12). NULL: held. */
static inline const weir_fetch_response *fetch(modelhost *h, const fetching *f) {
    weir_fetch_request request;
    weir_fetch_request_fetch_partition partition = {
        .partition = f->partition,
        .current_leader_epoch = f->leader_epoch,
        .fetch_offset = f->offset,
        .last_fetched_epoch = f->last_epoch,
        .log_start_offset = -1,
        .partition_max_bytes = f->partition_max_bytes,
        .high_watermark = INT64_MAX,
    };
    weir_fetch_request_fetch_topic topic = {.topic = S("t"), .partitions = {&partition, 1}};
    weir_message_init(weir_api_find(WEIR_API_FETCH)->request, &request);
    request.max_wait_ms = f->max_wait_ms;
    request.min_bytes = f->min_bytes;
    request.max_bytes = f->max_bytes;
    request.isolation_level = f->committed;
    request.session_id = f->session_id;
    request.session_epoch = f->session_epoch;
    request.topics.items = &topic;
    request.topics.count = f->session_epoch > 0 && f->offset < 0 ? 0 : 1; /* nothing new for the session */
    return modelhost_ask(h, f->broker, WEIR_API_FETCH, f->version, &request);
}

/* The only partition of a response. */
static inline const fetched *fetched_of(const weir_fetch_response *response) {
    ck_assert_ptr_nonnull(response);
    ck_assert_int_eq(response->error_code, 0);
    ck_assert_int_eq(response->responses.count, 1);
    ck_assert_int_eq(response->responses.items[0].partitions.count, 1);
    return &response->responses.items[0].partitions.items[0];
}

/* How many whole batches and records there are in what was fetched; offsets must ascend. */
static inline int32_t records_of(weir_records records, int32_t *batches) {
    weir_batch_header header;
    int32_t count = 0;
    int64_t next = -1;
    *batches = 0;
    while (weir_batch_open(records, &header) == WEIR_OK) {
        ck_assert_int_ge(header.base_offset, next);
        next = header.base_offset + header.last_offset_delta + 1;
        count += header.record_count;
        ++*batches;
        records.p += header.size;
        records.len -= header.size;
    }
    return count;
}

static inline int run_suite(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
