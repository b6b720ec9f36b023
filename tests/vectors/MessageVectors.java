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
    public static void main(String[] args) throws Exception {
        for (String arg : args) {
            String[] part = arg.split("[:-]");
            List<String> directions = part[0].endsWith("Header") ? List.of("Header")
                : part[0].matches("ConsumerProtocol.*|.*Marker") ? List.of("Data") : List.of("Request", "Response");
            for (String direction : directions)
                for (int v = Integer.parseInt(part[1]); v <= Integer.parseInt(part[2]); v++)
                    write(part[0], direction, (short) v);
        }
    }

    static void write(String api, String direction, short version) throws Exception {
        String name = direction.equals("Data") ? api : direction.equals("Header") ? api + "Data"
            : api + direction + "Data";
        Class<?> type = Class.forName("org.apache.kafka.common.message." + name);
        Message message = (Message) type.getConstructor().newInstance();
        String start = api + " " + direction.toLowerCase() + " " + version + " ";
        System.out.println(start + "default " + hex(bytes(message, version)));
        if (direction.startsWith("Re"))
            System.out.println(start + "frame " + hex(frame(message, direction, version)));
        fill(message, ((Schema[]) type.getField("SCHEMAS").get(null))[version]);
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

    static void fill(Object message, Schema schema) throws Exception {
        Map<String, Type> known = new TreeMap<>();
        for (BoundField field : schema.fields()) {
            if (field.def.type instanceof TaggedFields)
                tagged((TaggedFields) field.def.type).forEach(f -> known.put(f.name, f.type));
            else
                known.put(field.def.name, field.def.type);
        }
        for (Field field : message.getClass().getDeclaredFields()) {
            String name = snake(field.getName());
            if (known.containsKey(name)) {
                field.setAccessible(true);
                field.set(message, value(field, name, known.get(name)));
            }
        }
    }

    @SuppressWarnings("unchecked")
    static Collection<org.apache.kafka.common.protocol.types.Field> tagged(TaggedFields fields) throws Exception {
        Field map = TaggedFields.class.getDeclaredField("fields");
        map.setAccessible(true);
        return ((Map<Integer, org.apache.kafka.common.protocol.types.Field>) map.get(fields)).values();
    }

    static Object value(Field field, String name, Type type) throws Exception {
        if (Collection.class.isAssignableFrom(field.getType()))
            return array(field, name, type);
        if (Message.class.isAssignableFrom(field.getType())) {
            Object inner = field.getType().getConstructor().newInstance();
            fill(inner, (Schema) type);
            return inner;
        }
        return scalar(field.getType(), name, 0);
    }

    /** Structs once, scalars twice. */
    static Object array(Field field, String name, Type type) throws Exception {
        Type element = type.arrayElementType().get();
        if (element instanceof Schema) {
            Object inner = itemClass(field).getConstructor().newInstance();
            fill(inner, (Schema) element);
            @SuppressWarnings("unchecked")
            Collection<Object> items = field.getType().isInterface() ? new ArrayList<>()
                : (Collection<Object>) field.getType().getConstructor().newInstance();
            items.add(inner);
            return items;
        }
        return new ArrayList<>(List.of(scalar(itemClass(field), name, 0), scalar(itemClass(field), name, 1)));
    }

    static Class<?> itemClass(Field field) {
        java.lang.reflect.Type generic = field.getGenericType() instanceof ParameterizedType
            ? field.getGenericType() : field.getType().getGenericSuperclass();
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    static Object scalar(Class<?> type, String name, int nth) {
        long v = fnv(name) + nth;
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
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
            return name + nth;
        if (type == byte[].class)
            return text;
        if (type == ByteBuffer.class)
            return ByteBuffer.wrap(text);
        if (type == Uuid.class)
            return new Uuid(v, ~v);
        if (type.getSimpleName().equals("BaseRecords"))
            return records(ByteBuffer.wrap(text));
        throw new IllegalArgumentException(type + " " + name);
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
