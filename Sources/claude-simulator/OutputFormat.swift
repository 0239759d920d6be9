/// `--output-format`.
enum OutputFormat: String {
  case text
  case json
  case lines = "stream-json"
}
