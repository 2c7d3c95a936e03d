import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Apache Kafka's Java client, driven by lines on stdin, so that one virtual machine serves a whole
 * run. A command is `verb TAB name=value TAB name=value ...`; the answer is one line, `ok` followed
 * by `TAB name=value`, or `error TAB text`. Records travel in files of the frames that
 * `read_records` describes. A list of partitions is `0:12,1:7`: partition, then its number.
 */
public final class JavaClient {
    private final String bootstrap;
    private final Admin admin;

    private JavaClient(String bootstrap) {
        this.bootstrap = bootstrap;
        this.admin = Admin.create(common());
    }

    public static void main(String[] args) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        JavaClient client = new JavaClient(args[0]);
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
        String topic = options.get("topic");
        switch (verb) {
            case "produce":
                return produce(options);
            case "consume":
                return consume(options);
            case "offsets-for-times":
                return "\toffsets=" + text(offsetsForTimes(topic, pairs(options.get("times"))));
            case "ends":
                return "\toffsets=" + text(ends(topic, pairs(options.get("partitions"))));
            case "create":
                createTopic(options);
                return "";
            case "delete":
                admin.deleteTopics(List.of(topic)).all().get();
                return "";
            case "list":
                return "\ttopics=" + String.join(",", admin.listTopics().names().get());
            case "partitions":
                return "\tcount="
                        + admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic)
                                .partitions().size();
            case "create-partitions":
                admin.createPartitions(
                                Map.of(topic, NewPartitions.increaseTo(number(options, "count"))))
                        .all()
                        .get();
                return "";
            case "delete-records":
                return "\toffsets=" + text(deleteRecords(topic, pairs(options.get("before"))));
            case "describe-config":
                return "\tvalue=" + configValue(topic, options.get("name"));
            case "set-config":
                setConfig(topic, options);
                return "";
            default:
                throw new IllegalArgumentException("unknown verb " + verb);
        }
    }

    private Properties common() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("request.timeout.ms", "20000");
        properties.put("default.api.timeout.ms", "30000");
        return properties;
    }

    private static int number(Map<String, String> options, String name) {
        return Integer.parseInt(options.get(name));
    }

    /** `0:12,1:7` as a map; an empty text is an empty map. */
    private static Map<Integer, Long> pairs(String text) {
        Map<Integer, Long> map = new TreeMap<>();
        for (String pair : text.isEmpty() ? new String[0] : text.split(",")) {
            int colon = pair.indexOf(':');
            map.put(
                    Integer.valueOf(pair.substring(0, colon)),
                    Long.valueOf(pair.substring(colon + 1)));
        }
        return map;
    }

    private static String text(Map<Integer, Long> map) {
        List<String> words = new ArrayList<>();
        map.forEach((partition, value) -> words.add(partition + ":" + value));
        return String.join(",", words);
    }

    private String produce(Map<String, String> options) throws Exception {
        Properties properties = common();
        properties.put("acks", "all");
        properties.put("linger.ms", "20");
        properties.put("batch.size", "131072");
        properties.put("max.request.size", "1048576");
        properties.put("compression.type", options.get("codec"));
        properties.put("enable.idempotence", options.get("idempotent"));
        ByteArraySerializer plain = new ByteArraySerializer();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, plain, plain)) {
            for (ProducerRecord<byte[], byte[]> record :
                    readRecords(options.get("file"), options.get("topic"))) {
                sent.add(producer.send(record));
            }
            producer.flush();
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        }
        return "\tcount=" + sent.size();
    }

    /**
     * Frames until the end of the file, big-endian: int32 partition, int64 offset, int64 timestamp
     * (ms), key, value, int32 number of headers, each a name and a value. A name, key or value is
     * an int32 length (-1: null) and so many bytes. In a file to produce from, the offset is ignored.
     */
    private static List<ProducerRecord<byte[], byte[]>> readRecords(String file, String topic)
            throws IOException {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(new FileInputStream(file), 1 << 16))) {
            long count = in.readLong();
            for (long i = 0; i < count; i++) {
                int partition = in.readInt();
                in.readLong();
                long timestamp = in.readLong();
                byte[] key = readBytes(in);
                byte[] value = readBytes(in);
                RecordHeaders headers = new RecordHeaders();
                for (int h = in.readInt(); h > 0; h--) {
                    String name = new String(readBytes(in), StandardCharsets.UTF_8);
                    headers.add(new RecordHeader(name, readBytes(in)));
                }
                Long time = timestamp < 0 ? null : timestamp;
                records.add(new ProducerRecord<>(topic, partition, time, key, value, headers));
            }
        }
        return records;
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        return length < 0 ? null : in.readNBytes(length);
    }

    private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes == null ? -1 : bytes.length);
        if (bytes != null) {
            out.write(bytes);
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        Properties properties = common();
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "none");
        properties.put("max.poll.records", "10000");
        properties.put("fetch.max.bytes", "10485760");
        ByteArrayDeserializer plain = new ByteArrayDeserializer();
        return new KafkaConsumer<>(properties, plain, plain);
    }

    /** Reads from each offset of `starts` up to that of `ends`, or stops after `seconds`. */
    private String consume(Map<String, String> options) throws Exception {
        String topic = options.get("topic");
        Map<Integer, Long> starts = pairs(options.get("starts"));
        Map<Integer, Long> ends = pairs(options.get("ends"));
        long deadline = System.nanoTime() + number(options, "seconds") * 1_000_000_000L;
        long left = 0;
        for (Integer partition : starts.keySet()) {
            left += ends.get(partition) - starts.get(partition);
        }
        long count = 0;
        try (DataOutputStream out =
                        new DataOutputStream(
                                new BufferedOutputStream(
                                        new FileOutputStream(options.get("file")), 1 << 16));
                KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(partitions(topic, starts));
            starts.forEach((p, offset) -> consumer.seek(new TopicPartition(topic, p), offset));
            while (count < left && System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(200))) {
                    if (r.offset() < ends.get(r.partition())) {
                        writeRecord(out, r);
                        count++;
                    }
                }
            }
        }
        return "\tcount=" + count;
    }

    private static void writeRecord(DataOutputStream out, ConsumerRecord<byte[], byte[]> record)
            throws IOException {
        out.writeInt(record.partition());
        out.writeLong(record.offset());
        out.writeLong(record.timestamp());
        writeBytes(out, record.key());
        writeBytes(out, record.value());
        Header[] headers = record.headers().toArray();
        out.writeInt(headers.length);
        for (Header header : headers) {
            writeBytes(out, header.key().getBytes(StandardCharsets.UTF_8));
            writeBytes(out, header.value());
        }
    }

    private static List<TopicPartition> partitions(String topic, Map<Integer, Long> numbers) {
        return numbers.keySet().stream().map(p -> new TopicPartition(topic, p)).toList();
    }

    /** The first offset at or after each time; -1 where there is none. */
    private Map<Integer, Long> offsetsForTimes(String topic, Map<Integer, Long> times) {
        Map<TopicPartition, Long> asked = new java.util.HashMap<>();
        times.forEach((p, time) -> asked.put(new TopicPartition(topic, p), time));
        Map<Integer, Long> found = new TreeMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            for (Map.Entry<TopicPartition, OffsetAndTimestamp> e :
                    consumer.offsetsForTimes(asked).entrySet()) {
                long offset = e.getValue() == null ? -1 : e.getValue().offset();
                found.put(e.getKey().partition(), offset);
            }
        }
        return found;
    }

    /** First (asked as -2) or next (asked as -1) offset of each partition, by the admin client. */
    private Map<Integer, Long> ends(String topic, Map<Integer, Long> asked) throws Exception {
        Map<TopicPartition, OffsetSpec> specs = new java.util.HashMap<>();
        asked.forEach(
                (p, which) ->
                        specs.put(
                                new TopicPartition(topic, p),
                                which == -2 ? OffsetSpec.earliest() : OffsetSpec.latest()));
        Map<Integer, Long> found = new TreeMap<>();
        admin.listOffsets(specs)
                .all()
                .get()
                .forEach((partition, info) -> found.put(partition.partition(), info.offset()));
        return found;
    }

    private void createTopic(Map<String, String> options) throws Exception {
        Map<String, String> configs = new TreeMap<>();
        options.forEach(
                (name, value) -> {
                    if (name.startsWith("config.")) {
                        configs.put(name.substring("config.".length()), value);
                    }
                });
        NewTopic topic =
                new NewTopic(options.get("topic"), number(options, "count"), (short) 1)
                        .configs(configs);
        admin.createTopics(List.of(topic)).all().get();
    }

    private Map<Integer, Long> deleteRecords(String topic, Map<Integer, Long> before)
            throws Exception {
        Map<TopicPartition, RecordsToDelete> asked = new java.util.HashMap<>();
        before.forEach(
                (p, offset) ->
                        asked.put(
                                new TopicPartition(topic, p),
                                RecordsToDelete.beforeOffset(offset)));
        Map<Integer, Long> low = new TreeMap<>();
        for (var entry : admin.deleteRecords(asked).lowWatermarks().entrySet()) {
            low.put(entry.getKey().partition(), entry.getValue().get().lowWatermark());
        }
        return low;
    }

    private String configValue(String topic, String name) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        ConfigEntry entry =
                admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name);
        return entry == null ? "" : entry.value();
    }

    private void setConfig(String topic, Map<String, String> options) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp change =
                new AlterConfigOp(
                        new ConfigEntry(options.get("name"), options.get("value")),
                        AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
    }
}
