import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Small administration through Kafka's own client. "Tool BOOTSTRAP COMMAND…" runs one command, "Tool BOOTSTRAP" one
 * for each line of stdin. Each answers with one JSON line; a failed one with {"error": …}, and status 1 at the end.
 */
public final class Tool {
    private static final String USAGE = """
        create TOPIC PARTITIONS [KEY=VALUE…]   and wait until every partition has a leader
        delete TOPIC
        grow TOPIC PARTITIONS
        alter TOPIC KEY=VALUE…
        delete-records TOPIC PARTITION OFFSET  all before OFFSET
        offsets TOPIC                          earliest, stable and latest of each partition
        transactions [PREFIX]
        leaders TOPIC                          the node that leads each partition
        controller                             the node that is the active controller
        behind                                 how many partitions have replicas out of sync, and have no leader
        tails TOPIC                            the last visible record of each partition
        coordinator ID                         the node that coordinates the transactions of the id
        begin ID TOPIC PARTITION VALUE         leave a transaction open with one record in it
        commit ID                              that transaction
        input OPTION…                          what Input does
        judge OPTION…                          what Judge does
        records TOPIC [ISOLATION]              all of them, as text""";

    private final Admin admin;
    private final String bootstrap;
    private final OpenTransactions open;

    public static void main(String[] args) throws Exception {
        boolean good = true;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            Tool tool = new Tool(admin, args[0]);
            if (args.length > 1) {
                good = tool.answer(Arrays.asList(args).subList(1, args.length));
            } else {
                BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                for (String line = lines.readLine(); line != null; line = lines.readLine())
                    good &= tool.answer(List.of(line.strip().split("\\s+")));
            }
        }
        System.exit(good ? 0 : 1);
    }

    private Tool(Admin admin, String bootstrap) {
        this.admin = admin;
        this.bootstrap = bootstrap;
        open = new OpenTransactions(bootstrap);
    }

    private boolean answer(List<String> words) {
        try {
            Json.print(run(words.get(0), words.subList(1, words.size())));
            return true;
        } catch (Exception error) {
            Json.print(Json.object("error", Optional.ofNullable(error.getCause()).orElse(error).toString()));
            return false;
        }
    }

    private Map<String, Object> run(String command, List<String> words) throws Exception {
        return switch (command) {
            case "create" -> create(words.get(0), Integer.parseInt(words.get(1)), words.subList(2, words.size()));
            case "delete" -> delete(words.get(0));
            case "grow" -> grow(words.get(0), Integer.parseInt(words.get(1)));
            case "alter" -> alter(words.get(0), words.subList(1, words.size()));
            case "delete-records" ->
                deleteRecords(words.get(0), Integer.parseInt(words.get(1)), Long.parseLong(words.get(2)));
            case "offsets" -> offsets(words.get(0));
            case "transactions" -> transactions(words.isEmpty() ? "" : words.get(0));
            case "leaders" -> leaders(words.get(0));
            case "controller" -> Json.object("node", admin.describeMetadataQuorum().quorumInfo().get().leaderId());
            case "behind" -> behind();
            case "tails" -> Tails.of(bootstrap, words.get(0));
            case "coordinator" -> Json.object("transactional_id", words.get(0), "node",
                admin.describeTransactions(words).all().get().get(words.get(0)).coordinatorId());
            case "begin" -> open.begin(words.get(0), words.get(1), Integer.parseInt(words.get(2)), words.get(3));
            case "commit" -> open.commit(words.get(0));
            case "input" -> new Input(connected(words)).fill();
            case "judge" -> new Judge(connected(words)).verdict();
            case "records" ->
                Records.of(bootstrap, words.get(0), words.size() > 1 ? words.get(1) : "read_committed");
            default -> throw new IllegalArgumentException("no command " + command + "; there are\n" + USAGE);
        };
    }

    /** The options of a program that speaks to the same brokers. */
    private String[] connected(List<String> options) {
        return Stream.concat(Stream.of("--bootstrap", bootstrap), options.stream()).toArray(String[]::new);
    }

    private Map<String, Object> create(String topic, int partitions, List<String> configs) throws Exception {
        Map<String, String> values = new HashMap<>();
        for (String config : configs)
            values.put(config.split("=", 2)[0], config.split("=", 2)[1]);
        admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(values)))
            .all().get();
        awaitLeaders(topic, partitions);
        return Json.object("topic", topic, "partitions", partitions);
    }

    private void awaitLeaders(String topic, int partitions) throws Exception {
        while (true) {
            try {
                List<TopicPartitionInfo> found =
                    admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
                if (found.stream().filter(info -> info.leader() != null).count() == partitions)
                    return;
            } catch (ExecutionException notYet) {
                if (!(notYet.getCause() instanceof RetriableException))
                    throw notYet;
            }
            Thread.sleep(20);
        }
    }

    private Map<String, Object> leaders(String topic) throws Exception {
        List<TopicPartitionInfo> partitions =
            admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
        return Json.object("topic", topic, "leaders",
            partitions.stream().map(info -> info.leader() == null ? -1 : info.leader().id()).toList());
    }

    /** Of all topics, Kafka's own included. */
    private Map<String, Object> behind() throws Exception {
        Collection<String> names = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
        List<TopicPartitionInfo> all = admin.describeTopics(names).allTopicNames().get().values().stream()
            .flatMap(topic -> topic.partitions().stream()).toList();
        return Json.object(
            "out_of_sync", all.stream().filter(info -> info.isr().size() < info.replicas().size()).count(),
            "without_leader", all.stream().filter(info -> info.leader() == null).count());
    }

    private Map<String, Object> delete(String topic) throws Exception {
        admin.deleteTopics(List.of(topic)).all().get();
        return Json.object("topic", topic);
    }

    private Map<String, Object> grow(String topic, int partitions) throws Exception {
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions))).all().get();
        awaitLeaders(topic, partitions);
        return Json.object("topic", topic, "partitions", partitions);
    }

    private Map<String, Object> alter(String topic, List<String> configs) throws Exception {
        Collection<AlterConfigOp> changes = configs.stream().map(config -> config.split("=", 2))
            .map(pair -> new AlterConfigOp(new ConfigEntry(pair[0], pair[1]), AlterConfigOp.OpType.SET)).toList();
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
        return Json.object("topic", topic);
    }

    private Map<String, Object> deleteRecords(String topic, int partition, long offset) throws Exception {
        TopicPartition at = new TopicPartition(topic, partition);
        long low = admin.deleteRecords(Map.of(at, RecordsToDelete.beforeOffset(offset))).lowWatermarks().get(at).get()
            .lowWatermark();
        return Json.object("topic", topic, "partition", partition, "earliest", low);
    }

    private Map<String, Object> offsets(String topic) throws Exception {
        int partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
        return Json.object("topic", topic,
            "earliest", offsets(topic, partitions, OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED),
            "stable", offsets(topic, partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED),
            "latest", offsets(topic, partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED));
    }

    private Collection<Long> offsets(String topic, int partitions, OffsetSpec which, IsolationLevel isolation)
        throws Exception {
        Map<TopicPartition, OffsetSpec> query = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++)
            query.put(new TopicPartition(topic, partition), which);
        Map<Integer, Long> found = new TreeMap<>();
        admin.listOffsets(query, new ListOffsetsOptions(isolation)).all().get()
            .forEach((partition, offset) -> found.put(partition.partition(), offset.offset()));
        return found.values();
    }

    private Map<String, Object> transactions(String prefix) throws Exception {
        return Json.object("transactions", admin.listTransactions().all().get().stream()
            .filter(listing -> listing.transactionalId().startsWith(prefix))
            .map(listing -> Json.object("transactional_id", listing.transactionalId(), "producer_id",
                listing.producerId(), "state", listing.state().toString()))
            .collect(Collectors.toList()));
    }
}
