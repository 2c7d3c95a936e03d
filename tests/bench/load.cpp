// load: the client side of the benchmarks, over librdkafka, the same for every broker.
//
//   load produce|consume|latency name=value ...
//
// produce writes `records` values of `size` bytes, as fast as the broker takes them; consume reads
// so many from offset 0; latency writes `rate` values a second and reads them at the same time.
// Prints one line of JSON. Exit status 1 with the reason on stderr when anything went wrong.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <librdkafka/rdkafka.h>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Options = std::map<std::string, std::string>;
using Nanoseconds = std::int64_t;

constexpr int wait_ms_max = 60'000;

[[noreturn]] void fail(const std::string& text) {
    std::fprintf(stderr, "load: %s\n", text.c_str());
    std::exit(1);
}

Nanoseconds now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

const std::string& text_of(const Options& options, const std::string& name) {
    const auto found = options.find(name);
    if (found == options.end()) fail("the option " + name + "=... is missing");
    return found->second;
}

std::int64_t number_of(const Options& options, const std::string& name) {
    return std::stoll(text_of(options, name));
}

// Round-trip times of a run; percentiles are exact, every one is kept.
class Times {
public:
    void add(Nanoseconds time) { all_.push_back(time); }

    std::string json(const std::string& name) {
        std::sort(all_.begin(), all_.end());
        std::string out;
        for (const auto& [label, per_mille] :
             {std::pair{"p50", 500U}, {"p99", 990U}, {"p999", 999U}}) {
            const Nanoseconds at = all_.empty() ? 0 : all_[(all_.size() - 1) * per_mille / 1000];
            out += ", \"" + name + "_" + label + "_us\": " + std::to_string(at / 1000);
        }
        return out;
    }

private:
    std::vector<Nanoseconds> all_;
};

// What delivery reports add up to; `times` only where the time of sending came along.
struct Delivered {
    std::int64_t count = 0;
    Times times;
};

void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
    auto& delivered = *static_cast<Delivered*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(std::string("a record was refused: ") + rd_kafka_err2str(message->err));
    ++delivered.count;
    if (message->_private == nullptr) return;
    // The address is the time of sending: no memory is taken per record.
    delivered.times.add(now() - reinterpret_cast<Nanoseconds>(message->_private));
}

rd_kafka_t* open_client(rd_kafka_type_t type, const Options& settings, Delivered* delivered) {
    char problem[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), problem, sizeof problem) !=
            RD_KAFKA_CONF_OK)
            fail(problem);
    }
    rd_kafka_conf_set_opaque(conf, delivered);
    if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t* client = rd_kafka_new(type, conf, problem, sizeof problem);
    if (client == nullptr) fail(problem);
    return client;
}

rd_kafka_t* open_producer(const Options& options, Delivered* delivered) {
    return open_client(RD_KAFKA_PRODUCER,
                       {{"bootstrap.servers", text_of(options, "bootstrap")},
                        {"acks", text_of(options, "acks")},
                        {"linger.ms", text_of(options, "linger_ms")},
                        {"batch.size", text_of(options, "batch_bytes")},
                        {"batch.num.messages", "1000000"},
                        {"queue.buffering.max.messages", "1000000"},
                        {"queue.buffering.max.kbytes", "65536"},
                        {"log_level", "3"}},
                       delivered);
}

// Values that no codec and no lucky page could make cheaper.
std::vector<char> noise(std::size_t size) {
    std::vector<char> out(size);
    std::uint64_t state = 88172645463325252U;
    for (char& byte : out) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        byte = static_cast<char>(state >> 32U);
    }
    return out;
}

struct Record {
    std::int32_t partition;
    void* value;
    std::size_t size;
    void* opaque;
};

// Hands one record over, waiting while the client's queue is full.
void send(rd_kafka_t* producer, const std::string& topic, const Record& record) {
    for (;;) {
        const rd_kafka_resp_err_t error =
            rd_kafka_producev(producer,
                              RD_KAFKA_V_TOPIC(topic.c_str()),
                              RD_KAFKA_V_PARTITION(record.partition),
                              RD_KAFKA_V_VALUE(record.value, record.size),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_OPAQUE(record.opaque),
                              RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_err2str(error));
        rd_kafka_poll(producer, 10);
    }
}

