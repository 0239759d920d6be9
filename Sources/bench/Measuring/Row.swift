/// A line of the table: a measured value, its floor and its target.
struct Row {
  enum Target {
    /// At most this many times the floor.
    case timesFloor(Double)
    /// At least the floor divided by this.
    case floorDividedBy(Double)
    case below(Double)
    /// At most the floor plus this.
    case aboveFloor(Double)
    case none
  }

  let name: String
  let value: Double
  let floor: Double?
  let unit: String
  let target: Target

  private var ratio: Double? {
    guard let floor, floor > 0, value > 0 else { return nil }
    if case .floorDividedBy = target { return floor / value }
    return value / floor
  }

  /// Whether the target is met; nil without a target. A target that needs a ratio or a floor is missed without it.
  var isMet: Bool? {
    switch target {
    case .timesFloor(let limit), .floorDividedBy(let limit): ratio.map { $0 <= limit } ?? false
    case .below(let limit): value < limit
    case .aboveFloor(let limit): floor.map { value <= $0 + limit } ?? false
    case .none: nil
    }
  }

  private var targetText: String {
    switch target {
    case .timesFloor(let limit), .floorDividedBy(let limit): "<= \(Row.text(limit))x"
    case .below(let limit): "< \(Row.text(limit))"
    case .aboveFloor(let limit): "<= +\(Row.text(limit))"
    case .none: "-"
    }
  }

  static let heading =
    left("", 38) + right("measured", 10) + right("floor", 10) + "  " + left("unit", 16) + right("ratio", 7)
    + right("target", 10)

  var line: String {
    let start = Row.left(name, 38) + Row.right(Row.text(value), 10) + Row.right(floor.map(Row.text) ?? "-", 10)
    let middle = "  " + Row.left(unit, 16) + Row.right(ratio.map { Row.text($0) + "x" } ?? "-", 7)
    return start + middle + Row.right(targetText, 10) + (isMet.map { $0 ? "  PASS" : "  MISS" } ?? "")
  }

  /// Two decimals below ten, one below a thousand, none above.
  private static func text(_ value: Double) -> String {
    let decimals = value < 10 ? 100.0 : value < 1000 ? 10 : 1
    let scaled = Int((value * decimals).rounded())
    guard decimals > 1 else { return String(scaled) }
    let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int(decimals))
    let digits = String(fraction)
    return "\(whole)." + String(repeating: "0", count: (decimals > 10 ? 2 : 1) - digits.count) + digits
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

extension [Double] {
  /// The median; 0 for an empty array.
  var median: Double { isEmpty ? 0 : sorted()[count / 2] }

  /// The least value that at least this share of the values does not exceed; 0 for an empty array.
  func percentile(_ share: Double) -> Double {
    isEmpty ? 0 : sorted()[Swift.min(count - 1, Swift.max(0, Int((share * Double(count)).rounded(.up)) - 1))]
  }
}

extension Duration {
  var microseconds: Double { Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12 }
}
