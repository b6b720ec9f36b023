import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The last record of every partition that read_committed shows at this moment. */
final class Tails {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long STALL_NS = 30_000_000_000L;
    private static final long FIRST_STEP = 1000;

    private Tails() {
    }

    /** Key, value and timestamp as text, by partition; an empty text where nothing is visible. */
    static Map<String, Object> of(String bootstrap, String topic) {
        Map<String, Object> config = Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed", ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        Map<Integer, String> tails = new TreeMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.partitionsFor(topic).forEach(info ->
                tails.put(info.partition(), tail(consumer, new TopicPartition(topic, info.partition()))));
        }
        return Json.object("topic", topic, "tails", List.copyOf(tails.values()));
    }

    /** Goes back from the last stable offset, ever further, until a record is found before it. */
    private static String tail(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition) {
        consumer.assign(List.of(partition));
        long end = consumer.endOffsets(List.of(partition)).get(partition);
        for (long step = FIRST_STEP; ; step *= 8) {
            long begin = Math.max(0, end - step);
            String last = last(consumer, partition, begin, end);
            if (!last.isEmpty() || begin == 0)
                return last;
        }
    }

    private static String last(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long begin, long end) {
        String last = "";
        long deadline = System.nanoTime() + STALL_NS;
        consumer.seek(partition, begin);
        while (consumer.position(partition) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL))
                if (record.offset() < end)
                    last = text(record.key()) + " " + text(record.value()) + " " + record.timestamp();
            if (System.nanoTime() > deadline)
                throw new IllegalStateException(partition + ": reading stands still before " + end);
        }
        return last;
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "null" : HexFormat.of().formatHex(bytes);
    }
}
