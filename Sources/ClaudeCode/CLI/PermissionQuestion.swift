public import Bytes

/// A permission request of the CLI, forwarded to the client as a call of a function.
public struct PermissionQuestion: Equatable, Sendable {
  /// The id of the control request.
  let requestID: String
  public let tool: String
  public let input: JSONValue

  /// The function's name.
  public static let function = "approve_tool_use"

  /// The call's id.
  public var callID: String { PermissionQuestion.callID(ofRequest: requestID) }

  /// The id of the call that asks for the permission.
  ///
  /// - Parameter request: the id of the control request.
  public static func callID(ofRequest request: String) -> String { CallID.questionPrefix + request }

  /// The call's arguments.
  public var arguments: JSONValue { ["tool_name": .string(tool), "input": input] }

  /// Nil for a request that asks for no permission.
  init?(_ request: JSONValue, requestID: String) {
    guard let tool = request["tool_name"]?.string else { return nil }
    self.requestID = requestID
    self.tool = tool
    input = request["input"] ?? [:]
  }

  /// The line that responds to it. `allow`, as plain text or as `{"behavior":"allow"}`, is an approval. Everything else
  /// is a denial, with the text after `deny` as its reason: only a clear approval allows anything.
  func answer(_ result: FunctionResult) -> [UInt8] {
    let said = result.content.compactMap(\.text).joined(separator: "\n")
    let json = try? JSONValue(parsing: said)
    let words = String((json?["behavior"]?.string ?? json?["decision"]?.string ?? said).trimmed)
    if !result.isError, words.lowercased() == "allow" { return ControlMessage.allow(id: requestID, input: input) }
    let reason = json?["message"]?.string ?? json?["reason"]?.string ?? PermissionQuestion.reason(words)
    return ControlMessage.deny(id: requestID, message: reason.isEmpty ? "The user denied it." : reason)
  }

  private static func reason(_ words: String) -> String {
    guard words.lowercased().hasPrefix("deny") else { return words }
    return String(words.dropFirst(4).drop { $0 == ":" || $0 == "," || $0 == "." }.trimmed)
  }
}
