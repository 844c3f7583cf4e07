#include "base/errors.hpp"

#include <cassert>

namespace twinpane {

const std::vector<ErrorInfo>& error_catalogue() {
    static const std::vector<ErrorInfo> catalogue = {
#define TWINPANE_ERROR(number, status, id, name, text) ErrorInfo{Code::id, status, name, text},
#include "base/errors.def"
#undef TWINPANE_ERROR
    };
    return catalogue;
}

const ErrorInfo& info(Code code) {
    for (const auto& entry : error_catalogue()) {
        if (entry.code == code) return entry;
    }
    assert(false && "a Code without an entry");
    return error_catalogue().front();
}

std::string bayeux_error(Code code, std::string_view args) {
    const auto& entry = info(code);
    std::string out = std::to_string(entry.status) + ":" + std::to_string(static_cast<int>(code));
    if (!args.empty()) out.append(",").append(args);
    out.append(":").append(entry.name);
    return out;
}

}  // namespace twinpane