void finish(rd_kafka_t* producer, const Delivered& delivered, std::int64_t records) {
    if (rd_kafka_flush(producer, wait_ms_max) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("not everything was acknowledged within a minute");
    if (delivered.count != records)
        fail(std::to_string(delivered.count) + " acknowledged of " + std::to_string(records));
    rd_kafka_destroy(producer);
}

void print(std::int64_t records, std::int64_t size, Nanoseconds took, const std::string& more) {
    std::printf("{\"records\": %lld, \"bytes\": %lld, \"seconds\": %.3f%s}\n",
                static_cast<long long>(records),
                static_cast<long long>(records * size),
                static_cast<double>(took) / 1e9,
                more.c_str());
}

void produce(const Options& options) {
    const auto records = number_of(options, "records");
    const auto partitions = number_of(options, "partitions");
    const auto& topic = text_of(options, "topic");
    std::vector<char> value = noise(static_cast<std::size_t>(number_of(options, "size")));
    Delivered delivered;
    rd_kafka_t* producer = open_producer(options, &delivered);
    const Nanoseconds began = now();
    for (std::int64_t i = 0; i < records; ++i) {
        send(producer,
             topic,
             {static_cast<std::int32_t>(i % partitions), value.data(), value.size(), nullptr});
        if (i % 1024 == 0) rd_kafka_poll(producer, 0);
    }
    finish(producer, delivered, records);
    print(records, static_cast<std::int64_t>(value.size()), now() - began, "");
}

rd_kafka_t* open_consumer(const Options& options) {
    rd_kafka_t* client = open_client(RD_KAFKA_CONSUMER,
                                     {{"bootstrap.servers", text_of(options, "bootstrap")},
                                      {"group.id", "unused"},
                                      {"enable.auto.commit", "false"},
                                      {"enable.auto.offset.store", "false"},
                                      {"auto.offset.reset", "error"},
                                      {"fetch.wait.max.ms", "100"},
                                      {"queued.max.messages.kbytes", "65536"},
                                      {"log_level", "3"}},
                                     nullptr);
    rd_kafka_poll_set_consumer(client);
    const auto partitions = static_cast<int>(number_of(options, "partitions"));
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i)
        rd_kafka_topic_partition_list_add(list, text_of(options, "topic").c_str(), i)->offset = 0;
    const rd_kafka_resp_err_t error = rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(error));
    return client;
}

// Reads `records` and calls `seen(message)` for each. Returns the bytes of their values.
template <typename Seen>
std::int64_t read(rd_kafka_t* consumer, std::int64_t records, Seen seen) {
    std::int64_t bytes = 0;
    for (std::int64_t count = 0; count < records; ++count) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, wait_ms_max);
        if (message == nullptr)
            fail("nothing came for a minute, after " + std::to_string(count) + " records");
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            fail(std::string("reading: ") + rd_kafka_message_errstr(message));
        seen(*message);
        bytes += static_cast<std::int64_t>(message->len);
        rd_kafka_message_destroy(message);
    }
    return bytes;
}

void close(rd_kafka_t* consumer) {
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

void consume(const Options& options) {
    const auto records = number_of(options, "records");
    const Nanoseconds began = now();
    rd_kafka_t* consumer = open_consumer(options);
    const std::int64_t bytes = read(consumer, records, [](const rd_kafka_message_t&) {});
    const Nanoseconds took = now() - began;
    close(consumer);
    print(records, bytes / std::max<std::int64_t>(records, 1), took, "");
}

// Every value begins with the time of its sending, so that the reader knows how old it is. The
// first second is not counted: connections are made and code is loaded in it.
void latency(const Options& options) {
    const auto records = number_of(options, "records");
    const auto rate = number_of(options, "rate");
    const auto partitions = number_of(options, "partitions");
    const auto& topic = text_of(options, "topic");
    Times through;
    std::thread reader([&] {
        rd_kafka_t* consumer = open_consumer(options);
        std::int64_t count = 0;
        read(consumer, records, [&](const rd_kafka_message_t& message) {
            if (++count <= rate) return;
            Nanoseconds sent = 0;
            std::memcpy(&sent, message.payload, sizeof sent);
            through.add(now() - sent);
        });
        close(consumer);
    });
    std::vector<char> value = noise(static_cast<std::size_t>(number_of(options, "size")));
    Delivered delivered;
    rd_kafka_t* producer = open_producer(options, &delivered);
    const Nanoseconds began = now();
    for (std::int64_t i = 0; i < records; ++i) {
        while (now() - began < i * 1'000'000'000 / rate)
            rd_kafka_poll(producer, 1);
        const Nanoseconds sent = now();
        std::memcpy(value.data(), &sent, sizeof sent);
        send(producer,
             topic,
             {static_cast<std::int32_t>(i % partitions),
              value.data(),
              value.size(),
              i < rate ? nullptr : reinterpret_cast<void*>(sent)});
    }
    finish(producer, delivered, records);
    reader.join();
    print(records,
          static_cast<std::int64_t>(value.size()),
          now() - began,
          delivered.times.json("acknowledged") + through.json("through"));
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 2; i < argc; ++i) {
        const std::string word = argv[i];
        const auto equals = word.find('=');
        if (equals == std::string::npos) fail("expected name=value, found " + word);
        options[word.substr(0, equals)] = word.substr(equals + 1);
    }
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "produce") {
        produce(options);
    } else if (verb == "consume") {
        consume(options);
    } else if (verb == "latency") {
        latency(options);
    } else {
        fail("the first word must be produce, consume or latency");
    }
    return 0;
}
