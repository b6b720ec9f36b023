import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** A small topic as text, for tests that know each of its records. */
final class Records {
    private Records() {}

    /** Every record of the partitions, in order; bytes are taken as UTF-8, null stays null. */
    static Map<String, Object> of(String bootstrap, String topic, String isolation) throws Exception {
        List<Map<String, Object>> records = new ArrayList<>();
        new Judge(new String[] {"--bootstrap", bootstrap})
            .read(topic, isolation, record -> records.add(object(record)));
        return Json.object("topic", topic, "records", records);
    }

    private static Map<String, Object> object(ConsumerRecord<byte[], byte[]> record) {
        List<List<String>> headers = new ArrayList<>();
        for (Header header : record.headers())
            headers.add(Arrays.asList(header.key(), text(header.value())));
        return Json.object("partition", record.partition(), "offset", record.offset(), "timestamp", record.timestamp(),
            "key", text(record.key()), "value", text(record.value()), "headers", headers);
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
