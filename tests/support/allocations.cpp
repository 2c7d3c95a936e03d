// Every form of operator new and delete, so that none of a sanitizer's meets one of ours.

#include "tests/support/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

std::uint64_t given_count = 0;
std::uint64_t given_bytes = 0;

void* counted(void* memory, std::size_t size) {
    if (memory == nullptr) std::abort();
    ++given_count;
    given_bytes += size;
    return memory;
}

// No byte more than asked for: a sanitizer then sees a read beyond the end.
void* give(std::size_t size) {
    return counted(std::malloc(size == 0 ? 1 : size), size);
}

void* give_aligned(std::size_t size, std::align_val_t alignment) {
    const auto unit = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(unit, (size / unit + 1) * unit), size);
}

}  // namespace

void* operator new(std::size_t size) {
    return give(size);
}

void* operator new[](std::size_t size) {
    return give(size);
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return give(size);
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return give(size);
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    return give_aligned(size, alignment);
}

void* operator new[](std::size_t size, std::align_val_t alignment) {
    return give_aligned(size, alignment);
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

void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace glasslog::support {

Allocations allocations() {
    return {given_count, given_bytes};
}

}  // namespace glasslog::support
