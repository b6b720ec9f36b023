import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes the one-line JSON that these programs print. */
final class Json {
    private Json() {}

    /** An object of the given names and values in turn, in that order. */
    static Map<String, Object> object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2)
            object.put((String) namesAndValues[i], namesAndValues[i + 1]);
        return object;
    }

    /** Prints one line; `value` is made of maps, collections, strings, numbers, booleans and null. */
    static void print(Object value) {
        System.out.println(text(value));
        System.out.flush();
    }

    private static String text(Object value) {
        if (value instanceof Map<?, ?> map)
            return map.entrySet().stream().map(e -> text(e.getKey()) + ": " + text(e.getValue()))
                .collect(Collectors.joining(", ", "{", "}"));
        if (value instanceof Collection<?> list)
            return list.stream().map(Json::text).collect(Collectors.joining(", ", "[", "]"));
        if (value == null || value instanceof Number || value instanceof Boolean)
            return String.valueOf(value);
        return quoted(value.toString());
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\')
                out.append('\\').append(c);
            else if (c < 0x20)
                out.append(String.format("\\u%04x", (int) c));
            else
                out.append(c);
        }
        return out.append('"').toString();
    }
}
