import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;

/**
 * Record sets as Kafka's own classes write and read them.
 *
 * <p>`RecordSets write SEED COUNT` prints COUNT random sets of every format, codec and kind: MAGIC CODEC KIND, the
 * bytes in hexadecimal, and as JSON what Kafka reads in them, in the form of `weir decode records`.
 *
 * <p>`RecordSets read` takes lines of hexadecimal, and prints for each the JSON, or `- ` and why it cannot be read.
 */
public class RecordSets {
    static final long T0 = 1700000000000L;
    static final String[] NAMES = {"", "a", "a", "trace-id", "gr\u00f6\u00dfe", "\u65e5\u672c", "\ud834\udd1e",
        "\"\\\n\u0001", "x".repeat(200)};
    static final HexFormat HEX = HexFormat.of();

    /** What a set is made of. */
    enum Kind {
        PLAIN, APPENDED, BATCHES, CUT, COMPACTED, IDEMPOTENT, TRANSACTION, EMPTIED;

        boolean isOf(byte magic) {
            return magic == RecordBatch.MAGIC_VALUE_V2 || (this == APPENDED && magic > 0) || this == PLAIN
                || this == BATCHES || this == CUT || this == COMPACTED;
        }
    }

    /** Random sets of one format and codec. */
    static final class Maker {
        private final Random random;
        private final byte magic;
        private final Compression compression;
        private long offset;

        Maker(long seed, byte magic, CompressionType codec) {
            this.random = new Random(seed);
            this.magic = magic;
            this.compression = Compression.of(codec.name).build();
        }

        byte[] bytes() {
            int kind = random.nextInt(100);
            if (kind < 20)
                return kind < 8 ? new byte[0] : null;
            byte[] bytes = new byte[kind == 99 ? random.nextInt(80000) : random.nextInt(1 << random.nextInt(10))];
            if (random.nextBoolean())
                random.nextBytes(bytes);
            else
                Arrays.fill(bytes, (byte) random.nextInt());
            return bytes;
        }

        Header[] headers() {
            Header[] headers = new Header[magic < 2 || random.nextInt(3) > 0 ? 0 : random.nextInt(5)];
            for (int n = 0; n < headers.length; n++)
                headers[n] = new RecordHeader(NAMES[random.nextInt(NAMES.length)], bytes());
            return headers;
        }

        long timestamp() {
            switch (magic == 0 ? 0 : random.nextInt(10)) {
                case 0:
                    return RecordBatch.NO_TIMESTAMP;
                case 1:
                    return random.nextInt(2) * Long.MAX_VALUE;
                default:
                    return T0 + (random.nextInt(1 << random.nextInt(30)) - (1 << random.nextInt(30)));
            }
        }

