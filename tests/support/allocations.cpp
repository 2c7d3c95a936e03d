#include "tests/support/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

std::uint64_t given_count = 0;
std::uint64_t given_bytes = 0;

void* give(std::size_t size) {
    ++given_count;
    given_bytes += size;
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) std::abort();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) {
    return give(size);
}

void* operator new[](std::size_t size) {
    return give(size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete[](void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace glasslog::support {

Allocations allocations() {
    return {given_count, given_bytes};
}

}  // namespace glasslog::support
