/// Numbers from outside: the upstream, the CLI, a file. They are bounded when they are read, so that sums and
/// conversions cannot overflow.
extension JSONValue {
  /// The largest count: every JSON reader keeps integers up to here exact (RFC 8259 section 6).
  public static let maximumCount = 1 << 53

  /// The largest amount, far above any sum of money or time that makes sense.
  public static let maximumAmount = Double(maximumCount)

  /// A number as a count, in 0...`maximumCount`; values outside are clamped. Nil for another type.
  public var count: Int? {
    guard case .number(let text) = self else { return nil }
    if let integer = Int(text) { return min(max(integer, 0), JSONValue.maximumCount) }
    return amount.map { Int($0) }
  }

  /// A number as an amount, in 0...`maximumAmount`; values outside are clamped. Nil for another type.
  public var amount: Double? {
    guard case .number(let text) = self, let double = Double(text), !double.isNaN else { return nil }
    return min(max(double, 0), JSONValue.maximumAmount)
  }

  /// The sum of two counts, at most `maximumCount`.
  ///
  /// - Parameters: each in 0...`maximumCount`.
  public static func sum(_ left: Int, _ right: Int) -> Int { min(left + right, maximumCount) }
}
