import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's transactional producers that are kept in the middle of a transaction for as long as a test wants. */
final class OpenTransactions {
    private final String bootstrap;
    private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();

    OpenTransactions(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** Begins a transaction and writes one record, which is on the broker when this returns. */
    Map<String, Object> begin(String id, String topic, int partition, String value) {
        Map<String, Object> config = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
            ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        producers.put(id, producer);
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, partition, null, value.getBytes(StandardCharsets.UTF_8)));
        producer.flush();
        return Json.object("transactional_id", id, "topic", topic, "partition", partition);
    }

    /** Commits, which fails if somebody has taken the id over. */
    Map<String, Object> commit(String id) {
        try (KafkaProducer<byte[], byte[]> producer = producers.remove(id)) {
            producer.commitTransaction();
        }
        return Json.object("transactional_id", id, "committed", true);
    }
}
