// Certificates and keys as operators leave them on the disk.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>

#include "net/testing/tls.hpp"
#include "net/tls.hpp"

namespace twinpane::net {
namespace {

using testing::Folder;
using testing::write_certificate;
using Where = TlsProblem::Where;

std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

class TlsPair : public ::testing::Test {
  protected:
    void SetUp() override { files_ = write_certificate(folder_.path, "server", "first"); }
    void expect_problem(Where where, const std::string& reason) {
        const auto checked = check_tls_files(files_);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().where, where);
        EXPECT_NE(checked.error().reason.find(reason), std::string::npos) << checked.error().reason;
    }
    Folder folder_;
    TlsFiles files_;
};

TEST_F(TlsPair, AGoodOneSaysWhenItRunsOut) {
    const auto facts = check_tls_files(files_);
    ASSERT_TRUE(facts) << facts.error().reason;
    EXPECT_NEAR(static_cast<double>(facts->not_after), static_cast<double>(std::time(nullptr)) + 30 * 86400.0,
                3600);
}

TEST_F(TlsPair, ARunOutOneIsStillAPair) {
    files_ = write_certificate(folder_.path, "old", "old", -1);
    const auto facts = check_tls_files(files_);
    ASSERT_TRUE(facts);
    EXPECT_LT(facts->not_after, std::time(nullptr));
}

TEST_F(TlsPair, MissingFilesAreNamed) {
    files_.certificate += ".gone";
    expect_problem(Where::kCertificate, "can't read " + files_.certificate + ": No such file");
    files_ = write_certificate(folder_.path, "server", "first");
    files_.key = folder_.path.string();
    expect_problem(Where::kKey, "can't read " + files_.key + ": Is a directory");
}

TEST_F(TlsPair, MismatchIsTold) {
    files_.key = write_certificate(folder_.path, "other", "other").key;
    expect_problem(Where::kKey, "does not belong to the certificate in");
}

TEST_F(TlsPair, SwappedFilesAreTold) {
    std::swap(files_.certificate, files_.key);
    expect_problem(Where::kCertificate, "holds no PEM certificate");
}

TEST_F(TlsPair, GarbageAndEmptyFilesAreTold) {
    std::ofstream(files_.key) << "not a key at all";
    expect_problem(Where::kKey, "holds no PEM private key");
    std::ofstream(files_.certificate) << "";
    expect_problem(Where::kCertificate, "holds no PEM certificate");
    std::ofstream(files_.certificate) << std::string(2U << 20U, 'x');
    expect_problem(Where::kCertificate, "larger than 1 MiB");
}

TEST_F(TlsPair, AChainIsReadToItsEndAndADamagedOneIsTold) {
    const auto other = write_certificate(folder_.path, "issuer", "issuer");
    std::ofstream(files_.certificate, std::ios::app) << "\n# the issuer\n" << text_of(other.certificate);
    ASSERT_TRUE(check_tls_files(files_));
    auto cut = text_of(other.certificate);
    cut.resize(cut.size() / 2);
    std::ofstream(files_.certificate, std::ios::app) << cut;
    expect_problem(Where::kCertificate, "the chain in " + files_.certificate + " is damaged");
}

TEST_F(TlsPair, AKeyWithAPassphraseIsRefusedWithoutAskingAtTheTerminal) {
    auto* file = std::fopen(files_.key.c_str(), "r");
    auto* key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
    std::fclose(file);
    ASSERT_NE(key, nullptr);
    file = std::fopen(files_.key.c_str(), "w");
    const std::string secret = "secret";
    ASSERT_EQ(PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), secret.data(),
                                        static_cast<int>(secret.size()), nullptr, nullptr),
              1);
    std::fclose(file);
    EVP_PKEY_free(key);
    expect_problem(Where::kKey, "has a passphrase");
}

}  // namespace
}  // namespace twinpane::net
