/* A client, an enumerator and a reader against answers that the input gives. */
#include <weir/source.h>

#include "broker.h"

static void walk(const weir_split_batch *batch) {
    weir_record record;
    weir_err err;
    int64_t last = *batch->position - 1;
    while ((err = weir_split_batch_next(batch, &record)) == WEIR_OK) {
        MUST(record.offset > last && record.offset < batch->stop && *batch->position == record.offset + 1);
        last = record.offset;
        fuzz_touch_record(&record);
    }
    MUST(err == WEIR_END || err == WEIR_E_MALFORMED);
}

/* Finds the splits; NULL when the input ended before or it failed. */
static weir_reader *find(broker *b, weir_enumerator *enumerator) {
    weir_reader *reader;
    weir_split split;
    weir_err err;
    while ((err = weir_enumerator_poll(enumerator, b->now)) == WEIR_AGAIN)
        if (!broker_step(b))
            return NULL;
    if (err != WEIR_OK) {
        MUST(weir_enumerator_fault(enumerator)->err == err);
        return NULL;
    }
    MUST(weir_reader_new(&reader, b->client, &b->config, &b->budget.alloc) == WEIR_OK);
    for (size_t n = 0; weir_enumerator_split(enumerator, n, &split); n++)
        if (weir_reader_add(reader, &split) != WEIR_OK)
            break;
    return reader;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    broker b;
    weir_enumerator *enumerator;
    const weir_split_batch *batch;
    broker_init(&b, data, size, WEIR_SIDE_SOURCE);
    b.config.isolation_level = WEIR_READ_COMMITTED;
    MUST(weir_enumerator_new(&enumerator, b.client, &b.config, &b.budget.alloc) == WEIR_OK);
    MUST(weir_enumerator_add_topic(enumerator, weir_str_of(BROKER_TOPIC)) == WEIR_OK);
    weir_enumerator_range(enumerator, WEIR_START_EARLIEST, WEIR_STOP_LATEST);
    weir_reader *reader = find(&b, enumerator);
    weir_err err = reader != NULL ? WEIR_AGAIN : WEIR_END;
    while (err == WEIR_OK || err == WEIR_AGAIN) {
        if ((err = weir_reader_poll(reader, &batch, b.now)) == WEIR_OK)
            walk(batch);
        if (err == WEIR_AGAIN && !broker_step(&b))
            break;
    }
    MUST(err >= 0 || weir_reader_fault(reader)->err == err);
    weir_reader_free(reader);
    weir_enumerator_free(enumerator);
    broker_free(&b);
    return 0;
}
