/// The parsers that are fuzzed. The seed corpus of each is in `Tests/Corpus/<name>`.
enum FuzzTarget: String, CaseIterable {
  case request
  case chunks
  case lines
  case stream
  case answer
  case numbers
  case json
  case dotenv

  /// Checks one input. A crash is a finding too.
  func check(_ input: [UInt8]) throws(Finding) {
    switch self {
    case .request: try RequestCheck.run(input)
    case .chunks: try RequestCheck.run(RequestCheck.chunkedHead + input)
    case .lines: try LinesCheck.run(input)
    case .stream: try StreamCheck.run(input)
    case .answer: try AnswerCheck.run(input)
    case .numbers: try NumbersCheck.run(input)
    case .json: try JSONCheck.run(input)
    case .dotenv: try DotEnvCheck.run(input)
    }
  }
}

/// A broken promise of a parser, found by a check.
struct Finding: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

/// Cuts inputs into pieces. The place of a cut is a hash of the input, so that seeds are plain files.
enum Cut {
  static func place(in input: [UInt8]) -> Int { input.reduce(0) { ($0 &* 31 + Int($1)) & 0xFFFF } % (input.count + 1) }

  /// The input in two pieces and in pieces of one byte.
  static func ways(_ input: [UInt8]) -> [[[UInt8]]] {
    let place = place(in: input)
    return [[Array(input[..<place]), Array(input[place...])], input.map { [$0] }]
  }
}
