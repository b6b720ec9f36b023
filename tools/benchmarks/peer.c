/* The measure of things: librdkafka doing what `weir copy` does. Reads a topic read_committed up to its present end and
   writes every record with key, timestamp and headers to the same partition of another, in one transaction a second
   that also holds the offsets. Tuned: batches are taken from one queue, no callbacks for single records, checksums of
   batches are not verified (its default), offsets are not stored per record.

   usage: peer copy BOOTSTRAP FROM TO ID    copies to the end
          peer first BOOTSTRAP FROM         ends when the first record has been received
          peer consume BOOTSTRAP FROM       reads to the end
          peer produce BOOTSTRAP TO         writes the lines of stdin, idempotent
          peer version */
#include <librdkafka/rdkafka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PARTITIONS_MAX 64
#define BATCH          10000
#define COMMIT_MS      1000
#define PATIENCE_MS    30000

typedef struct peer {
    const char *bootstrap, *from, *to, *id;
    rd_kafka_t *consumer, *producer;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *out;
    int32_t partitions, unfinished;
    int64_t position[PARTITIONS_MAX], stop[PARTITIONS_MAX];
    int64_t records;
} peer;

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "peer: %s: %s\n", what, why);
    exit(1);
}

static void check(rd_kafka_error_t *error, const char *what) {
    if (error != NULL)
        fail(what, rd_kafka_error_string(error));
}

static int64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static rd_kafka_t *make(rd_kafka_type_t type, const char *const (*settings)[2]) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; (*settings)[0] != NULL; settings++)
        if (rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], why, sizeof why) != RD_KAFKA_CONF_OK)
            fail((*settings)[0], why);
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
    if (client == NULL)
        fail("rd_kafka_new", why);
    return client;
}

static void open_consumer(peer *p) {
    const char *settings[][2] = {{"bootstrap.servers", p->bootstrap},
                                 {"group.id", p->id},
                                 {"isolation.level", "read_committed"},
                                 {"enable.auto.commit", "false"},
                                 {"enable.auto.offset.store", "false"},
                                 {"auto.offset.reset", "earliest"},
                                 {NULL, NULL}};
    p->consumer = make(RD_KAFKA_CONSUMER, (const char *const(*)[2])settings);
    rd_kafka_poll_set_consumer(p->consumer);
    p->queue = rd_kafka_queue_get_consumer(p->consumer);
}

static void open_producer(peer *p) {
    const char *settings[][2] = {{"bootstrap.servers", p->bootstrap},
                                 {"transactional.id", p->id},
                                 {"linger.ms", "5"},
                                 {"queue.buffering.max.messages", "200000"},
                                 {NULL, NULL}};
    p->producer = make(RD_KAFKA_PRODUCER, (const char *const(*)[2])settings);
    p->out = rd_kafka_topic_new(p->producer, p->to, NULL);
    check(rd_kafka_init_transactions(p->producer, PATIENCE_MS), "init_transactions");
    check(rd_kafka_begin_transaction(p->producer), "begin_transaction");
}

