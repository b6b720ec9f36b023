import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills a topic with Kafka's own producer, at an even pace over a given time, as varied as topics are: records outside
 * of transactions, in committed and in aborted ones (which interleave), with and without keys and headers, tombstones,
 * timestamps out of order, every compression.
 *
 * A value is "pPARTITION-SEQUENCE-padding", a tombstone has that as its key; "x" in front marks what is aborted and
 * must never be seen. With "--patient true" it outlasts brokers that are killed under it.
 */
public final class Input {
    private static final int VALUE_BYTES = 100;
    private static final int CHUNK_RECORDS_MAX = 40;
    private static final int TRANSACTION_RECORDS_MAX = 400;
    private static final double TRANSACTION_SECONDS_MAX = 0.3;
    private static final long OLDEST_MS = 3_600_000;
    private static final int PATIENCE_MS = 600_000;

    private final Options options;
    private final Random random;
    private final int records;
    private final int transactionRecordsMax;
    private final long[] visible;
    private final long[] aborted;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final List<Lane> plain = new ArrayList<>();
    private final List<Lane> transactional = new ArrayList<>();
    private int sent;
    private int committedTransactions;
    private int abortedTransactions;

    public static void main(String[] args) throws Exception {
        Json.print(new Input(args).fill());
    }

    Input(String[] args) {
        options = new Options(args, Map.of("bootstrap", "127.0.0.1:9092", "topic", "in", "partitions", "4",
            "records", "100000", "seconds", "10", "seed", "1", "transactional-share", "0.6", "aborted-share", "0.2",
            "compression", "none,gzip,lz4,zstd,snappy", "patient", "false"));
        random = new Random(options.integer("seed"));
        records = options.integer("records");
        double perSecond = records / Math.max(options.number("seconds"), 1e-3);
        double perTransaction = perSecond * TRANSACTION_SECONDS_MAX;
        transactionRecordsMax = (int) Math.max(1, Math.min(TRANSACTION_RECORDS_MAX, perTransaction));
        visible = new long[options.integer("partitions")];
        aborted = new long[visible.length];
        for (String compression : options.text("compression").split(",")) {
            plain.add(new Lane(compression, false));
            transactional.add(new Lane(compression, true));
        }
    }

    /** Writes everything, with an event `progress` each second; the event `finished`. */
    Map<String, Object> fill() throws Exception {
        double transactionalShare = options.number("transactional-share");
        double secondsPerRecord = options.number("seconds") / records;
        long start = System.nanoTime();
        long report = start;
        while (sent < records) {
            List<Lane> lanes = random.nextDouble() < transactionalShare ? transactional : plain;
            Lane lane = lanes.get(random.nextInt(lanes.size()));
            lane.send(Math.min(1 + random.nextInt(CHUNK_RECORDS_MAX), records - sent));
            long early = start + (long) (sent * secondsPerRecord * 1e9) - System.nanoTime();
            if (early > 0)
                Thread.sleep(early / 1_000_000, (int) (early % 1_000_000));
            if (System.nanoTime() - report > 1_000_000_000L) {
                report = System.nanoTime();
                Json.print(Json.object("event", "progress", "records", sent));
            }
        }
        for (Lane lane : transactional)
            lane.close();
        for (Lane lane : plain)
            lane.close();
        return Json.object("event", "finished", "records", sent, "visible", Arrays.stream(visible).sum(),
            "aborted", Arrays.stream(aborted).sum(), "visible_per_partition", Arrays.stream(visible).boxed().toList(),
            "transactions_committed", committedTransactions, "transactions_aborted", abortedTransactions,
            "seconds", (System.nanoTime() - start) / 1_000_000 / 1e3);
    }

    private ProducerRecord<byte[], byte[]> record(boolean aborts) {
        int partition = random.nextInt(visible.length);
        long sequence = aborts ? aborted[partition]++ : visible[partition]++;
        String identity = (aborts ? "x" : "") + "p" + partition + "-" + sequence;
        boolean tombstone = random.nextInt(20) == 0;
        byte[] key = tombstone ? bytes(identity) : random.nextInt(10) < 7 ? bytes("k-" + random.nextInt(5000)) : null;
        byte[] value = tombstone ? null : value(identity);
        Long timestamp = random.nextInt(10) == 0 ? System.currentTimeMillis() - random.nextLong(OLDEST_MS) : null;
        return new ProducerRecord<>(options.text("topic"), partition, timestamp, key, value, headers());
    }

    private byte[] value(String identity) {
        byte[] value = Arrays.copyOf(bytes(identity + "-"), VALUE_BYTES);
        for (int i = identity.length() + 1; i < VALUE_BYTES; i++)
            value[i] = (byte) ('a' + random.nextInt(26));
        return value;
    }

    /** Three in ten records have headers; names repeat, values may be empty or null. */
    private Headers headers() {
        Headers headers = new RecordHeaders();
        if (random.nextInt(10) < 3)
            for (int i = random.nextInt(4); i >= 0; i--)
                headers.add("h" + random.nextInt(2), random.nextInt(5) == 0 ? null : new byte[random.nextInt(8)]);
        return headers;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** One producer; a transactional one has a transaction open as long as `left` is not 0. */
    private final class Lane {
        private final KafkaProducer<byte[], byte[]> producer;
        private final boolean isTransactional;
        private int left;
        private boolean aborts;

        Lane(String compression, boolean isTransactional) {
            this.isTransactional = isTransactional;
            Properties properties = new Properties();
            properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("bootstrap"));
            properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, compression);
            properties.put(ProducerConfig.LINGER_MS_CONFIG, 5);
            if (options.flag("patient")) {
                properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, PATIENCE_MS);
                properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MS);
            }
            if (isTransactional)
                properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, options.text("topic") + "-input-" + compression);
            producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
            if (isTransactional)
                producer.initTransactions();
        }

        void send(int count) throws Exception {
            for (int i = 0; i < count; i++) {
                if (isTransactional && left == 0)
                    begin();
                producer.send(record(aborts), (metadata, exception) -> failure.compareAndSet(null, exception));
                sent++;
                if (isTransactional && --left == 0)
                    end();
            }
            if (failure.get() != null)
                throw failure.get();
        }

        private void begin() {
            left = 1 + random.nextInt(transactionRecordsMax);
            aborts = random.nextDouble() < options.number("aborted-share");
            producer.beginTransaction();
        }

        /** What is aborted is flushed first: records that never left the producer would prove nothing. */
        private void end() {
            if (aborts) {
                producer.flush();
                producer.abortTransaction();
                abortedTransactions++;
            } else {
                producer.commitTransaction();
                committedTransactions++;
            }
            left = 0;
        }

        void close() throws Exception {
            if (left > 0)
                end();
            producer.close();
            if (failure.get() != null)
                throw failure.get();
        }
    }
}
