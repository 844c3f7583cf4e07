#include "storage/rocksdb/database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "storage/rocksdb/private_files.hpp"

namespace twinpane::storage {

namespace {

namespace fs = std::filesystem;

// In order of Family. Names are for ever.
constexpr std::array<const char*, 7> kFamilies = {"meta",     "live",          "live_token", "history",
                                                  "accounts", "account_login", "refresh"};
constexpr std::string_view kSchemaKey = "schema";
constexpr std::string_view kSchema = "1";

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& text) {
    return {text.data(), text.size()};
}

// The status' text names files and causes, never keys or values of ours.
std::unexpected<Error> store_error(const char* what, const rocksdb::Status& status) {
    return fail(Code::kStoreFailed, std::string(what) + ": " + status.ToString());
}

Result<void> prepare_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, fs::perm_options::replace, error);
    if (error) return fail(Code::kStoreFailed, "folder " + path + " cannot be used: " + error.message());
    return {};
}

}  // namespace

struct Database::Handles {
    std::unique_ptr<rocksdb::Env> env;
    std::unique_ptr<rocksdb::DB> db;
    std::vector<rocksdb::ColumnFamilyHandle*> families;

    rocksdb::ColumnFamilyHandle* operator[](Family family) const {
        return families[static_cast<std::size_t>(family)];
    }

    ~Handles() {
        for (auto* family : families) db->DestroyColumnFamilyHandle(family);
        if (db) db->Close();
    }
};

Database::Database() : handles_(std::make_unique<Handles>()) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Sizes sizes) {
    if (auto ready = prepare_folder(path); !ready) return std::unexpected(ready.error());
    std::unique_ptr<Database> database(new Database);
    Handles& handles = *database->handles_;
    handles.env = private_files_env();

    rocksdb::DBOptions options;
    options.env = handles.env.get();
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.paranoid_checks = true;
    options.max_background_jobs = 2;
    options.max_open_files = 256;
    options.max_total_wal_size = 64U << 20U;
    options.keep_log_file_num = 2;
    options.max_log_file_size = 1U << 20U;
    options.info_log_level = rocksdb::WARN_LEVEL;

    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(sizes.cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    rocksdb::ColumnFamilyOptions family;
    family.write_buffer_size = sizes.write_buffer_bytes;
    family.compression = rocksdb::kLZ4Compression;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const char* name : kFamilies) descriptors.emplace_back(name, family);
    descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, family);
    // Families that a later program made have to be opened too; the schema then says that this one is too
    // old.
    std::vector<std::string> existing;
    if (rocksdb::DB::ListColumnFamilies(options, path, &existing).ok()) {
        for (const std::string& name : existing) {
            const bool known =
                std::ranges::any_of(descriptors, [&](const auto& held) { return held.name == name; });
            if (!known) descriptors.emplace_back(name, family);
        }
    }

    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, path, descriptors, &handles.families, &db);
    handles.db.reset(db);
    if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
        return fail(Code::kStoreFailed, "store in " + path +
                                            " is in use by another program; stop that one, or choose another "
                                            "folder with the option data");
    }
    if (!status.ok()) return store_error(("store in " + path + " cannot be opened").c_str(), status);
    if (auto known = database->check_schema(); !known) {
        return fail(known.error().code, "store in " + path + ": " + known.error().context);
    }
    return database;
}

Result<void> Database::check_schema() {
    Transaction transaction(*this);
    const auto held = transaction.get(Family::kMeta, kSchemaKey);
    if (!held) return std::unexpected(held.error());
    if (*held) {
        if (**held == kSchema) return {};
        return fail(Code::kStoreFailed, "its schema is version " + **held + ", this program knows version " +
                                            std::string(kSchema) + "; use the program that wrote it");
    }
    for (const Family family : {Family::kLive, Family::kHistory, Family::kAccounts}) {
        bool empty = true;
        const auto scanned = transaction.scan(family, {}, [&](auto, auto) { return empty = false; });
        if (!scanned) return scanned;
        if (!empty)
            return fail(Code::kStoreFailed, "it has records but no schema version; restore it from a backup");
    }
    transaction.put(Family::kMeta, kSchemaKey, kSchema);
    return transaction.commit();
}

struct Database::Transaction::State {
    explicit State(Handles& held) : handles(held) {}
    Handles& handles;
    rocksdb::WriteBatchWithIndex batch{rocksdb::BytewiseComparator(), 0, true};
};

Database::Transaction::Transaction(Database& database)
    : state_(std::make_unique<State>(*database.handles_)) {}
Database::Transaction::~Transaction() = default;

Result<std::optional<std::string>> Database::Transaction::get(Family family, std::string_view key) {
    Handles& handles = state_->handles;
    std::string value;
    const auto status = state_->batch.GetFromBatchAndDB(handles.db.get(), rocksdb::ReadOptions(),
                                                        handles[family], slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return store_error("read", status);
    return value;
}

void Database::Transaction::put(Family family, std::string_view key, std::string_view value) {
    state_->batch.Put(state_->handles[family], slice(key), slice(value));
}

void Database::Transaction::erase(Family family, std::string_view key) {
    state_->batch.Delete(state_->handles[family], slice(key));
}

Result<void> Database::Transaction::scan(Family family, std::string_view from, const Visit& visit) {
    Handles& handles = state_->handles;
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    // The batch's iterator takes the database's over.
    const std::unique_ptr<rocksdb::Iterator> at(state_->batch.NewIteratorWithBase(
        handles[family], handles.db->NewIterator(options, handles[family])));
    for (at->Seek(slice(from)); at->Valid(); at->Next()) {
        if (!visit(view(at->key()), view(at->value()))) return {};
    }
    if (!at->status().ok()) return store_error("scan", at->status());
    return {};
}

bool Database::Transaction::wrote() const {
    return state_->batch.GetWriteBatch()->Count() > 0;
}
std::size_t Database::Transaction::bytes() const {
    return state_->batch.GetWriteBatch()->GetDataSize();
}

Result<void> Database::Transaction::commit() {
    rocksdb::WriteOptions options;
    options.sync = true;
    const auto status = state_->handles.db->Write(options, state_->batch.GetWriteBatch());
    if (!status.ok()) return store_error("write", status);
    return {};
}

}  // namespace twinpane::storage
