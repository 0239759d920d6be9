/// What has come of some streams at the same time.
struct HeldStreams {
  let count: Int
  /// How many texts were exact and in order.
  let exact: Int
  let before: Holdings
  let during: Holdings
  let after: Holdings

  var rows: [Row] {
    [row("texts exact", Double(exact), "streams", floor: Double(count), target: .floorDividedBy(1))] + memory
      + descriptors + [
        row("children left", Double(after.children), "", target: .below(1)),
        row("zombies left", Double(after.zombies), "", target: .below(1)),
      ]
  }

  private var memory: [Row] {
    [("before", before), ("during", during), ("after", after)].map { moment, holdings in
      row("RSS \(moment)", Double(holdings.residentBytes) / 1_000_000, "MB")
    }
  }

  private var descriptors: [Row] {
    [("before", before), ("after", after)].compactMap { moment, holdings in
      holdings.descriptors.map { row("descriptors \(moment)", Double($0), "") }
    }
  }

  private func row(
    _ name: String, _ value: Double, _ unit: String, floor: Double? = nil, target: Row.Target = .none
  ) -> Row {
    Row(name: "\(count) streams: \(name)", value: value, floor: floor, unit: unit, target: target)
  }
}
