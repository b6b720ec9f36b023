import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

/**
 * Writes messages as Kafka's own classes encode them, a line each: API, direction, version, variant, bytes in hex.
 * Variants: "default" is a new message, "filled" has every field that the version knows set to a value that follows
 * from the field's name, "frame" is the default message with size and header (correlation id 7, client id "weir").
 * Arguments: API:first-last, for example Fetch:4-18. Headers and data, which belong to no API, come without frames.
 */
public class MessageVectors {
    /** Where values come from. */
    interface Values {
        /** Whether a field keeps its default. */
        boolean skip(boolean tagged);

        /** Whether a field that may be null is. */
        boolean isNull();

        /** How many items an array gets. */
        int items(boolean ofStructs);

        Object scalar(Class<?> type, String name, int nth);
    }

    /** Values that follow from the names of the fields: structs once, scalars twice. */
    static final Values NAMED = new Values() {
        public boolean skip(boolean tagged) {
            return false;
        }

        public boolean isNull() {
            return false;
        }

        public int items(boolean ofStructs) {
            return ofStructs ? 1 : 2;
        }

        public Object scalar(Class<?> type, String name, int nth) {
            return MessageVectors.scalar(type, fnv(name) + nth, name, name + nth);
        }
    };

    public static void main(String[] args) throws Exception {
        for (String arg : args) {
            String[] part = arg.split("[:-]");
            for (String direction : directions(part[0]))
                for (int v = Integer.parseInt(part[1]); v <= Integer.parseInt(part[2]); v++)
                    write(part[0], direction, (short) v);
        }
    }

    static List<String> directions(String api) {
        return api.endsWith("Header") ? List.of("Header")
            : api.matches("ConsumerProtocol.*|.*Marker") ? List.of("Data") : List.of("Request", "Response");
    }

    static Class<?> type(String api, String direction) throws Exception {
        String name = direction.equals("Data") ? api : direction.equals("Header") ? api + "Data"
            : api + direction + "Data";
        return Class.forName("org.apache.kafka.common.message." + name);
    }

    static Schema schema(Class<?> type, short version) throws Exception {
        return ((Schema[]) type.getField("SCHEMAS").get(null))[version];
    }

    static void write(String api, String direction, short version) throws Exception {
        Class<?> type = type(api, direction);
        Message message = (Message) type.getConstructor().newInstance();
        String start = api + " " + direction.toLowerCase() + " " + version + " ";
        System.out.println(start + "default " + hex(bytes(message, version)));
        if (direction.startsWith("Re"))
            System.out.println(start + "frame " + hex(frame(message, direction, version)));
        fill(message, schema(type, version), NAMED);
        System.out.println(start + "filled " + hex(bytes(message, version)));
    }

    static byte[] bytes(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.array();
    }

    static byte[] frame(Message message, String direction, short version) throws Exception {
        short key = (short) message.getClass().getMethod("apiKey").invoke(message);
        ApiKeys api = ApiKeys.forId(key);
        byte[] header = direction.equals("Request")
            ? bytes(new RequestHeaderData().setRequestApiKey(key).setRequestApiVersion(version).setCorrelationId(7)
                .setClientId("weir"), api.requestHeaderVersion(version))
            : bytes(new ResponseHeaderData().setCorrelationId(7), api.responseHeaderVersion(version));
        byte[] body = bytes(message, version);
        return ByteBuffer.allocate(4 + header.length + body.length).putInt(header.length + body.length).put(header)
            .put(body).array();
    }

    static void fill(Object message, Schema schema, Values values) throws Exception {
        Map<String, Type> plain = new TreeMap<>();
        Map<String, Type> tagged = new TreeMap<>();
        for (BoundField field : schema.fields()) {
            if (field.def.type instanceof TaggedFields)
                tagged((TaggedFields) field.def.type).forEach(f -> tagged.put(f.name, f.type));
            else
                plain.put(field.def.name, field.def.type);
        }
        for (Field field : message.getClass().getDeclaredFields()) {
            String name = snake(field.getName());
            boolean isTagged = tagged.containsKey(name);
            if ((isTagged || plain.containsKey(name)) && !values.skip(isTagged)) {
                field.setAccessible(true);
                field.set(message, value(field, name, isTagged ? tagged.get(name) : plain.get(name), values));
            }
        }
    }

