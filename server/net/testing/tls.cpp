#include "net/testing/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace twinpane::net::testing {

namespace {
SSL_CTX* client_context(const TlsShape& shape) {
    auto* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, shape.least);
    SSL_CTX_set_max_proto_version(context, shape.most);
    SSL_CTX_set_cipher_list(context, shape.ciphers.c_str());
    if (!shape.alpn.empty()) {
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(shape.alpn.data()),
                                static_cast<unsigned>(shape.alpn.size()));
    }
    return context;
}

void must(bool good) {
    if (!good) throw std::runtime_error("OpenSSL or the disk refused");
}
}  // namespace

TlsLayer::TlsLayer(int socket, const TlsShape& shape)
    : context_(client_context(shape)), ssl_(SSL_new(context_)) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    SSL_set_fd(ssl_, socket);
    if (shape.resume != nullptr) SSL_set_session(ssl_, shape.resume);
    ERR_clear_error();
    connected_ = SSL_connect(ssl_) == 1;
    ERR_clear_error();
}

TlsLayer::~TlsLayer() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

long TlsLayer::send(std::string_view bytes) {
    std::size_t sent = 0;
    ERR_clear_error();
    return SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent) == 1 ? static_cast<long>(sent) : -1;
}

long TlsLayer::receive(char* into, std::size_t size) {
    std::size_t got = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_, into, size, &got) == 1) return static_cast<long>(got);
    const bool silent = SSL_get_error(ssl_, 0) == SSL_ERROR_WANT_READ;
    errno = silent ? EAGAIN : errno == EAGAIN ? EPROTO : errno;
    return got_close_notify() ? 0 : -1;
}

std::string TlsLayer::server_name() const {
    const auto* certificate = SSL_get0_peer_certificate(ssl_);
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    return name.data();
}

std::string TlsLayer::alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::string client_hello(const TlsShape& shape) {
    auto* context = client_context(shape);
    auto* ssl = SSL_new(context);
    auto* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_connect(ssl);
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(out, &bytes);
    std::string hello(bytes, static_cast<std::size_t>(size));
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
    return hello;
}

TlsFiles write_certificate(const std::filesystem::path& folder, std::string_view file, std::string_view name,
                           int days) {
    auto* key = EVP_EC_gen("P-256");
    auto* certificate = X509_new();
    must(key != nullptr && certificate != nullptr);
    static int serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -100L * 24 * 3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 24L * 3600);
    X509_set_pubkey(certificate, key);
    auto* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.data()),
                               static_cast<int>(name.size()), -1, 0);
    X509_set_issuer_name(certificate, subject);
    must(X509_sign(certificate, key, EVP_sha256()) > 0);

    TlsFiles files{(folder / file).string() + ".pem", (folder / file).string() + ".key"};
    auto* out = std::fopen(files.certificate.c_str(), "w");
    must(out != nullptr && PEM_write_X509(out, certificate) == 1);
    must(std::fclose(out) == 0);
    out = std::fopen(files.key.c_str(), "w");
    must(out != nullptr && PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    must(std::fclose(out) == 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return files;
}

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "twinpane-net-XXXXXX").string();
    must(::mkdtemp(name.data()) != nullptr);
    path = name;
}

}  // namespace twinpane::net::testing
