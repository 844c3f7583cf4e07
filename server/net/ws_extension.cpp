#include "net/ws_extension.hpp"

#include <algorithm>

#include "net/text.hpp"

namespace twinpane::net {

namespace {
constexpr std::size_t kMaxOffers = 16;
constexpr std::size_t kMaxParameters = 16;
constexpr int kLeastBits = 9;
constexpr int kMostBits = 15;

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() {
        blanks();
        return rest_.empty();
    }
    bool take(char wanted) {
        blanks();
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::optional<std::string> token() {
        blanks();
        const auto end = std::ranges::find_if_not(rest_, is_token_char);
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        if (size == 0) return std::nullopt;
        std::string out(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return out;
    }
    // A token, or a quoted string that stands for one.
    std::optional<std::string> value() {
        if (!take('"')) return token();
        std::string out;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') rest_.remove_prefix(1);
            if (rest_.empty()) return std::nullopt;
            out.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        if (!take('"') || !is_token(out)) return std::nullopt;
        return out;
    }

  private:
    void blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }

    std::string_view rest_;
};

std::optional<ExtensionOffer> read_offer(Reader& reader) {
    auto name = reader.token();
    if (!name) return std::nullopt;
    ExtensionOffer offer{std::move(*name), {}};
    while (reader.take(';')) {
        auto key = reader.token();
        if (!key || offer.parameters.size() == kMaxParameters) return std::nullopt;
        std::optional<std::string> value;
        if (reader.take('=')) {
            value = reader.value();
            if (!value) return std::nullopt;
        }
        offer.parameters.emplace_back(std::move(*key), std::move(value));
    }
    return offer;
}

// "8".."15" without leading zeros; 0 for anything else.
int window_bits(const std::string& text) {
    if (text.size() == 1 && (text[0] == '8' || text[0] == '9')) return text[0] - '0';
    if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + text[1] - '0';
    return 0;
}

std::optional<DeflateTerms> terms_of(const ExtensionOffer& offer) {
    DeflateTerms terms;
    for (std::size_t i = 0; i < offer.parameters.size(); ++i) {
        const auto& [name, value] = offer.parameters[i];
        const auto before = offer.parameters.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::any_of(offer.parameters.begin(), before,
                        [&](const auto& earlier) { return earlier.first == name; })) {
            return std::nullopt;
        }
        if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
            if (value) return std::nullopt;
        } else if (name == "server_max_window_bits") {
            const int bits = value ? window_bits(*value) : 0;
            if (bits < kLeastBits) return std::nullopt;
            terms.server_bits = bits;
            terms.say_bits = true;
        } else if (name == "client_max_window_bits") {
            // A hint. Our inflater has the largest window, so the client may keep its own.
            if (value && window_bits(*value) == 0) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return terms;
}
}  // namespace

std::optional<std::vector<ExtensionOffer>> parse_extensions(const Headers& headers) {
    std::vector<ExtensionOffer> offers;
    for (const auto& [name, value] : headers.items()) {
        if (!equal_no_case(name, "Sec-WebSocket-Extensions")) continue;
        Reader reader(value);
        bool any = false;
        while (!reader.at_end()) {
            if (reader.take(',')) continue;  // empty elements of a list mean nothing (RFC 9110 5.6.1)
            auto offer = read_offer(reader);
            if (!offer || offers.size() == kMaxOffers) return std::nullopt;
            offers.push_back(std::move(*offer));
            any = true;
            if (!reader.at_end() && !reader.take(',')) return std::nullopt;
        }
        if (!any) return std::nullopt;
    }
    return offers;
}

std::optional<DeflateTerms> choose_deflate(const std::vector<ExtensionOffer>& offers) {
    for (const auto& offer : offers) {
        if (offer.name != "permessage-deflate") continue;
        if (const auto terms = terms_of(offer)) return terms;
    }
    return std::nullopt;
}

std::string deflate_answer(const DeflateTerms& terms) {
    std::string answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    if (terms.say_bits)
        answer += "; server_max_window_bits=" + std::to_string(std::min(terms.server_bits, kMostBits));
    return answer;
}

}  // namespace twinpane::net
