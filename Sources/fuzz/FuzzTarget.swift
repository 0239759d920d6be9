/// What can be fed with any bytes. The corpus of each lies in `Tests/Corpus/<name>`.
enum FuzzTarget: String, CaseIterable {
  case request
  case chunks
  case lines
  case stream
  case answer
  case numbers
  case json
  case dotenv

  /// Feeds the input. A crash is a finding too.
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