    @SuppressWarnings("unchecked")
    static Collection<org.apache.kafka.common.protocol.types.Field> tagged(TaggedFields fields) throws Exception {
        Field map = TaggedFields.class.getDeclaredField("fields");
        map.setAccessible(true);
        return ((Map<Integer, org.apache.kafka.common.protocol.types.Field>) map.get(fields)).values();
    }

    static Object value(Field field, String name, Type type, Values values) throws Exception {
        if (type.isNullable() && values.isNull())
            return null;
        if (Collection.class.isAssignableFrom(field.getType()))
            return array(field, name, type, values);
        if (Message.class.isAssignableFrom(field.getType())) {
            Object inner = field.getType().getConstructor().newInstance();
            fill(inner, (Schema) type, values);
            return inner;
        }
        return values.scalar(field.getType(), name, 0);
    }

    static Object array(Field field, String name, Type type, Values values) throws Exception {
        Type element = type.arrayElementType().get();
        @SuppressWarnings("unchecked")
        Collection<Object> items = field.getType().isInterface() ? new ArrayList<>()
            : (Collection<Object>) field.getType().getConstructor().newInstance();
        int count = values.items(element instanceof Schema);
        for (int nth = 0; nth < count; nth++) {
            if (element instanceof Schema) {
                Object inner = itemClass(field).getConstructor().newInstance();
                fill(inner, (Schema) element, values);
                items.add(inner);
            } else {
                items.add(values.scalar(itemClass(field), name, nth));
            }
        }
        return items;
    }

    static Class<?> itemClass(Field field) {
        java.lang.reflect.Type generic = field.getGenericType() instanceof ParameterizedType
            ? field.getGenericType() : field.getType().getGenericSuperclass();
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    /** A value of a type from a number, bytes from `text`, strings as given. */
    static Object scalar(Class<?> type, long v, String text, String string) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (type == boolean.class)
            return (v & 1) != 0;
        if (type == byte.class || type == Byte.class)
            return (byte) v;
        if (type == short.class || type == Short.class)
            return (short) v;
        if (type == int.class || type == Integer.class)
            return (int) v;
        if (type == long.class || type == Long.class)
            return v;
        if (type == String.class)
            return string;
        if (type == byte[].class)
            return bytes;
        if (type == ByteBuffer.class)
            return ByteBuffer.wrap(bytes);
        if (type == Uuid.class)
            return new Uuid(v, ~v);
        if (type.getSimpleName().equals("BaseRecords"))
            return records(ByteBuffer.wrap(bytes));
        throw new IllegalArgumentException(type.toString());
    }

    /** By name, because the classes of records have moved between packages. */
    static Object records(ByteBuffer bytes) {
        for (String at : List.of("org.apache.kafka.common.record.", "org.apache.kafka.common.record.internal.")) {
            try {
                return Class.forName(at + "MemoryRecords").getMethod("readableRecords", ByteBuffer.class)
                    .invoke(null, bytes);
            } catch (ReflectiveOperationException e) {
                continue;
            }
        }
        throw new IllegalStateException("no MemoryRecords");
    }

    /** FNV-1a, 64 bits. */
    static long fnv(String text) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8))
            hash = (hash ^ b) * 0x100000001b3L;
        return hash;
    }

    static String snake(String camel) {
        return camel.replaceAll("([A-Z])", "_$1").toLowerCase();
    }

    static String hex(byte[] bytes) {
        return bytes.length == 0 ? "-" : HexFormat.of().formatHex(bytes);
    }
}
