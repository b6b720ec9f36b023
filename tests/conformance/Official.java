import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.Readable;

/**
 * What Kafka's own classes make of messages. A line is NAME DIRECTION VERSION and the rest; data of group members and
 * of control records begins with its version, as in a broker.
 *
 * <p>`Official write SEED COUNT NAME:FIRST-LAST...` prints messages, each as bytes in hex and as JSON: with defaults,
 * with as little as possible, with a value in every field, and COUNT random ones.
 *
 * <p>`Official read` takes lines with bytes in hex, and prints for each the bytes that it writes itself, and JSON.
 */
public class Official {
    /** Nulls, empty arrays, zeros. */
    static final MessageVectors.Values LEAST = new MessageVectors.Values() {
        public boolean skip(boolean tagged) {
            return false;
        }

        public boolean isNull() {
            return true;
        }

        public int items(boolean ofStructs) {
            return 0;
        }

        public Object scalar(Class<?> type, String name, int nth) {
            return MessageVectors.scalar(type, 0, "", "");
        }
    };

    static final class Arbitrary implements MessageVectors.Values {
        static final String[] STRINGS = {"", "a", "topic-1", "\u017c\u00f3\u0142\u0107", "\u65e5\u672c\u8a9e",
            "\ud834\udd1e", "\"quoted\" and \\", "\u0000\t\n\u001f\u007f", "x".repeat(130), "\u00e9".repeat(300)};
        static final long[] EXTREMES = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE, Integer.MIN_VALUE,
            Short.MAX_VALUE, Short.MIN_VALUE, Byte.MAX_VALUE, Byte.MIN_VALUE, 1L << 53, (1L << 53) + 1};
        private final Random random;

        Arbitrary(long seed) {
            random = new Random(seed);
        }

        public boolean skip(boolean tagged) {
            return random.nextInt(tagged ? 2 : 16) == 0;
        }

        public boolean isNull() {
            return random.nextInt(4) == 0;
        }

        public int items(boolean ofStructs) {
            return random.nextInt(ofStructs ? 3 : 5);
        }

        public Object scalar(Class<?> type, String name, int nth) {
            long v = random.nextBoolean() ? random.nextLong() : EXTREMES[random.nextInt(EXTREMES.length)];
            String text = STRINGS[random.nextInt(STRINGS.length)];
            return MessageVectors.scalar(type, v, text, text);
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, "UTF-8");
        if (args[0].equals("read")) {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine())
                out.println(read(line.split(" ")));
        } else {
            long seed = Long.parseLong(args[1]);
            for (String arg : List.of(args).subList(3, args.length)) {
                String[] part = arg.split("[:-]");
                for (String direction : MessageVectors.directions(part[0]))
                    for (int v = Integer.parseInt(part[1]); v <= Integer.parseInt(part[2]); v++)
                        write(out, part[0], direction, (short) v, seed, Integer.parseInt(args[2]));
            }
        }
        out.flush();
    }

    static void write(PrintStream out, String name, String direction, short version, long seed, int count)
            throws Exception {
        Class<?> type = MessageVectors.type(name, direction);
        for (int n = -3; n < count; n++) {
            Message message = (Message) type.getConstructor().newInstance();
            long own = seed * 31 + (name + direction).hashCode() * 1000003L + version * 1009 + n;
            MessageVectors.Values values = n == -2 ? LEAST : n == -1 ? MessageVectors.NAMED : new Arbitrary(own);
            if (n > -3)
                MessageVectors.fill(message, MessageVectors.schema(type, version), values);
            out.println(name + " " + direction.toLowerCase() + " " + version + " "
                + hex(message, direction, version) + " " + json(message, version));
        }
    }

    static String read(String[] line) throws Exception {
        String direction = line[1].substring(0, 1).toUpperCase() + line[1].substring(1);
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(line[3].equals("-") ? "" : line[3]));
        short version = Short.parseShort(line[2]);
        try {
            if (direction.equals("Data") && bytes.getShort() != version)
                return "- another version in front";
            Message message = (Message) MessageVectors.type(line[0], direction)
                .getConstructor(Readable.class, short.class).newInstance(new ByteBufferAccessor(bytes), version);
            return bytes.hasRemaining() ? "- " + bytes.remaining() + " bytes are left"
                : hex(message, direction, version) + " " + json(message, version);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return "- " + (e.getCause() == null ? e : e.getCause()).toString().replace('\n', ' ');
        }
    }

    static String hex(Message message, String direction, short version) {
        byte[] body = MessageVectors.bytes(message, version);
        if (direction.equals("Data"))
            body = ByteBuffer.allocate(2 + body.length).putShort(version).put(body).array();
        return MessageVectors.hex(body);
    }

    /** By name, because only classes made at Kafka's build know their fields. */
    static String json(Message message, short version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        Method write = converter.getMethod("write", message.getClass(), short.class, boolean.class);
        return write.invoke(null, message, version, false).toString();
    }
}
