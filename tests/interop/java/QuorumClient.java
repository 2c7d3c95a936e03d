import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;

/**
 * Apache Kafka's admin client against the brokers (`bootstrap.servers`) or the controllers
 * (`bootstrap.controllers`) of a cluster, driven as JavaClient is: a line `verb TAB name=value ...`,
 * an answer `ok TAB name=value ...` or `error TAB text`. Lists are separated by commas.
 */
public final class QuorumClient {
    private final Admin admin;

    private QuorumClient(String kind, String address) {
        Properties properties = new Properties();
        properties.put(kind, address);
        properties.put("request.timeout.ms", "10000");
        properties.put("default.api.timeout.ms", "20000");
        admin = Admin.create(properties);
    }

    public static void main(String[] args) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        QuorumClient client = new QuorumClient(args[0], args[1]);
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.println(client.answer(line.split("\t")));
        }
        client.admin.close(Duration.ofSeconds(5));
    }

    private String answer(String[] words) {
        try {
            Map<String, String> options = new TreeMap<>();
            for (int i = 1; i < words.length; i++) {
                String[] pair = words[i].split("=", 2);
                options.put(pair[0], pair[1]);
            }
            return "ok" + run(words[0], options);
        } catch (ExecutionException wrapped) {
            return "error\t" + oneLine(wrapped.getCause());
        } catch (Exception failure) {
            return "error\t" + oneLine(failure);
        }
    }

    private static String oneLine(Throwable failure) {
        return failure.toString().replace('\n', ' ').replace('\t', ' ');
    }

    private String run(String verb, Map<String, String> options) throws Exception {
        switch (verb) {
            case "quorum":
                return quorum();
            case "features":
                return features();
            case "cluster":
                return cluster("true".equals(options.get("fenced")));
            case "create":
                admin.createTopics(List.of(newTopic(options))).all().get();
                return "";
            case "describe":
                return describe(options.get("topic"));
            case "elect":
                return elect(options);
            case "reassign":
                admin.alterPartitionReassignments(Map.of(partition(options), target(options)))
                        .all()
                        .get();
                return "";
            case "reassignments":
                return "\tfound=" + admin.listPartitionReassignments().reassignments().get();
            case "unregister":
                admin.unregisterBroker(number(options, "id")).all().get();
                return "";
            default:
                throw new IllegalArgumentException("unknown verb " + verb);
        }
    }

    private static int number(Map<String, String> options, String name) {
        return Integer.parseInt(options.get(name));
    }

    private static TopicPartition partition(Map<String, String> options) {
        return new TopicPartition(options.get("topic"), 0);
    }

    private static List<Integer> ids(String text) {
        return List.of(text.split(",")).stream().map(Integer::valueOf).toList();
    }

    private static NewTopic newTopic(Map<String, String> options) {
        if (options.containsKey("replicas")) {
            return new NewTopic(options.get("topic"), Map.of(0, ids(options.get("replicas"))));
        }
        return new NewTopic(options.get("topic"), number(options, "count"), (short) 1);
    }

    private static Optional<NewPartitionReassignment> target(Map<String, String> options) {
        String replicas = options.get("replicas");
        return replicas == null
                ? Optional.empty()
                : Optional.of(new NewPartitionReassignment(ids(replicas)));
    }

    private String quorum() throws Exception {
        QuorumInfo info = admin.describeMetadataQuorum().quorumInfo().get();
        return "\tleader=" + info.leaderId() + "\tepoch=" + info.leaderEpoch()
                + "\thigh-watermark=" + info.highWatermark() + "\tvoters=" + replicas(info.voters())
                + "\tobservers=" + replicas(info.observers()) + "\tnodes="
                + info.nodes().keySet().stream().sorted().map(String::valueOf)
                        .collect(Collectors.joining(","));
    }

    private static String replicas(List<QuorumInfo.ReplicaState> all) {
        return all.stream()
                .map(r -> r.replicaId() + ":" + r.logEndOffset() + ":" + r.replicaDirectoryId())
                .sorted()
                .collect(Collectors.joining(","));
    }

    private String features() throws Exception {
        FeatureMetadata found = admin.describeFeatures().featureMetadata().get();
        return "\tfinalized="
                + new TreeMap<>(found.finalizedFeatures()).entrySet().stream()
                        .map(e -> e.getKey() + ":" + e.getValue().maxVersionLevel())
                        .collect(Collectors.joining(","))
                + "\tsupported="
                + new TreeMap<>(found.supportedFeatures()).entrySet().stream()
                        .map(e -> e.getKey() + ":" + e.getValue().minVersion() + "-"
                                + e.getValue().maxVersion())
                        .collect(Collectors.joining(","));
    }

    private String cluster(boolean withFenced) throws Exception {
        DescribeClusterOptions options = new DescribeClusterOptions();
        if (withFenced) {
            options.includeFencedBrokers(true);
        }
        DescribeClusterResult found = admin.describeCluster(options);
        return "\tid=" + found.clusterId().get() + "\tcontroller="
                + (found.controller().get() == null ? "" : found.controller().get().idString())
                + "\tnodes="
                + found.nodes().get().stream()
                        .map(n -> n.idString() + ":" + n.port() + ":"
                                + (n.isFenced() ? "fenced" : "live"))
                        .sorted()
                        .collect(Collectors.joining(","));
    }

    private String describe(String topic) throws Exception {
        return "\tfound="
                + admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic)
                        .partitions().stream()
                        .map(p -> p.partition() + ":" + (p.leader() == null ? "-" : p.leader().id())
                                + ":" + p.replicas().stream().map(n -> n.idString())
                                        .collect(Collectors.joining("/")))
                        .collect(Collectors.joining(","));
    }

    /** What became of each partition: the name of its error, or `done`. */
    private String elect(Map<String, String> options) throws Exception {
        ElectionType type = ElectionType.valueOf(options.get("type"));
        Map<TopicPartition, Optional<Throwable>> found =
                admin.electLeaders(type, Set.of(partition(options))).partitions().get();
        return "\tfound="
                + found.values().stream()
                        .map(e -> e.map(t -> t.getClass().getSimpleName()).orElse("done"))
                        .collect(Collectors.joining(","));
    }
}
