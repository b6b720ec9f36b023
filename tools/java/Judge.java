import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Compares two topics partition by partition and record by record (key, value, headers in their order, timestamp), as
 * Kafka's own consumer sees them under read_committed, and looks for transactions that are still open.
 */
public final class Judge {
    private static final Set<TransactionState> CLOSED =
        EnumSet.of(TransactionState.EMPTY, TransactionState.COMPLETE_COMMIT, TransactionState.COMPLETE_ABORT);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long STALL_NS = 60_000_000_000L;

    private final Options options;
    private final MessageDigest digest = MessageDigest.getInstance("SHA-256");

    public static void main(String[] args) throws Exception {
        Json.print(new Judge(args).verdict());
    }

    Judge(String[] args) throws Exception {
        options = new Options(args, Map.of("bootstrap", "127.0.0.1:9092", "input", "in", "output", "out",
            "transactional-prefix", "", "settle-seconds", "10", "upper", "false"));
    }

    /** Compares; examples of what differs go to stderr. */
    Map<String, Object> verdict() throws Exception {
        List<String> open = openTransactions();
        Map<Integer, Sequence> input = sequences(options.text("input"), options.flag("upper"));
        Map<Integer, Sequence> output = sequences(options.text("output"), false);
        Comparison comparison = new Comparison();
        Set<Integer> partitions = new TreeSet<>(input.keySet());
        partitions.addAll(output.keySet());
        for (int partition : partitions)
            comparison.add(partition, input.getOrDefault(partition, new Sequence()),
                output.getOrDefault(partition, new Sequence()));
        comparison.examples.forEach(System.err::println);
        open.forEach(transaction -> System.err.println("open: " + transaction));

        long visible = size(input);
        long delivered = size(output);
        long records = count(options.text("input"));
        return Json.object("records", records, "visible", visible, "delivered", delivered,
            "lost", comparison.lost, "duplicated", comparison.duplicated, "unexpected", comparison.unexpected,
            "misordered", comparison.misordered, "input_aborted", records - visible,
            "output_aborted", count(options.text("output")) - delivered, "open_transactions", open.size(),
            "visible_per_partition", input.values().stream().map(Sequence::size).toList());
    }

    private static long size(Map<Integer, Sequence> partitions) {
        return partitions.values().stream().mapToLong(Sequence::size).sum();
    }

    /** What read_committed shows of every partition. */
    private Map<Integer, Sequence> sequences(String topic, boolean upper) {
        Map<Integer, Sequence> partitions = new TreeMap<>();
        read(topic, "read_committed", record -> partitions.computeIfAbsent(record.partition(), p -> new Sequence())
            .add(identity(record, upper), record.offset()));
        return partitions;
    }

    /** How many records read_uncommitted shows. */
    private long count(String topic) {
        AtomicLong count = new AtomicLong();
        read(topic, "read_uncommitted", record -> count.incrementAndGet());
        return count.get();
    }

    /** Reads every partition from its first offset to the end that stands now. */
    void read(String topic, String isolation, Consumer<ConsumerRecord<byte[], byte[]>> take) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(isolation)) {
            List<TopicPartition> all = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())).toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            long deadline = System.nanoTime() + STALL_NS;
            while (all.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (record.offset() < ends.get(new TopicPartition(topic, record.partition())))
                        take.accept(record);
                    deadline = System.nanoTime() + STALL_NS;
                }
                if (System.nanoTime() > deadline)
                    throw new IllegalStateException(topic + ": reading stands still, the ends are " + ends);
            }
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        Properties properties = new Properties();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("bootstrap"));
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10_000);
        properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 << 20);
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** 64 bits that stand for all that a record carries. */
    private long identity(ConsumerRecord<byte[], byte[]> record, boolean upper) {
        digest(record.key());
        digest(upper ? upper(record.value()) : record.value());
        digest.update(ByteBuffer.allocate(8).putLong(0, record.timestamp()));
        for (Header header : record.headers()) {
            digest(header.key().getBytes(StandardCharsets.UTF_8));
            digest(header.value());
        }
        return ByteBuffer.wrap(digest.digest()).getLong();
    }

    private void digest(byte[] bytes) {
        digest.update(ByteBuffer.allocate(4).putInt(0, bytes == null ? -1 : bytes.length));
        if (bytes != null)
            digest.update(bytes);
    }

    private static byte[] upper(byte[] bytes) {
        if (bytes == null)
            return null;
        byte[] upper = bytes.clone();
        for (int i = 0; i < upper.length; i++)
            if (upper[i] >= 'a' && upper[i] <= 'z')
                upper[i] -= 'a' - 'A';
        return upper;
    }

    /** Transactions of the prefix that are still open once markers under way had time to be written. */
    private List<String> openTransactions() throws Exception {
        long deadline = System.nanoTime() + (long) (options.number("settle-seconds") * 1e9);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", options.text("bootstrap")))) {
            while (true) {
                Collection<TransactionListing> listings = admin.listTransactions().all().get();
                List<String> open = listings.stream()
                    .filter(listing -> listing.transactionalId().startsWith(options.text("transactional-prefix")))
                    .filter(listing -> !CLOSED.contains(listing.state()))
                    .map(TransactionListing::toString).toList();
                if (open.isEmpty() || System.nanoTime() > deadline)
                    return open;
                Thread.sleep(100);
            }
        }
    }
}
