import Bytes
import ClaudeCode
import HTTPServer

/// The body of an error, for streams that have begun.
enum HTTPErrorBody {
  static func encoded(_ error: ClaudeError) -> [UInt8] { HTTPError(error).body.encoded }
}
