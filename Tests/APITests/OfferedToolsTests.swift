import Bytes
import ClaudeCode
import EventLoop
import HTTPServerTestSupport
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

/// Tools that are no plain functions.
@Suite(.bounded)
struct OfferedToolsTests {
  private func tools(_ list: String, _ more: String = "") throws -> ChatTools {
    try ChatTools(object("{\"tools\":[\(list)]\(more)}"))
  }

  private func messages(_ list: String, _ more: String = "") throws -> ChatTools {
    try ChatTools(messages: object("{\"tools\":[\(list)]\(more)}"))
  }

  private static let f = #"{"type":"function","name":"f"}"#

  // MARK: Web tools

  @Test(
    "web tools allow Claude Code's own",
    arguments: [
      (#"{"type":"web_search"}"#, ["WebSearch", "WebFetch"]),
      (#"{"type":"web_search","external_web_access":false}"#, ["WebSearch"]),
      (#"{"type":"web_search","external_web_access":true}"#, ["WebSearch", "WebFetch"]),
      (#"{"type":"web_search_preview"}"#, ["WebSearch", "WebFetch"]),
      (#"{"type":"web_search_preview_2025_03_11"}"#, ["WebSearch", "WebFetch"]),
      (#"{"type":"web_search_2025_08_26"}"#, ["WebSearch", "WebFetch"]),
      (#"{"type":"web_search_20250305","name":"web_search"}"#, ["WebSearch"]),
      (#"{"type":"web_search_20260209","name":"web_search"}"#, ["WebSearch"]),
      (#"{"type":"web_fetch_20250910","name":"web_fetch"}"#, ["WebFetch"]),
    ])
  func web(tool: String, expected: [String]) throws {
    for read in [try tools(tool), try messages(tool)] {
      #expect(read.extras.builtIn == expected)
      #expect(read.functions.isEmpty && read.extras.warnings.isEmpty && read.choice == .auto)
    }
    #expect(try tools("\(Self.f),\(tool),\(tool)").extras.builtIn == expected)
  }

  @Test("web_search_options of chat completions do the same")
  func searchOptions() throws {
    #expect(try tools("", #","web_search_options":{}"#).extras.builtIn == ["WebSearch", "WebFetch"])
    #expect(try tools("", #","web_search_options":null"#).extras.builtIn.isEmpty)
    #expect(
      try tools("", #","web_search_options":{"search_context_size":"low","user_location":null}"#).extras.warnings
        == ["ignored in web_search_options: search_context_size"])
  }

  @Test("settings that have no equivalent are named, others and empty ones are not")
  func settings() throws {
    let tool =
      #"{"type":"web_search_20250305","name":"web_search","max_uses":8,"allowed_domains":["a.org"],"#
      + #""blocked_domains":[],"user_location":null,"cache_control":{"type":"ephemeral"}}"#
    #expect(
      try messages(tool).extras.warnings == ["ignored in web_search_20250305: max_uses, allowed_domains"])
  }

  // MARK: Namespaces and custom tools

  @Test("the tools of a namespace are functions that remember it")
  func namespaces() throws {
    let read = try tools(
      #"{"type":"namespace","name":"agents","description":"d","tools":[{"type":"function","name":"wait","#
        + #""parameters":{"type":"object"}},{"type":"custom","name":"exec","description":"Run it."},"#
        + #"{"type":"file_search"}]},\#(Self.f)"#)
    #expect(read.functions.map(\.name) == ["agents__wait", "agents__exec", "f"])
    #expect(read.functions[0].parameters == ["type": "object"])
    #expect(
      read.extras.clientTools == [
        "agents__wait": ClientTool(name: "wait", namespace: "agents"),
        "agents__exec": ClientTool(name: "exec", namespace: "agents", isCustom: true),
      ])
    #expect(read.extras.warnings == ["tools left out because they are not available here: file_search"])
  }

  @Test(
    "a custom tool is a function of one string, with its grammar in the description",
    arguments: [
      #"{"type":"custom","name":"p","description":"Edit.","format":{"type":"grammar","syntax":"lark","definition":"start: x"}}"#,
      #"{"type":"custom","custom":{"name":"p","description":"Edit.","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}}}"#,
    ])
  func custom(tool: String) throws {
    let read = try tools(tool)
    #expect(
      read.functions == [
        FunctionDeclaration(
          name: "p",
          description: "Edit.\n\nPut the whole text, and nothing else, into the string `input`.\n\n"
            + "The text has to match this grammar (lark):\nstart: x",
          parameters: ClientTool.customParameters)
      ])
    #expect(read.extras.clientTools == ["p": ClientTool(name: "p", isCustom: true)])
  }

  @Test("a custom tool without description or grammar says where its text goes")
  func plainCustom() throws {
    let read = try tools(#"{"type":"custom","name":"p","format":{"type":"text"}}"#)
    #expect(read.functions.first?.description == "Put the whole text, and nothing else, into the string `input`.")
  }

  @Test("tools in the input count, and a later declaration replaces an earlier one")
  func additional() throws {
    let read = try ChatTools(
      object(
        #"""
        {"tools":[{"type":"function","name":"f","description":"old"}],"input":[{"role":"user","content":"hi"},
        {"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"f","description":"new"},
        {"type":"custom","name":"p"},{"type":"custom","name":"q"}]},
        {"type":"additional_tools","tools":[{"type":"custom","name":"p"},{"type":"function","name":"q"}]}]}
        """#))
    #expect(read.functions.map(\.name) == ["f", "p", "q"])
    #expect(read.functions.first?.description == "new")
    #expect(read.extras.clientTools == ["p": ClientTool(name: "p", isCustom: true)])
  }

  // MARK: Tools that the client runs

  @Test(
    "Anthropic's tools that clients run are functions with their documented input",
    arguments: [
      (#"{"type":"bash_20250124","name":"bash"}"#, "bash", ["command", "restart"]),
      (
        #"{"type":"text_editor_20250728","name":"str_replace_based_edit_tool"}"#, "str_replace_based_edit_tool",
        [
          "command", "path", "view_range", "file_text", "old_str", "new_str", "insert_line", "insert_text",
        ]
      ),
      (
        #"{"type":"memory_20250818","name":"memory"}"#, "memory",
        [
          "command", "path", "view_range", "file_text", "old_str", "new_str", "insert_line", "insert_text", "old_path",
          "new_path",
        ]
      ),
    ])
  func documented(tool: String, name: String, fields: [String]) throws {
    let read = try messages(tool)
    #expect(read.functions.map(\.name) == [name])
    #expect(read.functions.first?.parameters["properties"]?.object?.keys == fields)
    #expect(read.extras == ToolExtras())
  }

  // MARK: What is left out

  @Test(
    "tools without an equivalent are left out with a warning beside others",
    arguments: [
      "file_search", "code_interpreter", "image_generation", "computer_use_preview", "mcp", "tool_search",
      "local_shell", "shell", "apply_patch", "computer_20250124", "tool_search_tool_regex_20251119",
    ])
  func leftOut(type: String) throws {
    let warning = ["tools left out because they are not available here: \(type)"]
    let tool = "{\"type\":\"\(type)\",\"name\":\"x\"}"
    let functions = try tools("\(tool),\(Self.f),\(tool)")
    #expect(functions.functions.map(\.name) == ["f"] && functions.extras.warnings == warning)
    let web = try messages(#"{"type":"web_search_20250305"},\#(tool)"#)
    #expect(web.extras.builtIn == ["WebSearch"] && web.extras.warnings == warning)
    let error = #expect(throws: RequestError.self) { _ = try tools(tool) }
    #expect(error?.param == "tools[0].type" && error?.code == "unsupported_parameter")
    #expect(error?.message.hasPrefix("tools[0]: tools of type \(type) are not available here.") == true)
  }

  @Test("a type that no header can hold is not repeated")
  func unspeakable() throws {
    let read = try tools(#"{"type":"a\r\nset-cookie: b"},{"type":""},\#(Self.f)"#)
    #expect(
      read.extras.warnings == ["tools left out because they are not available here: an unknown type"])
  }

  @Test("limits: how many types a warning names, and how long they are")
  @Reactor
  func limits() async throws {
    let counted = try await LimitTable.row("types in a warning", OfferedTools.maximumNamed) { offset in
      let list = (0..<(OfferedTools.maximumNamed + offset)).map { "{\"type\":\"t\($0)\"}," }.joined()
      return try tools(list + Self.f).extras.warnings.first?.hasSuffix(", and others") == true
    }
    #expect(counted == [false, false, true])
    let warned = try await LimitTable.row("warnings about settings", OfferedTools.maximumNamed) { offset in
      let list = (0..<(OfferedTools.maximumNamed + offset)).map {
        "{\"type\":\"web_search_2025030\($0)\",\"max_uses\":1}"
      }
      return try tools((list + list).joined(separator: ",")).extras.warnings.count
    }
    #expect(warned == [7, 8, 8])
    let measured = try await LimitTable.row("type in a warning", OfferedTools.maximumTypeLength) { offset in
      let type = String(repeating: "t", count: OfferedTools.maximumTypeLength + offset)
      return try tools("{\"type\":\"\(type)\"},\(Self.f)").extras.warnings.first?.hasSuffix(type) == true
    }
    #expect(measured == [true, true, false])
  }

  @Test(
    "broken tools are refused with their place",
    arguments: [
      (#"{"type":"namespace","tools":[]}"#, "400 tools[0].name -"),
      (#"{"type":"namespace","name":"n"}"#, "400 tools[0].tools -"),
      (#"{"type":"namespace","name":"n","tools":[{"type":"function"}]}"#, "400 tools[0].tools[0].name -"),
      (#"{"type":"namespace","name":"n","tools":[{"name":"x"}]}"#, "400 tools[0].tools[0].type unsupported_parameter"),
      (
        #"{"type":"namespace","name":"n","tools":[{"type":"namespace","name":"m","tools":[]}]}"#,
        "400 tools[0].tools[0].type unsupported_parameter"
      ),
      (#"{"type":"custom"}"#, "400 tools[0].name -"), (#"{"type":"custom","custom":{}}"#, "400 tools[0].custom.name -"),
      (#"{"type":"bash_20250124"}"#, "400 tools[0].name -"),
      (#"{"type":"custom","name":"a b"}"#, "400 tools[0].name -"),
      (
        #"{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"},{"type":"function","name":"f"}]}"#,
        "400 tools -"
      ),
    ])
  func refused(tool: String, expected: String) throws {
    #expect(try refusal { _ = try tools(tool) } == expected)
  }

  // MARK: The choice

  private static let mixed =
    #"{"type":"function","name":"f"},{"type":"function","name":"g"},{"type":"custom","name":"p"},"#
    + #"{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]},{"type":"web_search_20250305"}"#

  @Test(
    "a choice finds custom tools, namespaces and subsets",
    arguments: [
      (#"{"type":"custom","name":"p"}"#, "required p", "f g p n__f", "WebSearch"),
      (#"{"type":"custom","custom":{"name":"p"}}"#, "required p", "f g p n__f", "WebSearch"),
      (#"{"type":"function","name":"f","namespace":"n"}"#, "required n__f", "f g p n__f", "WebSearch"),
      (
        #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g"},{"type":"custom","name":"p"}]}"#,
        "auto", "g p", ""
      ),
      (
        #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
        "required g", "g", ""
      ),
      (
        #"{"type":"allowed_tools","tools":[{"type":"web_search_20250305"},{"type":"function","name":"f"}]}"#, "auto",
        "f", "WebSearch"
      ),
      (#"{"type":"allowed_tools","tools":[{"type":"web_search_20250305"}]}"#, "none", "f g p n__f", "WebSearch"),
      (#"{"type":"allowed_tools","tools":[]}"#, "none", "f g p n__f", ""), (#""none""#, "none", "f g p n__f", ""),
    ])
  func choices(choice: String, expected: String, functions: String, web: String) throws {
    let read = try tools(Self.mixed, ",\"tool_choice\":\(choice)")
    let chosen =
      switch read.choice {
      case .auto: "auto"
      case .none: "none"
      case .required(let functions): "required \(functions.map(\.name).joined(separator: " "))"
      }
    #expect(chosen == expected)
    #expect(read.functions.map(\.name).joined(separator: " ") == functions)
    #expect(read.extras.builtIn.joined(separator: " ") == web)
  }

  @Test(
    "a chosen web tool is allowed, and the client is told that it is not forced",
    arguments: [#"{"type":"web_search_20250305"}"#, #"{"type":"tool","name":"web_search"}"#])
  func chosenWeb(choice: String) throws {
    let read = try messages(#"{"type":"web_search_20250305","name":"web_search"}"#, ",\"tool_choice\":\(choice)")
    #expect(read.choice == .auto && read.extras.builtIn == ["WebSearch"])
    #expect(read.extras.warnings == ["tool_choice: WebSearch is allowed, but cannot be forced"])
  }

  @Test(
    "a choice that cannot be honoured is refused",
    arguments: [
      #"{"type":"file_search"}"#, #"{"type":"web_fetch_20250910"}"#, #"{"type":"allowed_tools"}"#,
      #"{"type":"allowed_tools","tools":[{"type":"function","name":"h"}]}"#,
      #"{"type":"allowed_tools","mode":"sometimes","tools":[{"type":"function","name":"f"}]}"#,
      #"{"type":"allowed_tools","mode":"required","tools":[{"type":"web_search"}]}"#,
      #"{"type":"custom","name":"q"}"#, #"{"type":"function","name":"g","namespace":"n"}"#,
    ])
  func refusedChoices(choice: String) throws {
    #expect(try refusal { _ = try tools(Self.mixed, ",\"tool_choice\":\(choice)") } == "400 tool_choice -")
  }
}