        MemoryRecords batch(TimestampType type, long producerId, boolean transactional) {
            TimestampType own = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : type;
            short epoch = (short) (producerId < 0 ? -1 : random.nextInt(Short.MAX_VALUE));
            int sequence = producerId < 0 ? -1 : random.nextInt(Integer.MAX_VALUE);
            MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), magic, compression,
                own, offset, T0 + random.nextInt(1 << 30), producerId, epoch, sequence, transactional, false,
                magic < 2 ? -1 : random.nextInt(100), 1 << 24);
            for (int left = 1 + random.nextInt(1 << random.nextInt(7)); left > 0; left--) {
                builder.appendWithOffset(offset, timestamp(), bytes(), bytes(), headers());
                offset += random.nextInt(10) == 0 ? 1 + random.nextInt(1000) : 1;
            }
            return builder.build();
        }

        MemoryRecords marker(long producerId) {
            ControlRecordType type = random.nextBoolean() ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
            return MemoryRecords.withEndTransactionMarker(offset++, T0 + random.nextInt(1 << 30), random.nextInt(100),
                producerId, (short) random.nextInt(Short.MAX_VALUE), new EndTransactionMarker(type, random.nextInt()));
        }

        /** What the log cleaner leaves of a set: a part of its records, or none. */
        MemoryRecords compacted(MemoryRecords records, boolean keepSome) {
            ByteBuffer to = ByteBuffer.allocate(records.sizeInBytes() * 2 + (1 << 20));
            MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(T0, random.nextInt(1 << 30)) {
                @Override
                protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                    BatchRetention retention = magic < RecordBatch.MAGIC_VALUE_V2 ? BatchRetention.DELETE_EMPTY
                        : BatchRetention.RETAIN_EMPTY;
                    return new BatchRetentionResult(retention, batch.isControlBatch());
                }

                @Override
                protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
                    return keepSome && random.nextInt(3) > 0;
                }
            };
            records.filterTo(filter, to, BufferSupplier.NO_CACHING, Integer.MAX_VALUE);
            to.flip();
            return MemoryRecords.readableRecords(to);
        }

        MemoryRecords several() {
            MemoryRecords[] parts = new MemoryRecords[1 + random.nextInt(5)];
            for (int n = 0; n < parts.length; n++) {
                boolean appended = magic > 0 && random.nextInt(3) == 0;
                long producerId = magic < 2 || random.nextBoolean() ? -1 : random.nextLong() >>> 1;
                parts[n] = batch(appended ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME, producerId,
                    false);
            }
            return joined(parts);
        }

        MemoryRecords transaction() {
            long producerId = random.nextLong() >>> 1;
            return joined(batch(TimestampType.CREATE_TIME, producerId, true), marker(producerId));
        }

        ByteBuffer set(Kind kind) {
            offset = random.nextInt(3) == 0 ? 0 : random.nextLong() >>> 2 + random.nextInt(40);
            switch (kind) {
                case PLAIN:
                    return batch(TimestampType.CREATE_TIME, -1, false).buffer();
                case APPENDED:
                    return batch(TimestampType.LOG_APPEND_TIME, -1, false).buffer();
                case IDEMPOTENT:
                    return batch(TimestampType.CREATE_TIME, random.nextLong() >>> 1, false).buffer();
                case COMPACTED:
                    return compacted(magic < 2 ? several() : joined(several(), transaction()), true).buffer();
                case TRANSACTION:
                    return joined(transaction(), several(), transaction()).buffer();
                case EMPTIED:
                    return compacted(joined(several(), transaction()), false).buffer();
                case CUT:
                    ByteBuffer whole = several().buffer();
                    return whole.limit(whole.limit() - 1 - random.nextInt(Math.min(whole.limit(), 200)));
                default:
                    return several().buffer();
            }
        }
    }

    static MemoryRecords joined(MemoryRecords... parts) {
        ByteBuffer whole = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(MemoryRecords::sizeInBytes).sum());
        for (MemoryRecords part : parts)
            whole.put(part.buffer());
        whole.flip();
        return MemoryRecords.readableRecords(whole);
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static String hex(ByteBuffer buffer) {
        return buffer == null ? null : HEX.formatHex(bytes(buffer));
    }

    static ObjectNode batchNode(MutableRecordBatch batch) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("magic", batch.magic());
        node.put("sizeInBytes", batch.sizeInBytes());
        node.put("checksum", batch.checksum());
        node.put("compression", batch.compressionType().name);
        node.put("baseOffset", batch.baseOffset());
        node.put("lastOffset", batch.lastOffset());
        node.put("count", batch.countOrNull());
        node.put("timestampType", batch.timestampType().name);
        node.put("maxTimestamp", batch.maxTimestamp());
        node.put("deleteHorizonMs", batch.deleteHorizonMs().isPresent() ? batch.deleteHorizonMs().getAsLong() : null);
        node.put("producerId", batch.producerId());
        node.put("producerEpoch", batch.producerEpoch());
        node.put("baseSequence", batch.baseSequence());
        node.put("isTransactional", batch.isTransactional());
        node.put("isControl", batch.isControlBatch());
        node.put("partitionLeaderEpoch", batch.partitionLeaderEpoch());
        return node;
    }

    static ObjectNode recordNode(RecordBatch batch, Record record) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("offset", record.offset());
        node.put("timestamp", record.timestamp());
        node.put("timestampType", batch.timestampType().name);
        node.put("key", hex(record.key()));
        node.put("value", hex(record.value()));
        ArrayNode headers = node.putArray("headers");
        for (Header header : record.headers())
            headers.addArray().add(header.key())
                .add(header.value() == null ? null : HEX.formatHex(header.value()));
        return node;
    }

    static String json(ByteBuffer set) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        ArrayNode batches = node.putArray("batches");
        ArrayNode records = node.putArray("records");
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(set.duplicate()).batches()) {
            batch.ensureValid();
            batches.add(batchNode(batch));
            for (Record record : batch) {
                record.ensureValid();
                records.add(recordNode(batch, record));
            }
        }
        return node.toString();
    }

    static void write(PrintStream out, long seed, int count) {
        for (byte magic = 0; magic <= RecordBatch.CURRENT_MAGIC_VALUE; magic++)
            for (CompressionType codec : CompressionType.values()) {
                if (codec == CompressionType.ZSTD && magic < RecordBatch.MAGIC_VALUE_V2)
                    continue;
                Maker maker = new Maker(seed * 31 + magic * 7 + codec.id, magic, codec);
                for (Kind kind : Kind.values())
                    for (int n = 0; n < count && kind.isOf(magic); n++) {
                        ByteBuffer set = maker.set(kind);
                        out.println(magic + " " + codec.name + " " + kind.name().toLowerCase() + " " + hex(set) + " "
                            + json(set));
                    }
            }
    }

    static String read(String line) {
        try {
            return json(ByteBuffer.wrap(HEX.parseHex(line)));
        } catch (RuntimeException e) {
            return "- " + e.toString().replace('\n', ' ');
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, "UTF-8");
        if (args[0].equals("write")) {
            write(out, Long.parseLong(args[1]), Integer.parseInt(args[2]));
        } else {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine())
                out.println(read(line));
        }
        out.flush();
    }
}
