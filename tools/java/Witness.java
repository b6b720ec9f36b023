import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own producer and consumer, of any release from 0.10.0 on: only what all of them have is called. One command
 * for each line of stdin; each answers with one JSON line, a failed one with {"error": …}.
 *
 * Records are lines of a file, "PARTITION TIMESTAMP KEY VALUE", the last two "x" and hexadecimal digits, or "-" for
 * null.
 */
public final class Witness {
    private static final String USAGE = """
        write TOPIC CODEC SECONDS FILE [ID]      the records of FILE at an even pace; with the transactional id ID the
                                                 lines "begin", "commit" and "abort" of FILE are obeyed
        topics                                   how many partitions each has
        read TOPIC ISOLATION FILE                all of them, into FILE
        join GROUP TOPIC COUNT [KEY=VALUE…]      read COUNT records as a member of GROUP, commit, and stay
        leave GROUP                              that member""";
    private static final long STALL_NS = 30_000_000_000L;
    private static final long POLL_MS = 100;

    private final String bootstrap;
    private final Map<String, KafkaConsumer<byte[], byte[]>> members = new HashMap<>();

    public static void main(String[] args) throws Exception {
        Witness witness = new Witness(args[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine())
            Json.print(witness.answer(List.of(line.strip().split("\\s+"))));
        System.exit(0);
    }

    private Witness(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    private Map<String, Object> answer(List<String> words) {
        try {
            return run(words.get(0), words.subList(1, words.size()));
        } catch (Exception error) {
            return Json.object("error", String.valueOf(error.getCause() == null ? error : error.getCause()));
        }
    }

    private Map<String, Object> run(String command, List<String> words) throws Exception {
        return switch (command) {
            case "write" -> write(words.get(0), words.get(1), Double.parseDouble(words.get(2)), Path.of(words.get(3)),
                words.size() > 4 ? words.get(4) : null);
            case "topics" -> topics();
            case "read" -> read(words.get(0), words.get(1), Path.of(words.get(2)));
            case "join" ->
                join(words.get(0), words.get(1), Integer.parseInt(words.get(2)), words.subList(3, words.size()));
            case "leave" -> leave(words.get(0));
            default -> throw new IllegalArgumentException("no command " + command + "; there are\n" + USAGE);
        };
    }

    private Map<String, Object> write(String topic, String codec, double seconds, Path file, String id)
        throws Exception {
        Map<String, Object> properties = properties("compression.type", codec, "acks", "all", "linger.ms", "5");
        if (id != null)
            properties.put("transactional.id", id);
        List<String> lines = Files.readAllLines(file);
        List<Future<RecordMetadata>> answers = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                 new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            if (id != null)
                producer.initTransactions();
            long began = System.nanoTime();
            for (int n = 0; n < lines.size(); n++) {
                long early = (long) (began / 1e6 + seconds * 1000 * n / lines.size() - System.nanoTime() / 1e6);
                if (early > 0)
                    Thread.sleep(early);
                if (!transact(producer, lines.get(n)))
                    answers.add(producer.send(record(topic, lines.get(n).split(" "))));
            }
            producer.flush();
            int failed = 0;
            for (Future<RecordMetadata> answer : answers)
                failed += id == null && answer.get().offset() < 0 ? 1 : 0;
            return Json.object("topic", topic, "records", answers.size(), "failed", failed);
        }
    }

    /** Whether the line is one about transactions, which is then obeyed. */
    private static boolean transact(KafkaProducer<byte[], byte[]> producer, String line) {
        switch (line) {
            case "begin" -> producer.beginTransaction();
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            default -> {
                return false;
            }
        }
        return true;
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, String[] words) {
        return new ProducerRecord<>(topic, Integer.valueOf(words[0]), Long.valueOf(words[1]), bytes(words[2]),
            bytes(words[3]));
    }

    private Map<String, Object> topics() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(properties())) {
            return Json.object("topics", consumer.listTopics().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().size())));
        }
    }

    private Map<String, Object> read(String topic, String isolation, Path file) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(properties("isolation.level", isolation));
             PrintWriter out = new PrintWriter(Files.newBufferedWriter(file))) {
            List<TopicPartition> all = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())).toList();
            consumer.assign(all);
            consumer.seekToEnd(all);
            Map<TopicPartition, Long> ends = positions(consumer, all);
            consumer.seekToBeginning(all);
            long count = 0;
            long deadline = System.nanoTime() + STALL_NS;
            while (all.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                for (ConsumerRecord<byte[], byte[]> record : poll(consumer)) {
                    out.println(record.partition() + " " + record.timestamp() + " " + text(record.key()) + " "
                        + text(record.value()));
                    count++;
                    deadline = System.nanoTime() + STALL_NS;
                }
                if (System.nanoTime() > deadline)
                    throw new IllegalStateException(topic + ": reading stands still, the ends are " + ends);
            }
            return Json.object("topic", topic, "records", count, "ends", byPartition(ends));
        }
    }

    private Map<String, Object> join(String group, String topic, int count, List<String> more) throws Exception {
        Map<String, Object> properties =
            properties("group.id", group, "client.id", group + "-client", "auto.offset.reset", "earliest");
        for (String property : more)
            properties.put(property.split("=", 2)[0], property.split("=", 2)[1]);
        KafkaConsumer<byte[], byte[]> consumer = consumer(properties);
        members.put(group, consumer);
        consumer.subscribe(List.of(topic));
        int found = 0;
        for (long deadline = System.nanoTime() + STALL_NS; found < count;) {
            found += poll(consumer).count();
            if (System.nanoTime() > deadline)
                throw new IllegalStateException(group + ": " + found + " records of " + count);
        }
        consumer.commitSync();
        return Json.object("group", group, "committed", byPartition(positions(consumer, consumer.assignment())));
    }

    private Map<String, Object> leave(String group) {
        members.remove(group).close();
        return Json.object("group", group);
    }

    private static Map<TopicPartition, Long> positions(KafkaConsumer<byte[], byte[]> consumer,
        Collection<TopicPartition> partitions) {
        return partitions.stream().collect(Collectors.toMap(partition -> partition, consumer::position));
    }

    private static List<Long> byPartition(Map<TopicPartition, Long> offsets) {
        return offsets.keySet().stream().sorted((a, b) -> a.partition() - b.partition()).map(offsets::get).toList();
    }

    /** poll(Duration) came with 2.0, poll(long) went with 4.0. */
    @SuppressWarnings("unchecked")
    private static ConsumerRecords<byte[], byte[]> poll(KafkaConsumer<byte[], byte[]> consumer) throws Exception {
        try {
            Method poll = KafkaConsumer.class.getMethod("poll", Duration.class);
            return (ConsumerRecords<byte[], byte[]>) poll.invoke(consumer, Duration.ofMillis(POLL_MS));
        } catch (NoSuchMethodException old) {
            Method poll = KafkaConsumer.class.getMethod("poll", long.class);
            return (ConsumerRecords<byte[], byte[]>) poll.invoke(consumer, POLL_MS);
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> properties) {
        properties.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private Map<String, Object> properties(String... namesAndValues) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < namesAndValues.length; i += 2)
            properties.put(namesAndValues[i], namesAndValues[i + 1]);
        return properties;
    }

    private static byte[] bytes(String hexadecimal) {
        return hexadecimal.equals("-") ? null : HexFormat.of().parseHex(hexadecimal.substring(1));
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "-" : "x" + HexFormat.of().formatHex(bytes);
    }
}
