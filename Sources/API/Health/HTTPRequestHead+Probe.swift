import HTTP

extension HTTPRequestHead {
  /// Whether it asks for `/health/live` or `/health/ready`: they say one word, and anybody may ask, by any name.
  /// `/health` itself gives away paths, versions and names.
  var isHealthProbe: Bool {
    segments.count == 2 && segments[0] == "health" && (segments[1] == "live" || segments[1] == "ready")
  }
}
