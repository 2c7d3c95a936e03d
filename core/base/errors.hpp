#pragma once

// The three errors that travel between rooms. WireError, what a client is told, is in
// core/protocol/errors.hpp. A code is here only if some caller branches on it.

#include <fmt/format.h>

#include <string>

namespace glasslog {

enum class IoCode {
    not_found,  // no such file, directory or host
    exists,     // already there, or locked by another process
    refused,    // nobody listens
    reset,      // the peer or the network ended the connection
    timed_out,
    full,      // no space left, or a queue at its limit
    poisoned,  // an earlier sync of this file failed
    closed,    // this side closed the handle
    failed,    // anything else; see `detail`
};

const char* name(IoCode code);

// subject: the path or the peer. errno_value: 0 when the system gave none.
struct IoError {
    IoCode code = IoCode::failed;
    std::string subject;
    int errno_value = 0;
    std::string detail;

    std::string text() const;
};

// Bytes that cannot be what they claim. at: the byte where reading stopped.
struct DecodeError {
    std::string what;
    std::size_t at = 0;

    std::string text() const;
};

// What a person wrote wrongly in a file or a flag. where: "file:line:column" or the flag.
struct InputError {
    std::string where;
    std::string what;
    std::string expected;
    std::string hint;

    // "x.scenario:3:7: unknown word 'crsh'; expected crash, cut or say; did you mean 'crash'?"
    std::string text() const;
};

}  // namespace glasslog
