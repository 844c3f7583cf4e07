// What waits for one client, in order. What left with an answer is kept until the client shows that it
// arrived, in one of two ways: by its next connect (plain), or by the number of a batch (the ack extension).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace twinpane::bayeux {

class Outlet;

class MessageQueue {
  public:
    // `lazy` messages are no reason to wake the client.
    void push(SharedBytes message, bool lazy = false);
    bool empty() const { return head_ == entries_.size(); }
    // Something is here that the client should get without waiting for more.
    bool urgent() const { return urgent_ != 0; }
    // Lazy messages have waited long enough.
    void rouse();
    std::size_t bytes() const { return bytes_; }
    std::size_t messages() const { return entries_.size() - head_; }

    // --- plain ---

    // Empties the queue. For an exchange the messages are remembered until confirm() or take_back().
    std::vector<SharedBytes> take(const std::shared_ptr<Outlet>& exchange);
    // The client has shown that the last exchange's answer arrived.
    void confirm();
    // If `exchange` was the last one answered: its messages go back to the head of the queue.
    bool take_back(const std::shared_ptr<Outlet>& exchange);
    // Messages that were taken and could not be sent go back to the head of the queue.
    void put_back(std::span<const SharedBytes> messages);

    // --- with the ack extension: messages stay, and count, until they are acknowledged ---

    // For good; what is here already comes under it.
    void use_acknowledgements() { acknowledging_ = true; }
    bool acknowledging() const { return acknowledging_; }
    // All that is here leaves (again) in the batch of the number returned. The first is 1.
    std::uint32_t close_batch(std::vector<SharedBytes>& messages);
    // The client has this batch and all before it. Numbers of batches that never left are taken for the last.
    void acknowledge(std::uint32_t batch);
    // What never left, to go with a farewell.
    std::vector<SharedBytes> take_unsent();

  private:
    struct Entry {
        SharedBytes bytes;
        std::uint32_t batch = 0;  // that it left in first; 0: not yet
        bool lazy = false;
    };
    void drop_front();
    void insert_front(std::span<const SharedBytes> messages);

    std::vector<Entry> entries_;
    std::size_t head_ = 0;  // entries before it are gone
    std::size_t bytes_ = 0;
    std::size_t urgent_ = 0;
    std::uint32_t next_batch_ = 1;
    bool acknowledging_ = false;
    std::vector<SharedBytes> unconfirmed_;
    std::shared_ptr<Outlet> unconfirmed_by_;
};

}  // namespace twinpane::bayeux
