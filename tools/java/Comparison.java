import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What differs between the records expected and those delivered, summed over partitions. Equal records are told apart
 * by how many came before: the n-th one delivered matches the n-th one expected, and what is left over was lost or
 * delivered once too often.
 */
final class Comparison {
    private static final int EXAMPLES_MAX = 10;

    long lost;
    /** Delivered more often than expected. */
    long duplicated;
    /** Those of `duplicated` that were not expected even once. */
    long unexpected;
    /** The fewest records that would have to move to bring the matching ones into order. */
    long misordered;
    final List<String> examples = new ArrayList<>();

    void add(int partition, Sequence expected, Sequence delivered) {
        int same = expected.mismatch(delivered);
        if (same == expected.size() && same == delivered.size())
            return;
        Map<Long, Deque<Integer>> waiting = new LinkedHashMap<>();
        for (int i = 0; i < expected.size(); i++)
            waiting.computeIfAbsent(expected.identity(i), identity -> new ArrayDeque<>(1)).add(i);

        List<Integer> matches = new ArrayList<>(); // where in `expected` each matching record of `delivered` belongs
        for (int i = 0; i < delivered.size(); i++) {
            Deque<Integer> equal = waiting.get(delivered.identity(i));
            if (equal != null && !equal.isEmpty()) {
                matches.add(equal.remove());
                continue;
            }
            duplicated++;
            unexpected += equal == null ? 1 : 0;
            example(equal == null ? "unexpected" : "duplicated", partition, "output", delivered.offset(i));
        }
        for (Deque<Integer> equal : waiting.values())
            for (int index : equal) {
                lost++;
                example("lost", partition, "input", expected.offset(index));
            }
        int moved = matches.size() - longestIncrease(matches);
        misordered += moved;
        if (moved > 0)
            example("out of order, first difference", partition, "output", delivered.offset(same));
    }

    /** The length of the longest strictly increasing subsequence. */
    private static int longestIncrease(List<Integer> values) {
        int[] lowestEnd = new int[values.size()]; // [n]: the lowest value that ends such a subsequence of n + 1 values
        int length = 0;
        for (int value : values) {
            int at = -Arrays.binarySearch(lowestEnd, 0, length, value) - 1;
            lowestEnd[at] = value;
            length = Math.max(length, at + 1);
        }
        return length;
    }

    private void example(String what, int partition, String topic, long offset) {
        if (examples.size() < EXAMPLES_MAX)
            examples.add(what + ": partition " + partition + ", " + topic + " offset " + offset);
    }
}
