import HTTP

extension HTTPRequestHead {
  /// Whether it reads the index, which needs no key.
  var isOfIndex: Bool { segments.isEmpty && (method == "GET" || method == "HEAD") }
}
