import TestSupport
import Testing

@testable import ClaudeCode

struct CLIMessageTests {
  @Test(
    "the advice that names the upstream is left out",
    arguments: [
      (
        "API Error: 529 Overloaded. Try again in a moment. If it persists, check your inference gateway (10.0.0.7:80).",
        "API Error: 529 Overloaded. Try again in a moment."
      ),
      ("busy If it persists, check your inference gateway (gw.corp.example).", "busy"),
      ("If it persists, check your inference gateway (127.0.0.1:4010). Then more", " Then more"),
      ("a. If it persists, check your inference gateway", "a."),
      ("a. If it persists, check your inference gateway (b", "a. (b"),
      ("a. If it persists, check https://status.example.com.", "a. If it persists, check https://status.example.com."),
    ])
  func advice(message: String, expected: String) { #expect(CLIMessage.cleaned(message) == expected) }

  @Test(
    "of nested errors the innermost is kept",
    arguments: [
      ("API Error: 503 API Error: 529 Overloaded", "API Error: 529 Overloaded"),
      ("API Error: 502 API Error: 503 API Error: 529 x", "API Error: 529 x"),
      (
        "Failed to authenticate. API Error: 401 Failed to authenticate. API Error: 401 x",
        "Failed to authenticate. API Error: 401 x"
      ),
      ("API Error: 429", "API Error: 429"), ("API Error: API Error:", "API Error:"),
      (
        "API Error: 400 the text of your message number seven, which is long enough, says API Error: x",
        "API Error: 400 the text of your message number seven, which is long enough, says API Error: x"
      ),
    ])
  func nested(message: String, expected: String) { #expect(CLIMessage.cleaned(message) == expected) }

  @Test(
    "two servers in a row leave one error and no address",
    arguments: [
      (
        "API Error: 503 API Error: 529 Overloaded. If it persists, check your inference gateway (127.0.0.1:1). If it "
          + "persists, check your inference gateway (localhost:3000).", "API Error: 529 Overloaded."
      )
    ])
  func chained(message: String, expected: String) { #expect(CLIMessage.cleaned(message) == expected) }

  @Test(
    "addresses of the operator's network are left out",
    arguments: [
      ("connect ECONNREFUSED 127.0.0.1:8080", "connect ECONNREFUSED [address]"),
      ("connect ECONNREFUSED ::1:8080", "connect ECONNREFUSED [address]"),
      ("(http://10.1.2.3/v1/messages)", "([address])"), ("see http://gateway:8080/x.", "see [address]."),
      ("at https://proxy.corp.example:8443, twice", "at [address], twice"), ("http://gateway/x", "[address]"),
      ("getaddrinfo ENOTFOUND proxy.corp.example", "getaddrinfo ENOTFOUND [address]"),
      ("EAI_AGAIN: proxy.corp.example", "EAI_AGAIN: [address]"), ("localhost:3000: busy", "[address]: busy"),
      ("\"192.168.0.1\"", "\"[address]\""), ("[fe80::1]:80 is gone", "[address] is gone"), ("fe80::1", "[address]"),
      ("api.localhost", "[address]"),
    ])
  func addresses(message: String, expected: String) { #expect(CLIMessage.cleaned(message) == expected) }

  @Test(
    "other text is kept as it is",
    arguments: [
      "", " ", "out of cheese", "Unable to connect to API (ConnectionRefused)", "See https://docs.example.com/errors.",
      "prompt is too long: 215000 tokens > 200000 maximum", "messages.3.content.0: a/b:c 12:34:56 v2.1.329 1.2.3",
      "std::string", "300.1.1.1 1.2.3.4.5",
      "No conversation found with session ID: 00000000-0000-4000-8000-000000000000",
      "two  blanks\nand a line\t", "é: ü (ß)", "ECONNRESET while reading", "localhosts", "1.2.3.4x",
    ])
  func kept(message: String) { #expect(CLIMessage.cleaned(message) == message) }

  @Test("a message is cut at its maximum")
  func long() {
    let limit = CLIMessage.maximumLength
    for (length, kept) in [(limit - 1, limit - 1), (limit, limit), (limit + 1, limit)] {
      #expect(CLIMessage.cleaned(String(repeating: "x", count: length)).utf8.count == kept)
    }
  }
}
