// Makes shared bytes without asking the heap each time: buffers and their reference counts come back when the
// last holder lets go, and are used again.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.hpp"

namespace twinpane {

// Belongs to one thread; the bytes that it makes may be held and let go anywhere, also after it is gone. What
// comes back beyond the limits goes to the heap.
class BytesPool {
  public:
    struct Limits {
        std::size_t kept = 256;            // buffers that wait to be used again
        std::size_t capacity = 4U << 10U;  // bytes of a buffer that is worth keeping
    };
    BytesPool() : BytesPool(Limits{}) {}
    explicit BytesPool(Limits limits);
    ~BytesPool();
    BytesPool(const BytesPool&) = delete;
    BytesPool& operator=(const BytesPool&) = delete;

    // An empty string to write into, with room if there is some.
    std::string take();
    // The same meaning as twinpane::share().
    SharedBytes share(std::string bytes);

  private:
    struct State;
    struct Node;
    template <typename T>
    struct Allocator;
    Node* next();
    void collect();

    State* state_;
    Node* free_ = nullptr;  // of this thread's use
    std::size_t free_count_ = 0;
};

}  // namespace twinpane
