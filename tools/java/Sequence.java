import java.util.Arrays;

/** The records of a partition in order: what each one is (64 bits that stand for all it carries) and its offset. */
final class Sequence {
    private long[] identities = new long[1024];
    private long[] offsets = new long[1024];
    private int size;

    void add(long identity, long offset) {
        if (size == identities.length) {
            identities = Arrays.copyOf(identities, 2 * size);
            offsets = Arrays.copyOf(offsets, 2 * size);
        }
        identities[size] = identity;
        offsets[size++] = offset;
    }

    int size() {
        return size;
    }

    long identity(int index) {
        return identities[index];
    }

    long offset(int index) {
        return offsets[index];
    }

    /** The index of the first record in which the two differ, or the size of the shorter one. */
    int mismatch(Sequence other) {
        int first = Arrays.mismatch(identities, 0, size, other.identities, 0, other.size);
        return first < 0 ? size : first;
    }
}
