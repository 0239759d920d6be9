import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct ChatToolsMessagesTests {
  private static let f = FunctionDeclaration(name: "f", description: "d", parameters: ["type": "object"])
  private static let declared = #""tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}]"#

  private func tools(_ fields: String) throws -> ChatTools { try ChatTools(messages: object("{\(fields)}")) }

  @Test("client tools and tool_choice are decoded")
  func choices() throws {
    let custom = try tools(
      #""tools":[{"type":"custom","name":"f","description":"d","input_schema":{"type":"object"},"strict":true}]"#)
    #expect(custom.functions == [Self.f])
    #expect(custom.choice == .auto && custom.areParallel)
    #expect(try tools(Self.declared + #","tool_choice":{"type":"any"}"#).choice == .required([Self.f]))
    #expect(try tools(Self.declared + #","tool_choice":{"type":"tool","name":"f"}"#).choice == .required([Self.f]))
    #expect(try tools(Self.declared + #","tool_choice":{"type":"none"}"#).choice == .none)
    let single = try tools(Self.declared + #","tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#)
    #expect(single.choice == .auto && !single.areParallel)
  }

  @Test(
    "invalid tools are rejected",
    arguments: [
      (#""tools":[{"type":"computer_20250124","name":"computer"}]"#, "400 tools[0].type unsupported_parameter"),
      (#""tools":[{"type":"custom","name":"f"}]"#, "400 tools[0].input_schema -"),
      (#""tools":[{"type":"function","name":"f"}]"#, "400 tools[0].input_schema -"),
      (#""tools":[{"name":"f","input_schema":[]}]"#, "400 tools[0].input_schema -"),
      (#""tools":[{"name":"f g","input_schema":{}}]"#, "400 tools[0].name -"), (#""tools":{}"#, "400 tools -"),
      (declared + #","tool_choice":{"type":"tool","name":"g"}"#, "400 tool_choice -"),
      (declared + #","tool_choice":{"type":"some"}"#, "400 tool_choice -"),
    ])
  func refused(fields: String, expected: String) throws {
    #expect(try refusal { _ = try tools(fields) } == expected)
  }

  @Test("limits: number of tools and length of their names, Anthropic's")
  @Reactor
  func limits() async throws {
    let bounds = ChatTools.Bounds.anthropic
    #expect(bounds.count == 1000 && bounds.nameLength == 115)
    let counted = try await LimitTable.row("tools of messages", bounds.count) { offset in
      let tools = (0..<(bounds.count + offset)).map { #"{"name":"f\#($0)","input_schema":{}}"# }
      return try refusal { _ = try self.tools(#""tools":[\#(tools.joined(separator: ","))]"#) } ?? "taken"
    }
    #expect(counted == ["taken", "taken", "400 tools -"])
    let measured = try await LimitTable.row("tool name of messages", bounds.nameLength) { offset in
      let name = String(repeating: "x", count: bounds.nameLength + offset)
      return try refusal { _ = try tools(#""tools":[{"name":"\#(name)","input_schema":{}}]"#) } ?? "taken"
    }
    #expect(measured == ["taken", "taken", "400 tools[0].name -"])
  }

  @Test("Anthropic's own tools are rejected with the alternative")
  func serverTool() {
    let error = #expect(throws: RequestError.self) {
      _ = try tools(#""tools":[{"type":"code_execution_20250522","name":"code_execution"}]"#)
    }
    #expect(
      error?.message
        == "tools[0]: tools of type code_execution_20250522 are not available here. Functions and custom tools are, "
        + "and web_search and web_fetch; Claude Code has further tools of its own, and allowed-tools lists those it "
        + "may use.")
  }
}
