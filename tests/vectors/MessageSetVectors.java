/*
 * Golden message sets of magic 0 and 1 from an old Java client; Kafka 4.4.0 then says what is in them.
 *
 *   java -cp 'OLD/*' tests/vectors/MessageSetVectors.java |
 *       java -cp 'JARS/*' tests/vectors/RecordVectors.java describe > tests/vectors/message-sets.txt
 *
 * OLD holds org.apache.kafka:kafka-clients:0.10.2.2 with its dependencies, the last release that writes these formats
 * of itself, and JARS is what RecordVectors.java asks for.
 */
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.TimestampType;

public class MessageSetVectors {
    static final long T0 = 1700000000000L;

    static byte[] text(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    static MemoryRecordsBuilder builder(int magic, CompressionType c, TimestampType type, long base) {
        return MemoryRecords.builder(ByteBuffer.allocate(1 << 16), (byte) magic, c, type, base, T0 + 5);
    }

    static void append(MemoryRecordsBuilder b, int magic, long timestamp, byte[] key, byte[] value) {
        b.append(magic == 0 ? Record.NO_TIMESTAMP : timestamp, key, value);
    }

    static MemoryRecords filled(int magic, CompressionType c, TimestampType type, long base) {
        MemoryRecordsBuilder b = builder(magic, c, type, base);
        append(b, magic, T0, text("key"), text("value"));
        append(b, magic, T0 - 70000, null, text("null key, earlier"));
        append(b, magic, T0 + 1, text("tombstone"), null);
        append(b, magic, Record.NO_TIMESTAMP, null, null);
        append(b, magic, T0 + 3, new byte[0], new byte[0]);
        append(b, magic, T0 + 100000000000L, text("k"), text("x".repeat(300)));
        for (int i = 0; i < 20; i++)
            append(b, magic, T0 + i, i % 3 == 0 ? null : text("key-" + i), text("payload ".repeat(i % 4) + i));
        return b.build();
    }

    /* What the log cleaner leaves of a set: gaps, also at both ends. */
    static MemoryRecords compacted(MemoryRecords from) {
        ByteBuffer to = ByteBuffer.allocate(1 << 16);
        from.filterTo(new TopicPartition("t", 0), entry -> entry.offset() % 5 == 2, to, Integer.MAX_VALUE);
        to.flip();
        return MemoryRecords.readableRecords(to);
    }

    static void print(String name, MemoryRecords records) {
        ByteBuffer b = records.buffer().duplicate();
        byte[] bytes = new byte[b.remaining()];
        b.get(bytes);
        System.out.println("batch " + name);
        System.out.println("bytes " + HexFormat.of().formatHex(bytes));
        System.out.println("end");
    }

    public static void main(String[] args) {
        for (int magic = 0; magic < 2; magic++) {
            for (CompressionType c : CompressionType.values()) {
                String name = "v" + magic + "-" + c.name;
                MemoryRecords stored = filled(magic, c, TimestampType.CREATE_TIME, 1000);
                print(name, stored);
                print(name + "-produced", filled(magic, c, TimestampType.CREATE_TIME, 0));
                print(name + "-compacted", compacted(stored));
                if (magic > 0)
                    print(name + "-log-append-time", filled(magic, c, TimestampType.LOG_APPEND_TIME, 1L << 40));
            }
        }
        MemoryRecordsBuilder one = builder(1, CompressionType.GZIP, TimestampType.CREATE_TIME, 0);
        one.append(T0, text("alone"), text("at offset 0"));
        print("v1-gzip-one", one.build());
    }
}
