import Bytes
import TestSupport
import Testing

/// The limits of what is read, tried at their real values.
@Suite(.bounded)
struct LimitTableTests {
  @Test("limit: nesting depth of JSON")
  func depth() async throws {
    let outcomes = try await LimitTable.row("JSON depth", JSONValue.maximumDepth) { offset in
      let levels = JSONValue.maximumDepth + offset
      let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
      do throws(JSONSyntaxError) {
        return try JSONValue(parsing: text).text == text ? "read" : "changed"
      } catch {
        return error.reason
      }
    }
    #expect(outcomes == ["read", "read", "nested too deeply"])
  }

  @Test("limit: length of a line")
  func line() async throws {
    let outcomes = try await LimitTable.row("line", LineFramer.defaultMaximumLineLength) { offset in
      var framer = LineFramer()
      var lengths: [Int] = []
      let line = [UInt8](repeating: 0x78, count: LineFramer.defaultMaximumLineLength + offset)
      framer.push(line.span) { lengths.append($0.count) }
      framer.push([Ascii.lineFeed].span) { lengths.append($0.count) }
      return lengths == [line.count] ? "handed out" : "\(framer.oversizedLines) dropped"
    }
    #expect(outcomes == ["handed out", "handed out", "1 dropped"])
  }
}
