import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Command-line options of the form --name value; the names that are known come with their defaults. */
final class Options {
    private final Map<String, String> values;

    /** Ends the program with status 2 if `args` names an option without a default, or gives one no value. */
    Options(String[] args, Map<String, String> defaults) {
        values = new HashMap<>(defaults);
        List<String> list = List.of(args);
        for (int i = 0; i < list.size(); i += 2) {
            String name = list.get(i).replaceFirst("^--", "");
            if (!defaults.containsKey(name) || i + 1 == list.size()) {
                String names = String.join(" --", new TreeSet<>(defaults.keySet()));
                System.err.println("options, each with a value: --" + names);
                System.exit(2);
            }
            values.put(name, list.get(i + 1));
        }
    }

    String text(String name) {
        return values.get(name);
    }

    int integer(String name) {
        return Integer.parseInt(text(name));
    }

    double number(String name) {
        return Double.parseDouble(text(name));
    }

    boolean flag(String name) {
        return Boolean.parseBoolean(text(name));
    }
}