/* Assigns all partitions from their beginning; with `to_end` notes where each ends now. */
static void assign(peer *p, int to_end) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(p->consumer, p->from, NULL);
    rd_kafka_resp_err_t err = rd_kafka_metadata(p->consumer, 0, topic, &metadata, PATIENCE_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topic_cnt != 1)
        fail("metadata", rd_kafka_err2str(err));
    p->partitions = metadata->topics[0].partition_cnt;
    if (p->partitions <= 0 || p->partitions > PARTITIONS_MAX)
        fail("metadata", "an unexpected number of partitions");
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(p->partitions);
    for (int32_t n = 0; n < p->partitions; n++) {
        int64_t low = 0;
        if (to_end && rd_kafka_query_watermark_offsets(p->consumer, p->from, n, &low, &p->stop[n], PATIENCE_MS) != 0)
            fail("query_watermark_offsets", p->from);
        p->position[n] = low;
        p->unfinished += to_end && low < p->stop[n];
        rd_kafka_topic_partition_list_add(list, p->from, n)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    err = rd_kafka_assign(p->consumer, list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("assign", rd_kafka_err2str(err));
    rd_kafka_topic_partition_list_destroy(list);
}

static void send_on(peer *p, rd_kafka_message_t *m) {
    rd_kafka_timestamp_type_t type;
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_resp_err_t err;
    int64_t timestamp = rd_kafka_message_timestamp(m, &type);
    (void)rd_kafka_message_detach_headers(m, &headers);
    while ((err = rd_kafka_producev(p->producer, RD_KAFKA_V_RKT(p->out), RD_KAFKA_V_PARTITION(m->partition),
                                    RD_KAFKA_V_VALUE(m->payload, m->len), RD_KAFKA_V_KEY(m->key, m->key_len),
                                    RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_HEADERS(headers),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL)
        (void)rd_kafka_poll(p->producer, 10);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("producev", rd_kafka_err2str(err));
}

static void take(peer *p, rd_kafka_message_t *m) {
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("consume", rd_kafka_message_errstr(m));
    int64_t *position = &p->position[m->partition];
    if (m->offset < p->stop[m->partition]) {
        if (p->producer != NULL)
            send_on(p, m);
        *position = m->offset + 1;
        p->records++;
        p->unfinished -= *position == p->stop[m->partition];
    }
    rd_kafka_message_destroy(m);
}

static void commit(peer *p) {
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(p->partitions);
    for (int32_t n = 0; n < p->partitions; n++)
        rd_kafka_topic_partition_list_add(offsets, p->from, n)->offset = p->position[n];
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(p->consumer);
    check(rd_kafka_send_offsets_to_transaction(p->producer, offsets, group, PATIENCE_MS), "send_offsets");
    check(rd_kafka_commit_transaction(p->producer, PATIENCE_MS), "commit_transaction");
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
}

static void run(peer *p) {
    static rd_kafka_message_t *batch[BATCH];
    int64_t commit_at = now_ms() + COMMIT_MS;
    while (p->unfinished > 0) {
        ssize_t count = rd_kafka_consume_batch_queue(p->queue, 100, batch, BATCH);
        for (ssize_t n = 0; n < count; n++)
            take(p, batch[n]);
        if (p->producer == NULL)
            continue;
        (void)rd_kafka_poll(p->producer, 0);
        if (now_ms() < commit_at)
            continue;
        commit(p);
        check(rd_kafka_begin_transaction(p->producer), "begin_transaction");
        commit_at = now_ms() + COMMIT_MS;
    }
    if (p->producer != NULL)
        commit(p);
}

static void first(peer *p) {
    for (;;) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(p->consumer, PATIENCE_MS);
        if (m == NULL)
            fail("consume", "no record has come");
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return;
        rd_kafka_message_destroy(m);
    }
}

static void produce(peer *p) {
    static char line[1 << 16];
    const char *settings[][2] = {{"bootstrap.servers", p->bootstrap},
                                 {"enable.idempotence", "true"},
                                 {"linger.ms", "5"},
                                 {"queue.buffering.max.messages", "200000"},
                                 {NULL, NULL}};
    p->producer = make(RD_KAFKA_PRODUCER, (const char *const(*)[2])settings);
    p->out = rd_kafka_topic_new(p->producer, p->to, NULL);
    for (; fgets(line, sizeof line, stdin) != NULL; p->records++) {
        while (rd_kafka_produce(p->out, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, line, strcspn(line, "\n"), NULL, 0,
                                NULL) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                fail("produce", rd_kafka_err2str(rd_kafka_last_error()));
            (void)rd_kafka_poll(p->producer, 10);
        }
    }
    if (rd_kafka_flush(p->producer, PATIENCE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("flush", p->to);
}

static _Noreturn void finish(const peer *p) {
    printf("{\"records\":%lld}\n", (long long)p->records);
    (void)fflush(stdout);
    _exit(0); /* what closing costs is not measured */
}

int main(int argc, char **argv) {
    peer p = {.id = "peer"};
    const char *verb = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(verb, "version") == 0) {
        printf("librdkafka %s\n", rd_kafka_version_str());
        return 0;
    }
    p.bootstrap = argc > 2 ? argv[2] : "";
    p.from = p.to = argc > 3 ? argv[3] : "";
    if (argc == 4 && strcmp(verb, "produce") == 0) {
        produce(&p);
        finish(&p);
    }
    if (argc == 6 && strcmp(verb, "copy") == 0) {
        p.to = argv[4];
        p.id = argv[5];
        open_consumer(&p);
        open_producer(&p);
        assign(&p, 1);
        run(&p);
    } else if (argc == 4 && strcmp(verb, "consume") == 0) {
        open_consumer(&p);
        assign(&p, 1);
        run(&p);
    } else if (argc == 4 && strcmp(verb, "first") == 0) {
        open_consumer(&p);
        assign(&p, 0);
        first(&p);
    } else {
        fail("usage",
             "peer copy BOOTSTRAP FROM TO ID, peer first|consume BOOTSTRAP FROM, or peer produce BOOTSTRAP TO");
    }
    finish(&p);
}
