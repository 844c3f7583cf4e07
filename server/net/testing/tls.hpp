// The client's side of TLS for tests, on a blocking socket, and certificates to test with. OpenSSL itself;
// tests reach for the SSL object when they want to misbehave.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls.hpp"

namespace twinpane::net::testing {

struct TlsShape {
    int least = TLS1_2_VERSION, most = TLS1_3_VERSION;
    std::string ciphers = "DEFAULT:@SECLEVEL=0";  // of TLS 1.2 and before
    std::string alpn = "\x08http/1.1";            // length-prefixed names; empty: none offered
    SSL_SESSION* resume = nullptr;
};

class TlsLayer {
  public:
    // Handshakes on a connected socket, which stays the caller's. connected() says how it went.
    TlsLayer(int socket, const TlsShape& shape);
    ~TlsLayer();
    TlsLayer(const TlsLayer&) = delete;
    TlsLayer& operator=(const TlsLayer&) = delete;

    bool connected() const { return connected_; }
    SSL* ssl() { return ssl_; }
    // As ::send and ::recv; 0 from receive: close_notify or the end of the connection.
    long send(std::string_view bytes);
    long receive(char* into, std::size_t size);

    // CN of the server's certificate.
    std::string server_name() const;
    std::string protocol() const { return SSL_get_version(ssl_); }
    std::string alpn() const;
    bool got_close_notify() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

  private:
    SSL_CTX* context_ = nullptr;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
};

// The ClientHello that a TlsLayer would send first.
std::string client_hello(const TlsShape& shape = {});

// A self-signed certificate and its key for `name`, as <folder>/<file>.pem and <file>.key; replaces what is
// there. `days`: until it runs out, negative for one that has.
TlsFiles write_certificate(const std::filesystem::path& folder, std::string_view file, std::string_view name,
                           int days = 30);

// A folder of its own that goes with the object.
class Folder {
  public:
    Folder();
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
};

}  // namespace twinpane::net::testing
