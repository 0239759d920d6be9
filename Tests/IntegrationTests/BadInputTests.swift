import Bytes
import TestSupport
import Testing

/// A request that is refused, and how.
struct RefusedRequest: Sendable, CustomTestStringConvertible {
  let name: String
  let request: ClientRequest
  let expected: ErrorBody

  init(_ name: String, _ request: ClientRequest, _ expected: ErrorBody) {
    self.name = name
    self.request = request
    self.expected = expected
  }

  var testDescription: String { name }

  /// A chat completion with `fields` beside or instead of the usual ones.
  init(_ name: String, chat fields: JSONObject, _ expected: ErrorBody) {
    var body: JSONObject = ["model": "claude-code", "messages": [.user("hello")]]
    for member in fields.members { body[member.key] = member.value }
    self.init(name, .post("/v1/chat/completions", [], .object(body)), expected)
  }

  init(_ name: String, native body: JSONObject, _ expected: ErrorBody) {
    self.init(name, .post("/api/claude", [], .object(body)), expected)
  }
}

extension ErrorBody {
  static func invalid(_ param: String? = nil, code: String? = nil) -> ErrorBody {
    ErrorBody(400, "invalid_request_error", param: param, code: code)
  }
}

extension RefusedRequest {
  static let bodies = ["/v1/chat/completions", "/api/claude"].flatMap { path in
    [
      RefusedRequest("\(path): malformed JSON", .post(path, text: #"{"prompt": "#), .invalid(code: "invalid_json")),
      RefusedRequest("\(path): JSON and more", .post(path, text: #"{"prompt":"x"} x"#), .invalid(code: "invalid_json")),
      RefusedRequest("\(path): an empty body", .post(path, text: ""), .invalid()),
      RefusedRequest("\(path): null", .post(path, text: "null"), .invalid()),
      RefusedRequest("\(path): a number", .post(path, text: "5"), .invalid()),
      RefusedRequest("\(path): an array", .post(path, text: "[]"), .invalid()),
      RefusedRequest(
        "\(path): an empty object", .post(path, text: "{}"), .invalid(path.contains("api") ? "prompt" : "messages")),
      RefusedRequest(
        "\(path): 100,000 nested brackets", .post(path, text: String(repeating: "[", count: 100_000)),
        .invalid(code: "invalid_json")),
      RefusedRequest(
        "\(path): 100,000 nested objects", .post(path, text: String(repeating: #"{"a":"#, count: 100_000)),
        .invalid(code: "invalid_json")),
      RefusedRequest(
        "\(path): bytes that are no UTF-8",
        ClientRequest(
          "POST", path, ["content-type: application/json"],
          body: Array(#"{"prompt":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8)), .invalid(code: "invalid_json")),
      RefusedRequest(
        "\(path): another content type",
        ClientRequest("POST", path, ["content-type: text/plain"], body: Array("x".utf8)),
        ErrorBody(415, "invalid_request_error", code: "unsupported_media_type")),
      RefusedRequest(
        "\(path): a form, which is what curl -d sends by itself",
        ClientRequest(
          "POST", path, ["content-type: application/x-www-form-urlencoded"], body: Array(#"{"prompt":"x"}"#.utf8)),
        ErrorBody(415, "invalid_request_error", code: "unsupported_media_type")),
      RefusedRequest(
        "\(path): another charset",
        ClientRequest(
          "POST", path, ["content-type: application/json; charset=iso-8859-1"], body: Array(#"{"prompt":"x"}"#.utf8)),
        ErrorBody(415, "invalid_request_error", code: "unsupported_media_type")),
      RefusedRequest(
        "\(path): a compressed body",
        ClientRequest(
          "POST", path, ["content-type: application/json", "content-encoding: gzip"], body: [0x1F, 0x8B, 8, 0]),
        ErrorBody(415, "invalid_request_error", code: "unsupported_media_type")),
    ]
  }

  static let messages = [
    RefusedRequest("messages of the wrong type", chat: ["messages": "hello"], .invalid("messages")),
    RefusedRequest("messages null", chat: ["messages": nil], .invalid("messages")),
    RefusedRequest("no message", chat: ["messages": []], .invalid("messages")),
    RefusedRequest("a message that is no object", chat: ["messages": [5]], .invalid("messages[0]")),
    RefusedRequest("no user message", chat: ["messages": [.system(" ")]], .invalid("messages")),
    RefusedRequest("only an assistant message", chat: ["messages": [.assistant("hi")]], .invalid("messages")),
    RefusedRequest("an empty user message", chat: ["messages": [.user("")]], .invalid("messages")),
    RefusedRequest("a blank user message", chat: ["messages": [.user(" \n\t")]], .invalid("messages")),
    RefusedRequest(
      "an unknown role", chat: ["messages": [["role": "robot", "content": "x"]]], .invalid("messages[0].role")),
    RefusedRequest(
      "a role of the wrong type", chat: ["messages": [["role": 1, "content": "x"]]], .invalid("messages[0].role")),
    RefusedRequest("no role", chat: ["messages": [["content": "x"]]], .invalid("messages[0].role")),
    RefusedRequest(
      "content that is a number", chat: ["messages": [["role": "user", "content": 5]]],
      .invalid("messages[0].content")),
    RefusedRequest(
      "content that is an object", chat: ["messages": [["role": "user", "content": ["a": 1]]]],
      .invalid("messages[0].content")),
    RefusedRequest(
      "text of the wrong type", chat: ["messages": [["role": "user", "content": [["type": "text", "text": 5]]]]],
      .invalid("messages[0].content[0].text")),
    RefusedRequest(
      "an image from afar",
      chat: [
        "messages": [
          [
            "role": "user",
            "content": [["type": "image_url", "image_url": ["url": "https://images.example/a.png"]]],
          ]
        ]
      ], .invalid("messages[0].content[0].image_url", code: "invalid_image_url")),
    RefusedRequest(
      "a result without its call",
      chat: ["messages": [.user("x"), ["role": "tool", "tool_call_id": "c", "content": "r"]]], .invalid("messages")),
  ]

  static let parameters = [
    RefusedRequest("stream of the wrong type", chat: ["stream": "yes"], .invalid("stream")),
    RefusedRequest("model of the wrong type", chat: ["model": 4], .invalid("model")),
    RefusedRequest("metadata of the wrong type", chat: ["metadata": "x"], .invalid("metadata")),
    RefusedRequest("two choices", chat: ["n": 2], .invalid("n", code: "unsupported_parameter")),
    RefusedRequest("logprobs", chat: ["logprobs": true], .invalid("logprobs", code: "unsupported_parameter")),
    RefusedRequest(
      "a function without a name", chat: ["tools": [["type": "function", "function": ["parameters": [:]]]]],
      .invalid("tools[0].function.name")),
    RefusedRequest(
      "a forced choice of no tools", chat: ["tool_choice": "required"], .invalid("tool_choice")),
    RefusedRequest(
      "a forced function that is not there", chat: ["tool_choice": ["type": "function", "function": ["name": "f"]]],
      .invalid("tool_choice")),
    RefusedRequest(
      "a format without its schema", chat: ["response_format": ["type": "json_schema", "json_schema": ["name": "x"]]],
      .invalid("response_format.json_schema.schema")),
    RefusedRequest(
      "audio", chat: ["modalities": ["text", "audio"]], .invalid("modalities", code: "unsupported_parameter")),
    RefusedRequest("effort", chat: ["reasoning_effort": "extreme"], .invalid("reasoning_effort")),
    RefusedRequest(
      "an unknown model", chat: ["model": "gpt-4o"],
      ErrorBody(404, "invalid_request_error", param: "model", code: "model_not_found")),
    RefusedRequest(
      "an empty model", chat: ["model": ""],
      ErrorBody(404, "invalid_request_error", param: "model", code: "model_not_found")),
    RefusedRequest(
      "an unknown model beside a new workspace", chat: ["model": "gpt-4o", "workspace": "not-made"],
      ErrorBody(404, "invalid_request_error", param: "model", code: "model_not_found")),
    RefusedRequest(
      "an unknown model on the native route", native: ["prompt": "x", "model": "gpt-4o"],
      ErrorBody(404, "invalid_request_error", param: "model", code: "model_not_found")),
    RefusedRequest(
      "questions on the native route", native: ["prompt": "x", "permission-mode": "ask"], .invalid("permission-mode")),
    RefusedRequest("a prompt that is missing", native: ["workspace": "x"], .invalid("prompt")),
    RefusedRequest("a prompt that is empty", native: ["prompt": ""], .invalid("prompt")),
    RefusedRequest("a prompt of the wrong type", native: ["prompt": ["x"]], .invalid("prompt")),
  ]

  static let workspaces = ["../x", "a/b", "/etc", "..", ".", "a\0b", "a b", "", String(repeating: "n", count: 300)]
    .flatMap { name in
      let shown = name.count > 20 ? "\(name.count) characters" : name.debugDescription
      var requests = [
        RefusedRequest(
          "workspace \(shown), native", native: ["prompt": "x", "workspace": .string(name)], .invalid("workspace")),
        RefusedRequest("workspace \(shown), body field", chat: ["workspace": .string(name)], .invalid("workspace")),
        RefusedRequest(
          "workspace \(shown), metadata", chat: ["metadata": ["workspace": .string(name)]], .invalid("workspace")),
        RefusedRequest(
          "workspace \(shown), in-band", chat: ["messages": [.user("workspace=\(name)\n\nhello")]],
          .invalid("workspace")),
      ]
      if name.isEmpty { requests.removeLast() }
      return requests
    }

  static let options = [
    RefusedRequest("a session id that is none", native: ["prompt": "x", "session-id": "abc"], .invalid("session-id")),
    RefusedRequest(
      "a session id with a flag in it", native: ["prompt": "x", "session-id": "--resume"], .invalid("session-id")),
    RefusedRequest("a session id that is a number", native: ["prompt": "x", "session-id": 5], .invalid("session-id")),
    RefusedRequest("a bad session id on the OpenAI route", chat: ["session_id": "abc"], .invalid("session-id")),
    RefusedRequest(
      "a bad session id in-band", chat: ["messages": [.user("session-id=abc\n\nhello")]], .invalid("session-id")),
    RefusedRequest(
      "a bad session id in the header", .chat("hello", stream: true, [:], ["x-session-id: abc"]),
      .invalid("x-session-id")),
    RefusedRequest(
      "a bad session id in the header, native", .native("hello", [:], ["x-session-id: ../../x"]),
      .invalid("x-session-id")),
    RefusedRequest(
      "tools of the wrong type", native: ["prompt": "x", "allowed-tools": "Bash"], .invalid("allowed-tools")),
    RefusedRequest(
      "a tool with another rule in it", native: ["prompt": "x", "allowed-tools": ["Bash Edit"]],
      .invalid("allowed-tools")),
    RefusedRequest(
      "a tool with a comma", native: ["prompt": "x", "disallowed-tools": ["Bash,Edit"]], .invalid("disallowed-tools")),
    RefusedRequest(
      "tools in-band that are no JSON", chat: ["messages": [.user("allowed-tools=[Bash\n\nhello")]],
      .invalid("allowed-tools")),
    RefusedRequest(
      "permissions neither skipped nor kept", native: ["prompt": "x", "dangerously-skip-permissions": "maybe"],
      .invalid("dangerously-skip-permissions")),
    RefusedRequest(
      "a permission mode nobody knows", native: ["prompt": "x", "permission-mode": "root"],
      .invalid("permission-mode")),
    RefusedRequest("no turns", native: ["prompt": "x", "max-turns": 0], .invalid("max-turns")),
    RefusedRequest("a negative budget", native: ["prompt": "x", "max-budget-usd": -1], .invalid("max-budget-usd")),
  ]

  static let routes = [
    RefusedRequest(
      "an unknown route", .get("/v2/chat"), ErrorBody(404, "invalid_request_error", code: "unknown_url")),
    RefusedRequest(
      "an unknown route with a body", .post("/v1/chat/completion", [], [:]),
      ErrorBody(404, "invalid_request_error", code: "unknown_url")),
    RefusedRequest(
      "a path that climbs", .get("/../../etc/passwd"), ErrorBody(404, "invalid_request_error", code: "unknown_url")),
    RefusedRequest("a bad escape", .get("/v1/%zz"), .invalid(code: "bad_request")),
    RefusedRequest(
      "the wrong method", .get("/api/claude"), ErrorBody(405, "invalid_request_error", code: "method_not_allowed")),
    RefusedRequest(
      "the wrong method for the models", .post("/v1/models", [], [:]),
      ErrorBody(405, "invalid_request_error", code: "method_not_allowed")),
    RefusedRequest(
      "a method HTTP does not have", ClientRequest("BREW", "/api/claude"),
      ErrorBody(501, "invalid_request_error", code: "unknown_method")),
    RefusedRequest(
      "a target that is too long", .get("/" + String(repeating: "t", count: 9000)),
      ErrorBody(414, "invalid_request_error", code: "uri_too_long")),
    RefusedRequest(
      "a head that is too large", .get("/health", ["x-filler: " + String(repeating: "f", count: 40_000)]),
      ErrorBody(431, "invalid_request_error", code: "headers_too_large")),
  ]

  static let all = bodies + messages + parameters + workspaces + options + routes
}

@Suite(.beside)
struct BadInputTests {
  @Test("bad input is rejected in OpenAI's form; nothing is started or written")
  func table() async throws {
    try await ServerUnderTest.run { server in
      let before = try server.directory.contents()
      for row in RefusedRequest.all {
        var request = row.request
        request.keepsConnection = true
        let answer = try await server.send(request)
        do {
          #expect(try answer.error() == row.expected, "\(row.name): \(answer.text.prefix(300))")
          #expect(answer["x-session-id"] == nil, "\(row.name)")
        } catch {
          Issue.record(error, "\(row.name)")
        }
      }
      #expect(server.family.isEmpty)
      #expect(try server.directory.contents() == before)
      // It is none the worse for it.
      #expect(try await server.send(.chat("hello", stream: false)).completion() == "You said: hello")
      try await server.logLine("run ended")
      #expect(server.startedRuns == 1)
    }
  }

  @Test("a wrong method is answered with the allowed ones")
  func allow() async throws {
    try await ServerUnderTest.run { server in
      let answer = try await server.send(.get("/v1/chat/completions"))
      #expect(answer.status == 405)
      #expect(answer["allow"] == "OPTIONS, POST")
      #expect(try await server.send(.post("/health", [], [:]))["allow"] == "GET, HEAD, OPTIONS")
    }
  }

  @Test("a link in place of a workspace does not leave the base")
  func linkedWorkspace() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    try directory.link("base/workspace/escape", to: "/etc")
    try await ServerUnderTest.run(in: directory) { server in
      let answer = try await server.send(.native("hello", ["workspace": "escape"]))
      #expect(try answer.error() == ErrorBody(500, "server_error", code: "workspace_unusable"))
      #expect(server.startedRuns == 0)
    }
  }
}

/// Prompts that look like something else.
@Suite(.beside, .server())
struct PromptTests {
  private static let strangePrompts = [
    "--version", "-p", "--dangerously-skip-permissions", "look at @/etc/passwd please", "@/etc/passwd", "foo=bar\nx",
    "sessions=1", "I quote:\nworkspace=../x\ndangerously-skip-permissions=true", "\u{FEFF}hello", "null", "\"",
    "\\u0000",
    "a\u{2028}b\u{2029}c", "emoji 👩‍👩‍👧‍👦 and \u{1F1E9}\u{1F1EA}", "\t\ttabs", "\r\nline ends\r\n",
  ]

  @Test("a prompt is text, whatever it looks like", arguments: strangePrompts, [true, false])
  func isText(prompt: String, isStreamed: Bool) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.chat(prompt, stream: isStreamed))
    let content = try isStreamed ? answer.chat().content : answer.completion()
    #expect(content == "You said: \(prompt)")
  }

  @Test(
    "chat completions treat a leading slash as text",
    arguments: [
      "/help", "/clear", "/compact", "/etc/passwd is a file", "workspace=slashes\n\n/help", "workspace=slashes\n/help",
    ])
  func slash(prompt: String) async throws {
    let text = prompt.split(separator: "\n").last ?? ""
    let content = try await ServerUnderTest.ofSuite.send(.chat(prompt, stream: true)).chat().content
    #expect(["You said: \(text)", "You said:  \(text)"].contains(content))
  }

  @Test("the native route treats a leading slash as a command")
  func command() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.native("/help"))
    #expect(try answer.result() == "/help isn't available in this environment.")
    #expect(try answer.lines().last?["num_turns"] == 0)
  }

  @Test("file mentions are disabled unless requested", arguments: [(nil, "1"), (false, "1"), (true, "(unset)")])
  func fileMentions(isAskedFor: Bool?, expected: String) async throws {
    var options = JSONObject()
    if let isAskedFor { options["file-mentions"] = .bool(isAskedFor) }
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat("simulate: env=CLAUDE_CODE_DISABLE_FILE_MENTIONS", stream: false, options))
    #expect(try answer.completion() == expected)
  }

  @Test("a prompt of 2 MB arrives unchanged", arguments: [true, false])
  func largePrompt(isNative: Bool) async throws {
    let prompt = String(repeating: "0123456789abcde ", count: 2 * 1024 * 1024 / 16 - 1) + "and the last one"
    #expect(prompt.utf8.count == 2 * 1024 * 1024)
    let server = try ServerUnderTest.ofSuite
    let text =
      try await isNative
      ? server.send(.native(prompt)).result() : server.send(.chat(prompt, stream: false)).completion()
    #expect(text.utf8.count == prompt.utf8.count + 10)
    #expect(text == "You said: \(prompt)")
  }

  @Test("a system prompt of 300 KB arrives unchanged", arguments: [true, false])
  func largeSystemPrompt(isNative: Bool) async throws {
    let prompt = String(repeating: "be brief and do as told. ", count: 300 * 1024 / 25)
    let directive = "simulate: init-request"
    let server = try ServerUnderTest.ofSuite
    let text =
      try await isNative
      ? server.send(.native(directive, ["system-prompt": .string(prompt)])).result()
      : server.send(.chat([.system(prompt), .user(directive)], stream: false)).completion()
    let told = try JSONValue(parsing: text)["systemPrompt"]
    #expect(told == [.string(prompt)])
  }

  @Test("system messages are joined, and text parts are one text")
  func parts() async throws {
    let parts: JSONValue = [
      "role": "user",
      "content": [["type": "text", "text": "one"], ["type": "input_text", "text": "two\nsimulate: init-request"]],
    ]
    let server = try ServerUnderTest.ofSuite
    let answer = try await server.send(.chat([.system("A"), .system("B"), parts], stream: false))
    #expect(try JSONValue(parsing: try answer.completion())["systemPrompt"] == ["A\n\nB"])
    let plain: JSONValue = [
      "role": "user", "content": [["type": "text", "text": "one"], ["type": "text", "text": "two"]],
    ]
    #expect(try await server.send(.chat([plain], stream: false)).completion() == "You said: one\ntwo")
  }
}
