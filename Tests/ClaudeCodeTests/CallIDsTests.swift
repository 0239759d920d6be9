import Testing

@testable import ClaudeCode

struct CallIDsTests {
  @Test(
    "valid call ids are kept, others are replaced",
    arguments: [
      (["call_1", "call_2", "call_12"], ["call_1", "call_2", "call_12"]), (["a", "a", "a"], ["a", "a-2", "a-3"]),
      (["a", "a_2", "a_x"], ["a", "a_2-2", "a_x"]), (["a_2", "a", "a_3"], ["a_2", "a-2", "a_3"]),
      (["", "x.y z", "tö", "_1", "a-2", "a", "a"], ["call", "x_y_z", "t__", "_1", "a-2", "a", "a-3"]),
    ])
  func ids(asked: [String], given: [String]) {
    var ids = CallIDs()
    #expect(asked.map { ids.unique($0) } == given)
  }
}
