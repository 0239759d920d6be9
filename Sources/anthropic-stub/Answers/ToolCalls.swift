import Bytes
import HTTPServer

/// The tool calls that a script asks for.
struct ToolCalls {
  private let name: String
  /// How many numbered calls; nil for one call without a number.
  private let count: Int?
  private let input: JSONValue

  init(_ script: Script) throws(HTTPError) {
    input = try ToolCalls.input(script)
    if let list = script.word(.tools) {
      let parts = list.split(separator: ":").map(String.init)
      guard parts.count == 2, let count = Int(parts[1]), count > 0 else {
        throw .invalidRequest("anthropic-stub: tools is NAME:K, not '\(list)'")
      }
      (name, self.count) = (parts[0], count)
    } else {
      (name, count) = (script.word(.tool) ?? StubRequest.structuredOutput, nil)
    }
  }

  func blocks(_ newID: () -> String) -> [Block] {
    guard let count else { return [.toolUse(id: newID(), name: name, input: input)] }
    return (0..<count).map { .toolUse(id: newID(), name: name, input: numbered($0)) }
  }

  // A tool without a parameter `n` refuses it, so its input marks the place of the number.
  private func numbered(_ index: Int) -> JSONValue {
    let text = input.text
    if text.contains("%n"), let value = try? JSONValue(parsing: text.replacing("%n", with: String(index))) {
      return value
    }
    var object = JSONObject()
    object["n"] = JSONValue(index)
    for member in input.object?.members ?? [] { object[member.key] = member.value }
    return .object(object)
  }

  private static func input(_ script: Script) throws(HTTPError) -> JSONValue {
    guard script.has(.input) || script.has(.input64) else { return .object(JSONObject()) }
    let encoded = script.word(.input64).flatMap(Base64.decode)
    guard let bytes = encoded ?? script.word(.input).map({ Array($0.utf8) }),
      let value = try? JSONValue(parsing: bytes), value.object != nil
    else { throw .invalidRequest("anthropic-stub: the input is not a JSON object") }
    return value
  }
}
