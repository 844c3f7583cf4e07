#include "net/tls_context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>

namespace twinpane::net {

namespace {

constexpr std::size_t kMaxFile = 1U << 20U;
constexpr long kTicketLife = 7200;  // seconds
constexpr std::string_view kAlpn = "\x08http/1.1";

template <auto Free>
struct Freer {
    template <typename T>
    void operator()(T* what) const {
        Free(what);
    }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

struct Descriptor {
    explicit Descriptor(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int fd;
};

std::expected<std::string, std::string> read_whole(const std::string& path) {
    const auto refused = [&path] { return "can't read " + path + ": " + std::strerror(errno); };
    const Descriptor file(path);
    if (file.fd < 0) return std::unexpected(refused());
    std::string text;
    std::array<char, 16384> part;  // NOLINT: filled by read
    while (true) {
        const auto got = ::read(file.fd, part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(refused());
        if (got == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > kMaxFile) return std::unexpected(path + " is larger than 1 MiB");
    }
}

// OpenSSL's own words for the first thing that went wrong; forgets the rest.
std::string openssl_reason() {
    const auto* text = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return text != nullptr ? text : "no reason given";
}

// Instead of OpenSSL's default, which would ask for it at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::unexpected<TlsProblem> bad_certificate(std::string reason) {
    return std::unexpected(TlsProblem{TlsProblem::Where::kCertificate, std::move(reason)});
}
std::unexpected<TlsProblem> bad_key(std::string reason) {
    return std::unexpected(TlsProblem{TlsProblem::Where::kKey, std::move(reason)});
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void* /*unused*/) {
    unsigned char* chosen = nullptr;
    const auto* ours = reinterpret_cast<const unsigned char*>(kAlpn.data());
    const int found =
        SSL_select_next_proto(&chosen, out_size, ours, static_cast<unsigned>(kAlpn.size()), in, in_size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// Runs in every full handshake, when the version is settled.
int no_old_tickets(SSL* ssl, void* /*unused*/) {
    if (SSL_version(ssl) < TLS1_3_VERSION) SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return 1;
}

bool configure(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Without it every idle connection keeps 33 KiB of buffers.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, kTicketLife);
    SSL_CTX_set_security_level(context, 2);  // RSA keys of 2,048 bits at least, no SHA-1
    SSL_CTX_set_cert_cb(context, no_old_tickets, nullptr);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_ciphersuites(
               context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1;
}

std::expected<void, TlsProblem> use_certificate(SSL_CTX* context, const TlsFiles& files) {
    const auto text = read_whole(files.certificate);
    if (!text) return bad_certificate(text.error());
    const Bio pem(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    bool asked = false;
    const Certificate own(PEM_read_bio_X509_AUX(pem.get(), nullptr, no_passphrase, &asked));
    if (!own) {
        ERR_clear_error();
        return bad_certificate(files.certificate + " holds no PEM certificate");
    }
    if (SSL_CTX_use_certificate(context, own.get()) != 1)
        return bad_certificate(files.certificate + " can't be used: " + openssl_reason());
    while (Certificate next{PEM_read_bio_X509(pem.get(), nullptr, no_passphrase, &asked)}) {
        if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
            return bad_certificate("the chain in " + files.certificate +
                                   " can't be used: " + openssl_reason());
        static_cast<void>(next.release());  // the context's now
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) return bad_certificate("the chain in " + files.certificate + " is damaged");
    return {};
}

std::expected<void, TlsProblem> use_key(SSL_CTX* context, const TlsFiles& files) {
    auto text = read_whole(files.key);
    if (!text) return bad_key(text.error());
    const Bio pem(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    bool asked = false;
    const Key key(PEM_read_bio_PrivateKey(pem.get(), nullptr, no_passphrase, &asked));
    OPENSSL_cleanse(text->data(), text->size());
    ERR_clear_error();
    if (asked) return bad_key("the key in " + files.key + " has a passphrase; store it without one");
    if (!key) return bad_key(files.key + " holds no PEM private key");
    if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) != 1) {
        ERR_clear_error();
        return bad_key("the key in " + files.key + " does not belong to the certificate in " +
                       files.certificate);
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        return bad_key("the key in " + files.key + " can't be used: " + openssl_reason());
    return {};
}

}  // namespace

std::expected<TlsContext, TlsProblem> make_tls_context(const TlsFiles& files) {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context || !configure(context.get()))
        return bad_certificate("OpenSSL refuses to serve: " + openssl_reason());
    if (auto used = use_certificate(context.get(), files); !used) return std::unexpected(used.error());
    if (auto used = use_key(context.get(), files); !used) return std::unexpected(used.error());
    return context;
}

std::expected<TlsFacts, TlsProblem> check_tls_files(const TlsFiles& files) {
    const auto context = make_tls_context(files);
    if (!context) return std::unexpected(context.error());
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context->get())), &end) != 1)
        return bad_certificate(files.certificate + " has no date of expiry");
    return TlsFacts{static_cast<std::int64_t>(::timegm(&end))};
}

}  // namespace twinpane::net
