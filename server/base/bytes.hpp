// Immutable bytes shared by reference: a frame or a message built once and queued for many receivers.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace twinpane {

using SharedBytes = std::shared_ptr<const std::string>;

inline SharedBytes share(std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
}

// Empties a string or vector and gives its memory back; assigning {} keeps the capacity.
template <typename Container>
void release(Container& container) {
    Container().swap(container);
}

}  // namespace twinpane
