import HTTP

extension HTTPRequestHead {
  /// Whether it asks for `/health/live` or `/health/ready`, which respond with one word to anybody, under any host
  /// name. `/health` itself discloses paths, versions and names.
  var isHealthProbe: Bool {
    segments.count == 2 && segments[0] == "health" && (segments[1] == "live" || segments[1] == "ready")
  }
}
