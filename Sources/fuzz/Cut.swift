/// Where an input is cut: every part of the input decides, so that seeds stay plain files.
enum Cut {
  static func place(in input: [UInt8]) -> Int { input.reduce(0) { ($0 &* 31 + Int($1)) & 0xFFFF } % (input.count + 1) }

  /// The input in two pieces, and in pieces of one byte.
  static func ways(_ input: [UInt8]) -> [[[UInt8]]] {
    let place = place(in: input)
    return [[Array(input[..<place]), Array(input[place...])], input.map { [$0] }]
  }
}
