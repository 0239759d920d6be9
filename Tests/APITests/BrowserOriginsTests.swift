import Testing

@testable import API

struct BrowserOriginsTests {
  private let origins = BrowserOrigins(listed: ["https://app.example", "app://notes"])

  @Test(
    "pages of this machine and listed origins are allowed",
    arguments: [
      "http://localhost", "http://localhost:1", "https://localhost:65535", "HTTP://LocalHost:8080",
      "http://127.0.0.1:5173", "https://127.0.0.1", "http://[::1]:3000", "http://[::1]", "http://app.localhost:8080",
      "https://a-b_c.d.localhost", "https://app.example", "https://APP.example", "app://notes",
    ])
  func allowed(origin: String) { #expect(origins.allows(origin)) }

  @Test(
    "foreign pages, and whatever looks like a local one, are not",
    arguments: [
      "", "null", "http://", "http://:80", "https://evil.example", "http://app.example", "https://app.example:8443",
      "http://localhost.evil.example", "http://evil-localhost", "http://evil.example/localhost",
      "http://evil.example#.localhost", "http://evil.example?.localhost", "http://a@b.localhost",
      "http://evil.example:80.localhost", "http://.localhost", "http://localhost.", "http://localhost:",
      "http://localhost:80x", "http://localhost:123456", "http://localhost:80:80", "http://localhost@evil.example",
      "http://127.0.0.1.evil.example", "http://127.0.0.2", "http://10.0.0.1", "http://0.0.0.0", "http://2130706433",
      "http://127.1", "http://[::1", "http://[::1]x", "http://[::1]80", "http://[::2]", "http://::1",
      "http://[::ffff:127.0.0.1]", "ftp://localhost", "localhost", "//localhost", "file://", "http:/localhost",
      "http://loc\u{430}lhost", "http://localhost\u{301}", "http://é.localhost", " http://localhost",
      "http://localhost ", "http://localhost,http://evil.example",
    ])
  func refused(origin: String) { #expect(!origins.allows(origin)) }
}
