// How fast pages are folded and served, and what they cost. Prints a table, then the same as one line of
// JSON.
//   page_bench [nodes]          default 17000
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "page/mirror.hpp"

namespace {

using namespace twinpane;
using Seconds = std::chrono::duration<double>;

constexpr int kRounds = 9;

// A shop's list: per product an li with a link, an image, three texts; class names and tags from the string
// table. 10 nodes a product; ids count up.
std::string snapshot(std::size_t nodes) {
    std::string out =
        R"({"v":1,"e":1,"s":1,"t":["div","class","product card shadow-sm","a","href","img","src","span","price text-muted","li"],)"
        R"("o":[[0,{"u":"https://shop.example/","t":"Shop","w":1280,"h":720,"d":1,"q":0,"l":"en"}],)"
        R"([2,0,0,1,6,4,"html","","",1,"html",1,"body")";
    for (std::size_t i = 0; i < nodes / 10; ++i) {
        const std::string n = std::to_string(i);
        out += R"(,129,9,1,2,129,0,1,2,129,3,4,"/product/)" + n + R"(",137,5,6,"/images/product-)" + n +
               R"(.jpg",2,"\n      ",0,129,7,1,8,2,"$ )" + n + R"(.00",0,2,"Lamp number )" + n +
               R"(, brass, with a linen shade",2,"\n",0,3,0)";
    }
    return out + R"(,0,0,0],[1]]})";
}

// What a lively page sends in a frame: attributes, text, a subtree added and removed.
std::string frame(std::uint32_t seq, std::uint32_t fresh, int ops) {
    std::string out = R"({"v":1,"e":1,"s":)" + std::to_string(seq) + R"(,"o":[)";
    for (int i = 0; i < ops; i += 4) {
        const std::string id = std::to_string(fresh + static_cast<std::uint32_t>(i));
        if (i > 0) out += ',';
        out += "[2,4,0," + id + R"(,129,0,1,2],[13,0],[5,5,1,"product card active"],[3,)" + id + "]";
    }
    return out + "]}";
}

template <typename Work>
double best_of(Work work) {
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best = std::min(best, Seconds(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

void need(const Result<page::FoldReport>& report) {
    if (report) return;
    std::fprintf(stderr, "%s\n", report.error().context.c_str());
    std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t wanted = argc > 1 ? static_cast<std::size_t>(std::atol(argv[1])) : 17'000;
    const std::string page = snapshot(wanted);
    const auto mirror = page::Mirror::create({});

    const double fold = best_of([&] {
        mirror->begin_epoch(1);
        need(mirror->fold(page));
    });

    std::size_t lines = 0;
    std::size_t bytes = 0;
    const double serve = best_of([&] {
        lines = bytes = 0;
        mirror->snapshot([&](const std::string& line) {
            ++lines;
            bytes += line.size();
            return true;
        });
    });
    const double per_node =
        static_cast<double>(mirror->memory_bytes()) / static_cast<double>(mirror->node_count());
    const std::size_t nodes = mirror->node_count();

    constexpr int kOps = 40;
    constexpr int kFrames = 5000;
    std::uint32_t seq = 1;
    std::uint32_t fresh = 10'000'000;
    const double ops = best_of([&] {
        std::vector<std::string> frames;
        for (int i = 0; i < kFrames / kRounds; ++i, fresh += kOps)
            frames.push_back(frame(++seq, fresh, kOps));
        for (const std::string& text : frames) need(mirror->fold(text));
    });
    const double ops_per_second = kFrames / kRounds * kOps / ops;

    std::printf("%-34s %12zu\n", "nodes", nodes);
    std::printf("%-34s %12zu\n", "batch, bytes", page.size());
    std::printf("%-34s %12.2f\n", "fold a page, ms", fold * 1e3);
    std::printf("%-34s %12.2f\n", "snapshot, ms", serve * 1e3);
    std::printf("%-34s %12zu in %zu lines\n", "snapshot, bytes", bytes, lines);
    std::printf("%-34s %12.0f\n", "memory per node, bytes", per_node);
    std::printf("%-34s %12.0f\n", "operations folded per second", ops_per_second);
    std::printf(
        R"({"name":"page","nodes":%zu,"fold_ms":%.3f,"snapshot_ms":%.3f,"snapshot_bytes":%zu,"bytes_per_node":%.0f,"ops_per_s":%.0f})"
        "\n",
        nodes, fold * 1e3, serve * 1e3, bytes, per_node, ops_per_second);
    return 0;
}
