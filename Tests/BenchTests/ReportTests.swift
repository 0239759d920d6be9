import Testing

@testable import bench

struct ReportTests {
  private static func row(
    _ value: Double, floor: Double?, _ target: Row.Target, name: String = "row"
  ) -> Row {
    Row(name: name, value: value, floor: floor, unit: "ms", target: target)
  }

  @Test(
    "a target is met up to its limit and missed beyond it",
    arguments: [
      (row(15, floor: 10, .timesFloor(1.5)), true), (row(15.1, floor: 10, .timesFloor(1.5)), false),
      (row(10, floor: 15, .floorDividedBy(1.5)), true), (row(9.9, floor: 15, .floorDividedBy(1.5)), false),
      (row(9.9, floor: nil, .below(10)), true), (row(10, floor: nil, .below(10)), false),
      (row(13, floor: 10, .aboveFloor(3)), true), (row(13.1, floor: 10, .aboveFloor(3)), false),
    ] as [(Row, Bool)])
  func limits(row: Row, isMet: Bool) {
    #expect(row.isMet == isMet)
    #expect(row.line.hasSuffix(isMet ? "  PASS" : "  MISS"))
  }

  @Test("a target that needs a floor is missed without one; a row without a target is neither met nor missed")
  func missing() {
    #expect(Self.row(0, floor: 10, .floorDividedBy(1)).isMet == false)
    #expect(Self.row(1, floor: nil, .timesFloor(9)).isMet == false)
    #expect(Self.row(1, floor: nil, .aboveFloor(9)).isMet == false)
    let free = Self.row(1, floor: 2, .none)
    #expect(free.isMet == nil)
    #expect(free.line.hasSuffix("-"))
  }

  @Test("rows are printed as they come, and the check names those that missed an impossible target")
  func check() throws {
    var lines: [String] = []
    let report = Report { lines.append($0) }
    report.add([Self.row(1, floor: nil, .below(2), name: "a"), Self.row(1, floor: nil, .none, name: "b")])
    try report.check()
    report.add([Self.row(1, floor: nil, .below(0), name: "c")])
    report.add([Self.row(1, floor: 1, .timesFloor(0), name: "d"), Self.row(1, floor: 1, .timesFloor(1), name: "e")])
    #expect(lines.count == 5)
    let failure = #expect(throws: BenchFailure.self) { try report.check() }
    #expect(failure?.description == "2 of 4 targets missed: c; d")
  }
}
