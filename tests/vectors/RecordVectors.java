/*
 * Golden record batches from the official Java client, and the proof of the other direction.
 *
 *   java -cp 'JARS/*' tests/vectors/RecordVectors.java write > tests/vectors/records.txt
 *   build/tests/proto_records/dump_batches | java -cp 'JARS/*' tests/vectors/RecordVectors.java read
 *
 * JARS holds org.apache.kafka:kafka-clients:4.4.0 with its dependencies. The first prints each batch in hexadecimal and
 * what Java reads in it, the second reads such lines and fails when Java sees something else.
 */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;

public class RecordVectors {
    static final long T0 = 1700000000000L;

    static String hex(ByteBuffer b) {
        if (b == null)
            return "-";
        byte[] bytes = new byte[b.remaining()];
        b.duplicate().get(bytes);
        return bytes.length == 0 ? "." : HexFormat.of().formatHex(bytes);
    }

    static ByteBuffer wrap(byte[] b) {
        return b == null ? null : ByteBuffer.wrap(b);
    }

    /* What a batch and its records are, as text; the unit test of Weir makes the same. */
    static String describe(MutableRecordBatch b) {
        StringBuilder s = new StringBuilder();
        s.append(String.format("open %d %d %d %d %d %d %d %s %b %b %d%n", b.baseOffset(), b.lastOffset(),
            b.countOrNull(), b.partitionLeaderEpoch(), b.producerId(), b.producerEpoch(), b.baseSequence(),
            b.compressionType().name, b.isTransactional(), b.isControlBatch(), b.maxTimestamp()));
        for (Record r : b) {
            s.append(String.format("record %d %d %d %s %s", r.offset(), r.timestamp(),
                b.timestampType().id, hex(r.key()), hex(r.value())));
            for (Header h : r.headers())
                s.append(' ').append(hex(wrap(text(h.key())))).append('=').append(hex(wrap(h.value())));
            s.append(String.format("%n"));
        }
        return s.toString();
    }

    static void print(String name, MemoryRecords records) {
        System.out.println("batch " + name);
        System.out.println("bytes " + hex(records.buffer()));
        for (MutableRecordBatch b : records.batches()) {
            b.ensureValid();
            System.out.print(describe(b));
        }
        System.out.println("end");
    }

    static byte[] text(String s) {
        return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
    }

    static MemoryRecordsBuilder builder(Compression c, TimestampType type, long base, long pid, int epoch, int sequence,
                                        boolean transactional) {
        return new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 20), RecordBatch.MAGIC_VALUE_V2, c, type, base, T0 + 5,
            pid, (short) epoch, sequence, transactional, false, 3, 1 << 20);
    }

    static void fill(MemoryRecordsBuilder b) {
        b.append(T0, text("key"), text("value"));
        b.append(T0 - 70000, null, text("null key, earlier"));
        b.append(T0 + 1, text("tombstone"), null);
        b.append(-1L, (byte[]) null, null);
        b.append(T0 + 3, new byte[0], new byte[0]);
        Header[] headers = {new RecordHeader("a", text("1")), new RecordHeader("a", text("2")),
            new RecordHeader("null", (byte[]) null), new RecordHeader("", new byte[0]),
            new RecordHeader("größe", text("é"))};
        b.append(T0 + 100000000000L, text("k"), text("x".repeat(300)), headers);
        for (int i = 0; i < 100; i++)
            b.append(T0 + i, i % 3 == 0 ? null : text("key-" + i), text("payload ".repeat(i % 4) + i));
    }

    static MemoryRecords filtered(MemoryRecords from, boolean keepNone) {
        ByteBuffer to = ByteBuffer.allocate(1 << 20);
        MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(T0, 1000) {
            @Override
            protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                return new BatchRetentionResult(BatchRetention.RETAIN_EMPTY, false);
            }

            @Override
            protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
                return !keepNone && record.offset() % 3 == 0;
            }
        };
        from.filterTo(filter, to, BufferSupplier.NO_CACHING, Integer.MAX_VALUE);
        to.flip();
        return MemoryRecords.readableRecords(to);
    }

    static void write() {
        Compression[] all = {Compression.NONE, Compression.gzip().build(), Compression.snappy().build(),
            Compression.lz4().build(), Compression.zstd().build()};
        for (Compression c : all) {
            MemoryRecordsBuilder b = builder(c, TimestampType.CREATE_TIME, 1000, -1, -1, -1, false);
            fill(b);
            print(c.type().name, b.build());
        }
        MemoryRecordsBuilder appended = builder(Compression.NONE, TimestampType.LOG_APPEND_TIME, 0, -1, -1, -1, false);
        fill(appended);
        print("log-append-time", appended.build());
        MemoryRecordsBuilder transactional = builder(Compression.zstd().build(), TimestampType.CREATE_TIME, 1L << 40,
            4711, 32767, Integer.MAX_VALUE, true);
        fill(transactional);
        MemoryRecords full = transactional.build();
        print("transactional", full);
        print("compacted-with-delete-horizon", filtered(full, false));
        print("retained-empty", filtered(full, true));
        for (ControlRecordType type : new ControlRecordType[] {ControlRecordType.ABORT, ControlRecordType.COMMIT})
            print("marker-" + type.name().toLowerCase(), MemoryRecords.withEndTransactionMarker(77, T0, 5, 4711,
                (short) 2, new EndTransactionMarker(type, 9)));
    }

    /* Completes the lines of MessageSetVectors.java. */
    static void describe() throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String name = "", line;
        while ((line = in.readLine()) != null) {
            if (line.startsWith("batch "))
                name = line.substring(6);
            else if (line.startsWith("bytes "))
                print(name, MemoryRecords.readableRecords(ByteBuffer.wrap(HexFormat.of().parseHex(line.substring(6)))));
        }
    }

    static void read() throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String name = "", bytes = "", line;
        StringBuilder want = new StringBuilder();
        int good = 0;
        while ((line = in.readLine()) != null) {
            if (line.startsWith("batch ")) {
                name = line;
                want.setLength(0);
            } else if (line.startsWith("bytes ")) {
                bytes = line.substring(6);
            } else if (line.equals("end")) {
                StringBuilder got = new StringBuilder();
                ByteBuffer set = ByteBuffer.wrap(HexFormat.of().parseHex(bytes));
                for (MutableRecordBatch b : MemoryRecords.readableRecords(set).batches()) {
                    b.ensureValid();
                    got.append(describe(b));
                }
                if (!got.toString().equals(want.toString())) {
                    System.err.println(name + ": Java reads\n" + got + "instead of\n" + want);
                    System.exit(1);
                }
                good++;
            } else {
                want.append(line).append(System.lineSeparator());
            }
        }
        System.out.println(good + " batches read back");
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("write"))
            write();
        else if (args[0].equals("describe"))
            describe();
        else
            read();
    }
}
