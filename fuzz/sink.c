/* A client and a sink in transactions against answers that the input gives: opening, which settles what a checkpoint
   holds if the first byte is odd, then records, prepare, commit and sometimes abort. */
#include <weir/sink.h>

#include "broker.h"

/* Lets things happen until a call is through; false when the input ends before. */
#define UNTIL_DONE(b, err, call)                                                                                       \
    while (((err) = (call)) == WEIR_AGAIN)                                                                             \
        if (!step(b, sink))                                                                                            \
    return false

static bool step(broker *b, weir_sink *sink) {
    (void)weir_sink_tick(sink, b->now);
    return broker_step(b);
}

static weir_committable restored(void) {
    return (weir_committable){"job-0-1", 7, 0, 0, 3, 2};
}

/* What a checkpoint must hold can be written and read. */
static void walk(const weir_sink *sink, uint64_t checkpoint) {
    weir_committable one, again;
    uint8_t bytes[512];
    for (size_t n = 0; weir_sink_committable(sink, n, &one); n++) {
        MUST(one.checkpoint <= checkpoint || one.checkpoint == restored().checkpoint);
        size_t size = weir_committables_encode(&one, 1, bytes, sizeof bytes);
        MUST(size <= sizeof bytes);
        MUST(weir_committables_decode((weir_bytes){bytes, (uint32_t)size}, &again) == WEIR_OK);
        MUST(again.checkpoint == one.checkpoint && again.producer_epoch == one.producer_epoch);
    }
}

/* One checkpoint; false when the input ended or the sink failed. `*sent` counts records. */
static bool round_of(broker *b, weir_sink *sink, uint64_t checkpoint, uint64_t *sent, weir_err *err) {
    weir_record record = {.timestamp = 1000, .key = {NULL, 0}, .value = {(const uint8_t *)"value", 5}};
    uint8_t what = fuzz_byte(&b->input);
    for (int n = what % 4; n > 0; n--) {
        UNTIL_DONE(b, *err, weir_sink_send(sink, 0, 0, &record, b->now));
        if (*err != WEIR_OK)
            return false;
        ++*sent;
    }
    if (what >> 4 == 15) {
        UNTIL_DONE(b, *err, weir_sink_abort(sink, b->now));
        return *err == WEIR_OK;
    }
    UNTIL_DONE(b, *err, weir_sink_prepare(sink, checkpoint, b->now));
    if (*err != WEIR_OK)
        return false;
    walk(sink, checkpoint);
    weir_sink_commit(sink, checkpoint, b->now);
    return true;
}

/* False when the input ended or the sink failed. */
static bool open_sink(broker *b, weir_sink *sink, bool restore, weir_err *err) {
    uint32_t topic;
    weir_committable committable = restored();
    MUST(weir_sink_add_topic(sink, weir_str_of(BROKER_TOPIC), &topic) == WEIR_OK);
    if (restore)
        MUST(weir_sink_restore(sink, committable.checkpoint, 0, &committable, 1) == WEIR_OK);
    UNTIL_DONE(b, *err, weir_sink_open(sink, b->now));
    if (*err != WEIR_OK)
        return false;
    const weir_sink_recovery *found = weir_sink_recovered(sink);
    MUST(found->committed + found->already_committed + found->lost <= (restore ? 1u : 0u));
    MUST(weir_sink_partitions(sink, 0) > 0);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    broker b;
    weir_sink *sink;
    weir_err err = WEIR_OK;
    uint64_t sent = 0;
    weir_sink_settings settings = {weir_str_of("job"), 0, weir_str_of("line"), weir_str_of(BROKER_TOPIC)};
    bool restore = size > 0 && data[0] % 2 == 1;
    broker_init(&b, data + (size > 0), size - (size > 0), WEIR_SIDE_SINK);
    b.config.delivery_guarantee = WEIR_DELIVERY_EXACTLY_ONCE;
    MUST(weir_sink_new(&sink, b.client, &b.config, &settings, &b.budget.alloc) == WEIR_OK);
    bool more = open_sink(&b, sink, restore, &err);
    for (uint64_t checkpoint = restored().checkpoint + 1; more && b.input.left > 0; checkpoint++)
        more = round_of(&b, sink, checkpoint, &sent, &err) && step(&b, sink);
    MUST(err >= 0 || weir_sink_fault(sink)->err == err);
    MUST(weir_sink_count(sink)->records_out <= sent);
    weir_sink_free(sink);
    broker_free(&b);
    return 0;
}
