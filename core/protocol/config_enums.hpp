#pragma once

// Numbers that the config APIs and ConfigRecord share. Others may come from a peer.

#include <cstdint>

namespace glasslog::protocol {

// What a config belongs to.
enum class ConfigResourceType : std::int8_t {
    unknown = 0,
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

// Where an effective value comes from. absent: not told, in versions without the field.
enum class ConfigSource : std::int8_t {
    absent = -1,
    unknown = 0,
    dynamic_topic = 1,
    dynamic_broker = 2,
    dynamic_default_broker = 3,
    static_broker = 4,
    default_value = 5,
    dynamic_broker_logger = 6,
    dynamic_client_metrics = 7,
    dynamic_group = 8,
};

// The type of a value.
enum class ConfigType : std::int8_t {
    unknown = 0,
    boolean = 1,
    string = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    float64 = 6,
    list = 7,
    class_name = 8,
    password = 9,
};

// What IncrementalAlterConfigs does with a value; append and subtract are for lists.
enum class ConfigOperation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

}  // namespace glasslog::protocol
