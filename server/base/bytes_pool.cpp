#include "base/bytes_pool.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <utility>

namespace twinpane {

// A string, and room for the reference count that shared_ptr keeps beside it.
struct BytesPool::Node {
    std::string text;
    Node* next = nullptr;
    State* state = nullptr;
    alignas(std::max_align_t) std::array<std::byte, 64> count;
};

// Outlives the pool as long as bytes are out. Any thread gives nodes back; the pool's takes all of them at
// once, so that no node can come round under a reader's eyes.
struct BytesPool::State {
    explicit State(Limits the_limits) : limits(the_limits) {}
    ~State() { free_all(returned.load()); }

    static void free_all(Node* node) {
        while (node != nullptr) delete std::exchange(node, node->next);
    }
    void give_back(Node* node) {
        if (node->text.capacity() > limits.capacity ||
            waiting.load(std::memory_order_relaxed) >= limits.kept) {
            delete node;
        } else {
            node->text.clear();
            waiting.fetch_add(1, std::memory_order_relaxed);
            node->next = returned.load(std::memory_order_relaxed);
            while (!returned.compare_exchange_weak(node->next, node, std::memory_order_release,
                                                   std::memory_order_relaxed)) {
            }
        }
        release();
    }
    void release() {
        if (users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    const Limits limits;
    std::atomic<Node*> returned{nullptr};
    std::atomic<std::size_t> waiting{0};  // in `returned` and not yet collected, roughly
    std::atomic<std::size_t> users{1};    // the pool, and every node that is out
};

// Puts the reference count into the node. The count is the last that is let go, so it brings the node home.
template <typename T>
struct BytesPool::Allocator {
    using value_type = T;
    explicit Allocator(Node* the_node) : node(the_node) {}
    template <typename U>
    Allocator(const Allocator<U>& other) : node(other.node) {}  // NOLINT: as the standard asks
    T* allocate(std::size_t) {
        static_assert(sizeof(T) <= sizeof(Node::count) && alignof(T) <= alignof(std::max_align_t));
        return reinterpret_cast<T*>(node->count.data());
    }
    void deallocate(T*, std::size_t) { node->state->give_back(node); }
    template <typename U>
    bool operator==(const Allocator<U>& other) const {
        return node == other.node;
    }
    Node* node;
};

BytesPool::BytesPool(Limits limits) : state_(new State(limits)) {}

BytesPool::~BytesPool() {
    State::free_all(free_);
    state_->release();
}

// What has come back; beyond the limit it is freed.
void BytesPool::collect() {
    auto* node = state_->returned.exchange(nullptr, std::memory_order_acquire);
    state_->waiting.store(0, std::memory_order_relaxed);
    while (node != nullptr) {
        auto* rest = node->next;
        if (free_count_ < state_->limits.kept) {
            node->next = free_;
            free_ = node;
            ++free_count_;
        } else {
            delete node;
        }
        node = rest;
    }
}

std::string BytesPool::take() {
    if (free_ == nullptr) collect();
    return free_ == nullptr ? std::string() : std::move(free_->text);
}

BytesPool::Node* BytesPool::next() {
    if (free_ == nullptr) collect();
    if (free_ == nullptr) return new Node;
    --free_count_;
    return std::exchange(free_, free_->next);
}

SharedBytes BytesPool::share(std::string bytes) {
    auto* node = next();
    node->state = state_;
    node->text = std::move(bytes);
    state_->users.fetch_add(1, std::memory_order_relaxed);
    return {&node->text, [](const std::string*) {}, Allocator<std::string>(node)};
}

}  // namespace twinpane
