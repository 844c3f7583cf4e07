#include "storage/rocksdb/private_files.hpp"

#include <rocksdb/file_system.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace twinpane::storage {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class PrivateFiles final : public rocksdb::FileSystemWrapper {
  public:
    using FileSystemWrapper::FileSystemWrapper;

    const char* Name() const override { return "TwinpanePrivateFiles"; }

    IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
        return close_to_others(FileSystemWrapper::NewWritableFile(name, options, file, debug), name);
    }
    IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                IODebugContext* debug) override {
        return close_to_others(FileSystemWrapper::ReopenWritableFile(name, options, file, debug), name);
    }
    IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                               const FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* file,
                               IODebugContext* debug) override {
        return close_to_others(FileSystemWrapper::ReuseWritableFile(name, old_name, options, file, debug),
                               name);
    }
    IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSRandomRWFile>* file, IODebugContext* debug) override {
        return close_to_others(FileSystemWrapper::NewRandomRWFile(name, options, file, debug), name);
    }
    IOStatus LockFile(const std::string& name, const IOOptions& options, rocksdb::FileLock** lock,
                      IODebugContext* debug) override {
        return close_to_others(FileSystemWrapper::LockFile(name, options, lock, debug), name);
    }
    IOStatus NewLogger(const std::string& name, const IOOptions& options,
                       std::shared_ptr<rocksdb::Logger>* logger, IODebugContext* debug) override {
        return close_to_others(FileSystemWrapper::NewLogger(name, options, logger, debug), name);
    }

  private:
    // The folder is 0700 already, so nobody gets in between creation and this.
    static IOStatus close_to_others(IOStatus created, const std::string& name) {
        if (created.ok() && ::chmod(name.c_str(), S_IRUSR | S_IWUSR) != 0) {
            return IOStatus::IOError("file mode", std::strerror(errno));
        }
        return created;
    }
};

}  // namespace

std::unique_ptr<rocksdb::Env> private_files_env() {
    return rocksdb::NewCompositeEnv(std::make_shared<PrivateFiles>(rocksdb::FileSystem::Default()));
}

}  // namespace twinpane::storage
