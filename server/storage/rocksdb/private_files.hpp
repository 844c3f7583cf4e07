// A RocksDB environment whose files are for the owner only (0600). RocksDB itself creates them 0644, and the
// process-wide umask is not a library's to change. Internal to rocksdb.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace twinpane::storage {

// Lives longer than the databases opened with it.
std::unique_ptr<rocksdb::Env> private_files_env();

}  // namespace twinpane::storage
