#include "rest/page_stream.hpp"

#include <zlib.h>

#include <memory>
#include <numeric>

#include "net/gzip.hpp"

namespace twinpane::rest {

namespace {
constexpr std::size_t kPause = 1U << 20U;  // net's mark: above it a writer waits
constexpr int kLevel = 1;                  // speed: an agent is waiting
constexpr int kGzipWindow = 15 + 16;

// A gzip stream, given piece by piece.
class Packer {
  public:
    Packer() {
        good_ = deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    ~Packer() {
        if (good_) deflateEnd(&stream_);
    }
    Packer(const Packer&) = delete;
    Packer& operator=(const Packer&) = delete;

    bool good() const { return good_; }
    std::string pack(std::string_view plain, bool last) {
        std::string out;
        // zlib's interface is older than const.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
        stream_.avail_in = static_cast<uInt>(plain.size());
        do {
            const auto at = out.size();
            out.resize(at + 64 * 1024);
            stream_.next_out = reinterpret_cast<Bytef*>(out.data() + at);
            stream_.avail_out = 64 * 1024;
            deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
            out.resize(out.size() - stream_.avail_out);
        } while (stream_.avail_out == 0);
        return out;
    }

  private:
    z_stream stream_{};
    bool good_ = false;
};

class PageStream : public std::enable_shared_from_this<PageStream> {
  public:
    PageStream(Call call, cobrowse::Snapshot lines) : call_(std::move(call)), lines_(std::move(lines)) {}

    void start() {
        net::Headers headers;
        headers.add("Content-Type", "application/x-ndjson");
        // The size before packing, so that the desk can show how far it is.
        const auto total =
            std::accumulate(lines_->begin(), lines_->end(), std::size_t{0},
                            [](std::size_t sum, const auto& line) { return sum + line.size() + 1; });
        headers.add("X-Twinpane-Bytes", std::to_string(total));
        if (net::accepts_gzip(call_.request.headers)) {
            packer_ = std::make_unique<Packer>();
            if (!packer_->good()) packer_.reset();
        }
        if (packer_) headers.add("Content-Encoding", "gzip");
        headers.add("Vary", "Accept-Encoding");
        call_.add_common(headers);
        call_.responder->on_gone([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->gone_ = true;
        });
        call_.responder->on_drained([self = shared_from_this()] {
            if (std::exchange(self->paused_, false)) self->step();
        });
        call_.responder->start(200, std::move(headers));
        step();
    }

  private:
    void step() {
        if (gone_) return finish();
        if (next_ == lines_->size()) {
            if (packer_) call_.responder->write(packer_->pack({}, true));
            call_.responder->end();
            return finish();
        }
        const auto line = (*lines_)[next_++] + "\n";
        auto part = packer_ ? packer_->pack(line, false) : line;
        const auto queued = part.empty() ? 0 : call_.responder->write(std::move(part));
        if (queued > kPause) {
            paused_ = true;
            return;
        }
        // Others get their turn between the pieces.
        call_.loop().executor.post([self = shared_from_this()] { self->step(); });
    }
    // Lets go of the connection, which holds on to this until now.
    void finish() {
        call_.responder->on_drained([] {});
    }

    Call call_;
    cobrowse::Snapshot lines_;
    std::unique_ptr<Packer> packer_;
    std::size_t next_ = 0;
    bool paused_ = false;
    bool gone_ = false;
};
}  // namespace

void stream_page(Call call, cobrowse::Snapshot lines) {
    std::make_shared<PageStream>(std::move(call), std::move(lines))->start();
}

}  // namespace twinpane::rest
